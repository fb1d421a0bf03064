/* The search is depth first: the points passed by one run are a stack, and the next run repeats
 * them up to the deepest one where something is left to try. All memory is taken at creation, or
 * from the system: during a run malloc may belong to the program. */
#include "sim/dpor.h"

#include <string.h>
#include <sys/mman.h>

#include "sim/classes.h"
#include "sim/sim.h"

enum {
    STEP_LIMIT = 20000,
    VALUES_PER_STEP = 4, /* on average, of which there is room for */
};

/* A choice of who goes next. The step that follows is that of the trace with the same index. */
struct point {
    uint64_t enabled;
    uint64_t asleep; /* going first, they would lead only to what was seen already */
    uint64_t tried;  /* all that follows was seen */
    uint64_t to_try;
    uint64_t asleep_after; /* `asleep` of the next point, as far as the chosen step goes */
    uint32_t chosen;
    uint32_t first_value, value_count; /* what else the step chose */
};

struct value {
    uint32_t chosen, count;
};

struct fan_dpor {
    struct fan_trace trace;
    fan_trace_relation *wakes;
    struct point *points; /* as many as the trace has room for steps */
    struct value *values;
    uint32_t depth; /* points that the run repeats */
    uint32_t fresh; /* from this one on, the steps are new ones */
    uint32_t passed;
    uint32_t values_passed; /* of the last point */
    struct fan_classes classes;
    struct fan_dpor_report report;
};

static uint64_t bit(uint32_t thread)
{
    return UINT64_C(1) << thread;
}

static uint32_t lowest(uint64_t threads)
{
    return (uint32_t)__builtin_ctzll(threads);
}

/* ---- making ---- */

static void *reserve(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void give_back(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, bytes);
}

static size_t points_size(const struct fan_dpor *dpor)
{
    return dpor->trace.limit * sizeof *dpor->points;
}

static size_t values_size(const struct fan_dpor *dpor)
{
    return (size_t)dpor->trace.limit * VALUES_PER_STEP * sizeof *dpor->values;
}

struct fan_dpor *fan_dpor_new(const struct fan_dpor_options *options)
{
    struct fan_dpor *dpor = reserve(sizeof *dpor);
    if (!dpor)
        return NULL;
    uint32_t limit = options && options->step_limit ? options->step_limit : STEP_LIMIT;
    if (fan_trace_init(&dpor->trace, limit) == 0) {
        dpor->points = reserve(points_size(dpor));
        dpor->values = reserve(values_size(dpor));
    }
    if (!dpor->points || !dpor->values) {
        fan_dpor_free(dpor);
        return NULL;
    }
    if (options && options->dependent)
        dpor->trace.dependent = options->dependent;
    dpor->wakes = options && options->wakes ? options->wakes : dpor->trace.dependent;
    return dpor;
}

void fan_dpor_free(struct fan_dpor *dpor)
{
    if (!dpor)
        return;
    give_back(dpor->points, points_size(dpor));
    give_back(dpor->values, values_size(dpor));
    fan_trace_destroy(&dpor->trace);
    fan_classes_destroy(&dpor->classes);
    munmap(dpor, sizeof *dpor);
}

const struct fan_dpor_report *fan_dpor_report(const struct fan_dpor *dpor)
{
    return &dpor->report;
}

/* ---- the last step ---- */

static bool is_fresh(const struct fan_dpor *dpor)
{
    return dpor->passed > dpor->fresh;
}

/* A race: before the step at that point, somebody else is to go first. Not if one who would do was
 * tried there, will be, or need not be. */
static void try_another(void *argument, uint32_t at, uint64_t first)
{
    struct fan_dpor *dpor = argument;
    struct point *point = &dpor->points[at];
    if (!(first & (point->to_try | point->asleep)))
        point->to_try |= bit(lowest(first));
}

static uint64_t values_hash(const struct fan_dpor *dpor)
{
    const struct point *point = &dpor->points[dpor->passed - 1];
    uint64_t hash = 0;
    for (uint32_t i = 0; i < point->value_count; i++)
        hash = hash * 31 + dpor->values[point->first_value + i].chosen + 1;
    return hash;
}

/* What the last step has led to. */
static void take_in_last_step(struct fan_dpor *dpor, struct fan_sim *sim)
{
    fan_trace_note_spawned(&dpor->trace, sim);
    if (dpor->passed < dpor->fresh)
        return;
    fan_trace_look(&dpor->trace, sim);
    if (is_fresh(dpor))
        fan_trace_hash_last(&dpor->trace, values_hash(dpor));
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
    struct point *point = &dpor->points[dpor->passed];
    *point = (struct point){.enabled = enabled};
    if (dpor->passed > 0) {
        point->asleep = point[-1].asleep_after;
        point->first_value = point[-1].first_value + point[-1].value_count;
    }
    uint64_t awake = enabled & ~point->asleep;
    if (!awake)
        return false;
    uint32_t usual = fan_sim_default(sim, enabled);
    point->chosen = awake & bit(usual) ? usual : lowest(awake);
    point->to_try = bit(point->chosen);
    return true;
}

/* The step that is taken wakes those whose pending operation depends on it. */
static void pass_point(struct fan_dpor *dpor, const struct fan_sim *sim)
{
    struct fan_trace *trace = &dpor->trace;
    struct point *point = &dpor->points[dpor->passed];
    uint64_t woken = fan_trace_dependent_threads(trace, dpor->wakes, point->chosen);
    point->asleep_after = (point->asleep | point->tried) & ~woken & ~bit(point->chosen);
    if (fan_trace_has_jumped(trace, sim))
        take_in_pending(dpor, sim, 0);
    else
        fan_trace_races(trace, point->chosen, try_another, dpor);
    fan_trace_take(trace, sim, point->chosen, point->enabled);
}

