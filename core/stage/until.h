#ifndef FAN_STAGE_UNTIL_H
#define FAN_STAGE_UNTIL_H

#include <stdbool.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* Take until: hands elements on until there were enough of them, or one is the last, or a channel
 * or a context says so. Then it closes its output, so that those after it end as they do at the end
 * of any stream, and nothing has failed.
 *
 *     fan_group_init(&producers, &(struct fan_group_options){.parent = &pipe.ctx});
 *     fan_map_go(&producers, numbers, candidates, ...);
 *     fan_until_go(&pipe, candidates, primes,
 *                  &(struct fan_until_options){.count = 100, .upstream = &producers.ctx});
 *
 * Those before it have to end too, though their own input has not. They send to a channel that
 * nobody reads any more, and whoever sends there waits for ever or ends with his context. So they
 * are a group of their own, whose context is cancelled: `upstream`. Its cause is EPIPE then, which
 * tells "the reader wants no more" from a real end; the group's wait returns ECANCELED. (A pipe,
 * stage/pipe.h, does all that.) Where there is no such context, as when the input is finite and its
 * sender a stranger, the stage goes on receiving, and drops what comes until the input is
 * closed. */
struct fan_until_options {
    uint64_t count;                                       /* hand on so many; 0 = any number */
    bool (*is_last)(void *argument, const void *element); /* called once for each; NULL = none is */
    void *argument;
    bool without_last;        /* the last one is not handed on itself */
    struct fan_chan *signal;  /* an element of it, or its close, ends the stage; NULL = none */
    struct fan_ctx *done;     /* when this is done, the stage ends; NULL = none */
    struct fan_ctx *upstream; /* cancelled when there was enough; NULL = drain the input */
};

/* Starts it from `input` to `output`, which have elements of one size. What the options point to is
 * used until the group's wait. An element that was received when `signal` or `done` comes, and
 * waits for the output, is dropped; while input and signal are both ready, the signal wins. Errors:
 * EINVAL (different sizes), and those of all stages. */
int fan_until_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                 const struct fan_until_options *options);

#endif
