/* What may happen, by the rules of Go's channels, select, sync.Cond and sync.RWMutex, written down
 * as a table, against what does happen under the scheduler over many schedules: neither less nor
 * more.
 *
 * A program ends with one number, its outcome; STUCK and PANIC are those it does not end with. */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fan/fan.h"
#include "run/sim_backend.h"
#include "run/thread_state.h"
#include "sim/pristine.h"
#include "sim/random.h"
#include "sim/sim.h"
#include "tests/support/suite.h"

enum { OUTCOMES = 64, STUCK = 62, PANIC = 63, SCHEDULES = 4000 };

static struct fan_sim *sim;
static uint64_t outcome;
static void (*program)(void);
static struct fan_pristine pristine; /* a run that a panic ends leaves locks taken */

#define ONLY(a)      (UINT64_C(1) << (a))
#define EITHER(a, b) (ONLY(a) | ONLY(b))

static void take_panic(void *observer, const struct fan_panic *panic)
{
    (void)observer;
    (void)panic;
    outcome = PANIC;
    fan_sim_fail(sim);
}

static void set_up(void)
{
    static struct fan_probe_tables no_tables;
    no_tables.panicked = take_panic;
    fan_probe_install(&no_tables);
    sim = fan_sim_new(&(struct fan_sim_options){0});
}

static void tear_down(void)
{
    fan_sim_free(sim);
    fan_probe_install(NULL);
}

static void remember_statics(void)
{
    struct fan_pristine_range kept[] = {
        {&sim, sizeof(struct fan_sim *)}, {&outcome, sizeof outcome}, {&pristine, sizeof pristine}};
    ck_assert_int_eq(fan_pristine_take(&pristine, kept, sizeof kept / sizeof kept[0]), 0);
}

static void run_program(void *argument)
{
    (void)argument;
    program();
}

/* A run that is stuck or cut off by a panic never frees what it allocated. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* The set of outcomes over many schedules. */
static uint64_t outcomes_of(void (*of)(void), enum fan_grain grain)
{
    fan_sim_backend_use(sim, grain);
    program = of;
    remember_statics();
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint64_t seen = 0;
    for (int i = 0; i < SCHEDULES; i++) {
        outcome = 0;
        fan_pristine_restore(&pristine);
        fan_thread_current = NULL;
        if (fan_sim_run(sim, &strategy, run_program, NULL) == FAN_SIM_STUCK)
            outcome = STUCK;
        seen |= ONLY(outcome);
    }
    fan_thread_current = NULL;
    fan_pristine_drop(&pristine);
    return seen;
}

/* ---- unbuffered channels ---- */

static struct fan_chan *a, *b;
static int value, other;

static void send_1_to_a(void *unused)
{
    (void)unused;
    fan_chan_send(a, &(int){1}, NULL);
}

static void send_2_to_a(void *unused)
{
    (void)unused;
    fan_chan_send(a, &(int){2}, NULL);
}

static void send_2_to_b(void *unused)
{
    (void)unused;
    fan_chan_send(b, &(int){2}, NULL);
}

static void receive_from_a(void *unused)
{
    (void)unused;
    if (fan_chan_recv(a, &other, NULL) != 0)
        other = 9;
}

static void close_a(void *unused)
{
    (void)unused;
    fan_chan_close(a);
}

static void one_receives_from_two(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", send_1_to_a, NULL);
    fan_go("two", send_2_to_a, NULL);
    fan_chan_recv(a, &value, NULL);
    fan_chan_recv(a, &other, NULL);
    outcome = (uint64_t)value * 10 + (uint64_t)other;
}

static void a_default_is_taken_before_the_partner_waits(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", send_1_to_a, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value)};
    bool ready = fan_select_try(cases, 1, &chosen) == 0;
    if (!ready)
        fan_chan_recv(a, &value, NULL);
    outcome = ready ? 1 : 2;
}

static void two_tries_never_meet(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", receive_from_a, NULL);
    bool sent = fan_chan_try_send(a, &(int){1}) == 0;
    if (!sent)
        fan_chan_close(a);
    outcome = sent ? 1 : 2;
}

static void a_close_meets_a_send(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("closer", close_a, NULL);
    fan_chan_send(a, &(int){1}, NULL);
    outcome = 1;
}

static void a_buffer_is_drained_before_the_close_is_seen(void)
{
    a = fan_chan_new("a", sizeof(int), 2);
    fan_chan_send(a, &(int){1}, NULL);
    fan_go("closer", close_a, NULL);
    outcome = fan_chan_recv(a, &value, NULL) == 0 ? 1 : 0;
    outcome += fan_chan_recv(a, &value, NULL) == EPIPE ? 2 : 0;
}

