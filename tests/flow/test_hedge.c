#include "flow/hedge.h"

#include <errno.h>
#include <string.h>

#include "base/panic.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { NEVER = 1000 }; /* seconds */

static struct fan_chan *hold;
static int runs, ended;
static struct fan_report report;
static long answer;

static void set_up(void)
{
    hold = fan_chan_new("hold", 1, 0);
    runs = ended = 0;
    answer = -1;
}

static void tear_down(void)
{
    fan_thread_wait_all();
    fan_report_free(&report);
    fan_chan_free(hold);
}

/* ---- attempts ---- */

static int leave(int error)
{
    fan_atomic_fetch_add(&ended, 1, FAN_RELAXED);
    return error;
}

static int succeed(void *value, struct fan_ctx *ctx, void *result)
{
    (void)ctx;
    fan_atomic_fetch_add(&runs, 1, FAN_RELAXED);
    memcpy(result, value, sizeof answer);
    return leave(0);
}

static int give_up(void *error, struct fan_ctx *ctx, void *result)
{
    (void)ctx;
    fan_atomic_fetch_add(&runs, 1, FAN_RELAXED);
    memset(result, 0xff, sizeof answer);
    return leave(*(int *)error);
}

static int wait_for_cancel(void *unused, struct fan_ctx *ctx, void *result)
{
    (void)unused;
    fan_atomic_fetch_add(&runs, 1, FAN_RELAXED);
    memset(result, 0xee, sizeof answer);
    return leave(fan_chan_recv(hold, NULL, ctx));
}

static int wait_for_close(void *unused, struct fan_ctx *ctx, void *result)
{
    (void)unused, (void)ctx;
    fan_atomic_fetch_add(&runs, 1, FAN_RELAXED);
    fan_chan_recv(hold, NULL, NULL);
    memset(result, 0xdd, sizeof answer);
    return leave(0);
}

static int panic(void *unused, struct fan_ctx *ctx, void *result)
{
    (void)unused, (void)ctx, (void)result;
    fan_panic("out of order");
}

static long first = 11, second = 22;
static int range = ERANGE, domain = EDOM;

static int first_success(const struct fan_hedge_attempt *attempts, size_t count,
                         const struct fan_hedge_options *options)
{
    return fan_hedge_first_success(NULL, attempts, count, sizeof answer, options, &answer, &report);
}

static int tiers(const struct fan_hedge_attempt *attempts, size_t count)
{
    return fan_hedge_tiers(NULL, attempts, count, sizeof answer, NULL, &answer, &report);
}

static void assert_accounted_for(uint64_t done, uint64_t failed, uint64_t dropped,
                                 uint64_t cancelled)
{
    ck_assert_uint_eq(report.done, done);
    ck_assert_uint_eq(report.failed, failed);
    ck_assert_uint_eq(report.dropped, dropped);
    ck_assert_uint_eq(report.cancelled, cancelled);
    ck_assert_uint_eq(report.submitted, done + failed + dropped + cancelled);
}

/* ---- first success ---- */

START_TEST(the_first_success_wins_and_the_others_are_cancelled_and_waited_for)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = wait_for_cancel}, {.run = succeed, .argument = &second}, {.run = wait_for_cancel}};
    ck_assert_int_eq(first_success(attempts, 3, NULL), 0);
    ck_assert_int_eq(answer, 22);
    ck_assert_int_eq(fan_atomic_load(&ended, FAN_RELAXED), 3);
    assert_accounted_for(1, 0, 2, 0);
}
END_TEST

START_TEST(a_failure_does_not_win)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = give_up, .argument = &range}, {.run = panic}, {.run = succeed, .argument = &first}};
    ck_assert_int_eq(first_success(attempts, 3, NULL), 0);
    ck_assert_int_eq(answer, 11);
    ck_assert_uint_eq(report.done, 1);
    ck_assert_uint_eq(report.failed + report.dropped, 2);
}
END_TEST

