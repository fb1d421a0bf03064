#include "run/thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "run/mutex.h"
#include "run/thread_state.h"
#include "sync/ctx.h"
#include "sync/timer.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

/* Keeps threads alive for as long as a test wants. */
static struct fan_ctx gate;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&gate, NULL);
}

static void wait_at_gate(void *unused)
{
    (void)unused;
    fan_sleep(UINT64_MAX, &gate);
}

static void open_gate(void)
{
    fan_ctx_cancel(&gate, 0);
}

static void set_flag(void *flag)
{
    *(bool *)flag = true;
}

START_TEST(a_thread_runs_its_function_and_join_waits_for_it)
{
    bool ran = false;
    fan_thread_join(watch_spawn("worker", set_flag, &ran));
    ck_assert(ran);
}
END_TEST

START_TEST(joining_null_does_nothing)
{
    fan_thread_join(NULL);
}
END_TEST

static void keep_self(void *self)
{
    *(uint64_t *)self = fan_thread_id(fan_thread_self());
}

START_TEST(a_thread_is_the_one_that_was_spawned)
{
    uint64_t inside = 0;
    struct fan_thread *thread = watch_spawn("worker", keep_self, &inside);
    uint64_t outside = fan_thread_id(thread);
    ck_assert_str_eq(fan_thread_name(thread), "worker");
    fan_thread_join(thread);
    ck_assert_uint_eq(inside, outside);
}
END_TEST

START_TEST(numbers_are_not_used_twice)
{
    uint64_t last = fan_thread_id(fan_thread_self());
    for (int i = 0; i < 10; i++) {
        uint64_t next = 0;
        fan_thread_join(watch_spawn("worker", keep_self, &next));
        ck_assert_uint_gt(next, last);
        last = next;
    }
}
END_TEST

START_TEST(a_name_is_cut_off_and_has_a_default)
{
    struct fan_thread *named = watch_spawn("abcdefghijklmnopqrstuvwxyz", wait_at_gate, NULL);
    struct fan_thread *nameless = NULL;
    ck_assert_int_eq(fan_thread_spawn(NULL, wait_at_gate, NULL, &nameless), 0);
    ck_assert_str_eq(fan_thread_name(named), "abcdefghijklmnopqrstuvw");
    ck_assert_str_eq(fan_thread_name(nameless), "thread");
    open_gate();
    fan_thread_join(named);
    fan_thread_join(nameless);
}
END_TEST

START_TEST(a_thread_can_have_a_large_stack)
{
    bool ran = false;
    struct fan_thread *thread = NULL;
    struct fan_thread_options options = {.stack_size = 64 << 20};
    ck_assert_int_eq(fan_thread_spawn(&options, set_flag, &ran, &thread), 0);
    fan_thread_join(thread);
    ck_assert(ran);
}
END_TEST

START_TEST(a_slot_tells_the_life_of_a_thread)
{
    struct fan_probe_thread seen;
    struct fan_thread *thread = watch_spawn("worker", wait_at_gate, NULL);
    watch_until_blocked("worker", FAN_OP_SLEEP);
    ck_assert(watch_thread("worker", &seen));
    ck_assert_uint_eq(seen.id, fan_thread_id(thread));
    ck_assert_uint_eq(seen.creator, fan_thread_id(fan_thread_self()));
    ck_assert_uint_gt(seen.created.depth, 1);
    ck_assert_uint_ne(seen.os_thread, 0);
    open_gate();
    fan_thread_join(thread);
    watch_until_done("worker");
}
END_TEST

static void join_the_other(void *other)
{
    fan_thread_join(other);
}

START_TEST(who_joins_shows_whom_it_waits_for)
{
    struct fan_probe_thread seen;
    struct fan_thread *worker = watch_spawn("worker", wait_at_gate, NULL);
    struct fan_thread *joiner = watch_spawn("joiner", join_the_other, worker);
    watch_until_blocked("joiner", FAN_OP_JOIN);
    ck_assert(watch_thread("joiner", &seen));
    ck_assert_uint_eq(seen.waits[0].kind, FAN_KIND_THREAD);
    ck_assert_uint_eq(seen.waits[0].op, FAN_OP_JOIN);
    ck_assert_uint_eq(seen.waits[0].slot, worker->slot_index);
    open_gate();
    fan_thread_join(joiner);
}
END_TEST

