#ifndef FAN_TESTS_SUPPORT_GROUP_STORM_H
#define FAN_TESTS_SUPPORT_GROUP_STORM_H

#include <stdint.h>

/* One run of a task group, made by a seed (as tests/support/storm.h for the executor). Tasks end,
 * wait for the group's end, fail, or panic; some are to be started without waiting; the number of
 * threads may be bounded; and the parent may be cancelled, or its time be over.
 *
 * NULL, or what was wrong. Returns when no thread of its own lives. It uses the budget of
 * threads. */
const char *group_storm_run(uint64_t seed);

#endif
