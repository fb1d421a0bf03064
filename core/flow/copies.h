#ifndef FAN_FLOW_COPIES_H
#define FAN_FLOW_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/admit.h"
#include "sync/ctx.h"

/* Second copies of the tasks of a call that take long, of which the first success counts (hedges).
 * For the executor's own files. */
struct fan_copies;
struct fan_stream;

/* NULL if there is no memory. */
struct fan_copies *fan_copies_new(struct fan_stream *stream);

/* Runs a task that holds `hold`, and a second copy of it if its hedger says so and nothing has to
 * be waited for. Returns when neither runs any more: 0 if one of them has succeeded, else the first
 * one's error; goes on with its panic. */
int fan_copies_run(struct fan_copies *copies, struct fan_ctx *ctx, const struct fan_hold *hold,
                   const void *task, void *value);

/* No more copies are begun. Waits until the threads have left, unless they are to be left behind.
 * NULL is accepted. */
void fan_copies_close(struct fan_copies *copies, bool leave_behind);

/* When its threads have left. NULL is accepted. */
void fan_copies_free(struct fan_copies *copies);

#endif
