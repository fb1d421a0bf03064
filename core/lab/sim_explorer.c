/* The program's panics come here through the probe, which has no tables: nothing is published while
 * one schedule follows the other. */
#include "lab/sim_explorer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/panic.h"
#include "base/probe.h"
#include "lab/sim_last_words.h"
#include "lab/sim_memory.h"
#include "run/evidence.h"
#include "run/sim_backend.h"
#include "run/thread.h"
#include "run/thread_state.h"
#include "watch/publish.h"

#define COUNT(counter, amount) __atomic_store_n(&(counter), (counter) + (amount), __ATOMIC_RELAXED)

static void take_panic(void *observer, const struct fan_panic *panic)
{
    struct fan_explorer *explorer = observer;
    if (panic->kind == FAN_PANIC_SIGNAL) {
        fan_sim_last_words_take(explorer->shared, explorer->sim, panic);
        return;
    }
    explorer->panic = *panic;
    fan_sim_fail(explorer->sim);
}

static void take_notice(void *observer, const struct fan_notice *notice)
{
    struct fan_explorer *explorer = observer;
    if (notice->kind == FAN_NOTICE_RACE)
        __atomic_store_n(&explorer->shared->raced, 1, __ATOMIC_RELAXED);
    if (explorer->notice_count < FAN_EXPLORER_NOTICES)
        explorer->notices[explorer->notice_count++] = *notice;
}

static bool collect_evidence(struct fan_explorer *explorer)
{
    explorer->evidence = calloc(1, sizeof *explorer->evidence);
    if (!explorer->evidence)
        return false;
    explorer->evidence->contract = *explorer->order->contract;
    explorer->evidence->workers = explorer->order->numbers[FAN_ORDER_WORKERS];
    explorer->evidence->items = explorer->order->numbers[FAN_ORDER_ITEMS];
    explorer->evidence->virtual_time = 1;
    fan_evidence_collect(explorer->evidence);
    return true;
}

int fan_explorer_init(struct fan_explorer *explorer, const struct fan_order *order,
                      const struct fan_variant *variant, struct fan_exploration *shared)
{
    static struct fan_probe_tables no_tables;
    *explorer = (struct fan_explorer){.order = order, .variant = variant, .shared = shared};
    explorer->sim = fan_sim_new(&(struct fan_sim_options){.schedule = &shared->current});
    explorer->watch = fan_sim_watch_new();
    if (!explorer->sim || !explorer->watch)
        return ENOMEM;
    no_tables = (struct fan_probe_tables){
        .panicked = take_panic, .noticed = take_notice, .observer = explorer};
    fan_probe_install(&no_tables);
    fan_sim_backend_use(explorer->sim, FAN_GRAIN_COARSE);
    fan_thread_set_budget(order->numbers[FAN_ORDER_BUDGET]);
    if (!collect_evidence(explorer))
        return ENOMEM;
    return fan_sim_memory_init();
}

/* Thread 0 of every run. What it leaves behind still runs to its end, and may use the lab: that is
 * given back with all else. */
static void program(void *argument)
{
    struct fan_explorer *explorer = argument;
    struct fan_lab *lab = malloc(sizeof *lab);
    if (!lab)
        fan_panic("no memory for the lab");
    *lab = fan_order_lab(explorer->order);
    fan_watch_phase(FAN_PHASE_RUNNING);
    explorer->variant->run(lab);
    fan_evidence_note(FAN_FACT_RETURNED, 0, 0, NULL);
    explorer->returned = true;
    fan_watch_phase(FAN_PHASE_RETURNED);
    fan_thread_retire();
}

/* The main thread is known from the start, as where it is published: to make itself known would
 * take it steps at the fine grain. */
void fan_explorer_reset(struct fan_explorer *explorer)
{
    fan_sim_memory_reset();
    fan_thread_here();
    explorer->returned = false;
    explorer->notice_count = 0;
    explorer->breaches.count = 0;
    fan_evidence_forget(explorer->evidence);
    fan_sim_watch_begin(explorer->watch, explorer->sim);
}

/* Outside of a run there are no steps to take, so nothing is fine there. A run that is published
 * has made main known before it begins; so has every other one, for the same steps. */