START_TEST(a_thread_that_ended_can_still_be_joined)
{
    bool ran = false;
    struct fan_thread *thread = watch_spawn("worker", set_flag, &ran);
    watch_until_done("worker");
    fan_thread_join(thread);
    ck_assert(ran);
}
END_TEST

static void join_self(void *unused)
{
    (void)unused;
    fan_thread_join(fan_thread_self());
}

START_TEST(a_thread_that_joins_itself_panics)
{
    ck_assert_str_eq(suite_panic_of(join_self, NULL)->message, "a thread joins itself");
}
END_TEST

START_TEST(the_budget_limits_how_many_live)
{
    struct fan_thread *first, *second, *third = NULL;
    fan_thread_set_budget(2);
    first = watch_spawn("first", wait_at_gate, NULL);
    second = watch_spawn("second", wait_at_gate, NULL);
    ck_assert_int_eq(fan_thread_spawn(NULL, wait_at_gate, NULL, &third), EAGAIN);
    ck_assert_ptr_null(third);
    ck_assert_uint_eq(fan_thread_count(), 2);
    open_gate();
    fan_thread_join(first);
    fan_thread_join(second);
    fan_thread_wait_all();
    fan_thread_join(watch_spawn("third", wait_at_gate, NULL));
}
END_TEST

/* Tens of thousands of times, for who joins may be quicker than who leaves. */
START_TEST(a_thread_that_was_joined_is_in_nobodys_way)
{
    fan_thread_set_budget(1);
    for (int i = 0; i < 20000; i++) {
        struct fan_thread *thread;
        int flag = 0;
        ck_assert_int_eq(fan_thread_spawn(NULL, set_flag, &flag, &thread), 0);
        fan_thread_join(thread);
        ck_assert_uint_eq(fan_thread_count(), 0);
    }
    fan_thread_set_budget(0);
}
END_TEST

START_TEST(a_budget_of_0_is_no_limit)
{
    struct fan_thread *threads[20];
    fan_thread_set_budget(1);
    fan_thread_set_budget(0);
    for (int i = 0; i < 20; i++)
        threads[i] = watch_spawn("worker", wait_at_gate, NULL);
    open_gate();
    for (int i = 0; i < 20; i++)
        fan_thread_join(threads[i]);
}
END_TEST

static void go_beyond_the_budget(void *unused)
{
    (void)unused;
    fan_go("second", wait_at_gate, NULL);
}

START_TEST(going_beyond_the_budget_panics)
{
    fan_thread_set_budget(1);
    fan_go("first", wait_at_gate, NULL);
    const struct fan_panic *panic = suite_panic_of(go_beyond_the_budget, NULL);
    ck_assert_ptr_nonnull(strstr(panic->message, "cannot start thread second"));
    open_gate();
    fan_thread_wait_all();
}
END_TEST

static void count_down(void *left)
{
    __atomic_fetch_sub((int *)left, 1, __ATOMIC_RELAXED);
}

START_TEST(waiting_for_all_waits_for_detached_threads_too)
{
    int left = 20;
    for (int i = 0; i < 20; i++)
        fan_go("worker", count_down, &left);
    fan_thread_wait_all();
    ck_assert_int_eq(__atomic_load_n(&left, __ATOMIC_RELAXED), 0);
    ck_assert_uint_eq(fan_thread_count(), 0);
}
END_TEST

static void spawn_a_grandchild(void *flag)
{
    fan_go("grandchild", set_flag, flag);
}

START_TEST(waiting_for_all_waits_for_those_that_are_spawned_meanwhile)
{
    bool ran = false;
    fan_go("child", spawn_a_grandchild, &ran);
    fan_thread_wait_all();
    ck_assert(ran);
}
END_TEST

START_TEST(without_threads_waiting_for_all_returns)
{
    fan_thread_wait_all();
    ck_assert_uint_eq(fan_thread_count(), 0);
}
END_TEST

START_TEST(adopting_gives_a_name)
{
    struct fan_probe_thread seen;
    fan_thread_adopt("leader");
    ck_assert_str_eq(fan_thread_name(fan_thread_self()), "leader");
    ck_assert(watch_thread("leader", &seen));
    ck_assert_uint_eq(seen.state, FAN_STATE_RUNNING);
    ck_assert_uint_eq(seen.id, fan_thread_id(fan_thread_self()));
    ck_assert(!watch_thread("main", &seen));
}
END_TEST

