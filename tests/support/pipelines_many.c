#include <errno.h>
#include <string.h>

#include "run/time.h"
#include "stage/first_good.h"
#include "stage/merge.h"
#include "stage/ordered.h"
#include "stage/priority.h"
#include "stage/reorder.h"
#include "stage/split.h"
#include "stage/tag.h"
#include "stage/tee.h"
#include "tests/support/pipelines.h"

/* ---- several outputs ---- */

static uint64_t half(void *argument, const void *element)
{
    uint64_t number;
    (void)argument;
    memcpy(&number, element, sizeof number);
    return number / 2;
}

static int go_split(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *const *out)
{
    return fan_split_go(&pipeline->group, in, out, 2, NULL);
}

static int go_split_by_key(struct pipeline *pipeline, struct fan_chan *in,
                           struct fan_chan *const *out)
{
    return fan_split_go(&pipeline->group, in, out, 2,
                        &(struct fan_split_options){.by = FAN_SPLIT_BY_KEY, .key = half});
}

static int go_split_to_ready(struct pipeline *pipeline, struct fan_chan *in,
                             struct fan_chan *const *out)
{
    return fan_split_go(&pipeline->group, in, out, 2,
                        &(struct fan_split_options){.by = FAN_SPLIT_READY});
}

static int go_tee(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *const *out)
{
    return fan_tee_go(&pipeline->group, in, out, 2, NULL);
}

static int go_dropping_tee(struct pipeline *pipeline, struct fan_chan *in,
                           struct fan_chan *const *out)
{
    return fan_tee_go(&pipeline->group, in, out, 2,
                      &(struct fan_tee_options){.drops = true, .dropped = pipeline->counts});
}

/* ---- several inputs ---- */

enum { AN_HOUR = 3600 };

static int go_merge(struct pipeline *pipeline, struct fan_chan *const *in, struct fan_chan *out)
{
    return fan_merge_go(&pipeline->group, in, 2, out, NULL);
}

static int go_timed_merge(struct pipeline *pipeline, struct fan_chan *const *in,
                          struct fan_chan *out)
{
    return fan_merge_go(&pipeline->group, in, 2, out,
                        &(struct fan_merge_options){.timeout_ns = AN_HOUR * FAN_SECOND});
}

static int go_priority(struct pipeline *pipeline, struct fan_chan *const *in, struct fan_chan *out)
{
    return fan_priority_go(&pipeline->group, in, 2, out, NULL);
}

static int go_shared_priority(struct pipeline *pipeline, struct fan_chan *const *in,
                              struct fan_chan *out)
{
    return fan_priority_go(&pipeline->group, in, 2, out,
                           &(struct fan_priority_options){.share = 2});
}

static int go_ordered(struct pipeline *pipeline, struct fan_chan *const *in, struct fan_chan *out)
{
    return fan_ordered_go(&pipeline->group, in, 2, out);
}

static int error_of(const void *element)
{
    uint64_t number;
    memcpy(&number, element, sizeof number);
    return pipeline_is_enough(number) ? 0 : EIO;
}

static int go_first_good(struct pipeline *pipeline, struct fan_chan *const *in,
                         struct fan_chan *out)
{
    return fan_first_good_go(&pipeline->group, in, 2, out, error_of, NULL);
}

/* ---- numbers ---- */

static int go_tag(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_tag_go(&pipeline->group, in, out, NULL);
}

/* Two and two come the other way round. */
static uint64_t in_pairs(const void *element)
{
    uint64_t number;
    memcpy(&number, element, sizeof number);
    return number ^ 1;
}

static int go_reorder(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out,
                      enum fan_reorder_hold hold, enum fan_reorder_missing when_missing)
{
    return fan_reorder_go(&pipeline->group, in, out,
                          &(struct fan_reorder_options){.number_of = in_pairs,
                                                        .window = 2,
                                                        .hold = hold,
                                                        .when_missing = when_missing,
                                                        .timeout_ns = AN_HOUR * FAN_SECOND});
}

static int go_ring(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return go_reorder(pipeline, in, out, FAN_REORDER_RING, FAN_REORDER_STALL);
}

static int go_timed_ring(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return go_reorder(pipeline, in, out, FAN_REORDER_RING, FAN_REORDER_TIMEOUT);
}

static int go_heap(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return go_reorder(pipeline, in, out, FAN_REORDER_HEAP, FAN_REORDER_SKIP);
}

const struct pipeline_kind pipeline_many_kinds[] = {
    {.name = "split", .fork = go_split, .least = 1, .most = 1},
    {.name = "split by key", .fork = go_split_by_key, .least = 1, .most = 1},
    {.name = "split to ready", .fork = go_split_to_ready, .least = 1, .most = 1},
    {.name = "tee", .fork = go_tee, .least = 2, .most = 2},
    {.name = "dropping tee", .fork = go_dropping_tee, .most = 2},
    {.name = "merge", .join = go_merge, .least = 2, .most = 2, .shuffles = true},
    {.name = "timed merge", .join = go_timed_merge, .least = 2, .most = 2, .shuffles = true},
    {.name = "priority", .join = go_priority, .least = 2, .most = 2, .shuffles = true},
    {.name = "shared priority",
     .join = go_shared_priority,
     .least = 2,
     .most = 2,
     .shuffles = true},
    {.name = "ordered", .join = go_ordered, .least = 2, .most = 2, .shuffles = true},
    {.name = "first good",
     .join = go_first_good,
     .keeps = pipeline_is_enough,
     .least = 1,
     .most = 1},
    {.name = "tag", .line = go_tag, .size = 2 * sizeof(uint64_t), .least = 1, .most = 1},
    {.name = "ring", .line = go_ring, .least = 1, .most = 1, .shuffles = true},
    {.name = "timed ring", .line = go_timed_ring, .least = 1, .most = 1, .shuffles = true},
    {.name = "heap", .line = go_heap, .least = 1, .most = 1, .shuffles = true},
};

const size_t pipeline_many_kind_count = sizeof pipeline_many_kinds / sizeof pipeline_many_kinds[0];
