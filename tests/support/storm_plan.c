#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "tests/support/storm.h"

static bool one_in(struct fan_random *random, uint64_t count)
{
    return fan_random_below(random, count) == 0;
}

static uint64_t one_of(struct fan_random *random, const uint64_t *values, size_t count)
{
    return values[fan_random_below(random, count)];
}

#define ONE_OF(random, ...)                                                                        \
    one_of(random, (const uint64_t[]){__VA_ARGS__},                                                \
           sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t))

static void plan_options(struct storm_plan *plan, struct fan_random *random)
{
    struct fan_stream_options *options = &plan->options;
    options->name = "storm";
    options->policy = (enum fan_policy)fan_random_below(random, 3);
    options->ordered = one_in(random, 2);
    options->limit = (int)fan_random_below(random, 6);
    options->queue = (int64_t)ONE_OF(random, 0, 0, 1, 2, 5, 16, 64);
    options->window = (int64_t)ONE_OF(random, 0, 0, 1, 3, 16);
    options->task_timeout_ns = one_in(random, 5) ? 4 * STORM_SLEEP_NS : 0;
    options->needs_ns = one_in(random, 8) ? STORM_SLEEP_NS : 0;
    options->reserve_ns = one_in(random, 8) ? STORM_SLEEP_NS : 0;
    plan->async = one_in(random, 4);
    plan->budget = !plan->async && one_in(random, 8) ? 1 + fan_random_below(random, 4) : 0;
    plan->permits = one_in(random, 4) ? 1 + fan_random_below(random, 4) : 0;
}

static void plan_tasks(struct storm_plan *plan, struct fan_random *random, uint64_t most)
{
    uint64_t size = ONE_OF(random, 1, 2, 8, 32, STORM_TASKS);
    plan->tasks = fan_random_below(random, (size < most ? size : most) + 1);
    for (int kind = STORM_SLEEPS; kind < STORM_KINDS; kind++)
        if (one_in(random, 3))
            plan->shares[kind] = (uint32_t)ONE_OF(random, 5, 40, 200);
}

static void plan_helpers(struct storm_plan *plan, struct fan_random *random)
{
    plan->ceiling = one_in(random, 4) ? 1 + (int)fan_random_below(random, 4) : 0;
    plan->hedge_after_ns =
        one_in(random, 4) ? ONE_OF(random, 1, STORM_SLEEP_NS / 2, STORM_SLEEP_NS, 150000) : 0;
    if (plan->async)
        plan->hedge_after_ns = 0;
    plan->takes_failures = one_in(random, 3);
    plan->to_the_end = one_in(random, 2);
}

static uint64_t seldom_at(const struct storm_plan *plan, struct fan_random *random)
{
    return one_in(random, 6) ? fan_random_below(random, plan->tasks + 1) : UINT64_MAX;
}

static void plan_ends(struct storm_plan *plan, struct fan_random *random)
{
    plan->source_blocks = one_in(random, 4);
    plan->source_warns = plan->seed % 3 == 0;
    plan->source_fails_at = seldom_at(plan, random);
    plan->source_waits_at = seldom_at(plan, random);
    plan->sink_leaves_at = seldom_at(plan, random);
    plan->sink_waits_at = seldom_at(plan, random);
    plan->sink_sleeps_every = one_in(random, 4) ? 1 + fan_random_below(random, 20) : 0;
    plan->ends_ignore = one_in(random, 6);
}

/* Where something may wait for ever, something has to end it. */
static void plan_ending(struct storm_plan *plan, struct fan_random *random, uint64_t last_resort_ns)
{
    plan->ending = (enum storm_ending)fan_random_below(random, STORM_ENDINGS);
    plan->moment = fan_random_below(random, 4 * plan->tasks + 4);
    if (plan->ending == STORM_DEADLINE || plan->ending == STORM_PARENT_DEADLINE)
        plan->deadline_ns =
            (1 + fan_random_below(random, ONE_OF(random, 2, 8, 60))) * STORM_SLEEP_NS;
    else if (plan->ending != STORM_NOTHING)
        plan->deadline_ns = last_resort_ns;
    if (one_in(random, 4))
        plan->options.linger_ns = 1 + fan_random_below(random, STORM_IGNORE_NS / 2);
    if (plan->ending != STORM_NOTHING)
        return;
    plan->shares[STORM_WAITS] = 0;
    plan->source_waits_at = plan->sink_waits_at = UINT64_MAX;
}

void storm_plan(struct storm_plan *plan, uint64_t seed, uint64_t most_tasks,
                uint64_t last_resort_ns)
{
    struct fan_random random = {.state = seed * 1000003};
    *plan = (struct storm_plan){.seed = seed};
    plan_options(plan, &random);
    plan_tasks(plan, &random, most_tasks);
    plan_ends(plan, &random);
    plan_ending(plan, &random, last_resort_ns);
    plan_helpers(plan, &random);
}

const char *storm_tell(const struct storm_plan *plan)
{
    static char text[512];
    const struct fan_stream_options *options = &plan->options;
    snprintf(text, sizeof text,
             "seed %" PRIu64 ": %" PRIu64 "%s tasks, policy %d, %s, limit %d, queue %" PRId64
             ", window %" PRId64 ", timeout %" PRIu64 ", needs %" PRIu64 ", reserve %" PRIu64
             ", permits %" PRIu64 ", ceiling %d, hedge after %" PRIu64
             ", budget %zu, linger %" PRIu64 ", shares %u %u %u %u %u, source%s fails %" PRId64
             " waits %" PRId64 ", sink leaves %" PRId64 " waits %" PRId64 " sleeps %" PRIu64
             "%s%s%s"
             ", ending %d at %" PRIu64 ", deadline %" PRIu64,
             plan->seed, plan->tasks, plan->async ? " async" : "", (int)options->policy,
             options->ordered ? "ordered" : "any", options->limit, options->queue, options->window,
             options->task_timeout_ns, options->needs_ns, options->reserve_ns, plan->permits,
             plan->ceiling, plan->hedge_after_ns, plan->budget, options->linger_ns,
             plan->shares[STORM_SLEEPS], plan->shares[STORM_WAITS], plan->shares[STORM_FAILS],
             plan->shares[STORM_PANICS], plan->shares[STORM_IGNORES],
             plan->source_warns    ? " warns,"
             : plan->source_blocks ? " blocks,"
                                   : "",
             (int64_t)plan->source_fails_at, (int64_t)plan->source_waits_at,
             (int64_t)plan->sink_leaves_at, (int64_t)plan->sink_waits_at, plan->sink_sleeps_every,
             plan->takes_failures ? " takes failures" : "", plan->to_the_end ? " to the end" : "",
             plan->ends_ignore ? ", both ignoring" : "", (int)plan->ending, plan->moment,
             plan->deadline_ns);
    return text;
}

/* Some weigh nothing, and a few more than there is. */
uint64_t storm_weight(const struct storm_plan *plan, uint64_t index)
{
    return (index * 7919 + plan->seed) % 17 == 0 ? plan->permits + 1
                                                 : (index + plan->seed) % (plan->permits + 1);
}

enum storm_kind storm_kind(const struct storm_plan *plan, uint64_t index)
{
    struct fan_random random = {.state = plan->seed ^ index << 32};
    uint64_t dice = fan_random_below(&random, 1024);
    for (int kind = STORM_SLEEPS; kind < STORM_KINDS; kind++) {
        if (dice < plan->shares[kind])
            return (enum storm_kind)kind;
        dice -= plan->shares[kind];
    }
    return STORM_QUICK;
}
