/* Go's rules of package sync, of timers and of misuse as a table (tests/support/semantics.h). */
#include <errno.h>
#include <stdint.h>

#include "fan/fan.h"
#include "tests/support/semantics.h"

static struct fan_chan *a;
static struct fan_ctx ctx;
static int value, other;

static void send_1_to_a(void *unused)
{
    (void)unused;
    fan_chan_send(a, &(int){1}, NULL);
}

/* ---- condition ---- */

static struct fan_mutex mutex;
static struct fan_cond cond;
static int turns;

static void wait_and_count(void *unused)
{
    (void)unused;
    fan_mutex_lock(&mutex);
    fan_cond_wait(&cond, &mutex);
    turns++;
    fan_mutex_unlock(&mutex);
}

static void signal_under_the_lock(void)
{
    mutex = (struct fan_mutex){0};
    cond = (struct fan_cond){0};
    turns = 0;
    struct fan_thread *waiter;
    fan_thread_spawn(NULL, wait_and_count, NULL, &waiter);
    fan_mutex_lock(&mutex);
    fan_cond_signal(&cond);
    fan_mutex_unlock(&mutex);
    fan_thread_join(waiter);
    outcome = (uint64_t)turns;
}

static void broadcast_to_two(void)
{
    mutex = (struct fan_mutex){0};
    cond = (struct fan_cond){0};
    turns = 0;
    struct fan_thread *waiters[2];
    fan_thread_spawn(NULL, wait_and_count, NULL, &waiters[0]);
    fan_thread_spawn(NULL, wait_and_count, NULL, &waiters[1]);
    fan_sleep(FAN_MILLISECOND, NULL); /* virtual: both wait by then */
    fan_cond_broadcast(&cond);
    fan_thread_join(waiters[0]);
    fan_thread_join(waiters[1]);
    outcome = (uint64_t)turns;
}

static void one_signal_wakes_one_of_two(void)
{
    mutex = (struct fan_mutex){0};
    cond = (struct fan_cond){0};
    turns = 0;
    fan_go("one", wait_and_count, NULL);
    fan_go("two", wait_and_count, NULL);
    fan_sleep(FAN_MILLISECOND, NULL);
    fan_cond_signal(&cond);
    fan_sleep(FAN_MILLISECOND, NULL);
    fan_mutex_lock(&mutex);
    outcome = (uint64_t)turns;
    fan_mutex_unlock(&mutex);
    fan_cond_signal(&cond);
}

/* ---- reader-writer lock ---- */

static struct fan_rwlock rwlock;
static int written;

static void write_once(void *unused)
{
    (void)unused;
    fan_rwlock_lock(&rwlock);
    written = 1;
    fan_rwlock_unlock(&rwlock);
}

/* A reader that reads again while a writer waits in between never gets in: Go forbids it. */
static void a_waiting_writer_holds_back_new_readers(void)
{
    rwlock = (struct fan_rwlock){0};
    written = 0;
    fan_rwlock_lock_shared(&rwlock);
    fan_go("writer", write_once, NULL);
    fan_rwlock_lock_shared(&rwlock);
    fan_rwlock_unlock_shared(&rwlock);
    fan_rwlock_unlock_shared(&rwlock);
    outcome = 1;
}

static void a_reader_sees_all_or_nothing(void)
{
    rwlock = (struct fan_rwlock){0};
    written = 0;
    fan_go("writer", write_once, NULL);
    fan_rwlock_lock_shared(&rwlock);
    outcome = written ? 2 : 1;
    fan_rwlock_unlock_shared(&rwlock);
}

static int readers_inside, most_inside;

static void read_for_a_while(void *unused)
{
    (void)unused;
    fan_rwlock_lock_shared(&rwlock);
    if (++readers_inside > most_inside)
        most_inside = readers_inside;
    fan_sleep(FAN_MILLISECOND, NULL);
    readers_inside--;
    fan_rwlock_unlock_shared(&rwlock);
}

