#include "app/screen/stacks.h"

#include "app/screen/wrap.h"

#include <stdio.h>

enum { LABEL = 1, WHAT = 12, PLACE = 25, MOST_LINES = 64 };

/* What there is to tell, line by line, before it is known how many rows there are for it. */
struct line {
    const char *what;
    enum fan_style style;
    bool is_caller; /* the first to be left out */
    char text[FAN_WRAP_LINE];
};

struct telling {
    const struct fan_half *half;
    const struct fan_thread_view *thread;
    int width; /* of a text */
    int count;
    struct line lines[MOST_LINES];
};

static void tell(struct telling *telling, const char *what, enum fan_style style, const char *text)
{
    while (text && telling->count < MOST_LINES) {
        struct line *line = &telling->lines[telling->count++];
        *line = (struct line){.what = what, .style = style};
        text = fan_wrap_take(text, telling->width, line->text);
        what = "";
    }
}

/* ---- stacks ---- */

static void tell_place(struct telling *telling, const char *what, const struct fan_place *place)
{
    char text[FAN_WRAP_LINE];
    fan_half_describe(place, text, sizeof text);
    tell(telling, what, FAN_STYLE_NORMAL, text);
}

/* The program's own frames. */
static void tell_stack(struct telling *telling, const char *what, const struct fan_stack *stack,
                       uint32_t most)
{
    uint32_t told = 0;
    for (uint32_t frame = 0; frame < stack->depth && told < most; frame++) {
        const struct fan_place *place = fan_half_frame(telling->half, stack, frame);
        int before = telling->count;
        if (!fan_half_is_own(place))
            continue;
        tell_place(telling, told ? "called by" : what, place);
        for (int i = before; i < telling->count; i++)
            telling->lines[i].is_caller = told > 0;
        told++;
    }
}

static bool has_own_frame(const struct fan_half *half, const struct fan_stack *stack)
{
    return stack && fan_half_own_frame(half, stack) < stack->depth;
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
static void tell_now(struct telling *telling)
{
    const struct fan_stack *stack = fan_half_stack(telling->half, telling->thread);
    bool panicked = fan_half_panicked(telling->half, telling->thread);
    const char *what = name_of_place(telling->thread, panicked);
    if (has_own_frame(telling->half, stack))
        tell_stack(telling, what, stack, UINT32_MAX);
    else
        tell_place(telling, what, fan_half_current(telling->half, telling->thread));
}

static void tell_creation(struct telling *telling)
{
    const struct fan_thread_view *thread = telling->thread;
    if (!thread->creator)
        tell(telling, "created at", FAN_STYLE_DIM, "(main thread)");
    else if (has_own_frame(telling->half, &thread->created))
        tell_stack(telling, "created at", &thread->created, 1);
    else
        tell(telling, "created at", FAN_STYLE_DIM, "(not recorded)");
}

/* ---- the wait, or the panic ---- */

static void tell_wait(struct telling *telling)
{
    const struct fan_culprit *culprit = fan_half_culprit(telling->half, telling->thread, NULL);
    char waits[128];
    if (culprit && culprit->could_wake[0]) {
        tell(telling, "could wake", FAN_STYLE_NORMAL, culprit->could_wake);
        tell(telling, "but never", FAN_STYLE_ERROR, culprit->never);
        return;
    }
    fan_half_waits_for(telling->half, telling->thread, waits, sizeof waits);
    if (waits[0])
        tell(telling, "waits for", FAN_STYLE_NORMAL, waits);
}

static void tell_panic(struct telling *telling)
{
    const struct fan_snapshot *snapshot = telling->half->snapshot;
    if (snapshot->panic_earlier_what[0])
        tell_stack(telling, snapshot->panic_earlier_what, &snapshot->panic.earlier, 1);
    tell(telling, "message", FAN_STYLE_ERROR, snapshot->panic.message);
}

static void tell_all(struct telling *telling)
{
    tell_now(telling);
    tell_creation(telling);
    if (fan_half_panicked(telling->half, telling->thread))
        tell_panic(telling);
    else
        tell_wait(telling);
}

/* ---- rows ---- */

static int count_callers(const struct telling *telling)
{
    int callers = 0;
    for (int i = 0; i < telling->count; i++)
        callers += telling->lines[i].is_caller;
    return callers;
}

int fan_stacks_rows(const struct fan_half *half, const struct fan_thread_view *thread, int cols,
                    int *least)
{
    struct telling telling = {.half = half, .thread = thread, .width = cols - PLACE - 1};
    tell_all(&telling);
    *least = telling.count - count_callers(&telling);
    return telling.count;
}

static void draw_line(const struct fan_pane *pane, int row, const struct line *line)
{
    fan_grid_put_within(pane, row, WHAT, PLACE - WHAT - 1, FAN_STYLE_DIM, line->what);
    fan_grid_put_within(pane, row, PLACE, pane->cols - PLACE - 1, line->style, line->text);
}

void fan_stacks_draw(const struct fan_pane *pane, const struct fan_half *half,
                     const struct fan_thread_view *thread)
{
    struct telling telling = {.half = half, .thread = thread, .width = pane->cols - PLACE - 1};
    tell_all(&telling);
    int callers = pane->rows - (telling.count - count_callers(&telling));
    int row = 0;
    fan_grid_put_within(pane, 0, LABEL, WHAT - LABEL - 1, FAN_STYLE_TITLE, thread->label);
    for (int i = 0; i < telling.count; i++) {
        if (!telling.lines[i].is_caller || callers-- > 0)
            draw_line(pane, row++, &telling.lines[i]);
    }
}
