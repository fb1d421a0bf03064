/* C files that do what no program should, under the controlled scheduler: each is told of for what
 * it is, with its line and a schedule that replays it, and the search goes on. Beside them stand
 * some that do no harm. */
#define _GNU_SOURCE
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* In the schedules in which the thread goes before main, something happens. */
static const char frame[] =
    "#include <fan/fan.h>\n"
    "#include <assert.h>\n"
    "#include <signal.h>\n"
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <unistd.h>\n"
    "static int early;\n"
    "static struct fan_chan *chan;\n"
    "static void wait(void *c) { fan_chan_recv(c, &(int){0}, NULL); }\n"
    "static struct fan_mutex mutex;\n"
    "static void step(void) { fan_mutex_lock(&mutex); fan_mutex_unlock(&mutex); }\n"
    "static void go_first(void *a) { (void)a; fan_chan_send(chan, &(int){1}, NULL); early = 1; }\n"
    "static int dig(int d) { volatile char b[4096]; b[0] = 1; return d ? dig(d - 1) + b[0] : 0; }\n"
    "static void spin(void) { for (volatile unsigned turns = 0;; turns++) ; }\n"
    "static void use(struct fan_lab *l) { (void)l; wait(NULL); dig(0); spin(); step(); }\n"
    "static void mine(struct fan_lab *lab)\n"
    "{\n"
    "    static int calls;\n"
    "    void *volatile block = malloc(1024);\n"
    "    volatile int *volatile nowhere = (int *)8;\n"
    "    (void)use; (void)calls; (void)block; (void)nowhere;\n"
    "    chan = fan_lab_chan(lab, \"c\", sizeof(int), 4);\n"
    "    fan_go(\"first\", go_first, NULL);\n"
    "    fan_chan_send(chan, &(int){0}, NULL);\n"
    "    if (early) {\n"
    "#line 100\n"
    "        %s;\n"
    "    }\n"
    "}\n"
    "FAN_SCENARIO(mine);\n";

static void write_deed(const char *deed)
{
    char text[4096];
    snprintf(text, sizeof text, frame, deed);
    workplace_write("mine.c", text);
}

static const struct {
    const char *deed, *kind, *words;
    bool nowhere; /* it can say nothing of its place */
} deeds[] = {
    {"*nowhere = 1", "panic", "segmentation fault at address 0x8", false},
    {"dig(9999)", "panic", "stack overflow: this thread's stack has 64 KiB", false},
    {"free(block); free(block)", "misuse", "free of memory that was freed before", false},
    {"free((char *)block + 1)", "misuse", "free of what is no block of memory", false},
    {"exit(3)", "panic", "the program called exit with status 3", false},
    {"_exit(64)", "panic", "the program ended itself with status 64", true},
    {"abort()", "panic", "the program aborted", false},
    {"assert(!early)", "panic", "assertion '!early' failed in mine", false},
    {"raise(SIGKILL)", "panic", "the program died by signal 9", true},
    {"fan_go(\"left\", wait, chan); fan_go(\"left\", wait, chan); fan_go(\"left\", wait, chan)",
     "leak", "threads can never go on", false},
    {"for (;;) fan_go(\"more\", wait, chan)", "panic", "thread", false},
    {"for (;;) fan_mutex_lock(&mutex), fan_mutex_unlock(&mutex)", "livelock",
     "not ended after 20000 steps, which is the bound", false},
};

static void expect_replay(const char *line)
{
    CLI_RUN("replay", line, "mine.c");
    cli_expect(1, "send");
    ck_assert_msg(!strstr(cli_result.err, "diverged"), "%s", cli_result.err);
    ck_assert_msg(!strstr(cli_result.err, "another build"), "%s", cli_result.err);
}

START_TEST(a_deed_is_found_in_the_schedules_in_which_it_is_done)
{
    write_deed(deeds[_i].deed);
    char line[512];
    CLI_RUN("explore", "mine.c", "--schedules", "20", "--json");
    cli_expect(1, deeds[_i].words);
    json_t *report = cli_json();
    json_t *findings = json_object_get(report, "findings"), *finding = json_array_get(findings, 0);
    ck_assert_msg(json_array_size(findings) == 1, "%s", cli_result.out);
    ck_assert_str_eq(member(finding, "kind"), deeds[_i].kind);
    ck_assert_str_eq(member(finding, "scenario"), "mine");
    ck_assert_int_lt(number(finding, "schedules"), number(report, "schedules"));
    snprintf(line, sizeof line, "%s", member(finding, "replay"));
    ck_assert_msg(deeds[_i].nowhere || strstr(cli_result.out, "\"line\": 100"), "%s",
                  cli_result.out);
    json_decref(report);
    expect_replay(line);
    workplace_remove("mine.c");
}
END_TEST

