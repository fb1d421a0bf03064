#ifndef FAN_STAGE_WINDOW_H
#define FAN_STAGE_WINDOW_H

#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* Windows: gathers elements into batches, so that those after it pay once for many: a transaction,
 * a packet, a wakeup. A batch is handed on when it is full, or when a time has passed since its
 * first element came, whichever is first; the last one, at the close of the input, may be partly
 * full. None is empty. Elsewhere it is called chunking, micro-batching or linger; stream processors
 * call it a tumbling window.
 *
 *     struct ten_prices {
 *         size_t count;
 *         struct price prices[10];
 *     };
 *     struct fan_chan *batches = fan_chan_new("batches", sizeof(struct ten_prices), 0);
 *     fan_window_go(&pipe, prices, batches,
 *                   &(struct fan_window_options){.count = 10, .time_ns = 5 * FAN_MILLISECOND});
 *
 * An element of the output is a struct fan_window: a size_t, how many there are, and right behind
 * it room for `count` of them. (So no type that needs more alignment than a size_t has.) What is
 * behind the last one is undefined but initialised. */
struct fan_window {
    size_t count; /* 1 to that of the options */
    char elements[];
};

struct fan_window_options {
    size_t count;     /* most elements in a batch */
    uint64_t time_ns; /* most time from a batch's first element to its being handed on; 0 = any */
};

/* Starts it. While a batch waits for the output nothing is received: time_ns bounds when a batch is
 * offered. Errors: EINVAL (a count of 0; the output's elements are too small for `count` of the
 * input's), and those of all stages. */
int fan_window_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                  const struct fan_window_options *options);

#endif
