#include "sim/surw.h"

enum { ONE = 16, NOBODY = FAN_SIM_THREADS, MOST_RUNS = 256 };

/* ---- what is expected of a run --------------------------------------------------------------- */

static bool is_shared(const struct fan_surw *surw, uint32_t object)
{
    return (surw->users[object] & (surw->users[object] - 1)) != 0;
}

/* Every other run all operations count, otherwise those on a shared object, if there is one. */
static uint32_t choose_focus(struct fan_surw *surw)
{
    uint32_t shared = 0, focus = 0;
    if (fan_random_below(&surw->random, 2) == 0)
        return 0;
    for (uint32_t object = 1; object < FAN_SURW_OBJECTS; object++)
        if (is_shared(surw, object) && fan_random_below(&surw->random, ++shared) == 0)
            focus = object;
    return focus;
}

static void expect(struct fan_surw *surw)
{
    for (uint32_t i = 0; i < surw->threads; i++)
        surw->left[i] = surw->used[surw->focus][i] * ONE / surw->runs;
    for (uint32_t i = surw->threads; i-- > 1;)
        surw->left[surw->parents[i]] += surw->left[i];
}

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_surw *surw = state;
    (void)sim;
    surw->focus = choose_focus(surw);
    surw->known = 0;
    surw->intended = NOBODY;
    if (surw->runs)
        expect(surw);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* What a thread was to do takes with it from its parent, also the intention if it had most of it.
 */
static void meet(struct fan_surw *surw, uint32_t thread, uint32_t parent)
{
    uint32_t all = surw->left[parent], own = surw->left[thread];
    surw->parents[thread] = (uint8_t)parent;
    if (surw->intended == parent && fan_random_below(&surw->random, all + 1) < own)
        surw->intended = thread;
    surw->left[parent] = own < all ? all - own : 0;
}

static void meet_new_threads(struct fan_surw *surw, const struct fan_sim *sim)
{
    uint32_t count = fan_sim_thread_count(sim);
    for (; surw->known < count; surw->known++) {
        if (surw->known >= surw->threads) {
            surw->threads = surw->known + 1;
            surw->left[surw->known] = 0;
        }
        if (surw->known > 0)
            meet(surw, surw->known, fan_sim_previous(sim));
    }
}

static bool counts(const struct fan_surw *surw, const struct fan_sim_op *op)
{
    for (uint32_t i = 0; i < op->touch_count && surw->focus; i++)
        if (op->touches[i].object == surw->focus)
            return true;
    return surw->focus == 0;
}

/* Nobody is written off: a thread may do more than it used to. */
static uint32_t weight(const struct fan_surw *surw, uint32_t thread)
{
    return surw->left[thread] + 1;
}

static uint32_t choose_by_weight(struct fan_surw *surw, uint64_t enabled)
{
    uint64_t total = 0;
    for (uint64_t rest = enabled; rest; rest &= rest - 1)
        total += weight(surw, (uint32_t)__builtin_ctzll(rest));
    uint64_t drawn = fan_random_below(&surw->random, total);
    uint32_t thread = (uint32_t)__builtin_ctzll(enabled);
    while (drawn >= weight(surw, thread)) {
        drawn -= weight(surw, thread);
        enabled &= enabled - 1;
        thread = (uint32_t)__builtin_ctzll(enabled);
    }
    return thread;
}

/* Those whose next operation does not count, and the one that is to make the next that does. */
static uint64_t not_held_back(const struct fan_surw *surw, const struct fan_sim *sim,
                              uint64_t enabled)
{
    uint64_t free = 0;
    for (uint64_t rest = enabled; rest; rest &= rest - 1) {
        uint32_t thread = (uint32_t)__builtin_ctzll(rest);
        if (thread == surw->intended || !counts(surw, fan_sim_pending(sim, thread)))
            free |= UINT64_C(1) << thread;
    }
    return free;
}

static uint32_t choose_evenly(struct fan_surw *surw, uint64_t threads)
{
    uint64_t count = (uint64_t)__builtin_popcountll(threads);
    for (uint64_t skip = fan_random_below(&surw->random, count); skip > 0; skip--)
        threads &= threads - 1;
    return (uint32_t)__builtin_ctzll(threads);
}

static void note_object(struct fan_surw *surw, uint32_t thread, uint32_t object)
{
    if (object >= FAN_SURW_OBJECTS)
        return;
    surw->used[object][thread]++;
    surw->users[object] |= UINT64_C(1) << thread;
}

static void note(struct fan_surw *surw, uint32_t thread, const struct fan_sim_op *op)
{
    surw->used[0][thread]++;
    for (uint32_t i = 0; i < op->touch_count; i++)
        note_object(surw, thread, op->touches[i].object);
    if (!counts(surw, op))
        return;
    surw->left[thread] = surw->left[thread] > ONE ? surw->left[thread] - ONE : 0;
    surw->intended = NOBODY;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_surw *surw = state;
    meet_new_threads(surw, sim);
    if (surw->intended == NOBODY)
        surw->intended = choose_by_weight(surw, enabled);
    uint64_t free = not_held_back(surw, sim, enabled);
    if (!free) {
        surw->intended = choose_by_weight(surw, enabled);
        free = UINT64_C(1) << surw->intended;
    }
    uint32_t chosen = choose_evenly(surw, free);
    note(surw, chosen, fan_sim_pending(sim, chosen));
    return chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_surw *surw = state;
    (void)sim;
    return (uint32_t)fan_random_below(&surw->random, count);
}

static void halve_uses(struct fan_surw *surw, uint32_t object)
{
    surw->users[object] = 0;
    for (uint32_t thread = 0; thread < surw->threads; thread++)
        if (surw->used[object][thread] /= 2)
            surw->users[object] |= UINT64_C(1) << thread;
}

/* What was long ago counts for less, and no sum grows without end. */
static void forget_half(struct fan_surw *surw)
{
    surw->runs /= 2;
    for (uint32_t object = 0; object < FAN_SURW_OBJECTS; object++)
        halve_uses(surw, object);
}

static bool end(void *state, struct fan_sim *sim)
{
    struct fan_surw *surw = state;
    (void)sim;
    if (++surw->runs == MOST_RUNS)
        forget_half(surw);
    return true;
}

const struct fan_strategy_kind fan_strategy_surw = {
    .name = "surw",
    .summary = "every order of operations equally likely, as far as earlier runs tell",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
