/* What passes a check, and the forms its results are printed in: also with names and messages that
 * would break them. */
#define _GNU_SOURCE
#include "app/check.h"

#include <check.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/check_formats.h"
#include "tests/support/suite.h"

static struct fan_snapshot snapshot;
static struct fan_verdict verdict;
static struct fan_run run = {.snapshot = &snapshot, .verdict = &verdict};
static struct fan_variant variant;
static const struct fan_scenario scenario = {.id = "99", .name = "made_up", .title = "made up"};

static void found(enum fan_finding_kind kind)
{
    struct fan_finding *finding = &verdict.findings[verdict.finding_count++];
    *finding = (struct fan_finding){.kind = kind};
    strcpy(finding->summary, "what was seen");
}

/* Checks a variant of this name after such an end of its attempt, with what was found so far. */
static struct fan_check check_of(const char *name, enum fan_attempt_end end)
{
    struct fan_check check;
    struct fan_attempt attempt = {.scenario = &scenario,
                                  .variant = &variant,
                                  .seed = 3,
                                  .end = end,
                                  .run = &run,
                                  .message = "a message"};
    variant.name = name;
    fan_check_judge(&attempt, &check);
    return check;
}

static void expect_problem(struct fan_check check, const char *words)
{
    ck_assert(!check.passed);
    ck_assert_msg(strstr(check.problem, words), "%s", check.problem);
}

static void set_up(void)
{
    verdict = (struct fan_verdict){0};
    variant = (struct fan_variant){.expected_count = 1,
                                   .expected = {FAN_FINDING_DEADLOCK},
                                   .also_count = 1,
                                   .also = {FAN_FINDING_LEAK}};
}

START_TEST(what_is_expected_must_be_found)
{
    expect_problem(check_of("buggy", FAN_ATTEMPT_VERDICT), "deadlock expected, not found");
    found(FAN_FINDING_LEAK);
    expect_problem(check_of("buggy", FAN_ATTEMPT_VERDICT), "deadlock expected, not found");
    found(FAN_FINDING_DEADLOCK);
    ck_assert(check_of("buggy", FAN_ATTEMPT_VERDICT).passed);
}
END_TEST

START_TEST(nothing_else_may_be_found)
{
    found(FAN_FINDING_DEADLOCK);
    found(FAN_FINDING_PANIC);
    expect_problem(check_of("buggy", FAN_ATTEMPT_VERDICT),
                   "panic found, not declared: what was seen");
}
END_TEST

START_TEST(a_fix_must_be_silent)
{
    variant = (struct fan_variant){0};
    ck_assert(check_of("fixed", FAN_ATTEMPT_VERDICT).passed);
    found(FAN_FINDING_LEAK);
    expect_problem(check_of("fixed", FAN_ATTEMPT_VERDICT), "leak found, not declared");
}
END_TEST

START_TEST(a_rare_variant_need_not_show_but_must_not_show_else)
{
    ck_assert(check_of("rare", FAN_ATTEMPT_VERDICT).passed);
    found(FAN_FINDING_DEADLOCK);
    ck_assert(check_of("rare", FAN_ATTEMPT_VERDICT).passed);
    found(FAN_FINDING_MISUSE);
    expect_problem(check_of("rare", FAN_ATTEMPT_VERDICT), "misuse found, not declared");
}
END_TEST

START_TEST(a_race_is_not_asked_of_real_threads_and_that_is_said)
{
    variant.expected[0] = FAN_FINDING_RACE;
    struct fan_check check = check_of("buggy", FAN_ATTEMPT_VERDICT);
    ck_assert(check.passed);
    ck_assert_str_eq(check.note,
                     "race: not looked for with real threads; sim does, and ThreadSanitizer");
    found(FAN_FINDING_LEAK);
    ck_assert(check_of("buggy", FAN_ATTEMPT_VERDICT).passed);
    found(FAN_FINDING_MISUSE);
    expect_problem(check_of("buggy", FAN_ATTEMPT_VERDICT), "misuse found, not declared");
    struct fan_explore explore = {
        .request = {.scenario = &scenario, .variant = &variant, .schedules = 10},
        .end = FAN_EXPLORE_DONE,
        .schedules = 10};
    fan_check_judge_explored(&explore, NULL, &check);
    expect_problem(check, "race expected, not found");
}
END_TEST

