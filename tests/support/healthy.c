#include "tests/support/healthy.h"

#include <errno.h>
#include <sched.h>

#include "base/panic.h"
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

static void must(bool holds)
{
    if (!holds)
        fan_panic("a healthy program is not");
}

/* ---- channels ---- */

struct pair {
    struct fan_chan *there, *back, *other;
    struct fan_ctx stop;
};

static void echo(void *argument)
{
    struct pair *pair = argument;
    uint64_t value;
    while (fan_chan_recv(pair->there, &value, NULL) == 0)
        must(fan_chan_send(pair->back, &value, NULL) == 0);
}

static void ping_pong(uint64_t rounds, size_t capacity)
{
    struct pair pair = {.there = fan_chan_new("there", sizeof(uint64_t), capacity),
                        .back = fan_chan_new("back", sizeof(uint64_t), capacity)};
    uint64_t echoed;
    fan_go("echo", echo, &pair);
    for (uint64_t i = 0; i < rounds; i++) {
        must(fan_chan_send(pair.there, &i, NULL) == 0);
        must(fan_chan_recv(pair.back, &echoed, NULL) == 0 && echoed == i);
    }
    fan_chan_recv(pair.back, &echoed, NULL);
}

static void run_unbuffered(uint64_t rounds)
{
    ping_pong(rounds, 0);
}

static void run_buffered(uint64_t rounds)
{
    ping_pong(rounds, 1);
}

static void echo_by_select(void *argument)
{
    struct pair *pair = argument;
    for (;;) {
        uint64_t value;
        size_t chosen;
        struct fan_select_case cases[] = {FAN_RECV(pair->there, &value),
                                          FAN_RECV(pair->other, &value), FAN_DONE(&pair->stop)};
        must(fan_select(cases, 3, NULL, &chosen) == 0 && chosen < 2);
        must(fan_chan_send(pair->back, &value, NULL) == 0);
    }
}

static void run_select(uint64_t rounds)
{
    struct pair pair = {.there = fan_chan_new("there", sizeof(uint64_t), 0),
                        .other = fan_chan_new("other", sizeof(uint64_t), 1),
                        .back = fan_chan_new("back", sizeof(uint64_t), 0)};
    uint64_t echoed;
    fan_ctx_init(&pair.stop, NULL);
    fan_go("echo", echo_by_select, &pair);
    for (uint64_t i = 0; i < rounds; i++) {
        must(fan_chan_send(i % 2 ? pair.there : pair.other, &i, NULL) == 0);
        must(fan_chan_recv(pair.back, &echoed, NULL) == 0 && echoed == i);
    }
    fan_chan_recv(pair.back, &echoed, NULL);
}

static void run_pool(uint64_t rounds)
{
    enum { WORKERS = 4, BATCH = 8 };
    struct pair pair = {.there = fan_chan_new("jobs", sizeof(uint64_t), 2),
                        .back = fan_chan_new("results", sizeof(uint64_t), BATCH)};
    uint64_t result;
    for (int i = 0; i < WORKERS; i++)
        fan_go("worker", echo, &pair);
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint64_t job = 0; job < BATCH; job++)
            must(fan_chan_send(pair.there, &job, NULL) == 0);
        for (int taken = 0; taken < BATCH; taken++)
            must(fan_chan_recv(pair.back, &result, NULL) == 0);
    }
    fan_chan_recv(pair.back, &result, NULL);
}

/* ---- locks ---- */

struct turns {
    struct fan_mutex mutex;
    struct fan_cond changed;
    uint64_t turn; /* mutex */
};

static void take_turns(struct turns *turns, uint64_t rounds, uint64_t mine)
{
    for (uint64_t i = 0; i < rounds; i++) {
        fan_mutex_lock(&turns->mutex);
        while (turns->turn % 2 != mine)
            fan_cond_wait(&turns->changed, &turns->mutex);
        turns->turn++;
        fan_cond_signal(&turns->changed);
        fan_mutex_unlock(&turns->mutex);
    }
}

static void take_odd_turns(void *turns)
{
    take_turns(turns, UINT64_MAX, 1);
}

static void run_cond(uint64_t rounds)
{
    struct turns turns = {.mutex = {.name = "mutex"}, .changed = {.name = "changed"}};
    fan_go("partner", take_odd_turns, &turns);
    take_turns(&turns, rounds, 0);
    fan_mutex_lock(&turns.mutex);
    for (;;)
        fan_cond_wait(&turns.changed, &turns.mutex);
}

struct barrier {
    struct fan_mutex mutex;
    struct fan_cond everybody_is_here;
    uint64_t arrived; /* mutex */
};

static void meet(struct barrier *barrier, uint64_t rounds)
{
    for (uint64_t round = 0; round < rounds; round++) {
        fan_mutex_lock(&barrier->mutex);
        uint64_t generation = barrier->arrived++ / 3;
        if (barrier->arrived % 3 == 0)
            fan_cond_broadcast(&barrier->everybody_is_here);
        while (barrier->arrived / 3 == generation)
            fan_cond_wait(&barrier->everybody_is_here, &barrier->mutex);
        fan_mutex_unlock(&barrier->mutex);
    }
}