START_TEST(where_all_fail_each_failure_is_listed_and_the_first_returned)
{
    struct fan_hedge_attempt attempts[] = {{.run = give_up, .argument = &range},
                                           {.run = panic},
                                           {.run = give_up, .argument = &domain}};
    ck_assert_int_eq(first_success(attempts, 3, NULL), ERANGE);
    ck_assert_int_eq(answer, -1);
    assert_accounted_for(0, 3, 0, 0);
    ck_assert_uint_eq(report.error_count, 3);
    ck_assert_int_eq(report.errors[0].error, ERANGE);
    ck_assert_int_eq(report.errors[1].error, ENOTRECOVERABLE);
    ck_assert_str_eq(report.errors[1].panic->message, "out of order");
    ck_assert_int_eq(report.errors[2].error, EDOM);
}
END_TEST

/* ---- tiers ---- */

START_TEST(a_tier_is_not_begun_before_it_is_due)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = succeed, .argument = &first},
        {.run = succeed, .argument = &second, .delay_ns = NEVER * FAN_SECOND}};
    ck_assert_int_eq(tiers(attempts, 2), 0);
    ck_assert_int_eq(answer, 11);
    assert_accounted_for(1, 0, 0, 1);
}
END_TEST

START_TEST(a_tier_that_is_due_is_begun_and_may_win)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = wait_for_cancel},
        {.run = wait_for_cancel, .delay_ns = FAN_MILLISECOND},
        {.run = succeed, .argument = &second, .delay_ns = 2 * FAN_MILLISECOND},
        {.run = succeed, .argument = &first, .delay_ns = NEVER * FAN_SECOND}};
    ck_assert_int_eq(tiers(attempts, 4), 0);
    ck_assert_int_eq(answer, 22);
    assert_accounted_for(1, 0, 2, 1);
}
END_TEST

START_TEST(a_failure_brings_the_next_tier_forward)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = give_up, .argument = &range},
        {.run = succeed, .argument = &second, .delay_ns = NEVER * FAN_SECOND}};
    ck_assert_int_eq(tiers(attempts, 2), 0);
    ck_assert_int_eq(answer, 22);
    assert_accounted_for(1, 1, 0, 0);
}
END_TEST

/* ---- contexts and lingering ---- */

enum { CANCEL_NS = 50 * FAN_MILLISECOND };

/* Each way to race, where two attempts run; and tiers, where the second one's time has not come. */
static int race(int way, struct fan_ctx *ctx)
{
    struct fan_hedge_attempt attempts[] = {
        {.run = wait_for_cancel},
        {.run = wait_for_cancel, .delay_ns = way == 3 ? NEVER * FAN_SECOND : 0}};
    struct fan_hedger hedger;
    if (way == 1)
        return fan_hedge_first_success(ctx, attempts, 2, sizeof answer, NULL, &answer, &report);
    if (way != 2)
        return fan_hedge_tiers(ctx, attempts, 2, sizeof answer, NULL, &answer, &report);
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.delay_ns = 1, .extra_percent = 100});
    int error = fan_hedge(ctx, &hedger, attempts, sizeof answer, NULL, &answer, &report);
    fan_hedger_destroy(&hedger);
    return error;
}

struct canceller {
    struct fan_ctx ctx;
    int when_run;
    uint64_t cancelled_ns;
};

static void cancel_when_they_run(void *argument)
{
    struct canceller *canceller = argument;
    while (fan_atomic_load(&runs, FAN_RELAXED) < canceller->when_run)
        fan_sleep(FAN_MILLISECOND, NULL);
    canceller->cancelled_ns = fan_now_ns();
    fan_ctx_cancel(&canceller->ctx, 0);
}

/* Returns how long it took to end. */
static uint64_t race_and_cancel(int way)
{
    struct canceller canceller = {.when_run = way == 3 ? 1 : 2};
    struct fan_thread *thread;
    runs = ended = 0;
    fan_ctx_init(&canceller.ctx, NULL);
    ck_assert_int_eq(fan_thread_spawn(NULL, cancel_when_they_run, &canceller, &thread), 0);
    ck_assert_int_eq(race(way, &canceller.ctx), ECANCELED);
    uint64_t ended_ns = fan_now_ns();
    ck_assert_int_eq(fan_atomic_load(&ended, FAN_RELAXED), canceller.when_run);
    fan_thread_join(thread);
    fan_ctx_destroy(&canceller.ctx);
    return ended_ns - canceller.cancelled_ns;
}

/* The least of a few times, for a thread that the system does not let run ends no sooner. */
START_TEST(a_cancel_reaches_every_attempt)
{
    uint64_t least_ns = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t took_ns = race_and_cancel(_i);
        assert_accounted_for(0, 0, _i == 3 ? 1 : 2, _i == 3 ? 1 : 0);
        fan_report_free(&report);
        report = (struct fan_report){0};
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    ck_assert_uint_lt(least_ns, CANCEL_NS);
}
END_TEST

