#ifndef FAN_APP_RUN_H
#define FAN_APP_RUN_H

#include "app/child.h"
#include "watch/finding.h"
#include "watch/line_cost.h"
#include "watch/symbols.h"

/* A run: one child with the instruments pointed at it. The screens and the headless commands hold
 * one for each variant they show, call fan_run_look from time to time, and read the rest. */
struct fan_run {
    struct fan_child_options options;
    struct fan_child child;
    struct fan_snapshot *snapshot; /* the latest look; the last one stays when the child is gone */
    struct fan_verdict *verdict;
    struct fan_symbols *symbols; /* of the child's executable */
    /* What the controlled scheduler told; as it is when the run has ended. NULL if not sim. */
    struct fan_exploration *exploration;
    struct fan_line_cost lines; /* once judged */
    bool ended;                 /* the child is gone, or has been ended after a final verdict */
    char error[160]; /* why the run is no use: killed, damaged segment; empty if it is fine */
    /* private */
    struct fan_reader *reader;
    struct fan_judge *judge;
    unsigned looks_since_over; /* the judge needs two */
    uint64_t seen;             /* a fingerprint of what the last look showed */
    char said[512];            /* the beginning of what the child wrote to its standard error */
};

/* Starts a run. Errors and `why` as fan_child_start, fan_reader_open and fan_symbols_open. */
int fan_run_start(const struct fan_child_options *options, struct fan_run **run, char why[160]);

/* Looks at the child once and judges. Does not block. Returns true if anything shown has changed. A
 * verdict needs two looks, so the caller looks every few milliseconds (headless) or at every frame.
 */
bool fan_run_look(struct fan_run *run);

/* Ends the child, keeping snapshot and verdict. */
void fan_run_end(struct fan_run *run);

/* Ends the child and frees all. Accepts NULL. */
void fan_run_free(struct fan_run *run);

#endif
