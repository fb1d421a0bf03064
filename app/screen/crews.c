#include "app/screen/crews.h"

#include <stdio.h>

/* Columns, as those of the gauges below. */
enum { NAME = 1, NAME_WIDTH = 7, FIGURE = 9, WIDEST_GAUGE = 4, WIDE = 60 };

int fan_crews_rows(const struct fan_half *half)
{
    return half->snapshot ? (int)half->snapshot->executor_count * FAN_CREWS_ROWS_EACH : 0;
}

/* ---- words ---- */

/* "9999", "12.3k", "1.2M" */
static void describe_count(double count, char *text, size_t size)
{
    static const char units[] = " kMGT";
    int unit = 0;
    if (count < 10000) {
        snprintf(text, size, "%.0f", count);
        return;
    }
    for (; count >= 1000 && unit < 4; unit++)
        count /= 1000;
    snprintf(text, size, "%.*f%c", count < 100 ? 1 : 0, count, units[unit]);
}

/* "850 ns", "12.3 us", "1.2 ms", "31 s" */
static void describe_time(uint64_t ns, char *text, size_t size)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    int unit = 0;
    for (; value >= 1000 && unit < 3; unit++)
        value /= 1000;
    snprintf(text, size, "%.*f %s", unit > 0 && value < 100 ? 1 : 0, value, units[unit]);
}

/* ---- an executor ---- */

static int put_count(const struct fan_pane *pane, int row, int col, enum fan_style style,
                     uint64_t count, const char *what)
{
    char text[16];
    if (count == 0)
        return col;
    describe_count((double)count, text, sizeof text);
    return fan_grid_print(pane, row, col, style, "%s %s ", text, what);
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

static int put_waiting(const struct fan_pane *pane, int row, int col, const struct fan_half *half,
                       const struct fan_executor_view *view)
{
    char age[32];
    uint64_t now_ns = half->snapshot->taken_ns;
    col = put_count(pane, row, col, FAN_STYLE_BLOCKED, view->waiting, "wait");
    if (view->waiting == 0 || now_ns < view->oldest_ns)
        return col;
    describe_time(now_ns - view->oldest_ns, age, sizeof age);
    return fan_grid_print(pane, row, col, FAN_STYLE_BLOCKED, "%s ", age);
}

static void put_rate(const struct fan_pane *pane, int row, int col,
                     const struct fan_executor_view *view)
{
    char text[16];
    describe_count(view->per_second, text, sizeof text);
    fan_grid_print(pane, row, col, FAN_STYLE_NORMAL, "%s/s", text);
}

static void draw_now(const struct fan_pane *pane, int row, const struct fan_half *half,
                     const struct fan_executor_view *view)
{
    fan_grid_put_within(pane, row, NAME, NAME_WIDTH, FAN_STYLE_NORMAL, view->name);
    int col = view->ended_ns ? fan_grid_put(pane, row, FIGURE, FAN_STYLE_DONE, "ended ")
                             : put_level(pane, row, view);
    col = put_waiting(pane, row, col, half, view);
    put_rate(pane, row, col, view);
}

/* Of how many that number was timed tells what it is worth. */
static void put_latency(const struct fan_pane *pane, int row, int col,
                        const struct fan_executor_view *view)
{
    char p50[32], p99[32], most[32], timed[16];
    if (view->timed == 0 || pane->cols < WIDE)
        return;
    describe_time(view->p50_ns, p50, sizeof p50);
    describe_time(view->p99_ns, p99, sizeof p99);
    describe_time(view->most_ns, most, sizeof most);
    describe_count((double)view->timed, timed, sizeof timed);
    fan_grid_print(pane, row, col, FAN_STYLE_DIM, "p50 %s p99 %s max %s (%s timed)", p50, p99, most,
                   timed);
}

static void draw_past(const struct fan_pane *pane, int row, const struct fan_executor_view *view)
{
    const struct fan_probe_tally *tally = &view->tally;
    int col = put_count(pane, row, FIGURE, FAN_STYLE_NORMAL, tally->done, "done");
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