START_TEST(a_deadline_that_has_passed_begins_nothing_that_counts)
{
    struct fan_hedge_attempt attempt = {.run = wait_for_cancel};
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_now_ns()});
    ck_assert_int_eq(fan_hedge_tiers(&ctx, &attempt, 1, sizeof answer, NULL, &answer, NULL),
                     ETIMEDOUT);
    ck_assert_int_eq(answer, -1);
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_success_is_returned_while_another_runs_on)
{
    struct fan_hedge_attempt attempts[] = {{.run = succeed, .argument = &first},
                                           {.run = wait_for_close}};
    struct fan_hedge_options options = {.linger_ns = FAN_MILLISECOND};
    ck_assert_int_eq(first_success(attempts, 2, &options), 0);
    ck_assert_int_eq(answer, 11);
    assert_accounted_for(1, 0, 1, 0);
    ck_assert_int_eq(fan_atomic_load(&ended, FAN_RELAXED), 1);
    fan_chan_close(hold);
    fan_thread_wait_all();
    ck_assert_int_eq(answer, 11);
}
END_TEST

START_TEST(what_runs_on_without_a_result_is_told)
{
    struct fan_hedge_attempt attempt = {.run = wait_for_close};
    struct fan_hedge_options options = {.linger_ns = FAN_MILLISECOND};
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(1)});
    ck_assert_int_eq(fan_hedge_tiers(&ctx, &attempt, 1, sizeof answer, &options, &answer, &report),
                     EBUSY);
    fan_ctx_destroy(&ctx);
    assert_accounted_for(0, 0, 1, 0);
    fan_chan_close(hold);
}
END_TEST

/* ---- hedges ---- */

static struct fan_hedger hedger;

static int hedge(const struct fan_hedge_attempt *attempt)
{
    fan_report_free(&report);
    return fan_hedge(NULL, &hedger, attempt, sizeof answer, NULL, &answer, &report);
}

/* The first run waits, the next answers. */
static int wait_once(void *value, struct fan_ctx *ctx, void *result)
{
    if (fan_atomic_fetch_add(&runs, 1, FAN_RELAXED) == 0)
        return leave(fan_chan_recv(hold, NULL, ctx));
    memcpy(result, value, sizeof answer);
    return leave(0);
}

START_TEST(what_takes_longer_than_the_delay_is_sent_again)
{
    struct fan_hedger_options options = {.delay_ns = FAN_MILLISECOND, .extra_percent = 100};
    ck_assert_int_eq(fan_hedger_init(&hedger, &options), 0);
    ck_assert_int_eq(hedge(&(struct fan_hedge_attempt){.run = wait_once, .argument = &second}), 0);
    ck_assert_int_eq(answer, 22);
    assert_accounted_for(1, 0, 1, 0);
    fan_hedger_destroy(&hedger);
}
END_TEST

START_TEST(without_a_token_there_is_no_hedge)
{
    struct fan_hedger_options options = {.delay_ns = 1, .extra_percent = 1};
    struct fan_hedger_state state;
    ck_assert_int_eq(fan_hedger_init(&hedger, &options), 0);
    for (int i = 0; i < 99; i++)
        ck_assert_int_eq(hedge(&(struct fan_hedge_attempt){.run = give_up, .argument = &range}),
                         ERANGE);
    ck_assert_int_eq(fan_atomic_load(&runs, FAN_RELAXED), 99);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(hedge(&(struct fan_hedge_attempt){.run = give_up, .argument = &range}),
                         ERANGE);
    fan_hedger_look(&hedger, &state);
    ck_assert_uint_eq(state.hedges, 1);
    ck_assert_uint_eq(state.calls, 101);
    ck_assert_int_eq(fan_atomic_load(&runs, FAN_RELAXED), 102);
    fan_hedger_destroy(&hedger);
}
END_TEST

