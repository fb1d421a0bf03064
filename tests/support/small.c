#define FAN_SIM
#include "tests/support/small.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "run/access.h"
#include "run/atomic.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/ctx.h"
#include "sync/once.h"
#include "sync/rwlock.h"
#include "sync/select.h"
#include "sync/semaphore.h"
#include "sync/timer.h"
#include "sync/waitgroup.h"

struct actor {
    struct world *world;
    uint32_t thread, held;
};

struct world {
    struct actor actors[SMALL_THREADS];
    const struct small *program;
    struct small_log *log;
    struct fan_chan *channels[SMALL_CHANNELS];
    struct fan_ctx contexts[SMALL_CONTEXTS]; /* 1 is the child of 0, 2 has a deadline */
    struct fan_mutex mutex;
    struct fan_cond cond;
    struct fan_rwlock rwlock;
    struct fan_waitgroup group;
    struct fan_semaphore semaphore;
    struct fan_timer timer, ticker;
    struct fan_once once;
    struct fan_thread *threads[SMALL_THREADS];
    uint32_t under_mutex, under_rwlock, onces, marked, atomic;
    bool flag; /* under the mutex */
};

enum {
    TICK_NS = 10,
    DEADLINE_NS = 25,
    TIMER_NS = 15,
};

static void observe(const struct actor *actor, uint32_t value)
{
    struct small_log *log = actor->world->log;
    uint32_t at = log->counts[actor->thread]++;
    if (at < SMALL_LOG)
        log->values[actor->thread][at] = value;
}

static struct fan_ctx *context_of(const struct actor *actor, const struct small_call *call)
{
    return call->context ? &actor->world->contexts[call->context - 1] : NULL;
}

/* ---- the calls ---- */

static void call_send(struct actor *actor, const struct small_call *call)
{
    uint32_t value = call->amount;
    observe(actor, (uint32_t)fan_chan_send(actor->world->channels[call->object], &value,
                                           context_of(actor, call)));
}

static void observe_received(const struct actor *actor, int result, uint32_t value)
{
    observe(actor, (uint32_t)result * 256 + (result == 0 ? value : 0));
}

static void call_recv(struct actor *actor, const struct small_call *call)
{
    uint32_t value = 0;
    int result =
        fan_chan_recv(actor->world->channels[call->object], &value, context_of(actor, call));
    observe_received(actor, result, value);
}

static void call_try_send(struct actor *actor, const struct small_call *call)
{
    uint32_t value = call->amount;
    observe(actor, (uint32_t)fan_chan_try_send(actor->world->channels[call->object], &value));
}

static void call_try_recv(struct actor *actor, const struct small_call *call)
{
    uint32_t value = 0;
    int result = fan_chan_try_recv(actor->world->channels[call->object], &value);
    observe_received(actor, result, value);
}

static void call_close(struct actor *actor, const struct small_call *call)
{
    fan_chan_close(actor->world->channels[call->object]);
    observe(actor, 1);
}

static void call_length(struct actor *actor, const struct small_call *call)
{
    observe(actor, (uint32_t)fan_chan_length(actor->world->channels[call->object]));
}

enum {
    CASE_SEND,
    CASE_RECV,
    CASE_DONE,
    CASE_TIMER,
    CASE_KINDS,
};

struct selected {
    uint32_t values[2];
    struct fan_select_case cases[2];
};

static void prepare_case(struct world *world, const struct small_call *call, uint32_t i,
                         struct selected *selected)
{
    uint32_t object = i ? call->other : call->object;
    struct fan_chan *chan = world->channels[object];
    selected->values[i] = call->amount + i;
    switch (call->cases[i]) {
    case CASE_SEND:
        selected->cases[i] = (struct fan_select_case)FAN_SEND(chan, &selected->values[i]);
        break;
    case CASE_RECV:
        selected->cases[i] = (struct fan_select_case)FAN_RECV(chan, &selected->values[i]);
        break;
    case CASE_DONE:
        selected->cases[i] = (struct fan_select_case){
            .kind = FAN_CASE_DONE, .ctx = &world->contexts[call->amount % SMALL_CONTEXTS]};
        break;
    default:
        selected->cases[i] =
            (struct fan_select_case){.kind = FAN_CASE_TIMER, .timer = &world->timer};
    }
}

static void observe_selected(const struct actor *actor, int error, size_t chosen,
                             const struct selected *selected)
{
    observe(actor, (uint32_t)error * 256 + (error ? 0 : (uint32_t)chosen));
    if (error == 0)
        observe_received(actor, selected->cases[chosen].result, selected->values[chosen]);
}

