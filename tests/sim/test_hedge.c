/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Attempts at one thing in every schedule there is: one result, whole; nothing left running; and in
 * virtual time, each begun when it is due. */
#define FAN_SIM
#include "flow/hedge.h"

#include <errno.h>
#include <stdlib.h>

#include "run/access.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sim/random.h"
#include "sync/timer.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

#define MS FAN_MILLISECOND

static struct fan_sim *sim;
static bool one_fails, cancelled;
static size_t count;

struct game {
    struct fan_ctx ctx;
    int under_way;
    uint64_t begun_ns[3];
    int takes_ms[3];
};

struct answer {
    uint64_t by, again;
};

struct player {
    struct game *game;
    uint64_t number;
};

static void set_up(void)
{
    sim = sim_program_begin();
    one_fails = cancelled = false;
    count = 2;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static int answer(void *argument, struct fan_ctx *ctx, void *result)
{
    struct player *player = argument;
    struct answer *mine = result;
    (void)ctx;
    fan_atomic_fetch_add(&player->game->under_way, 1, FAN_RELAXED);
    FAN_WRITE(mine->by);
    mine->by = player->number;
    FAN_WRITE(mine->again);
    mine->again = player->number;
    fan_atomic_fetch_sub(&player->game->under_way, 1, FAN_RELAXED);
    return one_fails && player->number == 0 ? ERANGE : 0;
}

static void cancel(void *ctx)
{
    fan_ctx_cancel(ctx, 0);
}

/* All at once; what they do takes no time. */
static void race(void *unused)
{
    (void)unused;
    struct game *game = calloc(1, sizeof *game);
    struct player players[3];
    struct fan_hedge_attempt attempts[3];
    struct answer result = {9, 9};
    struct fan_report report;
    struct fan_thread *canceller = NULL;
    for (uint64_t i = 0; i < 3; i++) {
        players[i] = (struct player){game, i};
        attempts[i] = (struct fan_hedge_attempt){answer, &players[i], 0};
    }
    fan_ctx_init(&game->ctx, NULL);
    if (cancelled)
        sim_program_must(fan_thread_spawn(NULL, cancel, &game->ctx, &canceller) == 0);
    int error =
        fan_hedge_first_success(&game->ctx, attempts, count, sizeof result, NULL, &result, &report);
    fan_thread_join(canceller);
    sim_program_must(error == 0 || (cancelled && error == ECANCELED));
    sim_program_must(result.by == result.again && (result.by == 9) == (error != 0));
    sim_program_must(!one_fails || result.by != 0);
    sim_program_must(fan_atomic_load(&game->under_way, FAN_RELAXED) == 0);
    sim_program_must(report.submitted == count && report.done == (error == 0));
    sim_program_must(report.done + report.failed + report.cancelled + report.dropped == count);
    fan_report_free(&report);
    fan_ctx_destroy(&game->ctx);
    free(game);
}

static void explore(sim_program *program)
{
    ck_assert_uint_eq(every_schedule_count_wrong(sim, program), 0);
}

START_TEST(one_result_whole_and_nothing_left)
{
    one_fails = _i;
    explore(race);
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    cancelled = true;
    count = 1;
    explore(race);
}
END_TEST

START_TEST(three_with_a_cancel_at_random)
{
    struct fan_random random = {.state = 5};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    cancelled = true;
    count = 3;
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(sim_program_run(&strategy, race), FAN_SIM_FINISHED);
        ck_assert_ptr_null(sim_program_notice());
    }
}
END_TEST

/* ---- in time ---- */

static int take_time(void *argument, struct fan_ctx *ctx, void *result)
{
    struct player *player = argument;
    struct game *game = player->game;
    game->begun_ns[player->number] = fan_now_ns();
    int error = fan_sleep((uint64_t)game->takes_ms[player->number] * MS, ctx);
    *(uint64_t *)result = player->number;
    return error;
}

static struct {
    int takes_ms[3];
    uint64_t by, ends_ms, begins_ms[3];
} expected;

