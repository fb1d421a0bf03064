/* Runs a variant under the controlled scheduler: one schedule, published in the segment in the
 * state it ends in; or one schedule after the other, with what they find in the exploration. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/child.h"
#include "lab/sim_explorer.h"
#include "lab/sim_last_words.h"
#include "lab/sim_minimise.h"
#include "lab/sim_story.h"
#include "lab/sim_strategies.h"
#include "run/thread.h"
#include "sim/random.h"
#include "sim/replay.h"
#include "watch/publish.h"

static int map_exploration(const struct fan_order *order, struct fan_exploration **exploration)
{
    int flags = MAP_SHARED;
    int fd = (int)order->numbers[FAN_ORDER_EXPLORATION];
    if (!order->texts[FAN_ORDER_EXPLORATION]) {
        flags = MAP_PRIVATE | MAP_ANONYMOUS;
        fd = -1;
    }
    *exploration = mmap(NULL, sizeof **exploration, PROT_READ | PROT_WRITE, flags, fd, 0);
    return *exploration == MAP_FAILED ? errno : 0;
}

/* The default schedule's operations tell this program from one that has others. */
static void learn_build(struct fan_explorer *explorer)
{
    static const struct fan_schedule none;
    struct fan_replay replay = {.schedule = &none};
    fan_explorer_run(explorer, &(struct fan_strategy){&fan_strategy_replay, &replay});
    explorer->shared->build = fan_sim_trace_hash(explorer->sim);
}

static uint64_t walk_seed(const struct fan_order *order)
{
    return order->numbers[order->texts[FAN_ORDER_WALK] ? FAN_ORDER_WALK : FAN_ORDER_SEED];
}

/* The one schedule that is ordered: as given, or the first of the random walk. */
static int find_schedule(struct fan_explorer *explorer, struct fan_schedule *schedule)
{
    const char *given = explorer->order->texts[FAN_ORDER_SCHEDULE];
    if (given)
        return fan_schedule_parse(given, schedule);
    struct fan_random random = {.state = walk_seed(explorer->order)};
    fan_explorer_run(explorer, &(struct fan_strategy){&fan_strategy_random, &random});
    fan_schedule_copy(schedule, fan_sim_schedule(explorer->sim));
    return 0;
}

static int publish(const struct fan_order *order)
{
    int error = fan_watch_publish((int)order->numbers[FAN_ORDER_SEGMENT]);
    if (error)
        return error;
    fan_watch_expect(order->numbers[FAN_ORDER_ITEMS], order->numbers[FAN_ORDER_WORKERS]);
    fan_watch_contract(order->contract, true);
    return 0;
}

/* To learn how it ends. */
static void run_unseen(struct fan_explorer *explorer, struct fan_replay *replay)
{
    struct fan_exploration *shared = explorer->shared;
    fan_explorer_explore(explorer, &(struct fan_strategy){&fan_strategy_replay, replay}, 1);
    shared->trace_hash = fan_sim_trace_hash(explorer->sim);
    shared->used = replay->used;
    shared->diverged =
        explorer->outcome == FAN_SIM_DIVERGED || replay->used != replay->schedule->count;
    shared->ended = 1;
}

/* What the state that the run ends in does not show. */
static void note_end_of_steps(struct fan_explorer *explorer, const struct fan_sim_story *story)
{
    struct fan_exploration *shared = explorer->shared;
    bool over = story->chair->due == FAN_CHAIR_NOTHING;
    const struct fan_replay *replay = story->replay;
    shared->diverged =
        explorer->outcome == FAN_SIM_DIVERGED || (over && replay->used != replay->schedule->count);
    shared->used = replay->used;
    if (explorer->outcome == FAN_SIM_ENDLESS)
        shared->failure_count = fan_explorer_failure(explorer, 0, &shared->failures[0]);
}

/* For all to see. What is stuck then stays: until the parent has seen enough. */
static int run_seen(struct fan_explorer *explorer, struct fan_sim_story *story)
{
    fan_explorer_reset(explorer);
    int error = publish(explorer->order);
    if (error)
        return fan_order_broken("publish its telemetry", error);
    fan_sim_block_at_end(explorer->sim);
    fan_explorer_go(explorer, &(struct fan_strategy){&fan_strategy_story, story});
    if (story->chair)
        note_end_of_steps(explorer, story);
    explorer->shared->shown_hash = fan_sim_trace_hash(explorer->sim);
    __atomic_store_n(&explorer->shared->shown, 1, __ATOMIC_RELEASE);
    if (explorer->outcome != FAN_SIM_FINISHED)
        for (;;)
            pause();
    fan_watch_phase(FAN_PHASE_ENDED);
    fan_watch_freeze();
    return 0;
}

