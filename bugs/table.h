#ifndef FAN_BUGS_TABLE_H
#define FAN_BUGS_TABLE_H

#include <stddef.h>

#include "lab/scenario.h"

/* The bugs, in the order of their numbers; `fan_bugs_count` of them. Each is a file of its own
 * whose one symbol is the scenario listed here. */
extern const struct fan_scenario *const fan_bugs[];
extern const size_t fan_bugs_count;

/* The bug with a number ("4", "04") or a name ("never_closed", "never-closed", "never closed"),
 * NULL if there is none. */
const struct fan_scenario *fan_bugs_find(const char *id);

#endif
