/* Each detector on evidence written by hand: what it says of a breach, and beside it the same
 * evidence with one thing changed, of which nothing may be said. */
#include "watch/detector.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MAIN = 1, WORKER_1, WORKER_2, WORKER_3, CLOSER };
enum { MS = 1000000 };

static struct fan_evidence *evidence;
static struct fan_breaches found;
static uint64_t now_ns;

static void add_thread(uint32_t id, const char *name, uint64_t site, uint64_t run)
{
    evidence->threads[id].site = site;
    evidence->threads[id].run = run;
    strcpy(evidence->threads[id].name, name);
    if (id > evidence->last_thread)
        evidence->last_thread = id;
}

static void set_up(void)
{
    evidence = calloc(1, sizeof *evidence);
    ck_assert_ptr_nonnull(evidence);
    evidence->virtual_time = 1;
    evidence->queues = 3;
    strcpy(evidence->queue[1].name, "in");
    strcpy(evidence->queue[2].name, "queue");
    strcpy(evidence->queue[3].name, "queue");
    add_thread(MAIN, "main", 0, 0);
    for (uint32_t id = WORKER_1; id <= WORKER_3; id++)
        add_thread(id, "worker", 0x100, 0x200);
    add_thread(CLOSER, "closer", 0x104, 0x300);
    now_ns = 1;
}

static void tear_down(void)
{
    free(evidence);
}

static struct fan_fact *fact(enum fan_fact_kind kind, uint32_t thread, uint64_t position,
                             uint64_t value)
{
    struct fan_fact *added = &evidence->facts[evidence->claimed++];
    *added = (struct fan_fact){.kind = kind,
                               .thread = (uint16_t)thread,
                               .position = position,
                               .value = value,
                               .at_ns = now_ns,
                               .pc = 0x1000 + evidence->claimed};
    return added;
}

static void on_queue(enum fan_fact_kind kind, uint32_t thread, uint32_t queue, uint64_t position)
{
    fact(kind, thread, position, 0)->object = (uint16_t)queue;
}

static void pass(uint64_t ns)
{
    now_ns += ns;
}

static const struct fan_breach *found_one(enum fan_finding_kind kind, const char *summary)
{
    fan_detect(evidence, &found);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_int_eq(found.breaches[0].kind, kind);
    ck_assert_str_eq(found.breaches[0].summary, summary);
    return &found.breaches[0];
}

static void found_nothing(void)
{
    fan_detect(evidence, &found);
    ck_assert_msg(found.count == 0, "%s", found.breaches[0].summary);
}

static uint64_t figure(const struct fan_breach *breach, const char *name)
{
    for (uint32_t i = 0; i < breach->figure_count; i++)
        if (strcmp(breach->figures[i].name, name) == 0)
            return breach->figures[i].value;
    ck_abort_msg("no figure %s", name);
}

/* ---- outputs ---- */

static void outputs(enum fan_output_rule rule, const uint64_t *values, size_t count)
{
    evidence->contract.outputs = rule;
    for (uint64_t i = 0; i < 4; i++)
        fact(FAN_FACT_EXPECT, MAIN, i, 10 * i);
    for (uint64_t i = 0; i < count; i++)
        fact(FAN_FACT_OUTPUT, MAIN, i, values[i]);
    fact(FAN_FACT_RETURNED, MAIN, 0, 0);
}

START_TEST(a_permutation_is_a_lost_order)
{
    outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    const struct fan_breach *breach =
        found_one(FAN_FINDING_LOST_ORDER,
                  "2 of 4 outputs are not in their places: at 1 stands what belongs at 2");
    ck_assert_uint_eq(figure(breach, "misplaced"), 2);
    ck_assert_uint_eq(figure(breach, "belongs_at"), 2);
    ck_assert_uint_eq(breach->pc, 0x1000 + 6);
    ck_assert_uint_eq(breach->threads[0], MAIN);
}
END_TEST

START_TEST(what_is_in_place_is_right)
{
    outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 10, 20, 30}, 4);
    found_nothing();
}
END_TEST

START_TEST(an_order_that_nobody_promised_is_not_lost)
{
    outputs(FAN_OUTPUTS_IN_ANY_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    found_nothing();
    evidence->contract.outputs = FAN_OUTPUTS_UNJUDGED;
    found_nothing();
}
END_TEST

START_TEST(a_program_that_did_not_return_gives_no_outputs_to_judge)
{
    outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20}, 2);
    evidence->claimed--;
    found_nothing();
}
END_TEST

