#ifndef FAN_FLOW_GROUP_H
#define FAN_FLOW_GROUP_H

#include <stdint.h>

#include "base/probe.h"
#include "run/mutex.h"
#include "sync/ctx.h"
#include "sync/semaphore.h"
#include "sync/waitgroup.h"

/* A task group: some tasks of different kinds that belong together, each in a thread of its own.
 * The first that fails cancels the others, and the group's wait returns its error. Go:
 * errgroup.Group; elsewhere "structured concurrency", a nursery.
 *
 *     struct fan_group group;
 *     fan_group_init(&group, &(struct fan_group_options){.name = "page", .parent = ctx});
 *     fan_group_go(&group, fetch_price, &page);
 *     fan_group_go(&group, fetch_reviews, &page);
 *     int error = fan_group_wait(&group);
 *     fan_group_destroy(&group);
 *
 * A task gets the group's context and is to end when that is done. For many tasks of one kind,
 * fan_out (flow/fanout.h) is cheaper: there a task needs no thread of its own. */
struct fan_group_options {
    const char *name;       /* of the threads; lives as long as the group; NULL = "task" */
    struct fan_ctx *parent; /* NULL = none */
    int limit;              /* tasks at once; 0 = no limit, for groups of a known, small size */
};

struct fan_group {
    struct fan_ctx ctx; /* done when a task has failed, or the parent is */
    const char *name;   /* constant, as the next */
    int limit;
    struct fan_probe_executor *shown;
    struct fan_semaphore room;
    struct fan_waitgroup running;
    struct fan_mutex lock;
    int error; /* lock: the first failure */
};

/* Makes an empty group. NULL options are all zero. A negative limit is EINVAL. */
int fan_group_init(struct fan_group *group, const struct fan_group_options *options);

/* Starts run(argument, ctx) in a thread of its own. Blocks while as many tasks run as the limit
 * allows: that is the group's backpressure. Errors: ECANCELED, ETIMEDOUT (the group's context is
 * done; nothing was started), EAGAIN, ENOMEM (no thread or no memory was to be had), EINVAL (no
 * function). `argument` is the caller's and must last until the task has ended. A panic of the task
 * is its failure, ENOTRECOVERABLE. */
int fan_group_go(struct fan_group *group, int (*run)(void *argument, struct fan_ctx *ctx),
                 void *argument);

/* The same without blocking: EBUSY if the limit is reached. */
int fan_group_try_go(struct fan_group *group, int (*run)(void *argument, struct fan_ctx *ctx),
                     void *argument);

/* Fails the group with `error`, not 0, as a task that returns it would: for what goes wrong outside
 * of its tasks, as when one could not be started without which the others are of no use. Any thread
 * may call it until the wait has returned. Does not block. */
void fan_group_fail(struct fan_group *group, int error);

/* Blocks until every task that was started has ended. Returns the first failure, or 0; or the
 * parent's ECANCELED or ETIMEDOUT if that came first. The context is done afterwards. */
int fan_group_wait(struct fan_group *group);

/* Ends its use, after the wait. */
void fan_group_destroy(struct fan_group *group);

#endif
