#ifndef FAN_WATCH_OUTPUTS_H
#define FAN_WATCH_OUTPUTS_H

#include <stdint.h>

#include "base/evidence.h"

/* A run's outputs beside those that its contract expects, for the detectors that judge them. */
enum fan_outputs_state {
    FAN_OUTPUTS_SILENT,   /* there is nothing to judge, or not all of it was kept */
    FAN_OUTPUTS_RIGHT,    /* each that is expected is there once, and in its place */
    FAN_OUTPUTS_PERMUTED, /* all are there, not all in their places */
    FAN_OUTPUTS_WRONG,    /* some are missing, or there too often, or were never expected */
};

struct fan_outputs {
    enum fan_outputs_state state;
    uint64_t expected, given;
    uint64_t misplaced;                    /* how many are not what belongs in their place */
    uint64_t missing, surplus;             /* expected and not given; given and not expected */
    uint64_t first_missing, first_surplus; /* values */
    uint64_t first;                        /* the first place that holds another's */
    uint64_t belongs;                      /* where what it holds belongs */
    const struct fan_fact *at;             /* where that output was given, or else the last one */
};

/* Compares; pure but for memory that it gives back. A few nanoseconds an output where all is
 * right. */
struct fan_outputs fan_outputs_compare(const struct fan_evidence *evidence);

#endif
