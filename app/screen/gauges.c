#include "app/screen/gauges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/tell.h"

/* Columns: all of a row fits the 39 columns that half of 80 leaves. */
enum { NAME = 1, NAME_WIDTH = 7, FIGURE = 9, WORD = 24, WAITS = 31 };
enum { WIDEST_GAUGE = 8, NARROWEST_GAUGE = 2, LONGEST_LIST = 64 };

static bool is_shown(const struct fan_object_view *object)
{
    return object->kind != FAN_KIND_FREE && object->kind != FAN_KIND_TIMER;
}

int fan_gauges_rows(const struct fan_half *half)
{
    int rows = 0;
    for (uint32_t i = 0; half->snapshot && i < half->snapshot->object_count; i++)
        rows += is_shown(&half->snapshot->objects[i]);
    return rows;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static uint32_t waiters(const struct fan_object_view *object)
{
    return object->waiting_put + object->waiting_take;
}

static void put_waiters(const struct fan_pane *pane, int row, int col,
                        const struct fan_object_view *object)
{
    uint32_t count = waiters(object);
    if (count > 0)
        fan_grid_print(pane, row, larger(col + 1, WAITS), FAN_STYLE_BLOCKED, "%u wait%s", count,
                       count == 1 ? "s" : "");
}

/* A gauge has a cell for each place, as long as the words after it keep their column. */
static int put_level(const struct fan_pane *pane, int row, const struct fan_object_view *object)
{
    unsigned long long length = object->length, capacity = object->capacity;
    int col = fan_grid_print(pane, row, FIGURE, FAN_STYLE_NORMAL, "%llu/%llu ", length, capacity);
    int room = larger(WORD - col - 3, NARROWEST_GAUGE);
    int width = capacity < WIDEST_GAUGE ? (int)capacity : WIDEST_GAUGE;
    return fan_grid_gauge(pane, row, col, width < room ? width : room, FAN_STYLE_RUNNING, length,
                          capacity);
}

static int put_channel(const struct fan_pane *pane, int row, const struct fan_object_view *object)
{
    int col = object->capacity ? put_level(pane, row, object)
                               : fan_grid_put(pane, row, FIGURE, FAN_STYLE_NORMAL, "unbuffered");
    return fan_grid_put(pane, row, larger(col + 1, WORD),
                        object->closed ? FAN_STYLE_DONE : FAN_STYLE_NORMAL,
                        object->closed ? "closed" : "open");
}

static const char *owner_name(const struct fan_half *half, const struct fan_object_view *object)
{
    int index = object->owner ? fan_snapshot_thread(half->snapshot, object->owner) : FAN_NO_INDEX;
    return index == FAN_NO_INDEX ? NULL : half->snapshot->threads[index].label;
}

/* Whose a mutex is that nobody waits for is not written down (run/mutex.c). */
static int put_lock(const struct fan_pane *pane, int row, const struct fan_half *half,
                    const struct fan_object_view *object)
{
    const char *owner = owner_name(half, object);
    if (object->kind == FAN_KIND_MUTEX && waiters(object) == 0)
        return fan_grid_put(pane, row, FIGURE, FAN_STYLE_DIM, "nobody waits");
    if (!owner)
        return fan_grid_put(pane, row, FIGURE, FAN_STYLE_DIM, "free");
    return fan_grid_print(pane, row, FIGURE, FAN_STYLE_NORMAL, "held by %s", owner);
}

static int put_figure(const struct fan_pane *pane, int row, const struct fan_half *half,
                      const struct fan_object_view *object)
{
    switch (object->kind) {
    case FAN_KIND_CHANNEL:
        return put_channel(pane, row, object);
    case FAN_KIND_WAIT_GROUP:
        return fan_grid_print(pane, row, FIGURE, FAN_STYLE_NORMAL, "count %llu of %llu",
                              (unsigned long long)object->length, (unsigned long long)object->put);
    case FAN_KIND_SEMAPHORE:
        return put_level(pane, row, object);
    case FAN_KIND_MUTEX:
    case FAN_KIND_RWLOCK:
        return put_lock(pane, row, half, object);
    case FAN_KIND_CONTEXT:
        return fan_grid_put(pane, row, FIGURE, FAN_STYLE_NORMAL,
                            object->closed ? "cancelled" : "active");
    case FAN_KIND_ONCE:
        return fan_grid_put(pane, row, FIGURE, FAN_STYLE_NORMAL, object->closed ? "done" : "open");
    default:
        return fan_grid_put(pane, row, FIGURE, FAN_STYLE_DIM, fan_kind_name(object->kind));
    }
}

static void draw_object(const struct fan_pane *pane, int row, const struct fan_half *half,
                        const struct fan_object_view *object)
{
    fan_grid_put_within(pane, row, NAME, NAME_WIDTH, FAN_STYLE_NORMAL, object->name);
    int col = put_figure(pane, row, half, object);
    put_waiters(pane, row, col, object);
}

/* The objects to show, those with waiters first when not all of them fit. */
static int choose_objects(const struct fan_half *half, bool all_fit,
                          const struct fan_object_view *chosen[LONGEST_LIST])
{
    int count = 0;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < half->snapshot->object_count && count < LONGEST_LIST; i++) {
            const struct fan_object_view *object = &half->snapshot->objects[i];
            bool is_turn = all_fit ? round == 0 : (round == 0) == (waiters(object) > 0);
            if (is_shown(object) && is_turn)
                chosen[count++] = object;
        }
    }
    return count;
}

void fan_gauges_draw(const struct fan_pane *pane, const struct fan_half *half)
{
    const struct fan_object_view *chosen[LONGEST_LIST];
    int wanted = fan_gauges_rows(half);
    if (wanted == 0 || pane->rows == 0)
        return;
    bool all_fit = wanted <= pane->rows;
    int count = choose_objects(half, all_fit, chosen);
    int rows = all_fit ? count : pane->rows - 1;
    for (int row = 0; row < rows && row < count; row++)
        draw_object(pane, row, half, chosen[row]);
    if (!all_fit)
        fan_grid_print(pane, rows, NAME, FAN_STYLE_DIM, "%d more objects", wanted - rows);
}

/* "results 20/2000", or, where there is no room for that, "results 12.3k/200k", or nothing: a
 * number that is cut short is a wrong one. */
static void put_results(const struct fan_pane *pane, int row, int col,
                        const struct fan_snapshot *snapshot)
{
    char words[64], outputs[16], inputs[16];
    snprintf(words, sizeof words, "results %" PRIu64 "/%" PRIu64, snapshot->outputs,
             snapshot->inputs);
    if (col + (int)strlen(words) > pane->cols) {
        fan_tell_count((double)snapshot->outputs, outputs);
        fan_tell_count((double)snapshot->inputs, inputs);
        snprintf(words, sizeof words, "results %s/%s", outputs, inputs);
    }
    if (col + (int)strlen(words) <= pane->cols)
        fan_grid_put(pane, row, col, FAN_STYLE_NORMAL, words);
}

void fan_gauges_draw_work(const struct fan_pane *pane, int row, const struct fan_half *half)
{
    const struct fan_snapshot *snapshot = half->snapshot;
    if (!snapshot)
        return;
    int col = fan_grid_print(pane, row, NAME, FAN_STYLE_NORMAL, "in flight %" PRIu64,
                             snapshot->in_flight);
    if (snapshot->limit)
        col = fan_grid_print(pane, row, col, FAN_STYLE_NORMAL, "/%" PRIu64, snapshot->limit);
    put_results(pane, row, col < FIGURE + 10 ? FIGURE + 10 : col + 1, snapshot);
}
