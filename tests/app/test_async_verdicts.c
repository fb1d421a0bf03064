/* What is said of calls with asynchronous tasks, in a program of the user's, with threads of the
 * system and under the controlled scheduler: tokens that are kept after the end are named, a wait
 * for ever is proven, wherever in the call somebody stands, and no other wait is taken for one. */
#include <stdio.h>
#include <string.h>

#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

/* Six tasks. What source, start and sink do with one, what helpers there are, what is done before
 * the call, and its options are the test's. */
static const char program[] =
    "#define _GNU_SOURCE\n"
    "#include <errno.h>\n"
    "#include <fan/fan.h>\n"
    "#include <poll.h>\n"
    "#include <pthread.h>\n"
    "#include <string.h>\n"
    "#include <sys/timerfd.h>\n"
    "#include <unistd.h>\n"
    "struct job {uint64_t next; struct fan_chan *never, *tokens, *seen; struct fan_token kept;};\n"
    "static struct job *job;\n"
    "static void forever(void) { char nothing; fan_chan_recv(job->never, &nothing, NULL); }\n"
    "static int complete_all(int done)\n"
    "{\n"
    "    struct fan_token token;\n"
    "    for (; done < 6 && fan_chan_try_recv(job->tokens, &token) == 0; done++)\n"
    "        fan_token_complete(token, 0);\n"
    "    return done;\n"
    "}\n"
    "static void be_seen(void)\n"
    "{ fan_chan_send(job->seen, &(struct fan_thread *){fan_thread_self()}, NULL); }\n"
    "static void wait_until_one_blocks(void)\n"
    "{\n"
    "    struct fan_thread *one;\n"
    "    struct fan_stack stack;\n"
    "    fan_chan_recv(job->seen, &one, NULL);\n"
    "    while (one != fan_thread_self() && !fan_thread_blocked_at(one, &stack))\n"
    "        fan_sleep(FAN_MILLISECOND, NULL);\n"
    "}\n"
    "%s\n"
    "static int next(void *state, struct fan_ctx *ctx, void *task)\n"
    "{\n"
    "    (void)state, (void)ctx;\n"
    "    %s;\n"
    "    memcpy(task, &job->next, sizeof job->next);\n"
    "    return job->next++ < 6 ? 0 : ENODATA;\n"
    "}\n"
    "static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,\n"
    "                 struct fan_token token)\n"
    "{\n"
    "    uint64_t number;\n"
    "    (void)argument, (void)ctx, (void)result;\n"
    "    memcpy(&number, task, sizeof number);\n"
    "    %s;\n"
    "    fan_token_complete(token, 0);\n"
    "    return 0;\n"
    "}\n"
    "static void interrupt(void *argument)\n"
    "{ (void)argument; if (job->kept.flight) fan_token_complete(job->kept, ECANCELED); }\n"
    "static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)\n"
    "{ (void)state, (void)ctx, (void)result; %s; return 0; }\n"
    "static void mine(struct fan_lab *lab)\n"
    "{\n"
    "    struct fan_semaphore permits;\n"
    "    fan_semaphore_init(&permits, \"permits\", 1);\n"
    "    job = fan_lab_alloc(lab, sizeof *job);\n"
    "    job->never = fan_lab_chan(lab, \"never\", 1, 0);\n"
    "    job->tokens = fan_lab_chan(lab, \"tokens\", sizeof(struct fan_token), 6);\n"
    "    job->seen = fan_lab_chan(lab, \"seen\", sizeof(struct fan_thread *), 2);\n"
    "    %s;\n"
    "    fan_out_stream(NULL, &(struct fan_source){.next = next},\n"
    "                   &(struct fan_work){.start = start, .interrupt = interrupt,\n"
    "                                      .task_size = 8},\n"
    "                   &(struct fan_sink){.put = put},\n"
    "                   &(struct fan_stream_options){.name = \"fetch\", %s}, NULL);\n"
    "}\n"
    "FAN_SCENARIO(mine);\n";

static const char *const runtimes[] = {"real", "sim"};

struct mine {
    const char *helpers, *source, *start, *sink, *before, *options;
};

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static void run_and_tell(struct mine mine, const char *runtime, const char *form)
{
    char text[8192];
    snprintf(text, sizeof text, program, or_nothing(mine.helpers), or_nothing(mine.source),
             or_nothing(mine.start), or_nothing(mine.sink), or_nothing(mine.before), mine.options);
    cli_run_mine(text, runtime, form);
}

