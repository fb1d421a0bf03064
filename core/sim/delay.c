/* A depth-first search, once for each level, over the runs with at most `level` deviations. The
 * last point with an untried possibility is changed and what follows it forgotten. */
#include "sim/delay.h"

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_delay *delay = state;
    (void)sim;
    delay->reached = delay->deviations = 0;
    delay->count = delay->prefix;
}

/* The default at a choice beyond the prefix; the other options are for later runs. */
static uint32_t extend(struct fan_delay *delay, uint64_t options, uint32_t usual)
{
    if (delay->deviations == delay->level)
        return usual;
    if (delay->count == FAN_DELAY_POINTS) {
        delay->cut = true;
        return usual;
    }
    delay->points[delay->count++] = (struct fan_delay_point){
        .options = options, .untried = options & ~(UINT64_C(1) << usual), .chosen = (uint8_t)usual};
    return usual;
}

/* A choice that an earlier run made too. If there are other options now, what the program leaves
 * open is not all in its choices. */
static uint32_t repeat(struct fan_delay *delay, struct fan_sim *sim, uint64_t options,
                       uint32_t usual)
{
    const struct fan_delay_point *point = &delay->points[delay->reached++];
    if (point->options != options) {
        delay->cut = true;
        fan_sim_give_up(sim, FAN_SIM_DIVERGED);
        return usual;
    }
    delay->deviations += point->deviates;
    return point->chosen;
}

static uint32_t choose(struct fan_delay *delay, struct fan_sim *sim, uint64_t options,
                       uint32_t usual)
{
    return delay->reached < delay->prefix ? repeat(delay, sim, options, usual)
                                          : extend(delay, options, usual);
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    uint32_t usual = fan_sim_default(sim, enabled);
    if ((enabled & (enabled - 1)) == 0)
        return usual;
    return choose(state, sim, enabled, usual);
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_delay *delay = state;
    if (count > 64)
        delay->cut = true;
    return choose(delay, sim, count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1, 0);
}

/* Makes the next path, whoever is to run it. Returns false if there is none. */
static bool go_to_next_path(struct fan_delay *delay)
{
    while (delay->count > 0 && !delay->points[delay->count - 1].untried)
        delay->count--;
    delay->prefix = delay->count;
    if (delay->count == 0)
        return false;
    struct fan_delay_point *last = &delay->points[delay->count - 1];
    last->chosen = (uint8_t)__builtin_ctzll(last->untried);
    last->untried &= last->untried - 1;
    last->deviates = true;
    return true;
}

/* Whether the deviation at the end of the path is its first, and is not this one's to try. */
static bool is_of_another_share(struct fan_delay *delay)
{
    if (delay->shares < 2)
        return false;
    for (uint32_t i = 0; i + 1 < delay->count; i++)
        if (delay->points[i].deviates)
            return false;
    return delay->firsts++ % delay->shares != delay->share;
}

/* Makes the next path of this level. Returns false if there is none. */
static bool go_back(struct fan_delay *delay)
{
    bool more;
    do
        more = go_to_next_path(delay);
    while (more && is_of_another_share(delay));
    return more;
}

bool fan_delay_was_new(const struct fan_delay *delay)
{
    return delay->deviations == delay->level;
}

static bool end(void *state, struct fan_sim *sim)
{
    struct fan_delay *delay = state;
    (void)sim;
    delay->cut |= delay->reached < delay->prefix;
    delay->found_new |= fan_delay_was_new(delay);
    if (go_back(delay))
        return true;
    delay->exhausted = !delay->found_new;
    delay->found_new = false;
    delay->firsts = 0;
    return delay->level++ < delay->bound && !delay->exhausted;
}

bool fan_delay_is_complete(const struct fan_delay *delay, uint32_t deviations)
{
    return !delay->cut && (delay->level > deviations || delay->exhausted);
}

bool fan_delay_is_exhaustive(const struct fan_delay *delay)
{
    return !delay->cut && delay->exhausted;
}

const struct fan_strategy_kind fan_strategy_delay = {
    .name = "delay",
    .summary = "all schedules with 0, 1, 2 ... deviations from the default one",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
