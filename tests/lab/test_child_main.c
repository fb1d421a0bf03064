/* The child's own refusals: what a wrong parent would hear. */
#define _GNU_SOURCE
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/child.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

static struct program_result result;

enum { WORDS = 24 };

static const char helper[] = FAN_BUILD_DIR "/fanlab-lab-real";

/* Good parameters; a test spoils one. Descriptor 2 is no segment, so even these end as BROKEN. */
static const char *argv[WORDS] = {
    helper,       "--scenario", "04", "--variant", "fixed", "--seed",   "1",   "--workers",
    "4",          "--items",    "20", "--pace",    "0",     "--budget", "100", "--memory",
    "1000000000", "--cpu",      "30", "--segment", "2",     "--parent", NULL,  NULL,
};

static char parent[16];

static void set_up(void)
{
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    argv[WORDS - 2] = parent;
}

static const struct {
    const char *parameter, *value, *words;
} misuses[] = {
    {"--scenario", "99", "no such scenario or variant, 99"},
    {"--variant", "odd", "no such scenario or variant, 04"},
    {"--seed", "18446744073709551616", "a bad number for --seed"},
    {"--workers", "0", "a bad number for --workers"},
    {"--workers", "x", "a bad number for --workers"},
    {"--items", "-1", "a bad number for --items"},
    {"--pace", "9999999999", "a bad number for --pace"},
    {"--budget", "0", "a bad number for --budget"},
    {"--memory", "0", "a bad number for --memory"},
    {"--cpu", "0", "a bad number for --cpu"},
    {"--segment", "-1", "a bad number for --segment"},
    {"--parent", "", "a bad number for --parent"},
};

static void spoil(const char *parameter, const char *value)
{
    for (int i = 1; i < WORDS - 1; i += 2)
        if (strcmp(argv[i], parameter) == 0)
            argv[i + 1] = value;
}

static void expect(int code, const char *words)
{
    program_run(argv, &result);
    ck_assert_msg(result.code == code, "%d: %s", result.code, result.err);
    ck_assert_msg(strstr(result.err, words), "%s", result.err);
    ck_assert_str_eq(result.out, "");
}

START_TEST(a_wrong_parameter_is_refused)
{
    spoil(misuses[_i].parameter, misuses[_i].value);
    expect(FAN_CHILD_USAGE, misuses[_i].words);
}
END_TEST

START_TEST(a_missing_parameter_is_refused)
{
    argv[WORDS - 3] = NULL;
    expect(FAN_CHILD_USAGE, "it needs --parent");
    argv[1] = NULL;
    expect(FAN_CHILD_USAGE, "it needs --");
}
END_TEST

START_TEST(a_surplus_parameter_is_refused)
{
    const char *longer[WORDS + 1];
    memcpy(longer, argv, sizeof argv);
    longer[WORDS - 1] = "more";
    longer[WORDS] = NULL;
    program_run(longer, &result);
    ck_assert_int_eq(result.code, FAN_CHILD_USAGE);
    longer[WORDS - 1] = "--more";
    program_run(longer, &result);
    ck_assert_int_eq(result.code, FAN_CHILD_USAGE);
}
END_TEST

START_TEST(a_parent_that_is_another_one_is_refused)
{
    spoil("--parent", "1");
    expect(FAN_CHILD_BROKEN, "cannot contain itself: No such process");
}
END_TEST

START_TEST(a_segment_that_is_none_is_refused)
{
    expect(FAN_CHILD_BROKEN, "cannot publish its telemetry: Invalid argument");
    spoil("--segment", "77");
    expect(FAN_CHILD_BROKEN, "cannot publish its telemetry: Bad file descriptor");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("refusals");
    tcase_set_timeout(tests, 20);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, a_wrong_parameter_is_refused, 0, sizeof misuses / sizeof misuses[0]);
    tcase_add_test(tests, a_missing_parameter_is_refused);
    tcase_add_test(tests, a_surplus_parameter_is_refused);
    tcase_add_test(tests, a_parent_that_is_another_one_is_refused);
    tcase_add_test(tests, a_segment_that_is_none_is_refused);
    return suite_run("child's main", tests);
}
