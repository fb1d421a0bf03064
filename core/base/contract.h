#ifndef FAN_BASE_CONTRACT_H
#define FAN_BASE_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

/* A contract: what a program promises besides to end well, declared once, for the broken and the
 * repaired half alike (lab/scenario.h). Plain data. What is not declared is not judged: a pool that
 * hands its results out as they come is right if nobody has promised an order.
 *
 *     .contract = {.outputs = FAN_OUTPUTS_IN_ORDER, .work = FAN_WORK_FOR_ANY_WORKER}
 *
 * Detectors (watch/detector.h) hold it against the evidence of a run (base/evidence.h). */
enum fan_output_rule {
    FAN_OUTPUTS_UNJUDGED,
    FAN_OUTPUTS_IN_ANY_ORDER, /* each that is expected comes exactly once, and nothing else */
    FAN_OUTPUTS_IN_ORDER,     /* and in its place */
};

enum fan_error_rule {
    FAN_ERRORS_UNJUDGED,
    FAN_ERRORS_FIRST, /* what is returned is an error that happened, and none had happened before
                         its task was begun; or no error, if none happened */
};

enum fan_work_rule {
    FAN_WORK_UNJUDGED,
    FAN_WORK_FOR_ANY_WORKER, /* whatever waits may be done by any thread of the crew */
};

struct fan_contract {
    enum fan_output_rule outputs;
    enum fan_error_rule errors;
    enum fan_work_rule work;
    uint64_t limit; /* how many threads may live at a time beside the main one and one for each
                       worker; 0 = unjudged */
    bool stops_with_context; /* what runs for a context stops when that is done */
    bool apart;              /* its threads do not meet in cache lines for nothing */
};

#endif
