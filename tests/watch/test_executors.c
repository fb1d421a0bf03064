/* What a program shows of its executors and task groups, seen by a reader in another process: while
 * tasks stand still at a gate every figure is known, and in the end they are those of the
 * report. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/group.h"
#include "flow/stream.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "tests/support/suite.h"
#include "watch/publish.h"
#include "watch/reader.h"

enum { CREW = 300, QUICK = 400, GROUPS = FAN_PROBE_EXECUTORS + 4 };

/* The gate between test and program. A task that comes to it writes a byte, and then reads what
 * nobody writes: until the test closes that pipe, which opens the gate for all. */
struct gate {
    int come[2], open[2];
    uint32_t held; /* tasks that the test knows to have come */
};

static struct gate gate;
static struct fan_report *left; /* by the program, in memory that both have */
static struct fan_snapshot snapshot;
static struct fan_reader *reader;
static pid_t child;

static void set_up(void)
{
    left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(left, MAP_FAILED);
    gate.held = 0;
    ck_assert_int_eq(pipe(gate.come) | pipe(gate.open), 0);
}

/* Forks a program that publishes and then does `run`. */
static void start(void (*run)(void))
{
    int fd;
    char why[128];
    ck_assert_int_eq(fan_segment_create(&fd), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(gate.open[1]);
        if (fan_watch_publish(fd) == 0)
            run();
        _exit(EXIT_SUCCESS);
    }
    close(gate.come[1]);
    ck_assert_int_eq(fan_reader_open(fd, &reader, why), 0);
    close(fd);
}

static void tear_down(void)
{
    fan_reader_close(reader);
    munmap(left, sizeof *left);
    close(gate.come[0]);
    close(gate.open[0]);
}

static void look(void)
{
    ck_assert_int_eq(fan_reader_look(reader, &snapshot), 0);
}

static const struct fan_executor_view *look_at_only_one(void)
{
    look();
    ck_assert_uint_eq(snapshot.executor_count + snapshot.unread_executors, 1);
    return &snapshot.executors[0];
}

static void wait_for_held(uint32_t count)
{
    char bytes[64];
    while (gate.held < count) {
        ssize_t more = read(gate.come[0], bytes, sizeof bytes);
        ck_assert_int_gt(more, 0);
        gate.held += (uint32_t)more;
    }
}

static void open_gate(void)
{
    close(gate.open[1]);
}

static const struct fan_executor_view *look_after_the_end(void)
{
    int status;
    open_gate();
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    return look_at_only_one();
}

static void expect_report(const struct fan_executor_view *seen)
{
    const struct fan_report *report = left;
    ck_assert_uint_eq(seen->tally.submitted, report->submitted);
    ck_assert_uint_eq(seen->tally.done, report->done);
    ck_assert_uint_eq(seen->tally.failed, report->failed);
    ck_assert_uint_eq(seen->tally.cancelled, report->cancelled);
    ck_assert_uint_eq(seen->tally.dropped, report->dropped);
    ck_assert_uint_eq(seen->tally.stolen, report->stolen);
    ck_assert_uint_eq(seen->threads, report->threads);
    ck_assert_uint_eq(seen->in_flight + seen->waiting, 0);
    ck_assert_uint_gt(seen->ended_ns, 0);
}

/* ---- programs ---- */

static void stand_at_gate(void)
{
    char byte = 0;
    if (write(gate.come[1], &byte, 1) != 1 || read(gate.open[0], &byte, 1) != 0)
        abort();
}

struct job {
    uint64_t tasks, given, gate_from, fails_every, leaves_at, put;
    struct fan_stream_options options;
};

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct job *job = state;
    (void)ctx;
    if (job->given == 0 && job->gate_from == UINT64_MAX)
        stand_at_gate();
    if (job->given == job->tasks)
        return ENODATA;
    memcpy(task, &job->given, sizeof job->given);
    job->given++;
    return 0;
}

static int do_task(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    const struct job *job = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (number >= job->gate_from)
        stand_at_gate();
    return job->fails_every && number % job->fails_every == 0 ? ERANGE : 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    (void)ctx, (void)result;
    return ++job->put == job->leaves_at ? EPIPE : 0;
}

static void do_job(struct job job)
{
    fan_out_stream(NULL, &(struct fan_source){.next = next, .state = &job},
                   &(struct fan_work){do_task, &job, .task_size = sizeof(uint64_t)},
                   &(struct fan_sink){.put = put, .state = &job}, &job.options, left);
}

