/* One lock, the lab's `guard`, over its lists; the rest never changes during a run. */
#include "lab/scenario.h"

#include <stdlib.h>

#include "base/panic.h"
#include "base/probe.h"
#include "base/random.h"
#include "lab/scenario_state.h"
#include "run/announce.h"
#include "run/evidence.h"
#include "run/thread_state.h"
#include "run/time.h"
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
    UNPACED_TURNS = 256, /* some 300 ns of computing */
    TIMES_SLOW = 10,
    SLOW_NS = 20 * 1000 * 1000,
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

static void take_long(const struct fan_lab *lab)
{
    uint64_t long_ns = lab->pace_ns * TIMES_SLOW;
    fan_sleep(long_ns > SLOW_NS ? long_ns : SLOW_NS, NULL);
}

/* Where it matters whether a task was begun before or after another has failed, the two are steps
 * whose order the scheduler decides. Tasks that fail take note of that later: it is the same task.
 */
static void decide_order(const struct fan_lab *lab, enum fan_touch_mode mode, void *pc)
{
    if (fan_evidence_wants(FAN_FACT_FAIL))
        fan_announce_plain(FAN_OP_TASK, lab, mode, pc);
}

static struct fan_probe_thread *begin_task(const struct fan_lab *lab, uint64_t item, void *pc)
{
    struct fan_probe_thread *slot = fan_thread_here()->slot;
    decide_order(lab, FAN_TOUCH_READ, pc);
    fan_evidence_note(FAN_FACT_BEGIN, item, 0, pc);
    if (slot) {
        FAN_PROBE_SET(slot->task, item);
        fan_probe_count(&slot->tasks_begun, 1);
    }
    return slot;
}

static void end_task(struct fan_probe_thread *slot, uint64_t item, void *pc)
{
    if (slot)
        fan_probe_count(&slot->tasks_ended, 1);
    fan_evidence_note(FAN_FACT_DONE, item, 0, pc);
}

void fan_lab_work(struct fan_lab *lab, uint64_t item)
{
    struct fan_probe_thread *slot = begin_task(lab, item, __builtin_return_address(0));
    take_time(lab, item);
    end_task(slot, item, __builtin_return_address(0));
}

void fan_lab_work_slowly(struct fan_lab *lab, uint64_t item)
{
    struct fan_probe_thread *slot = begin_task(lab, item, __builtin_return_address(0));
    take_long(lab);
    end_task(slot, item, __builtin_return_address(0));
}

void fan_lab_failed(struct fan_lab *lab, uint64_t item, int error)
{
    struct fan_probe_thread *slot = fan_thread_here()->slot;
    decide_order(lab, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_evidence_note(FAN_FACT_FAIL, item, (uint64_t)error, __builtin_return_address(0));
    if (slot)
        fan_probe_count(&slot->tasks_failed, 1);
}

void fan_lab_returned(struct fan_lab *lab, int error)
{
    (void)lab;
    fan_evidence_note(FAN_FACT_RETURN, 0, (uint64_t)error, __builtin_return_address(0));
}

void fan_lab_expect(struct fan_lab *lab, uint64_t position, uint64_t value)
{
    (void)lab;
    fan_evidence_note(FAN_FACT_EXPECT, position, value, __builtin_return_address(0));
}

void fan_lab_output(struct fan_lab *lab, uint64_t position, uint64_t value)
{
    (void)lab;
    fan_evidence_note(FAN_FACT_OUTPUT, position, value, __builtin_return_address(0));
}

void fan_lab_result(struct fan_lab *lab)
{
    (void)lab;
    fan_watch_output();
}
