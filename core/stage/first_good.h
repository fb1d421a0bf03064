#ifndef FAN_STAGE_FIRST_GOOD_H
#define FAN_STAGE_FIRST_GOOD_H

#include <stddef.h>

#include "flow/report.h"
#include "stage/stage.h"
#include "sync/chan.h"

/* The first good one: hands on one element, the first that carries no error, and cancels who works
 * for the others. For the same question put to several that can answer it. (JavaScript:
 * Promise.any.)
 *
 *     static int error_of(const void *element) { return ((const struct page *)element)->error; }
 *
 *     fan_first_good_go(&pipe, mirrors, 3, page, error_of,
 *                       &(struct fan_first_good_options){.upstream = &search, .report = &report});
 *     if (fan_chan_recv(page, &found, ctx) == 0)
 *         show(&found);
 *
 * Afterwards it receives and drops what still comes, so that nobody who sends waits for ever, until
 * the inputs are closed; only then it closes the output. */
enum { FAN_FIRST_GOOD_MOST = 31 /* inputs */ };

struct fan_first_good_options {
    struct fan_ctx *upstream; /* of who sends to the inputs: cancelled when one is found; or NULL */
    /* submitted = elements received; done = the one handed on; failed; dropped = came after it.
     * Lists the first error of each input by the input's index. Written at the end of the stage,
     * and then the caller's to free; starts as {0}. NULL = not wanted. */
    struct fan_report *report;
};

/* Starts the stage. Does not block. The array `inputs` is copied. `error_of` returns 0 or a
 * positive errno value. `options` may be NULL.
 *
 * If all inputs end without a good element the stage fails, with the error that came first, or
 * ENODATA if none came. Errors of the call: as of all stages (stage.h); EINVAL: more inputs than
 * FAN_FIRST_GOOD_MOST; no function; a channel is NULL, or has elements of another size than the
 * output. */
int fan_first_good_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                      struct fan_chan *output, int (*error_of)(const void *element),
                      const struct fan_first_good_options *options);

#endif
