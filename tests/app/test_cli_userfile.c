/* The commands on a C file of the user's: what they refuse, what its name may be, how it is
 * checked, and that signals leave nothing of it. */
#define _GNU_SOURCE
#include <check.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* A program that ends well, one that aborts, and one that never ends. */
#define DECLARE(body)                                                                              \
    "#include <fan/fan.h>\n"                                                                       \
    "#include <stdlib.h>\n"                                                                        \
    "static void mine(struct fan_lab *lab) { (void)lab; " body "}\n"                               \
    "FAN_SCENARIO(mine);\n"

static const char harmless[] = DECLARE("");
static const char aborting[] = DECLARE("abort(); ");
static const char endless[] = DECLARE("for (volatile unsigned turns = 0;; turns++) ; ");
static const char with_an_operation[] = DECLARE("fan_sleep(1, NULL); ");

/* ---- what cannot be used ---- */

static const struct {
    const char *text, *words, *said;
} refused[] = {
    {"int f(void) { return nothing; }\n", "mine.c does not compile", "mine.c:1:22: error:"},
    {"#include <fan/fan.h>\n", "declares no scenario", "FAN_SCENARIO(function);"},
    {"#include <fan/fan.h>\nstatic void f(struct fan_lab *l) { (void)l; }\n"
     "FAN_SCENARIO(f);\nint main(void) { return 0; }\n",
     "mine.c does not compile", "multiple definition of `main'"},
};

static const char *const commands[] = {"run", "check", "explore"};

START_TEST(a_file_that_cannot_be_used_ends_every_command_with_2)
{
    for (int i = 0; i < 3; i++) {
        workplace_write("mine.c", refused[_i].text);
        CLI_RUN(commands[i], "mine.c");
        workplace_remove("mine.c");
        cli_expect(2, refused[_i].words);
        cli_expect(2, refused[_i].said);
        ck_assert_str_eq(cli_result.out, "");
    }
}
END_TEST

START_TEST(a_path_that_is_no_file_is_refused_with_2)
{
    for (int i = 0; i < 3; i++) {
        CLI_RUN(commands[i], "mine.c");
        cli_expect(2, "mine.c: No such file or directory");
        ck_assert_int_eq(mkdir("mine.c", 0700), 0);
        CLI_RUN(commands[i], "mine.c");
        cli_expect(2, "mine.c: Is a directory");
        ck_assert_int_eq(rmdir("mine.c"), 0);
        ck_assert_int_eq(mkfifo("mine.c", 0600), 0);
        CLI_RUN(commands[i], "mine.c");
        workplace_remove("mine.c");
        cli_expect(2, "mine.c: Not a regular file");
    }
}
END_TEST

START_TEST(json_tells_of_a_refusal)
{
    CLI_RUN("explore", "mine.c", "--json");
    json_t *report = cli_json();
    ck_assert_str_eq(member(report, "schema"), "fanlab.explore/1");
    ck_assert_str_eq(member(report, "outcome"), "error");
    ck_assert_str_eq(member(report, "reason"), "usage");
    json_decref(report);
}
END_TEST

START_TEST(without_a_compiler_it_is_3_and_says_what_to_install)
{
    workplace_write("mine.c", harmless);
    unsetenv("CC");
    setenv("PATH", "/nowhere", 1);
    for (int i = 0; i < 3; i++) {
        CLI_RUN(commands[i], "mine.c");
        cli_expect(3, "cc cannot be run (No such file or directory): install a C compiler,"
                      " apt-get install gcc libc6-dev");
    }
    CLI_RUN("explore", "mine.c", "--json");
    workplace_remove("mine.c");
    cli_expect(3, "\"reason\": \"environment\"");
}
END_TEST

/* ---- names ---- */

static const char *const names[] = {"two words.c", "it's.c",  "$(touch x).c", "@list.c",
                                    "-x.c",        "\"q\".c", "02.c",         "n\tn.c"};

