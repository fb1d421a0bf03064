#include "stage/window.h"

#include <errno.h>

#include "run/time.h"
#include "sync/select.h"

struct gathering {
    struct fan_chan *input, *output;
    struct fan_window_options options;
    size_t element_size;
    struct fan_timer
        timer; /* set by the first element; a late tick ends an empty window, which is none */
    _Alignas(max_align_t) char window[];
};

static struct fan_window *window_of(struct gathering *gathering)
{
    return (struct fan_window *)gathering->window;
}

/* Adds an element. ETIME if the window's time is over. */
static int add(struct gathering *gathering, struct fan_ctx *ctx)
{
    struct fan_window *window = window_of(gathering);
    void *place = window->elements + window->count * gathering->element_size;
    struct fan_select_case cases[] = {FAN_RECV(gathering->input, place),
                                      FAN_TICK(&gathering->timer)};
    size_t chosen = 0;
    int error = fan_select(cases, gathering->options.time_ns ? 2 : 1, ctx, &chosen);
    if (!error && chosen == 1)
        return ETIME;
    if (!error)
        error = cases[0].result;
    if (!error)
        window->count++;
    return error;
}

static void start_clock(struct gathering *gathering)
{
    if (gathering->options.time_ns)
        fan_timer_reset(&gathering->timer, fan_deadline_after(gathering->options.time_ns), 0);
}

/* Gathers one window. Returns EPIPE if the input has ended, with what had come. */
static int gather(struct gathering *gathering, struct fan_ctx *ctx)
{
    struct fan_window *window = window_of(gathering);
    window->count = 0;
    int error = 0;
    while (!error && window->count < gathering->options.count) {
        error = add(gathering, ctx);
        if (!error && window->count == 1)
            start_clock(gathering);
    }
    return error == ETIME ? 0 : error;
}

static int hand_on_windows(struct gathering *gathering, struct fan_ctx *ctx)
{
    for (;;) {
        int error = gather(gathering, ctx);
        if (error && error != EPIPE)
            return error;
        int sent = 0;
        if (window_of(gathering)->count > 0)
            sent = fan_chan_send(gathering->output, gathering->window, ctx);
        if (error || sent)
            return sent;
    }
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct gathering *gathering = state;
    fan_timer_init(&gathering->timer, "window", 0, 0);
    int error = hand_on_windows(gathering, ctx);
    fan_timer_destroy(&gathering->timer);
    return error;
}

static void end(void *state)
{
    struct gathering *gathering = state;
    fan_chan_close(gathering->output);
}

static bool fits(const struct fan_chan *input, const struct fan_chan *output, size_t count)
{
    size_t room = fan_chan_element_size(output), bytes;
    return room >= sizeof(struct fan_window) &&
           !__builtin_mul_overflow(count, fan_chan_element_size(input), &bytes) &&
           bytes <= room - sizeof(struct fan_window);
}

int fan_window_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                  const struct fan_window_options *options)
{
    if (!input || !options || options->count == 0 || !fits(input, output, options->count))
        return fan_stage_fail(group, EINVAL);
    struct gathering gathering = {
        .input = input,
        .output = output,
        .options = *options,
        .element_size = fan_chan_element_size(input),
    };
    return fan_stage_go_with(group, run, end, &gathering, sizeof gathering,
                             fan_chan_element_size(output));
}
