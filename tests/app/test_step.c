/* Stepping: the choices of the scheduler made one at a time, with real children and no terminal. */
#define _GNU_SOURCE
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/step.h"
#include "app/step_words.h"
#include "bugs/table.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

static const char fanlab[] = FAN_BUILD_DIR "/fanlab";

enum { MAIN, WORKER_1, WORKER_2, MANY = 200 };

static struct fan_step *step;

static const struct fan_variant *variant_of(const struct fan_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->variant_count; i++)
        if (strcmp(scenario->variants[i].name, name) == 0)
            return &scenario->variants[i];
    ck_abort_msg("no variant %s", name);
}

/* Steps through a bug with two workers and two items, from the beginning. */
static void open_bug(const char *id, const char *variant)
{
    const struct fan_scenario *bug = fan_bugs_find(id);
    struct fan_step_subject subject = {.scenario = bug,
                                       .variant = variant_of(bug, variant),
                                       .helper = FAN_BUILD_DIR "/fanlab-lab-sim",
                                       .seed = 1,
                                       .workers = 2,
                                       .items = 2};
    ck_assert_int_eq(fan_step_open(&subject, &step), 0);
    fan_step_settle(step);
    ck_assert_str_eq(step->note, "");
}

static void close_step(void)
{
    fan_step_close(step);
    step = NULL;
}

static void choose(uint32_t chosen)
{
    uint32_t before = step->at;
    fan_step_choose(step, chosen);
    fan_step_settle(step);
    ck_assert_msg(*step->note == '\0', "%s", step->note);
    ck_assert_uint_eq(step->at, before + 1);
}

static void go(uint32_t at)
{
    fan_step_go(step, at);
    fan_step_settle(step);
}

static uint32_t steps_told(void)
{
    return step->run->exploration->story.count;
}

static const char *operation_of(uint32_t thread)
{
    static char words[FAN_STEP_WORDS];
    fan_step_words_operation(step, thread, words);
    return words;
}

static const char *ability_of(uint32_t thread)
{
    static char words[FAN_STEP_WORDS];
    fan_step_words_ability(step, thread, words);
    return words;
}

static bool exists(uint32_t thread)
{
    return fan_step_chair(step)->thread_count > thread;
}

static void run_until(uint32_t thread, const char *operation)
{
    for (int i = 0; i < MANY && strcmp(operation_of(thread), operation) != 0; i++)
        choose(thread);
    ck_assert_str_eq(operation_of(thread), operation);
}

/* ---- stepping ---- */

START_TEST(it_begins_with_the_main_thread_alone)
{
    open_bug("08", "rare");
    ck_assert_uint_eq(step->at, 0);
    ck_assert_uint_eq(fan_step_chair(step)->thread_count, 1);
    ck_assert_str_eq(operation_of(MAIN), "send in");
    ck_assert_str_eq(ability_of(MAIN), "yes");
    ck_assert_uint_eq(steps_told(), 0);
    close_step();
}
END_TEST

START_TEST(a_thread_that_cannot_run_says_why_and_nothing_changes)
{
    open_bug("08", "rare");
    while (!exists(WORKER_1))
        choose(MAIN);
    ck_assert_str_eq(operation_of(MAIN), "recv out");
    ck_assert_str_eq(ability_of(MAIN), "no: out is empty");
    uint32_t at = step->at;
    fan_step_choose(step, MAIN);
    fan_step_settle(step);
    ck_assert_str_eq(step->note, "main cannot run: out is empty");
    ck_assert_uint_eq(step->at, at);
    fan_step_choose(step, 7);
    ck_assert_str_eq(step->note, "there is no thread 8");
    close_step();
}
END_TEST

START_TEST(one_step_back_and_on_again_is_where_one_was)
{
    char line[FAN_LINE_TEXT], earlier[FAN_LINE_TEXT];
    open_bug("08", "rare");
    while (!exists(WORKER_2))
        choose(MAIN);
    choose(WORKER_2);
    strcpy(earlier, step->line);
    choose(WORKER_1);
    strcpy(line, step->line);
    uint32_t at = step->at, steps = steps_told();
    ck_assert_str_ne(line, earlier);
    go(at - 1);
    ck_assert_uint_eq(step->at, at - 1);
    ck_assert_uint_eq(steps_told(), steps - 1);
    ck_assert_str_eq(step->line, earlier);
    ck_assert_uint_eq(fan_step_next(step), WORKER_1);
    go(at);
    ck_assert_str_eq(step->line, line);
    close_step();
}
END_TEST