void fan_explorer_go(struct fan_explorer *explorer, const struct fan_strategy *strategy)
{
    fan_thread_self();
    bool fine = explorer->order->numbers[FAN_ORDER_FINE];
    fan_sim_backend_use(explorer->sim, fine ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
    COUNT(explorer->shared->runs, 1);
    fan_sim_memory_begin();
    explorer->outcome = fan_sim_run(explorer->sim, strategy, program, explorer);
    fan_sim_memory_end();
    fan_sim_backend_use(explorer->sim, FAN_GRAIN_COARSE);
    fan_thread_current = NULL;
}

void fan_explorer_run(struct fan_explorer *explorer, const struct fan_strategy *strategy)
{
    fan_explorer_reset(explorer);
    fan_explorer_go(explorer, strategy);
    if (explorer->outcome == FAN_SIM_FINISHED || explorer->outcome == FAN_SIM_STUCK)
        fan_detect(explorer->evidence, &explorer->breaches);
    else if (explorer->outcome == FAN_SIM_FAILED)
        fan_detect_cut_short(explorer->evidence, &explorer->breaches);
}

/* ---- how a run failed ---- */

static uint64_t mix(uint64_t hash, uint64_t what)
{
    hash = (hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Equal in every process, wherever that has the program loaded. */
static uint64_t offset_of(uintptr_t pc)
{
    extern const char __executable_start[];
    return pc - (uintptr_t)__executable_start;
}

static uint64_t place_of(uint32_t kind, const struct fan_stack *stack)
{
    uint64_t hash = kind;
    for (uint32_t i = 0; i < stack->depth && i < 4; i++)
        hash = mix(hash, offset_of(stack->frames[i]));
    return hash;
}

static void describe_panic(const struct fan_explorer *explorer, struct fan_failure *failure)
{
    failure->kind =
        explorer->panic.kind == FAN_PANIC_MISUSE ? FAN_FINDING_MISUSE : FAN_FINDING_PANIC;
    failure->place = place_of(explorer->panic.kind, &explorer->panic.stack);
    snprintf(failure->message, sizeof failure->message, "%.150s", explorer->panic.message);
}

/* Where threads are stuck, whichever of a crew they are: the sum does not depend on the order. */
static void describe_stuck(const struct fan_explorer *explorer, struct fan_failure *failure)
{
    uint32_t stuck = 0;
    failure->kind = explorer->returned ? FAN_FINDING_LEAK : FAN_FINDING_DEADLOCK;
    for (uint32_t i = 0; i < fan_sim_thread_count(explorer->sim); i++) {
        if (fan_sim_thread_ended(explorer->sim, i))
            continue;
        failure->place += mix(i == 0, offset_of(fan_sim_pending(explorer->sim, i)->pc));
        stuck++;
    }
    snprintf(failure->message, sizeof failure->message, "%u of %u threads can never go on", stuck,
             fan_sim_thread_count(explorer->sim));
}

static void describe_endless(const struct fan_explorer *explorer, struct fan_failure *failure)
{
    failure->kind = FAN_FINDING_LIVELOCK;
    snprintf(failure->message, sizeof failure->message,
             "not ended after %zu steps, which is the bound", fan_sim_event_count(explorer->sim));
}

/* The same for both orders of the two places. */
static void describe_notice(const struct fan_notice *notice, struct fan_failure *failure)
{
    static const enum fan_finding_kind kinds[] = {
        [FAN_NOTICE_RACE] = FAN_FINDING_RACE,
        [FAN_NOTICE_LOCK_ORDER] = FAN_FINDING_LOCK_ORDER,
        [FAN_NOTICE_MISUSE] = FAN_FINDING_MISUSE,
        [FAN_NOTICE_CANCEL_IGNORED] = FAN_FINDING_CANCEL_IGNORED,
    };
    failure->kind = kinds[notice->kind];
    failure->place =
        place_of(notice->kind, &notice->stack) + place_of(notice->kind, &notice->earlier);
    snprintf(failure->message, sizeof failure->message, "%s", notice->message);
}

/* The same whichever of a crew it is. */
static void describe_breach(const struct fan_breach *breach, struct fan_failure *failure)
{
    failure->kind = breach->kind;
    failure->place = mix(breach->kind, breach->pc ? offset_of((uintptr_t)breach->pc) : 0);
    if (breach->earlier_pc)
        failure->place = mix(failure->place, offset_of((uintptr_t)breach->earlier_pc));
    snprintf(failure->message, sizeof failure->message, "%s", breach->summary);
}

static bool came_to_a_bad_end(const struct fan_explorer *explorer)
{
    return explorer->outcome == FAN_SIM_FAILED || explorer->outcome == FAN_SIM_STUCK ||
           explorer->outcome == FAN_SIM_ENDLESS;
}

static void describe_end(const struct fan_explorer *explorer, struct fan_failure *failure)
{
    if (explorer->outcome == FAN_SIM_FAILED)
        describe_panic(explorer, failure);
    else if (explorer->outcome == FAN_SIM_STUCK)
        describe_stuck(explorer, failure);
    else
        describe_endless(explorer, failure);
}

bool fan_explorer_failure(const struct fan_explorer *explorer, uint32_t nth,
                          struct fan_failure *failure)
{
    uint32_t ends = came_to_a_bad_end(explorer), notices = explorer->notice_count;
    if (nth >= ends + notices + explorer->breaches.count)
        return false;
    memset(failure, 0, offsetof(struct fan_failure, found));
    if (nth < ends)
        describe_end(explorer, failure);
    else if (nth < ends + notices)
        describe_notice(&explorer->notices[nth - ends], failure);
    else
        describe_breach(&explorer->breaches.breaches[nth - ends - notices], failure);
    failure->found_hash = fan_sim_trace_hash(explorer->sim);
    return true;
}

/* ---- exploring ---- */

static struct fan_failure *known_failure(struct fan_exploration *shared,
                                         const struct fan_failure *failure)
{
    for (uint32_t i = 0; i < shared->failure_count; i++)
        if (shared->failures[i].kind == failure->kind &&
            shared->failures[i].place == failure->place)
            return &shared->failures[i];
    return NULL;
}

static void keep(struct fan_exploration *shared, const struct fan_failure *failure,
                 const struct fan_schedule *schedule)
{
    if (shared->failure_count == FAN_EXPLORATION_FAILURES)
        return;
    struct fan_failure *place = &shared->failures[shared->failure_count];
    memcpy(place, failure, offsetof(struct fan_failure, found));
    place->schedules = 1;
    place->first = shared->schedules;
    fan_schedule_copy(&place->found, schedule);
    __atomic_store_n(&shared->failure_count, shared->failure_count + 1, __ATOMIC_RELEASE);
}

static void count_failure(struct fan_exploration *shared, const struct fan_failure *failure,
                          const struct fan_schedule *schedule)
{
    struct fan_failure *known = known_failure(shared, failure);
    if (known)
        COUNT(known->schedules, 1);
    else
        keep(shared, failure, schedule);
}

static void take_into_account(struct fan_explorer *explorer)
{
    struct fan_exploration *shared = explorer->shared;
    struct fan_failure failure;
    COUNT(shared->steps, fan_sim_event_count(explorer->sim));
    if (explorer->outcome == FAN_SIM_ABANDONED) {
        COUNT(shared->abandoned, 1);
        return;
    }
    COUNT(shared->schedules, 1);
    for (uint32_t i = 0; fan_explorer_failure(explorer, i, &failure); i++) {
        COUNT(shared->failing, i == 0);
        count_failure(shared, &failure, fan_sim_schedule(explorer->sim));
    }
}

enum {
    LOOK_AT_THE_CLOCK_EVERY = 64,
    ASK_AGAIN_AT_ONCE = 1000, /* times, before it naps */
    NAP_NS = 20000,
};

/* Whether there is one more run to make; waits for others that share the search. Those keep count
 * of their runs together. */
static bool may_run(const struct fan_strategy *strategy, uint64_t left)
{
    enum fan_strategy_next next = FAN_STRATEGY_RUN;
    uint32_t asked = 0;
    if (!strategy->kind->next)
        return left > 0;
    while ((next = strategy->kind->next(strategy->state)) == FAN_STRATEGY_WAIT)
        if (++asked > ASK_AGAIN_AT_ONCE)
            nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return next == FAN_STRATEGY_RUN;
}

void fan_explorer_explore(struct fan_explorer *explorer, const struct fan_strategy *strategy,
                          uint64_t schedules)
{
    struct fan_exploration *shared = explorer->shared;
    bool more = true;
    fan_sim_pass_marks(explorer->sim, explorer->order->numbers[FAN_ORDER_PASS_MARKS]);
    shared->began_ns = fan_clock_ns();
    while (more && may_run(strategy, schedules - shared->schedules)) {
        fan_explorer_run(explorer, strategy);
        take_into_account(explorer); /* first: once the strategy knows of it, it is not run again */
        more = strategy->kind->end(strategy->state, explorer->sim);
        if (shared->schedules % LOOK_AT_THE_CLOCK_EVERY == 0)
            __atomic_store_n(&shared->now_ns, fan_clock_ns(), __ATOMIC_RELAXED);
    }
    fan_sim_pass_marks(explorer->sim, false);
    shared->complete = !more;
    __atomic_store_n(&shared->now_ns, fan_clock_ns(), __ATOMIC_RELAXED);
}
