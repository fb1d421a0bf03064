#include "app/screen/lanes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Columns of a lane. */
enum { LABEL = 1, LABEL_WIDTH = 10, STATE = 11, WORK = 22, WIDE = 60, TASKS_FROM_END = 22 };

struct window {
    int first, rows;
    bool sums_up; /* the row after the lanes is the summary of the rest */
};

static uint64_t left_out(const struct fan_half *half)
{
    return half->snapshot ? fan_snapshot_threads_left_out(half->snapshot) : 0;
}

int fan_lanes_wanted(const struct fan_half *half)
{
    return fan_half_threads(half) + (left_out(half) > 0);
}

static struct window choose_window(int threads, bool more, int rows, int selected)
{
    struct window window = {.rows = threads};
    if (threads + more <= rows) {
        window.sums_up = more;
        return window;
    }
    window.sums_up = rows > 1;
    window.rows = window.sums_up ? rows - 1 : rows;
    if (selected >= window.rows)
        window.first = selected - window.rows + 1;
    return window;
}

static void count_tasks(const struct fan_thread_view *thread, char *text, size_t size)
{
    unsigned long long done = thread->tasks_ended;
    text[0] = '\0';
    if (done > 0)
        snprintf(text, size, "%llu task%s", done, done == 1 ? "" : "s");
}

/* What a thread of a crew is at, and for what it waits there. */
static void describe_post(const struct fan_half *half, const struct fan_thread_view *thread,
                          char *text, size_t size)
{
    const struct fan_post_view *post = &thread->post;
    char waits[96] = "";
    int used = post->at == FAN_AT_TASKS
                   ? snprintf(text, size, "task %llu", (unsigned long long)post->task)
                   : snprintf(text, size, "%s", fan_post_name(post->at));
    if (thread->state == FAN_STATE_BLOCKED && thread->op != FAN_OP_SLEEP)
        fan_half_waits_for(half, thread, waits, sizeof waits);
    if (*waits && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ": %s", waits);
}

/* What the thread is at, in a few words. */
static void describe_work(const struct fan_half *half, const struct fan_thread_view *thread,
                          char *text, size_t size)
{
    if (thread->post.executor && thread->state != FAN_STATE_DONE) {
        describe_post(half, thread, text, size);
        return;
    }
    bool at_work = thread->state != FAN_STATE_DONE && thread->tasks_begun > thread->tasks_ended;
    if (at_work)
        snprintf(text, size, "item %llu", (unsigned long long)thread->task);
    else if (thread->state == FAN_STATE_BLOCKED)
        fan_half_waits_for(half, thread, text, size);
    else
        count_tasks(thread, text, size);
}

/* Only a wait has a beginning that matters; a panic ended everything at one moment. */
static void describe_time(const struct fan_half *half, const struct fan_thread_view *thread,
                          char *text, size_t size)
{
    uint64_t now = half->snapshot->taken_ns;
    text[0] = '\0';
    if (thread->state == FAN_STATE_BLOCKED && now >= thread->since_ns)
        fan_half_duration(now - thread->since_ns, text, size);
}

/* Draws text so that it ends before `end`; returns where the column to its left must end. */
static int put_right(const struct fan_pane *pane, int row, int end, const char *text)
{
    int start = end - (int)strlen(text);
    fan_grid_put(pane, row, start, FAN_STYLE_DIM, text);
    return text[0] ? start - 1 : end;
}

/* A wide pane tells the tasks of every thread, in a column of their own unless its work says so. */
static int put_tasks(const struct fan_pane *pane, int row, const struct fan_thread_view *thread,
                     const char *work)
{
    char tasks[32];
    count_tasks(thread, tasks, sizeof tasks);
    if (strcmp(tasks, work) != 0)
        fan_grid_put(pane, row, pane->cols - TASKS_FROM_END, FAN_STYLE_DIM, tasks);
    return pane->cols - TASKS_FROM_END - 1;
}

/* For what it waits matters more than for how long, where there is no room for both. */
static void draw_lane(const struct fan_pane *pane, int row, const struct fan_half *half,
                      const struct fan_thread_view *thread)
{
    struct fan_half_state state = fan_half_state(half, thread);
    char work[128], since[32];
    describe_work(half, thread, work, sizeof work);
    describe_time(half, thread, since, sizeof since);
    int end = pane->cols - 1;
    if (WORK + fan_grid_text_width(pane, work) + 1 + (int)strlen(since) <= end)
        end = put_right(pane, row, end, since);
    if (pane->cols >= WIDE)
        end = put_tasks(pane, row, thread, work);
    fan_grid_put_within(pane, row, LABEL, LABEL_WIDTH - 1, FAN_STYLE_NORMAL, thread->label);
    fan_grid_put_glyph(pane, row, STATE, state.style, state.glyph);
    fan_grid_put(pane, row, STATE + 2, state.style, state.word);
    fan_grid_put_within(pane, row, WORK, end - WORK, state.style, work);
}

static void mark_selected(const struct fan_pane *pane, int row)
{
    fan_grid_put_glyph(pane, row, 0, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
    fan_grid_restyle(pane, row, LABEL, LABEL_WIDTH - 1, FAN_STYLE_SELECTED);
}

/* "8 more: 3 blocked, 5 done", and those that have no slot or were in change at this look. */
static void draw_summary(const struct fan_pane *pane, int row, const struct fan_half *half,
                         struct window window)
{
    uint64_t unseen = left_out(half);
    static const char *const words[] = {"running", "working",  "runnable", "blocked",
                                        "leaked",  "panicked", "external", "done"};
    int counts[8] = {0}, total = 0;
    for (int i = 0; i < fan_half_threads(half); i++) {
        if (i >= window.first && i < window.first + window.rows)
            continue;
        const char *word = fan_half_state(half, fan_half_thread(half, i)).word;
        for (int k = 0; k < 8; k++)
            counts[k] += strcmp(word, words[k]) == 0;
        total++;
    }
    int col = fan_grid_print(pane, row, LABEL, FAN_STYLE_DIM,
                             "%" PRIu64 " more:", unseen + (uint64_t)total);
    const char *join = " ";
    for (int k = 0; k < 8; k++) {
        if (counts[k] == 0)
            continue;
        col = fan_grid_print(pane, row, col, FAN_STYLE_DIM, "%s%d %s", join, counts[k], words[k]);
        join = ", ";
    }
    if (unseen > 0)
        fan_grid_print(pane, row, col, FAN_STYLE_DIM, "%s%" PRIu64 " not seen", join, unseen);
}

void fan_lanes_draw(const struct fan_pane *pane, const struct fan_half *half, int selected)
{
    struct window window =
        choose_window(fan_half_threads(half), left_out(half) > 0, pane->rows, selected);
    for (int row = 0; row < window.rows; row++) {
        draw_lane(pane, row, half, fan_half_thread(half, window.first + row));
        if (window.first + row == selected)
            mark_selected(pane, row);
    }
    if (window.sums_up)
        draw_summary(pane, window.rows, half, window);
}
