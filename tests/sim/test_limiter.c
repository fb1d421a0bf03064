/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The adaptive limit in every schedule there is: no permit is lost or doubled while the limit falls
 * and callers come, go and give up. */
#define FAN_SIM
#include "flow/limiter.h"

#include <errno.h>
#include <stdlib.h>

#include "run/access.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { LIMIT = 2 };

struct shop {
    struct fan_limiter limiter;
    struct fan_ctx ctx;
    int inside;
};

static struct fan_sim *sim;
static int callers;
static bool one_gives_up, one_is_refused;

static void set_up(void)
{
    sim = sim_program_begin();
    callers = 2;
    one_gives_up = one_is_refused = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static void call(struct shop *shop, struct fan_ctx *ctx, enum fan_limiter_outcome outcome)
{
    int error = fan_limiter_acquire(&shop->limiter, ctx);
    sim_program_must(error == 0 || (ctx && error == ECANCELED));
    if (error)
        return;
    sim_program_must(fan_atomic_fetch_add(&shop->inside, 1, FAN_RELAXED) < LIMIT);
    fan_atomic_fetch_sub(&shop->inside, 1, FAN_RELAXED);
    fan_limiter_release(&shop->limiter, 0, outcome);
}

static void come(void *shop)
{
    call(shop, NULL, FAN_LIMITER_IGNORED);
}

static void come_and_be_refused(void *shop)
{
    call(shop, NULL, FAN_LIMITER_OVERLOADED);
}

static void come_and_give_up(void *argument)
{
    struct shop *shop = argument;
    call(shop, &shop->ctx, FAN_LIMITER_IGNORED);
}

static void spawn(void (*run)(void *), struct shop *shop, struct fan_thread **thread)
{
    sim_program_must(fan_thread_spawn(NULL, run, shop, thread) == 0);
}

static void visit(void *unused)
{
    (void)unused;
    struct shop *shop = calloc(1, sizeof *shop);
    struct fan_limiter_options options = {.rule.initial = LIMIT, .rule.ceiling = LIMIT};
    struct fan_thread *threads[4] = {0};
    int count = 0;
    sim_program_must(fan_limiter_init(&shop->limiter, &options) == 0);
    fan_ctx_init(&shop->ctx, NULL);
    while (count < callers)
        spawn(come, shop, &threads[count++]);
    if (one_is_refused)
        spawn(come_and_be_refused, shop, &threads[count++]);
    if (one_gives_up)
        spawn(come_and_give_up, shop, &threads[count++]);
    if (one_gives_up)
        fan_ctx_cancel(&shop->ctx, 0);
    for (int i = 0; i < count; i++)
        fan_thread_join(threads[i]);
    int limit = one_is_refused ? LIMIT - 1 : LIMIT;
    for (int i = 0; i < limit; i++)
        sim_program_must(fan_limiter_try_acquire(&shop->limiter) == 0);
    sim_program_must(fan_limiter_try_acquire(&shop->limiter) == EAGAIN);
    for (int i = 0; i < limit; i++)
        fan_limiter_release(&shop->limiter, 0, FAN_LIMITER_IGNORED);
    fan_ctx_destroy(&shop->ctx);
    fan_limiter_destroy(&shop->limiter);
    free(shop);
}

static void explore(void)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    do {
        sim_program_run(&strategy, visit);
        ck_assert_ptr_null(sim_program_notice());
    } while (fan_strategy_dpor.end(dpor, sim));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    ck_assert(report.complete);
    ck_assert_uint_gt(report.finished, 10);
    ck_assert_uint_eq(report.finished, report.classes);
    ck_assert_uint_eq(report.failed, 0);
    fan_dpor_free(dpor);
}

START_TEST(callers_come_and_go)
{
    callers = 3;
    explore();
}
END_TEST

START_TEST(the_limit_falls_meanwhile)
{
    one_is_refused = true;
    callers = _i;
    explore();
}
END_TEST

START_TEST(one_gives_up_meanwhile)
{
    one_gives_up = true;
    one_is_refused = _i;
    callers = 1 + !_i;
    explore();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("limiter");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, callers_come_and_go);
    tcase_add_loop_test(cases, the_limit_falls_meanwhile, 1, 3);
    tcase_add_loop_test(cases, one_gives_up_meanwhile, 0, 2);
    return suite_run("limiter", cases);
}
