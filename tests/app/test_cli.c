/* The command line, run as others run it: what it finds, what it prints, what it refuses. */
#define _GNU_SOURCE
#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/cli.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    ck_assert_msg(text != NULL, "no %s in\n%s", member, cli_result.out);
    return text;
}

/* Some frame of the stack is of this function and file, with a line. */
static void expect_frame(const json_t *stack, const char *function, const char *file)
{
    size_t index;
    json_t *frame;
    json_array_foreach(stack, index, frame)
    {
        const char *where = json_string_value(json_object_get(frame, "file"));
        if (where && strcmp(where, file) == 0 &&
            strcmp(text_of(frame, "function"), function) == 0) {
            ck_assert_int_gt(json_integer_value(json_object_get(frame, "line")), 0);
            return;
        }
    }
    ck_abort_msg("no %s in %s in\n%s", function, file, cli_result.out);
}

static json_t *only_finding(json_t *report, const char *kind)
{
    json_t *findings = json_object_get(report, "findings");
    ck_assert_str_eq(text_of(report, "schema"), "fanlab.run/1");
    ck_assert_str_eq(text_of(report, "outcome"), "findings");
    ck_assert_uint_eq(json_array_size(findings), 1);
    json_t *finding = json_array_get(findings, 0);
    ck_assert_str_eq(text_of(finding, "kind"), kind);
    return finding;
}