static void run(struct mine mine, const char *runtime)
{
    run_and_tell(mine, runtime, NULL);
}

/* ---- kept after the end ---- */

/* Task 4 fails when who starts those before it waits: in a start, or to be allowed the next. */
#define SEEN "{ be_seen(); return 0; }\n"
#define FAIL "{ wait_until_one_blocks(); return EIO; }"

START_TEST(a_token_that_is_kept_is_named_by_its_task)
{
    run((struct mine){.start = "if (number == 3) " SEEN "if (number == 4) " FAIL,
                      .options = ".limit = 2, .linger_ns = 2 * FAN_MILLISECOND"},
        runtimes[_i]);
    cli_expect(1, "CANCEL-IGNORED  task 3 of fetch not completed 2 ms after the context was done");
    cli_expect(1, "happened at   start  mine.c:");
    cli_expect(1, "left behind   mine  mine.c:");
    cli_expect_no("LEAK");
}
END_TEST

START_TEST(and_a_machine_is_told_where_its_token_was_handed_out)
{
    run_and_tell((struct mine){.start = "if (number == 3) " SEEN "if (number == 4) " FAIL,
                               .options = ".limit = 2, .linger_ns = 2 * FAN_MILLISECOND"},
                 runtimes[_i], "--json");
    const char *finding = strstr(cli_result.out, "\"findings\":");
    const char *at = finding ? strstr(finding, "\"at\":") : NULL;
    const char *function = at ? strstr(at, "\"function\":") : NULL;
    ck_assert_ptr_nonnull(function);
    ck_assert_int_eq(strncmp(function, "\"function\": \"start\"", 19), 0);
}
END_TEST

START_TEST(of_many_that_are_kept_the_first_is_named)
{
    run((struct mine){.start = "if (number == 1 || number == 3) " SEEN
                               "if (number == 4) wait_until_one_blocks();\n"
                               "if (number == 4) " FAIL,
                      .options = ".limit = 3, .linger_ns = 2 * FAN_MILLISECOND"},
        runtimes[_i]);
    cli_expect(1, "CANCEL-IGNORED  task 1 of fetch and 1 more not completed 2 ms after");
}
END_TEST

START_TEST(a_start_that_runs_on_is_named_with_its_place)
{
    run((struct mine){.start = "if (number == 3) be_seen(), forever();\n"
                               "if (number == 4) " FAIL,
                      .options = ".limit = 2, .linger_ns = 2 * FAN_MILLISECOND"},
        runtimes[_i]);
    cli_expect(1, "CANCEL-IGNORED  task 3 of fetch ran on 2 ms after its context was done");
    cli_expect(1, "happened at   forever  mine.c:11");
    cli_expect(1, "LEAK  fetch");
}
END_TEST

START_TEST(a_token_that_is_completed_in_time_is_not_named)
{
    run((struct mine){.start = "if (number == 3) { job->kept = token; return 0; }\n"
                               "if (number == 4) return EIO",
                      .options = ".limit = 2, .linger_ns = 10 * FAN_SECOND"},
        runtimes[_i]);
    cli_expect(0, "program = clean");
}
END_TEST

/* ---- for ever ---- */

static const struct mine stuck[] = {
    /* tokens that are lost: all of them; the last; */
    {.start = "return 0", .options = ".limit = 3"},
    {.start = "if (number == 5) return 0", .options = ".limit = 3, .ordered = true"},
    /* a start that blocks: with others behind it, the last, the only one at a time; */
    {.start = "if (number == 3) forever()", .options = ".limit = 3"},
    {.start = "if (number == 5) forever()", .options = ".limit = 3"},
    {.start = "if (number == 3) forever()", .options = ".limit = 1"},
    /* every start; */
    {.start = "forever()", .options = ".limit = 4"},
    /* the sink, and the source, which does not say that it blocks; */
    {.sink = "forever()", .options = ".limit = 2, .window = 2"},
    {.source = "if (job->next == 4) forever()", .options = ".limit = 2"},
    {.source = "if (job->next == 4) forever()", .start = "return 0", .options = ".limit = 5"},
    /* both, with tokens that are lost; */
    {.source = "if (job->next == 4) forever()",
     .start = "if (number == 3) return 0",
     .sink = "forever()",
     .options = ".limit = 5"},
    /* permits that lost tokens hold. */
    {.start = "if (number == 2) return 0", .options = ".limit = 4, .permits = &permits"},
};