static const char *const harmless[] = {
    "",
    "block = NULL",                              /* a kilobyte of each schedule is lost */
    "if (calls++ > 0) abort()",                  /* a static variable counts them */
    "free(block); block = NULL",                 /* once */
    "fan_go(\"left\", wait, chan)",              /* it takes what main has sent */
    "dig(9)",                                    /* deep, but not too deep */
    "fprintf(stderr, \"%0999d\\n\", 1)",         /* more than a pipe holds, in all */
    "for (int i = 0; i < 1000; i++) step()",     /* long, but not for ever */
    "for (volatile int i = 0; i < 1000; i++) ;", /* the same without an operation */
};

START_TEST(what_does_no_harm_is_clean)
{
    write_deed(harmless[_i]);
    bool many = _i > 0 && _i < 4 && !FAN_UNDER_ASAN && !FAN_UNDER_TSAN;
    const char *schedules = many ? "100000" : FAN_UNDER_TSAN ? "100" : "1000";
    CLI_RUN("explore", "mine.c", "--schedules", schedules, "--json");
    workplace_remove("mine.c");
    cli_expect(0, "\"outcome\": \"clean\"");
}
END_TEST

/* ---- a schedule that does not come to an end ---- */

/* Where it was it says when a signal asks, which ThreadSanitizer passes on at a call only. */
#if FAN_UNDER_TSAN
#define SPINNING "a thread went on for 1 s without an operation"
#else
#define SPINNING "went on for 1 s without an operation, at spin mine.c:14"
#endif

START_TEST(a_schedule_without_an_operation_ends_the_search_and_is_no_finding)
{
    write_deed("spin()");
    CLI_RUN("explore", "mine.c", "--schedules", "40", "--timeout", "1", "--json");
    workplace_remove("mine.c");
    cli_expect(1, SPINNING);
    json_t *report = cli_json();
    ck_assert_str_eq(member(report, "outcome"), "error");
    ck_assert_str_eq(member(report, "reason"), "slow");
    ck_assert_str_ne(member(report, "replay"), "");
    ck_assert_uint_eq(json_array_size(json_object_get(report, "findings")), 0);
    ck_assert_int_eq(number(report, "failing"), 0);
    json_decref(report);
}
END_TEST

/* Where all others come before main, which is rare, it does not end. */
static const char two_ends[] = "#include <fan/fan.h>\n"
                               "static int came;\n"
                               "static void come(void *mutex)\n"
                               "{ fan_mutex_lock(mutex); came++; fan_mutex_unlock(mutex); }\n"
                               "static void mine(struct fan_lab *lab)\n"
                               "{\n"
                               "    static struct fan_mutex mutex;\n"
                               "    (void)lab;\n"
                               "    for (int i = 0; i < 6; i++)\n"
                               "        fan_go(\"one\", come, &mutex);\n"
                               "    fan_mutex_lock(&mutex);\n"
                               "    fan_mutex_unlock(&mutex);\n"
                               "    if (came == 6)\n"
                               "        for (volatile unsigned turns = 0;; turns++) ;\n"
                               "    if (came > 0)\n"
                               "        fan_panic(\"some came\");\n"
                               "}\n"
                               "FAN_SCENARIO(mine);\n";

START_TEST(what_was_found_before_the_search_ended_is_kept)
{
    workplace_write("mine.c", two_ends);
    CLI_RUN("explore", "mine.c", "--timeout", "1");
    workplace_remove("mine.c");
    cli_expect(1, "found in schedule ");
    cli_expect(1, "! PANIC  some came");
    cli_expect(1, "  the search ended: schedule ");
    cli_expect(1, "this is no finding");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fanlab");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, workplace_begin, workplace_end);
    /* A sanitizer ends such a program in its own way. */
    if (!FAN_UNDER_ASAN && !FAN_UNDER_TSAN)
        tcase_add_loop_test(tests, a_deed_is_found_in_the_schedules_in_which_it_is_done, 0,
                            sizeof deeds / sizeof deeds[0]);
    tcase_add_loop_test(tests, what_does_no_harm_is_clean, 0, sizeof harmless / sizeof harmless[0]);
    tcase_add_test(tests, a_schedule_without_an_operation_ends_the_search_and_is_no_finding);
    tcase_add_test(tests, what_was_found_before_the_search_ended_is_kept);
    return suite_run("command line, deeds of C files", tests);
}