/* One thread takes all, so that it is known which task it stands at: the chunks have grown by then,
 * and the rest of its chunk waits. */
static void hold_one(void)
{
    do_job((struct job){
        .tasks = QUICK + 100, .gate_from = QUICK, .options = {.name = "line", .limit = 1}});
}

static void hold_three(void)
{
    do_job((struct job){.tasks = 3, .options = {.limit = 3}});
}

static void hold_more_than_are_seen(void)
{
    do_job((struct job){.tasks = 2 * CREW, .options = {.limit = CREW}});
}

static void fail_some(void)
{
    do_job((struct job){.tasks = 20000,
                        .gate_from = UINT64_MAX,
                        .fails_every = 7,
                        .options = {.limit = 3, .policy = FAN_COLLECT_ALL}});
}

static void fail_in_order(void)
{
    do_job((struct job){
        .tasks = 20000,
        .gate_from = UINT64_MAX,
        .fails_every = 9,
        .options = {.limit = 4, .policy = FAN_BEST_EFFORT, .ordered = true, .window = 64}});
}

static void leave_early(void)
{
    do_job((struct job){
        .tasks = 20000, .gate_from = UINT64_MAX, .leaves_at = 5000, .options = {.limit = 3}});
}

static int stand_and_end(void *error, struct fan_ctx *ctx)
{
    (void)ctx;
    stand_at_gate();
    return *(int *)error;
}

static void hold_a_group(void)
{
    struct fan_group group;
    int errors[] = {ERANGE, 0, ECANCELED};
    fan_group_init(&group, &(struct fan_group_options){.name = "page", .limit = 3});
    for (int i = 0; i < 3; i++)
        fan_group_go(&group, stand_and_end, &errors[i]);
    fan_group_wait(&group);
    fan_group_destroy(&group);
    fan_thread_wait_all();
}

static void have_many_groups(void)
{
    static struct fan_group groups[GROUPS];
    for (int i = 0; i < GROUPS; i++)
        fan_group_init(&groups[i], &(struct fan_group_options){.name = "many"});
    stand_at_gate();
    for (int i = 0; i < GROUPS; i++)
        fan_group_destroy(&groups[i]);
    struct fan_group last;
    fan_group_init(&last, &(struct fan_group_options){.name = "last"});
    fan_group_destroy(&last);
}

/* Those from the gate on are completed by a thread, which stands there with the first of them; the
 * others at once. */
static struct fan_chan *tokens;

static int start_task(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                      struct fan_token token)
{
    const struct job *job = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (job->fails_every && number % job->fails_every == 0)
        return ERANGE;
    if (number < job->gate_from)
        fan_token_complete(token, 0);
    else
        fan_chan_send(tokens, &token, NULL);
    return 0;
}

static void complete_all(void *unused)
{
    struct fan_token token;
    (void)unused;
    int error = fan_chan_recv(tokens, &token, NULL);
    stand_at_gate();
    for (; !error; error = fan_chan_recv(tokens, &token, NULL))
        fan_token_complete(token, 0);
}

static void do_async(struct job job)
{
    tokens = fan_chan_new("tokens", sizeof(struct fan_token), job.tasks);
    fan_go("completer", complete_all, NULL);
    fan_out_stream(
        NULL, &(struct fan_source){.next = next, .state = &job},
        &(struct fan_work){.start = start_task, .argument = &job, .task_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = put, .state = &job}, &job.options, left);
    fan_chan_close(tokens);
    fan_thread_wait_all();
}

static void hold_tokens(void)
{
    do_async((struct job){.tasks = QUICK + 100,
                          .gate_from = QUICK,
                          .fails_every = 7,
                          .options = {.name = "loop", .limit = 5, .policy = FAN_COLLECT_ALL}});
}

static void hold_a_token(void)
{
    do_async((struct job){.tasks = 1, .options = {.limit = 5}});
}

static void complete_at_once(void)
{
    do_async((struct job){.tasks = 2000, .gate_from = UINT64_MAX, .options = {.limit = 5}});
}

static void complete_some_later(void)
{
    do_async((struct job){.tasks = 20000,
                          .gate_from = 10000,
                          .fails_every = 7,
                          .options = {.limit = 50, .policy = FAN_BEST_EFFORT, .ordered = true}});
}

static void leave_tokens_early(void)
{
    do_async((struct job){
        .tasks = 20000, .gate_from = 10000, .leaves_at = 15000, .options = {.limit = 50}});
}

/* ---- tests ---- */

