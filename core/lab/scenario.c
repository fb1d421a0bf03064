/* One lock, the lab's `guard`, over its lists; the rest never changes during a run. */
#include "lab/scenario.h"

#include <stdlib.h>

#include "base/panic.h"
#include "base/probe.h"
#include "base/random.h"
#include "lab/scenario_state.h"
#include "run/thread_state.h"
#include "sync/timer.h"
#include "watch/publish.h"

struct fan_lab_block {
    struct fan_lab_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct fan_lab_channel {
    struct fan_lab_channel *next;
    struct fan_chan *chan;
};

enum {
    UNPACED_TURNS = 256 /* some 300 ns of computing */
};

uint64_t fan_lab_workers(const struct fan_lab *lab)
{
    return lab->workers;
}

uint64_t fan_lab_items(const struct fan_lab *lab)
{
    return lab->items;
}

uint64_t fan_lab_seed(const struct fan_lab *lab)
{
    return lab->seed;
}

void *fan_lab_alloc(struct fan_lab *lab, size_t size)
{
    size_t whole;
    struct fan_lab_block *block = NULL;
    if (!__builtin_add_overflow(size, sizeof *block, &whole))
        block = calloc(1, whole);
    if (!block)
        fan_panic("out of memory: %zu bytes for the scenario", size);
    fan_lock_acquire(&lab->guard);
    block->next = lab->blocks;
    lab->blocks = block;
    fan_lock_release(&lab->guard);
    return block->bytes;
}

struct fan_chan *fan_lab_chan(struct fan_lab *lab, const char *name, size_t element_size,
                              size_t capacity)
{
    struct fan_lab_channel *channel = fan_lab_alloc(lab, sizeof *channel);
    channel->chan = fan_chan_new(name, element_size, capacity);
    if (!channel->chan)
        fan_panic("out of memory: channel %s for the scenario", name);
    fan_lock_acquire(&lab->guard);
    channel->next = lab->channels;
    lab->channels = channel;
    fan_lock_release(&lab->guard);
    return channel->chan;
}

struct fan_chan *fan_lab_inputs(struct fan_lab *lab)
{
    struct fan_chan *in = fan_lab_chan(lab, "in", sizeof(uint64_t), lab->items);
    for (uint64_t item = 0; item < lab->items; item++)
        fan_chan_send(in, &item, NULL);
    fan_chan_close(in);
    return in;
}

static void release_channels(struct fan_lab *lab)
{
    for (struct fan_lab_channel *one = lab->channels; one; one = one->next)
        fan_chan_free(one->chan);
    lab->channels = NULL;
}

void fan_lab_release(struct fan_lab *lab)
{
    release_channels(lab);
    while (lab->blocks) {
        struct fan_lab_block *block = lab->blocks;
        lab->blocks = block->next;
        free(block);
    }
}

/* Equal seeds and items take equal times, whichever thread does the work and in whatever order. */
static struct fan_random luck_of(const struct fan_lab *lab, uint64_t item)
{
    struct fan_random luck = {.state = lab->seed ^ (item * UINT64_C(0xd1342543de82ef95))};
    fan_random_next(&luck);
    return luck;
}

static void compute(struct fan_random *luck)
{
    for (int turn = 0; turn < UNPACED_TURNS; turn++)
        fan_random_next(luck);
    __asm__ __volatile__("" : : "r"(luck->state));
}

static void take_time(const struct fan_lab *lab, uint64_t item)
{
    struct fan_random luck = luck_of(lab, item);
    uint64_t pace_ns = lab->pace_ns;
    if (pace_ns == 0)
        compute(&luck);
    else
        fan_sleep(pace_ns / 4 + fan_random_below(&luck, pace_ns + pace_ns / 2 + 1), NULL);
}

void fan_lab_work(struct fan_lab *lab, uint64_t item)
{
    struct fan_probe_thread *slot = fan_thread_here()->slot;
    if (slot) {
        FAN_PROBE_SET(slot->task, item);
        fan_probe_count(&slot->tasks_begun, 1);
    }
    take_time(lab, item);
    if (slot)
        fan_probe_count(&slot->tasks_ended, 1);
}

void fan_lab_result(struct fan_lab *lab)
{
    (void)lab;
    fan_watch_output();
}
