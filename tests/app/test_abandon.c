/* A task of an executor that does not end with its context is named, in a program of the user's,
 * with threads of the system and under the controlled scheduler; one that does is not. */
#include <stdio.h>
#include <string.h>

#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

/* Six tasks; task 4 fails, which ends the call while task 3 does what the test says. It fails when
 * task 3 is there: has begun, or is blocked as well. */
static const char program[] =
    "#include <errno.h>\n"
    "#include <fan/fan.h>\n"
    "#include <string.h>\n"
    "struct job { uint64_t next; struct fan_chan *never, *begun, *over; };\n"
    "static int next(void *state, struct fan_ctx *ctx, void *task)\n"
    "{\n"
    "    struct job *job = state;\n"
    "    (void)ctx;\n"
    "    memcpy(task, &job->next, sizeof job->next);\n"
    "    return job->next++ < 6 ? 0 : ENODATA;\n"
    "}\n"
    "static int wait(struct job *job, struct fan_ctx *ctx)\n"
    "{\n"
    "    char nothing;\n"
    "    (void)ctx, (void)nothing;\n"
    "    fan_chan_send(job->begun, &(struct fan_thread *){fan_thread_self()}, NULL);\n"
    "    return %s;\n"
    "}\n"
    "static void wait_until_there(struct job *job, int blocked)\n"
    "{\n"
    "    struct fan_thread *thread;\n"
    "    struct fan_stack stack;\n"
    "    fan_chan_recv(job->begun, &thread, NULL);\n"
    "    while (blocked && !fan_thread_blocked_at(thread, &stack))\n"
    "        fan_sleep(FAN_MILLISECOND, NULL);\n"
    "}\n"
    "static int run(void *argument, struct fan_ctx *ctx, const void *task, void *result)\n"
    "{\n"
    "    struct job *job = argument;\n"
    "    uint64_t number;\n"
    "    (void)result;\n"
    "    memcpy(&number, task, sizeof number);\n"
    "    if (number == 3)\n"
    "        return wait(job, ctx);\n"
    "    if (number == 4)\n"
    "        wait_until_there(job, %d);\n"
    "    return number == 4 ? EIO : 0;\n"
    "}\n"
    "static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)\n"
    "{ (void)state, (void)ctx, (void)result; return 0; }\n"
    "static void mine(struct fan_lab *lab)\n"
    "{\n"
    "    struct job *job = fan_lab_alloc(lab, sizeof *job);\n"
    "    job->never = fan_lab_chan(lab, \"never\", 1, 0);\n"
    "    job->begun = fan_lab_chan(lab, \"begun\", sizeof(struct fan_thread *), 1);\n"
    "    job->over = fan_lab_chan(lab, \"over\", 1, 0);\n"
    "    fan_out_stream(NULL, &(struct fan_source){.next = next, .state = job},\n"
    "                   &(struct fan_work){.run = run, .argument = job, .task_size = 8},\n"
    "                   &(struct fan_sink){.put = put},\n"
    "                   &(struct fan_stream_options){.name = \"fetch\", .limit = 2, .queue = 2,\n"
    "                                                .linger_ns = %s}, NULL);\n"
    "    fan_chan_close(job->over);\n"
    "}\n"
    "FAN_SCENARIO(mine);\n";

static const char *const runtimes[] = {"real", "sim"};

enum { HAS_BEGUN, IS_BLOCKED };

static void run(const char *waits, int there, const char *linger_ns, const char *runtime)
{
    char text[4096];
    snprintf(text, sizeof text, program, waits, there, linger_ns);
    cli_run_mine(text, runtime, NULL);
}

START_TEST(one_that_blocks_for_ever_is_named_with_its_place)
{
    run("fan_chan_recv(job->never, &nothing, NULL)", IS_BLOCKED, "2000000", runtimes[_i]);
    cli_expect(1, "CANCEL-IGNORED  task 3 of fetch ran on 2 ms after its context was done");
    cli_expect(1, "happened at   wait  mine.c:17");
    cli_expect(1, "left behind   mine  mine.c:");
    cli_expect(1, "LEAK  fetch");
}
END_TEST

START_TEST(one_that_takes_its_time_is_named_and_is_no_leak)
{
    run("fan_chan_recv(job->over, &nothing, NULL)", HAS_BEGUN, "2000000", runtimes[_i]);
    cli_expect(1, "CANCEL-IGNORED  task 3 of fetch ran on 2 ms after its context was done");
    cli_expect_no("LEAK");
}
END_TEST

START_TEST(one_that_ends_with_its_context_is_not_named)
{
    run("fan_chan_recv(job->never, &nothing, ctx)", HAS_BEGUN, "10 * FAN_SECOND", runtimes[_i]);
    cli_expect(0, "program = clean");
}
END_TEST

START_TEST(one_that_ends_in_the_time_it_is_given_is_not_named)
{
    run("fan_sleep(5 * FAN_MILLISECOND, NULL)", HAS_BEGUN, "10 * FAN_SECOND", runtimes[_i]);
    cli_expect(0, "program = clean");
}
END_TEST

START_TEST(where_the_call_waits_for_ever_it_is_a_deadlock)
{
    run("fan_chan_recv(job->never, &nothing, NULL)", HAS_BEGUN, "0", runtimes[_i]);
    cli_expect(1, "DEADLOCK  main waits on crew; fetch");
    cli_expect_no("CANCEL-IGNORED");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("abandon");
    tcase_add_checked_fixture(cases, workplace_begin, workplace_end);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, one_that_blocks_for_ever_is_named_with_its_place, 0, 2);
    tcase_add_loop_test(cases, one_that_takes_its_time_is_named_and_is_no_leak, 0, 2);
    tcase_add_loop_test(cases, one_that_ends_with_its_context_is_not_named, 0, 2);
    tcase_add_loop_test(cases, one_that_ends_in_the_time_it_is_given_is_not_named, 0, 2);
    tcase_add_loop_test(cases, where_the_call_waits_for_ever_it_is_a_deadlock, 0, 2);
    return suite_run("abandon", cases);
}
