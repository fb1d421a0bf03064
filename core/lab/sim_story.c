#include "lab/sim_story.h"

#include <string.h>

#include "base/probe.h"
#include "lab/sim_chair.h"
#include "run/grain.h"
#include "run/sim_backend.h"
#include "run/thread_state.h"

/* The step that is being taken; NULL if it is not noted: there are too many, or the strategy was
 * not asked for it, because what can never go on enters its last wait. */
static struct fan_story_step *running_step(const struct fan_sim_story *told)
{
    struct fan_story *story = told->story;
    bool noted = story->count == fan_sim_event_count(told->sim) && story->count <= FAN_STORY_STEPS;
    return noted && story->count ? &story->steps[story->count - 1] : NULL;
}

/* The running step is over. Its operation has shown itself to observers, with its object. */
static void note_object(const struct fan_sim_story *told)
{
    const struct fan_thread *self = fan_thread_current;
    const struct fan_story_step *step = running_step(told);
    if (!step || !self || !self->slot || !step->object || step->object >= FAN_STORY_OBJECTS)
        return;
    uint64_t last = FAN_PROBE_GET(self->slot->last), id = last & ~(UINT64_C(0xff) << 56);
    if (last >> 56 == step->kind && id)
        told->story->objects[step->object] = id;
}

static void note_value(struct fan_story_step *step, const void *value, size_t size)
{
    if (!value || !size)
        return;
    memcpy(step->value, value, size < FAN_STORY_VALUE ? size : FAN_STORY_VALUE);
    step->size = (uint32_t)size;
}

/* The end tells more than the beginning: "totals->by_worker[i].count". */
static void note_name(struct fan_story_step *step, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length >= FAN_STORY_NAME)
        text += length - (FAN_STORY_NAME - 1);
    if (text)
        strcpy(step->name, text);
}

static void note_result(void *state, const struct fan_result *result)
{
    struct fan_story_step *step = running_step(state);
    if (!step || (fan_grain_is_fine && result->op == FAN_OP_NONE))
        return;
    step->told = 1;
    step->error = (uint16_t)result->error;
    if (result->op != FAN_OP_NONE)
        step->taken = (uint8_t)result->op;
    if (result->object)
        step->taken_object = result->object;
    note_value(step, result->value, result->size);
    note_name(step, result->text);
}

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_sim_story *told = state;
    told->sim = sim;
    told->listener = (struct fan_result_listener){note_result, told};
    fan_sim_backend_hear(&told->listener);
    if (told->chair)
        memset(told->chair, 0, sizeof *told->chair);
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
    note_object(told);
    if (told->chair) {
        fan_sim_chair_note(told->chair, sim);
        if (told->chair->choices == told->stop) {
            fan_sim_chair_offer_threads(told->chair, sim, enabled);
            fan_sim_give_up(sim, FAN_SIM_ABANDONED);
            return fan_sim_default(sim, enabled);
        }
        told->chair->choices++;
    }
    uint32_t chosen = fan_strategy_replay.thread(told->replay, sim, enabled);
    if (told->chair)
        told->chair->used = told->replay->used;
    note_step(told->story, sim, chosen, enabled);
    return chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_sim_story *told = state;
    struct fan_chair *chair = told->chair;
    if (chair && chair->choices == told->stop) {
        fan_sim_chair_offer_values(chair, sim, count);
        fan_sim_give_up(sim, FAN_SIM_ABANDONED);
        return 0;
    }
    uint32_t chosen = fan_strategy_replay.value(told->replay, sim, count);
    if (chair) {
        chair->choices++;
        chair->used = told->replay->used;
    }
    return chosen;
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