static void meet_always(void *barrier)
{
    meet(barrier, UINT64_MAX);
}

static void run_barrier(uint64_t rounds)
{
    struct barrier barrier = {.mutex = {.name = "mutex"}};
    fan_go("partner", meet_always, &barrier);
    fan_go("partner", meet_always, &barrier);
    meet(&barrier, rounds);
    fan_mutex_lock(&barrier.mutex);
    for (;;)
        fan_cond_wait(&barrier.everybody_is_here, &barrier.mutex);
}

static void contend_for_mutex(void *mutex)
{
    for (;;) {
        fan_mutex_lock(mutex);
        sched_yield();
        fan_mutex_unlock(mutex);
    }
}

static void wait_for_nothing(void)
{
    fan_chan_recv(fan_chan_new("nothing", 1, 0), NULL, NULL);
}

/* Programs that contend for a lock stop by keeping it. */
static void run_mutex(uint64_t rounds)
{
    struct fan_mutex mutex = {.name = "mutex"};
    for (int i = 0; i < 3; i++)
        fan_go("partner", contend_for_mutex, &mutex);
    for (uint64_t i = 0; i < rounds; i++) {
        fan_mutex_lock(&mutex);
        fan_mutex_unlock(&mutex);
    }
    fan_mutex_lock(&mutex);
    wait_for_nothing();
}

static void contend_to_read(void *rwlock)
{
    for (;;) {
        fan_rwlock_lock_shared(rwlock);
        sched_yield();
        fan_rwlock_unlock_shared(rwlock);
    }
}

static void run_rwlock(uint64_t rounds)
{
    struct fan_rwlock rwlock = {.name = "rwlock"};
    for (int i = 0; i < 3; i++)
        fan_go("partner", contend_to_read, &rwlock);
    for (uint64_t i = 0; i < rounds; i++) {
        fan_rwlock_lock(&rwlock);
        sched_yield();
        fan_rwlock_unlock(&rwlock);
    }
    fan_rwlock_lock(&rwlock);
    wait_for_nothing();
}

/* ---- counting ---- */

struct semaphores {
    struct fan_semaphore ping, pong;
};

static void pass_permits(void *argument)
{
    struct semaphores *semaphores = argument;
    for (;;) {
        must(fan_semaphore_acquire(&semaphores->ping, 2, NULL) == 0);
        fan_semaphore_release(&semaphores->pong, 1);
    }
}

static void run_semaphore(uint64_t rounds)
{
    struct semaphores semaphores;
    fan_semaphore_init(&semaphores.ping, "ping", 2);
    fan_semaphore_init(&semaphores.pong, "pong", 1);
    must(fan_semaphore_acquire(&semaphores.ping, 2, NULL) == 0);
    must(fan_semaphore_acquire(&semaphores.pong, 1, NULL) == 0);
    fan_go("partner", pass_permits, &semaphores);
    for (uint64_t i = 0; i < rounds; i++) {
        fan_semaphore_release(&semaphores.ping, 1);
        fan_semaphore_release(&semaphores.ping, 1);
        must(fan_semaphore_acquire(&semaphores.pong, 1, NULL) == 0);
    }
    fan_semaphore_acquire(&semaphores.pong, 1, NULL);
}

struct counted {
    struct fan_chan *go;
    struct fan_waitgroup group;
};

static void call_done(void *argument)
{
    struct counted *counted = argument;
    while (fan_chan_recv(counted->go, NULL, NULL) == 0)
        fan_waitgroup_done(&counted->group);
}

static void run_wait_group(uint64_t rounds)
{
    struct counted counted = {.go = fan_chan_new("go", 0, 0), .group = {.name = "group"}};
    fan_go("worker", call_done, &counted);
    fan_go("worker", call_done, &counted);
    for (uint64_t i = 0; i < rounds; i++) {
        fan_waitgroup_add(&counted.group, 2);
        must(fan_chan_send(counted.go, NULL, NULL) == 0);
        must(fan_chan_send(counted.go, NULL, NULL) == 0);
        must(fan_waitgroup_wait(&counted.group, NULL) == 0);
    }
    fan_waitgroup_add(&counted.group, 1);
    fan_waitgroup_wait(&counted.group, NULL);
}

/* ---- threads ---- */

static void do_nothing(void *argument)
{
    (void)argument;
}

static void run_join(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        struct fan_thread *thread;
        int error = fan_thread_spawn(NULL, do_nothing, NULL, &thread);
        must(error == 0 || error == EAGAIN);
        if (error == 0)
            fan_thread_join(thread);
    }
    wait_for_nothing();
}

struct chain {
    struct fan_waitgroup group;
    int left;
};

/* At the hand-over only a thread that has not begun yet can go on. */
static void spawn_next(void *argument)
{
    struct chain *chain = argument;
    if (--chain->left > 0)
        fan_go("link", spawn_next, chain);
    else
        fan_waitgroup_done(&chain->group);
}

