#ifndef FAN_TESTS_SUPPORT_STUCK_H
#define FAN_TESTS_SUPPORT_STUCK_H

#include <stddef.h>

#include "base/probe.h"
#include "stage/pipe.h"

/* A stage alone that waits, at a place which the pipelines of pipelines.h do not come to or where
 * another stage's end would free it. Nothing but a cancel of the group ends it. */
enum { STUCK_CHANNELS = 4 };

struct stuck {
    struct fan_group group;
    struct fan_chan *channels[STUCK_CHANNELS];
    size_t channel_count;
    struct fan_rate rate;
};

struct stuck_place {
    const char *name;
    /* Starts the stage; returns the error of that. */
    int (*start)(struct stuck *stuck);
    size_t outputs;       /* the last channels: closed when it has ended */
    enum fan_probe_op op; /* that it waits in */
};

extern const struct stuck_place stuck_places[];
extern const size_t stuck_place_count;

/* Starts it. */
void stuck_begin(struct stuck *stuck, const struct stuck_place *place);

/* After a cancel: waits for its end. Returns what is not as it has to be then, or NULL; and frees
 * all. */
const char *stuck_end(struct stuck *stuck, const struct stuck_place *place);

#endif
