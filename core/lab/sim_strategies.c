/* A child explores once, so a strategy's state lives as long as the process. */
#include "lab/sim_strategies.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/delay.h"
#include "sim/dpor.h"
#include "sim/pct.h"
#include "sim/random.h"
#include "sim/surw.h"

/* The strategy has it from now on. */
static void *new_state(struct fan_strategy *strategy, const struct fan_strategy_kind *kind,
                       size_t size)
{
    *strategy = (struct fan_strategy){kind, calloc(1, size)};
    return strategy->state;
}

static int choose_random(const struct fan_strategy_wish *wish, struct fan_strategy *strategy)
{
    struct fan_random *random = new_state(strategy, &fan_strategy_random, sizeof *random);
    if (!random)
        return ENOMEM;
    random->state = wish->seed;
    return 0;
}

static int choose_pct(const struct fan_strategy_wish *wish, struct fan_strategy *strategy)
{
    struct fan_pct *pct = new_state(strategy, &fan_strategy_pct, sizeof *pct);
    if (!pct)
        return ENOMEM;
    pct->random.state = wish->seed;
    pct->depth = wish->bound < FAN_PCT_MOST_DEPTH ? (uint32_t)wish->bound : FAN_PCT_MOST_DEPTH;
    return 0;
}

static int choose_surw(const struct fan_strategy_wish *wish, struct fan_strategy *strategy)
{
    struct fan_surw *surw = new_state(strategy, &fan_strategy_surw, sizeof *surw);
    if (!surw)
        return ENOMEM;
    surw->random.state = wish->seed;
    return 0;
}

static int choose_delay(const struct fan_strategy_wish *wish, struct fan_strategy *strategy)
{
    struct fan_delay *delay = new_state(strategy, &fan_strategy_delay, sizeof *delay);
    if (!delay)
        return ENOMEM;
    delay->bound = wish->bound && wish->bound < FAN_DELAY_NO_BOUND ? (uint32_t)wish->bound
                                                                   : FAN_DELAY_NO_BOUND;
    delay->share = wish->place;
    delay->shares = wish->places;
    return 0;
}

/* It may have come to its bound, which is not all there is. */
static void conclude_delay(const struct fan_strategy *strategy, struct fan_exploration *exploration)
{
    exploration->complete = fan_delay_is_exhaustive(strategy->state);
}

/* With a bound it would prove nothing. */
static int choose_dpor(const struct fan_strategy_wish *wish, struct fan_strategy *strategy)
{
    struct fan_dpor *dpor = fan_dpor_new(&(struct fan_dpor_options){
        .frontier = wish->frontier, .place = wish->place, .runs = wish->schedules});
    if (!dpor)
        return ENOMEM;
    *strategy = (struct fan_strategy){&fan_strategy_dpor, dpor};
    return 0;
}

static void conclude_dpor(const struct fan_strategy *strategy, struct fan_exploration *exploration)
{
    exploration->complete = fan_dpor_report(strategy->state).complete;
    exploration->classes = fan_dpor_own_classes(strategy->state);
}

static const struct fan_chosen_strategy strategies[] = {
    {.name = "random", .choose = choose_random},
    {.name = "pct", .choose = choose_pct},
    {.name = "surw", .choose = choose_surw},
    {.name = "delay", .choose = choose_delay, .conclude = conclude_delay},
    {.name = "dpor", .choose = choose_dpor, .conclude = conclude_dpor},
};

const struct fan_chosen_strategy *fan_strategies_find(const char *name)
{
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++)
        if (strcmp(strategies[i].name, name) == 0)
            return &strategies[i];
    return NULL;
}
