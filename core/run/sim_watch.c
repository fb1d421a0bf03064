/* No locks: one thread of the system runs the program and all that watches it. */
#include "run/sim_watch_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/announce.h"
#include "run/evidence.h"

struct fan_sim_watch *fan_sim_watched;

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
    fan_race_free(watch->spare);
    fan_lines_free(watch->lines);
    free(watch);
}

void fan_sim_watch_begin(struct fan_sim_watch *watch, struct fan_sim *sim)
{
    fan_sim_watched = watch;
    if (!watch)
        return;
    watch->sim = sim;
    for (uint32_t i = 0; i < watch->thread_count; i++)
        watch->locks[i].count = 0;
    watch->thread_count = 1;
    watch->threads[0] = (struct fan_watched_thread){.name = "main"};
    fan_race_reset(watch->race);
    fan_lines_reset(watch->lines);
    watch->order.count = 0;
    watch->apart = NULL;
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

enum { LEARNS = FAN_RACE_LEARNS, TELLS = FAN_RACE_TELLS };

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
    fan_race_pass(watch->race, fan_sim_current(watch->sim), object, how);
    if (watch->apart)
        fan_race_pass(watch->apart, fan_sim_current(watch->sim), object, how);
}

void fan_sim_watch_step(enum fan_probe_op kind, const struct fan_touch *touches, uint32_t count)
{
    unsigned orders = what_it_orders[kind];
    if (!fan_sim_watched || !orders)
        return;
    for (uint32_t i = 0; i < count; i++)
        order_by(fan_sim_watched, touches[i].object,
                 touches[i].mode == FAN_TOUCH_READ && kind != FAN_OP_END ? LEARNS : orders);
}

void fan_sim_watch_spawn(uint64_t parent, uint32_t index, uint64_t id, const char *name)
{
    if (!fan_sim_watched)
        return;
    uint32_t self = fan_sim_current(fan_sim_watched->sim);
    struct fan_watched_thread *child = &fan_sim_watched->threads[index];
    fan_sim_watched->threads[self].id = parent;
    fan_sim_watched->thread_count = index + 1;
    child->id = id;
    memcpy(child->name, name, sizeof child->name);
    fan_race_fork(fan_sim_watched->race, self, index);
    if (fan_sim_watched->apart)
        fan_race_fork(fan_sim_watched->apart, self, index);
}

void fan_sim_watch_release(const volatile void *object)
{
    if (fan_sim_watched)
        order_by(fan_sim_watched, fan_sim_object(fan_sim_watched->sim, (const void *)object),
                 TELLS);
}

void fan_sim_watch_acquire(const volatile void *object)
{
    if (fan_sim_watched)
        order_by(fan_sim_watched, fan_sim_object(fan_sim_watched->sim, (const void *)object),
                 LEARNS);
}

void fan_sim_watch_ordered(const volatile void *atomic, enum fan_race_kind kind, int order)
{
    if (!fan_sim_watched)
        return;
    uint32_t self = fan_sim_current(fan_sim_watched->sim);
    uint32_t object = fan_sim_object(fan_sim_watched->sim, (const void *)atomic);
    fan_race_order(fan_sim_watched->race, self, object, kind, order);
    if (fan_sim_watched->apart)
        fan_race_order(fan_sim_watched->apart, self, object, kind, order);
}

/* ---- what is accessed ------------------------------------------------------------------------ */

/* How a notice calls what was done. */
struct vocabulary {
    enum fan_notice_kind kind;
    const char *verbs[FAN_RACE_ATOMIC_RMW + 1];
};

static const struct vocabulary of_accesses = {
    .kind = FAN_NOTICE_RACE,
    .verbs = {[FAN_RACE_READ] = "read",
              [FAN_RACE_WRITE] = "wrote",
              [FAN_RACE_ATOMIC_LOAD] = "loaded",
              [FAN_RACE_ATOMIC_STORE] = "stored",
              [FAN_RACE_ATOMIC_RMW] = "updated"},
};

