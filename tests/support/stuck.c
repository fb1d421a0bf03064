#include "tests/support/stuck.h"

#include <errno.h>

#include "base/panic.h"
#include "run/time.h"
#include "stage/ordered.h"
#include "stage/reorder.h"
#include "stage/split.h"
#include "stage/tag.h"
#include "stage/zip.h"
#include "sync/timer.h"

enum { AN_HOUR = 3600 };

static struct fan_chan *channel_of(struct stuck *stuck, size_t size, size_t capacity)
{
    struct fan_chan *chan = fan_chan_new("between", size, capacity);
    stuck->channels[stuck->channel_count++] = chan;
    return chan;
}

static struct fan_chan *channel(struct stuck *stuck, size_t capacity)
{
    return channel_of(stuck, sizeof(uint64_t), capacity);
}

/* An open input with the numbers from 0. */
static struct fan_chan *input(struct stuck *stuck, uint64_t count)
{
    struct fan_chan *chan = channel(stuck, count + 1);
    for (uint64_t i = 0; i < count; i++)
        fan_chan_try_send(chan, &i);
    return chan;
}

static struct fan_chan *ended_input(struct stuck *stuck)
{
    struct fan_chan *chan = input(stuck, 0);
    fan_chan_close(chan);
    return chan;
}

/* ---- the places ---- */

static int do_nothing(void *unused, struct fan_ctx *ctx, const void *element)
{
    (void)unused, (void)ctx, (void)element;
    return 0;
}

static int each_at_its_input(struct stuck *stuck)
{
    return fan_each_go(&stuck->group, input(stuck, 1), &(struct fan_each){.put = do_nothing});
}

static int copy(void *unused, struct fan_ctx *ctx, const void *element, void *result)
{
    (void)unused, (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)element;
    return 0;
}

static int map_at_its_input(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *out = channel(stuck, 8);
    return fan_map_go(&stuck->group, in, out, &(struct fan_map_options){.run = copy, .workers = 1});
}

static int map_at_its_output(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *out = channel(stuck, 1);
    return fan_map_go(&stuck->group, in, out, &(struct fan_map_options){.run = copy, .workers = 1});
}

static int sleep_for_an_hour(void *unused, struct fan_ctx *ctx, const void *element, void *result)
{
    (void)unused, (void)element, (void)result;
    return fan_sleep(AN_HOUR * FAN_SECOND, ctx);
}

static int map_in_its_function(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *out = channel(stuck, 1);
    return fan_map_go(&stuck->group, in, out,
                      &(struct fan_map_options){.run = sleep_for_an_hour, .workers = 1});
}

static int throttle_for_its_time(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *out = channel(stuck, 8);
    fan_rate_init(&stuck->rate,
                  &(struct fan_rate_options){.count = 1, .period_ns = AN_HOUR * FAN_SECOND});
    return fan_throttle_go(&stuck->group, in, out, &stuck->rate);
}

static int until_at_its_input(struct stuck *stuck)
{
    struct fan_chan *signal = channel(stuck, 1), *in = input(stuck, 1), *out = channel(stuck, 8);
    return fan_until_go(&stuck->group, in, out, &(struct fan_until_options){.signal = signal});
}

static int until_at_its_output(struct stuck *stuck)
{
    struct fan_chan *signal = channel(stuck, 1), *in = input(stuck, 2), *out = channel(stuck, 1);
    return fan_until_go(&stuck->group, in, out, &(struct fan_until_options){.signal = signal});
}

static int until_draining(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *out = channel(stuck, 8);
    return fan_until_go(&stuck->group, in, out, &(struct fan_until_options){.count = 1});
}

static int split_to_nobody(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 1);
    struct fan_chan *outs[] = {channel(stuck, 0), channel(stuck, 0)};
    return fan_split_go(&stuck->group, in, outs, 2,
                        &(struct fan_split_options){.by = FAN_SPLIT_READY});
}

/* Its turn is with an input that has ended: no other may have anything more. */
static int ordered_at_the_others(struct stuck *stuck)
{
    struct fan_chan *ins[] = {ended_input(stuck), input(stuck, 0)};
    return fan_ordered_go(&stuck->group, ins, 2, channel(stuck, 1));
}

