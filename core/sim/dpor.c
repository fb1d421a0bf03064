/* The search is depth first: the points passed by one run are a stack, and the next run repeats
 * them up to the deepest one where something is left to try; sim/search.c keeps it. Several may
 * share the tree below: what is tried at a point is asleep in the branches that were claimed there
 * later, whether it has been seen to the end by then or not, for it will be. That is all that the
 * proof of the algorithm asks: the branches of a point in some order, each leaving to the earlier
 * ones what these see, and each race answered where it is.
 *
 * All memory is taken at creation, or from the system: during a run malloc may belong to the
 * program. */
#include "sim/dpor.h"

#include <sys/mman.h>

#include "sim/search.h"
#include "sim/sim.h"

struct fan_dpor {
    struct fan_trace trace;
    fan_trace_relation *wakes;
    struct fan_search search;
    struct fan_frontier *own; /* if nobody shares it */
    uint32_t fresh;           /* from this one on, the steps are new ones */
    uint32_t passed;
    uint32_t values_passed; /* of the last point */
    bool diverged;
};

static uint64_t bit(uint32_t thread)
{
    return UINT64_C(1) << thread;
}

static uint32_t lowest(uint64_t threads)
{
    return (uint32_t)__builtin_ctzll(threads);
}

/* The search began anew, for that. */
static bool adds_conflict(const struct fan_dpor *dpor)
{
    return dpor->search.frontier->epoch > 1;
}

/* For who shares it with nobody, and need not ask. */
static bool has_more(struct fan_dpor *dpor)
{
    enum fan_strategy_next answer = FAN_STRATEGY_WAIT;
    while (answer == FAN_STRATEGY_WAIT)
        answer = fan_search_next(&dpor->search);
    return answer == FAN_STRATEGY_RUN;
}

/* ---- making ---- */

