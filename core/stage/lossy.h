#ifndef FAN_STAGE_LOSSY_H
#define FAN_STAGE_LOSSY_H

#include <stddef.h>
#include <stdint.h>

#include "run/mutex.h"
#include "stage/stage.h"
#include "sync/chan.h"

/* A lossy buffer: where what comes before it must not wait, though what comes after it is slow. It
 * always receives, holds up to `capacity` elements, and when it is full loses one: the newest, so
 * that what is old keeps its place (a queue at a door), or the oldest, so that what is handed on is
 * fresh (a gauge, a price). What it loses it counts.
 *
 *     struct fan_lossy lossy = {.capacity = 64, .drops = FAN_DROP_OLDEST};
 *     fan_lossy_go(&pipe, prices, shown, &lossy);
 *     ...
 *     struct fan_lossy_count count = fan_lossy_count(&lossy);
 *
 * The struct is the caller's, who sets the first two fields, and must live until the group's
 * wait. */
enum fan_lossy_drops {
    FAN_DROP_NEWEST,
    FAN_DROP_OLDEST,
};

/* At any moment: received = sent + dropped + held. Once the stage has ended, what is held is lost
 * too: it was cancelled with so many. */
struct fan_lossy_count {
    uint64_t received, sent, dropped, held;
};

struct fan_lossy {
    size_t capacity; /* elements; at least 1 */
    enum fan_lossy_drops drops;
    struct fan_mutex lock;
    struct fan_lossy_count count; /* lock */
};

/* Starts it from `input` to `output`, which have elements of one size. Errors: EINVAL (a capacity
 * of 0, different sizes), and those of all stages. */
int fan_lossy_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                 struct fan_lossy *lossy);

/* What became of the elements so far, all of it at one moment. Any thread may ask, at any time. */
struct fan_lossy_count fan_lossy_count(struct fan_lossy *lossy);

#endif
