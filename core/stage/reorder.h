#ifndef FAN_STAGE_REORDER_H
#define FAN_STAGE_REORDER_H

#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "stage/tag.h"
#include "sync/chan.h"

/* Puts numbered elements back into the order of their numbers: one that comes too early is held
 * until those before it have come. With a tag before the workers (stage/tag.h) this is
 * tag-and-reorder, the ordered merge for work of which nobody knows how long it takes; networks
 * call it a resequencer.
 *
 *     fan_tag_go(&pipe, lines, tagged_lines, &(struct fan_tag_options){.room = room});
 *     (workers: from tagged_lines to answers, each keeps the tag)
 *     fan_reorder_go(&pipe, answers, in_order,
 *                    &(struct fan_reorder_options){.window = 64, .room = room});
 *
 * What it holds is bounded by the window, so something has to be done about a number that does not
 * come: stall, time out or skip. Whatever was received is handed on, in order, or is late. */

/* Where early elements are held. */
enum fan_reorder_hold {
    FAN_REORDER_RING, /* by number: holds numbers from the next one on, less than `window` away */
    FAN_REORDER_HEAP, /* by rank: holds any `window` elements, however far apart their numbers */
};

/* What a missing number leads to. */
enum fan_reorder_missing {
    /* Waiting. With `room` the source waits too, as far from here as the window is wide. Without,
     * an element that does not fit can only be followed by the one that is missing, and waiting
     * would be for ever: that is the failure EOVERFLOW. */
    FAN_REORDER_STALL,
    /* An element is held back no longer than timeout_ns: then the numbers before it that are
     * missing are given up. While one does not fit, nothing is received. */
    FAN_REORDER_TIMEOUT,
    /* When an element does not fit, as many numbers are given up as it takes. */
    FAN_REORDER_SKIP,
};

/* What a reorder tells of itself when it has ended. */
struct fan_reorder_report {
    uint64_t handed_on;
    uint64_t missing; /* numbers that had not come when their turn was over */
    uint64_t late;    /* elements that came after that */
    size_t most_held; /* at a time */
};

struct fan_reorder_options {
    uint64_t (*number_of)(const void *element); /* NULL = it begins with a struct fan_tag */
    uint64_t first;                             /* number */
    size_t window;                              /* 0 = 256 */
    enum fan_reorder_hold hold;
    enum fan_reorder_missing when_missing;
    uint64_t timeout_ns;   /* for FAN_REORDER_TIMEOUT, not 0 */
    struct fan_chan *room; /* the tag's; its capacity is at most the window; NULL = none */
    struct fan_chan *late; /* late elements are sent there, and it is closed with the output; NULL =
                              they are dropped */
    struct fan_reorder_report *report; /* NULL = not wanted */
};

/* Starts the stage. Does not block. `options` may be NULL. When the input is closed, what is held
 * is handed on, and what is missing between is counted.
 *
 * The stage fails with EEXIST if a number comes twice (after FAN_REORDER_TIMEOUT or
 * FAN_REORDER_SKIP only if the first one is still held: a number whose turn is over counts as late,
 * since what became of each is not remembered), with EOVERFLOW as said above, and with EINVAL for
 * the number UINT64_MAX. Errors of the call: as of all stages (stage.h); EINVAL: a channel is NULL
 * or has elements of another size; an element is smaller than a tag and there is no number_of; no
 * time-out; `room` is larger than the window. */
int fan_reorder_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                   const struct fan_reorder_options *options);

#endif