START_TEST(the_panic_of_08_is_reached_by_hand)
{
    open_bug("08", "rare");
    while (!exists(WORKER_2))
        choose(MAIN);
    run_until(WORKER_1, "load");
    run_until(WORKER_2, "load");
    run_until(WORKER_1, "close out");
    run_until(WORKER_2, "close out");
    choose(WORKER_1);
    ck_assert(!step->over);
    choose(WORKER_2);
    ck_assert(step->over);
    ck_assert_uint_eq(step->run->verdict->finding_count, 1);
    ck_assert_int_eq(step->run->verdict->findings[0].kind, FAN_FINDING_PANIC);
    ck_assert_str_eq(ability_of(WORKER_2), "panicked");
    fan_step_choose(step, WORKER_1);
    ck_assert_str_eq(step->note, "the run is over: , goes back");
    close_step();
}
END_TEST

/* With the default schedule, another run has no panic: it is the steps that make it. */
START_TEST(the_usual_steps_of_the_same_bug_end_well)
{
    open_bug("08", "rare");
    go(FAN_STEP_TO_THE_END);
    ck_assert(step->over);
    ck_assert_uint_eq(step->run->verdict->finding_count, 0);
    ck_assert_int_eq(step->run->verdict->outcome, FAN_OUTCOME_CLEAN);
    close_step();
}
END_TEST

static void expect_replay(const char *line, int code, const char *says)
{
    static struct program_result result;
    program_run((const char *const[]){fanlab, "replay", line, NULL}, &result);
    ck_assert_msg(result.code == code, "%d: %s%s", result.code, result.out, result.err);
    ck_assert_ptr_nonnull(strstr(result.out, says));
}

/* `fanlab replay` itself holds the run against the hash in the line. */
START_TEST(the_line_of_any_step_replays)
{
    open_bug("08", "rare");
    while (!exists(WORKER_2))
        choose(MAIN);
    expect_replay(step->line, 0, "nothing was found");
    run_until(WORKER_1, "load");
    run_until(WORKER_2, "load");
    expect_replay(step->line, 1, "PANIC");
    go(FAN_STEP_TO_THE_END);
    expect_replay(step->line, 1, "PANIC");
    close_step();
}
END_TEST

START_TEST(a_deadlock_shows_who_waits)
{
    open_bug("04", "buggy");
    go(FAN_STEP_TO_THE_END);
    ck_assert(step->over);
    ck_assert_int_eq(step->run->verdict->findings[0].kind, FAN_FINDING_DEADLOCK);
    ck_assert_str_eq(ability_of(MAIN), "waits for ever");
    go(step->at - 1);
    ck_assert(!step->over);
    ck_assert_str_eq(ability_of(MAIN), "no: out is empty");
    ck_assert_uint_eq(step->run->verdict->finding_count, 0);
    close_step();
}
END_TEST

/* ---- lines ---- */

static void follow(const char *line)
{
    fan_step_follow(step, line);
    fan_step_settle(step);
}

START_TEST(a_line_leads_to_its_end_and_back_from_there)
{
    char line[FAN_LINE_TEXT];
    open_bug("08", "rare");
    while (!exists(WORKER_2))
        choose(MAIN);
    run_until(WORKER_1, "load");
    run_until(WORKER_2, "load");
    strcpy(line, step->line);
    go(0);
    follow(line);
    ck_assert_str_eq(step->note, "");
    ck_assert(step->over);
    ck_assert_int_eq(step->run->verdict->findings[0].kind, FAN_FINDING_PANIC);
    ck_assert_str_eq(step->line, line);
    go(step->at - 1);
    ck_assert(!step->over);
    close_step();
}
END_TEST

/* Changes a field of a line, which stays one that can be read. */
static void remake(const char *line, void (*change)(struct fan_line *parsed),
                   char text[FAN_LINE_TEXT])
{
    struct fan_line parsed;
    char why[96];
    ck_assert_int_eq(fan_line_parse(line, &parsed, why), 0);
    change(&parsed);
    fan_line_print(&parsed, text);
}

static void of_another_build(struct fan_line *line)
{
    line->build ^= 1;
}

static void of_another_run(struct fan_line *line)
{
    line->check ^= 1;
}

static void of_another_bug(struct fan_line *line)
{
    strcpy(line->scenario, "04");
}