START_TEST(a_name_may_be_made_of_anything)
{
    workplace_write(names[_i], aborting);
    CLI_RUN("explore", "--schedules", "40", "--", names[_i]);
    cli_expect(1, "the program aborted");
    CLI_RUN("run", "--", names[_i]);
    ck_assert_int_le(cli_result.code, 1);
    workplace_remove(names[_i]);
}
END_TEST

START_TEST(a_file_may_lie_in_another_directory)
{
    ck_assert_int_eq(mkdir("x", 0700), 0);
    workplace_write("x/02.c", aborting);
    CLI_RUN("explore", "./x/02.c", "--schedules", "40");
    cli_expect(1, "x/02.c:3\n");
    cli_expect(1, " ./x/02.c\n");
    workplace_remove("x/02.c");
    ck_assert_int_eq(rmdir("x"), 0);
}
END_TEST

/* ---- several scenarios, variants, checks ---- */

static const char pairs[] =
    "#include <fan/fan.h>\n"
    "static void ends(struct fan_lab *lab) { (void)lab; }\n"
    "static void hangs(struct fan_lab *lab)\n"
    "{ fan_chan_recv(fan_lab_chan(lab, \"never\", 1, 0), &(char){0}, NULL); }\n"
    "FAN_SCENARIO(ends);\n"
    "FAN_SCENARIO(hangs, .variant_count = 2, .variants = {\n"
    "    {.name = \"buggy\", .run = %s,\n"
    "     .expected_count = 1, .expected = {FAN_FINDING_DEADLOCK}},\n"
    "    {.name = \"fixed\", .run = %s}});\n";

static void write_pairs(const char *buggy, const char *fixed)
{
    char text[2048];
    snprintf(text, sizeof text, pairs, buggy, fixed);
    workplace_write("mine.c", text);
}

static const char *const runtimes[] = {"real", "sim", "both"};

START_TEST(check_holds_variants_to_what_they_declare)
{
    write_pairs("hangs", "ends");
    CLI_RUN("check", "mine.c", "--runtime", runtimes[_i]);
    cli_expect(0, "ok     hangs mine.c, buggy");
    cli_expect(0, "ok     hangs mine.c, fixed");
    cli_expect(0, "ok     ends mine.c, program");
    write_pairs("ends", "ends");
    CLI_RUN("check", "mine.c", "--runtime", runtimes[_i]);
    cli_expect(1, "deadlock expected, not found");
    write_pairs("hangs", "hangs");
    CLI_RUN("check", "mine.c", "--runtime", runtimes[_i]);
    cli_expect(1, "deadlock found, not declared");
    workplace_remove("mine.c");
}
END_TEST

START_TEST(a_bug_may_be_checked_beside_a_file)
{
    write_pairs("hangs", "ends");
    CLI_RUN("check", "4", "mine.c");
    workplace_remove("mine.c");
    cli_expect(0, "5 checked, 0 failed");
}
END_TEST

START_TEST(run_runs_every_scenario_under_either_runtime)
{
    write_pairs("hangs", "ends");
    for (int i = 0; i < 2; i++) {
        CLI_RUN("run", "mine.c", "--runtime", runtimes[i]);
        cli_expect(1, "ends mine.c   seed 1");
        cli_expect(1, "program = clean");
        cli_expect(1, "buggy  ! DEADLOCK  main waits on never");
        cli_expect(1, "blocked at    hangs  mine.c:4");
        cli_expect(1, "fixed  = clean");
    }
    CLI_RUN("run", "mine.c", "--variant", "rare");
    workplace_remove("mine.c");
    cli_expect(2, "has no variant 'rare'");
}
END_TEST

/* ---- lines ---- */

