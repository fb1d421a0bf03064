#ifndef FAN_BASE_EVIDENCE_H
#define FAN_BASE_EVIDENCE_H

#include <stdint.h>

#include "base/contract.h"
#include "base/probe.h"

/* The evidence: what happened in one run, fact by fact, as far as its contract needs it. The
 * library writes it (run/evidence.h), in the segment where another process reads it or in memory of
 * the explorer's own; detectors judge it.
 *
 * Threads and queues are numbered small: a thread by its id, a queue from 1 in the order of their
 * creation. An element of a queue needs no mark of its own to be told from others: a channel is
 * first in, first out, so the nth that was put is the nth that is taken, and `position` says n.
 *
 * A fact's place in the log is claimed by an atomic addition, so the log is one order of all that
 * happened, which agrees with what each thread did and with the order in every queue. `kind` is
 * written last. What finds no room is counted in `claimed` and `unseen`: a detector that would need
 * it has nothing to say. */
enum fan_fact_kind {
    FAN_FACT_NONE,     /* not written yet */
    FAN_FACT_SPAWN,    /* `thread` was created, with a stack of `value` bytes; more about it is in
                          the table of threads */
    FAN_FACT_END,      /* `thread` has ended */
    FAN_FACT_ASK,      /* a receive that did not succeed at once: `thread` may wait now */
    FAN_FACT_PUT,      /* element `position` came into queue `object` */
    FAN_FACT_TAKE,     /* `thread` got element `position` out of it */
    FAN_FACT_CLOSE,    /* the queue was closed */
    FAN_FACT_BEGIN,    /* `thread` begins the task on item `position` */
    FAN_FACT_DONE,     /* and has ended it */
    FAN_FACT_FAIL,     /* the task on item `position` has failed: error `value` */
    FAN_FACT_RETURN,   /* the function under study has returned error `value` */
    FAN_FACT_EXPECT,   /* output `position` should be `value` */
    FAN_FACT_OUTPUT,   /* output `position` is `value` */
    FAN_FACT_CANCEL,   /* a context was cancelled */
    FAN_FACT_RETURNED, /* the scenario's function has returned */
    FAN_FACT_CARRY,    /* `thread` has asked a context, or begun an operation that carries one */
    FAN_FACT_LINE,     /* `thread` has written to cache line `position`, and `value` others lost it
                          that use none of these bytes; known under the controlled scheduler only */
    FAN_FACT_MOVE,     /* `thread` took element `position` out of queue `object` to put it into its
                          own: it does not read there */
    FAN_FACT_KINDS,
};

enum {
    FAN_EVIDENCE_THREADS = 256,
    FAN_EVIDENCE_QUEUES = 64,
    FAN_EVIDENCE_FACTS = 16384,
};

struct fan_fact {
    uint32_t kind;   /* enum fan_fact_kind */
    uint16_t thread; /* an id; 0 = one that found no room in the table */
    uint16_t object; /* a queue; 0 = none */
    uint64_t at_ns;  /* in the program's own time, see run/time.h */
    uint64_t position, value;
    uint64_t pc; /* where the program did it; 0 = unknown */
};

/* Threads spawned from one place with one function are a crew, unless they say that they are
 * several: those of two executors are spawned from the same place. */
struct fan_evidence_thread {
    uint64_t site; /* the return address of the spawn; 0 for the main thread */
    uint64_t run;  /* the function's address */
    uint32_t crew; /* which of them, by its own word; 0 = it has said nothing */
    char name[FAN_PROBE_NAME];
};

struct fan_evidence_queue {
    char name[FAN_PROBE_NAME];
};

struct fan_evidence {
    struct fan_contract contract;
    uint64_t workers, items; /* that were asked for */
    uint32_t virtual_time;   /* 1 = time moves only when nothing can run */
    uint32_t claimed;        /* facts that happened; those beyond the table are lost */
    uint32_t queues;         /* created; those beyond the table are not seen */
    uint32_t unseen;         /* threads that found no room */
    uint32_t last_thread;    /* the highest id in the table */
    struct fan_evidence_thread threads[FAN_EVIDENCE_THREADS]; /* by id */
    struct fan_evidence_queue queue[FAN_EVIDENCE_QUEUES];     /* by number */
    struct fan_fact facts[FAN_EVIDENCE_FACTS];
};

#endif