START_TEST(the_delay_is_the_percentile_of_what_was_seen)
{
    ck_assert_int_eq(fan_hedger_init(&hedger, NULL), 0);
    for (uint64_t i = 0; i < FAN_HEDGER_ENOUGH; i++) {
        ck_assert_uint_eq(fan_hedger_begin(&hedger), 0);
        fan_hedger_saw(&hedger, 1000 + i % 100);
    }
    ck_assert_uint_ge(fan_hedger_begin(&hedger), 1094 - 18);
    ck_assert_uint_le(fan_hedger_begin(&hedger), 1094 + 18);
    for (int i = 0; i < 100000; i++)
        fan_hedger_saw(&hedger, 5000);
    ck_assert_uint_ge(fan_hedger_begin(&hedger), 4900);
    fan_hedger_destroy(&hedger);
}
END_TEST

START_TEST(the_bucket_holds_no_more_than_a_burst)
{
    struct fan_hedger_options options = {.extra_percent = 50, .burst = 3};
    ck_assert_int_eq(fan_hedger_init(&hedger, &options), 0);
    for (int i = 0; i < 100; i++)
        fan_hedger_begin(&hedger);
    for (int i = 0; i < 3; i++)
        ck_assert(fan_hedger_spend(&hedger));
    ck_assert(!fan_hedger_spend(&hedger));
    fan_hedger_destroy(&hedger);
}
END_TEST

START_TEST(bad_input_is_refused)
{
    struct fan_hedge_attempt none = {0},
                             backwards[] = {{.run = succeed, .argument = &first, .delay_ns = 2},
                                            {.run = succeed, .argument = &first, .delay_ns = 1}};
    ck_assert_int_eq(fan_hedger_init(&hedger, NULL), 0);
    ck_assert_int_eq(hedge(&none), EINVAL);
    ck_assert_int_eq(hedge(NULL), EINVAL);
    ck_assert_int_eq(tiers(&none, 1), EINVAL);
    ck_assert_int_eq(tiers(NULL, 1), EINVAL);
    ck_assert_int_eq(tiers(backwards, 0), EINVAL);
    ck_assert_int_eq(tiers(backwards, 2), EINVAL);
    ck_assert_int_eq(first_success(NULL, 2, NULL), EINVAL);
    ck_assert_int_eq(first_success(backwards, 0, NULL), EINVAL);
    ck_assert_int_eq(fan_hedger_init(&hedger, &(struct fan_hedger_options){.percentile = 100}),
                     EINVAL);
    ck_assert_int_eq(fan_hedger_init(&hedger, &(struct fan_hedger_options){.burst = -1}), EINVAL);
}
END_TEST

START_TEST(an_attempt_without_a_thread_is_done_without)
{
    struct fan_hedge_attempt attempts[] = {{.run = wait_for_close},
                                           {.run = succeed, .argument = &second}};
    struct fan_hedge_options options = {.linger_ns = FAN_MILLISECOND};
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(1)});
    fan_thread_set_budget(1);
    ck_assert_int_eq(
        fan_hedge_first_success(&ctx, attempts, 2, sizeof answer, &options, &answer, &report),
        EBUSY);
    assert_accounted_for(0, 0, 1, 1);
    fan_ctx_destroy(&ctx);
    fan_chan_close(hold);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hedge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_first_success_wins_and_the_others_are_cancelled_and_waited_for);
    tcase_add_test(cases, a_failure_does_not_win);
    tcase_add_test(cases, where_all_fail_each_failure_is_listed_and_the_first_returned);
    tcase_add_test(cases, a_tier_is_not_begun_before_it_is_due);
    tcase_add_test(cases, a_tier_that_is_due_is_begun_and_may_win);
    tcase_add_test(cases, a_failure_brings_the_next_tier_forward);
    tcase_add_loop_test(cases, a_cancel_reaches_every_attempt, 0, 4);
    tcase_add_test(cases, a_deadline_that_has_passed_begins_nothing_that_counts);
    tcase_add_test(cases, a_success_is_returned_while_another_runs_on);
    tcase_add_test(cases, what_runs_on_without_a_result_is_told);
    tcase_add_test(cases, what_takes_longer_than_the_delay_is_sent_again);
    tcase_add_test(cases, without_a_token_there_is_no_hedge);
    tcase_add_test(cases, the_delay_is_the_percentile_of_what_was_seen);
    tcase_add_test(cases, the_bucket_holds_no_more_than_a_burst);
    tcase_add_test(cases, bad_input_is_refused);
    tcase_add_test(cases, an_attempt_without_a_thread_is_done_without);
    return suite_run("hedge", cases);
}