static const struct {
    uint64_t values[5];
    size_t count;
    const char *summary;
} wrong[] = {
    {{0, 10, 20}, 3, "1 of 4 outputs is missing, such as 30"},
    {{0, 10, 20, 30, 10}, 5, "1 of 5 outputs is more than expected, such as 10"},
    {{0, 10, 10, 30},
     4,
     "1 of 4 outputs is missing, such as 20; 1 is there that should not be, such as 10"},
    {{0}, 0, "4 of 4 outputs are missing, such as 0"},
};

START_TEST(what_is_missing_or_too_much_is_wrong_in_any_order)
{
    enum fan_output_rule rule = _i % 2 ? FAN_OUTPUTS_IN_ORDER : FAN_OUTPUTS_IN_ANY_ORDER;
    outputs(rule, wrong[_i / 2].values, wrong[_i / 2].count);
    found_one(FAN_FINDING_WRONG_RESULT, wrong[_i / 2].summary);
}
END_TEST

/* ---- errors ---- */

static void task(uint32_t thread, uint64_t item, uint64_t error)
{
    fact(FAN_FACT_BEGIN, thread, item, 0);
    fact(FAN_FACT_DONE, thread, item, 0);
    if (error)
        fact(FAN_FACT_FAIL, thread, item, error);
}

static void returned(uint64_t error)
{
    evidence->contract.errors = FAN_ERRORS_FIRST;
    fact(FAN_FACT_RETURN, MAIN, 0, error);
}

START_TEST(an_error_of_a_task_begun_after_another_had_failed)
{
    task(WORKER_1, 0, 5);
    task(WORKER_2, 1, 0);
    task(WORKER_2, 2, 6);
    returned(6);
    const struct fan_breach *breach =
        found_one(FAN_FINDING_LOST_ERROR, "error 6 of task 2 was returned; task 0 had failed with "
                                          "error 5 before that one was begun");
    ck_assert_uint_eq(figure(breach, "begun_after_the_first"), 2);
    ck_assert_uint_eq(breach->earlier_pc, evidence->facts[2].pc);
    ck_assert_str_eq(breach->earlier_what, "first failure");
}
END_TEST

START_TEST(of_errors_at_the_same_time_any_will_do)
{
    fact(FAN_FACT_BEGIN, WORKER_2, 2, 0);
    task(WORKER_1, 0, 5);
    fact(FAN_FACT_FAIL, WORKER_2, 2, 6);
    returned(6);
    found_nothing();
    evidence->facts[evidence->claimed - 1].value = 5;
    found_nothing();
}
END_TEST

START_TEST(of_tasks_with_one_error_the_one_with_nothing_against_it_counts)
{
    fact(FAN_FACT_BEGIN, WORKER_2, 2, 0);
    task(WORKER_1, 0, 5);
    task(WORKER_1, 1, 6);
    fact(FAN_FACT_FAIL, WORKER_2, 2, 6);
    returned(6);
    found_nothing();
}
END_TEST

START_TEST(an_error_that_no_task_had)
{
    returned(9);
    found_one(FAN_FINDING_LOST_ERROR, "error 9 was returned, and no task had failed");
    evidence->claimed = 0;
    task(WORKER_1, 0, 5);
    returned(9);
    found_one(FAN_FINDING_LOST_ERROR, "error 9 was returned, which no task had failed with");
    evidence->claimed = 0;
    task(WORKER_1, 0, 5);
    returned(0);
    found_one(FAN_FINDING_LOST_ERROR,
              "no error was returned, though task 0 had failed with error 5");
}
END_TEST

START_TEST(no_error_where_none_happened)
{
    task(WORKER_1, 0, 0);
    returned(0);
    found_nothing();
}
END_TEST

/* Until the function under study returns, nothing is lost. */
START_TEST(an_error_that_is_not_returned_yet)
{
    evidence->contract.errors = FAN_ERRORS_FIRST;
    task(WORKER_1, 0, 5);
    found_nothing();
}
END_TEST

/* ---- idle workers ---- */

static void spawn_crew(void)
{
    evidence->contract.work = FAN_WORK_FOR_ANY_WORKER;
    for (uint32_t id = WORKER_1; id <= CLOSER; id++)
        fact(FAN_FACT_SPAWN, id, 0, 0);
}

