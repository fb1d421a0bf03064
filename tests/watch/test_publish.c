/* What a program publishes, seen by a reader in another process: identity, threads, last words. */
#define _GNU_SOURCE
#include "watch/publish.h"

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
#include "base/panic.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "tests/support/suite.h"
#include "watch/finding.h"
#include "watch/reader.h"

extern const char __executable_start;

static struct fan_snapshot snapshot;
static struct fan_reader *reader;
static pid_t child;
static bool ended; /* and reaped: its number may be another's by now */

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
        signal(SIGABRT, SIG_DFL); /* the sanitizers' own handlers would report it */
        if (fan_watch_publish(fd) == 0)
            run();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(fan_reader_open(fd, &reader, why), 0);
    close(fd);
}

static void tear_down(void)
{
    fan_reader_close(reader);
    if (child > 0 && !ended && kill(child, SIGKILL) == 0)
        waitpid(child, NULL, 0);
}

static void look(void)
{
    ck_assert_int_eq(fan_reader_look(reader, &snapshot), 0);
}

static int wait_for_end(void)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ended = true;
    look();
    return status;
}

static const struct fan_thread_view *thread_of(const char *label)
{
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        if (strcmp(snapshot.threads[i].label, label) == 0)
            return &snapshot.threads[i];
    return NULL;
}

static const struct fan_thread_view *look_until_blocked(const char *label)
{
    const struct fan_thread_view *thread = NULL;
    while (!thread || thread->state != FAN_STATE_BLOCKED) {
        sched_yield();
        look();
        thread = thread_of(label);
    }
    return thread;
}

static const struct fan_object_view *awaited(const struct fan_thread_view *thread)
{
    ck_assert_int_ne(thread->waits[0].index, FAN_NO_INDEX);
    return &snapshot.objects[thread->waits[0].index];
}

/* ---- healthy programs ---- */

static void tell_progress(void)
{
    fan_watch_expect(20, 4);
    fan_watch_output();
    fan_watch_output();
    fan_watch_phase(FAN_PHASE_RETURNED);
}

START_TEST(a_program_shows_who_it_is_and_how_far_it_has_come)
{
    uint64_t before_ns = fan_clock_ns();
    start(tell_progress);
    ck_assert_int_eq(wait_for_end(), 0);
    ck_assert_uint_eq(snapshot.pid, (uint32_t)child);
    ck_assert_uint_eq(snapshot.load_base, (uintptr_t)&__executable_start);
    ck_assert(snapshot.started_ns >= before_ns && snapshot.phase_ns >= snapshot.started_ns);
    ck_assert_int_eq(snapshot.phase, FAN_PHASE_RETURNED);
    ck_assert_uint_eq(snapshot.inputs, 20);
    ck_assert_uint_eq(snapshot.limit, 4);
    ck_assert_uint_eq(snapshot.outputs, 2);
    ck_assert_uint_eq(snapshot.thread_count, 1);
    ck_assert_str_eq(snapshot.threads[0].label, "main");
    ck_assert_uint_eq(snapshot.threads[0].os_thread, (uint32_t)child);
    ck_assert_int_eq(snapshot.threads[0].state, FAN_STATE_RUNNING);
    ck_assert(!snapshot.panicked);
}
END_TEST

static void receive(void *chan)
{
    fan_chan_recv(chan, NULL, NULL);
}

static void block_three_threads(void)
{
    struct fan_chan *in = fan_chan_new("in", 4, 2);
    for (int i = 0; i < 3; i++)
        fan_go("worker", receive, in);
    receive(in);
}

START_TEST(blocked_threads_show_what_they_wait_for)
{
    start(block_three_threads);
    look_until_blocked("main");
    const struct fan_thread_view *last = look_until_blocked("worker 3");
    ck_assert_str_eq(awaited(last)->name, "in");
    ck_assert_int_eq(awaited(last)->kind, FAN_KIND_CHANNEL);
    ck_assert_uint_eq(awaited(last)->capacity, 2);
    ck_assert_int_eq(last->op, FAN_OP_RECV);
    ck_assert_uint_eq(last->creator, thread_of("main")->id);
    ck_assert_uint_eq(awaited(last)->creator, thread_of("main")->id);
    ck_assert_uint_gt(last->stack.depth, 0);
    ck_assert_uint_gt(last->created.depth, 0);
    ck_assert_uint_eq(last->operations, 1);
    ck_assert_uint_eq(last->deadline_ns, 0);
}
END_TEST

START_TEST(a_stranger_is_noticed_and_a_registered_thread_is_none)
{
    start(block_three_threads);
    look_until_blocked("worker 3");
    ck_assert(!fan_tasks_unregistered(&snapshot));
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        snapshot.threads[i].os_thread = 1;
    ck_assert(fan_tasks_unregistered(&snapshot));
    look();
    snapshot.pid = 0;
    ck_assert(fan_tasks_unregistered(&snapshot));
}
END_TEST

/* ---- last words ---- */

static struct fan_stack elsewhere = {2, {11, 22}};

static void panic_with_an_earlier_place(void)
{
    struct fan_panic panic = {.message = "close of closed channel out",
                              .earlier_what = "first closed",
                              .earlier = elsewhere,
                              .object = 7};
    fan_panic_raise(&panic);
}

