#include "stage/until.h"

#include <errno.h>

#include "stage/inputs.h"
#include "stage/leave.h"
#include "sync/select.h"

struct until {
    struct fan_chan *input, *output;
    struct fan_until_options options;
    bool closed; /* the output */
    _Alignas(max_align_t) char element[];
};

enum { SIGNAL, DONE, ELEMENT, CASES };

/* ENODATA if a signal was there first. */
static int move_or_stop(struct until *until, struct fan_select_case element, struct fan_ctx *ctx)
{
    struct fan_select_case cases[CASES] = {
        [SIGNAL] = FAN_RECV(until->options.signal, NULL),
        [DONE] = FAN_DONE(until->options.done),
        [ELEMENT] = element,
    };
    size_t chosen;
    int error = fan_select_first(cases, CASES, ctx, &chosen);
    if (error)
        return error;
    return chosen == ELEMENT ? cases[ELEMENT].result : ENODATA;
}

static int receive(struct until *until, struct fan_ctx *ctx)
{
    if (!until->options.signal && !until->options.done)
        return fan_chan_recv(until->input, until->element, ctx);
    struct fan_select_case one = FAN_RECV(until->input, until->element);
    return move_or_stop(until, one, ctx);
}

static int send(struct until *until, struct fan_ctx *ctx)
{
    if (!until->options.signal && !until->options.done)
        return fan_chan_send(until->output, until->element, ctx);
    struct fan_select_case one = FAN_SEND(until->output, until->element);
    return move_or_stop(until, one, ctx);
}

static bool is_last(const struct until *until)
{
    const struct fan_until_options *options = &until->options;
    return options->is_last && options->is_last(options->argument, until->element);
}

/* Returns ENODATA when there was enough, EPIPE when there was no more. */
static int hand_on(struct until *until, struct fan_ctx *ctx)
{
    int error = 0;
    for (uint64_t sent = 0; !error; sent++) {
        if (until->options.count && sent == until->options.count)
            return ENODATA;
        error = receive(until, ctx);
        if (error)
            return error;
        bool last = is_last(until);
        if (!last || !until->options.without_last)
            error = send(until, ctx);
        if (!error && last)
            return ENODATA;
    }
    return error;
}

static void close_output(struct until *until)
{
    if (!until->closed)
        fan_chan_close(until->output);
    until->closed = true;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct until *until = state;
    int error = hand_on(until, ctx);
    if (error != ENODATA)
        return error == EPIPE ? 0 : error;
    close_output(until);
    return fan_leave(&until->input, 1, until->options.upstream, ctx);
}

static void end(void *state)
{
    close_output(state);
}

int fan_until_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                 const struct fan_until_options *options)
{
    if (!options || !fan_inputs_fit(&input, 1, output))
        return fan_stage_fail(group, EINVAL);
    struct until until = {.input = input, .output = output, .options = *options};
    return fan_stage_go_with(group, run, end, &until, sizeof until, fan_chan_element_size(input));
}
