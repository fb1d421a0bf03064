#include "app/screen/crews.h"

#include <stdio.h>

#include "app/tell.h"

/* Columns, as those of the gauges below. */
enum { NAME = 1, NAME_WIDTH = 7, FIGURE = 9, WIDEST_GAUGE = 4 };

int fan_crews_rows(const struct fan_half *half)
{
    return half->snapshot ? (int)half->snapshot->executor_count * FAN_CREWS_ROWS_EACH : 0;
}

/* ---- an executor ---- */

/* Writes words if all of them have room: a number that is cut short is a wrong one. Returns where
 * the next ones may begin. */
static int put_part(const struct fan_pane *pane, int row, int col, enum fan_style style,
                    const char *words)
{
    if (col + fan_grid_text_width(pane, words) >= pane->cols)
        return col;
    return fan_grid_put(pane, row, col, style, words) + 1;
}

static int put_count(const struct fan_pane *pane, int row, int col, enum fan_style style,
                     uint64_t count, const char *what)
{
    char number[16], words[40];
    if (count == 0)
        return col;
    fan_tell_count((double)count, number);
    snprintf(words, sizeof words, "%s %s", number, what);
    return put_part(pane, row, col, style, words);
}

static int put_level(const struct fan_pane *pane, int row, const struct fan_executor_view *view)
{
    unsigned long long in_flight = view->in_flight, limit = view->limit;
    if (limit == 0)
        return fan_grid_print(pane, row, FIGURE, FAN_STYLE_NORMAL, "%llu in flight ", in_flight);
    int col = fan_grid_print(pane, row, FIGURE, FAN_STYLE_NORMAL, "%llu/%llu ", in_flight, limit);
    int width = limit < WIDEST_GAUGE ? (int)limit : WIDEST_GAUGE;
    return fan_grid_gauge(pane, row, col, width, FAN_STYLE_RUNNING, in_flight, limit) + 1;
}

static int put_waiting(const struct fan_pane *pane, int row, int col, uint64_t now_ns,
                       const struct fan_executor_view *view)
{
    char age[16];
    int after = put_count(pane, row, col, FAN_STYLE_BLOCKED, view->waiting, "wait");
    if (after == col || now_ns < view->oldest_ns)
        return after;
    fan_tell_short_time(now_ns - view->oldest_ns, age);
    return put_part(pane, row, after, FAN_STYLE_BLOCKED, age);
}

static void draw_now(const struct fan_pane *pane, int row, const struct fan_half *half,
                     const struct fan_executor_view *view)
{
    fan_grid_put_within(pane, row, NAME, NAME_WIDTH, FAN_STYLE_NORMAL, view->name);
    int col = view->ended_ns ? put_part(pane, row, FIGURE, FAN_STYLE_DONE, "ended")
                             : put_level(pane, row, view);
    col = put_waiting(pane, row, col, half->snapshot->taken_ns, view);
    put_part(pane, row, col, FAN_STYLE_DIM, fan_policy_name(view->policy));
}

static int put_rate(const struct fan_pane *pane, int row, int col,
                    const struct fan_executor_view *view)
{
    char number[16], words[24];
    fan_tell_count(view->per_second, number);
    snprintf(words, sizeof words, "%s/s", number);
    return put_part(pane, row, col, FAN_STYLE_NORMAL, words);
}

static int put_time(const struct fan_pane *pane, int row, int col, const char *what, uint64_t ns)
{
    char time[16], words[32];
    fan_tell_short_time(ns, time);
    snprintf(words, sizeof words, "%s %s", what, time);
    return put_part(pane, row, col, FAN_STYLE_DIM, words);
}

/* How many were timed tells what the rest is worth. */
static void put_latency(const struct fan_pane *pane, int row, int col,
                        const struct fan_executor_view *view)
{
    int after = put_count(pane, row, col, FAN_STYLE_DIM, view->timed, "timed:");
    if (after == col)
        return;
    col = put_time(pane, row, after, "p50", view->p50_ns);
    col = put_time(pane, row, col, "p99", view->p99_ns);
    put_time(pane, row, col, "max", view->most_ns);
}

static void draw_past(const struct fan_pane *pane, int row, const struct fan_executor_view *view)
{
    const struct fan_probe_tally *tally = &view->tally;
    int col = put_rate(pane, row, FIGURE, view);
    col = put_count(pane, row, col, FAN_STYLE_NORMAL, tally->done, "done");
    col = put_count(pane, row, col, FAN_STYLE_ERROR, tally->failed, "failed");
    col = put_count(pane, row, col, FAN_STYLE_NORMAL, tally->cancelled, "cancelled");
    col = put_count(pane, row, col, FAN_STYLE_NORMAL, tally->dropped, "dropped");
    put_latency(pane, row, col, view);
}

void fan_crews_draw(const struct fan_pane *pane, const struct fan_half *half)
{
    int row = 0, count = half->snapshot ? (int)half->snapshot->executor_count : 0;
    for (int round = 0; round < 2; round++)
        for (int i = count - 1; i >= 0 && row + FAN_CREWS_ROWS_EACH <= pane->rows; i--) {
            const struct fan_executor_view *view = &half->snapshot->executors[i];
            if ((view->ended_ns != 0) != (round == 1))
                continue;
            draw_now(pane, row, half, view);
            draw_past(pane, row + 1, view);
            row += FAN_CREWS_ROWS_EACH;
        }
}
