#include "lab/sim_minimise.h"

#include <stdlib.h>

#include "sim/minimise.h"
#include "sim/replay.h"
#include "sim/sanitizers.h"

/* Fewer where a sanitizer slows them, and hardly any where each fiber costs it milliseconds. */
enum { MOST_RUNS = FAN_UNDER_TSAN ? 40 : FAN_UNDER_ASAN ? 500 : 50000 };

struct meant {
    struct fan_explorer *explorer;
    const struct fan_failure *failure;
};

static bool fails_as_meant(void *argument, const struct fan_strategy *strategy)
{
    const struct meant *meant = argument;
    struct fan_failure failure;
    fan_explorer_run(meant->explorer, strategy);
    for (uint32_t i = 0; fan_explorer_failure(meant->explorer, i, &failure); i++)
        if (failure.kind == meant->failure->kind && failure.place == meant->failure->place)
            return true;
    return false;
}

/* It is run once more, as whoever replays it will. */
static bool confirm(struct meant *meant, const struct fan_schedule *schedule, uint64_t *hash)
{
    struct fan_replay replay = {.schedule = schedule};
    bool fails = fails_as_meant(meant, &(struct fan_strategy){&fan_strategy_replay, &replay});
    *hash = fan_sim_trace_hash(meant->explorer->sim);
    return fails && replay.used == schedule->count;
}

static void minimise(struct fan_explorer *explorer, struct fan_failure *failure,
                     struct fan_minimiser *minimiser)
{
    struct meant meant = {explorer, failure};
    *minimiser = (struct fan_minimiser){
        .sim = explorer->sim,
        .fails = fails_as_meant,
        .argument = &meant,
        .seed = explorer->order->numbers[FAN_ORDER_SEED],
        .most_runs = MOST_RUNS,
    };
    if (fan_minimise(minimiser, &failure->found, !failure->found.overflowed) != 0 ||
        !confirm(&meant, &minimiser->best, &failure->shortest_hash))
        return;
    fan_schedule_copy(&failure->shortest, &minimiser->best);
    __atomic_store_n(&failure->minimised, minimiser->certified ? 2 : 1, __ATOMIC_RELEASE);
}

void fan_explorer_minimise(struct fan_explorer *explorer)
{
    struct fan_minimiser *minimiser = malloc(sizeof *minimiser);
    for (uint32_t i = 0; minimiser && i < explorer->shared->failure_count; i++)
        minimise(explorer, &explorer->shared->failures[i], minimiser);
    free(minimiser);
}
