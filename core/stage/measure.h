#ifndef FAN_STAGE_MEASURE_H
#define FAN_STAGE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "run/mutex.h"
#include "stage/stage.h"
#include "sync/chan.h"

/* A measuring point between two stages: hands on what comes, in order, and knows how much that was,
 * how fast it comes, how many wait before it, and how long it then has to wait for who comes after.
 * One before a stage and one after it measure that stage, whatever it is:
 *
 *     static struct fan_measure before, after = {.since = &before};
 *
 *     fan_measure_go(&pipe, urls, measured_urls, &before);
 *     fan_map_go(&pipe, measured_urls, pages, ...);
 *     fan_measure_go(&pipe, pages, measured_pages, &after);
 *     ...
 *     uint64_t p99_ns = fan_histogram_percentile(&after.latency_ns, 99);
 *
 * The latency is the time between the n-th element's passing there and the n-th one's here. So it
 * is each element's own if the stages between keep the order and make one of each; if they make one
 * of each in another order the mean is still right, though the percentiles are not.
 *
 * The struct (about 60 KiB) is the caller's, zero but for `since`, and must live until the group's
 * wait. Any thread may read its histograms and look at it at any time, and disturbs nobody. An
 * element costs a hop from channel to channel with two looks at the clock: 0.35 to 0.95 us of
 * processor time in a busy machine, where a stage that only hands on took 0.15 to 0.5. */
enum {
    FAN_MEASURE_INSIDE = 1024
}; /* a latency is known while no more are between the two points */

struct fan_measure {
    struct fan_measure *since;   /* a point further up; NULL = no latency */
    struct fan_histogram gap_ns; /* from one element's coming to the next one's */
    struct fan_histogram
        blocked_ns; /* until the output had room for it: what comes after is slower */
    struct fan_histogram latency_ns;    /* since `since` */
    uint64_t passed;                    /* atomic: elements that have come */
    uint64_t unmatched;                 /* atomic: of these, those without a known latency */
    uint64_t times[FAN_MEASURE_INSIDE]; /* atomic: when the last ones came */
    struct fan_mutex lock;
    struct fan_chan *input; /* lock; NULL = the stage has ended, or not begun */
};

/* What a look sees. */
struct fan_measure_view {
    uint64_t now_ns;
    uint64_t passed; /* elements so far */
    uint64_t inside; /* of those that have passed `since`, how many have not come here */
    size_t waiting;  /* in the input's buffer */
};

/* Starts it from `input` to `output`, which have elements of one size. Errors: EINVAL (different
 * sizes), and those of all stages. */
int fan_measure_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                   struct fan_measure *measure);

/* Looks at it now. Blocks no longer than another look. */
struct fan_measure_view fan_measure_look(struct fan_measure *measure);

/* Elements per second between two looks; 0 if no time has passed. */
double fan_measure_rate(const struct fan_measure_view *earlier,
                        const struct fan_measure_view *later);

#endif
