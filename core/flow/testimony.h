#ifndef FAN_FLOW_TESTIMONY_H
#define FAN_FLOW_TESTIMONY_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/share.h"

/* What the executor says as evidence (base/evidence.h) where a contract is about who may do what
 * waits: each thread has a queue, its share. Tasks come into it as their chunk is taken from the
 * source; the thread takes one after the other; and another thread moves some of them into its
 * own. Where nothing is collected none of this is called for a task, and the rest is a look at a
 * number. */
struct fan_worker;

struct fan_testimony {
    uint16_t queue; /* its number; 0 = nothing is told */
    uint64_t put;   /* tasks that ever came */
    uint64_t shift; /* from a task's index in its chunk to its position in the queue */
};

/* Before the worker's thread is started, with the stream's lock; and by that thread, first of all.
 * The first worker's queue stands for the whole crew. */
void fan_testimony_new(struct fan_worker *worker);
void fan_testimony_begin(const struct fan_worker *worker);

static inline bool fan_testimony_is_wanted(const struct fan_testimony *told)
{
    return __builtin_expect(told->queue != 0, 0);
}

/* The worker has been given the share that it has. */
void fan_testimony_given(struct fan_worker *worker);

/* It begins with a task. */
void fan_testimony_takes(const struct fan_worker *worker, uint32_t index);

/* What `loot` says has been taken from it, by the calling thread. */
void fan_testimony_lost(const struct fan_worker *worker, const struct fan_share *loot);

/* It looks for work, or waits for some. */
void fan_testimony_asks(const struct fan_worker *worker);

#endif
