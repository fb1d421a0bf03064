#ifndef FAN_WATCH_SEGMENT_H
#define FAN_WATCH_SEGMENT_H

#include <stdint.h>

#include "base/evidence.h"
#include "base/probe.h"

/* The segment: the shared memory in which a program shows what its threads do, and nothing but
 * numbers and names. It is a memfd, so no file is left behind whatever happens: a header, the
 * probe's tables of threads, objects and executors, and the evidence for its contract. The program
 * writes it; readers map it read-only and believe nothing they read there (watch/reader.h).
 *
 * The layout is an interface between programs of different builds: a change of it, or of the
 * probe's slots, changes FAN_SEGMENT_VERSION. */
#define FAN_SEGMENT_MAGIC UINT64_C(0x732f62616c6e6166) /* "fanlab/s" in memory */

enum {
    FAN_SEGMENT_VERSION = 6,
    FAN_SEGMENT_NOTICES = 4, /* the first ones; a program with more has enough to mend */
};

/* How far a lab's scenario has come. A program that is no lab stays RUNNING. */
enum fan_phase {
    FAN_PHASE_STARTING,
    FAN_PHASE_RUNNING,
    FAN_PHASE_RETURNED, /* the scenario's function has returned; threads may be left */
    FAN_PHASE_ENDED,    /* and none is */
};

/* The program's last words. Of several threads that panic at once the one that sets `claimed`
 * writes; `written` is set, with release order, after all else. */
struct fan_segment_panic {
    uint32_t claimed, written;
    uint32_t kind; /* enum fan_panic_kind */
    uint64_t when_ns;
    uint64_t thread; /* the id of the thread that panicked */
    uint64_t object; /* the id of the object concerned, 0 if none */
    char message[160];
    char earlier_what[32]; /* empty if there was no earlier event */
    struct fan_stack stack;
    struct fan_stack earlier;
};

/* What was noticed to be wrong while the program went on. Unchanged once it is counted. */
struct fan_segment_notice {
    uint32_t kind; /* enum fan_notice_kind */
    uint64_t when_ns;
    uint64_t threads[2]; /* ids: of `stack`, and of `earlier`; 0 = none */
    char message[160];
    char earlier_what[32]; /* empty if there is no other place */
    struct fan_stack stack;
    struct fan_stack earlier;
};

struct fan_segment_header {
    uint64_t magic; /* FAN_SEGMENT_MAGIC; set, with release order, when all else is in place */
    uint32_t version;
    uint32_t pid;
    uint64_t size; /* of the whole segment, in bytes */
    uint32_t thread_size, thread_count, thread_offset;
    uint32_t object_size, object_count, object_offset;
    uint32_t executor_size, executor_count, executor_offset;
    uint32_t evidence_size, evidence_offset;
    uint64_t started_ns; /* all times: CLOCK_MONOTONIC */
    uint64_t load_base;  /* what the loader added to the addresses in the executable's file */
    uint64_t unseen_threads, unseen_objects, unseen_executors;
    /* A lab's own. */
    uint32_t phase; /* enum fan_phase */
    uint64_t phase_ns;
    uint64_t limit;   /* how many tasks may be in flight; 0 = no limit known */
    uint64_t inputs;  /* items the scenario feeds */
    uint64_t outputs; /* results it has taken so far */
    struct fan_segment_panic panic;
    uint32_t notice_count; /* with release order, after the notice */
    struct fan_segment_notice notices[FAN_SEGMENT_NOTICES];
};

struct fan_segment {
    struct fan_segment_header header;
    struct fan_probe_thread threads[FAN_PROBE_THREADS];
    struct fan_probe_object objects[FAN_PROBE_OBJECTS];
    struct fan_probe_executor executors[FAN_PROBE_EXECUTORS];
    struct fan_evidence evidence;
};

#endif
