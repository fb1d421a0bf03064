/* Attempts that are no repairs at all: what does not compile, hangs, crashes, or would pass if less
 * were asked. Each is told what requirement it does not meet; a right one passes. */
#define _GNU_SOURCE
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#define OF(id)      "/* fanlab-practice/1 " id " */\n"
#define START(body) "static void start_fixed(struct pool *pool, uint64_t workers)\n{\n" body "}\n"
#define CLOSER                                                                                     \
    "static void closer(void *argument)\n{\n"                                                      \
    "    struct pool *pool = argument;\n"                                                          \
    "    fan_waitgroup_wait(&pool->working, NULL);\n    fan_chan_close(pool->out);\n}\n"
#define WORKERS                                                                                    \
    "    fan_waitgroup_add(&pool->working, (int64_t)workers);\n"                                   \
    "    for (uint64_t i = 0; i < workers; i++)\n        fan_go(\"worker\", work, pool);\n"
#define RIGHT CLOSER START(WORKERS "    fan_go(\"closer\", closer, pool);\n")
#define WORK  "static void work_fixed(void *argument)\n{\n"
#define DONE  "    struct pool *pool = argument;\n    fan_waitgroup_done(&pool->working);\n"
#define WORKER                                                                                     \
    "    struct worker *worker = argument;\n    struct pool *pool = worker->pool;\n"               \
    "    uint64_t item;\n"

static const char once[] = "- every item is processed once, with the right result";
static const char returns[] = "- main returns";
static const char crash[] = "- nothing panics or crashes";
static const char compile[] = "mine.c does not compile; it must define start_fixed and no main";

static const struct {
    const char *text;
    int code;
    const char *words;
} attempts[] = {
    {OF("04") RIGHT, 0, "IT HOLDS"}, /* the control of what follows */
    /* Rubbish. */
    {OF("04") "int f(void) { return nothing; }\n", 2, compile},
    {OF("04"), 2, compile},
    {OF("04") START(WORKERS) "int main(void) { return 0; }\n", 2, compile},
    {OF("04") RIGHT "void fan_chan_close(struct fan_chan *c) { (void)c; }\n", 2, compile},
    {OF("04") RIGHT "static void process(void) {}\n", 2, compile},
    {OF("44") RIGHT, 2, "a practice file for no bug that there is"},
    {"/* fanlab-practice/9 04 */\n", 2, "of another form than fanlab-practice/1"},
    {OF("04") START("    *(volatile int *)workers = (int)(long)pool;\n"), 1, crash},
    {OF("04") "#include <stdlib.h>\n" START("    (void)pool; exit((int)workers - 2);\n"), 1, crash},
    {OF("04") START("    (void)workers; (void)pool; fan_panic(\"no\");\n"), 1, crash},
    {OF("04") START("    (void)workers; (void)pool; for (;;) fan_sleep(1, NULL);\n"), 1,
     "- it comes to an end"},
    {OF("04") START("    (void)pool; for (volatile uint64_t i = workers; i; i |= 1) ;\n"), 1,
     "- it comes to an end"},
    /* Cheats. */
    {OF("04") START("    (void)workers; (void)pool;\n"), 1, returns},
    {OF("04") START("    (void)workers; fan_chan_close(pool->out);\n"), 1, once},
    {OF("04") "#define fan_lab_expect(...) (void)0\n"
              "#define FAN_OUTPUTS_IN_ANY_ORDER FAN_OUTPUTS_UNJUDGED\n" START(
                  "    (void)workers; fan_chan_close(pool->out);\n"),
     1, once},
    {OF("04") CLOSER START("    fan_chan_recv(pool->in, NULL, NULL);\n" WORKERS
                           "    fan_go(\"closer\", closer, pool);\n"),
     1, once},
    {OF("01") WORK DONE "}\n", 1, once},
    {OF("02") WORK DONE "}\n", 1, once},
    {OF("03") WORK WORKER "    (void)item; fan_waitgroup_done(&pool->working);\n}\n", 1, once},
    {OF("03") WORK WORKER "    while (fan_chan_recv(pool->in, &item, NULL) == 0)\n        ;\n"
                          "    fan_waitgroup_done(&pool->working);\n}\n",
     1, once},
    {OF("05") "static void deal_fixed(struct pool *pool)\n{\n"
              "    struct fan_chan *in = fan_lab_chan(pool->lab, \"queue\", 8, 1);\n"
              "    for (uint64_t i = 0; i < fan_lab_workers(pool->lab); i++)\n"
              "        pool->workers[i].in = in;\n    fan_chan_close(in);\n}\n",
     1, once},
    {OF("07") WORK DONE "}\n", 1, once},
    {OF("09") "static void collect_fixed(struct pool *pool) { (void)pool; }\n", 1, once},
    {OF("10") WORK "    (void)argument;\n}\n", 1, returns},
    {OF("11") "static void produce_fixed(void *argument)\n{\n"
              "    fan_chan_close(((struct request *)argument)->in);\n}\n",
     1, once},
    {OF("12") WORK WORKER "    (void)item; fan_waitgroup_done(&pool->working);\n}\n", 1, once},
    {OF("13") WORK DONE "}\n", 1, returns},
};

/* The first needs simulations, of which ThreadSanitizer has nothing to say, at length; so do those
 * behind the few that do not compile. */
enum {
    ATTEMPTS = sizeof attempts / sizeof attempts[0],
    FIRST = FAN_UNDER_TSAN ? 1 : 0,
    END = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 8 : ATTEMPTS,
};

START_TEST(it_is_said_what_is_not_so)
{
    workplace_write("mine.c", attempts[_i].text);
    CLI_RUN("check", "mine.c");
    workplace_remove("mine.c");
    cli_expect(attempts[_i].code, attempts[_i].words);
    if (attempts[_i].code == 1)
        cli_expect(1, "NOT YET.");
    else if (attempts[_i].code == 2)
        ck_assert_str_eq(cli_result.out, "");
}
END_TEST

START_TEST(a_file_without_its_first_line_is_told_what_it_lacks)
{
    workplace_write("practice_04.c", RIGHT);
    CLI_RUN("check", "practice_04.c");
    workplace_remove("practice_04.c");
    cli_expect(2, "practice_04.c does not compile; its first line is lost");
}
END_TEST

START_TEST(a_schedule_that_fails_can_be_replayed)
{
    char line[200];
    workplace_write("mine.c", OF("04") START(WORKERS));
    CLI_RUN("check", "mine.c");
    const char *found = strstr(cli_result.out, "fanlab replay ");
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(sscanf(found, "fanlab replay %199s mine.c", line), 1);
    CLI_RUN("replay", line, "mine.c");
    workplace_remove("mine.c");
    cli_expect(1, "DEADLOCK: main waits on out");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("cheats");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, workplace_begin_without_home, workplace_end);
    tcase_add_loop_test(tests, it_is_said_what_is_not_so, FIRST, END);
    tcase_add_test(tests, a_file_without_its_first_line_is_told_what_it_lacks);
    if (!FAN_UNDER_TSAN)
        tcase_add_test(tests, a_schedule_that_fails_can_be_replayed);
    return suite_run("practice, attempts that are no repairs", tests);
}