static void of_a_thread_that_cannot_run(struct fan_line *line)
{
    line->schedule.count = 1;
    line->schedule.deviations[0] = (struct fan_deviation){.op = 1, .thread = 0, .chosen = 9};
}

START_TEST(a_line_that_does_not_fit_says_so_and_changes_nothing)
{
    static const struct {
        void (*change)(struct fan_line *line);
        const char *says;
    } lines[] = {{of_another_build, "of another build"},
                 {of_another_run, "give another run"},
                 {of_another_bug, "about another program"},
                 {of_a_thread_that_cannot_run, "does not fit the program"}};
    char good[FAN_LINE_TEXT], bad[FAN_LINE_TEXT];
    open_bug("08", "rare");
    choose(MAIN);
    strcpy(good, step->line);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        remake(good, lines[i].change, bad);
        follow(bad);
        ck_assert_msg(strstr(step->note, lines[i].says) != NULL, "%zu: %s", i, step->note);
        ck_assert_uint_eq(step->at, 1);
        ck_assert_str_eq(step->line, good);
    }
    follow("fan1:08r");
    ck_assert_ptr_nonnull(strstr(step->note, "cannot be followed"));
    close_step();
}
END_TEST

/* ---- searching ---- */

START_TEST(a_failing_schedule_is_found_and_made_short)
{
    open_bug("08", "rare");
    fan_step_find(step, false);
    fan_step_settle(step);
    ck_assert_str_eq(step->note, "");
    ck_assert(step->over);
    ck_assert_int_eq(step->run->verdict->findings[0].kind, FAN_FINDING_PANIC);
    ck_assert_uint_eq(step->search.schedules, FAN_STEP_SEARCHED);
    ck_assert_uint_gt(step->search.failing, 0);
    ck_assert_uint_lt(step->search.failing, step->search.schedules);
    uint32_t found = step->schedule.count;
    fan_step_find(step, true);
    fan_step_settle(step);
    ck_assert(step->over);
    ck_assert_int_eq(step->run->verdict->findings[0].kind, FAN_FINDING_PANIC);
    ck_assert_uint_eq(step->schedule.count, 1);
    ck_assert_uint_le(step->schedule.count, found);
    close_step();
}
END_TEST

START_TEST(a_fix_has_no_failing_schedule)
{
    open_bug("08", "fixed");
    fan_step_find(step, false);
    fan_step_settle(step);
    ck_assert_ptr_nonnull(strstr(step->note, "random schedules fails"));
    ck_assert_uint_eq(step->search.schedules, FAN_STEP_SEARCHED);
    ck_assert_uint_eq(step->search.failing, 0);
    ck_assert_uint_eq(step->at, 0);
    close_step();
}
END_TEST

/* ---- other programs ---- */

/* One of the scenarios of a child of the tests. */
static void open_other(const char *child, const char *id)
{
    static struct fan_scenario scenario;
    scenario = (struct fan_scenario){
        .id = id, .title = id, .variant_count = 1, .variants = {{.name = "program"}}};
    struct fan_step_subject subject = {.scenario = &scenario,
                                       .variant = &scenario.variants[0],
                                       .helper = child,
                                       .seed = 1,
                                       .workers = 2,
                                       .items = 2};
    ck_assert_int_eq(fan_step_open(&subject, &step), 0);
    fan_step_settle(step);
}

START_TEST(a_choice_of_case_is_a_step_and_shows_what_would_come_of_it)
{
    open_other(FAN_BUILD_DIR "/tests/lab/child_sim_select", "selects");
    while (!exists(1))
        choose(0);
    run_until(1, "end");
    ck_assert_str_eq(operation_of(0), "select recv left, recv right");
    uint32_t steps = steps_told(), at = step->at;
    choose(0);
    ck_assert_uint_eq(fan_step_chair(step)->due, FAN_CHAIR_VALUE);
    ck_assert_uint_eq(fan_step_chair(step)->options, 2);
    ck_assert_uint_eq(step->preview.known, 2);
    ck_assert_str_eq(step->preview.words[0], "select: recv left -> 1");
    ck_assert_str_eq(step->preview.words[1], "select: recv right -> 2");
    fan_step_choose(step, 2);
    ck_assert_str_eq(step->note, "there are 2 possibilities");
    choose(1);
    ck_assert_uint_eq(fan_step_chair(step)->due, FAN_CHAIR_THREAD);
    ck_assert_uint_eq(steps_told(), steps + 1);
    ck_assert_uint_eq(step->at, at + 2);
    ck_assert_ptr_nonnull(strstr(step->line, "v1"));
    go(at + 1);
    ck_assert_uint_eq(fan_step_next(step), 1);
    close_step();
}
END_TEST

