/* fanlab explore: what it finds, that a fix is silent, and what becomes of children that die. */
#define _GNU_SOURCE
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/explore.h"
#include "bugs/table.h"
#include "lab/line.h"
#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"

enum { SHORT = 64, TERMINAL_LINE = 80 };

static json_t *parse(void)
{
    json_error_t error;
    json_t *object = json_loads(cli_result.out, 0, &error);
    ck_assert_msg(object != NULL, "line %d: %s in\n%s", error.line, error.text, cli_result.out);
    ck_assert_str_eq(json_string_value(json_object_get(object, "schema")), "fanlab.explore/1");
    return object;
}

static json_int_t number(const json_t *object, const char *member)
{
    ck_assert_msg(json_is_integer(json_object_get(object, member)), "no %s", member);
    return json_integer_value(json_object_get(object, member));
}

static void expect_line(const json_t *finding, size_t most)
{
    const char *line = json_string_value(json_object_get(finding, "replay"));
    ck_assert_ptr_nonnull(line);
    ck_assert_msg(strlen(line) <= most, "%s", line);
    ck_assert_uint_eq(strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789:._-"),
                      strlen(line));
}

static const struct {
    const char *id, *kind;
} rare[] = {{"02", "deadlock"}, {"08", "panic"}};

static bool lists(const enum fan_finding_kind *kinds, size_t count, enum fan_finding_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

static bool is_found(const json_t *findings, enum fan_finding_kind kind)
{
    for (size_t i = 0; i < json_array_size(findings); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(findings, i), "kind")),
                   fan_finding_name(kind)) == 0)
            return true;
    return false;
}

static void expect_declared(const struct fan_variant *variant, const json_t *finding)
{
    enum fan_finding_kind kind;
    ck_assert(fan_finding_parse(json_string_value(json_object_get(finding, "kind")), &kind));
    ck_assert(lists(variant->expected, variant->expected_count, kind) ||
              lists(variant->also, variant->also_count, kind));
}

static const char *const some = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? "20" : "200";

/* One may show in several ways. */
START_TEST(a_bug_is_found_with_a_short_line)
{
    const struct fan_variant *buggy = &fan_bugs[_i]->variants[0];
    CLI_RUN("explore", fan_bugs[_i]->id, "--variant", "buggy", "--schedules", some, "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = parse(), *findings = json_object_get(report, "findings");
    for (size_t i = 0; i < buggy->expected_count; i++)
        ck_assert(is_found(findings, buggy->expected[i]));
    for (size_t i = 0; i < json_array_size(findings); i++) {
        json_t *finding = json_array_get(findings, i);
        expect_declared(buggy, finding);
        ck_assert_ptr_nonnull(json_object_get(finding, "finding"));
    }
    expect_line(json_array_get(findings, 0), TERMINAL_LINE);
    ck_assert_int_eq(number(report, "schedules"), atoi(some));
    ck_assert_int_gt(number(report, "failing"), 0);
    json_decref(report);
}
END_TEST

static const char *const many = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? "50" : "2000";

START_TEST(a_fix_is_silent)
{
    CLI_RUN("explore", fan_bugs[_i]->id, "--variant", "fixed", "--schedules", many, "--json");
    ck_assert_int_eq(cli_result.code, 0);
    json_t *report = parse();
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "clean");
    ck_assert_int_eq(number(report, "schedules"), atoi(many));
    ck_assert_int_eq(number(report, "failing"), 0);
    ck_assert(json_is_false(json_object_get(report, "complete")));
    json_decref(report);
}
END_TEST

START_TEST(a_fix_is_proved_for_a_small_size)
{
    CLI_RUN("explore", fan_bugs[_i]->id, "--variant", "fixed", "--strategy", "dpor", "--workers",
            "2", "--items", "2", "--json");
    ck_assert_int_eq(cli_result.code, 0);
    json_t *report = parse();
    ck_assert(json_is_true(json_object_get(report, "complete")));
    ck_assert_int_ge(number(report, "classes"), 1);
    json_decref(report);
}
END_TEST

/* A finding of this variant; NULL if there is none. */
static json_t *finding_of(json_t *report, const char *variant)
{
    json_t *findings = json_object_get(report, "findings");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        json_t *finding = json_array_get(findings, i);
        if (strcmp(json_string_value(json_object_get(finding, "variant")), variant) == 0)
            return finding;
    }
    return NULL;
}

static uint32_t deviations(const char *text)
{
    struct fan_line line;
    char why[96];
    ck_assert_msg(fan_line_parse(text, &line, why) == 0, "%s", why);
    return line.schedule.count;
}

