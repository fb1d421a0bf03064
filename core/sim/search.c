/* A point that is not shared is this worker's alone, and what follows from a turn is done to it
 * after the turn was committed, or once more when the next run begins: so a death in between loses
 * nothing. Shared points come first on a path, private ones after them. */
#include "sim/search.h"

#include <string.h>

_Static_assert(FAN_FRONTIER_OUTCOMES == FAN_SIM_DIVERGED + 1, "a count for each outcome");

static uint64_t bit(uint32_t option)
{
    return UINT64_C(1) << option;
}

static struct fan_frontier_place *mine(const struct fan_search *search)
{
    return &search->frontier->place[search->place];
}

static struct fan_frontier_point *point_of(struct fan_frontier *frontier,
                                           struct fan_frontier_step *step)
{
    return step->shared ? &fan_frontier_shared(frontier)[step->shared - 1].point : &step->own;
}

struct fan_frontier_point *fan_search_point(const struct fan_search *search, uint32_t step)
{
    return point_of(search->frontier, &search->steps[step]);
}

static void set_stage(const struct fan_search *search, enum fan_frontier_stage stage)
{
    __atomic_store_n(&mine(search)->stage, stage, __ATOMIC_SEQ_CST);
}

static bool epoch_is_over(const struct fan_search *search)
{
    return search->epoch != __atomic_load_n(&search->frontier->epoch, __ATOMIC_ACQUIRE);
}

static void lock(const struct fan_search *search)
{
    fan_frontier_lock(search->frontier, search->place);
}

static void unlock(const struct fan_search *search)
{
    fan_frontier_unlock(search->frontier);
}

/* ---- coming and going ---- */

void fan_search_join(struct fan_search *search, struct fan_frontier *frontier, uint32_t place)
{
    *search = (struct fan_search){
        .frontier = frontier,
        .place = place,
        .steps = fan_frontier_steps(frontier, place),
        .values = fan_frontier_values(frontier, place),
        .elsewhere = true,
    };
    fan_frontier_inherit(frontier, place);
    set_stage(search, FAN_FRONTIER_IDLE);
}

static void be_hungry(const struct fan_search *search, bool hungry)
{
    if (hungry)
        search->frontier->hungry |= (uint32_t)bit(search->place);
    else
        search->frontier->hungry &= ~(uint32_t)bit(search->place);
}

void fan_search_leave(struct fan_search *search)
{
    lock(search);
    be_hungry(search, false);
    unlock(search);
    set_stage(search, FAN_FRONTIER_IDLE);
}

void fan_search_stop(struct fan_search *search)
{
    __atomic_store_n(&search->frontier->stopped, 1, __ATOMIC_RELEASE);
}

/* ---- is there anything to do ---- */

static bool any_busy(const struct fan_frontier *frontier)
{
    for (uint32_t i = 0; i < frontier->places; i++)
        if (fan_frontier_is_busy(frontier, i))
            return true;
    return false;
}

static bool has_begun(const struct fan_frontier *frontier)
{
    for (uint32_t i = 0; i < frontier->places; i++)
        if (fan_frontier_turn(frontier, i)->epoch == frontier->epoch)
            return true;
    return false;
}

static bool another_may_give_back(const struct fan_search *search)
{
    for (uint32_t i = 0; i < search->frontier->places; i++)
        if (i != search->place && __atomic_load_n(&search->frontier->place[i].stage,
                                                  __ATOMIC_SEQ_CST) != FAN_FRONTIER_IDLE)
            return true;
    return false;
}

/* A run that is abandoned gives its ticket back: so who sees none left is told to wait while others
 * are at it. They are seen to be before they take theirs. */
static enum fan_strategy_next take_ticket(struct fan_search *search)
{
    int64_t *tickets = &search->frontier->tickets;
    set_stage(search, FAN_FRONTIER_STARTING);
    if (__atomic_fetch_sub(tickets, 1, __ATOMIC_SEQ_CST) > 0)
        return FAN_STRATEGY_RUN;
    __atomic_fetch_add(tickets, 1, __ATOMIC_SEQ_CST);
    set_stage(search, FAN_FRONTIER_IDLE);
    if (another_may_give_back(search))
        return FAN_STRATEGY_WAIT;
    fan_search_stop(search);
    return FAN_STRATEGY_OVER;
}

