#include "sim/replay.h"

#include <stddef.h>

#include "sim/sim.h"

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_replay *replay = state;
    (void)sim;
    replay->used = 0;
}

/* The deviation for a choice, NULL if the default holds there. */
static const struct fan_deviation *deviation_at(const struct fan_replay *replay, uint32_t thread,
                                                uint32_t op, uint32_t nth)
{
    for (uint32_t i = 0; i < replay->schedule->count; i++) {
        const struct fan_deviation *one = &replay->schedule->deviations[i];
        if (one->thread == thread && one->op == op && one->nth == nth)
            return one;
    }
    return NULL;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_replay *replay = state;
    uint32_t stopped = fan_sim_previous(sim);
    const struct fan_deviation *one =
        deviation_at(replay, stopped, fan_sim_thread_ops(sim, stopped), 0);
    if (one && enabled >> one->chosen & 1) {
        replay->used++;
        return one->chosen;
    }
    if (one && !replay->lenient)
        fan_sim_give_up(sim, FAN_SIM_DIVERGED);
    return fan_sim_default(sim, enabled);
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_replay *replay = state;
    uint32_t thread = fan_sim_current(sim);
    const struct fan_deviation *one = deviation_at(replay, thread, fan_sim_thread_ops(sim, thread),
                                                   fan_sim_choices_in_operation(sim));
    if (one && one->chosen < count) {
        replay->used++;
        return one->chosen;
    }
    if (one && !replay->lenient)
        fan_sim_give_up(sim, FAN_SIM_DIVERGED);
    return 0;
}

/* One run is all there is. */
static bool end(void *state, struct fan_sim *sim)
{
    (void)state;
    (void)sim;
    return false;
}

const struct fan_strategy_kind fan_strategy_replay = {
    .name = "replay",
    .summary = "one schedule, as given",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