/* Under some schedules and not under most of them. */
START_TEST(a_rare_form_is_found_too_and_one_preemption_is_enough)
{
    CLI_RUN("explore", rare[_i].id, "--strategy", "random", "--schedules", "1000", "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = parse(), *finding = finding_of(report, "rare");
    ck_assert_ptr_nonnull(finding);
    ck_assert_str_eq(json_string_value(json_object_get(finding, "kind")), rare[_i].kind);
    ck_assert(json_is_true(json_object_get(finding, "certified")));
    ck_assert_int_gt(number(finding, "schedules"), 0);
    ck_assert_int_lt(number(finding, "schedules"), 500);
    expect_line(finding, SHORT);
    ck_assert_uint_eq(deviations(json_string_value(json_object_get(finding, "replay"))), 1);
    json_decref(report);
}
END_TEST

START_TEST(a_proof_names_its_grain)
{
    static const char *const grains[] = {"coarse", "fine"};
    json_int_t classes[2];
    for (int i = 0; i < 2; i++) {
        CLI_RUN("explore", "08", "--variant", "fixed", "--strategy", "dpor", "--grain", grains[i],
                "--workers", "1", "--items", "1", "--json");
        ck_assert_int_eq(cli_result.code, 0);
        json_t *report = parse();
        ck_assert(json_is_true(json_object_get(report, "complete")));
        ck_assert_str_eq(json_string_value(json_object_get(report, "grain")), grains[i]);
        classes[i] = number(report, "classes");
        json_decref(report);
    }
    ck_assert_int_lt(classes[0], classes[1]);
    CLI_RUN("explore", "08", "--variant", "fixed", "--strategy", "dpor", "--grain", "fine",
            "--workers", "1", "--items", "1");
    ck_assert(strstr(cli_result.out, "(seed 1, fine grain)"));
    CLI_RUN("run", "08", "--grain", "fine");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "--grain is for --runtime sim"));
}
END_TEST

/* What follows from the order of accesses that race is not proved, unless marks are choices. */
START_TEST(a_proof_goes_up_to_the_race)
{
    static const char *const switches[] = {"on", "off"};
    for (int off = 0; off < 2; off++) {
        CLI_RUN("explore", "07", "--variant", "buggy", "--strategy", "dpor", "--workers", "2",
                "--items", "4", "--marks", switches[off], "--json");
        ck_assert_int_eq(cli_result.code, 1);
        json_t *report = parse();
        ck_assert(is_found(json_object_get(report, "findings"), FAN_FINDING_RACE));
        ck_assert_str_eq(json_string_value(json_object_get(report, "marks")), switches[off]);
        ck_assert_int_eq(json_is_true(json_object_get(report, "complete")), !off);
        ck_assert_int_eq(json_is_true(json_object_get(report, "up_to_race")), off);
        json_decref(report);
    }
    CLI_RUN("explore", "07", "--variant", "buggy", "--strategy", "dpor", "--workers", "2",
            "--items", "4");
    ck_assert_ptr_nonnull(strstr(cli_result.out, "complete up to the race"));
}
END_TEST

static const char *const strategies[] = {"random", "pct", "surw", "delay", "dpor"};

START_TEST(every_strategy_finds)
{
    CLI_RUN("explore", "8", "--variant", "buggy", "--workers", "2", "--items", "2", "--schedules",
            "200", "--strategy", strategies[_i], "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = parse();
    ck_assert_str_eq(json_string_value(json_object_get(report, "strategy")), strategies[_i]);
    ck_assert_uint_ge(json_array_size(json_object_get(report, "findings")), 1);
    json_decref(report);
}
END_TEST

START_TEST(the_text_tells_share_and_line)
{
    CLI_RUN("explore", "04");
    ck_assert_int_eq(cli_result.code, 1);
    ck_assert(strstr(cli_result.out, "bites in 10,000 of 10,000 schedules (100 %)"));
    ck_assert(strstr(cli_result.out, "fanlab replay fan1:04b."));
    ck_assert(strstr(cli_result.out, "! DEADLOCK  main waits on out"));
    ck_assert(strstr(cli_result.out, "blocked at    collect  bugs/04_never_closed.c"));
    ck_assert(strstr(cli_result.out, "fixed   strategy random"));
    ck_assert(!strstr(cli_result.err, "\033"));
}
END_TEST

/* ---- children that die ---- */

static const struct {
    const char *id, *words;
    bool kills;
} deaths[] = {
    {"wild", "segmentation fault at address 0x8", true},
    {"leaves", "called exit with status 3", true},
    {"overflows", "stack overflow: this thread's stack has 64 KiB", true},
    {"frees_twice", "free", false},
};

static struct fan_explore *explore_hostile(const char *id, uint64_t schedules, uint64_t still_s)
{
    const struct fan_scenario scenario = {
        .id = id, .variant_count = 1, .variants = {{.name = "program"}}};
    struct fan_explore_request request = {
        .scenario = &scenario,
        .variant = &scenario.variants[0],
        .helper = FAN_BUILD_DIR "/tests/lab/child_sim_hostile",
        .seed = 1,
        .workers = 2,
        .items = 2,
        .strategy = "random",
        .schedules = schedules,
        .still_s = still_s,
    };
    struct fan_interrupt interrupt;
    ck_assert_int_eq(fan_interrupt_begin(&interrupt), 0);
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, &interrupt);
    fan_interrupt_end(&interrupt);
    ck_assert_ptr_nonnull(explore);
    return explore;
}

