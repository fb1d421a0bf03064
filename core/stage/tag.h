#ifndef FAN_STAGE_TAG_H
#define FAN_STAGE_TAG_H

#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* Numbers the elements of its input, from 0, so that several workers may answer in any order and a
 * reorder (stage/reorder.h) puts the answers back into that of the questions.
 *
 *     struct tagged_line {
 *         struct fan_tag tag;
 *         struct line line;
 *     };
 *     struct fan_chan *room = fan_chan_new("room", 1, 64);
 *     fan_tag_go(&pipe, lines, tagged_lines, &(struct fan_tag_options){.room = room});
 *
 * An element of the output begins with a tag; the input's element follows it, where a structure of
 * the two has it. */
struct fan_tag {
    uint64_t number;
};

struct fan_tag_options {
    uint64_t first; /* number */
    /* As many elements may be under way between here and the reorder as this channel has room for,
     * which is given to both: a byte stands in it for each. Then a missing element stalls the
     * source, and not what stands behind the missing one. NULL = any number. */
    struct fan_chan *room;
};

/* Starts the stage. Does not block. `options` may be NULL. Errors: as of all stages (stage.h);
 * EINVAL: a channel is NULL; an element of the output has no room for both; `room` is unbuffered,
 * or its elements are no bytes. */
int fan_tag_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
               const struct fan_tag_options *options);

#endif
