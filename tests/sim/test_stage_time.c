/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What stages do by the clock, to the nanosecond, for time is virtual: windows, throttle,
 * measuring. */
#define FAN_SIM
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/sim_backend.h"
#include "run/thread.h"
#include "run/time.h"
#include "sim/dpor.h"
#include "sim/random.h"
#include "stage/map.h"
#include "stage/measure.h"
#include "stage/source.h"
#include "stage/throttle.h"
#include "stage/window.h"
#include "sync/timer.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { MS = 1000000, ELEMENTS = 5 };

static struct fan_sim *sim;

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* In every schedule. */
static void must_hold(sim_program *program)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, program);
        ck_assert(outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_ABANDONED);
        ck_assert_ptr_null(sim_program_notice());
    } while (fan_strategy_dpor.end(dpor, sim));
    ck_assert(fan_dpor_report(dpor).complete);
    fan_dpor_free(dpor);
}

/* Elements that come at these times. */
struct timetable {
    const uint64_t *at_ms;
    size_t count, next;
    uint64_t began_ns;
};

static int come_in_time(void *state, struct fan_ctx *ctx, void *element)
{
    struct timetable *table = state;
    if (table->next == table->count)
        return ENODATA;
    uint64_t number = table->next++;
    uint64_t due_ns = table->began_ns + table->at_ms[number] * MS, now_ns = fan_now_ns();
    memcpy(element, &number, sizeof number);
    return due_ns > now_ns ? fan_sleep(due_ns - now_ns, ctx) : 0;
}

struct batch {
    size_t count;
    uint64_t numbers[3];
};

static uint64_t ms_since(uint64_t began_ns)
{
    return (fan_now_ns() - began_ns) / MS;
}

/* Windows of at most 3 elements or 10 ms: two full ones; one whose time is over; the rest. */
static void gather(void *unused)
{
    static const uint64_t at_ms[] = {0, 1, 2, 4, 9, 30, 31, 45};
    static const struct {
        size_t count, ms;
    } expected[] = {{3, 2}, {2, 14}, {2, 40}, {1, 45}};
    struct fan_group group;
    struct timetable table = {.at_ms = at_ms, .count = 8, .began_ns = fan_now_ns()};
    struct fan_chan *in = fan_chan_new("in", sizeof(uint64_t), 0);
    struct fan_chan *out = fan_chan_new("out", sizeof(struct batch), 0);
    (void)unused;
    fan_group_init(&group, &(struct fan_group_options){.name = "window"});
    fan_window_go(&group, in, out, &(struct fan_window_options){.count = 3, .time_ns = 10 * MS});
    fan_source_go(&group, &(struct fan_source){.next = come_in_time, .state = &table}, in);
    struct batch batch;
    for (size_t i = 0, first = 0; i < 4; first += expected[i++].count) {
        sim_program_must(fan_chan_recv(out, &batch, NULL) == 0);
        sim_program_must(batch.count == expected[i].count && batch.numbers[0] == first);
        sim_program_must(ms_since(table.began_ns) == expected[i].ms);
    }
    sim_program_must(fan_chan_recv(out, NULL, NULL) == EPIPE);
    sim_program_must(fan_group_wait(&group) == 0);
    fan_group_destroy(&group);
    fan_chan_free(in);
    fan_chan_free(out);
}

START_TEST(a_window_ends_when_its_time_is_over)
{
    must_hold(gather);
}
END_TEST

static struct fan_chan *filled(void)
{
    struct fan_chan *chan = fan_chan_new("in", sizeof(uint64_t), ELEMENTS);
    for (uint64_t i = 0; i < ELEMENTS; i++)
        fan_chan_send(chan, &i, NULL);
    fan_chan_close(chan);
    return chan;
}

/* 100 a second, 2 at once. */
static void throttle(void *unused)
{
    struct fan_group group;
    struct fan_rate rate;
    struct fan_chan *in = filled(), *out = fan_chan_new("out", sizeof(uint64_t), 0);
    (void)unused;
    fan_rate_init(&rate, &(struct fan_rate_options){.count = 100, .burst = 2});
    fan_group_init(&group, &(struct fan_group_options){.name = "throttle"});
    uint64_t began_ns = fan_now_ns(), number;
    fan_throttle_go(&group, in, out, &rate);
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        sim_program_must(fan_chan_recv(out, &number, NULL) == 0 && number == i);
        sim_program_must(ms_since(began_ns) == (i < 2 ? 0 : 10 * (i - 1)));
    }
    sim_program_must(fan_group_wait(&group) == 0);
    fan_group_destroy(&group);
    fan_rate_destroy(&rate);
    fan_chan_free(in);
    fan_chan_free(out);
}

START_TEST(a_throttle_keeps_to_its_rate)
{
    must_hold(throttle);
}
END_TEST

static int take_time(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    uint64_t number;
    (void)argument;
    memcpy(&number, element, sizeof number);
    memcpy(result, &number, sizeof number);
    return fan_sleep((number + 1) * MS, ctx);
}

/* Element i takes i + 1 ms, one after the other; they come to the first point at once, but for that
 * it waits while the worker has not taken the one before. */
static void measure(void *unused)
{
    struct fan_group group;
    struct fan_measure *before = calloc(1, sizeof *before), *after = calloc(1, sizeof *after);
    struct fan_chan *chans[] = {filled(), fan_chan_new("a", 8, ELEMENTS), fan_chan_new("b", 8, 0),
                                fan_chan_new("c", 8, ELEMENTS)};
    (void)unused;
    after->since = before;
    fan_group_init(&group, &(struct fan_group_options){.name = "measure"});
    struct fan_map_options options = {.run = take_time, .workers = 1};
    struct fan_measure_view earlier = fan_measure_look(after);
    fan_measure_go(&group, chans[0], chans[1], before);
    fan_map_go(&group, chans[1], chans[2], &options);
    fan_measure_go(&group, chans[2], chans[3], after);
    sim_program_must(fan_group_wait(&group) == 0);
    struct fan_measure_view later = fan_measure_look(after);
    sim_program_must(later.passed == ELEMENTS && after->unmatched == 0);
    sim_program_must(fan_histogram_min(&after->latency_ns) == 1 * MS);
    sim_program_must(fan_histogram_max(&after->latency_ns) == 15 * MS); /* 1 + 2 + 3 + 4 + 5 */
    sim_program_must(fan_histogram_min(&after->gap_ns) == 2 * MS);
    sim_program_must(fan_histogram_max(&after->gap_ns) == 5 * MS);
    sim_program_must(fan_histogram_max(&before->blocked_ns) == 0);
    double rate = fan_measure_rate(&earlier, &later);
    sim_program_must(rate > 333.3 && rate < 333.4); /* 5 in 15 ms */
    fan_group_destroy(&group);
    for (int i = 0; i < 4; i++)
        fan_chan_free(chans[i]);
    free(before);
    free(after);
}

START_TEST(two_points_measure_what_is_between_them)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(sim_program_run(&strategy, measure), FAN_SIM_FINISHED);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stage time");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_window_ends_when_its_time_is_over);
    tcase_add_test(cases, a_throttle_keeps_to_its_rate);
    tcase_add_test(cases, two_points_measure_what_is_between_them);
    return suite_run("stage time", cases);
}