static int show_schedule(struct fan_explorer *explorer, const struct fan_schedule *schedule)
{
    struct fan_replay replay = {.schedule = schedule};
    struct fan_sim_story story = {.replay = &replay, .story = &explorer->shared->story};
    if (!explorer->order->numbers[FAN_ORDER_SHOWN])
        run_unseen(explorer, &replay);
    return run_seen(explorer, &story);
}

/* ---- only the first choices ---- */

/* How it ends if nobody deviates any more: that is what a replay line of these choices gives. */
static int learn_rest(struct fan_explorer *explorer, struct fan_sim_story *story)
{
    struct fan_schedule *chosen = malloc(sizeof *chosen);
    if (!chosen)
        return fan_order_broken("prepare the scheduler", ENOMEM);
    fan_explorer_run(explorer, &(struct fan_strategy){&fan_strategy_story, story});
    fan_schedule_copy(chosen, fan_sim_schedule(explorer->sim));
    struct fan_replay replay = {.schedule = chosen};
    fan_explorer_run(explorer, &(struct fan_strategy){&fan_strategy_replay, &replay});
    explorer->shared->trace_hash = fan_sim_trace_hash(explorer->sim);
    explorer->shared->story.count = 0;
    explorer->shared->ended = 1;
    free(chosen);
    return 0;
}

static int show_steps(struct fan_explorer *explorer, const struct fan_schedule *schedule)
{
    struct fan_exploration *shared = explorer->shared;
    struct fan_replay replay = {.schedule = schedule};
    struct fan_sim_story story = {.replay = &replay,
                                  .story = &shared->story,
                                  .chair = &shared->chair,
                                  .stop = (uint32_t)explorer->order->numbers[FAN_ORDER_STOP]};
    int error = explorer->order->numbers[FAN_ORDER_SHOWN] ? 0 : learn_rest(explorer, &story);
    return error ? error : run_seen(explorer, &story);
}

/* None if the search is this one's alone. */
static int map_frontier(const struct fan_order *order, struct fan_frontier **frontier)
{
    int fd = (int)order->numbers[FAN_ORDER_FRONTIER];
    struct stat file;
    if (!order->texts[FAN_ORDER_FRONTIER])
        return 0;
    if (fstat(fd, &file) != 0)
        return errno;
    void *at = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return errno;
    *frontier = at;
    return 0;
}

static int explore(struct fan_explorer *explorer)
{
    const struct fan_order *order = explorer->order;
    const struct fan_chosen_strategy *chosen =
        fan_strategies_find(order->texts[FAN_ORDER_STRATEGY]);
    struct fan_strategy strategy;
    if (!chosen)
        return FAN_CHILD_USAGE;
    struct fan_strategy_wish wish = {.seed = walk_seed(order),
                                     .bound = order->numbers[FAN_ORDER_BOUND],
                                     .schedules = order->numbers[FAN_ORDER_SCHEDULES],
                                     .place = (uint32_t)order->numbers[FAN_ORDER_PLACE],
                                     .places = (uint32_t)order->numbers[FAN_ORDER_PLACES]};
    int error = map_frontier(order, &wish.frontier);
    if (!error)
        error = chosen->choose(&wish, &strategy);
    if (error)
        return fan_order_broken("prepare the strategy", error);
    fan_explorer_explore(explorer, &strategy, order->numbers[FAN_ORDER_SCHEDULES]);
    if (chosen->conclude)
        chosen->conclude(&strategy, explorer->shared);
    fan_explorer_minimise(explorer);
    explorer->shared->ended = 1;
    return 0;
}

int fan_order_run(const struct fan_order *order, const struct fan_variant *variant)
{
    struct fan_exploration *exploration;
    struct fan_explorer explorer;
    int error = map_exploration(order, &exploration);
    if (!error)
        error = fan_sim_last_words_prepare(exploration);
    if (!error)
        error = fan_explorer_init(&explorer, order, variant, exploration);
    if (error)
        return fan_order_broken("prepare the scheduler", error);
    exploration->version = FAN_EXPLORATION_VERSION;
    if (!order->numbers[FAN_ORDER_SHOWN])
        learn_build(&explorer);
    if (order->numbers[FAN_ORDER_SCHEDULES])
        return explore(&explorer);
    struct fan_schedule *schedule = malloc(sizeof *schedule); /* static data would be put back */
    if (!schedule)
        return fan_order_broken("prepare the scheduler", ENOMEM);
    if (find_schedule(&explorer, schedule) != 0)
        return FAN_CHILD_USAGE;
    return order->texts[FAN_ORDER_STOP] ? show_steps(&explorer, schedule)
                                        : show_schedule(&explorer, schedule);
}
