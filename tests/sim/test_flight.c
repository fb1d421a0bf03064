/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The two places where threads meet over an asynchronous task, in every schedule there is: its
 * start and its completion, and the inbox with its bell; and that the hunt finds one who leaves a
 * part out. */
#define FAN_SIM
#include "flow/flight.h"

#include <errno.h>
#include <string.h>

#include "flow/inbox.h"
#include "run/access.h"
#include "run/atomic.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "sim/random.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* ---- a start and its completion ---- */

static struct {
    struct fan_flight flight;
    struct fan_token token;
    bool (*returned)(struct fan_flight *, int);
    int task, result; /* plain memory that the two hand to each other */
    unsigned finished;
} meeting;

static void hand_over(void)
{
    FAN_WRITE(meeting.finished);
    meeting.finished++;
    FAN_READ(meeting.result);
    FAN_READ(meeting.task);
    sim_program_must(meeting.result == 1 && meeting.task == 2 && meeting.flight.error == ERANGE);
}

static void complete_elsewhere(void *unused)
{
    (void)unused;
    FAN_WRITE(meeting.result);
    meeting.result = 1;
    if (fan_flight_completed(meeting.token, ERANGE))
        hand_over();
}

/* The start goes on with its task after the token is out. */
static void meet(void *unused)
{
    struct fan_thread *other;
    (void)unused;
    memset(&meeting.flight, 0, sizeof meeting.flight);
    meeting.finished = 0;
    meeting.result = meeting.task = 0;
    meeting.token = fan_flight_begin(&meeting.flight);
    sim_program_must(fan_thread_spawn(NULL, complete_elsewhere, NULL, &other) == 0);
    FAN_WRITE(meeting.task);
    meeting.task = 2;
    if (meeting.returned(&meeting.flight, 0))
        hand_over();
    fan_thread_join(other);
    sim_program_must(meeting.finished == 1);
}

START_TEST(start_and_completion_finish_a_flight_once_in_every_schedule)
{
    meeting.returned = fan_flight_returned;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, meet), 0);
}
END_TEST

/* Looks, and notes afterwards that it has returned. */
static bool return_in_two_steps(struct fan_flight *flight, int error)
{
    uint64_t word = fan_atomic_load(&flight->word, FAN_ACQUIRE);
    (void)error;
    fan_atomic_store(&flight->word, word | UINT64_C(1) << 31, FAN_RELEASE);
    flight->error = ERANGE;
    return word & UINT64_C(1) << 30;
}

/* Takes no notice of when the other one writes. */
static bool return_without_order(struct fan_flight *flight, int error)
{
    (void)error;
    uint64_t word = fan_atomic_fetch_or(&flight->word, UINT64_C(1) << 31, FAN_RELAXED);
    flight->error = ERANGE;
    return word & UINT64_C(1) << 30;
}

START_TEST(a_start_that_returns_in_two_steps_is_found)
{
    meeting.returned = return_in_two_steps;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, meet), 0);
}
END_TEST

START_TEST(a_start_that_returns_without_an_order_is_found)
{
    meeting.returned = return_without_order;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, meet), 0);
}
END_TEST

static void complete_again(void *unused)
{
    (void)unused;
    fan_flight_completed(meeting.token, 0);
}

static void complete_twice(void *unused)
{
    struct fan_thread *other;
    (void)unused;
    memset(&meeting.flight, 0, sizeof meeting.flight);
    meeting.token = fan_flight_begin(&meeting.flight);
    sim_program_must(fan_thread_spawn(NULL, complete_again, NULL, &other) == 0);
    complete_again(NULL);
    fan_thread_join(other);
}

START_TEST(a_second_completion_panics_in_every_schedule)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, complete_twice);
        ck_assert(outcome == FAN_SIM_FAILED || outcome == FAN_SIM_ABANDONED);
        ck_assert_int_eq(sim_program_panic()->kind, FAN_PANIC_MISUSE);
    } while (fan_strategy_dpor.end(dpor, sim));
    ck_assert(fan_dpor_report(dpor).complete);
    fan_dpor_free(dpor);
}
END_TEST

/* For programs of one thread. */
static enum fan_sim_outcome run_once(sim_program *program)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    return sim_program_run(&strategy, program);
}

static void complete_an_earlier_turn(void *unused)
{
    (void)unused;
    memset(&meeting.flight, 0, sizeof meeting.flight);
    struct fan_token earlier = fan_flight_begin(&meeting.flight);
    fan_flight_begin(&meeting.flight);
    fan_flight_completed(earlier, 0);
}

static void complete_what_crashed(void *unused)
{
    (void)unused;
    memset(&meeting.flight, 0, sizeof meeting.flight);
    meeting.token = fan_flight_begin(&meeting.flight);
    fan_flight_crashed(&meeting.flight);
    sim_program_must(fan_flight_stage(&meeting.flight) == FAN_ON_GROUND);
    fan_flight_completed(meeting.token, 0);
}

START_TEST(a_token_that_is_void_is_not_to_be_completed)
{
    sim_program *program = _i ? complete_what_crashed : complete_an_earlier_turn;
    ck_assert_int_eq(run_once(program), FAN_SIM_FAILED);
    ck_assert_int_eq(sim_program_panic()->kind, FAN_PANIC_MISUSE);
}
END_TEST

/* ---- the inbox and its bell ---- */

enum { LANDING = 2 };