static void *reserve(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct fan_frontier *new_frontier(uint32_t limit, uint64_t runs)
{
    struct fan_frontier *frontier = reserve(fan_frontier_size(1, limit));
    if (frontier)
        fan_frontier_init(frontier, 1, limit, runs ? runs : UINT64_MAX);
    return frontier;
}

static struct fan_frontier *find_frontier(struct fan_dpor *dpor,
                                          const struct fan_dpor_options *options)
{
    if (options && options->frontier)
        return options->frontier;
    uint32_t limit = options && options->step_limit ? options->step_limit : FAN_FRONTIER_STEPS;
    dpor->own = new_frontier(limit, options ? options->runs : 0);
    return dpor->own;
}

struct fan_dpor *fan_dpor_new(const struct fan_dpor_options *options)
{
    struct fan_dpor *dpor = reserve(sizeof *dpor);
    if (!dpor)
        return NULL;
    struct fan_frontier *frontier = find_frontier(dpor, options);
    if (!frontier || fan_trace_init(&dpor->trace, frontier->limit) != 0) {
        fan_dpor_free(dpor);
        return NULL;
    }
    fan_search_join(&dpor->search, frontier, options ? options->place : 0);
    if (dpor->own)
        has_more(dpor);
    if (options && options->dependent)
        dpor->trace.dependent = options->dependent;
    dpor->wakes = options && options->wakes ? options->wakes : dpor->trace.dependent;
    return dpor;
}

void fan_dpor_free(struct fan_dpor *dpor)
{
    if (!dpor)
        return;
    if (dpor->own)
        munmap(dpor->own, fan_frontier_size(1, dpor->own->limit));
    fan_trace_destroy(&dpor->trace);
    munmap(dpor, sizeof *dpor);
}

struct fan_dpor_report fan_dpor_report(const struct fan_dpor *dpor)
{
    uint64_t counts[FAN_FRONTIER_OUTCOMES];
    bool nothing_is_left = fan_search_counts(&dpor->search, counts);
    struct fan_dpor_report report = {
        .finished = counts[FAN_SIM_FINISHED],
        .stuck = counts[FAN_SIM_STUCK],
        .failed = counts[FAN_SIM_FAILED],
        .abandoned = counts[FAN_SIM_ABANDONED],
        .endless = counts[FAN_SIM_ENDLESS],
        .classes = counts[FAN_SIM_FINISHED] + counts[FAN_SIM_STUCK],
        .complete = nothing_is_left && counts[FAN_SIM_ENDLESS] == 0,
        .diverged = dpor->diverged,
        .adds_conflict = adds_conflict(dpor),
    };
    for (int i = 0; i < FAN_FRONTIER_OUTCOMES; i++)
        report.runs += counts[i];
    return report;
}

uint64_t fan_dpor_own_classes(const struct fan_dpor *dpor)
{
    const struct fan_frontier *frontier = dpor->search.frontier;
    const struct fan_frontier_turn *turn = fan_frontier_turn(frontier, dpor->search.place);
    if (turn->epoch != frontier->epoch)
        return 0;
    return turn->counts[FAN_SIM_FINISHED] + turn->counts[FAN_SIM_STUCK];
}

/* ---- the last step ---- */

/* A race: before the step at that point, somebody else is to go first. Not if one who would do was
 * tried there, will be, or need not be. */
static void try_another(void *argument, uint32_t at, uint64_t first)
{
    struct fan_dpor *dpor = argument;
    const struct fan_frontier_point *point = fan_search_point(&dpor->search, at);
    if (!(first & (__atomic_load_n(&point->to_try, __ATOMIC_RELAXED) | point->asleep)))
        fan_search_want(&dpor->search, at, bit(lowest(first)));
}

/* What the last step has led to. */
static void take_in_last_step(struct fan_dpor *dpor, struct fan_sim *sim)
{
    fan_trace_note_spawned(&dpor->trace, sim);
    if (dpor->passed >= dpor->fresh)
        fan_trace_look(&dpor->trace, sim);
}

/* What races with the operations that stay pending. */
static void take_in_pending(struct fan_dpor *dpor, const struct fan_sim *sim, uint64_t except)
{
    for (uint32_t i = 0; i < dpor->trace.threads; i++)
        if (!(except & bit(i)) && !fan_sim_thread_ended(sim, i))
            fan_trace_races(&dpor->trace, i, try_another, dpor);
}

/* ---- choosing ---- */

/* The first run to come here chooses as the default schedule does, where it may. False if all that
 * can run sleeps. */
static bool open_point(struct fan_dpor *dpor, const struct fan_sim *sim, uint64_t enabled)
{
    fan_search_open(&dpor->search, dpor->passed, enabled);
    uint64_t awake = enabled & ~dpor->search.steps[dpor->passed].own.asleep;
    if (!awake)
        return false;
    uint32_t usual = fan_sim_default(sim, enabled);
    fan_search_choose(&dpor->search, dpor->passed, awake & bit(usual) ? usual : lowest(awake));
    return true;
}

/* The step that is taken wakes those whose pending operation depends on it. */
static void pass_point(struct fan_dpor *dpor, const struct fan_sim *sim)
{
    struct fan_trace *trace = &dpor->trace;
    struct fan_frontier_step *step = &dpor->search.steps[dpor->passed];
    uint64_t woken = fan_trace_dependent_threads(trace, dpor->wakes, step->chosen);
    step->asleep_after = step->before & ~woken & ~bit(step->chosen);
    if (fan_trace_has_jumped(trace, sim))
        take_in_pending(dpor, sim, 0);
    else
        fan_trace_races(trace, step->chosen, try_another, dpor);
    fan_trace_take(trace, sim, step->chosen,
                   fan_search_point(&dpor->search, dpor->passed)->options);
}

static uint32_t diverge(struct fan_dpor *dpor, struct fan_sim *sim)
{
    dpor->diverged = true;
    fan_sim_give_up(sim, FAN_SIM_DIVERGED);
    return 0;
}

/* Whether the run may take a step from here, which it repeats, or takes for the first time. */
static bool comes_to_point(struct fan_dpor *dpor, struct fan_sim *sim, uint64_t enabled)
{
    if (dpor->passed == dpor->trace.limit) {
        fan_sim_give_up(sim, FAN_SIM_ENDLESS);
        return false;
    }
    if (dpor->passed >= dpor->search.depth && !open_point(dpor, sim, enabled)) {
        fan_sim_give_up(sim, FAN_SIM_ABANDONED);
        return false;
    }
    if (fan_search_point(&dpor->search, dpor->passed)->options == enabled)
        return true;
    diverge(dpor, sim);
    return false;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_dpor *dpor = state;
    take_in_last_step(dpor, sim);
    if (!comes_to_point(dpor, sim, enabled))
        return lowest(enabled);
    if (dpor->passed >= dpor->fresh)
        pass_point(dpor, sim);
    else
        fan_trace_repeat(&dpor->trace, sim);
    uint32_t chosen = dpor->search.steps[dpor->passed++].chosen;
    dpor->values_passed = 0;
    if (dpor->search.buries && dpor->passed == dpor->search.depth)
        fan_sim_give_up(sim, FAN_SIM_ABANDONED);
    else
        fan_search_passed(&dpor->search, dpor->passed);
    return chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_dpor *dpor = state;
    struct fan_frontier_step *step = &dpor->search.steps[dpor->passed - 1];
    struct fan_frontier_value *value =
        &dpor->search.values[step->first_value + dpor->values_passed];
    if (step->first_value + dpor->values_passed == dpor->trace.limit * FAN_FRONTIER_VALUES) {
        fan_sim_give_up(sim, FAN_SIM_ENDLESS);
        return 0;
    }
    if (dpor->values_passed++ == step->value_count) {
        *value = (struct fan_frontier_value){.count = count};
        step->value_count++;
    }
    return value->count == count ? value->chosen : diverge(dpor, sim);
}

/* ---- from run to run ---- */

static enum fan_strategy_next next(void *state)
{
    struct fan_dpor *dpor = state;
    enum fan_strategy_next answer = fan_search_next(&dpor->search);
    if (answer == FAN_STRATEGY_OVER)
        fan_search_leave(&dpor->search);
    return answer;
}

/* Of a path that another has searched so far, everything is new. */
static void begin(void *state, struct fan_sim *sim)
{
    struct fan_dpor *dpor = state;
    (void)sim;
    fan_search_begin(&dpor->search);
    dpor->fresh = dpor->search.elsewhere || dpor->search.depth == 0 ? 0 : dpor->search.depth - 1;
    dpor->search.elsewhere = false;
    dpor->trace.adds_conflict = adds_conflict(dpor);
    dpor->passed = dpor->values_passed = 0;
    fan_trace_begin(&dpor->trace);
}

static bool touches_by_adding(const struct fan_dpor *dpor)
{
    if (dpor->passed == 0)
        return false;
    const struct fan_trace_op *op = &dpor->trace.steps[dpor->passed - 1].op;
    for (uint32_t i = 0; i < op->touch_count; i++)
        if (op->touches[i].mode == FAN_TOUCH_ADD)
            return true;
    return false;
}

/* A failure cuts off what the others would have done: they all get to go before it. */
static void take_in_failure(struct fan_dpor *dpor, const struct fan_sim *sim)
{
    const struct fan_search *search = &dpor->search;
    uint32_t last = dpor->passed - 1;
    take_in_pending(dpor, sim, bit(search->steps[last].chosen));
    fan_search_want(&dpor->search, last, fan_search_point(search, last)->options);
}

static void take_in_end(struct fan_dpor *dpor, struct fan_sim *sim, enum fan_sim_outcome outcome)
{
    uint64_t asleep = 0;
    if (outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_STUCK)
        take_in_last_step(dpor, sim);
    if (outcome == FAN_SIM_FAILED || dpor->search.buries) {
        take_in_failure(dpor, sim);
        return;
    }
    if (outcome == FAN_SIM_ABANDONED)
        asleep = dpor->search.steps[dpor->passed].own.asleep;
    take_in_pending(dpor, sim, asleep);
}

/* Where it is an add that fails, adds are not what they promise to be: everything again, with adds
 * that do not commute. */
static bool end(void *state, struct fan_sim *sim)
{
    struct fan_dpor *dpor = state;
    enum fan_sim_outcome outcome = fan_sim_outcome(sim);
    if (dpor->diverged)
        fan_search_stop(&dpor->search);
    else if (dpor->passed > 0)
        take_in_end(dpor, sim, outcome);
    if (outcome == FAN_SIM_FAILED && touches_by_adding(dpor))
        fan_search_start_over(&dpor->search);
    else
        fan_search_end(&dpor->search, dpor->passed, outcome);
    return dpor->own ? has_more(dpor) : !dpor->diverged;
}

const struct fan_strategy_kind fan_strategy_dpor = {
    .name = "dpor",
    .summary = "every class of schedules once: a proof",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
    .next = next,
};
