/* The stage's thread alone writes; who looks reads what is atomic. The times of the last elements
 * are a ring that the next point reads: it looks at the count after the time, so that a time which
 * was overwritten meanwhile is not taken for the older one. The lock keeps the input there while
 * somebody looks how much is in it. */
#include "stage/measure.h"

#include <errno.h>
#include <stdbool.h>

#include "run/atomic.h"
#include "run/time.h"
#include "stage/inputs.h"

struct point {
    struct fan_chan *input, *output;
    struct fan_measure *measure;
    uint64_t last_ns;
    _Alignas(max_align_t) char element[];
};

/* False if the n-th element did not pass there, or so many have since that it is forgotten. */
static bool find_time(const struct fan_measure *since, uint64_t n, uint64_t *time_ns)
{
    if (fan_atomic_load(&since->passed, FAN_ACQUIRE) <= n)
        return false;
    *time_ns = fan_atomic_load(&since->times[n % FAN_MEASURE_INSIDE], FAN_ACQUIRE);
    return fan_atomic_load(&since->passed, FAN_RELAXED) < n + FAN_MEASURE_INSIDE;
}

static void note_latency(struct fan_measure *measure, uint64_t n, uint64_t now_ns)
{
    uint64_t then_ns;
    if (!measure->since)
        return;
    if (find_time(measure->since, n, &then_ns))
        fan_histogram_record(&measure->latency_ns, now_ns - then_ns);
    else
        fan_atomic_store(&measure->unmatched, measure->unmatched + 1, FAN_RELAXED);
}

static void note_coming(struct point *point, uint64_t now_ns)
{
    struct fan_measure *measure = point->measure;
    uint64_t n = measure->passed;
    if (n > 0)
        fan_histogram_record(&measure->gap_ns, now_ns - point->last_ns);
    point->last_ns = now_ns;
    note_latency(measure, n, now_ns);
    fan_atomic_store(&measure->times[n % FAN_MEASURE_INSIDE], now_ns, FAN_RELEASE);
    fan_atomic_store(&measure->passed, n + 1, FAN_RELEASE);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct point *point = state;
    int error;
    while ((error = fan_chan_recv(point->input, point->element, ctx)) == 0) {
        uint64_t came_ns = fan_now_ns();
        note_coming(point, came_ns);
        error = fan_chan_send(point->output, point->element, ctx);
        if (error)
            return error;
        fan_histogram_record(&point->measure->blocked_ns, fan_now_ns() - came_ns);
    }
    return error == EPIPE ? 0 : error;
}

static void show_input(struct fan_measure *measure, struct fan_chan *input)
{
    fan_mutex_lock(&measure->lock);
    measure->input = input;
    fan_mutex_unlock(&measure->lock);
}

static void end(void *state)
{
    struct point *point = state;
    show_input(point->measure, NULL);
    fan_chan_close(point->output);
}

int fan_measure_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                   struct fan_measure *measure)
{
    size_t size = fan_chan_element_size(input);
    if (!measure || !fan_inputs_fit(&input, 1, output))
        return fan_stage_fail(group, EINVAL);
    struct point point = {.input = input, .output = output, .measure = measure};
    measure->lock.name = "measure";
    show_input(measure, input);
    int error = fan_stage_go_with(group, run, end, &point, sizeof point, size);
    if (error)
        show_input(measure, NULL);
    return error;
}

struct fan_measure_view fan_measure_look(struct fan_measure *measure)
{
    struct fan_measure_view view = {.now_ns = fan_now_ns()};
    view.passed = fan_atomic_load(&measure->passed, FAN_ACQUIRE);
    uint64_t before = measure->since ? fan_atomic_load(&measure->since->passed, FAN_ACQUIRE) : 0;
    view.inside = before > view.passed ? before - view.passed : 0;
    fan_mutex_lock(&measure->lock);
    view.waiting = fan_chan_length(measure->input);
    fan_mutex_unlock(&measure->lock);
    return view;
}

double fan_measure_rate(const struct fan_measure_view *earlier,
                        const struct fan_measure_view *later)
{
    uint64_t elapsed_ns = later->now_ns - earlier->now_ns;
    if (elapsed_ns == 0)
        return 0;
    return (double)(later->passed - earlier->passed) * 1e9 / (double)elapsed_ns;
}
