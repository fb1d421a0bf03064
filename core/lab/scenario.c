/* One lock, the lab's `guard`, over its list of blocks; the rest never changes during a run. */
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

void fan_lab_release(struct fan_lab *lab)
{
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