static void readers_share(void)
{
    rwlock = (struct fan_rwlock){0};
    readers_inside = most_inside = 0;
    struct fan_thread *reader;
    fan_thread_spawn(NULL, read_for_a_while, NULL, &reader);
    read_for_a_while(NULL);
    fan_thread_join(reader);
    outcome = (uint64_t)most_inside;
}

static void read_late(void *unused)
{
    fan_sleep(2 * FAN_MILLISECOND, NULL);
    fan_rwlock_lock_shared(&rwlock);
    other = written;
    fan_rwlock_unlock_shared(&rwlock);
    (void)unused;
}

static void write_less_late(void *unused)
{
    fan_sleep(FAN_MILLISECOND, NULL);
    write_once(unused);
}

/* The reader comes when a writer waits already, so it reads what that has written. */
static void a_reader_behind_a_waiting_writer_comes_after_it(void)
{
    rwlock = (struct fan_rwlock){0};
    written = other = 0;
    struct fan_thread *late;
    fan_rwlock_lock_shared(&rwlock);
    fan_go("writer", write_less_late, NULL);
    fan_thread_spawn(NULL, read_late, NULL, &late);
    fan_sleep(3 * FAN_MILLISECOND, NULL);
    fan_rwlock_unlock_shared(&rwlock);
    fan_thread_join(late);
    outcome = (uint64_t)other;
}

/* ---- the rest ---- */

static struct fan_waitgroup group;
static struct fan_semaphore permits;
static struct fan_once once;
static int times;

static void done_with_group(void *unused)
{
    (void)unused;
    times++;
    fan_waitgroup_done(&group);
}

static void a_group_waits_for_all(void)
{
    group = (struct fan_waitgroup){0};
    times = 0;
    fan_waitgroup_add(&group, 2);
    fan_go("one", done_with_group, NULL);
    fan_go("two", done_with_group, NULL);
    fan_waitgroup_wait(&group, NULL);
    outcome = (uint64_t)times;
}

static void acquire_small(void *unused)
{
    (void)unused;
    fan_semaphore_acquire(&permits, 1, NULL);
    other = turns++;
    fan_semaphore_release(&permits, 1);
}

static void acquire_large(void *unused)
{
    (void)unused;
    fan_semaphore_acquire(&permits, 2, NULL);
    value = turns++;
    fan_semaphore_release(&permits, 2);
}

/* First come, first served, though the small one's permit is free all the time. */
static void a_large_request_is_not_passed(void)
{
    fan_semaphore_init(&permits, "permits", 2);
    turns = 0;
    fan_semaphore_acquire(&permits, 1, NULL);
    fan_go("large", acquire_large, NULL);
    fan_sleep(FAN_MILLISECOND, NULL);
    fan_go("small", acquire_small, NULL);
    fan_sleep(FAN_MILLISECOND, NULL);
    fan_semaphore_release(&permits, 1);
    fan_sleep(FAN_MILLISECOND, NULL);
    outcome = value < other ? 1 : 2;
}

static void count_a_call(void *unused)
{
    (void)unused;
    times++;
}

static void call_once(void *unused)
{
    fan_once(&once, count_a_call, unused);
}

static void once_is_once(void)
{
    once = (struct fan_once){0};
    times = 0;
    fan_go("other", call_once, NULL);
    call_once(NULL);
    outcome = (uint64_t)times;
}

/* ---- misuse: always told, whatever the schedule ---- */

static void unlock_what_is_not_locked(void)
{
    mutex = (struct fan_mutex){0};
    fan_mutex_unlock(&mutex);
}

static void lock_twice(void)
{
    mutex = (struct fan_mutex){0};
    fan_mutex_lock(&mutex);
    fan_mutex_lock(&mutex);
}

static void lock_the_rwlock_twice(void)
{
    rwlock = (struct fan_rwlock){0};
    fan_rwlock_lock(&rwlock);
    fan_rwlock_lock_shared(&rwlock);
}

static void unlock_the_rwlock_unlocked(void)
{
    rwlock = (struct fan_rwlock){0};
    fan_rwlock_unlock_shared(&rwlock);
}

