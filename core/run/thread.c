/* The registry: one lock over the counts. A thread's `ended`, `joiners` and `references` stand
 * under its own guard. */
#include "run/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/panic.h"
#include "run/announce.h"
#include "run/backend.h"
#include "run/evidence.h"
#include "run/held.h"
#include "run/inner.h"
#include "run/thread_state.h"
#include "sim/sim.h"

_Thread_local struct fan_thread *fan_thread_current;

static struct {
    struct fan_lock guard;
    uint64_t last_id; /* guard */
    size_t live;      /* guard: spawned threads that have not ended: who joins one sees it gone */
    size_t budget;    /* guard */
    uint32_t here;    /* atomic: those, and who is about to leave; waited on until it is 0 */
} registry;

enum { STACK_SIZE = 256 * 1024 };

static int enter_registry(bool counts, uint64_t *id)
{
    int error = 0;
    fan_lock_acquire(&registry.guard);
    if (counts && registry.budget && registry.live >= registry.budget) {
        error = EAGAIN;
    } else {
        registry.live += counts;
        if (counts)
            fan_inner_fetch_add(&registry.here, 1, FAN_RELAXED);
        *id = ++registry.last_id;
    }
    fan_lock_release(&registry.guard);
    return error;
}

static void end_in_registry(void)
{
    fan_lock_acquire(&registry.guard);
    registry.live--;
    fan_lock_release(&registry.guard);
}

/* The last that a thread does. */
static void leave_registry(void)
{
    if (fan_inner_fetch_add(&registry.here, (uint32_t)-1, FAN_RELEASE) == 1)
        fan_backend_wake(&registry.here, INT32_MAX);
}

static void take_slot(struct fan_thread *thread, uint64_t creator)
{
    thread->slot = fan_probe_thread_add(thread->name, thread->id, creator);
    thread->slot_index = fan_probe_thread_slot(thread->slot);
}

static void set_identity(struct fan_thread *thread, const char *name, uint64_t creator)
{
    strncpy(thread->name, name ? name : "thread", sizeof thread->name - 1);
    thread->random.state = thread->id;
    take_slot(thread, creator);
}

static void show_running(struct fan_thread *thread)
{
    struct fan_probe_thread *slot = thread->slot;
    if (!slot)
        return;
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->state, FAN_STATE_RUNNING);
    FAN_PROBE_SET(slot->since_ns, fan_clock_ns());
    FAN_PROBE_SET(slot->os_thread, fan_backend_os_thread());
    fan_probe_shut(&slot->seq);
}

static void drop_reference(struct fan_thread *thread)
{
    fan_lock_acquire(&thread->guard);
    bool last = --thread->references == 0;
    fan_lock_release(&thread->guard);
    if (last)
        free(thread);
}

/* That one thread more has ended matters to who waits for all, or was refused another one; not to
 * those who end: a touch that commutes with itself. */
static void announce_end(const struct fan_thread *self)
{
    fan_announce(&(struct fan_announcement){
        .op = FAN_OP_END, .object = self, .mode = FAN_TOUCH_WRITE, .context = &registry});
}

/* Who waits for the end is woken first and the thread shown as ended second: in the other order
 * there would be a moment in which nobody seems able to run. */
static void end(struct fan_thread *self)
{
    announce_end(self);
    fan_held_thread_ends();
    fan_evidence_note(FAN_FACT_END, 0, 0, NULL);
    end_in_registry();
    fan_lock_acquire(&self->guard);
    self->ended = true;
    fan_waitq_fire_all(&self->joiners, 0);
    fan_lock_release(&self->guard);
    fan_probe_thread_done(self->slot);
    fan_thread_current = NULL;
    drop_reference(self);
    leave_registry();
}

void fan_thread_main(struct fan_thread *self)
{
    fan_thread_current = self;
    show_running(self);
    self->run(self->argument);
    end(self);
}

/* A spawn is a step only where a budget is so small that it may come to its end, and it matters who
 * gets the last thread: the scheduler itself has no more than FAN_SIM_THREADS. */
static void announce_spawn(const void *site)
{
    if (registry.budget == 0 || registry.budget >= FAN_SIM_THREADS)
        return;
    fan_announce_plain(FAN_OP_START, &registry, FAN_TOUCH_WRITE, (void *)site);
}

static int spawn(const struct fan_thread_options *options, void (*run)(void *), void *argument,
                 unsigned references, const void *site, struct fan_thread **started)
{
    uint64_t creator = fan_thread_here()->id;
    announce_spawn(site);
    struct fan_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return ENOMEM;
    int error = enter_registry(true, &thread->id);
    if (error) {
        free(thread);
        return error;
    }
    thread->run = run;
    thread->argument = argument;
    thread->references = references;
    set_identity(thread, options ? options->name : NULL, creator);
    *started = thread;
    size_t stack_size = options && options->stack_size ? options->stack_size : STACK_SIZE;
    fan_evidence_spawn(thread->id, thread->name, stack_size, site, run);
    error = fan_backend_start(thread, stack_size);
    if (error) {
        fan_probe_thread_drop(thread->slot);
        free(thread);
        end_in_registry();
        leave_registry();
    }
    return error;
}

