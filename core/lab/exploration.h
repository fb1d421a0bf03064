#ifndef FAN_LAB_EXPLORATION_H
#define FAN_LAB_EXPLORATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stack.h"
#include "sim/schedule.h"
#include "watch/finding.h"

/* An exploration: what a child that runs one schedule after the other has found so far. It lies in
 * shared memory that the parent owns, so that a child which dies at any step loses nothing: not its
 * findings, and not the schedule that killed it.
 *
 * The child writes, the parent reads while it goes on. Counters are read and written atomically; a
 * failure is complete when `failure_count` says so (written with release order). The parent trusts
 * no number in it further than its bounds. */
enum {
    FAN_EXPLORATION_VERSION = 6,
    FAN_EXPLORATION_FAILURES = 8, /* different ones; more are counted, not kept */
    FAN_STORY_STEPS = 2048,       /* of a single ordered schedule; later ones are counted */
    FAN_STORY_OBJECTS = 256,
    FAN_STORY_VALUE = 8, /* bytes kept of a value */
    FAN_STORY_NAME = 20, /* that the program itself told */
};

/* The steps of a single ordered schedule, in their order. Threads are counted in the order of their
 * creation, the main one first, as in a snapshot of the child. */
struct fan_story_step {
    uint8_t thread;
    uint8_t kind;     /* enum fan_probe_op */
    uint8_t stage;    /* enum fan_op_stage */
    uint8_t preempts; /* 1 if the thread before it could have gone on */
    uint32_t object;  /* 0 = none */
    uint64_t pc;
    /* What came of it, if it told (run/result.h). */
    uint8_t told;
    uint8_t taken;  /* what was done (enum fan_probe_op): of a select, by its case */
    uint16_t error; /* an errno value */
    uint32_t size;  /* of the value that was sent, received or read, bytes; 0 = none is known */
    uint64_t taken_object; /* to that: what a snapshot calls it (an id); 0 = unknown */
    unsigned char value[FAN_STORY_VALUE];
    char name[FAN_STORY_NAME]; /* what the program calls what it operates on, or the end of it */
};

struct fan_story {
    uint32_t count; /* of the steps taken; not all may be here */
    struct fan_story_step steps[FAN_STORY_STEPS];
    uint64_t objects[FAN_STORY_OBJECTS]; /* what a snapshot calls them (an id); 0 = unknown */
};

/* The scheduler's chair: where a schedule that was ordered to stop after some choices stands. What
 * each thread would do next, whether it can, and which choice is due. */
enum {
    FAN_CHAIR_THREADS = 64,
    FAN_CHAIR_CASES = 4, /* of a select; more are counted */
};

enum fan_chair_due {
    FAN_CHAIR_NOTHING, /* the run is over */
    FAN_CHAIR_THREAD,  /* which thread goes on */
    FAN_CHAIR_VALUE,   /* which of `options` possibilities happens in the step under way */
};

struct fan_chair_case {
    uint8_t op;  /* enum fan_probe_op */
    uint64_t id; /* what a snapshot calls its object; 0 = unknown */
};

struct fan_chair_thread {
    uint8_t ended, enabled;
    uint8_t by_time; /* it can go on only because its deadline has come */
    uint8_t kind;    /* of its next operation: enum fan_probe_op */
    uint8_t stage;   /* enum fan_op_stage */
    uint8_t timed;   /* it has a deadline */
    uint16_t case_count;
    struct fan_chair_case cases[FAN_CHAIR_CASES];
    uint64_t object; /* as `id` above; of a join, the thread's */
    uint64_t holder; /* of a mutex that is held: the id of its owner */
    int64_t count;   /* of a wait group */
    uint64_t pc;
    struct fan_stack stack;
    char name[FAN_STORY_NAME]; /* what the program calls the object; may be empty */
};

struct fan_chair {
    uint32_t due;     /* enum fan_chair_due */
    uint32_t choices; /* made so far */
    uint32_t used;    /* deviations of the ordered schedule among them */
    uint32_t usual;   /* what a schedule without a deviation does here */
    uint32_t options; /* for a value: how many there are */
    /* As which deviation another choice would be noted (sim/schedule.h). */
    uint32_t thread, op, nth;
    uint64_t now_ns; /* virtual time */
    uint32_t thread_count;
    struct fan_chair_thread threads[FAN_CHAIR_THREADS];
};

/* What a child that dies in a schedule has said of it: a crash, a call of exit; or, asked by
 * SIGXCPU, where it is, without an operation for so long. */
struct fan_last_words {
    uint32_t said;    /* 1 when the rest is there (written with release order) */
    char thread[32];  /* "worker", as the program calls it */
    char message[96]; /* "segmentation fault at address 0x8" */
    struct fan_stack stack;
};

/* One way to fail: a kind and a place. */
struct fan_failure {
    uint32_t kind;      /* enum fan_finding_kind */
    uint32_t minimised; /* 1 when `shortest` is there (written with release order), 2 when it is
                           certified that no schedule with fewer deviations fails */
    char message[160];  /* "close of closed channel out", "main waits ..." */
    uint64_t place;     /* tells failures of a kind apart: a hash of where its threads stand */
    uint64_t schedules; /* how many failed this way; grows */
    uint64_t first;     /* the number of the first such schedule, from 1 */
    uint64_t found_hash, shortest_hash; /* the trace hashes of the runs of these: */
    struct fan_schedule found, shortest;
};

struct fan_exploration {
    uint32_t version;
    uint32_t complete; /* every schedule has been covered */
    uint32_t ended;    /* the child ended in good order */
    uint32_t raced;    /* two accesses that nothing orders were seen */
    uint32_t failure_count;
    uint64_t schedules, failing; /* run, and of these failed */
    uint64_t abandoned;          /* begun and given up, for they led nowhere new (dpor) */
    uint64_t classes;            /* dpor: distinct ones, up to commuting steps; 0 = not counted */
    uint64_t steps;
    uint64_t began_ns, now_ns; /* CLOCK_MONOTONIC */
    uint64_t trace_hash;       /* of the latest schedule, where a single one was ordered */
    uint64_t shown_hash;       /* of that run for all to see: the same, or it is another run */
    uint32_t diverged;         /* 1 if that does not fit this program */
    uint32_t shown;            /* 1 once the schedule has been run for all to see and is over */
    uint64_t used;             /* deviations of the ordered schedule that were applied */
    uint64_t build;            /* hash of the operations of the default schedule */
    uint64_t runs;             /* of the program, begun: also those that make a failure short */
    uint64_t load_base;        /* of the executable, for the places in `words` */
    struct fan_last_words words;
    struct fan_failure failures[FAN_EXPLORATION_FAILURES];
    struct fan_schedule current; /* of the run that is going on, as it grows */
    struct fan_story story;      /* of the ordered schedule, while it is shown */
    struct fan_chair chair;      /* the same, where it was ordered to stop */
};

/* Copies what a child has told so far, with every number within its bounds. */
void fan_exploration_copy(struct fan_exploration *to, const struct fan_exploration *shared);

/* The shortest schedule known that fails this way, and the hash of its run. */
const struct fan_schedule *fan_failure_schedule(const struct fan_failure *failure, uint64_t *hash);

#endif