static void expect_deadlock(const char *id, const char *function, const char *file)
{
    CLI_RUN("run", id, "--variant", "buggy", "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = cli_json();
    json_t *finding = only_finding(report, "deadlock");
    json_t *thread = json_array_get(json_object_get(finding, "threads"), 0);
    expect_frame(json_object_get(thread, "blocked_at"), function, file);
    ck_assert_str_eq(text_of(finding, "proof"), "quiescence");
    ck_assert_str_ne(text_of(thread, "could_wake"), "");
    ck_assert_str_ne(text_of(thread, "never"), "");
    json_decref(report);
}

static void expect_clean(const char *id)
{
    CLI_RUN("run", id, "--variant", "fixed", "--json");
    ck_assert_int_eq(cli_result.code, 0);
    json_t *report = cli_json();
    ck_assert_str_eq(text_of(report, "outcome"), "clean");
    ck_assert_uint_eq(json_array_size(json_object_get(report, "findings")), 0);
    json_decref(report);
}

START_TEST(missing_done_is_found_and_its_fix_is_clean)
{
    expect_deadlock("02", "process", "bugs/02_missing_done.c");
    expect_clean("02");
}
END_TEST

START_TEST(never_closed_is_found_and_its_fix_is_clean)
{
    expect_deadlock("04", "collect", "bugs/04_never_closed.c");
    expect_clean("04");
}
END_TEST

/* Its evidence is numbers, and the words agree with them. */
START_TEST(a_broken_contract_is_found_with_its_evidence)
{
    CLI_RUN("run", "05", "--variant", "buggy", "--runtime", "sim", "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = cli_json();
    json_t *finding = only_finding(report, "head-of-line");
    json_t *evidence = json_object_get(finding, "evidence");
    ck_assert_str_eq(text_of(finding, "proof"), "contract");
    ck_assert_int_eq(json_integer_value(json_object_get(evidence, "waited")), 4);
    ck_assert_int_eq(json_integer_value(json_object_get(evidence, "longest_wait_ns")), 20000000);
    ck_assert(strstr(text_of(finding, "summary"), "4 tasks waited up to 20.0 ms"));
    expect_frame(json_object_get(finding, "at"), "work", "bugs/05_head_of_line.c");
    json_decref(report);
    CLI_RUN("run", "05", "--variant", "buggy", "--runtime", "sim");
    ck_assert(strstr(cli_result.out, "! HEAD-OF-LINE  4 tasks waited"));
    ck_assert(strstr(cli_result.out, "longest wait 20 ms, allowed 0.0 ms"));
    expect_clean("05");
}
END_TEST

static double line_cost(const char *id, const char *variant, const char *runtime,
                        const char *member)
{
    CLI_RUN("run", id, "--variant", variant, "--runtime", runtime, "--json");
    json_t *report = cli_json();
    json_t *run = json_array_get(json_object_get(report, "runs"), 0);
    const json_t *value = json_object_get(run, member);
    double number = value ? json_number_value(value) : -1;
    json_decref(report);
    return number;
}

/* The model counts the same lines in each run of a schedule; the time is the machine's affair. */
START_TEST(what_lines_cost_is_told_where_threads_are_to_keep_apart)
{
    ck_assert_double_gt(line_cost("12", "buggy", "sim", "lines_lost_per_item"), 0.5);
    ck_assert_double_eq(line_cost("12", "fixed", "sim", "lines_lost_per_item"), 0);
    ck_assert_double_gt(line_cost("12", "fixed", "real", "real_ns_per_item"), 0);
    ck_assert_double_eq(line_cost("12", "fixed", "real", "lines_lost_per_item"), -1);
    ck_assert_double_eq(line_cost("04", "fixed", "sim", "lines_lost_per_item"), -1);
    ck_assert_double_eq(line_cost("04", "fixed", "real", "real_ns_per_item"), -1);
}
END_TEST

START_TEST(double_close_is_found_with_both_places_and_its_fix_is_clean)
{
    CLI_RUN("run", "08", "--variant", "buggy", "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = cli_json();
    json_t *finding = only_finding(report, "panic");
    json_t *earlier = json_object_get(finding, "earlier");
    expect_frame(json_object_get(finding, "at"), "work_buggy", "bugs/08_double_close.c");
    expect_frame(json_object_get(earlier, "at"), "work_buggy", "bugs/08_double_close.c");
    ck_assert_str_eq(text_of(earlier, "what"), "first closed");
    json_decref(report);
    expect_clean("08");
}
END_TEST

/* The least of some, since the machine may do something else for as long as it likes. */
START_TEST(a_deadlock_is_told_within_100_ms_of_the_last_progress)
{
    double least_ms = 1e9;
    for (int i = 0; i < 5; i++) {
        CLI_RUN("run", "04", "--variant", "buggy", "--json");
        json_t *report = cli_json();
        json_t *run = json_array_get(json_object_get(report, "runs"), 0);
        double ms = json_real_value(json_object_get(run, "detected_after_ms"));
        ck_assert(json_is_real(json_object_get(run, "detected_after_ms")));
        if (ms < least_ms)
            least_ms = ms;
        json_decref(report);
    }
    ck_assert_msg(least_ms < 100, "%f ms", least_ms);
}
END_TEST

START_TEST(both_is_the_default_and_told_in_80_columns)
{
    CLI_RUN("run", "never-closed", "--workers", "3", "--items", "7", "--seed", "9");
    ck_assert_int_eq(cli_result.code, 1);
    ck_assert_str_eq(cli_result.err, "");
    ck_assert(strstr(cli_result.out, "seed 9   workers 3   items 7"));
    ck_assert(strstr(cli_result.out, "buggy  ! DEADLOCK"));
    ck_assert(strstr(cli_result.out, "collect  bugs/04_never_closed.c:"));
    ck_assert(strstr(cli_result.out, "fixed  = clean  7 results"));
    ck_assert(
        strstr(cli_result.out, "fanlab run 04 --variant buggy --seed 9 --workers 3 --items 7\n"));
    cli_expect_columns(cli_result.out);
    CLI_RUN("run", "8");
    cli_expect_columns(cli_result.out);
    CLI_RUN("run", "02");
    cli_expect_columns(cli_result.out);
}
END_TEST

START_TEST(the_bounds_of_the_numbers_are_accepted)
{
    CLI_RUN("run", "4", "--variant", "fixed", "--workers", "128", "--items", "0", "--seed",
            "9223372036854775807", "--json");
    ck_assert_msg(cli_result.code == 0, "%s%s", cli_result.out, cli_result.err);
    ck_assert(strstr(cli_result.out, "\"seed\": 9223372036854775807,"));
    CLI_RUN("run", "4", "--variant", "fixed", "--workers", "1", "--items", "100000", "--seed", "0");
    ck_assert_msg(cli_result.code == 0, "%s%s", cli_result.out, cli_result.err);
    ck_assert(strstr(cli_result.out, "100000 results"));
}
END_TEST

START_TEST(the_list_names_every_bug)
{
    CLI_RUN("list");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert(strstr(cli_result.out, "04  never closed"));
    cli_expect_columns(cli_result.out);
    CLI_RUN("list", "--json");
    ck_assert_int_eq(cli_result.code, 0);
    json_t *report = cli_json();
    json_t *first = json_array_get(json_object_get(report, "bugs"), 0);
    ck_assert_str_eq(text_of(report, "schema"), "fanlab.list/1");
    ck_assert_str_eq(text_of(first, "id"), "01");
    ck_assert_str_eq(text_of(json_array_get(json_object_get(first, "variants"), 0), "name"),
                     "buggy");
    json_decref(report);
}
END_TEST

START_TEST(check_tells_what_it_found_where)
{
    CLI_RUN("check");
    ck_assert_msg(cli_result.code == 0, "%s%s", cli_result.out, cli_result.err);
    ck_assert(
        strstr(cli_result.out, "deadlock: main waits on out, at collect bugs/04_never_closed.c:"));
    ck_assert(strstr(cli_result.out, ", 0 failed, seed 1\n"));
    CLI_RUN("check", "4", "double_close", "--format", "json", "--seed", "5");
    ck_assert_msg(cli_result.code == 0, "%s%s", cli_result.out, cli_result.err);
    json_t *report = cli_json();
    ck_assert_str_eq(text_of(report, "schema"), "fanlab.check/1");
    ck_assert_str_eq(text_of(report, "outcome"), "clean");
    ck_assert_int_eq(json_integer_value(json_object_get(report, "seed")), 5);
    ck_assert(json_array_size(json_object_get(report, "checks")) >= 4);
    json_decref(report);
    CLI_RUN("check", "4", "--format", "tap");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert(strncmp(cli_result.out,
                      "TAP version 13\n1..2\nok 1 - 04 never_closed buggy\n# deadlock", 50) == 0);
}
END_TEST

START_TEST(every_command_helps_in_80_columns)
{
    static const char *const commands[] = {"list", "run", "check", "explore", "replay"};
    for (size_t i = 0; i < 5; i++) {
        CLI_RUN(commands[i], "--help");
        ck_assert_int_eq(cli_result.code, 0);
        ck_assert_str_eq(cli_result.err, "");
        ck_assert(strstr(cli_result.out, "--help") && strstr(cli_result.out, commands[i]));
        cli_expect_columns(cli_result.out);
        CLI_RUN(commands[i], "--version");
        ck_assert_int_eq(cli_result.code, 0);
        ck_assert(strncmp(cli_result.out, "fanlab ", 7) == 0);
    }
    CLI_RUN("--help");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert(strstr(cli_result.out, "check [ID...]"));
    cli_expect_columns(cli_result.out);
    CLI_RUN("--version");
    ck_assert_int_eq(cli_result.code, 0);
}
END_TEST

static const struct {
    const char *words; /* that stand in the message */
    const char *arguments[6];
} misuses[] = {
    {"usage: fanlab", {NULL}},
    {"no such command: frobnicate", {"frobnicate"}},
    {"no such option: --frobnicate", {"--frobnicate"}},
    {"no such option: --frobnicate", {"run", "4", "--frobnicate"}},
    {"no such option: -z", {"run", "4", "-z"}},
    {"--json=yes: no such option, or it takes no value", {"run", "4", "--json=yes"}},
    {"--seed needs a value", {"run", "4", "--seed"}},
    {"it takes one bug", {"run"}},
    {"it takes one bug", {"run", "4", "8"}},
    {"no bug is called '99'", {"run", "99"}},
    {"no bug is called ''", {"run", ""}},
    {"no bug is called '4x'", {"run", "4x"}},
    {"no bug is called '-4'", {"run", "--", "-4"}},
    {"04 has no variant 'rare', only buggy, fixed", {"run", "4", "--variant", "rare"}},
    {"04 has no variant 'odd', only buggy, fixed", {"run", "4", "--variant", "odd"}},
    {"--runtime knows real, sim, not 'odd'", {"run", "4", "--runtime", "odd"}},
    {"--workers must be from 1 to 128 (the thread budget), not 0", {"run", "4", "--workers", "0"}},
    {"--workers must be from 1 to 128 (the thread budget), not 129",
     {"run", "4", "--workers", "129"}},
    {"not 99999999999999999999", {"run", "4", "--workers", "99999999999999999999"}},
    {"--workers takes a whole number, not '-1'", {"run", "4", "--workers", "-1"}},
    {"--workers takes a whole number, not '4.0'", {"run", "4", "--workers", "4.0"}},
    {"--workers takes a whole number, not ''", {"run", "4", "--workers", ""}},
    {"--workers takes a whole number, not ' 4'", {"run", "4", "--workers", " 4"}},
    {"--items must be from 0 to 1000000, not 1000001", {"run", "4", "--items", "1000001"}},
    {"--seed must be from 0 to 9223372036854775807", {"run", "4", "--seed", "9223372036854775808"}},
    {"--timeout must be from 1", {"run", "4", "--timeout", "0"}},
    {"no bug is called '99'", {"check", "4", "99"}},
    {"--strategy knows random, pct, surw, delay, dpor, not 'odd'",
     {"explore", "4", "--strategy", "odd"}},
    {"--schedules must be from 1 to", {"explore", "4", "--schedules", "0"}},
    {"it takes one bug", {"explore"}},
    {"--format knows text, tap, junit, json, not 'xml'", {"check", "--format", "xml"}},
    {"--runtime knows real, sim, both, not 'odd'", {"check", "--runtime", "odd"}},
    {"it takes no operand ('4')", {"list", "4"}},
    {"--color knows auto, always, never, not 'red'", {"--color", "red"}},
};

START_TEST(misuse_is_refused_in_words_with_2)
{
    const char *argv[8] = {cli_fanlab};
    memcpy(argv + 1, misuses[_i].arguments, sizeof misuses[_i].arguments);
    program_run(argv, &cli_result);
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert_str_eq(cli_result.out, "");
    ck_assert_msg(strstr(cli_result.err, misuses[_i].words), "%s", cli_result.err);
}
END_TEST

static void expect_refusal(const char *schema, const char *words, int seed)
{
    ck_assert_int_eq(cli_result.code, 2);
    json_t *report = cli_json();
    ck_assert_str_eq(text_of(report, "schema"), schema);
    ck_assert_str_eq(text_of(report, "outcome"), "error");
    ck_assert_str_eq(text_of(report, "reason"), "usage");
    ck_assert_msg(strstr(text_of(report, "message"), words), "%s", cli_result.out);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "seed")), seed);
    json_decref(report);
}

