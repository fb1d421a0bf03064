#ifndef FAN_LAB_ORDER_H
#define FAN_LAB_ORDER_H

#include <stdint.h>

#include "lab/scenario.h"
#include "lab/scenario_state.h"

/* What a child is told to do: its parameters, parsed (lab/child.h lists them). Those that are
 * for the controlled scheduler may be left out. */
enum fan_parameter {
    FAN_ORDER_SEED,
    FAN_ORDER_WORKERS,
    FAN_ORDER_ITEMS,
    FAN_ORDER_PACE,
    FAN_ORDER_BUDGET,
    FAN_ORDER_MEMORY,
    FAN_ORDER_CPU,
    FAN_ORDER_SEGMENT,
    FAN_ORDER_PARENT,
    FAN_ORDER_SCHEDULES,
    FAN_ORDER_BOUND,
    FAN_ORDER_EXPLORATION,
    FAN_ORDER_WALK,
    FAN_ORDER_SHOWN,
    FAN_ORDER_FINE,
    FAN_ORDER_PASS_MARKS,
    FAN_ORDER_FRONTIER,
    FAN_ORDER_PLACE,
    FAN_ORDER_PLACES,
    FAN_ORDER_STOP,
    FAN_ORDER_NUMBERS,
    FAN_ORDER_SCENARIO = FAN_ORDER_NUMBERS,
    FAN_ORDER_VARIANT,
    FAN_ORDER_STRATEGY,
    FAN_ORDER_SCHEDULE,
    FAN_ORDER_PARAMETERS
};

struct fan_order {
    uint64_t numbers[FAN_ORDER_NUMBERS];     /* 0 where left out */
    const char *texts[FAN_ORDER_PARAMETERS]; /* as given; NULL where left out */
    const struct fan_contract *contract;     /* of the scenario that is ordered */
};

/* Reads the command line. Returns 0, or FAN_CHILD_USAGE with a line on standard error. */
int fan_order_parse(int argc, char **argv, struct fan_order *order);

/* The lab for a run of the order. */
struct fan_lab fan_order_lab(const struct fan_order *order);

/* Runs a variant as ordered: in real_run.c with threads of the system, in sim_run.c under the
 * controlled scheduler. The process is contained already. Returns its exit status. */
int fan_order_run(const struct fan_order *order, const struct fan_variant *variant);

/* Says on standard error that the child could not do `step`, and returns FAN_CHILD_BROKEN. */
int fan_order_broken(const char *step, int error);

#endif
