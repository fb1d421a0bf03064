#include "sim/minimise.h"

#include <errno.h>
#include <string.h>

#include "sim/random.h"
#include "sim/replay.h"

/* ---- trying ---------------------------------------------------------------------------------- */

static uint32_t count_preemptions(const struct fan_sim *sim)
{
    const struct fan_sim_event *events = fan_sim_events(sim);
    uint32_t preemptions = 0;
    for (size_t i = 1; i < fan_sim_event_count(sim); i++)
        preemptions += events[i].thread != events[i - 1].thread &&
                       (events[i].enabled >> events[i - 1].thread & 1);
    return preemptions;
}

static bool is_better(const struct fan_minimiser *minimiser, const struct fan_schedule *schedule,
                      uint32_t preemptions)
{
    if (schedule->overflowed)
        return false;
    if (!minimiser->has_best || schedule->count != minimiser->best.count)
        return !minimiser->has_best || schedule->count < minimiser->best.count;
    return preemptions < minimiser->preemptions;
}

static void keep_if_better(struct fan_minimiser *minimiser)
{
    const struct fan_schedule *taken = fan_sim_schedule(minimiser->sim);
    uint32_t preemptions = count_preemptions(minimiser->sim);
    if (!is_better(minimiser, taken, preemptions))
        return;
    minimiser->best = *taken;
    minimiser->preemptions = preemptions;
    minimiser->has_best = true;
}

static bool fails_under(struct fan_minimiser *minimiser, const struct fan_strategy *strategy)
{
    minimiser->runs++;
    if (!minimiser->fails(minimiser->argument, strategy))
        return false;
    keep_if_better(minimiser);
    return true;
}

static bool fails_with(struct fan_minimiser *minimiser, const struct fan_schedule *schedule)
{
    struct fan_replay replay = {.schedule = schedule, .lenient = true};
    return fails_under(minimiser, &(struct fan_strategy){&fan_strategy_replay, &replay});
}

/* ---- leaving out ----------------------------------------------------------------------------- */

static void copy_without(const struct fan_schedule *from, uint32_t first, uint32_t length,
                         struct fan_schedule *to)
{
    uint32_t rest = from->count - first - length;
    to->count = from->count - length;
    to->overflowed = false;
    memcpy(to->deviations, from->deviations, first * sizeof to->deviations[0]);
    memcpy(to->deviations + first, from->deviations + first + length,
           rest * sizeof to->deviations[0]);
}

/* What was taken instead may have deviations of its own, where a thread that was to go on could
 * not; so it counts only if it is shorter. */
static bool shrink_by(struct fan_minimiser *minimiser, uint32_t first, uint32_t length)
{
    struct fan_schedule *shrunk = &minimiser->shrunk;
    copy_without(shrunk, first, length, &minimiser->trial);
    if (!fails_with(minimiser, &minimiser->trial))
        return false;
    const struct fan_schedule *taken = fan_sim_schedule(minimiser->sim);
    if (taken->overflowed || taken->count >= shrunk->count)
        return false;
    *shrunk = *taken;
    return true;
}

static bool shrink_in_parts(struct fan_minimiser *minimiser, uint32_t length)
{
    bool shrunk = false;
    for (uint32_t first = 0; first < minimiser->shrunk.count;) {
        uint32_t left = minimiser->shrunk.count - first;
        if (shrink_by(minimiser, first, left < length ? left : length))
            shrunk = true;
        else
            first += length;
    }
    return shrunk;
}

/* From the schedule of the run that has just failed. */
static void shrink(struct fan_minimiser *minimiser)
{
    minimiser->shrunk = *fan_sim_schedule(minimiser->sim);
    if (minimiser->shrunk.overflowed)
        return;
    for (uint32_t length = minimiser->shrunk.count / 2; length > 1; length /= 2)
        shrink_in_parts(minimiser, length);
    while (shrink_in_parts(minimiser, 1))
        ;
}

/* ---- starts ---------------------------------------------------------------------------------- */

static void start_from_given(struct fan_minimiser *minimiser, const struct fan_schedule *failing,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fails_with(minimiser, &failing[i]))
            shrink(minimiser);
}

static void start_from_random_walks(struct fan_minimiser *minimiser)
{
    struct fan_random random = {.state = minimiser->seed};
    uint32_t starts = minimiser->starts ? minimiser->starts : FAN_MINIMISE_STARTS;
    for (uint32_t i = 0; i < starts; i++)
        if (fails_under(minimiser, &(struct fan_strategy){&fan_strategy_random, &random}))
            shrink(minimiser);
}

/* ---- the certificate ------------------------------------------------------------------------- */

static bool may_improve(const struct fan_minimiser *minimiser)
{
    return minimiser->delay.level < minimiser->best.count ||
           (minimiser->delay.level == minimiser->best.count && minimiser->preemptions > 0);
}

/* Goes on through the schedules that are just as long, for one with fewer preemptions. */
static void search_for_a_shorter_one(struct fan_minimiser *minimiser)
{
    struct fan_strategy strategy = {&fan_strategy_delay, &minimiser->delay};
    uint64_t left = minimiser->most_runs ? minimiser->most_runs : FAN_MINIMISE_RUNS;
    minimiser->delay = (struct fan_delay){.bound = minimiser->best.count};
    while (left-- > 0 && may_improve(minimiser)) {
        fails_under(minimiser, &strategy);
        if (!strategy.kind->end(strategy.state, minimiser->sim))
            break;
    }
    uint32_t length = minimiser->best.count;
    minimiser->certified = length == 0 || fan_delay_is_complete(&minimiser->delay, length - 1);
}

int fan_minimise(struct fan_minimiser *minimiser, const struct fan_schedule *failing, size_t count)
{
    start_from_given(minimiser, failing, count);
    start_from_random_walks(minimiser);
    if (!minimiser->has_best)
        return ENOENT;
    search_for_a_shorter_one(minimiser);
    return 0;
}
