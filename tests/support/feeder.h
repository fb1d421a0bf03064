#ifndef FAN_TESTS_SUPPORT_FEEDER_H
#define FAN_TESTS_SUPPORT_FEEDER_H

#include <stdint.h>

#include "flow/group.h"
#include "sync/chan.h"

/* A stage that gives a stage under test its input: sends the numbers from `from` to below `to`,
 * each `step` above the one before, as elements of type uint64_t, and closes its output. */
struct feeder {
    struct fan_chan *output;
    uint64_t from, to;
    uint64_t step;       /* 0 = 1 */
    struct fan_ctx *ctx; /* ends it too, without an error; or NULL */
    uint64_t pause_ns;   /* before each */
};

/* Returns the error of its start. */
int feeder_go(struct fan_group *group, const struct feeder *feeder);

#endif