/* "first" goes before main. */
static void go_early(const char *id)
{
    open_other(FAN_BUILD_DIR "/tests/lab/child_sim_hostile", id);
    while (!exists(1))
        choose(0);
    run_until(1, "end");
    fan_step_choose(step, 0);
    fan_step_settle(step);
}

START_TEST(a_step_that_kills_the_program_is_told)
{
    go_early("wild");
    ck_assert(step->over);
    ck_assert_uint_eq(step->run->verdict->finding_count, 1);
    ck_assert_ptr_nonnull(strstr(step->run->verdict->findings[0].summary, "segmentation fault"));
    uint32_t steps = steps_told();
    go(step->at - 1);
    ck_assert(!step->over);
    ck_assert_uint_eq(steps_told(), steps - 1);
    close_step();
    go_early("leaves");
    ck_assert(step->over);
    ck_assert_ptr_nonnull(
        strstr(step->run->verdict->findings[0].summary, "called exit with status 3"));
    close_step();
    go_early("killed");
    ck_assert(step->over);
    ck_assert_ptr_nonnull(strstr(step->run->error, "signal 9"));
    close_step();
}
END_TEST

START_TEST(a_step_without_an_end_is_given_up)
{
    go_early("loops");
    ck_assert_ptr_nonnull(strstr(step->note, "main goes on and comes to no other operation"));
    ck_assert(step->over);
    go(1);
    ck_assert_str_eq(step->note, "");
    ck_assert(!step->over);
    close_step();
}
END_TEST

START_TEST(other_parameters_begin_anew)
{
    open_bug("08", "rare");
    choose(MAIN);
    struct fan_step_subject subject = step->subject;
    subject.variant = variant_of(subject.scenario, "fixed");
    subject.workers = 3;
    fan_step_take(step, &subject);
    fan_step_settle(step);
    ck_assert_uint_eq(step->at, 0);
    ck_assert_str_eq(step->subject.variant->name, "fixed");
    go(FAN_STEP_TO_THE_END);
    ck_assert_uint_eq(fan_step_chair(step)->thread_count, 5);
    close_step();
}
END_TEST

START_TEST(without_a_helper_it_says_what_is_missing)
{
    const struct fan_scenario *bug = fan_bugs_find("08");
    struct fan_step_subject subject = {.scenario = bug,
                                       .variant = &bug->variants[0],
                                       .helper = "/nowhere/fanlab-lab-sim",
                                       .seed = 1,
                                       .workers = 2,
                                       .items = 2};
    ck_assert_int_eq(fan_step_open(&subject, &step), 0);
    fan_step_settle(step);
    ck_assert_ptr_nonnull(strstr(step->note, "/nowhere/fanlab-lab-sim"));
    ck_assert_ptr_null(fan_step_chair(step));
    fan_step_choose(step, 0);
    go(1);
    ck_assert_ptr_null(step->run);
    close_step();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("step");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, it_begins_with_the_main_thread_alone);
    tcase_add_test(cases, a_thread_that_cannot_run_says_why_and_nothing_changes);
    tcase_add_test(cases, one_step_back_and_on_again_is_where_one_was);
    tcase_add_test(cases, the_panic_of_08_is_reached_by_hand);
    tcase_add_test(cases, the_usual_steps_of_the_same_bug_end_well);
    tcase_add_test(cases, the_line_of_any_step_replays);
    tcase_add_test(cases, a_deadlock_shows_who_waits);
    tcase_add_test(cases, a_line_leads_to_its_end_and_back_from_there);
    tcase_add_test(cases, a_line_that_does_not_fit_says_so_and_changes_nothing);
    tcase_add_test(cases, a_failing_schedule_is_found_and_made_short);
    tcase_add_test(cases, a_fix_has_no_failing_schedule);
    tcase_add_test(cases, a_choice_of_case_is_a_step_and_shows_what_would_come_of_it);
    tcase_add_test(cases, a_step_that_kills_the_program_is_told);
    tcase_add_test(cases, a_step_without_an_end_is_given_up);
    tcase_add_test(cases, other_parameters_begin_anew);
    tcase_add_test(cases, without_a_helper_it_says_what_is_missing);
    return suite_run("step", cases);
}