static void diverge(struct fan_dpor *dpor, struct fan_sim *sim)
{
    dpor->report.diverged = true;
    fan_sim_give_up(sim, FAN_SIM_DIVERGED);
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_dpor *dpor = state;
    struct point *point = &dpor->points[dpor->passed];
    take_in_last_step(dpor, sim);
    if (dpor->passed == dpor->trace.limit) {
        fan_sim_give_up(sim, FAN_SIM_ENDLESS);
        return lowest(enabled);
    }
    if (dpor->passed >= dpor->depth && !open_point(dpor, sim, enabled)) {
        fan_sim_give_up(sim, FAN_SIM_ABANDONED);
        return lowest(enabled);
    }
    if (point->enabled != enabled) {
        diverge(dpor, sim);
        return lowest(enabled);
    }
    if (dpor->passed >= dpor->fresh)
        pass_point(dpor, sim);
    else
        fan_trace_repeat(&dpor->trace, sim);
    dpor->passed++;
    dpor->values_passed = 0;
    return point->chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_dpor *dpor = state;
    struct point *point = &dpor->points[dpor->passed - 1];
    struct value *value = &dpor->values[point->first_value + dpor->values_passed];
    if (point->first_value + dpor->values_passed == dpor->trace.limit * VALUES_PER_STEP) {
        fan_sim_give_up(sim, FAN_SIM_ENDLESS);
        return 0;
    }
    if (dpor->values_passed++ == point->value_count) {
        *value = (struct value){.count = count};
        point->value_count++;
    }
    if (value->count != count) {
        diverge(dpor, sim);
        return 0;
    }
    return value->chosen;
}

/* ---- from run to run ---- */

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_dpor *dpor = state;
    (void)sim;
    dpor->passed = dpor->values_passed = 0;
    fan_trace_begin(&dpor->trace);
}

/* The other values of the last step that has some left. */
static bool try_next_value(struct fan_dpor *dpor, struct point *point)
{
    for (; point->value_count > 0; point->value_count--) {
        struct value *value = &dpor->values[point->first_value + point->value_count - 1];
        if (++value->chosen < value->count)
            return true;
    }
    return false;
}

static bool try_next_thread(struct point *point)
{
    point->tried |= bit(point->chosen);
    uint64_t left = point->to_try & ~point->tried & ~point->asleep;
    if (left)
        point->chosen = lowest(left);
    return left != 0;
}

/* Sets what the next run does; false if nothing is left. */
static bool advance(struct fan_dpor *dpor)
{
    while (dpor->passed > 0) {
        struct point *point = &dpor->points[dpor->passed - 1];
        if (try_next_value(dpor, point) || try_next_thread(point)) {
            dpor->depth = dpor->passed;
            dpor->fresh = dpor->passed - 1;
            return true;
        }
        dpor->passed--;
    }
    return false;
}

static bool touches_by_adding(const struct fan_dpor *dpor)
{
    const struct fan_trace_op *op = &dpor->trace.steps[dpor->passed - 1].op;
    for (uint32_t i = 0; i < op->touch_count; i++)
        if (op->touches[i].mode == FAN_TOUCH_ADD)
            return true;
    return false;
}

/* Everything again, with adds that do not commute. */
static bool start_over(struct fan_dpor *dpor)
{
    dpor->trace.adds_conflict = true;
    dpor->depth = dpor->fresh = 0;
    dpor->report = (struct fan_dpor_report){.adds_conflict = true};
    fan_classes_clear(&dpor->classes);
    return true;
}

static bool end_is_counted(struct fan_dpor *dpor, enum fan_sim_outcome outcome)
{
    struct fan_dpor_report *report = &dpor->report;
    report->runs++;
    report->finished += outcome == FAN_SIM_FINISHED;
    report->stuck += outcome == FAN_SIM_STUCK;
    report->failed += outcome == FAN_SIM_FAILED;
    report->abandoned += outcome == FAN_SIM_ABANDONED;
    report->endless += outcome == FAN_SIM_ENDLESS;
    if (outcome != FAN_SIM_FINISHED && outcome != FAN_SIM_STUCK)
        return true;
    bool counted = fan_classes_add(&dpor->classes, fan_trace_class(&dpor->trace)) == 0;
    report->classes = dpor->classes.count;
    return counted;
}

/* A failure cuts off what the others would have done: they all get to go before it. And where it is
 * an add that fails, adds are not what they promise to be. */
static bool end(void *state, struct fan_sim *sim)
{
    struct fan_dpor *dpor = state;
    enum fan_sim_outcome outcome = fan_sim_outcome(sim);
    struct point *point = &dpor->points[dpor->passed - 1];
    if (outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_STUCK)
        take_in_last_step(dpor, sim);
    if (outcome == FAN_SIM_FAILED)
        take_in_pending(dpor, sim, bit(point->chosen));
    else
        take_in_pending(dpor, sim, outcome == FAN_SIM_ABANDONED ? point[1].asleep : 0);
    if (outcome == FAN_SIM_FAILED) {
        point->to_try |= point->enabled;
        if (touches_by_adding(dpor))
            return start_over(dpor);
    }
    if (!end_is_counted(dpor, outcome) || dpor->report.diverged)
        return false;
    if (advance(dpor))
        return true;
    dpor->report.complete = dpor->report.endless == 0;
    return false;
}

const struct fan_strategy_kind fan_strategy_dpor = {
    .name = "dpor",
    .summary = "every class of schedules once: a proof",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