START_TEST(misuse_is_refused_in_json_where_that_was_asked_for)
{
    CLI_RUN("run", "4", "--workers", "0", "--seed", "77", "--json");
    expect_refusal("fanlab.run/1", "--workers", 77);
    CLI_RUN("run", "no such thing", "--json");
    expect_refusal("fanlab.run/1", "no bug", 1);
    CLI_RUN("check", "--format", "json", "99", "--seed", "3");
    expect_refusal("fanlab.check/1", "no bug", 3);
    CLI_RUN("list", "--json", "4");
    expect_refusal("fanlab.list/1", "no operand", 0);
}
END_TEST

static void run_into(int out, const char *const *argv)
{
    struct program program;
    program_start(&(struct program_options){.argv = argv, .out = out}, &program);
    if (out > 0)
        close(out);
    program_finish(&program, &cli_result);
}

static const char *const listing[] = {cli_fanlab, "list", NULL};
static const char *const running[] = {cli_fanlab, "run", "4", "--json", NULL};

START_TEST(output_that_cannot_be_written_is_told_with_3)
{
    run_into(open("/dev/full", O_WRONLY | O_CLOEXEC), listing);
    ck_assert_int_eq(cli_result.code, 3);
    ck_assert_msg(strstr(cli_result.err, "cannot write"), "%s", cli_result.err);
    run_into(open("/dev/full", O_WRONLY | O_CLOEXEC), running);
    ck_assert_int_eq(cli_result.code, 3);
    run_into(PROGRAM_CLOSED, listing);
    ck_assert_int_eq(cli_result.code, 3);
    ck_assert_msg(strstr(cli_result.err, "cannot write"), "%s", cli_result.err);
    run_into(PROGRAM_CLOSED, running);
    ck_assert_int_eq(cli_result.code, 3);
}
END_TEST

