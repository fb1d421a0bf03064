#define _GNU_SOURCE
#include "app/attempt.h"

#include <poll.h>
#include <stdio.h>

#include "app/replay_line.h"
#include "base/clock.h"
#include "run/time.h"

enum {
    BUSY_LOOK_MS = 2, /* between looks while something happens; a verdict needs two */
    IDLE_LOOK_MS = 20,
};

/* What is run once more, to be seen, has shown by then how far it gets. */
static const uint64_t IN_SIGHT_NS = FAN_SECOND;

bool fan_attempt_failed(const struct fan_attempt *attempt)
{
    bool found = attempt->run && attempt->run->verdict->finding_count > 0;
    return attempt->end != FAN_ATTEMPT_VERDICT && !(attempt->end == FAN_ATTEMPT_SLOW && found);
}

/* A clean end is believed when the process is gone: how it leaves is part of it. */
static bool has_ended(const struct fan_run *run)
{
    return run->ended || (run->verdict->final && run->verdict->outcome != FAN_OUTCOME_CLEAN);
}

static void wait_for_news(const struct fan_run *run, const struct fan_interrupt *interrupt,
                          int wait_ms)
{
    struct pollfd sources[] = {
        {.fd = run->child.pidfd, .events = POLLIN},
        {.fd = interrupt->fd, .events = POLLIN},
    };
    poll(sources, 2, wait_ms);
}

static enum fan_attempt_end watch(struct fan_attempt *attempt, uint64_t deadline_ns,
                                  const struct fan_interrupt *interrupt)
{
    struct fan_run *run = attempt->run;
    int wait_ms = BUSY_LOOK_MS;
    for (;;) {
        bool changed = fan_run_look(run);
        if (*run->error)
            return FAN_ATTEMPT_BROKEN;
        if (has_ended(run))
            return FAN_ATTEMPT_VERDICT;
        attempt->signal = fan_interrupt_taken(interrupt);
        if (attempt->signal)
            return FAN_ATTEMPT_INTERRUPTED;
        if (fan_clock_ns() >= deadline_ns)
            return FAN_ATTEMPT_SLOW;
        wait_ms = changed ? BUSY_LOOK_MS : wait_ms + BUSY_LOOK_MS;
        wait_for_news(run, interrupt, wait_ms < IDLE_LOOK_MS ? wait_ms : IDLE_LOOK_MS);
    }
}

static void say_how_it_ended(struct fan_attempt *attempt, uint64_t limit_ns)
{
    switch (attempt->end) {
    case FAN_ATTEMPT_SLOW:
        snprintf(attempt->message, sizeof attempt->message,
                 "slow: no verdict after %.1f s, and nothing proves that it is stuck",
                 (double)limit_ns / (double)FAN_SECOND);
        break;
    case FAN_ATTEMPT_BROKEN:
        snprintf(attempt->message, sizeof attempt->message, "%s", attempt->run->error);
        break;
    case FAN_ATTEMPT_INTERRUPTED:
        snprintf(attempt->message, sizeof attempt->message, "interrupted by signal %d",
                 attempt->signal);
        break;
    case FAN_ATTEMPT_VERDICT:
    case FAN_ATTEMPT_UNSTARTED:
        break;
    }
}

static struct fan_child_options options_of(const struct fan_attempt *attempt)
{
    return (struct fan_child_options){
        .helper = attempt->helper,
        .sim = attempt->sim,
        .schedules = {.schedule = attempt->schedule, .walk = attempt->seed, .fine = attempt->fine},
        .scenario = attempt->scenario->id,
        .variant = attempt->variant->name,
        .seed = attempt->seed,
        .workers = attempt->workers,
        .items = attempt->items,
    };
}

/* Returns whether there was a child. */
static bool make_once(struct fan_attempt *attempt, const struct fan_child_options *options,
                      uint64_t deadline_ns, const struct fan_interrupt *interrupt)
{
    if (fan_run_start(options, &attempt->run, attempt->message) != 0) {
        attempt->run = NULL;
        attempt->end = FAN_ATTEMPT_UNSTARTED;
        return false;
    }
    attempt->end = watch(attempt, deadline_ns, interrupt);
    fan_run_end(attempt->run);
    return true;
}

/* A schedule that kills the child, or that never ends, does so unseen, in the run that is to tell
 * how it ends: then it is run once more, in sight from the beginning. */
static bool ended_unseen(const struct fan_attempt *attempt)
{
    const struct fan_exploration *told = attempt->run->exploration;
    if (!attempt->sim || told->ended)
        return false;
    bool died = attempt->end == FAN_ATTEMPT_BROKEN && told->runs > 0;
    return attempt->end == FAN_ATTEMPT_SLOW || died;
}

static bool make_again_in_sight(struct fan_attempt *attempt, uint64_t deadline_ns,
                                const struct fan_interrupt *interrupt)
{
    char schedule[FAN_SCHEDULE_TEXT];
    struct fan_child_options options = options_of(attempt);
    fan_schedule_print(&attempt->run->exploration->current, schedule, sizeof schedule);
    options.schedules.schedule = schedule;
    options.schedules.shown_only = true;
    uint64_t build = attempt->run->exploration->build;
    fan_run_free(attempt->run);
    if (!make_once(attempt, &options, deadline_ns, interrupt))
        return false;
    attempt->run->exploration->build = build;
    return true;
}

static void note_replay(struct fan_attempt *attempt)
{
    const struct fan_exploration *told = attempt->run->exploration;
    uint64_t hash = 0;
    if (!told || attempt->run->verdict->finding_count == 0)
        return;
    const struct fan_schedule *schedule = &told->current;
    if (told->failure_count > 0)
        schedule = fan_failure_schedule(&told->failures[0], &hash);
    struct fan_replay_source source = {
        .scenario = attempt->scenario,
        .variant = attempt->variant,
        .workers = attempt->workers,
        .items = attempt->items,
        .seed = attempt->seed,
        .fine = attempt->fine,
        .build = told->build,
    };
    fan_replay_line(&source, schedule, hash, attempt->replay);
}

void fan_attempt_make(struct fan_attempt *attempt, uint64_t limit_ns,
                      const struct fan_interrupt *interrupt)
{
    struct fan_child_options options = options_of(attempt);
    uint64_t began_ns = fan_clock_ns(), deadline_ns = began_ns + limit_ns;
    attempt->replay[0] = '\0';
    bool made = make_once(attempt, &options, deadline_ns, interrupt);
    if (made && ended_unseen(attempt))
        made = make_again_in_sight(attempt, fan_clock_ns() + IN_SIGHT_NS, interrupt);
    attempt->elapsed_ns = fan_clock_ns() - began_ns;
    if (!made)
        return;
    note_replay(attempt);
    say_how_it_ended(attempt, limit_ns);
}

void fan_attempt_release(struct fan_attempt *attempt)
{
    fan_run_free(attempt->run);
    attempt->run = NULL;
}