static int zip_draining(struct stuck *stuck)
{
    struct fan_chan *ins[] = {ended_input(stuck), input(stuck, 3)};
    return fan_zip_go(&stuck->group, ins, 2, channel_of(stuck, 2 * sizeof(uint64_t), 1), NULL);
}

static int tag_without_room(struct stuck *stuck)
{
    struct fan_chan *room = channel_of(stuck, 1, 1), *in = input(stuck, 2);
    return fan_tag_go(&stuck->group, in, channel_of(stuck, 2 * sizeof(uint64_t), 8),
                      &(struct fan_tag_options){.room = room});
}

static uint64_t one_is_missing(const void *element)
{
    return *(const uint64_t *)element + 1;
}

static uint64_t all_have_one_number(const void *element)
{
    (void)element;
    return 0;
}

static int reorder_for_a_missing_one(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 4), *out = channel(stuck, 8);
    return fan_reorder_go(&stuck->group, in, out,
                          &(struct fan_reorder_options){.number_of = one_is_missing,
                                                        .window = 2,
                                                        .when_missing = FAN_REORDER_TIMEOUT,
                                                        .timeout_ns = AN_HOUR * FAN_SECOND});
}

static int reorder_with_late_ones(struct stuck *stuck)
{
    struct fan_chan *in = input(stuck, 3), *late = channel(stuck, 1), *out = channel(stuck, 8);
    return fan_reorder_go(&stuck->group, in, out,
                          &(struct fan_reorder_options){.number_of = all_have_one_number,
                                                        .window = 2,
                                                        .when_missing = FAN_REORDER_SKIP,
                                                        .late = late});
}

const struct stuck_place stuck_places[] = {
    {"each, at its input", each_at_its_input, 0, FAN_OP_RECV},
    {"map, at its input", map_at_its_input, 1, FAN_OP_RECV},
    {"map, at its output", map_at_its_output, 1, FAN_OP_SEND},
    {"map, in its function", map_in_its_function, 1, FAN_OP_SLEEP},
    {"throttle, for its time", throttle_for_its_time, 1, FAN_OP_SLEEP},
    {"until, at its input", until_at_its_input, 1, FAN_OP_SELECT},
    {"until, at its output", until_at_its_output, 1, FAN_OP_SELECT},
    {"until, draining", until_draining, 1, FAN_OP_RECV},
    {"split, to nobody", split_to_nobody, 2, FAN_OP_SELECT},
    {"ordered, at the others", ordered_at_the_others, 1, FAN_OP_RECV},
    {"zip, draining", zip_draining, 1, FAN_OP_SELECT},
    {"tag, without room", tag_without_room, 1, FAN_OP_SEND},
    {"reorder, for a missing one", reorder_for_a_missing_one, 1, FAN_OP_TIMER_WAIT},
    {"reorder, with late ones", reorder_with_late_ones, 2, FAN_OP_SEND},
};

const size_t stuck_place_count = sizeof stuck_places / sizeof stuck_places[0];

/* ---- running one ---- */

void stuck_begin(struct stuck *stuck, const struct stuck_place *place)
{
    *stuck = (struct stuck){0};
    fan_group_init(&stuck->group, &(struct fan_group_options){.name = "stuck"});
    if (place->start(stuck) != 0)
        fan_panic("%s: not started", place->name);
}

static bool is_closed(struct fan_chan *chan)
{
    int error;
    while ((error = fan_chan_try_recv(chan, NULL)) == 0)
        continue;
    return error == EPIPE;
}

const char *stuck_end(struct stuck *stuck, const struct stuck_place *place)
{
    const char *wrong = fan_group_wait(&stuck->group) == ECANCELED ? NULL : "not cancelled";
    for (size_t i = 1; i <= place->outputs; i++)
        if (!is_closed(stuck->channels[stuck->channel_count - i]))
            wrong = "an output is open";
    for (size_t i = 0; i < stuck->channel_count; i++)
        fan_chan_free(stuck->channels[i]);
    fan_rate_destroy(&stuck->rate);
    fan_group_destroy(&stuck->group);
    return wrong;
}
