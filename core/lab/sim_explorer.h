#ifndef FAN_LAB_SIM_EXPLORER_H
#define FAN_LAB_SIM_EXPLORER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/panic.h"
#include "lab/exploration.h"
#include "lab/order.h"
#include "run/sim_watch.h"
#include "sim/sim.h"
#include "watch/detector.h"

enum { FAN_EXPLORER_NOTICES = 4 };

/* An explorer: runs one variant under one schedule after the other, each from the same start, and
 * tells of each how it ended. */
struct fan_explorer {
    const struct fan_order *order;
    const struct fan_variant *variant;
    struct fan_sim *sim;
    struct fan_sim_watch *watch;
    struct fan_exploration *shared; /* where it tells of what it finds; never NULL */
    struct fan_evidence *evidence;  /* of a run that nobody else sees */
    /* Of the latest run. */
    enum fan_sim_outcome outcome;
    bool returned;          /* the variant's function had returned */
    struct fan_panic panic; /* if the outcome is FAN_SIM_FAILED */
    uint32_t notice_count;  /* what was wrong on the way; of more than find room, the first */
    struct fan_notice notices[FAN_EXPLORER_NOTICES];
    struct fan_breaches breaches; /* of the contract */
};

/* Sets it up, with all that every run is to find as it is now. Errors: ENOMEM. */
int fan_explorer_init(struct fan_explorer *explorer, const struct fan_order *order,
                      const struct fan_variant *variant, struct fan_exploration *shared);

/* Makes everything as the run is to find it; and runs. What is set up between the two (that the run
 * is published) lasts until the next reset. */
void fan_explorer_reset(struct fan_explorer *explorer);
void fan_explorer_go(struct fan_explorer *explorer, const struct fan_strategy *strategy);

/* Both. */
void fan_explorer_run(struct fan_explorer *explorer, const struct fan_strategy *strategy);

/* The nth way, from 0, in which the latest run failed: its bad end first, if it came to one, then
 * what was noticed on the way, and then how it broke its contract. Everything but the counts. False
 * if there are fewer. */
bool fan_explorer_failure(const struct fan_explorer *explorer, uint32_t nth,
                          struct fan_failure *failure);

/* Runs up to `schedules` schedules of a strategy, or all that it has, and keeps what fails. */
void fan_explorer_explore(struct fan_explorer *explorer, const struct fan_strategy *strategy,
                          uint64_t schedules);

#endif