START_TEST(a_line_of_something_else_is_refused_with_2)
{
    char line[512];
    workplace_write("mine.c", aborting);
    CLI_RUN("explore", "mine.c", "--schedules", "40", "--json");
    json_t *report = cli_json();
    snprintf(line, sizeof line, "%s",
             member(json_array_get(json_object_get(report, "findings"), 0), "replay"));
    json_decref(report);
    CLI_RUN("replay", line);
    cli_expect(2, "give the file too");
    CLI_RUN("replay", line, "mine");
    cli_expect(2, "is no C file");
    CLI_RUN("replay", "fan1:cut", "mine.c");
    cli_expect(2, "cannot be replayed");
    write_pairs("hangs", "ends");
    CLI_RUN("replay", line, "mine.c");
    cli_expect(2, "the line is about scenario mine, which mine.c does not declare");
    workplace_write("mine.c", with_an_operation);
    CLI_RUN("replay", line, "mine.c");
    cli_expect(2, "of another build");
    workplace_remove("mine.c");
}
END_TEST

/* ---- signals ---- */

static const struct {
    int number, code;
} stops[] = {{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}};

static void wait_for_file(const char *name)
{
    while (access(name, F_OK) != 0)
        poll(NULL, 0, 1);
}

/* A compiler that never ends, which tells that it has begun. */
START_TEST(a_signal_ends_the_compiler_and_leaves_nothing)
{
    struct program program;
    workplace_write("compiler", "#!/bin/sh\ntouch begun\nsleep 1000 &\necho $! >sleeps\nwait\n");
    ck_assert_int_eq(chmod("compiler", 0700), 0);
    setenv("CC", workplace_path("compiler"), 1);
    workplace_write("mine.c", harmless);
    program_start(&(struct program_options){.argv = (const char *const[]){cli_fanlab, "explore",
                                                                          "mine.c", NULL}},
                  &program);
    wait_for_file("begun");
    kill(program.pid, stops[_i].number);
    program_finish(&program, &cli_result);
    cli_expect(stops[_i].code, "interrupted by signal");
    workplace_remove("begun");
    unlink("sleeps");
    workplace_remove("mine.c");
    workplace_remove("compiler");
}
END_TEST

START_TEST(a_signal_ends_the_exploration_and_leaves_nothing)
{
    struct program program;
    workplace_write("mine.c", endless);
    program_start(&(struct program_options){.argv = (const char *const[]){cli_fanlab, "explore",
                                                                          "mine.c", NULL}},
                  &program);
    while (!workplace_is_alive())
        poll(NULL, 0, 1);
    kill(program.pid, stops[_i].number);
    program_finish(&program, &cli_result);
    cli_expect(stops[_i].code, "interrupted by signal");
    workplace_remove("mine.c");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fanlab");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, workplace_begin, workplace_end);
    tcase_add_loop_test(tests, a_file_that_cannot_be_used_ends_every_command_with_2, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, a_path_that_is_no_file_is_refused_with_2);
    tcase_add_test(tests, json_tells_of_a_refusal);
    tcase_add_test(tests, without_a_compiler_it_is_3_and_says_what_to_install);
    tcase_add_loop_test(tests, a_name_may_be_made_of_anything, 0, sizeof names / sizeof names[0]);
    tcase_add_test(tests, a_file_may_lie_in_another_directory);
    /* ThreadSanitizer has nothing to say of simulations, at length. */
    tcase_add_loop_test(tests, check_holds_variants_to_what_they_declare, 0,
                        FAN_UNDER_TSAN ? 1 : 3);
    tcase_add_test(tests, a_bug_may_be_checked_beside_a_file);
    tcase_add_test(tests, run_runs_every_scenario_under_either_runtime);
    tcase_add_test(tests, a_line_of_something_else_is_refused_with_2);
    tcase_add_loop_test(tests, a_signal_ends_the_compiler_and_leaves_nothing, 0, 3);
    tcase_add_loop_test(tests, a_signal_ends_the_exploration_and_leaves_nothing, 0, 3);
    return suite_run("command line, C files", tests);
}
