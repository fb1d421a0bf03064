/* While its source has nothing to give, a call of fan_out_stream waits without a deadline, so that
 * a wait for ever can be proven; and it is there again when its crew needs a hand. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "flow/stream.h"
#include "run/atomic.h"
#include "sync/chan.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { QUICK = 50, STUCK = 6, ALL = QUICK + STUCK + 1 };

/* After the quick tasks come some that wait for the last one. */
static struct fan_chan *last_ran;
static uint64_t given, put_count;

static bool caller_waits_without_deadline(void)
{
    struct fan_probe_thread seen;
    return watch_thread("main", &seen) && seen.state == FAN_STATE_BLOCKED &&
           seen.op == FAN_OP_GROUP_WAIT && seen.deadline_ns == 0;
}

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    (void)state, (void)ctx;
    if (given == ALL)
        return ENODATA;
    while (given == QUICK && !caller_waits_without_deadline())
        sched_yield();
    memcpy(task, &given, sizeof given);
    given++;
    return 0;
}

static int run(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    uint64_t number;
    (void)argument, (void)result;
    memcpy(&number, task, sizeof number);
    if (number == ALL - 1)
        fan_chan_close(last_ran);
    else if (number >= QUICK)
        ck_assert_int_eq(fan_chan_recv(last_ran, NULL, ctx), EPIPE);
    return 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    put_count++;
    return 0;
}

START_TEST(a_call_rests_while_the_source_has_nothing_and_then_helps)
{
    struct fan_report report;
    watch_begin();
    last_ran = fan_chan_new("last ran", 1, 1);
    int error = fan_out_stream(
        NULL, &(struct fan_source){.next = next}, &(struct fan_work){.run = run, .task_size = 8},
        &(struct fan_sink){.put = put}, &(struct fan_stream_options){.limit = STUCK + 2}, &report);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(put_count, ALL);
    ck_assert_uint_gt(report.threads, 2);
    fan_report_free(&report);
    fan_chan_free(last_ran);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream rest");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_call_rests_while_the_source_has_nothing_and_then_helps);
    return suite_run("stream_rest", cases);
}
