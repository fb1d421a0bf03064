#ifndef FAN_FLOW_CHUNK_H
#define FAN_FLOW_CHUNK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* A chunk: some tasks that were taken from a source together, and their results. It is filled by
 * one thread, run by that one and whoever comes to its help, and handed over by the last of them;
 * as a rule all of this is one thread, and the chunk stays in one processor's cache. */
struct fan_chunk {
    struct fan_list link;
    uint64_t sequence;   /* counts the chunks of a stream, from 0 */
    uint64_t first;      /* the index of its first task in the source */
    uint32_t count;      /* tasks in it */
    uint32_t unfinished; /* of these; the stream's lock */
    uint32_t handed;     /* of these: handed over before all were finished; at the sink */
    int *errors;         /* of each task: 0, the error it returned, or one of the following; and
                          * behind the last FAN_UNDER_WAY, so that the end looks like no success */
    char *tasks, *values;
};

/* Why a task was not begun: the call ends early; or too little time was left for it, which others
 * are told of as ETIMEDOUT. That it has been handed over and accounted for, before others in its
 * chunk are finished. And that nothing is known of it yet: if it was claimed, it runs. Each is a
 * number that no task fails with: many a function returns -1. */
enum { FAN_NOT_BEGUN = INT_MIN, FAN_TOO_LATE, FAN_HANDED, FAN_UNDER_WAY };

static inline bool fan_chunk_has_failed(int outcome)
{
    return outcome != 0 && outcome > FAN_UNDER_WAY;
}

/* What has become of a task: noted by who runs it. Who sees it, sees the task's result too. */
static inline void fan_chunk_note(int *errors, uint32_t index, int outcome)
{
    __atomic_store_n(&errors[index], outcome, __ATOMIC_RELEASE);
}

static inline int fan_chunk_outcome(const struct fan_chunk *chunk, uint32_t index)
{
    return __atomic_load_n(&chunk->errors[index], __ATOMIC_ACQUIRE);
}

/* A chunk of up to `size` tasks, in one piece of memory: free() gives it back. NULL if there is not
 * enough. */
struct fan_chunk *fan_chunk_new(uint32_t size, size_t task_size, size_t result_size);

/* It has been filled with `count` tasks, at least one: nothing is known of any. By who has it to
 * himself. */
void fan_chunk_begin(struct fan_chunk *chunk);

/* Whether none of its tasks, which are all finished, has failed or was not begun. */
bool fan_chunk_went_well(const struct fan_chunk *chunk);

#endif
