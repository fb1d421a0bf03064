#ifndef FAN_STAGE_SOURCE_H
#define FAN_STAGE_SOURCE_H

#include "flow/stream.h"
#include "stage/stage.h"
#include "sync/chan.h"

/* The beginning of a pipeline: makes elements by a function, one after the other.
 *
 *     static int next_line(void *file, struct fan_ctx *ctx, void *line);
 *
 *     fan_source_go(&pipe, &(struct fan_source){.next = next_line, .state = file}, lines);
 */

/* Starts to send what `next` writes, until it returns ENODATA, which is the end, or an errno value,
 * which is the stage's error (struct fan_source in flow/stream.h; `blocks` means nothing here, and
 * after the EAGAIN of one that `warns` it is called again). One thread calls it. Errors: EINVAL (no
 * function), and those of all stages. */
int fan_source_go(struct fan_group *group, const struct fan_source *source,
                  struct fan_chan *output);

#endif