void fan_sim_watch_label(const struct fan_sim_watch *watch, uint32_t thread,
                         char text[FAN_WATCH_LABEL])
{
    const char *name = watch->threads[thread].name;
    uint32_t namesakes = 0, place = 0;
    for (uint32_t i = 0; i < watch->thread_count; i++) {
        namesakes += strcmp(watch->threads[i].name, name) == 0;
        if (i == thread)
            place = namesakes;
    }
    if (namesakes > 1)
        snprintf(text, FAN_WATCH_LABEL, "%s %u", name, place);
    else
        snprintf(text, FAN_WATCH_LABEL, "%s", name);
}

static void tell_of_race(struct fan_sim_watch *watch, const struct fan_race_report *report,
                         const struct vocabulary *words, const char *text)
{
    char earlier[FAN_WATCH_LABEL], later[FAN_WATCH_LABEL];
    struct fan_notice notice = {.kind = words->kind, .earlier_what = "other access"};
    fan_sim_watch_label(watch, report->earlier.thread, earlier);
    fan_sim_watch_label(watch, report->later.thread, later);
    snprintf(notice.message, sizeof notice.message,
             "%s %s %.60s and %s %s it; nothing orders the two", earlier,
             words->verbs[report->earlier.kind], text, later, words->verbs[report->later.kind]);
    notice.threads[0] = watch->threads[report->later.thread].id;
    notice.threads[1] = watch->threads[report->earlier.thread].id;
    notice.stack = report->later.stack;
    notice.earlier = report->earlier.stack;
    fan_probe_noticed(&notice);
}

static void tell_of_races_since(struct fan_sim_watch *watch, size_t known,
                                const struct vocabulary *words, const char *text)
{
    size_t count;
    const struct fan_race_report *reports = fan_race_reports(watch->race, &count);
    for (size_t i = known; i < count; i++)
        tell_of_race(watch, &reports[i], words, text);
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
    if (!fan_sim_watched)
        return;
    size_t known;
    struct fan_race_access access = {.address = (uintptr_t)what->address,
                                     .size = what->bytes,
                                     .thread = fan_sim_current(fan_sim_watched->sim),
                                     .kind = what->kind,
                                     .pc = what->pc,
                                     .frame = what->frame};
    uint32_t lost = fan_lines_access(fan_sim_watched->lines, access.thread, access.address,
                                     access.size, writes(access.kind));
    if (lost)
        fan_evidence_note(FAN_FACT_LINE, access.address / FAN_LINES_BYTES, lost, (void *)what->pc);
    fan_race_reports(fan_sim_watched->race, &known);
    bool races =
        is_atomic(access.kind)
            ? fan_race_atomic(fan_sim_watched->race, &access,
                              fan_sim_object(fan_sim_watched->sim, (const void *)what->address),
                              what->order)
            : fan_race_access(fan_sim_watched->race, &access);
    if (races)
        tell_of_races_since(fan_sim_watched, known, &of_accesses, what->text);
}

/* ---- uses that the program is to order ------------------------------------------------------- */

static const struct vocabulary of_uses = {
    .kind = FAN_NOTICE_MISUSE,
    .verbs = {[FAN_RACE_READ] = "added to", [FAN_RACE_ATOMIC_STORE] = "waited for"},
};

/* To the race detector they are accesses of such kinds that only unlike ones conflict. (Go's
 * detector does the same for its wait group.) */
void fan_sim_watch_use(const void *object, enum fan_use use, const char *what)
{
    struct fan_sim_watch *watch = fan_sim_watched;
    size_t known;
    if (!watch)
        return;
    fan_race_reports(watch->race, &known);
    if (fan_race_access(watch->race,
                        &(struct fan_race_access){
                            .address = (uintptr_t)object,
                            .size = 1,
                            .thread = fan_sim_current(watch->sim),
                            .kind = use == FAN_USE_ADDS ? FAN_RACE_READ : FAN_RACE_ATOMIC_STORE,
                            .pc = (uintptr_t)__builtin_return_address(0),
                            .frame = *(const uintptr_t *)__builtin_frame_address(0),
                        }))
        tell_of_races_since(watch, known, &of_uses, what);
}