static void *use_a_mutex(void *mutex)
{
    fan_mutex_lock(mutex);
    fan_mutex_unlock(mutex);
    return NULL;
}

START_TEST(a_thread_from_elsewhere_is_registered_at_its_first_operation)
{
    struct fan_mutex mutex = {0};
    struct fan_probe_thread seen;
    pthread_t stranger;
    ck_assert(!watch_thread("stranger", &seen));
    ck_assert_int_eq(pthread_create(&stranger, NULL, use_a_mutex, &mutex), 0);
    watch_until_done("stranger");
    ck_assert_int_eq(pthread_join(stranger, NULL), 0);
    ck_assert_uint_eq(fan_thread_count(), 0);
}
END_TEST

START_TEST(a_thread_that_retires_is_seen_as_ended)
{
    struct fan_probe_thread seen;
    fan_thread_retire();
    ck_assert(watch_thread("main", &seen));
    ck_assert_uint_eq(seen.state, FAN_STATE_DONE);
    struct fan_mutex mutex = {0};
    use_a_mutex(&mutex);
    fan_thread_adopt("back again");
    ck_assert(watch_thread("back again", &seen));
}
END_TEST

START_TEST(more_threads_than_slots_run_all_the_same)
{
    enum { MANY = FAN_PROBE_THREADS + 20 };
    static struct fan_thread *threads[MANY];
    for (int i = 0; i < MANY; i++)
        threads[i] = watch_spawn("worker", wait_at_gate, NULL);
    ck_assert_uint_eq(fan_thread_count(), MANY);
    watch_until_so_many_blocked(FAN_PROBE_THREADS - 1, FAN_OP_SLEEP);
    open_gate();
    for (int i = 0; i < MANY; i++)
        fan_thread_join(threads[i]);
    fan_thread_wait_all();
}
END_TEST

static void spawn_and_join_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++) {
        bool ran = false;
        fan_thread_join(watch_spawn("brief", set_flag, &ran));
        ck_assert(ran);
    }
}

START_TEST(slots_of_ended_threads_are_used_again_by_many_at_once)
{
    struct fan_thread *spawners[3];
    for (int i = 0; i < 3; i++)
        spawners[i] = watch_spawn("spawner", spawn_and_join_many, NULL);
    for (int i = 0; i < 3; i++)
        fan_thread_join(spawners[i]);
    fan_thread_wait_all();
    struct fan_probe_thread seen;
    ck_assert(watch_thread("spawner", &seen) || watch_thread("brief", &seen));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("thread");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_thread_runs_its_function_and_join_waits_for_it);
    tcase_add_test(cases, joining_null_does_nothing);
    tcase_add_test(cases, a_thread_is_the_one_that_was_spawned);
    tcase_add_test(cases, numbers_are_not_used_twice);
    tcase_add_test(cases, a_name_is_cut_off_and_has_a_default);
    tcase_add_test(cases, a_thread_can_have_a_large_stack);
    tcase_add_test(cases, a_slot_tells_the_life_of_a_thread);
    tcase_add_test(cases, who_joins_shows_whom_it_waits_for);
    tcase_add_test(cases, a_thread_that_ended_can_still_be_joined);
    tcase_add_test(cases, a_thread_that_joins_itself_panics);
    tcase_add_test(cases, the_budget_limits_how_many_live);
    tcase_add_test(cases, a_thread_that_was_joined_is_in_nobodys_way);
    tcase_add_test(cases, a_budget_of_0_is_no_limit);
    tcase_add_test(cases, going_beyond_the_budget_panics);
    tcase_add_test(cases, waiting_for_all_waits_for_detached_threads_too);
    tcase_add_test(cases, waiting_for_all_waits_for_those_that_are_spawned_meanwhile);
    tcase_add_test(cases, without_threads_waiting_for_all_returns);
    tcase_add_test(cases, adopting_gives_a_name);
    tcase_add_test(cases, a_thread_from_elsewhere_is_registered_at_its_first_operation);
    tcase_add_test(cases, a_thread_that_retires_is_seen_as_ended);
    tcase_add_test(cases, more_threads_than_slots_run_all_the_same);
    tcase_add_test(cases, slots_of_ended_threads_are_used_again_by_many_at_once);
    return suite_run("thread", cases);
}