static void one_done_too_many(void)
{
    group = (struct fan_waitgroup){0};
    fan_waitgroup_add(&group, 1);
    fan_go("one", done_with_group, NULL);
    done_with_group(NULL);
}

static void give_back_what_was_not_taken(void)
{
    fan_semaphore_init(&permits, "permits", 1);
    fan_semaphore_release(&permits, 1);
}

static void close_a(void *unused)
{
    (void)unused;
    fan_chan_close(a);
}

static void close_twice(void)
{
    a = fan_chan_new("a", sizeof(int), 1);
    fan_go("closer", close_a, NULL);
    fan_chan_close(a);
}

/* ---- time ---- */

static struct fan_timer ticker;

/* Three periods pass before the first look: the ticks that nobody took are one. */
static void ticks_are_not_heaped_up(void)
{
    uint64_t began_ns = fan_now_ns();
    fan_timer_init(&ticker, NULL, began_ns + FAN_MILLISECOND, FAN_MILLISECOND);
    fan_sleep(3 * FAN_MILLISECOND + 1, NULL);
    bool first = fan_timer_try(&ticker) == 0, second = fan_timer_try(&ticker) == 0;
    fan_timer_wait(&ticker, NULL);
    outcome = first && !second && fan_now_ns() == began_ns + 4 * FAN_MILLISECOND ? 1 : 2;
}

static void a_tick_is_a_case(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    fan_timer_init(&ticker, NULL, fan_deadline_after(FAN_MILLISECOND), 0);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_TICK(&ticker)};
    fan_select(cases, 2, NULL, &chosen);
    outcome = chosen;
}

static void a_deadline_comes_when_nothing_else_does(void)
{
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(FAN_SECOND)});
    a = fan_chan_new("a", sizeof(int), 0);
    outcome = fan_chan_recv(a, &value, &ctx) == ETIMEDOUT ? 1 : 2;
}

static void send_after_a_sleep(void *unused)
{
    fan_sleep(FAN_MILLISECOND, NULL);
    send_1_to_a(unused);
}

static void a_shorter_sleep_beats_a_longer_deadline(void)
{
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(FAN_SECOND)});
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", send_after_a_sleep, NULL);
    outcome = fan_chan_recv(a, &value, &ctx) == 0 ? 1 : 2;
}

static const struct semantics_row table[] = {
    {"signal is lost or not", signal_under_the_lock, EITHER(1, STUCK)},
    {"writer preference", a_waiting_writer_holds_back_new_readers, EITHER(1, STUCK)},
    {"reader and writer", a_reader_sees_all_or_nothing, EITHER(1, 2)},
    {"broadcast", broadcast_to_two, ONLY(2)},
    {"signal, one of two", one_signal_wakes_one_of_two, ONLY(1)},
    {"readers share", readers_share, ONLY(2)},
    {"behind a waiting writer", a_reader_behind_a_waiting_writer_comes_after_it, ONLY(1)},
    {"wait group", a_group_waits_for_all, ONLY(2)},
    {"semaphore, in turn", a_large_request_is_not_passed, ONLY(1)},
    {"once", once_is_once, ONLY(1)},
    {"unlock, unlocked", unlock_what_is_not_locked, ONLY(PANIC)},
    {"lock, locked", lock_twice, ONLY(PANIC)},
    {"rwlock, locked", lock_the_rwlock_twice, ONLY(PANIC)},
    {"rwlock, unlocked", unlock_the_rwlock_unlocked, ONLY(PANIC)},
    {"negative group", one_done_too_many, ONLY(PANIC)},
    {"too many permits", give_back_what_was_not_taken, ONLY(PANIC)},
    {"close, closed", close_twice, ONLY(PANIC)},
    {"ticker", ticks_are_not_heaped_up, ONLY(1)},
    {"timer as a case", a_tick_is_a_case, ONLY(1)},
    {"deadline", a_deadline_comes_when_nothing_else_does, ONLY(1)},
    {"sleep and deadline", a_shorter_sleep_beats_a_longer_deadline, ONLY(1)},
};

int main(void)
{
    return semantics_run("semantics of package sync", table, sizeof table / sizeof table[0]);
}