static void call_select(struct actor *actor, const struct small_call *call)
{
    struct selected selected;
    size_t chosen = 0;
    prepare_case(actor->world, call, 0, &selected);
    prepare_case(actor->world, call, 1, &selected);
    int error = fan_select(selected.cases, 2, context_of(actor, call), &chosen);
    observe_selected(actor, error, chosen, &selected);
}

static void call_select_try(struct actor *actor, const struct small_call *call)
{
    struct selected selected;
    size_t chosen = 0;
    prepare_case(actor->world, call, 0, &selected);
    prepare_case(actor->world, call, 1, &selected);
    int error = fan_select_try(selected.cases, 2, &chosen);
    observe_selected(actor, error, chosen, &selected);
}

static void call_with_mutex(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_mutex_lock(&actor->world->mutex);
    observe(actor, actor->world->under_mutex++);
    fan_mutex_unlock(&actor->world->mutex);
}

static void call_trylock(struct actor *actor, const struct small_call *call)
{
    (void)call;
    int error = fan_mutex_trylock(&actor->world->mutex);
    observe(actor, (uint32_t)error);
    if (error == 0)
        fan_mutex_unlock(&actor->world->mutex);
}

static void call_cond_wait(struct actor *actor, const struct small_call *call)
{
    struct world *world = actor->world;
    fan_mutex_lock(&world->mutex);
    while (!world->flag) {
        fan_cond_wait(&world->cond, &world->mutex);
        if (call->amount % 2)
            break;
    }
    observe(actor, world->under_mutex * 2 + world->flag);
    fan_mutex_unlock(&world->mutex);
}

static void call_signal(struct actor *actor, const struct small_call *call)
{
    struct world *world = actor->world;
    fan_mutex_lock(&world->mutex);
    world->flag |= call->amount % 2;
    if (call->amount & 2)
        fan_cond_broadcast(&world->cond);
    fan_mutex_unlock(&world->mutex);
    if (!(call->amount & 2))
        fan_cond_signal(&world->cond);
    observe(actor, 1);
}

static void call_read(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_rwlock_lock_shared(&actor->world->rwlock);
    observe(actor, actor->world->under_rwlock);
    fan_rwlock_unlock_shared(&actor->world->rwlock);
}

static void call_write(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_rwlock_lock(&actor->world->rwlock);
    observe(actor, actor->world->under_rwlock++);
    fan_rwlock_unlock(&actor->world->rwlock);
}

static void call_done(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_waitgroup_done(&actor->world->group);
    observe(actor, 1);
}

static void call_add(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_waitgroup_add(&actor->world->group, 1);
    observe(actor, 1);
}

static void call_wait(struct actor *actor, const struct small_call *call)
{
    observe(actor, (uint32_t)fan_waitgroup_wait(&actor->world->group, context_of(actor, call)));
}

static void observe_acquired(struct actor *actor, int error, uint32_t amount)
{
    observe(actor, (uint32_t)error);
    if (error == 0)
        actor->held += amount;
}

static void call_acquire(struct actor *actor, const struct small_call *call)
{
    uint32_t amount = 1 + call->amount % 2;
    int error = fan_semaphore_acquire(&actor->world->semaphore, amount, context_of(actor, call));
    observe_acquired(actor, error, amount);
}

static void call_try_acquire(struct actor *actor, const struct small_call *call)
{
    uint32_t amount = 1 + call->amount % 2;
    observe_acquired(actor, fan_semaphore_try_acquire(&actor->world->semaphore, amount), amount);
}

static void call_release(struct actor *actor, const struct small_call *call)
{
    (void)call;
    if (actor->held)
        fan_semaphore_release(&actor->world->semaphore, actor->held);
    actor->held = 0;
    observe(actor, 1);
}

static void call_cancel(struct actor *actor, const struct small_call *call)
{
    fan_ctx_cancel(&actor->world->contexts[call->amount % SMALL_CONTEXTS], call->other ? EIO : 0);
    observe(actor, 1);
}

static void call_look(struct actor *actor, const struct small_call *call)
{
    struct fan_ctx *ctx = &actor->world->contexts[call->amount % SMALL_CONTEXTS];
    observe(actor, (uint32_t)(call->other ? fan_ctx_cause(ctx) : fan_ctx_error(ctx)));
}

static void call_child(struct actor *actor, const struct small_call *call)
{
    struct fan_ctx child;
    struct fan_ctx_options options = {.parent =
                                          &actor->world->contexts[call->amount % SMALL_CONTEXTS]};
    uint32_t value = 0;
    fan_ctx_init(&child, &options);
    int result = fan_chan_recv(actor->world->channels[call->object], &value, &child);
    observe_received(actor, result, value);
    fan_ctx_destroy(&child);
}