static void run_spawn_chain(uint64_t rounds)
{
    struct chain chain = {.group = {.name = "group"}};
    for (uint64_t i = 0; i < rounds; i++) {
        chain.left = 5;
        fan_waitgroup_add(&chain.group, 1);
        fan_go("link", spawn_next, &chain);
        must(fan_waitgroup_wait(&chain.group, NULL) == 0);
    }
    wait_for_nothing();
}

/* ---- contexts, once, time ---- */

struct errand {
    struct fan_chan *contexts, *acks, *nothing;
};

static void wait_for_cancel(void *argument)
{
    struct errand *errand = argument;
    struct fan_ctx *ctx;
    while (fan_chan_recv(errand->contexts, &ctx, NULL) == 0) {
        must(fan_chan_recv(errand->nothing, NULL, ctx) == ECANCELED);
        must(fan_chan_send(errand->acks, NULL, NULL) == 0);
    }
}

static void run_context(uint64_t rounds)
{
    struct errand errand = {.contexts = fan_chan_new("contexts", sizeof(struct fan_ctx *), 0),
                            .acks = fan_chan_new("acks", 0, 0),
                            .nothing = fan_chan_new("nothing", 0, 0)};
    fan_go("worker", wait_for_cancel, &errand);
    for (uint64_t i = 0; i < rounds; i++) {
        struct fan_ctx parent, child, *given = &child;
        fan_ctx_init(&parent, NULL);
        fan_ctx_init(&child, &(struct fan_ctx_options){.parent = &parent});
        must(fan_chan_send(errand.contexts, &given, NULL) == 0);
        fan_ctx_cancel(&parent, 0);
        must(fan_chan_recv(errand.acks, NULL, NULL) == 0);
        fan_ctx_destroy(&child);
        fan_ctx_destroy(&parent);
    }
    fan_chan_recv(errand.acks, NULL, NULL);
}

static void yield_a_few_times(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++)
        sched_yield();
}

static void call_once(void *argument)
{
    struct errand *errand = argument;
    struct fan_once *once;
    while (fan_chan_recv(errand->contexts, &once, NULL) == 0) {
        fan_once(once, yield_a_few_times, NULL);
        must(fan_chan_send(errand->acks, NULL, NULL) == 0);
    }
}

static void run_once(uint64_t rounds)
{
    struct errand errand = {.contexts = fan_chan_new("onces", sizeof(struct fan_once *), 0),
                            .acks = fan_chan_new("acks", 0, 0)};
    fan_go("worker", call_once, &errand);
    for (uint64_t i = 0; i < rounds; i++) {
        struct fan_once once = {.name = "once"}, *given = &once;
        must(fan_chan_send(errand.contexts, &given, NULL) == 0);
        fan_once(&once, yield_a_few_times, NULL);
        must(fan_chan_recv(errand.acks, NULL, NULL) == 0);
        fan_once_destroy(&once);
    }
    fan_chan_recv(errand.acks, NULL, NULL);
}

static void sleep_often(void *argument)
{
    (void)argument;
    for (;;)
        must(fan_sleep(700 * FAN_MICROSECOND, NULL) == 0);
}

static void tick_often(void *argument)
{
    struct fan_timer ticker;
    (void)argument;
    fan_timer_init(&ticker, "ticker", fan_deadline_after(1), 900 * FAN_MICROSECOND);
    for (;;)
        must(fan_timer_wait(&ticker, NULL) == 0);
}

static void run_timers(uint64_t rounds)
{
    struct fan_chan *nothing = fan_chan_new("nothing", 0, 0);
    fan_go("sleeper", sleep_often, NULL);
    fan_go("ticker", tick_often, NULL);
    for (uint64_t i = 0; i < rounds; i++) {
        struct fan_ctx ctx;
        size_t chosen;
        struct fan_select_case cases[] = {FAN_RECV(nothing, NULL), FAN_DONE(&ctx)};
        fan_ctx_init(&ctx, &(struct fan_ctx_options){
                               .deadline_ns = fan_deadline_after(800 * FAN_MICROSECOND)});
        if (i % 2)
            must(fan_chan_recv(nothing, NULL, &ctx) == ETIMEDOUT);
        else
            must(fan_select(cases, 2, NULL, &chosen) == 0 && chosen == 1);
        fan_ctx_destroy(&ctx);
    }
}

const struct healthy healthy_programs[] = {
    {"unbuffered channel", run_unbuffered, false},
    {"buffered channel", run_buffered, false},
    {"select", run_select, false},
    {"pool", run_pool, false},
    {"condition", run_cond, false},
    {"barrier", run_barrier, false},
    {"mutex", run_mutex, false},
    {"rwlock", run_rwlock, false},
    {"semaphore", run_semaphore, false},
    {"wait group", run_wait_group, false},
    {"join", run_join, false},
    {"spawn chain", run_spawn_chain, false},
    {"context", run_context, false},
    {"once", run_once, false},
    {"timers", run_timers, true},
    {0},
};