START_TEST(output_that_nobody_reads_is_told_with_3)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    run_into(ends[1], running);
    ck_assert_int_eq(cli_result.code, 3);
    ck_assert_msg(strstr(cli_result.err, "Broken pipe") || strstr(cli_result.err, "cannot write"),
                  "%s", cli_result.err);
}
END_TEST

/* With more and more of them, until there are enough; the first few are the loader's own affair. */
START_TEST(too_few_descriptors_are_told_with_3)
{
    struct program program;
    int told = 0;
    cli_result.code = 127;
    for (unsigned limit = 4; cli_result.code != 1; limit++) {
        program_start(&(struct program_options){.argv = running, .descriptors = limit}, &program);
        program_finish(&program, &cli_result);
        if (cli_result.code == 127 || cli_result.code == 1)
            continue;
        ck_assert_msg(cli_result.code == 3, "with %u: %d\n%s", limit, cli_result.code,
                      cli_result.err);
        json_t *report = cli_json();
        ck_assert_str_eq(text_of(report, "reason"), "environment");
        ck_assert_msg(strstr(text_of(report, "message"), "Too many open files"), "%s",
                      cli_result.out);
        json_decref(report);
        told++;
    }
    ck_assert_int_gt(told, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fanlab");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, missing_done_is_found_and_its_fix_is_clean);
    tcase_add_test(tests, never_closed_is_found_and_its_fix_is_clean);
    tcase_add_test(tests, a_broken_contract_is_found_with_its_evidence);
    tcase_add_test(tests, what_lines_cost_is_told_where_threads_are_to_keep_apart);
    tcase_add_test(tests, double_close_is_found_with_both_places_and_its_fix_is_clean);
    tcase_add_test(tests, a_deadlock_is_told_within_100_ms_of_the_last_progress);
    tcase_add_test(tests, both_is_the_default_and_told_in_80_columns);
    tcase_add_test(tests, the_bounds_of_the_numbers_are_accepted);
    tcase_add_test(tests, the_list_names_every_bug);
    tcase_add_test(tests, check_tells_what_it_found_where);
    tcase_add_test(tests, every_command_helps_in_80_columns);
    tcase_add_loop_test(tests, misuse_is_refused_in_words_with_2, 0,
                        sizeof misuses / sizeof misuses[0]);
    tcase_add_test(tests, misuse_is_refused_in_json_where_that_was_asked_for);
    tcase_add_test(tests, output_that_cannot_be_written_is_told_with_3);
    tcase_add_test(tests, output_that_nobody_reads_is_told_with_3);
    tcase_add_test(tests, too_few_descriptors_are_told_with_3);
    return suite_run("command line", tests);
}
