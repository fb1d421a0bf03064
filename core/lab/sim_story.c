#include "lab/sim_story.h"

#include "base/probe.h"
#include "run/thread_state.h"

/* The thread that runs has just announced an operation, and shown it to observers with its object.
 */
static void note_object(struct fan_story *story, const struct fan_sim *sim)
{
    const struct fan_thread *self = fan_thread_current;
    const struct fan_sim_op *op = fan_sim_pending(sim, fan_sim_previous(sim));
    if (!self || !self->slot || op->touch_count == 0)
        return;
    uint64_t last = FAN_PROBE_GET(self->slot->last);
    uint32_t object = op->touches[0].object;
    if (last >> 56 == (uint64_t)op->kind && object < FAN_STORY_OBJECTS)
        story->objects[object] = last & ~(UINT64_C(0xff) << 56);
}

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_sim_story *told = state;
    fan_strategy_replay.begin(told->replay, sim);
}

static void note_step(struct fan_story *story, const struct fan_sim *sim, uint32_t thread,
                      uint64_t enabled)
{
    const struct fan_sim_op *op = fan_sim_pending(sim, thread);
    uint32_t previous = fan_sim_previous(sim);
    if (story->count < FAN_STORY_STEPS)
        story->steps[story->count] = (struct fan_story_step){
            .thread = (uint8_t)thread,
            .kind = (uint8_t)op->kind,
            .stage = (uint8_t)op->stage,
            .preempts = thread != previous && (enabled >> previous & 1),
            .object = op->touch_count ? op->touches[0].object : 0,
            .pc = op->pc,
        };
    FAN_PROBE_SET(story->count, story->count + 1);
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_sim_story *told = state;
    note_object(told->story, sim);
    uint32_t chosen = fan_strategy_replay.thread(told->replay, sim, enabled);
    note_step(told->story, sim, chosen, enabled);
    return chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_sim_story *told = state;
    return fan_strategy_replay.value(told->replay, sim, count);
}

static bool end(void *state, struct fan_sim *sim)
{
    struct fan_sim_story *told = state;
    return fan_strategy_replay.end(told->replay, sim);
}

const struct fan_strategy_kind fan_strategy_story = {
    .name = "story",
    .summary = "one schedule, as given, written down",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