/* Tiers at 0, 20 and 50 ms. */
static void three_tiers(void *unused)
{
    (void)unused;
    struct game *game = calloc(1, sizeof *game);
    struct player players[3];
    struct fan_hedge_attempt attempts[3];
    static const uint64_t delays_ms[3] = {0, 20, 50};
    uint64_t by = 9, began_ns = fan_now_ns();
    for (uint64_t i = 0; i < 3; i++) {
        players[i] = (struct player){game, i};
        attempts[i] = (struct fan_hedge_attempt){take_time, &players[i], delays_ms[i] * MS};
        game->takes_ms[i] = expected.takes_ms[i];
        game->begun_ns[i] = began_ns;
    }
    sim_program_must(fan_hedge_tiers(NULL, attempts, 3, sizeof by, NULL, &by, NULL) == 0);
    sim_program_must(by == expected.by);
    sim_program_must(fan_now_ns() - began_ns == expected.ends_ms * MS);
    for (int i = 0; i < 3; i++)
        sim_program_must(game->begun_ns[i] - began_ns == expected.begins_ms[i] * MS);
    free(game);
}

static void hunt(sim_program *program)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(sim_program_run(&strategy, program), FAN_SIM_FINISHED);
        ck_assert_ptr_null(sim_program_notice());
    }
}

START_TEST(a_quick_first_tier_is_the_only_one)
{
    expected.takes_ms[0] = 10;
    expected.ends_ms = 10;
    hunt(three_tiers);
}
END_TEST

START_TEST(a_second_tier_may_overtake_the_first)
{
    expected.takes_ms[0] = 100;
    expected.takes_ms[1] = 5;
    expected.by = 1;
    expected.ends_ms = 25;
    expected.begins_ms[1] = 20;
    hunt(three_tiers);
}
END_TEST

START_TEST(a_slow_first_tier_may_win_all_the_same)
{
    expected.takes_ms[0] = 60;
    expected.takes_ms[1] = expected.takes_ms[2] = 100;
    expected.ends_ms = 60;
    expected.begins_ms[1] = 20;
    expected.begins_ms[2] = 50;
    hunt(three_tiers);
}
END_TEST

/* Every other call's first attempt takes a second. */
static int slow_at_first(void *calls, struct fan_ctx *ctx, void *result)
{
    int call = (*(int *)calls)++;
    *(int *)result = call;
    return fan_sleep(call % 4 == 2 ? FAN_SECOND : 5 * MS, ctx);
}

/* All calls take 5 ms, as far as the hedger knows. */
static void hedge_the_slow_ones(void *unused)
{
    (void)unused;
    struct fan_hedger *hedger = calloc(1, sizeof *hedger);
    int calls = 0, by;
    struct fan_hedge_attempt attempt = {slow_at_first, &calls, 0};
    sim_program_must(fan_hedger_init(hedger, NULL) == 0);
    for (int i = 0; i < FAN_HEDGER_ENOUGH; i++) {
        fan_hedger_begin(hedger);
        fan_hedger_saw(hedger, 5 * MS + 1);
    }
    for (int i = 0; i < 9; i++) {
        uint64_t began_ns = fan_now_ns();
        sim_program_must(fan_hedge(NULL, hedger, &attempt, sizeof by, NULL, &by, NULL) == 0);
        sim_program_must(by == calls - 1 && by % 4 != 2);
        uint64_t took_ns = fan_now_ns() - began_ns;
        sim_program_must(by % 4 == 3 ? took_ns > 10 * MS && took_ns < 11 * MS : took_ns == 5 * MS);
    }
    sim_program_must(calls == 12);
    fan_hedger_destroy(hedger);
    free(hedger);
}

START_TEST(a_call_slower_than_most_is_hedged)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    ck_assert_int_eq(sim_program_run(&strategy, hedge_the_slow_ones), FAN_SIM_FINISHED);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hedge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, one_result_whole_and_nothing_left, 0, 2);
    tcase_add_test(cases, a_cancel_may_come_at_any_moment);
    tcase_add_test(cases, three_with_a_cancel_at_random);
    tcase_add_test(cases, a_quick_first_tier_is_the_only_one);
    tcase_add_test(cases, a_second_tier_may_overtake_the_first);
    tcase_add_test(cases, a_slow_first_tier_may_win_all_the_same);
    tcase_add_test(cases, a_call_slower_than_most_is_hedged);
    return suite_run("hedge", cases);
}