START_TEST(a_held_task_and_those_behind_it_are_seen)
{
    start(hold_one);
    wait_for_held(1);
    const struct fan_executor_view *seen = look_at_only_one();
    ck_assert_str_eq(seen->name, "line");
    ck_assert_int_eq(seen->kind, FAN_EXECUTOR_STREAM);
    ck_assert_uint_eq(seen->limit, 1);
    ck_assert_uint_eq(seen->in_flight, 1);
    ck_assert_uint_gt(seen->tally.submitted, QUICK + 1);
    ck_assert_uint_eq(seen->waiting, seen->tally.submitted - QUICK - 1);
    ck_assert_uint_ge(seen->oldest_ns, seen->created_ns);
    const struct fan_thread_view *worker = &snapshot.threads[1];
    ck_assert_uint_eq(worker->post.executor, seen->id);
    ck_assert_int_eq(worker->post.at, FAN_AT_TASKS);
    ck_assert_uint_eq(worker->post.task, QUICK);
    expect_report(look_after_the_end());
}
END_TEST

START_TEST(as_many_are_in_flight_as_have_begun)
{
    start(hold_three);
    wait_for_held(3);
    const struct fan_executor_view *seen = look_at_only_one();
    ck_assert_str_eq(seen->name, "stream");
    ck_assert_uint_eq(seen->in_flight, 3);
    ck_assert_uint_eq(seen->waiting, 0);
    ck_assert_uint_eq(seen->tally.submitted, 3);
    expect_report(look_after_the_end());
    ck_assert_uint_eq(snapshot.executors[0].timed, 3);
}
END_TEST

START_TEST(threads_without_a_slot_count_too)
{
    start(hold_more_than_are_seen);
    wait_for_held(CREW);
    const struct fan_executor_view *seen = look_at_only_one();
    ck_assert_uint_gt(snapshot.unseen_threads, 0);
    ck_assert_uint_eq(seen->in_flight, CREW);
    ck_assert_uint_eq(seen->tally.submitted, CREW);
    expect_report(look_after_the_end());
}
END_TEST

/* A thread that the system stops while it writes its slot cannot be read, and the look says so:
 * then what it has counted is missing. */
static uint64_t expect_no_contradiction(const struct fan_executor_view *seen, uint64_t last)
{
    if (snapshot.unread_threads + snapshot.unread_executors > 0)
        return last;
    const struct fan_probe_tally *tally = &seen->tally;
    uint64_t ended = tally->done + tally->failed + tally->cancelled + tally->dropped;
    ck_assert_uint_le(seen->in_flight, seen->limit);
    ck_assert_uint_le(tally->submitted, 20000);
    ck_assert_uint_le(ended, tally->submitted);
    ck_assert_uint_ge(ended, last);
    return ended;
}

static void (*const jobs[])(void) = {fail_some, fail_in_order, leave_early};
static const enum fan_probe_policy policies[] = {FAN_POLICY_COLLECT_ALL, FAN_POLICY_BEST_EFFORT,
                                                 FAN_POLICY_FAIL_FAST};

/* Looks all the time, so that looks meet threads that come and go. */
START_TEST(the_figures_never_contradict_each_other_and_end_as_the_report)
{
    uint64_t last = 0;
    start(jobs[_i]);
    wait_for_held(1);
    ck_assert_uint_eq(look_at_only_one()->tally.submitted, 0);
    ck_assert_int_eq(snapshot.executors[0].policy, policies[_i]);
    ck_assert_int_eq(snapshot.threads[1].post.at, FAN_AT_SOURCE);
    open_gate();
    while (waitpid(child, NULL, WNOHANG) == 0)
        last = expect_no_contradiction(look_at_only_one(), last);
    expect_report(look_at_only_one());
    ck_assert_uint_gt(snapshot.executors[0].timed, 0);
    ck_assert_uint_le(snapshot.executors[0].p50_ns, snapshot.executors[0].p99_ns);
}
END_TEST

/* The tasks that fail at once are in flight no more. */
START_TEST(asynchronous_tasks_are_in_flight_until_they_are_completed)
{
    start(hold_tokens);
    wait_for_held(1);
    const struct fan_executor_view *seen = look_at_only_one();
    while (seen->in_flight < 5)
        seen = look_at_only_one();
    uint64_t failed = seen->tally.failed;
    ck_assert_str_eq(seen->name, "loop");
    ck_assert_uint_eq(seen->limit, 5);
    ck_assert_uint_eq(seen->in_flight, 5);
    ck_assert_uint_le(failed, (QUICK + 7) / 7);
    ck_assert_uint_eq(seen->ended_ns, 0);
    expect_report(look_after_the_end());
    ck_assert_uint_eq(snapshot.executors[0].tally.failed, (QUICK + 100 + 6) / 7);
}
END_TEST