static void take(uint32_t thread, uint32_t queue, uint64_t position)
{
    on_queue(FAN_FACT_PUT, MAIN, queue, position);
    on_queue(FAN_FACT_TAKE, thread, queue, position);
}

START_TEST(who_never_came_is_idle)
{
    spawn_crew();
    take(WORKER_2, 1, 1);
    take(WORKER_2, 1, 2);
    fact(FAN_FACT_END, WORKER_1, 0, 0);
    fact(FAN_FACT_END, WORKER_3, 0, 0);
    const struct fan_breach *breach =
        found_one(FAN_FINDING_IDLE_WORKERS, "worker 1 and worker 3 never came to in; 2 elements "
                                            "waited there, and worker 2 took 2");
    ck_assert_uint_eq(figure(breach, "crew"), 3);
    ck_assert_uint_eq(figure(breach, "idle"), 2);
    ck_assert_uint_eq(breach->thread_count, 2);
    ck_assert_uint_eq(breach->threads[1], WORKER_3);
}
END_TEST

static const enum fan_fact_kind doings[] = {FAN_FACT_ASK, FAN_FACT_TAKE, FAN_FACT_PUT,
                                            FAN_FACT_CLOSE, FAN_FACT_BEGIN};

START_TEST(who_did_anything_is_not_idle)
{
    spawn_crew();
    take(WORKER_2, 1, 1);
    take(WORKER_2, 1, 2);
    on_queue(doings[_i], WORKER_1, 1, 3);
    on_queue(doings[_i], WORKER_3, 1, 3);
    found_nothing();
}
END_TEST

START_TEST(without_work_nobody_is_idle)
{
    spawn_crew();
    found_nothing();
    take(MAIN, 1, 1); /* is of no crew */
    found_nothing();
}
END_TEST

START_TEST(work_that_was_done_before_they_were_there_is_none)
{
    evidence->contract.work = FAN_WORK_FOR_ANY_WORKER;
    fact(FAN_FACT_SPAWN, WORKER_2, 0, 0);
    take(WORKER_2, 1, 1);
    fact(FAN_FACT_SPAWN, WORKER_1, 0, 0);
    fact(FAN_FACT_END, WORKER_1, 0, 0);
    found_nothing();
}
END_TEST

START_TEST(whose_work_was_called_off_is_not_idle)
{
    spawn_crew();
    take(WORKER_2, 1, 1);
    fact(FAN_FACT_END, WORKER_3, 0, 0);
    fact(FAN_FACT_CANCEL, WORKER_2, 0, 0);
    fact(FAN_FACT_END, WORKER_1, 0, 0);
    found_one(FAN_FINDING_IDLE_WORKERS,
              "worker 3 never came to in; 1 element waited there, and worker 2 took 1");
}
END_TEST

START_TEST(another_function_or_another_place_is_another_crew)
{
    spawn_crew();
    take(WORKER_2, 1, 1);
    evidence->threads[WORKER_1].run++;
    evidence->threads[WORKER_3].site++;
    found_nothing();
}
END_TEST

/* ---- head of line ---- */

static void deal(void)
{
    spawn_crew();
    for (uint64_t i = 1; i <= 3; i++)
        on_queue(FAN_FACT_PUT, MAIN, 2, i);
    on_queue(FAN_FACT_TAKE, WORKER_1, 2, 1);
    fact(FAN_FACT_BEGIN, WORKER_1, 7, 0);
    on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    on_queue(FAN_FACT_ASK, WORKER_3, 3, 0);
}

static void finish_after(uint64_t ns)
{
    pass(ns);
    fact(FAN_FACT_DONE, WORKER_1, 7, 0);
    for (uint64_t i = 2; i <= 3; i++) {
        on_queue(FAN_FACT_TAKE, WORKER_1, 2, i);
        task(WORKER_1, i, 0);
    }
}

START_TEST(work_that_waits_while_others_have_nothing_to_do)
{
    deal();
    finish_after(20 * MS);
    const struct fan_breach *breach =
        found_one(FAN_FINDING_HEAD_OF_LINE, "2 tasks waited up to 20.0 ms behind slow task 7 in "
                                            "worker 1's queue while 2 others had nothing to do");
    ck_assert_uint_eq(figure(breach, "longest_wait_ns"), 20 * MS);
    ck_assert_uint_eq(breach->threads[0], WORKER_1);
}
END_TEST