/* The whole tree, to begin with. */
static void take_root(struct fan_search *search)
{
    struct fan_frontier_turn turn = {.epoch = search->frontier->epoch, .busy = true};
    fan_frontier_commit(search->frontier, search->place, &turn);
    search->elsewhere = true;
}

/* Under the lock nobody gives anything away, so who is seen idle stays so. */
static enum fan_strategy_next look_for_work(struct fan_search *search)
{
    enum fan_strategy_next next = FAN_STRATEGY_WAIT;
    lock(search);
    if (fan_frontier_is_busy(search->frontier, search->place))
        ;
    else if (!has_begun(search->frontier))
        take_root(search);
    else if (any_busy(search->frontier))
        be_hungry(search, true);
    else
        next = FAN_STRATEGY_OVER;
    unlock(search);
    return next;
}

enum fan_strategy_next fan_search_next(struct fan_search *search)
{
    struct fan_frontier *frontier = search->frontier;
    if (__atomic_load_n(&frontier->stopped, __ATOMIC_ACQUIRE))
        return FAN_STRATEGY_OVER;
    if (mine(search)->stage == FAN_FRONTIER_STARTING)
        return FAN_STRATEGY_RUN;
    if (fan_frontier_is_busy(frontier, search->place))
        return take_ticket(search);
    bool asked = __atomic_load_n(&frontier->hungry, __ATOMIC_RELAXED) & bit(search->place);
    if (asked && any_busy(frontier))
        return FAN_STRATEGY_WAIT;
    return look_for_work(search);
}

/* ---- a run ---- */

/* What the turn says of the last step. */
static void apply(const struct fan_search *search, const struct fan_frontier_turn *turn)
{
    const struct fan_frontier_choice *last = &turn->last;
    if (turn->depth == 0)
        return;
    struct fan_frontier_step *step = &search->steps[turn->depth - 1];
    step->chosen = last->chosen;
    step->before = last->before;
    step->value_count = last->value_count;
    step->owns_values = true;
    if (last->value_count)
        search->values[step->first_value + last->value_count - 1].chosen = last->last_value;
    if (!step->shared)
        step->own.claimed |= bit(last->chosen);
}

void fan_search_begin(struct fan_search *search)
{
    const struct fan_frontier_turn *turn = fan_frontier_turn(search->frontier, search->place);
    uint32_t fatal = mine(search)->fatal;
    if (search->epoch != turn->epoch)
        search->elsewhere = true;
    search->epoch = turn->epoch;
    search->buries = fatal > 0 && fatal >= turn->depth && fatal <= search->frontier->limit;
    search->depth = search->buries ? fatal : turn->depth;
    if (!search->buries)
        apply(search, turn);
    fan_search_passed(search, 0);
    set_stage(search, FAN_FRONTIER_RUNNING);
}

void fan_search_passed(struct fan_search *search, uint32_t steps)
{
    __atomic_store_n(&mine(search)->passed, steps, __ATOMIC_RELAXED);
}

void fan_search_open(struct fan_search *search, uint32_t step, uint64_t options)
{
    struct fan_frontier_step *opened = &search->steps[step];
    *opened = (struct fan_frontier_step){.own = {.options = options}, .owns_values = true};
    if (step == 0)
        return;
    opened->own.asleep = opened[-1].asleep_after;
    opened->first_value = opened[-1].first_value + opened[-1].value_count;
}

void fan_search_choose(struct fan_search *search, uint32_t step, uint32_t chosen)
{
    struct fan_frontier_step *opened = &search->steps[step];
    opened->chosen = chosen;
    opened->before = opened->own.asleep;
    opened->own.to_try |= bit(chosen);
    opened->own.claimed = bit(chosen);
}

void fan_search_want(struct fan_search *search, uint32_t step, uint64_t options)
{
    __atomic_fetch_or(&fan_search_point(search, step)->to_try, options, __ATOMIC_RELAXED);
}

/* ---- what is next ---- */

static uint64_t left_at(const struct fan_frontier_point *point)
{
    return __atomic_load_n(&point->to_try, __ATOMIC_RELAXED) & point->options & ~point->asleep &
           ~point->claimed;
}

