#ifndef FAN_APP_EXPLORE_H
#define FAN_APP_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/attempt.h"
#include "app/interrupt.h"
#include "lab/exploration.h"
#include "lab/line.h"

/* An exploration of one variant, seen from the parent: several children at a time, each with a part
 * of the schedules, and what all of them have found so far.
 *
 * Nothing that was found is lost when a child dies: it is read from memory that is ours. The
 * schedule which killed the child is a failure like the others, and another child goes on.
 *
 * A schedule in which a thread goes on for seconds without an operation is no failure, for nobody
 * has proved that it will never come to one. But the search cannot go on behind it, so there it
 * ends, and says so. (One that takes steps without end is stopped by their number: that is the
 * finding `livelock`, and the same in every run.) */
enum {
    FAN_EXPLORE_CHILDREN = 8, /* the most at a time */
    FAN_EXPLORE_FAILURES = 16,
    FAN_EXPLORE_DEATHS = 8,   /* so many children may die; then it ends */
    FAN_EXPLORE_STILL_S = 10, /* a schedule may go on without an operation */
};

/* Whether another thread may come in between at a mark of an access. It may under strategies that
 * walk; those that search leave that out, for it multiplies the schedules and shows nothing unless
 * there is a race, which they see all the same. */
enum fan_explore_marks {
    FAN_EXPLORE_MARKS_BY_STRATEGY,
    FAN_EXPLORE_MARKS_ON,
    FAN_EXPLORE_MARKS_OFF,
};

struct fan_explore_request {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    const char *helper; /* path of the child's program; NULL = fanlab-lab-sim beside this one */
    uint64_t seed, workers, items;
    const char *strategy;
    uint64_t schedules; /* to run in all */
    uint64_t bound;     /* of the strategy; 0 = its own */
    uint64_t still_s;   /* how long a schedule may go on without an operation; 0 = the default */
    unsigned children;  /* at a time; 0 = one for each processor */
    bool fine;          /* at the fine grain */
    enum fan_explore_marks marks;
};

/* One way in which schedules fail. */
struct fan_explore_failure {
    enum fan_finding_kind kind;
    char message[160];
    uint64_t place; /* with the kind, tells it apart */
    uint64_t schedules, first;
    uint32_t minimised; /* see lab/exploration.h */
    bool killed;        /* its schedule kills the child */
    char schedule[FAN_SCHEDULE_TEXT];
    char replay[FAN_LINE_TEXT]; /* empty if the schedule was too long to be kept */
};

enum fan_explore_end {
    FAN_EXPLORE_DONE,
    FAN_EXPLORE_UNSTARTED, /* there was no child: `message` */
    FAN_EXPLORE_BROKEN,    /* children died again and again, or told nonsense: `message` */
    FAN_EXPLORE_STILL,     /* a schedule did not come to an end: `standstill`, `message` */
    FAN_EXPLORE_INTERRUPTED,
};

struct fan_explore {
    struct fan_explore_request request;
    enum fan_explore_end end;
    int signal;
    char message[400];
    uint64_t schedules, failing, abandoned, classes, steps;
    uint64_t elapsed_ns, busy_ns; /* of the wall; of all children, together */
    unsigned children, deaths;
    uint64_t random_schedules, random_failing; /* app/explore_random.h */
    bool complete;   /* every schedule there is has been run, or one like it */
    bool up_to_race; /* all but those in which only accesses that race come in another order:
                      * marks are off */
    uint32_t failure_count;
    struct fan_explore_failure failures[FAN_EXPLORE_FAILURES];
    struct fan_explore_failure standstill; /* no failure: its schedule, as far as it got */
};

/* What the explorer calls while it goes on; either may be NULL. */
struct fan_explore_listener {
    void (*found)(void *listener, const struct fan_explore_failure *failure);
    void (*progress)(void *listener, const struct fan_explore *explore); /* some times a second */
    void *listener;
};

/* Explores as requested: blocks until all schedules have been run or a signal. The result is to be
 * freed with free(); NULL if there is no memory. */
struct fan_explore *fan_explore_make(const struct fan_explore_request *request,
                                     const struct fan_explore_listener *listener,
                                     const struct fan_interrupt *interrupt);

/* Whether marks of accesses are choices in it. */
bool fan_explore_stops_at_marks(const struct fan_explore_request *request);

/* How many schedules a second, while they were run: starting children and making the schedules of
 * failures short is not counted. */
double fan_explore_speed(const struct fan_explore *explore);

/* Runs a failure's schedule once more, for the finding with its stacks. */
void fan_explore_show(const struct fan_explore *explore, const struct fan_explore_failure *failure,
                      uint64_t limit_ns, const struct fan_interrupt *interrupt,
                      struct fan_attempt *attempt);

#endif
