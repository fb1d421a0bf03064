#include "app/screen/half.h"

#include <stdio.h>

int fan_half_threads(const struct fan_half *half)
{
    return half->snapshot ? (int)half->snapshot->thread_count : 0;
}

const struct fan_thread_view *fan_half_thread(const struct fan_half *half, int index)
{
    if (index < 0 || index >= fan_half_threads(half))
        return NULL;
    return &half->snapshot->threads[index];
}

/* ---- what findings say of a thread ---- */

const struct fan_culprit *fan_half_culprit(const struct fan_half *half,
                                           const struct fan_thread_view *thread,
                                           const struct fan_finding **finding)
{
    uint32_t count = half->verdict ? half->verdict->finding_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct fan_finding *found = &half->verdict->findings[i];
        for (uint32_t k = 0; k < found->culprit_count; k++) {
            if (found->culprits[k].thread.id != thread->id)
                continue;
            if (finding)
                *finding = found;
            return &found->culprits[k];
        }
    }
    return NULL;
}

static bool is_leaked(const struct fan_half *half, const struct fan_thread_view *thread)
{
    const struct fan_finding *finding = NULL;
    return fan_half_culprit(half, thread, &finding) && finding->kind == FAN_FINDING_LEAK;
}

bool fan_half_panicked(const struct fan_half *half, const struct fan_thread_view *thread)
{
    return half->snapshot->panicked && half->snapshot->panic_thread == thread->id;
}

static bool works_by_sleeping(const struct fan_thread_view *thread)
{
    bool at_task = thread->tasks_begun > thread->tasks_ended ||
                   (thread->post.executor && thread->post.at == FAN_AT_TASKS);
    return thread->op == FAN_OP_SLEEP && at_task;
}

static struct fan_half_state blocked_state(const struct fan_half *half,
                                           const struct fan_thread_view *thread)
{
    if (works_by_sleeping(thread))
        return (struct fan_half_state){"working", FAN_GLYPH_RUNNING, FAN_STYLE_RUNNING};
    if (is_leaked(half, thread))
        return (struct fan_half_state){"leaked", FAN_GLYPH_LEAKED, FAN_STYLE_LEAKED};
    return (struct fan_half_state){"blocked", FAN_GLYPH_BLOCKED, FAN_STYLE_BLOCKED};
}

struct fan_half_state fan_half_state(const struct fan_half *half,
                                     const struct fan_thread_view *thread)
{
    if (fan_half_panicked(half, thread))
        return (struct fan_half_state){"panicked", FAN_GLYPH_PANICKED, FAN_STYLE_PANICKED};
    switch (thread->state) {
    case FAN_STATE_BLOCKED:
        return blocked_state(half, thread);
    case FAN_STATE_DONE:
        return (struct fan_half_state){"done", FAN_GLYPH_DONE, FAN_STYLE_DONE};
    case FAN_STATE_RUNNABLE:
        return (struct fan_half_state){"runnable", FAN_GLYPH_RUNNABLE, FAN_STYLE_NORMAL};
    case FAN_STATE_EXTERNAL:
        return (struct fan_half_state){"external", FAN_GLYPH_RUNNING, FAN_STYLE_NORMAL};
    default:
        return (struct fan_half_state){"running", FAN_GLYPH_RUNNING, FAN_STYLE_RUNNING};
    }
}

/* ---- what it waits for ---- */

static const char *name_of_wait(const struct fan_snapshot *snapshot,
                                const struct fan_wait_view *wait)
{
    if (wait->index < 0)
        return fan_kind_name(wait->kind);
    if (wait->kind == FAN_KIND_THREAD && (uint32_t)wait->index < snapshot->thread_count)
        return snapshot->threads[wait->index].label;
    if ((uint32_t)wait->index < snapshot->object_count)
        return snapshot->objects[wait->index].name;
    return fan_kind_name(wait->kind);
}

void fan_half_waits_for(const struct fan_half *half, const struct fan_thread_view *thread,
                        char *text, size_t size)
{
    if (thread->state != FAN_STATE_BLOCKED) {
        text[0] = '\0';
        return;
    }
    int used = snprintf(text, size, "%s", fan_op_name(thread->op));
    uint32_t shown = thread->wait_count < FAN_PROBE_WAITS ? thread->wait_count : FAN_PROBE_WAITS;
    for (uint32_t i = 0; i < shown && (size_t)used < size; i++) {
        const char *name = name_of_wait(half->snapshot, &thread->waits[i]);
        used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : " ", name);
    }
}

/* ---- places ---- */

const struct fan_place *fan_half_frame(const struct fan_half *half, const struct fan_stack *stack,
                                       uint32_t frame)
{
    return half->place(half->places, half->snapshot->load_base, stack->frames[frame]);
}

bool fan_half_is_own(const struct fan_place *place)
{
    return !place->library && place->file[0];
}

uint32_t fan_half_own_frame(const struct fan_half *half, const struct fan_stack *stack)
{
    uint32_t frame = 0;
    while (frame < stack->depth && !fan_half_is_own(fan_half_frame(half, stack, frame)))
        frame++;
    return frame;
}

const struct fan_stack *fan_half_stack(const struct fan_half *half,
                                       const struct fan_thread_view *thread)
{
    if (fan_half_panicked(half, thread))
        return &half->snapshot->panic.stack;
    bool stands_still = thread->state == FAN_STATE_BLOCKED || thread->state == FAN_STATE_DONE;
    return stands_still && thread->stack.depth > 0 ? &thread->stack : NULL;
}

const struct fan_place *fan_half_current(const struct fan_half *half,
                                         const struct fan_thread_view *thread)
{
    const struct fan_stack *stack = fan_half_stack(half, thread);
    if (stack) {
        uint32_t own = fan_half_own_frame(half, stack);
        return own < stack->depth ? fan_half_frame(half, stack, own) : NULL;
    }
    if (thread->last_pc == 0)
        return NULL;
    return half->place(half->places, half->snapshot->load_base, (uintptr_t)thread->last_pc);
}

void fan_half_describe(const struct fan_place *place, char *text, size_t size)
{
    if (!place || !place->file[0])
        snprintf(text, size, "%s", place ? place->function : "?");
    else
        snprintf(text, size, "%s  %s:%d", place->function, place->file, place->line);
}

void fan_half_duration(uint64_t ns, char *text, size_t size)
{
    double seconds = (double)ns / 1e9;
    int decimals = seconds < 10 ? 2 : seconds < 100 ? 1 : 0;
    snprintf(text, size, "%.*f s", decimals, seconds);
}