static void call_sleep(struct actor *actor, const struct small_call *call)
{
    observe(actor, (uint32_t)fan_sleep((1 + call->amount % 3) * TICK_NS, context_of(actor, call)));
}

static void call_timer_wait(struct actor *actor, const struct small_call *call)
{
    observe(actor, (uint32_t)fan_timer_wait(&actor->world->timer, context_of(actor, call)));
}

static void call_timer_try(struct actor *actor, const struct small_call *call)
{
    (void)call;
    observe(actor, (uint32_t)fan_timer_try(&actor->world->timer));
}

static void call_timer_reset(struct actor *actor, const struct small_call *call)
{
    uint64_t due_ns = fan_deadline_after((call->amount % 3) * TICK_NS);
    fan_timer_reset(&actor->world->timer, due_ns, 0);
    observe(actor, 1);
}

static void count_once(void *argument)
{
    struct world *world = argument;
    world->onces++;
}

static void call_once(struct actor *actor, const struct small_call *call)
{
    (void)call;
    fan_once(&actor->world->once, count_once, actor->world);
    observe(actor, actor->world->onces);
}

static void call_tick(struct actor *actor, const struct small_call *call)
{
    (void)call;
    observe(actor, (uint32_t)fan_timer_try(&actor->world->ticker));
}

static void call_tick_wait(struct actor *actor, const struct small_call *call)
{
    observe(actor, (uint32_t)fan_timer_wait(&actor->world->ticker, context_of(actor, call)));
}

static void call_marked(struct actor *actor, const struct small_call *call)
{
    struct world *world = actor->world;
    FAN_READ(world->marked);
    uint32_t value = world->marked;
    observe(actor, value);
    if (call->amount % 2 == 0)
        return;
    FAN_WRITE(world->marked);
    world->marked = value + 1;
}

static void call_atomic(struct actor *actor, const struct small_call *call)
{
    uint32_t *atomic = &actor->world->atomic;
    if (call->amount % 2)
        observe(actor, fan_atomic_load(atomic, FAN_ACQUIRE));
    else
        observe(actor, fan_atomic_fetch_add(atomic, 1, FAN_ACQ_REL));
}

static void call_destroy(struct actor *actor, const struct small_call *call)
{
    struct world *world = actor->world;
    switch (call->amount % 5) {
    case 0:
        fan_mutex_destroy(&world->mutex);
        break;
    case 1:
        fan_cond_destroy(&world->cond);
        break;
    case 2:
        fan_rwlock_destroy(&world->rwlock);
        break;
    case 3:
        fan_waitgroup_destroy(&world->group);
        break;
    default:
        fan_once_destroy(&world->once);
    }
    observe(actor, 1);
}

static void call_join(struct actor *actor, const struct small_call *call)
{
    (void)call;
    struct world *world = actor->world;
    uint32_t other = world->program->threads - 1;
    if (actor->thread == 0 && world->threads[other]) {
        fan_thread_join(world->threads[other]);
        world->threads[other] = NULL;
    }
    observe(actor, 1);
}

/* ---- what there is to call, by what it is called on ---- */

static const struct {
    const char *name;
    void (*call)(struct actor *actor, const struct small_call *call);
    uint32_t theme;
} calls[] = {
    {"send", call_send, 0},           {"recv", call_recv, 0},
    {"try_send", call_try_send, 0},   {"try_recv", call_try_recv, 0},
    {"close", call_close, 0},         {"length", call_length, 0},
    {"select", call_select, 1},       {"select_try", call_select_try, 1},
    {"send", call_send, 1},           {"recv", call_recv, 1},
    {"cancel", call_cancel, 1},       {"mutex", call_with_mutex, 2},
    {"trylock", call_trylock, 2},     {"cond_wait", call_cond_wait, 3},
    {"signal", call_signal, 3},       {"mutex", call_with_mutex, 3},
    {"read", call_read, 4},           {"write", call_write, 4},
    {"done", call_done, 5},           {"add", call_add, 5},
    {"wait", call_wait, 5},           {"done", call_done, 5},
    {"acquire", call_acquire, 6},     {"try_acquire", call_try_acquire, 6},
    {"release", call_release, 6},     {"cancel", call_cancel, 7},
    {"look", call_look, 7},           {"child", call_child, 7},
    {"sleep", call_sleep, 8},         {"timer_wait", call_timer_wait, 8},
    {"timer_try", call_timer_try, 8}, {"timer_reset", call_timer_reset, 8},
    {"once", call_once, 9},           {"join", call_join, 9},
    {"tick", call_tick, 8},           {"tick_wait", call_tick_wait, 8},
    {"marked", call_marked, 10},      {"atomic", call_atomic, 10},
    {"destroy", call_destroy, 11},    {"mutex", call_with_mutex, 11},
    {"write", call_write, 11},        {"done", call_done, 11},
};

