#ifndef FAN_APP_EXPERIMENT_LOAD_H
#define FAN_APP_EXPERIMENT_LOAD_H

#include <stdint.h>
#include <stdio.h>

#include "app/experiment/service.h"
#include "base/histogram.h"
#include "flow/stream.h"
#include "run/mutex.h"

/* Requests to a service, as many as there are, sent by the executor; and what became of them. The
 * options decide how: how many at once, past which limiter, hedged by whom. */
struct fan_load {
    struct fan_service *service;
    uint64_t requests;
    struct fan_stream_options options;
    struct fan_mutex lock;
    struct fan_histogram taken;  /* lock: from a request's begin to its end */
    uint64_t given;              /* the source's */
    uint64_t ended;              /* lock */
    uint64_t busy_ns;            /* lock: what all attempts took together */
    uint64_t attempts;           /* lock */
    uint8_t *tries;              /* atomic, each: attempts at a request */
    uint64_t *began_ns;          /* the first attempt's begin, of each request */
    uint64_t looked_ns;          /* lock: when the limit was looked at last, */
    double limit_ns, settled_ns; /* lock: its sum over time, and that time, once half have ended */
    uint64_t took_ns;
};

/* Sends them all; blocks until they have ended. 0, or the call's error. */
int fan_load_run(struct fan_load *load);

/* NULL if there is no memory. */
struct fan_load *fan_load_new(struct fan_service *service, uint64_t requests,
                              const struct fan_stream_options *options);
void fan_load_free(struct fan_load *load);

/* Prints its figures as members of a JSON object: "p50_ms", "p99_ms", "p99_9_ms", "per_s". */
void fan_load_print(const struct fan_load *load, FILE *out);

#endif
