/* Unnamed cases: the same for everybody who has the seed, nothing in them that gives them away, and
 * answers that the evidence bears out. */
#define _GNU_SOURCE
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/mystery.h"
#include "bugs/table.h"
#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/program.h"
#include "tests/support/scratch.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

static json_t *cases_of(const char *seed, bool answer)
{
    if (answer)
        CLI_RUN("mystery", seed, "--json", "--answer");
    else
        CLI_RUN("mystery", seed, "--json");
    ck_assert_msg(cli_result.code == 0, "%d %s", cli_result.code, cli_result.err);
    json_t *report = json_loads(cli_result.out, 0, NULL);
    ck_assert_ptr_nonnull(report);
    ck_assert_str_eq(json_string_value(json_object_get(report, "schema")), "fanlab.mystery/1");
    ck_assert_int_eq(json_array_size(json_object_get(report, "cases")), FAN_MYSTERY_CASES);
    return report;
}

START_TEST(a_seed_gives_the_same_cases)
{
    static struct program_result first;
    CLI_RUN("mystery", "7");
    ck_assert_int_eq(cli_result.code, 0);
    first = cli_result;
    CLI_RUN("mystery", "7");
    ck_assert_str_eq(cli_result.out, first.out);
    CLI_RUN("mystery", "8");
    ck_assert_str_ne(cli_result.out, first.out);
}
END_TEST

/* The words that only an answer has. */
static void expect_nothing_told(const char *text)
{
    ck_assert_msg(!strstr(text, "_buggy") && !strstr(text, "_fixed") && !strstr(text, ".c:") &&
                      !strstr(text, "fan1:") && !strstr(text, "===="),
                  "%s", text);
    for (int kind = 0; kind < FAN_FINDING_KINDS; kind++)
        ck_assert_msg(!strcasestr(text, fan_finding_name((enum fan_finding_kind)kind)) ||
                          kind == FAN_FINDING_PANIC,
                      "%s", text);
}

START_TEST(nothing_in_a_case_gives_it_away)
{
    char seed[8];
    snprintf(seed, sizeof seed, "%d", _i);
    json_t *report = cases_of(seed, false);
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(report, "cases"), index, one)
    {
        ck_assert_ptr_null(json_object_get(one, "answer"));
        ck_assert_int_gt(json_array_size(json_object_get(one, "story")), 0);
    }
    json_decref(report);
    expect_nothing_told(cli_result.out);
}
END_TEST

START_TEST(right_programs_are_among_them_and_no_bug_twice)
{
    bool ever[14] = {false};
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct fan_mystery cases[FAN_MYSTERY_CASES];
        bool seen[14] = {false}, right = false;
        fan_mystery_choose(seed, cases);
        for (int i = 0; i < FAN_MYSTERY_CASES; i++) {
            int bug = atoi(cases[i].attempt.scenario->id);
            ck_assert(!seen[bug]);
            seen[bug] = true;
            right = right || !cases[i].wrong;
            ever[fan_mystery_answer(&cases[i])] = true;
            ck_assert_int_eq(cases[i].attempt.variant->expected_count > 0, cases[i].wrong);
        }
        ck_assert(right);
    }
    for (int i = 0; i < 14; i++)
        ck_assert_msg(ever[i], "%d", i);
}
END_TEST

/* The evidence of a case in which something is wrong is a finding; of the others, a clean end. */
START_TEST(answers_come_with_evidence)
{
    CLI_RUN("mystery", "2", "--answer");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert_ptr_nonnull(strstr(cli_result.out, "It is 8, double close. The evidence:"));
    ck_assert_ptr_nonnull(strstr(cli_result.out, "! PANIC  close of closed channel out"));
    ck_assert_ptr_nonnull(strstr(cli_result.out, "It is 4, never closed. The evidence:"));
    ck_assert_ptr_nonnull(strstr(cli_result.out, "! DEADLOCK  main waits on out"));
    ck_assert_ptr_nonnull(
        strstr(cli_result.out, "It is 0: nothing is wrong. This is head of line with its repair:"));
    ck_assert_ptr_nonnull(strstr(cli_result.out, "= clean"));
}
END_TEST

START_TEST(wrong_words_are_refused_with_2)
{
    CLI_RUN("mystery", "seven");
    ck_assert_int_eq(cli_result.code, 2);
    CLI_RUN("mystery", "7", "8");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert_ptr_nonnull(strstr(cli_result.err, "it takes one seed, a whole number"));
}
END_TEST

/* ---- on a terminal ---- */

static void answer(struct terminal *terminal, const char *typed, const char *reply)
{
    ck_assert(terminal_wait_text(terminal, "or q to leave:"));
    terminal_type(terminal, typed);
    ck_assert_msg(terminal_wait_text(terminal, reply), "%s", reply);
}

START_TEST(answers_are_judged_and_the_score_is_kept)
{
    char scratch[SCRATCH_PATH], state[SCRATCH_PATH + 20], command[SCRATCH_PATH + 10];
    int status;
    scratch_make(scratch);
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s", scratch);
    for (int sitting = 1; sitting <= 2; sitting++) {
        struct terminal *terminal = terminal_start(&(struct terminal_options){
            .argv = (const char *const[]){cli_fanlab, "mystery", "2", NULL},
            .env = (const char *const[]){state, NULL},
            .rows = 250});
        answer(terminal, "8\n", "Right. It is 8, double close.");
        answer(terminal, "5\n", "No. It is 4, never closed.");
        answer(terminal, "0\n", "Right. It is 0: nothing is wrong.");
        answer(terminal, "q\n",
               sitting == 1 ? "2 of 3 right. In all: 2 of 3." : "2 of 3 right. In all: 4 of 6.");
        ck_assert(terminal_wait_exit(terminal, &status));
        ck_assert_int_eq(status, 0);
        terminal_free(terminal);
    }
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("mystery");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, right_programs_are_among_them_and_no_bug_twice);
    tcase_add_test(tests, wrong_words_are_refused_with_2);
    if (!FAN_UNDER_TSAN) { /* it has nothing to say of simulations, at length */
        tcase_add_test(tests, a_seed_gives_the_same_cases);
        tcase_add_loop_test(tests, nothing_in_a_case_gives_it_away, 0, FAN_UNDER_ASAN ? 1 : 6);
        tcase_add_test(tests, answers_come_with_evidence);
        tcase_add_test(tests, answers_are_judged_and_the_score_is_kept);
    }
    return suite_run("mystery", tests);
}
