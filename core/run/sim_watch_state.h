#ifndef FAN_RUN_SIM_WATCH_STATE_H
#define FAN_RUN_SIM_WATCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/probe.h"
#include "run/sim_watch.h"
#include "sim/lock_order.h"

/* What stands behind a `struct fan_sim_watch *`, for the files that make it up. */
struct fan_watched_thread {
    uint64_t id;
    char name[FAN_PROBE_NAME];
};

/* A lock that a thread holds. */
struct fan_watched_lock {
    const void *lock;
    const char *name;
    bool shared;
    struct fan_stack stack; /* where it was taken */
};

/* Of those that a thread holds at once, the first are known. */
struct fan_watched_locks {
    uint32_t count;
    struct fan_watched_lock held[FAN_LOCK_ORDER_HELD];
};

struct fan_sim_watch {
    struct fan_sim *sim;
    struct fan_race *race;
    struct fan_lines *lines;
    uint32_t thread_count;
    struct fan_watched_thread threads[FAN_SIM_THREADS];
    struct fan_watched_locks locks[FAN_SIM_THREADS];
    /* The order of locks. Only what is left open by all else that orders threads can be a circle:
     * `apart` has that. As most programs never hold two locks, it is kept from the moment on at
     * which a thread first does: what was ordered before that is no matter. */
    struct fan_race *apart; /* NULL = not yet in this run */
    struct fan_race *spare;
    struct fan_lock_order order;
    uint32_t moments[FAN_LOCK_ORDER_STEPS]; /* of each step, by `apart` */
};

/* Who watches the run that is going on; NULL = nobody does. */
extern struct fan_sim_watch *fan_sim_watched;

/* "worker 2": numbered where several threads have the name, as everywhere. */
enum { FAN_WATCH_LABEL = FAN_PROBE_NAME + 8 };

void fan_sim_watch_label(const struct fan_sim_watch *watch, uint32_t thread,
                         char text[FAN_WATCH_LABEL]);

#endif