START_TEST(who_has_ended_has_nothing_to_do)
{
    deal();
    evidence->claimed -= 2;
    on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    task(WORKER_3, 9, 0);
    fact(FAN_FACT_BEGIN, WORKER_2, 8, 0);
    pass(5 * MS);
    fact(FAN_FACT_END, WORKER_3, 0, 0);
    finish_after(10 * MS);
    found_one(FAN_FINDING_HEAD_OF_LINE, "2 tasks waited up to 10.0 ms behind slow task 7 in worker "
                                        "1's queue while 1 other had nothing to do");
}
END_TEST

START_TEST(what_others_can_reach_does_not_wait_in_line)
{
    deal();
    evidence->facts[evidence->claimed - 1].object = 2;
    evidence->facts[evidence->claimed - 2].object = 2;
    finish_after(20 * MS);
    found_nothing();
}
END_TEST

/* Whoever moves them may have come late; and comes to that queue for nothing else. */
START_TEST(what_others_move_has_waited_until_then)
{
    deal();
    pass(3 * MS);
    on_queue(FAN_FACT_MOVE, WORKER_2, 2, 2);
    on_queue(FAN_FACT_MOVE, WORKER_2, 2, 3);
    pass(17 * MS);
    fact(FAN_FACT_DONE, WORKER_1, 7, 0);
    found_one(FAN_FINDING_HEAD_OF_LINE, "2 tasks waited up to 3.0 ms behind slow task 7 in worker "
                                        "1's queue while 2 others had nothing to do");
}
END_TEST

START_TEST(what_others_move_at_once_does_not_wait)
{
    deal();
    on_queue(FAN_FACT_MOVE, WORKER_2, 2, 2);
    on_queue(FAN_FACT_MOVE, WORKER_3, 2, 3);
    pass(20 * MS);
    fact(FAN_FACT_DONE, WORKER_1, 7, 0);
    found_nothing();
}
END_TEST

START_TEST(who_is_of_another_crew_by_its_own_word_need_not_help)
{
    deal();
    evidence->threads[WORKER_1].crew = 1;
    finish_after(20 * MS);
    found_nothing();
}
END_TEST

START_TEST(while_all_are_at_work_nothing_is_lost)
{
    deal();
    fact(FAN_FACT_BEGIN, WORKER_2, 8, 0);
    fact(FAN_FACT_BEGIN, WORKER_3, 9, 0);
    finish_after(20 * MS);
    found_nothing();
}
END_TEST

START_TEST(a_slow_task_with_nothing_behind_it_costs_nobody)
{
    deal();
    on_queue(FAN_FACT_TAKE, WORKER_1, 2, 2);
    on_queue(FAN_FACT_TAKE, WORKER_1, 2, 3);
    fact(FAN_FACT_BEGIN, WORKER_1, 7, 0);
    pass(20 * MS);
    fact(FAN_FACT_DONE, WORKER_1, 7, 0);
    found_nothing();
}
END_TEST

/* A reader that is late, but at no task, is not what the others wait for. */
START_TEST(time_between_tasks_is_nobodys_wait)
{
    deal();
    fact(FAN_FACT_DONE, WORKER_1, 7, 0);
    pass(20 * MS);
    on_queue(FAN_FACT_TAKE, WORKER_1, 2, 2);
    found_nothing();
}
END_TEST

START_TEST(real_time_allows_what_the_system_may_take)
{
    evidence->virtual_time = 0;
    deal();
    finish_after(4 * MS);
    found_nothing();
    evidence->claimed = 0;
    deal();
    finish_after(6 * MS);
    found_one(FAN_FINDING_HEAD_OF_LINE, "2 tasks waited up to 6.0 ms behind slow task 7 in worker "
                                        "1's queue while 2 others had nothing to do");
}
END_TEST

START_TEST(real_time_allows_what_half_of_all_tasks_take)
{
    evidence->virtual_time = 0;
    for (uint64_t i = 0; i < 3; i++) {
        fact(FAN_FACT_BEGIN, CLOSER, 10 + i, 0);
        pass(30 * MS);
        fact(FAN_FACT_DONE, CLOSER, 10 + i, 0);
    }
    deal();
    finish_after(20 * MS);
    found_nothing();
}
END_TEST

/* ---- all of them ---- */

static void break_all(void)
{
    task(WORKER_1, 0, 5);
    task(WORKER_2, 2, 6);
    returned(6);
    outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    deal();
    evidence->claimed -= 2;
    on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    fact(FAN_FACT_END, WORKER_3, 0, 0);
    finish_after(20 * MS);
}