START_TEST(a_panic_leaves_its_last_words)
{
    start(panic_with_an_earlier_place);
    ck_assert(WIFSIGNALED(wait_for_end()));
    ck_assert(snapshot.panicked);
    ck_assert_str_eq(snapshot.panic.message, "close of closed channel out");
    ck_assert_int_eq(snapshot.panic.kind, FAN_PANIC_PLAIN);
    ck_assert_str_eq(snapshot.panic_earlier_what, "first closed");
    ck_assert_uint_eq(snapshot.panic.earlier.depth, 2);
    ck_assert_uint_eq(snapshot.panic.earlier.frames[1], 22);
    ck_assert_uint_gt(snapshot.panic.stack.depth, 0);
    ck_assert_uint_eq(snapshot.panic.object, 7);
    ck_assert_uint_eq(snapshot.panic_thread, snapshot.threads[0].id);
    ck_assert(snapshot.panic_ns >= snapshot.started_ns && snapshot.panic_ns <= snapshot.taken_ns);
}
END_TEST

static void tell_crash(int number)
{
    struct fan_panic panic = {.kind = FAN_PANIC_SIGNAL, .message = "segmentation fault"};
    (void)number;
    fan_panic_raise(&panic);
}

static void crash(void)
{
    sigaction(SIGSEGV, &(struct sigaction){.sa_handler = tell_crash}, NULL);
    raise(SIGSEGV);
}

START_TEST(a_signal_handler_can_tell_a_crash)
{
    start(crash);
    ck_assert(WIFSIGNALED(wait_for_end()));
    ck_assert_int_eq(snapshot.panic.kind, FAN_PANIC_SIGNAL);
    ck_assert_str_eq(snapshot.panic.message, "segmentation fault");
}
END_TEST

static void tell_twice(void)
{
    struct fan_panic first = {.kind = FAN_PANIC_MISUSE, .message = "first"};
    struct fan_panic second = {.kind = FAN_PANIC_PLAIN, .message = "second"};
    fan_probe_panicked(&first);
    fan_probe_panicked(&second);
}

START_TEST(only_the_first_panic_counts)
{
    start(tell_twice);
    ck_assert_int_eq(wait_for_end(), 0);
    ck_assert_str_eq(snapshot.panic.message, "first");
    ck_assert_int_eq(snapshot.panic.kind, FAN_PANIC_MISUSE);
}
END_TEST

/* ---- a cycle among threads while others live ---- */

struct crossing {
    struct fan_mutex a, b;
    struct fan_chan *holds_b;
};

static void lock_b_then_a(void *argument)
{
    struct crossing *crossing = argument;
    fan_mutex_lock(&crossing->b);
    fan_chan_close(crossing->holds_b);
    fan_mutex_lock(&crossing->a);
}

static void lock_a_then_b(void *argument)
{
    struct crossing *crossing = argument;
    fan_mutex_lock(&crossing->a);
    fan_go("second", lock_b_then_a, crossing);
    fan_chan_recv(crossing->holds_b, NULL, NULL);
    fan_mutex_lock(&crossing->b);
}

static void cross_while_main_runs(void)
{
    struct crossing crossing = {.a = {.name = "a"}, .b = {.name = "b"}};
    crossing.holds_b = fan_chan_new("holds b", 1, 0);
    fan_go("first", lock_a_then_b, &crossing);
    for (;;)
        sched_yield();
}

START_TEST(threads_that_lock_each_other_out_are_found_while_main_runs)
{
    static struct fan_verdict verdict;
    struct fan_judge *judge = fan_judge_new(fan_tasks_unregistered);
    start(cross_while_main_runs);
    do {
        look();
        fan_judge_look(judge, &snapshot, &verdict);
        sched_yield();
    } while (verdict.outcome == FAN_OUTCOME_RUNNING);
    ck_assert_int_eq(verdict.findings[0].kind, FAN_FINDING_LEAK);
    ck_assert_int_eq(verdict.findings[0].proof, FAN_PROOF_CYCLE);
    ck_assert_str_eq(verdict.findings[0].summary, "first waits on b; second waits on a");
    ck_assert_str_eq(verdict.findings[0].culprits[0].never,
                     "its owner second is itself blocked: lock on mutex a");
    ck_assert(!verdict.final);
    fan_judge_free(judge);
}
END_TEST

/* ---- what cannot be published ---- */

START_TEST(a_segment_cannot_be_shrunk_or_grown)
{
    int fd;
    ck_assert_int_eq(fan_segment_create(&fd), 0);
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, 1 << 30), -1);
    close(fd);
}
END_TEST

START_TEST(a_descriptor_of_another_size_is_refused)
{
    int fd = memfd_create("small", 0);
    ck_assert_int_eq(fan_watch_publish(fd), EINVAL);
    ck_assert_int_eq(fan_watch_publish(-1), EBADF);
    close(fd);
}
END_TEST

START_TEST(without_a_segment_a_lab_tells_nobody)
{
    fan_watch_phase(FAN_PHASE_RUNNING);
    fan_watch_expect(1, 1);
    fan_watch_output();
    ck_assert_int_eq(fan_watch_start(), 0);
}
END_TEST

int main(void)
{
    TCase *alone = tcase_create("publish");
    tcase_add_checked_fixture(alone, NULL, tear_down);
    tcase_add_test(alone, a_program_shows_who_it_is_and_how_far_it_has_come);
    tcase_add_test(alone, blocked_threads_show_what_they_wait_for);
    tcase_add_test(alone, a_stranger_is_noticed_and_a_registered_thread_is_none);
    tcase_add_test(alone, a_panic_leaves_its_last_words);
    tcase_add_test(alone, a_signal_handler_can_tell_a_crash);
    tcase_add_test(alone, only_the_first_panic_counts);
    tcase_add_test(alone, threads_that_lock_each_other_out_are_found_while_main_runs);
    tcase_add_test(alone, a_segment_cannot_be_shrunk_or_grown);
    tcase_add_test(alone, a_descriptor_of_another_size_is_refused);
    tcase_add_test(alone, without_a_segment_a_lab_tells_nobody);
    return suite_run("publish", alone);
}
