#ifndef FAN_APP_EXPLORE_SHARED_H
#define FAN_APP_EXPLORE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/frontier.h"

/* What an exploration's children share, where one search is theirs together: the frontier, in
 * memory that is ours, so that none of them takes anything of it with it when it dies. Zero is one
 * of an exploration that shares nothing. */
struct fan_explore_shared {
    int fd; /* for the children; 0 = nothing is shared */
    struct fan_frontier *frontier;
    uint64_t died_in[FAN_FRONTIER_PLACES]; /* which run of a place's a child died in */
};

/* Whether the children of this strategy share one search. */
bool fan_explore_shares(const char *strategy);

/* Makes a frontier for so many children and schedules. Errors: those of memfd_create(2),
 * ftruncate(2) and mmap(2). */
int fan_explore_shared_open(struct fan_explore_shared *shared, uint32_t children,
                            uint64_t schedules);
void fan_explore_shared_close(struct fan_explore_shared *shared);

/* Whether the child at a place has nothing to do for now. */
bool fan_explore_shared_waits(const struct fan_explore_shared *shared, uint32_t place);

/* The child at a place is dead. Whether the schedule that was under way is to blame, which then is
 * not run again; `from_outside`: it was killed as nothing it does itself could (SIGKILL), which the
 * schedule answers for only if it happens there again. */
bool fan_explore_shared_death(struct fan_explore_shared *shared, uint32_t place, bool from_outside);

#endif