static void expect_all(const struct fan_explore *explore, uint64_t schedules)
{
    ck_assert_msg(explore->end == FAN_EXPLORE_DONE, "%s", explore->message);
    ck_assert_uint_eq(explore->schedules, schedules);
}

START_TEST(a_child_that_dies_loses_nothing_and_another_goes_on)
{
    struct fan_line line;
    char why[96];
    struct fan_explore *explore = explore_hostile(deaths[_i].id, 6, 0);
    expect_all(explore, 6);
    ck_assert_uint_eq(explore->failure_count, 1);
    const struct fan_explore_failure *failure = &explore->failures[0];
    ck_assert_msg(strstr(failure->message, deaths[_i].words), "%s", failure->message);
    ck_assert_int_eq(failure->killed, deaths[_i].kills);
    ck_assert_int_eq(explore->deaths > 0, deaths[_i].kills);
    ck_assert_msg(fan_line_parse(failure->replay, &line, why) == 0, "%s", why);
    free(explore);
}
END_TEST

/* It says so itself when a signal asks, which ThreadSanitizer passes on at a call only. */
static void expect_where_it_was(const char *message)
{
    const char *at = strstr(message, "main went on for 1 s without an operation, at loop ");
    ck_assert_msg(FAN_UNDER_TSAN || (at && strstr(at, "child_sim_hostile.c:")), "%s", message);
}

/* No finding comes of a time that has passed. */
START_TEST(a_schedule_that_goes_on_without_an_operation_ends_the_search)
{
    struct fan_line line;
    char why[96];
    struct fan_explore *explore = explore_hostile("loops", 200, 1);
    ck_assert_int_eq(explore->end, FAN_EXPLORE_STILL);
    ck_assert_uint_eq(explore->failure_count, 0);
    ck_assert_uint_eq(explore->failing, 0);
    ck_assert_msg(strstr(explore->message, "went on for 1 s without an operation"), "%s",
                  explore->message);
    expect_where_it_was(explore->message);
    ck_assert_msg(fan_line_parse(explore->standstill.replay, &line, why) == 0, "%s", why);
    free(explore);
}
END_TEST

static const char *const harmless[] = {"counts_calls", "leaks"};

START_TEST(statics_are_put_back_and_leaks_given_back)
{
    uint64_t schedules = FAN_UNDER_TSAN ? 300 : FAN_UNDER_ASAN ? 3000 : 300000;
    struct fan_explore *explore = explore_hostile(harmless[_i], schedules, 0);
    expect_all(explore, schedules);
    ck_assert_uint_eq(explore->failing, 0);
    ck_assert_uint_eq(explore->deaths, 0);
    free(explore);
}
END_TEST

/* ThreadSanitizer, for which every fiber is a matter of milliseconds, has as little to say of the
 * last of these simulations as of the first. */
#define BUGS (FAN_UNDER_TSAN ? 2 : (int)fan_bugs_count)

static void add_long_ones(TCase *tests)
{
    tcase_add_test(tests, a_proof_goes_up_to_the_race);
    tcase_add_loop_test(tests, a_rare_form_is_found_too_and_one_preemption_is_enough, 0,
                        sizeof rare / sizeof rare[0]);
    tcase_add_loop_test(tests, every_strategy_finds, 0, sizeof strategies / sizeof strategies[0]);
    tcase_add_test(tests, a_proof_names_its_grain);
    tcase_add_test(tests, the_text_tells_share_and_line);
}

int main(void)
{
    TCase *tests = tcase_create("explore");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_bug_is_found_with_a_short_line, 0, BUGS);
    tcase_add_loop_test(tests, a_fix_is_silent, 0, BUGS);
    tcase_add_loop_test(tests, a_fix_is_proved_for_a_small_size, 0, BUGS);
    if (!FAN_UNDER_TSAN)
        add_long_ones(tests);
    /* A sanitizer ends such a child in its own way, before the program's would come. */
    if (!FAN_UNDER_ASAN && !FAN_UNDER_TSAN)
        tcase_add_loop_test(tests, a_child_that_dies_loses_nothing_and_another_goes_on, 0,
                            sizeof deaths / sizeof deaths[0]);
    tcase_add_test(tests, a_schedule_that_goes_on_without_an_operation_ends_the_search);
    tcase_add_loop_test(tests, statics_are_put_back_and_leaks_given_back, 0,
                        FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 1 : 2);
    return suite_run("explore", tests);
}