static void pass(uint64_t time_ns)
{
    uint64_t until_ns = fan_clock_ns() + time_ns;
    while (fan_clock_ns() < until_ns)
        sched_yield();
}

/* What is not in a task, but before, is not its time. */
START_TEST(an_asynchronous_task_takes_until_it_is_completed)
{
    const uint64_t held_ns = 20000000;
    start(_i ? complete_at_once : hold_a_token);
    wait_for_held(1);
    pass(held_ns);
    const struct fan_executor_view *seen = look_after_the_end();
    expect_report(seen);
    ck_assert_uint_ge(seen->timed, _i ? 2000 / 64 : 1);
    if (_i)
        ck_assert_uint_lt(seen->p50_ns, held_ns / 2);
    else
        ck_assert_uint_ge(seen->p50_ns, held_ns * 9 / 10);
}
END_TEST

static void (*const async_jobs[])(void) = {complete_some_later, leave_tokens_early};

START_TEST(the_figures_of_asynchronous_tasks_never_contradict_each_other)
{
    uint64_t last = 0;
    start(async_jobs[_i]);
    wait_for_held(1);
    open_gate();
    while (waitpid(child, NULL, WNOHANG) == 0)
        last = expect_no_contradiction(look_at_only_one(), last);
    expect_report(look_at_only_one());
    ck_assert_uint_gt(snapshot.executors[0].timed, 0);
}
END_TEST

START_TEST(a_group_is_seen_as_it_runs_and_when_it_has_ended)
{
    start(hold_a_group);
    wait_for_held(3);
    const struct fan_executor_view *seen = look_at_only_one();
    ck_assert_str_eq(seen->name, "page");
    ck_assert_int_eq(seen->kind, FAN_EXECUTOR_GROUP);
    ck_assert_int_eq(seen->policy, FAN_POLICY_FAIL_FAST);
    ck_assert_uint_eq(seen->limit, 3);
    ck_assert_uint_eq(seen->in_flight, 3);
    ck_assert_uint_eq(seen->ended_ns, 0);
    seen = look_after_the_end();
    ck_assert_uint_gt(seen->ended_ns, 0);
    ck_assert_uint_eq(seen->in_flight, 0);
    ck_assert_uint_eq(seen->tally.submitted, 3);
    ck_assert_uint_eq(seen->tally.done, 1);
    ck_assert_uint_eq(seen->tally.failed, 1);
    ck_assert_uint_eq(seen->tally.cancelled, 1);
    ck_assert_uint_eq(seen->timed, 3);
}
END_TEST

START_TEST(those_that_find_no_slot_are_counted_and_an_ended_one_makes_room)
{
    start(have_many_groups);
    wait_for_held(1);
    look();
    ck_assert_uint_eq(snapshot.executor_count, FAN_PROBE_EXECUTORS);
    ck_assert_uint_eq(fan_snapshot_executors_left_out(&snapshot), GROUPS - FAN_PROBE_EXECUTORS);
    ck_assert_ptr_nonnull(fan_snapshot_executor(&snapshot, 1));
    open_gate();
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    look();
    ck_assert_uint_eq(snapshot.executor_count, FAN_PROBE_EXECUTORS);
    ck_assert_ptr_null(fan_snapshot_executor(&snapshot, 1));
    ck_assert_str_eq(snapshot.executors[FAN_PROBE_EXECUTORS - 1].name, "last");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("executors");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_held_task_and_those_behind_it_are_seen);
    tcase_add_test(cases, as_many_are_in_flight_as_have_begun);
    tcase_add_test(cases, threads_without_a_slot_count_too);
    tcase_add_loop_test(cases, the_figures_never_contradict_each_other_and_end_as_the_report, 0, 3);
    tcase_add_test(cases, asynchronous_tasks_are_in_flight_until_they_are_completed);
    tcase_add_loop_test(cases, an_asynchronous_task_takes_until_it_is_completed, 0, 2);
    tcase_add_loop_test(cases, the_figures_of_asynchronous_tasks_never_contradict_each_other, 0, 2);
    tcase_add_test(cases, a_group_is_seen_as_it_runs_and_when_it_has_ended);
    tcase_add_test(cases, those_that_find_no_slot_are_counted_and_an_ended_one_makes_room);
    return suite_run("executors", cases);
}