/* ---- select ---- */

static void a_select_takes_either(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 1);
    b = fan_chan_new("b", sizeof(int), 1);
    fan_go("one", send_1_to_a, NULL);
    fan_go("two", send_2_to_b, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_RECV(b, &value)};
    fan_select(cases, 2, NULL, &chosen);
    outcome = (uint64_t)value;
}

static void two_selects_meet_once(void *unused)
{
    size_t chosen;
    (void)unused;
    struct fan_select_case cases[] = {FAN_SEND(a, &(int){1}), FAN_RECV(b, &other)};
    fan_select(cases, 2, NULL, &chosen);
}

static void selects_meet_on_one_of_two_channels(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    b = fan_chan_new("b", sizeof(int), 0);
    fan_go("partner", two_selects_meet_once, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_SEND(b, &(int){2})};
    fan_select(cases, 2, NULL, &chosen);
    outcome = chosen + 1;
}

static struct fan_ctx ctx;

static void cancel(void *unused)
{
    (void)unused;
    fan_ctx_cancel(&ctx, 0);
}

static void a_done_context_wins_over_a_ready_case(void)
{
    fan_ctx_init(&ctx, NULL);
    a = fan_chan_new("a", sizeof(int), 1);
    fan_chan_send(a, &(int){1}, NULL);
    struct fan_thread *canceller;
    fan_thread_spawn(NULL, cancel, NULL, &canceller);
    fan_thread_join(canceller);
    outcome = fan_chan_recv(a, &value, &ctx) == ECANCELED ? 1 : 2;
}

static void a_context_as_a_case_is_one_among_others(void)
{
    size_t chosen;
    fan_ctx_init(&ctx, NULL);
    a = fan_chan_new("a", sizeof(int), 1);
    fan_chan_send(a, &(int){1}, NULL);
    fan_ctx_cancel(&ctx, 0);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_DONE(&ctx)};
    fan_select(cases, 2, NULL, &chosen);
    outcome = chosen + 1;
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

/* ---- time ---- */

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

static const struct {
    const char *name;
    void (*program)(void);
    uint64_t expected;
} table[] = {
    {"either sender first", one_receives_from_two, EITHER(12, 21)},
    {"default while announced", a_default_is_taken_before_the_partner_waits, EITHER(1, 2)},
    {"try meets only who waits", two_tries_never_meet, EITHER(1, 2)},
    {"close and send", a_close_meets_a_send, ONLY(PANIC)},
    {"drained, then closed", a_buffer_is_drained_before_the_close_is_seen, ONLY(3)},
    {"select, either", a_select_takes_either, EITHER(1, 2)},
    {"selects meet", selects_meet_on_one_of_two_channels, EITHER(1, 2)},
    {"done context wins", a_done_context_wins_over_a_ready_case, ONLY(1)},
    {"done context as a case", a_context_as_a_case_is_one_among_others, EITHER(1, 2)},
    {"signal is lost or not", signal_under_the_lock, EITHER(1, STUCK)},
    {"writer preference", a_waiting_writer_holds_back_new_readers, EITHER(1, STUCK)},
    {"reader and writer", a_reader_sees_all_or_nothing, EITHER(1, 2)},
    {"deadline", a_deadline_comes_when_nothing_else_does, ONLY(1)},
    {"sleep and deadline", a_shorter_sleep_beats_a_longer_deadline, ONLY(1)},
};

static void expect(size_t row, enum fan_grain grain)
{
    uint64_t seen = outcomes_of(table[row].program, grain);
    ck_assert_msg(seen == table[row].expected, "%s: outcomes %#llx, not %#llx", table[row].name,
                  (unsigned long long)seen, (unsigned long long)table[row].expected);
}

START_TEST(outcomes_are_those_of_the_table)
{
    expect((size_t)_i, FAN_GRAIN_COARSE);
}
END_TEST

/* The library's own code runs here, lock by lock; what a program can observe must not differ. */
START_TEST(outcomes_are_the_same_at_the_fine_grain)
{
    expect((size_t)_i, FAN_GRAIN_FINE);
}
END_TEST

int main(void)
{
    TCase *semantics = tcase_create("semantics");
    tcase_add_checked_fixture(semantics, set_up, tear_down);
    tcase_set_timeout(semantics, 60);
    tcase_add_loop_test(semantics, outcomes_are_those_of_the_table, 0,
                        sizeof table / sizeof table[0]);
    tcase_add_loop_test(semantics, outcomes_are_the_same_at_the_fine_grain, 0,
                        sizeof table / sizeof table[0]);
    return suite_run("semantics under the scheduler", semantics);
}