static struct {
    struct fan_inbox inbox;
    struct fan_flight flights[LANDING];
    int results[LANDING];
    bool (*arm)(struct fan_inbox *);
    struct fan_mutex mutex;
    struct fan_cond bell;
    unsigned bells, wakes; /* mutex */
} port;

static void land(void *which)
{
    size_t i = (size_t)(uintptr_t)which;
    FAN_WRITE(port.results[i]);
    port.results[i] = 1;
    if (fan_inbox_put(&port.inbox, &port.flights[i]) != FAN_LANDED_AND_RING)
        return;
    fan_mutex_lock(&port.mutex);
    port.bells--;
    port.wakes++;
    fan_cond_signal(&port.bell);
    fan_mutex_unlock(&port.mutex);
}

static unsigned take_all(void)
{
    bool disarmed;
    unsigned taken = 0;
    struct fan_flight *flight = fan_inbox_take(&port.inbox, &disarmed);
    port.bells -= disarmed;
    for (; flight; flight = flight->next) {
        FAN_READ(port.results[flight - port.flights]);
        sim_program_must(port.results[flight - port.flights] == 1);
        taken++;
    }
    return taken;
}

/* Takes until all have landed, asleep in between, and until nobody is about to ring. */
static void receive(void)
{
    unsigned taken = 0;
    fan_mutex_lock(&port.mutex);
    while ((taken += take_all()) < LANDING || port.bells > 0) {
        bool armed = taken < LANDING && port.arm(&port.inbox);
        port.bells += armed;
        if (armed || taken == LANDING)
            fan_cond_wait(&port.bell, &port.mutex);
    }
    sim_program_must(taken == LANDING && port.wakes <= LANDING);
    fan_mutex_unlock(&port.mutex);
}

static void land_and_receive(void *unused)
{
    struct fan_thread *others[LANDING];
    (void)unused;
    bool (*arm)(struct fan_inbox *) = port.arm;
    memset(&port, 0, sizeof port);
    port.arm = arm;
    for (size_t i = 0; i < LANDING; i++)
        sim_program_must(fan_thread_spawn(NULL, land, (void *)(uintptr_t)i, &others[i]) == 0);
    receive();
    for (size_t i = 0; i < LANDING; i++)
        fan_thread_join(others[i]);
    fan_cond_destroy(&port.bell);
    fan_mutex_destroy(&port.mutex);
}

START_TEST(what_lands_is_taken_and_nobody_sleeps_on_in_every_schedule)
{
    port.arm = fan_inbox_arm;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, land_and_receive), 0);
}
END_TEST

/* Arms without a look at what has landed meanwhile. */
static bool arm_blindly(struct fan_inbox *inbox)
{
    fan_atomic_store(&inbox->head, (uintptr_t)1, FAN_RELAXED);
    return true;
}

/* Goes to sleep without a bell. */
static bool forget_to_arm(struct fan_inbox *inbox)
{
    return fan_atomic_load(&inbox->head, FAN_RELAXED) == 0;
}

START_TEST(one_who_arms_the_bell_wrongly_is_found)
{
    port.arm = _i ? arm_blindly : forget_to_arm;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, land_and_receive), 0);
}
END_TEST

static void land_three_in_turn(void *unused)
{
    struct fan_inbox inbox = {0};
    struct fan_flight flights[3];
    bool disarmed;
    (void)unused;
    for (int i = 0; i < 3; i++)
        sim_program_must(fan_inbox_put(&inbox, &flights[i]) == FAN_LANDED);
    struct fan_flight *flight = fan_inbox_take(&inbox, &disarmed);
    for (int i = 0; i < 3; i++, flight = flight->next)
        sim_program_must(flight == &flights[i]);
    sim_program_must(!flight && !disarmed);
}

static void take_from_an_empty_one(void *unused)
{
    struct fan_inbox inbox = {0};
    struct fan_flight flight;
    bool disarmed;
    (void)unused;
    sim_program_must(fan_inbox_arm(&inbox));
    sim_program_must(!fan_inbox_take(&inbox, &disarmed) && disarmed);
    sim_program_must(fan_inbox_put(&inbox, &flight) == FAN_LANDED);
    sim_program_must(fan_inbox_close(&inbox, &disarmed) == &flight && !disarmed);
    sim_program_must(!fan_inbox_arm(&inbox));
    sim_program_must(fan_inbox_put(&inbox, &flight) == FAN_NOT_LANDED);
}

START_TEST(flights_are_taken_in_turn_and_who_takes_disarms_the_bell)
{
    sim_program *program = _i ? take_from_an_empty_one : land_three_in_turn;
    ck_assert_int_eq(run_once(program), FAN_SIM_FINISHED);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("flight");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, start_and_completion_finish_a_flight_once_in_every_schedule);
    tcase_add_test(cases, a_start_that_returns_in_two_steps_is_found);
    tcase_add_test(cases, a_start_that_returns_without_an_order_is_found);
    tcase_add_test(cases, a_second_completion_panics_in_every_schedule);
    tcase_add_test(cases, what_lands_is_taken_and_nobody_sleeps_on_in_every_schedule);
    tcase_add_loop_test(cases, a_token_that_is_void_is_not_to_be_completed, 0, 2);
    tcase_add_loop_test(cases, flights_are_taken_in_turn_and_who_takes_disarms_the_bell, 0, 2);
    tcase_add_loop_test(cases, one_who_arms_the_bell_wrongly_is_found, 0, 2);
    return suite_run("flight", cases);
}
