#ifndef FAN_FLOW_HEDGER_H
#define FAN_FLOW_HEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "run/mutex.h"

/* When to send a request a second time, and how often at most. A second copy of each request that
 * has taken longer than 95 of a hundred do costs one request in twenty more, and cuts off the tail:
 * that both are slow is rare. (Dean and Barroso, "The tail at scale", 2013.) So that hedges do not
 * add to an overload, in which all are slow, there is a budget: each request puts a small part of a
 * token into a bucket, and each hedge takes a whole one out.
 *
 * One hedger is shared by all calls of one kind: it has seen how long they take.
 *
 *     struct fan_hedger hedger;
 *     fan_hedger_init(&hedger, NULL);
 *     error = fan_hedge(ctx, &hedger, &ask, sizeof answer, NULL, &answer, NULL);     (flow/hedge.h)
 *
 * None of its functions blocks, but for other callers of it for a moment. */

/* Zero means what stands in brackets. */
struct fan_hedger_options {
    uint64_t delay_ns;    /* hedge what has taken that long [the percentile decides] */
    double percentile;    /* hedge what takes longer than that part of all, in % [95] */
    double extra_percent; /* hedges, at most, for a hundred calls [6] */
    double burst;         /* tokens that the bucket holds: hedges that may come at once [100] */
};

struct fan_hedger {
    struct fan_hedger_options options; /* filled in; constant */
    struct fan_mutex lock;             /* of what follows */
    struct fan_histogram taken;
    uint64_t seen;
    uint64_t percentile_ns; /* 0 = not known yet */
    double tokens;
    uint64_t calls, hedges, refused;
};

/* What it has come to; for who wants to show it. */
struct fan_hedger_state {
    uint64_t delay_ns;      /* 0 = not known yet */
    uint64_t calls, hedges; /* so far */
    uint64_t refused;       /* hedges for which there was no token */
};

/* Makes one. NULL options are all zero. EINVAL: a percentile that is not between 0 and 100, extra
 * or burst that are negative. */
int fan_hedger_init(struct fan_hedger *hedger, const struct fan_hedger_options *options);

/* Ends its use. */
void fan_hedger_destroy(struct fan_hedger *hedger);

/* A call begins. Says after how long it is to be hedged; 0 = not at all, for too little has been
 * seen yet (FAN_HEDGER_ENOUGH calls). */
enum { FAN_HEDGER_ENOUGH = 200 };
uint64_t fan_hedger_begin(struct fan_hedger *hedger);

/* The time has come: takes a token. False if there is none, and then there is to be no hedge. */
bool fan_hedger_spend(struct fan_hedger *hedger);

/* A call has succeeded, and took so long from its begin, whichever of its attempts it was: what
 * comes before the delay is not changed by hedges, and what comes after it is after it in any case,
 * so the percentile is the same as without. */
void fan_hedger_saw(struct fan_hedger *hedger, uint64_t latency_ns);

/* Looks at it, all of it at one moment. */
void fan_hedger_look(struct fan_hedger *hedger, struct fan_hedger_state *state);

#endif