START_TEST(what_thread_sanitizer_reports_is_a_race)
{
    static struct fan_run broken;
    struct fan_check check;
    struct fan_attempt attempt = {
        .scenario = &scenario, .variant = &variant, .end = FAN_ATTEMPT_BROKEN, .run = &broken};
    broken.snapshot = &snapshot;
    broken.verdict = &verdict;
    strcpy(attempt.message, "the child ended with exit status 66: ThreadSanitizer: data race");
    variant.name = "buggy";
    fan_check_judge(&attempt, &check);
    expect_problem(check, "race found, not declared");
    variant.expected[0] = FAN_FINDING_RACE;
    fan_check_judge(&attempt, &check);
    ck_assert_msg(check.passed, "%s", check.problem);
}
END_TEST

START_TEST(a_run_that_ended_at_a_race_need_not_show_the_rest)
{
    static struct fan_run broken = {.snapshot = &snapshot, .verdict = &verdict};
    struct fan_check check;
    struct fan_attempt attempt = {.scenario = &scenario,
                                  .variant = &variant,
                                  .end = FAN_ATTEMPT_BROKEN,
                                  .run = &broken,
                                  .message = "exit status 66: ThreadSanitizer: data race"};
    variant = (struct fan_variant){.name = "buggy",
                                   .expected_count = 2,
                                   .expected = {FAN_FINDING_LOST_ERROR, FAN_FINDING_RACE}};
    fan_check_judge(&attempt, &check);
    ck_assert_msg(check.passed, "%s", check.problem);
    ck_assert_str_eq(check.note,
                     "ThreadSanitizer ended the run at a race: nothing else was looked for");
    found(FAN_FINDING_RACE);
    expect_problem(check_of("buggy", FAN_ATTEMPT_VERDICT), "lost-error expected, not found");
}
END_TEST

START_TEST(a_failed_attempt_fails)
{
    expect_problem(check_of("rare", FAN_ATTEMPT_SLOW), "a message");
    expect_problem(check_of("rare", FAN_ATTEMPT_BROKEN), "a message");
    found(FAN_FINDING_DEADLOCK);
    ck_assert(check_of("buggy", FAN_ATTEMPT_SLOW).passed);
    expect_problem(check_of("buggy", FAN_ATTEMPT_INTERRUPTED), "a message");
}
END_TEST

static const char *print(const char *format, const struct fan_check *checks, size_t count)
{
    static char text[16384];
    FILE *out = fmemopen(text, sizeof text, "w");
    fan_check_format_find(format)->print(out, "real", checks, count);
    fclose(out);
    return text;
}

/* One that passed, and one whose every text is poison. */
static void poison(struct fan_check checks[2])
{
    static const struct fan_variant fixed = {.name = "fixed"};
    checks[0] = (struct fan_check){.scenario = &scenario, .variant = &fixed, .passed = true};
    checks[1] = checks[0];
    checks[1].passed = false;
    checks[1].found_count = 1;
    strcpy(checks[1].problem, "a <b> & \"c\" 'd' # e\n\033[31m\xff]]>");
    strcpy(checks[1].found[0].summary, "</system-out> # \\ \n1..9");
    strcpy(checks[1].found[0].where, "f<g>.c:1");
}

/* A parser of XML so small that it knows elements, attributes and character references only: enough
 * for what is printed, and more would not be well-formed here. Returns what follows. */
static const char *skip_text(const char *at)
{
    for (; *at && *at != '<'; at++) {
        ck_assert_msg(isprint((unsigned char)*at) || *at == '\n', "a control character");
        ck_assert_msg(*at != '&' || at[1] == '#', "a bare ampersand: %.20s", at);
        ck_assert_msg(*at != '>', "a bare bracket: %.20s", at);
    }
    return at;
}

