#include "app/screen/stacks.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 1, WHAT = 12, PLACE = 25 };

static void put_fact(const struct fan_pane *pane, int row, const char *what, enum fan_style style,
                     const char *text)
{
    fan_grid_put(pane, row, WHAT, FAN_STYLE_DIM, what);
    fan_grid_put_within(pane, row, PLACE, pane->cols - PLACE - 1, style, text);
}

static void put_frame(const struct fan_pane *pane, int row, const char *what,
                      const struct fan_half *half, const struct fan_stack *stack, uint32_t frame)
{
    char text[256];
    fan_half_describe(fan_half_frame(half, stack, frame), text, sizeof text);
    put_fact(pane, row, what, FAN_STYLE_NORMAL, text);
}

/* Draws a stack from the program's own first frame on, at most `rows` of it, and returns the row
 * after it. */
static int put_stack(const struct fan_pane *pane, int row, int rows, const char *what,
                     const struct fan_half *half, const struct fan_stack *stack)
{
    uint32_t own = fan_half_own_frame(half, stack);
    if (own >= stack->depth)
        own = 0;
    int end = row + rows;
    for (uint32_t frame = own; frame < stack->depth && row < end; frame++) {
        put_frame(pane, row++, what, half, stack, frame);
        what = "called by";
    }
    return row;
}

static const char *name_of_place(const struct fan_thread_view *thread, bool panicked)
{
    if (panicked)
        return "panicked at";
    if (thread->state == FAN_STATE_BLOCKED)
        return "blocked at";
    return thread->state == FAN_STATE_DONE ? "ended after" : "last seen at";
}

/* Where it is now: the stack where it stands still, else the place of its last operation. */
static int put_now(const struct fan_pane *pane, int rows, const struct fan_half *half,
                   const struct fan_thread_view *thread)
{
    const struct fan_stack *stack = fan_half_stack(half, thread);
    const char *what = name_of_place(thread, fan_half_panicked(half, thread));
    if (stack)
        return put_stack(pane, 0, rows, what, half, stack);
    char text[256];
    fan_half_describe(fan_half_current(half, thread), text, sizeof text);
    put_fact(pane, 0, what, FAN_STYLE_NORMAL, text);
    return 1;
}

static int put_created(const struct fan_pane *pane, int row, const struct fan_half *half,
                       const struct fan_thread_view *thread)
{
    if (thread->created.depth > 0)
        return put_stack(pane, row, 1, "created at", half, &thread->created);
    put_fact(pane, row, "created at", FAN_STYLE_DIM,
             thread->creator ? "(not recorded)" : "(main thread)");
    return row + 1;
}

static void put_wait(const struct fan_pane *pane, int row, const struct fan_half *half,
                     const struct fan_thread_view *thread)
{
    const struct fan_culprit *culprit = fan_half_culprit(half, thread, NULL);
    char waits[128];
    if (culprit && culprit->could_wake[0]) {
        put_fact(pane, row, "could wake", FAN_STYLE_NORMAL, culprit->could_wake);
        put_fact(pane, row + 1, "but never", FAN_STYLE_ERROR, culprit->never);
        return;
    }
    fan_half_waits_for(half, thread, waits, sizeof waits);
    if (waits[0])
        put_fact(pane, row, "waits for", FAN_STYLE_NORMAL, waits);
}

static void put_earlier(const struct fan_pane *pane, int row, const struct fan_half *half)
{
    const struct fan_snapshot *snapshot = half->snapshot;
    if (snapshot->panic_earlier_what[0])
        put_stack(pane, row, 1, snapshot->panic_earlier_what, half, &snapshot->panic.earlier);
    put_fact(pane, row + 1, "message", FAN_STYLE_ERROR, snapshot->panic.message);
}

int fan_stacks_rows(const struct fan_half *half, const struct fan_thread_view *thread)
{
    const struct fan_stack *stack = fan_half_stack(half, thread);
    uint32_t own = stack ? fan_half_own_frame(half, stack) : 0;
    return FAN_STACKS_LEAST + (stack && stack->depth > own ? (int)(stack->depth - own - 1) : 0);
}

void fan_stacks_draw(const struct fan_pane *pane, const struct fan_half *half,
                     const struct fan_thread_view *thread)
{
    int spare = pane->rows - FAN_STACKS_LEAST;
    fan_grid_put_within(pane, 0, LABEL, WHAT - LABEL - 1, FAN_STYLE_TITLE, thread->label);
    int row = put_now(pane, 1 + (spare > 0 ? spare : 0), half, thread);
    row = put_created(pane, row, half, thread);
    if (fan_half_panicked(half, thread))
        put_earlier(pane, row, half);
    else
        put_wait(pane, row, half, thread);
}
