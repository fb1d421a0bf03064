/* No locks: one thread of the system runs the program and all that watches it. */
#include "run/sim_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/probe.h"

struct known_thread {
    uint64_t id;
    char name[FAN_PROBE_NAME];
};

struct fan_sim_watch {
    struct fan_sim *sim;
    struct fan_race *race;
    struct fan_lines *lines;
    uint32_t thread_count;
    struct known_thread threads[FAN_SIM_THREADS];
};

static struct fan_sim_watch *watched; /* by the run that is going on; NULL = nothing is */

struct fan_sim_watch *fan_sim_watch_new(void)
{
    struct fan_sim_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->race = fan_race_new();
    watch->lines = fan_lines_new();
    if (watch->race && watch->lines)
        return watch;
    fan_sim_watch_free(watch);
    return NULL;
}

void fan_sim_watch_free(struct fan_sim_watch *watch)
{
    if (!watch)
        return;
    fan_race_free(watch->race);
    fan_lines_free(watch->lines);
    free(watch);
}

void fan_sim_watch_begin(struct fan_sim_watch *watch, struct fan_sim *sim)
{
    watched = watch;
    if (!watch)
        return;
    watch->sim = sim;
    watch->thread_count = 1;
    watch->threads[0] = (struct known_thread){.name = "main"};
    fan_race_reset(watch->race);
    fan_lines_reset(watch->lines);
}

const struct fan_race *fan_sim_watch_races(const struct fan_sim_watch *watch)
{
    return watch->race;
}

const struct fan_lines *fan_sim_watch_lines(const struct fan_sim_watch *watch)
{
    return watch->lines;
}

/* ---- what orders threads --------------------------------------------------------------------- */

enum { LEARNS = 1, TELLS = 2 };

/* Of what an operation touches. Where it only looks, it tells nothing. Locks are not here: what
 * they order depends on how they are held (run/held.h). Nor is what wakes a waiting thread, a
 * signal for one: that orders by itself, in the backend's wait and wake. */
static const uint8_t what_it_orders[FAN_OP_COUNT] = {
    [FAN_OP_SEND] = LEARNS | TELLS,
    [FAN_OP_RECV] = LEARNS | TELLS,
    [FAN_OP_CLOSE] = LEARNS | TELLS,
    [FAN_OP_SELECT] = LEARNS | TELLS,
    [FAN_OP_GROUP_WAIT] = LEARNS,
    [FAN_OP_GROUP_DONE] = TELLS,
    [FAN_OP_GROUP_ADD] = TELLS,
    [FAN_OP_ACQUIRE] = LEARNS | TELLS,
    [FAN_OP_RELEASE] = TELLS,
    [FAN_OP_ONCE] = LEARNS | TELLS,
    [FAN_OP_JOIN] = LEARNS,
    [FAN_OP_END] = TELLS,
    [FAN_OP_TIMER_WAIT] = LEARNS | TELLS,
    [FAN_OP_TIMER_SET] = TELLS,
    [FAN_OP_SLEEP] = LEARNS,
    [FAN_OP_CONTEXT_WAIT] = LEARNS,
    [FAN_OP_CONTEXT_LOOK] = LEARNS,
    [FAN_OP_CANCEL] = TELLS,
};

static void order_by(struct fan_sim_watch *watch, uint32_t object, unsigned how)
{
    uint32_t self = fan_sim_current(watch->sim);
    if (how & LEARNS)
        fan_race_acquire(watch->race, self, object);
    if (how & TELLS)
        fan_race_release(watch->race, self, object);
}

void fan_sim_watch_step(enum fan_probe_op kind, const struct fan_touch *touches, uint32_t count)
{
    unsigned orders = what_it_orders[kind];
    if (!watched || !orders)
        return;
    for (uint32_t i = 0; i < count; i++)
        order_by(watched, touches[i].object, touches[i].mode == FAN_TOUCH_READ ? LEARNS : orders);
}