static const char *skip_attributes(const char *at)
{
    while (*at == ' ') {
        at += strcspn(at, "=");
        ck_assert_msg(at[0] == '=' && at[1] == '"', "no value: %.20s", at);
        for (at += 2; *at != '"'; at++)
            ck_assert_msg(*at && *at != '<' && isprint((unsigned char)*at) &&
                              (*at != '&' || at[1] == '#'),
                          "a bad value: %.20s", at);
        at++;
    }
    return at;
}

static const char *skip_element(const char *at)
{
    char name[40];
    size_t length = strcspn(at + 1, " />");
    ck_assert_uint_lt(length, sizeof name - 1);
    ck_assert_msg(at[0] == '<' && isalpha((unsigned char)at[1]), "no element: %.20s", at);
    memcpy(name, at + 1, length);
    name[length] = '\0';
    at = skip_attributes(at + 1 + length);
    if (strncmp(at, "/>", 2) == 0)
        return at + 2;
    ck_assert_msg(*at == '>', "an element is not ended: %.20s", at);
    for (at = skip_text(at + 1); strncmp(at, "</", 2) != 0; at = skip_text(at))
        at = skip_element(at);
    ck_assert_msg(strncmp(at + 2, name, length) == 0 && at[2 + length] == '>', "%s ends as %.20s",
                  name, at);
    return at + 3 + length;
}

START_TEST(junit_is_well_formed_whatever_it_tells)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    struct fan_check checks[2];
    poison(checks);
    const char *text = print("junit", checks, 2);
    ck_assert(strncmp(text, head, strlen(head)) == 0);
    ck_assert(strstr(text, "tests=\"2\" failures=\"1\""));
    ck_assert(strstr(text, "a &#60;b&#62; &#38; &#34;c&#34; &#39;d&#39; # e??[31m?]]&#62;"));
    ck_assert_str_eq(skip_element(text + strlen(head)), "\n");
}
END_TEST

START_TEST(tap_has_one_line_a_test_and_no_stray_directive)
{
    struct fan_check checks[2];
    poison(checks);
    ck_assert_str_eq(print("tap", checks, 2),
                     "TAP version 13\n1..2\nok 1 - 99 made_up fixed\n"
                     "not ok 2 - 99 made_up fixed\n# a <b> & \"c\" 'd'   e ?[31m?]]>\n"
                     "# deadlock: </system-out>   \\  1..9, at f<g>.c:1\n");
}
END_TEST

START_TEST(json_is_json_whatever_it_tells)
{
    struct fan_check checks[2];
    poison(checks);
    json_t *report = json_loads(print("json", checks, 2), 0, NULL);
    ck_assert_ptr_nonnull(report);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "failures")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "checks")), 2);
    json_decref(report);
}
END_TEST

START_TEST(json_says_what_broke_it_off)
{
    struct fan_check checks[2];
    poison(checks);
    checks[1].end = FAN_ATTEMPT_INTERRUPTED;
    strcpy(checks[1].problem, "interrupted by signal 2");
    json_t *report = json_loads(print("json", checks, 2), 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "error");
    ck_assert_str_eq(json_string_value(json_object_get(report, "reason")), "interrupted");
    json_decref(report);
}
END_TEST

START_TEST(an_unknown_format_is_none)
{
    ck_assert_ptr_null(fan_check_format_find("xml"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("check");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, what_is_expected_must_be_found);
    tcase_add_test(tests, nothing_else_may_be_found);
    tcase_add_test(tests, a_fix_must_be_silent);
    tcase_add_test(tests, a_rare_variant_need_not_show_but_must_not_show_else);
    tcase_add_test(tests, a_race_is_not_asked_of_real_threads_and_that_is_said);
    tcase_add_test(tests, what_thread_sanitizer_reports_is_a_race);
    tcase_add_test(tests, a_run_that_ended_at_a_race_need_not_show_the_rest);
    tcase_add_test(tests, a_failed_attempt_fails);
    tcase_add_test(tests, junit_is_well_formed_whatever_it_tells);
    tcase_add_test(tests, tap_has_one_line_a_test_and_no_stray_directive);
    tcase_add_test(tests, json_is_json_whatever_it_tells);
    tcase_add_test(tests, json_says_what_broke_it_off);
    tcase_add_test(tests, an_unknown_format_is_none);
    return suite_run("check", tests);
}