static struct fan_frontier_choice first_of(const struct fan_frontier_point *point, uint64_t left)
{
    return (struct fan_frontier_choice){.chosen = (uint32_t)__builtin_ctzll(left),
                                        .before = point->asleep | point->claimed};
}

/* The other values of the step, the last ones first. */
static bool has_another_value(const struct fan_search *search, const struct fan_frontier_step *step,
                              struct fan_frontier_choice *choice)
{
    if (!step->owns_values)
        return false;
    for (uint32_t count = step->value_count; count > 0; count--) {
        const struct fan_frontier_value *value = &search->values[step->first_value + count - 1];
        if (value->chosen + 1 >= value->count)
            continue;
        *choice = (struct fan_frontier_choice){.chosen = step->chosen,
                                               .before = step->before,
                                               .value_count = count,
                                               .last_value = value->chosen + 1};
        return true;
    }
    return false;
}

static bool has_another(const struct fan_search *search, struct fan_frontier_step *step,
                        struct fan_frontier_choice *choice)
{
    const struct fan_frontier_point *point = point_of(search->frontier, step);
    if (has_another_value(search, step, choice))
        return true;
    uint64_t left = left_at(point);
    if (left)
        *choice = first_of(point, left);
    return left != 0;
}

/* The deepest step of so many that can go on in another way becomes the last of the path. */
static void find_deepest(const struct fan_search *search, uint32_t from, uint32_t down_to,
                         struct fan_frontier_turn *turn)
{
    uint32_t at = from;
    while (at > down_to && !has_another(search, &search->steps[at - 1], &turn->last))
        at--;
    turn->depth = at;
    turn->busy = at > down_to;
}

static uint32_t shared_steps(const struct fan_search *search, uint32_t passed)
{
    uint32_t count = 0;
    while (count < passed && search->steps[count].shared)
        count++;
    return count;
}

/* Among those that are shared, which it leaves as it goes up. */
static void go_up_among_shared(struct fan_search *search, uint32_t shared,
                               struct fan_frontier_turn *turn)
{
    lock(search);
    if (epoch_is_over(search)) {
        unlock(search);
        return;
    }
    find_deepest(search, shared, 0, turn);
    fan_frontier_commit(search->frontier, search->place, turn);
    if (turn->busy)
        fan_search_point(search, turn->depth - 1)->claimed |= bit(turn->last.chosen);
    for (uint32_t i = turn->depth; i < shared; i++)
        fan_frontier_leave_shared(search->frontier, search->steps[i].shared);
    unlock(search);
}

static void move_on(struct fan_search *search, uint32_t passed, struct fan_frontier_turn *turn)
{
    uint32_t shared = shared_steps(search, passed);
    find_deepest(search, passed, shared, turn);
    if (turn->busy || shared == 0)
        fan_frontier_commit(search->frontier, search->place, turn);
    else
        go_up_among_shared(search, shared, turn);
    if (turn->busy)
        apply(search, turn);
    else
        search->elsewhere = true;
}

/* ---- handing over ---- */

/* The point of a step becomes one that others may know. The order of the stores is for who repairs:
 * once the step speaks of it, it is there. */
static bool make_shared(const struct fan_search *search, struct fan_frontier_step *step)
{
    if (step->shared)
        return true;
    uint32_t which = fan_frontier_find_shared(search->frontier);
    if (!which)
        return false;
    fan_frontier_shared(search->frontier)[which - 1] =
        (struct fan_frontier_shared){.point = step->own, .users = 1};
    __atomic_store_n(&step->shared, which, __ATOMIC_RELEASE);
    return true;
}

static bool share_path(const struct fan_search *search, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (!make_shared(search, &search->steps[i]))
            return false;
    return true;
}

static void copy_path(const struct fan_search *search, uint32_t length, uint32_t place)
{
    struct fan_frontier *frontier = search->frontier;
    struct fan_frontier_step *steps = fan_frontier_steps(frontier, place);
    struct fan_frontier_shared *shared = fan_frontier_shared(frontier);
    memcpy(steps, search->steps, length * sizeof *steps);
    memcpy(fan_frontier_values(frontier, place), search->values,
           steps[length - 1].first_value * sizeof *search->values);
    for (uint32_t i = 0; i < length; i++) {
        steps[i].owns_values = false;
        shared[steps[i].shared - 1].users++;
    }
}