enum {
    CALL_KINDS = sizeof calls / sizeof calls[0],
    THEMES = 12,
};

/* ---- generating ---- */

static struct small_call generate_call(struct fan_random *random, uint32_t themes)
{
    uint32_t kind;
    do
        kind = (uint32_t)fan_random_below(random, CALL_KINDS);
    while (!(themes >> calls[kind].theme & 1));
    bool with_context = fan_random_below(random, 3) == 0;
    return (struct small_call){
        .kind = (uint8_t)kind,
        .object = (uint8_t)fan_random_below(random, SMALL_CHANNELS),
        .other = (uint8_t)fan_random_below(random, SMALL_CHANNELS),
        .context =
            with_context ? (uint8_t)(1 + fan_random_below(random, SMALL_CONTEXTS)) : (uint8_t)0,
        .amount = (uint8_t)fan_random_below(random, 100),
        .cases = {(uint8_t)fan_random_below(random, CASE_KINDS),
                  (uint8_t)fan_random_below(random, CASE_KINDS)},
    };
}

void small_generate(struct small *program, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    uint32_t themes = 1u << fan_random_below(&random, THEMES);
    themes |= 1u << fan_random_below(&random, THEMES);
    memset(program, 0, sizeof *program);
    program->threads = 2 + (uint32_t)fan_random_below(&random, SMALL_THREADS - 1);
    program->group = (uint8_t)fan_random_below(&random, 3);
    program->permits = (uint8_t)(1 + fan_random_below(&random, 2));
    for (int i = 0; i < SMALL_CHANNELS; i++)
        program->capacities[i] = (uint8_t)fan_random_below(&random, 3);
    for (uint32_t i = 0; i < program->threads; i++) {
        uint32_t most = program->threads == 2 ? SMALL_CALLS : SMALL_CALLS - 1;
        program->counts[i] = 1 + (uint32_t)fan_random_below(&random, most);
        for (uint32_t j = 0; j < program->counts[i]; j++)
            program->calls[i][j] = generate_call(&random, themes);
    }
}

void small_print(const struct small *program)
{
    printf("capacities %u %u, group %u, permits %u\n", program->capacities[0],
           program->capacities[1], program->group, program->permits);
    for (uint32_t i = 0; i < program->threads; i++) {
        printf("thread %u:", i);
        for (uint32_t j = 0; j < program->counts[i]; j++) {
            const struct small_call *call = &program->calls[i][j];
            printf(" %s(%u,%u,ctx %d,%u,[%u %u])", calls[call->kind].name, call->object,
                   call->other, call->context - 1, call->amount, call->cases[0], call->cases[1]);
        }
        printf("\n");
    }
}

/* ---- running ---- */

static void act(struct actor *actor)
{
    const struct small *program = actor->world->program;
    for (uint32_t i = 0; i < program->counts[actor->thread]; i++) {
        const struct small_call *call = &program->calls[actor->thread][i];
        calls[call->kind].call(actor, call);
    }
}

static void act_in_thread(void *argument)
{
    act(argument);
}

static void make_objects(struct world *world)
{
    const struct small *program = world->program;
    uint64_t now_ns = fan_now_ns();
    for (int i = 0; i < SMALL_CHANNELS; i++)
        world->channels[i] = fan_chan_new("c", sizeof(uint32_t), program->capacities[i]);
    fan_ctx_init(&world->contexts[0], NULL);
    fan_ctx_init(&world->contexts[1], &(struct fan_ctx_options){.parent = &world->contexts[0]});
    fan_ctx_init(&world->contexts[2],
                 &(struct fan_ctx_options){.deadline_ns = now_ns + DEADLINE_NS});
    fan_semaphore_init(&world->semaphore, "s", program->permits);
    fan_timer_init(&world->timer, "t", now_ns + TIMER_NS, 0);
    fan_timer_init(&world->ticker, "k", now_ns + TICK_NS, TICK_NS);
    if (program->group)
        fan_waitgroup_add(&world->group, program->group);
}

void small_run(const struct small *program, struct small_log *log)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    world->program = program;
    world->log = log;
    make_objects(world);
    for (uint32_t i = 0; i < program->threads; i++)
        world->actors[i] = (struct actor){.world = world, .thread = i};
    for (uint32_t i = 1; i < program->threads; i++)
        if (fan_thread_spawn(NULL, act_in_thread, &world->actors[i], &world->threads[i]) != 0)
            abort();
    act(&world->actors[0]);
}
