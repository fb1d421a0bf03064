/* Which of a few tasks fail, in each way in which they can: what is handed over and counted does
 * not depend on where in a chunk failures stand. Nor does it where the sink leaves among them. */
#include <errno.h>
#include <string.h>

#include "flow/stream.h"
#include "run/thread.h"
#include "tests/support/suite.h"

enum { COUNT = 10, PATTERNS = 1 << COUNT, NEVER = COUNT, WAYS = 6 };

/* A call of which task i fails if bit i of `fails` is set; and what came of it, by task. */
struct call {
    unsigned fails;
    uint64_t given, taken, leaves_at;
    unsigned succeeded, failed, twice;
    bool disordered;
    struct fan_report report;
};

static struct call call;

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    (void)state, (void)ctx;
    if (call.given == COUNT)
        return ENODATA;
    memcpy(task, &call.given, sizeof call.given);
    call.given++;
    return 0;
}

static bool fails(uint64_t number)
{
    return call.fails >> number & 1;
}

static int triple(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)unused, (void)ctx;
    uint64_t number, value;
    memcpy(&number, task, sizeof number);
    value = 3 * number;
    memcpy(result, &value, sizeof value);
    return fails(number) ? -1 - (int)number : 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx;
    uint64_t value;
    unsigned bit = 1u << result->index;
    if (call.taken == call.leaves_at)
        return EPIPE;
    call.taken++;
    memcpy(&value, result->value, sizeof value);
    ASSERT_OFTEN(result->index < COUNT && value == 3 * result->index);
    ASSERT_OFTEN(result->error == (fails(result->index) ? -1 - (int)result->index : 0));
    call.twice |= (call.succeeded | call.failed) & bit;
    call.disordered |= (call.succeeded | call.failed) >> result->index != 0;
    *(result->error ? &call.failed : &call.succeeded) |= bit;
    return 0;
}

/* The policy, with failures for the sink or without, and the order. */
struct way {
    enum fan_policy policy;
    bool takes_failures, ordered;
};

static const struct way ways[WAYS] = {
    {FAN_COLLECT_ALL, false, false}, {FAN_COLLECT_ALL, false, true},
    {FAN_BEST_EFFORT, false, false}, {FAN_BEST_EFFORT, false, true},
    {FAN_BEST_EFFORT, true, false},  {FAN_BEST_EFFORT, true, true},
};

static bool are_told(const struct way *way)
{
    return way->takes_failures || way->policy == FAN_COLLECT_ALL;
}

static int run(const struct way *way, unsigned which_fail, uint64_t leaves_at)
{
    call = (struct call){.fails = which_fail, .leaves_at = leaves_at};
    return fan_out_stream(
        NULL, &(struct fan_source){.next = next},
        &(struct fan_work){
            .run = triple, .task_size = sizeof(uint64_t), .result_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = put, .takes_failures = way->takes_failures},
        &(struct fan_stream_options){.limit = 1, .policy = way->policy, .ordered = way->ordered},
        &call.report);
}

static unsigned number_of(unsigned set)
{
    return (unsigned)__builtin_popcount(set);
}

static void judge_whole(const struct way *way, int returned)
{
    unsigned all = PATTERNS - 1;
    int first = call.fails ? -1 - __builtin_ctz(call.fails) : 0;
    ASSERT_OFTEN(returned == (way->policy == FAN_COLLECT_ALL ? first : 0));
    ASSERT_OFTEN(call.succeeded == (all & ~call.fails));
    ASSERT_OFTEN(call.failed == (are_told(way) ? call.fails : 0));
    ASSERT_OFTEN(call.report.done == number_of(call.succeeded));
    ASSERT_OFTEN(call.report.failed == number_of(call.fails));
    ASSERT_OFTEN(call.report.submitted == COUNT && call.report.dropped == 0);
}

static void judge_any(const struct way *way)
{
    const struct fan_report *report = &call.report;
    ASSERT_OFTEN(call.twice == 0 && (!way->ordered || !call.disordered));
    ASSERT_OFTEN(report->error_count == report->failed);
    ASSERT_OFTEN(report->done + report->failed + report->cancelled + report->dropped ==
                 report->submitted);
}

START_TEST(whichever_fail_each_is_handed_over_and_counted_once)
{
    for (unsigned which = 0; which < PATTERNS; which++) {
        judge_whole(&ways[_i], run(&ways[_i], which, NEVER));
        judge_any(&ways[_i]);
        fan_report_free(&call.report);
    }
}
END_TEST

/* The sink leaves with the second one that it is offered, the fifth, or the eighth. */
START_TEST(a_sink_that_leaves_among_failures_has_had_what_is_done)
{
    for (unsigned which = 0; which < PATTERNS; which++) {
        int returned = run(&ways[_i], which, 1 + which % 3 * 3);
        if (returned != EPIPE)
            judge_whole(&ways[_i], returned);
        ASSERT_OFTEN(call.report.done == number_of(call.succeeded));
        ASSERT_OFTEN(call.report.failed >= number_of(call.failed));
        judge_any(&ways[_i]);
        fan_report_free(&call.report);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("failures");
    tcase_add_checked_fixture(cases, NULL, fan_thread_wait_all);
    tcase_add_loop_test(cases, whichever_fail_each_is_handed_over_and_counted_once, 0, WAYS);
    tcase_add_loop_test(cases, a_sink_that_leaves_among_failures_has_had_what_is_done, 0, WAYS);
    return suite_run("stream failures", cases);
}
