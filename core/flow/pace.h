#ifndef FAN_FLOW_PACE_H
#define FAN_FLOW_PACE_H

#include <stdint.h>

/* How long a task takes, as seen so far, and so how many make a chunk of the right length. It
 * follows a task that gets quicker at once and one that gets slower with caution: a straggler among
 * quick tasks is to leave no trace, and a chunk that turns out too long is taken over by others. */
struct fan_pace {
    uint64_t task_ps; /* picoseconds; 0 = nothing seen yet */
    uint32_t count;   /* what was answered last */
};

static inline void fan_pace_saw(struct fan_pace *pace, uint64_t elapsed_ns, uint32_t tasks)
{
    uint64_t seen = elapsed_ns * 1000 / tasks + 1;
    if (pace->task_ps == 0)
        pace->task_ps = seen;
    else if (seen < pace->task_ps)
        pace->task_ps -= (pace->task_ps - seen) / 2;
    else
        pace->task_ps += (seen - pace->task_ps) / 8;
}

/* How many tasks take about `target_ns`, from 1 to `most`; 1 before anything was seen, and at most
 * twice as many as the time before: the first tasks say little about the next ones. */
static inline uint32_t fan_pace_count(struct fan_pace *pace, uint64_t target_ns, uint32_t most)
{
    uint64_t count = pace->task_ps ? target_ns * 1000 / pace->task_ps : 1;
    if (count > 2 * (uint64_t)pace->count)
        count = 2 * (uint64_t)pace->count;
    if (count > most)
        count = most;
    pace->count = count < 1 ? 1 : (uint32_t)count;
    return pace->count;
}

#endif
