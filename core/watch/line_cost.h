#ifndef FAN_WATCH_LINE_COST_H
#define FAN_WATCH_LINE_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/evidence.h"

/* What a run whose threads are to keep apart (base/contract.h) paid for the cache lines in which
 * they met after all. The model's count, which a controlled run takes, depends on the schedule and
 * the layout alone. The time is the wall's, from the first thread's start to the last output: it
 * holds everything else that the program did, and varies from run to run and machine to machine. */
struct fan_line_cost {
    bool known; /* the contract asks for it, and there were items */
    uint64_t lines_lost, items;
    uint64_t ns;
};

struct fan_line_cost fan_line_cost_of(const struct fan_evidence *evidence);

#endif
