#define _GNU_SOURCE
#include "app/attempt.h"

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "run/time.h"

enum {
    BUSY_LOOK_MS = 2, /* between looks while something happens; a verdict needs two */
    IDLE_LOOK_MS = 20,
};

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

void fan_attempt_make(struct fan_attempt *attempt, uint64_t limit_ns,
                      const struct fan_interrupt *interrupt)
{
    struct fan_child_options options = {
        .scenario = attempt->scenario->id,
        .variant = attempt->variant->name,
        .seed = attempt->seed,
        .workers = attempt->workers,
        .items = attempt->items,
    };
    uint64_t began_ns = fan_clock_ns();
    if (fan_run_start(&options, &attempt->run, attempt->message) != 0) {
        attempt->run = NULL;
        attempt->end = FAN_ATTEMPT_UNSTARTED;
        return;
    }
    attempt->end = watch(attempt, began_ns + limit_ns, interrupt);
    attempt->elapsed_ns = fan_clock_ns() - began_ns;
    fan_run_end(attempt->run);
    say_how_it_ended(attempt, limit_ns);
}

void fan_attempt_release(struct fan_attempt *attempt)
{
    fan_run_free(attempt->run);
    attempt->run = NULL;
}