enum { STUCK = sizeof stuck / sizeof stuck[0] };

START_TEST(a_wait_for_ever_is_proven_wherever_it_is)
{
    for (int runtime = 0; runtime < 2; runtime++) {
        run(stuck[_i], runtimes[runtime]);
        cli_expect(1, "DEADLOCK  main waits on crew; fetch");
    }
}
END_TEST

/* ---- not for ever ---- */

#define POST_ALL "fan_chan_send(job->tokens, &token, NULL); return 0"

START_TEST(who_takes_his_time_is_not_taken_for_stuck)
{
    static const struct mine slow[] = {
        {.helpers = "static void later(void *unused)\n"
                    "{\n"
                    "    (void)unused;\n"
                    "    for (int done = 0; done < 6; done = complete_all(done))\n"
                    "        fan_sleep(200 * FAN_MILLISECOND, NULL);\n"
                    "}\n",
         .start = POST_ALL,
         .before = "fan_go(\"loop\", later, NULL)",
         .options = ".limit = 3"},
        {.start = "if (number == 3) fan_sleep(400 * FAN_MILLISECOND, NULL)",
         .options = ".limit = 3"},
        {.sink = "fan_sleep(100 * FAN_MILLISECOND, NULL)", .options = ".limit = 2, .window = 1"},
        {.source = "if (job->next == 4) fan_sleep(400 * FAN_MILLISECOND, NULL)",
         .options = ".limit = 3"},
    };
    for (int runtime = 0; runtime < 2; runtime++) {
        run(slow[_i], runtimes[runtime]);
        cli_expect(0, "program = clean");
    }
}
END_TEST

/* The library sees neither a thread that it has not made nor what a loop waits for.
 * ThreadSanitizer's own threads are not told from the former (watch/tasks.c). */
START_TEST(who_completes_from_outside_is_waited_for)
{
    if (FAN_UNDER_TSAN && _i == 0)
        return;
    static const struct mine outside[] = {
        {.helpers = "static void *later(void *unused)\n"
                    "{\n"
                    "    for (int done = 0; done < 6; done = complete_all(done))\n"
                    "        usleep(200000);\n"
                    "    return unused;\n"
                    "}\n",
         .start = POST_ALL,
         .before = "pthread_t loop; pthread_create(&loop, NULL, later, NULL);\n"
                   "    pthread_detach(loop)",
         .options = ".limit = 3"},
        {.helpers = "static void later(void *unused)\n"
                    "{\n"
                    "    struct itimerspec often = {{0, 200000000}, {0, 200000000}};\n"
                    "    struct pollfd polled = {.fd = timerfd_create(CLOCK_MONOTONIC, 0),\n"
                    "                            .events = POLLIN};\n"
                    "    uint64_t ticks;\n"
                    "    (void)unused;\n"
                    "    timerfd_settime(polled.fd, 0, &often, NULL);\n"
                    "    for (int done = 0; done < 6;) {\n"
                    "        poll(&polled, 1, -1);\n"
                    "        if (read(polled.fd, &ticks, sizeof ticks) > 0)\n"
                    "            done = complete_all(done);\n"
                    "    }\n"
                    "    close(polled.fd);\n"
                    "}\n",
         .start = POST_ALL,
         .before = "fan_go(\"loop\", later, NULL)",
         .options = ".limit = 3"},
    };
    run(outside[_i], "real");
    cli_expect(0, "program = clean");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async verdicts");
    tcase_add_checked_fixture(cases, workplace_begin, workplace_end);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, a_token_that_is_kept_is_named_by_its_task, 0, 2);
    tcase_add_loop_test(cases, and_a_machine_is_told_where_its_token_was_handed_out, 0, 2);
    tcase_add_loop_test(cases, of_many_that_are_kept_the_first_is_named, 0, 2);
    tcase_add_loop_test(cases, a_start_that_runs_on_is_named_with_its_place, 0, 2);
    tcase_add_loop_test(cases, a_token_that_is_completed_in_time_is_not_named, 0, 2);
    tcase_add_loop_test(cases, a_wait_for_ever_is_proven_wherever_it_is, 0, STUCK);
    tcase_add_loop_test(cases, who_takes_his_time_is_not_taken_for_stuck, 0, 4);
    tcase_add_loop_test(cases, who_completes_from_outside_is_waited_for, 0, 2);
    return suite_run("async_verdicts", cases);
}