int fan_thread_spawn(const struct fan_thread_options *options, void (*run)(void *), void *argument,
                     struct fan_thread **thread)
{
    struct fan_thread *started;
    int error = spawn(options, run, argument, 2, __builtin_return_address(0), &started);
    if (error == 0)
        *thread = started;
    return error;
}

void fan_go(const char *name, void (*run)(void *), void *argument)
{
    struct fan_thread *started;
    int error = spawn(&(struct fan_thread_options){.name = name}, run, argument, 1,
                      __builtin_return_address(0), &started);
    if (error)
        fan_panic("cannot start thread %s: %s", name ? name : "", strerror(error));
}

static bool has_ended(const void *thread)
{
    return ((const struct fan_thread *)thread)->ended;
}

void fan_thread_join(struct fan_thread *thread)
{
    if (!thread)
        return;
    struct fan_thread *self = fan_thread_here();
    if (thread == self)
        fan_panic("a thread joins itself");
    struct fan_waiter waiter = {.thread = self, .index = 1};
    struct fan_probe_wait wait = {
        .slot = thread->slot_index, .op = FAN_OP_JOIN, .kind = FAN_KIND_THREAD};
    fan_announce(&(struct fan_announcement){.op = FAN_OP_JOIN,
                                            .pc = __builtin_return_address(0),
                                            .object = thread,
                                            .mode = FAN_TOUCH_READ,
                                            .ready = has_ended,
                                            .argument = thread});
    fan_thread_operates(self, FAN_OP_JOIN, NULL, __builtin_return_address(0));
    fan_lock_acquire(&thread->guard);
    bool ended = thread->ended;
    if (!ended) {
        fan_wait_begin(self);
        fan_waitq_push(&thread->joiners, &waiter);
    }
    fan_lock_release(&thread->guard);
    if (!ended)
        fan_wait_park(self,
                      &(struct fan_wait_shown){.op = FAN_OP_JOIN, .waits = &wait, .wait_count = 1});
    drop_reference(thread);
}

void fan_thread_detach(struct fan_thread *thread)
{
    drop_reference(thread);
}

struct fan_thread *fan_thread_adopt_stranger(void)
{
    static _Thread_local struct fan_thread stranger;
    stranger = (struct fan_thread){0}; /* a run that was cut off may have left its guard taken */
    enter_registry(false, &stranger.id);
    fan_thread_current = &stranger;
    fan_backend_adopt(&stranger);
    set_identity(&stranger, "stranger", 0);
    show_running(&stranger);
    return &stranger;
}

void fan_thread_adopt(const char *name)
{
    struct fan_thread *self = fan_thread_here();
    fan_probe_thread_drop(self->slot);
    memset(self->name, 0, sizeof self->name);
    set_identity(self, name, 0);
    show_running(self);
}

void fan_thread_stranger_ends(struct fan_thread *stranger)
{
    fan_probe_thread_done(stranger->slot);
    stranger->slot = NULL;
    stranger->slot_index = FAN_PROBE_NO_SLOT;
}

void fan_thread_retire(void)
{
    fan_thread_stranger_ends(fan_thread_here());
}

struct fan_thread *fan_thread_self(void)
{
    return fan_thread_here();
}

const char *fan_thread_name(const struct fan_thread *thread)
{
    return thread->name;
}

uint64_t fan_thread_id(const struct fan_thread *thread)
{
    return thread->id;
}

bool fan_thread_blocked_at(const struct fan_thread *thread, struct fan_stack *stack)
{
    return fan_probe_blocked_at(thread->slot, stack);
}

void fan_thread_set_budget(size_t threads)
{
    fan_lock_acquire(&registry.guard);
    registry.budget = threads;
    fan_lock_release(&registry.guard);
}

size_t fan_thread_count(void)
{
    fan_lock_acquire(&registry.guard);
    size_t live = registry.live;
    fan_lock_release(&registry.guard);
    return live;
}

static bool nobody_lives(const void *unused)
{
    (void)unused;
    return registry.here == 0;
}

void fan_thread_wait_all(void)
{
    fan_announce(&(struct fan_announcement){.op = FAN_OP_JOIN,
                                            .pc = __builtin_return_address(0),
                                            .object = &registry,
                                            .mode = FAN_TOUCH_WRITE,
                                            .ready = nobody_lives});
    for (;;) {
        uint32_t seen = fan_inner_load(&registry.here, FAN_ACQUIRE);
        if (seen == 0)
            return;
        fan_backend_wait(&registry.here, seen, 0);
    }
}