START_TEST(several_contracts_can_be_broken_at_once)
{
    break_all();
    fan_detect(evidence, &found);
    ck_assert_uint_eq(found.count, 4);
    evidence->contract = (struct fan_contract){0};
    found_nothing();
}
END_TEST

START_TEST(of_what_was_lost_nobody_speaks)
{
    break_all();
    uint32_t claimed = evidence->claimed;
    evidence->claimed = FAN_EVIDENCE_FACTS + 1;
    found_nothing();
    evidence->claimed = claimed;
    evidence->unseen = 1;
    found_nothing();
    evidence->unseen = 0;
    evidence->queues = FAN_EVIDENCE_QUEUES;
    found_nothing();
}
END_TEST

START_TEST(a_breach_becomes_a_finding_with_its_evidence)
{
    static struct fan_snapshot snapshot;
    struct fan_finding finding;
    deal();
    finish_after(20 * MS);
    fan_detect(evidence, &found);
    snapshot.thread_count = 1;
    snapshot.threads[0].id = WORKER_1;
    fan_breach_describe(&found.breaches[0], &snapshot, &finding);
    ck_assert_int_eq(finding.proof, FAN_PROOF_CONTRACT);
    ck_assert_uint_eq(finding.culprit_count, 1);
    ck_assert_uint_eq(finding.culprits[0].thread.id, WORKER_1);
    ck_assert_uint_eq(finding.figure_count, 5);
    ck_assert_uint_eq(finding.stack.depth, 1);
    ck_assert_uint_eq(finding.earlier.depth, 0);
}
END_TEST

static void add_outputs(TCase *cases)
{
    tcase_add_test(cases, a_permutation_is_a_lost_order);
    tcase_add_test(cases, what_is_in_place_is_right);
    tcase_add_test(cases, an_order_that_nobody_promised_is_not_lost);
    tcase_add_test(cases, a_program_that_did_not_return_gives_no_outputs_to_judge);
    tcase_add_loop_test(cases, what_is_missing_or_too_much_is_wrong_in_any_order, 0,
                        2 * sizeof wrong / sizeof wrong[0]);
}

static void add_errors(TCase *cases)
{
    tcase_add_test(cases, an_error_of_a_task_begun_after_another_had_failed);
    tcase_add_test(cases, of_errors_at_the_same_time_any_will_do);
    tcase_add_test(cases, of_tasks_with_one_error_the_one_with_nothing_against_it_counts);
    tcase_add_test(cases, an_error_that_no_task_had);
    tcase_add_test(cases, no_error_where_none_happened);
    tcase_add_test(cases, an_error_that_is_not_returned_yet);
}

static void add_work(TCase *cases)
{
    tcase_add_test(cases, who_never_came_is_idle);
    tcase_add_loop_test(cases, who_did_anything_is_not_idle, 0, sizeof doings / sizeof doings[0]);
    tcase_add_test(cases, without_work_nobody_is_idle);
    tcase_add_test(cases, work_that_was_done_before_they_were_there_is_none);
    tcase_add_test(cases, whose_work_was_called_off_is_not_idle);
    tcase_add_test(cases, another_function_or_another_place_is_another_crew);
    tcase_add_test(cases, work_that_waits_while_others_have_nothing_to_do);
    tcase_add_test(cases, who_has_ended_has_nothing_to_do);
    tcase_add_test(cases, what_others_can_reach_does_not_wait_in_line);
    tcase_add_test(cases, what_others_move_has_waited_until_then);
    tcase_add_test(cases, what_others_move_at_once_does_not_wait);
    tcase_add_test(cases, who_is_of_another_crew_by_its_own_word_need_not_help);
    tcase_add_test(cases, while_all_are_at_work_nothing_is_lost);
    tcase_add_test(cases, a_slow_task_with_nothing_behind_it_costs_nobody);
    tcase_add_test(cases, time_between_tasks_is_nobodys_wait);
    tcase_add_test(cases, real_time_allows_what_the_system_may_take);
    tcase_add_test(cases, real_time_allows_what_half_of_all_tasks_take);
}

int main(void)
{
    TCase *cases = tcase_create("detectors");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    add_outputs(cases);
    add_errors(cases);
    add_work(cases);
    tcase_add_test(cases, several_contracts_can_be_broken_at_once);
    tcase_add_test(cases, of_what_was_lost_nobody_speaks);
    tcase_add_test(cases, a_breach_becomes_a_finding_with_its_evidence);
    return suite_run("detectors", cases);
}