/* What is left at the last of `length` steps, to a place that has nothing to do. */
static void hand_over(struct fan_search *search, uint32_t length, uint32_t place)
{
    struct fan_frontier *frontier = search->frontier;
    struct fan_frontier_turn turn = {.busy = true};
    if (!share_path(search, length))
        return;
    struct fan_frontier_point *point = fan_search_point(search, length - 1);
    if (fan_frontier_turn(frontier, place)->epoch == search->epoch)
        memcpy(turn.counts, fan_frontier_turn(frontier, place)->counts, sizeof turn.counts);
    turn.epoch = search->epoch;
    turn.depth = length;
    turn.last = first_of(point, left_at(point));
    copy_path(search, length, place);
    fan_frontier_commit(frontier, place, &turn);
    point->claimed |= bit(turn.last.chosen);
    frontier->hungry &= ~(uint32_t)bit(place);
}

/* The nearest to the root is likely to be the largest. */
static uint32_t first_with_something_left(const struct fan_search *search, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++)
        if (left_at(fan_search_point(search, i)))
            return i + 1;
    return 0;
}

static void feed_the_hungry(struct fan_search *search)
{
    struct fan_frontier *frontier = search->frontier;
    lock(search);
    for (uint32_t left = frontier->hungry; left && !epoch_is_over(search); left &= left - 1) {
        uint32_t place = (uint32_t)__builtin_ctz(left);
        uint32_t depth = fan_frontier_turn(frontier, search->place)->depth;
        uint32_t length = first_with_something_left(search, depth);
        if (length == 0)
            break;
        if (place < frontier->places && !fan_frontier_is_busy(frontier, place))
            hand_over(search, length, place);
    }
    unlock(search);
}

/* ---- the end of a run ---- */

static void finish(struct fan_search *search, uint32_t passed, struct fan_frontier_turn *turn)
{
    struct fan_frontier_place *place = mine(search);
    move_on(search, passed, turn);
    place->fatal = 0;
    bool lonely = __atomic_load_n(&search->frontier->hungry, __ATOMIC_RELAXED) == 0;
    if (turn->busy && !lonely && !epoch_is_over(search))
        feed_the_hungry(search);
}

void fan_search_end(struct fan_search *search, uint32_t passed, enum fan_sim_outcome outcome)
{
    struct fan_frontier_turn turn = *fan_frontier_turn(search->frontier, search->place);
    turn.counts[search->buries ? FAN_SIM_FAILED : outcome]++;
    if (epoch_is_over(search))
        mine(search)->fatal = 0;
    else
        finish(search, passed, &turn);
    if (outcome == FAN_SIM_ABANDONED)
        __atomic_fetch_add(&search->frontier->tickets, 1, __ATOMIC_SEQ_CST);
    set_stage(search, FAN_FRONTIER_IDLE);
}

void fan_search_start_over(struct fan_search *search)
{
    struct fan_frontier *frontier = search->frontier;
    lock(search);
    if (!epoch_is_over(search)) {
        struct fan_frontier_shared *shared = fan_frontier_shared(frontier);
        __atomic_store_n(&frontier->epoch, frontier->epoch + 1, __ATOMIC_RELEASE);
        for (uint32_t i = 0; i < frontier->high; i++)
            shared[i].users = 0;
        frontier->cursor = 0;
    }
    unlock(search);
    set_stage(search, FAN_FRONTIER_IDLE);
}

bool fan_search_counts(const struct fan_search *search, uint64_t counts[FAN_FRONTIER_OUTCOMES])
{
    const struct fan_frontier *frontier = search->frontier;
    memset(counts, 0, FAN_FRONTIER_OUTCOMES * sizeof counts[0]);
    for (uint32_t i = 0; i < frontier->places; i++) {
        const struct fan_frontier_turn *turn = fan_frontier_turn(frontier, i);
        for (uint32_t j = 0; turn->epoch == frontier->epoch && j < FAN_FRONTIER_OUTCOMES; j++)
            counts[j] += turn->counts[j];
    }
    return has_begun(frontier) && !any_busy(frontier) && !frontier->stopped;
}