void fan_sim_watch_spawn(uint64_t parent, uint32_t index, uint64_t id, const char *name)
{
    if (!watched)
        return;
    uint32_t self = fan_sim_current(watched->sim);
    struct known_thread *child = &watched->threads[index];
    watched->threads[self].id = parent;
    watched->thread_count = index + 1;
    child->id = id;
    memcpy(child->name, name, sizeof child->name);
    fan_race_fork(watched->race, self, index);
}

void fan_sim_watch_release(const volatile void *object)
{
    if (watched)
        order_by(watched, fan_sim_object(watched->sim, (const void *)object), TELLS);
}

void fan_sim_watch_acquire(const volatile void *object)
{
    if (watched)
        order_by(watched, fan_sim_object(watched->sim, (const void *)object), LEARNS);
}

/* ---- what is accessed ------------------------------------------------------------------------ */

static const char *const verbs[] = {
    [FAN_RACE_READ] = "read",          [FAN_RACE_WRITE] = "wrote",
    [FAN_RACE_ATOMIC_LOAD] = "loaded", [FAN_RACE_ATOMIC_STORE] = "stored",
    [FAN_RACE_ATOMIC_RMW] = "updated",
};

/* "worker 2": numbered where several threads have the name, as everywhere. */
static void label(const struct fan_sim_watch *watch, uint32_t thread, char text[32])
{
    const char *name = watch->threads[thread].name;
    uint32_t namesakes = 0, place = 0;
    for (uint32_t i = 0; i < watch->thread_count; i++) {
        namesakes += strcmp(watch->threads[i].name, name) == 0;
        if (i == thread)
            place = namesakes;
    }
    if (namesakes > 1)
        snprintf(text, 32, "%s %u", name, place);
    else
        snprintf(text, 32, "%s", name);
}

static void tell_of_race(struct fan_sim_watch *watch, const struct fan_race_report *report,
                         const char *text)
{
    char earlier[32], later[32];
    struct fan_notice notice = {.kind = FAN_NOTICE_RACE, .earlier_what = "other access"};
    label(watch, report->earlier.thread, earlier);
    label(watch, report->later.thread, later);
    snprintf(notice.message, sizeof notice.message,
             "%s %s %.60s and %s %s it; nothing orders the two", earlier,
             verbs[report->earlier.kind], text, later, verbs[report->later.kind]);
    notice.threads[0] = watch->threads[report->later.thread].id;
    notice.threads[1] = watch->threads[report->earlier.thread].id;
    notice.stack = report->later.stack;
    notice.earlier = report->earlier.stack;
    fan_probe_noticed(&notice);
}

static void tell_of_races_since(struct fan_sim_watch *watch, size_t known, const char *text)
{
    size_t count;
    const struct fan_race_report *reports = fan_race_reports(watch->race, &count);
    for (size_t i = known; i < count; i++)
        tell_of_race(watch, &reports[i], text);
}

static bool is_atomic(enum fan_race_kind kind)
{
    return kind != FAN_RACE_READ && kind != FAN_RACE_WRITE;
}

static bool writes(enum fan_race_kind kind)
{
    return kind != FAN_RACE_READ && kind != FAN_RACE_ATOMIC_LOAD;
}

void fan_sim_watch_access(const struct fan_sim_access *what)
{
    if (!watched)
        return;
    size_t known;
    struct fan_race_access access = {.address = (uintptr_t)what->address,
                                     .size = what->bytes,
                                     .thread = fan_sim_current(watched->sim),
                                     .kind = what->kind,
                                     .pc = what->pc,
                                     .frame = what->frame};
    fan_lines_access(watched->lines, access.thread, access.address, access.size,
                     writes(access.kind));
    fan_race_reports(watched->race, &known);
    bool races = is_atomic(access.kind)
                     ? fan_race_atomic(watched->race, &access,
                                       fan_sim_object(watched->sim, (const void *)what->address),
                                       what->order)
                     : fan_race_access(watched->race, &access);
    if (races)
        tell_of_races_since(watched, known, what->text);
}
