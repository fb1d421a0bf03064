/* No locks: one thread. */
#include "stage/tag.h"

#include <errno.h>
#include <stdbool.h>

struct tagger {
    struct fan_chan *input, *output, *room;
    uint64_t next;
    _Alignas(max_align_t) struct fan_tag tagged[]; /* one, and the element behind it */
};

static int tag_one(struct tagger *tagger, struct fan_ctx *ctx)
{
    int error = tagger->room ? fan_chan_send(tagger->room, &(char){0}, ctx) : 0;
    if (!error)
        error = fan_chan_recv(tagger->input, tagger->tagged + 1, ctx);
    if (error)
        return error;
    tagger->tagged->number = tagger->next++;
    return fan_chan_send(tagger->output, tagger->tagged, ctx);
}

static int run(void *state, struct fan_ctx *ctx)
{
    int error = 0;
    while (!error)
        error = tag_one(state, ctx);
    return error == EPIPE ? 0 : error;
}

static void end(void *state)
{
    fan_chan_close(((struct tagger *)state)->output);
}

static bool is_room(const struct fan_chan *room)
{
    return !room || (fan_chan_element_size(room) == 1 && fan_chan_capacity(room) > 0);
}

int fan_tag_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
               const struct fan_tag_options *options)
{
    size_t size = sizeof(struct fan_tag) + fan_chan_element_size(input);
    struct tagger tagger = {.input = input, .output = output};
    if (options) {
        tagger.room = options->room;
        tagger.next = options->first;
    }
    if (!input || !output || fan_chan_element_size(output) < size || !is_room(tagger.room))
        return fan_stage_fail(group, EINVAL);
    return fan_stage_go_with(group, run, end, &tagger, sizeof tagger,
                             fan_chan_element_size(output));
}
