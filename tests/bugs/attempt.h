#ifndef FAN_TESTS_BUGS_ATTEMPT_H
#define FAN_TESTS_BUGS_ATTEMPT_H

#include "lab/scenario.h"

/* An attempt at a repair, compiled into its bug's file: the variant "fixed" of the scenario. */
struct attempt {
    const char *name; /* its file's, without the end */
    const struct fan_scenario *scenario;
};

#endif
