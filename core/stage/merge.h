#ifndef FAN_STAGE_MERGE_H
#define FAN_STAGE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* A merge: hands on the elements of any number of inputs in the order in which they come. Elements
 * of one input stay in their order. This is the fan-in of fan-out and fan-in; Go's idiom has a
 * goroutine for each input and one that closes the output after them.
 *
 *     struct fan_merge_input shops_seen[SHOPS];
 *     struct fan_merge_report report = {.inputs = shops_seen};
 *     fan_merge_go(&pipe, shops, SHOPS, prices,
 *                  &(struct fan_merge_options){.timeout_ns = FAN_SECOND, .report = &report});
 *     while (fan_chan_recv(prices, &price, ctx) == 0)
 *         show(price, fan_merge_live(&report));
 *
 * One thread serves up to 31 inputs by a select, and takes what else is ready of the input that was
 * chosen, up to 16 elements, before it selects again. A thread for each input costs as much where
 * they are two, and four times as much processor time an element where they are 31 (`make bench
 * ONLY=merge`). */

/* What became of an input. */
struct fan_merge_input {
    uint64_t received; /* elements that were handed on */
    bool slow;         /* it was left out by the time-out */
};

/* What a merge tells of itself, in memory of the caller's. `live` may be asked at any time, the
 * rest after the group's wait. */
struct fan_merge_report {
    size_t live;                    /* atomic: inputs that are neither closed nor left out */
    size_t slow;                    /* atomic: inputs that were left out */
    struct fan_merge_input *inputs; /* given by the caller: one for each input; or NULL */
};

struct fan_merge_options {
    /* An input is left out from then on if nothing has come from it for so long since its last
     * element was handed on, or since the start; 0 = never. Time in which the output is full
     * counts, for an input may have something ready meanwhile: who has is not slow. Nothing that
     * was received is lost; what comes later is not received. */
    uint64_t timeout_ns;
    /* One for each input, or NULL: cancelled (ETIMEDOUT) when its input is left out, for who sends
     * there would wait for ever. Each may be NULL. */
    struct fan_ctx *const *sources;
    struct fan_merge_report *report; /* filled in; NULL = not wanted */
};

/* Starts a merge of `count` inputs, which may be 0: then the output is closed at once. Does not
 * block. The arrays of `inputs` and `sources` are copied. `options` may be NULL. Errors: as of all
 * stages (stage.h); EINVAL: a channel is NULL, or has elements of another size than the output. */
int fan_merge_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                 struct fan_chan *output, const struct fan_merge_options *options);

/* How many inputs are still read. Does not block. */
size_t fan_merge_live(const struct fan_merge_report *report);

#endif
