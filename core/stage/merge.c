/* The threads of a merge share nothing but the crowd: each has inputs of its own. */
#include "stage/merge.h"

#include <errno.h>
#include <stdlib.h>

#include "run/atomic.h"
#include "run/time.h"
#include "stage/inputs.h"
#include "sync/timer.h"

enum {
    AT_ONCE = 16 /* elements of one input before the others have their chance */
};

/* What the threads of one merge have in common. Constant but for `left`. */
struct crowd {
    struct fan_chan *output;
    struct fan_merge_report *report;
    uint64_t timeout_ns;
    size_t left;     /* atomic: threads that have not ended; the last one closes the output */
    bool incomplete; /* not all could be started; written before `left` */
};

struct merge {
    struct crowd *crowd;
    struct fan_inputs inputs;
    struct fan_merge_input *seen; /* NULL = not wanted */
    struct fan_ctx *sources[FAN_SELECT_CASES];
    uint64_t due_ns[FAN_SELECT_CASES]; /* when an input is slow */
    struct fan_timer timer;
    bool timed; /* there is a timer */
    _Alignas(max_align_t) char element[];
};

size_t fan_merge_live(const struct fan_merge_report *report)
{
    return fan_atomic_load(&report->live, FAN_RELAXED);
}

static void end_input(struct merge *merge, size_t which, bool slow)
{
    struct fan_merge_report *report = merge->crowd->report;
    fan_inputs_shut(&merge->inputs, which);
    if (merge->seen)
        merge->seen[which - 1].slow = slow;
    if (report && slow)
        fan_atomic_fetch_add(&report->slow, 1, FAN_RELAXED);
    if (report)
        fan_atomic_fetch_sub(&report->live, 1, FAN_RELAXED);
    if (slow && merge->sources[which])
        fan_ctx_cancel(merge->sources[which], ETIMEDOUT);
}

static int send_element(struct merge *merge, size_t which, struct fan_ctx *ctx)
{
    int error = fan_chan_send(merge->crowd->output, merge->element, ctx);
    if (!error && merge->seen)
        merge->seen[which - 1].received++;
    return error;
}

/* Hands on the element that was received, and what else is ready of that input. */
static int hand_on(struct merge *merge, size_t which, struct fan_ctx *ctx)
{
    struct fan_chan *input = merge->inputs.cases[which].chan;
    int more = fan_chan_capacity(input) ? AT_ONCE - 1 : 0;
    int error = send_element(merge, which, ctx);
    while (!error && more-- > 0) {
        error = fan_chan_try_recv(input, merge->element);
        if (!error)
            error = send_element(merge, which, ctx);
    }
    if (merge->timed)
        merge->due_ns[which] = fan_deadline_after(merge->crowd->timeout_ns);
    if (error == EPIPE)
        end_input(merge, which, false);
    return error == EPIPE || error == EAGAIN ? 0 : error;
}

/* The last look at an input whose time is over. */
static int look_or_leave_out(struct merge *merge, size_t which, struct fan_ctx *ctx)
{
    int error = fan_chan_try_recv(merge->inputs.cases[which].chan, merge->element);
    if (error == 0)
        return hand_on(merge, which, ctx);
    end_input(merge, which, error == EAGAIN);
    return 0;
}

static void set_timer(struct merge *merge)
{
    uint64_t due_ns = 0;
    for (size_t i = 1; i <= merge->inputs.count; i++)
        if (merge->inputs.cases[i].chan && (due_ns == 0 || merge->due_ns[i] < due_ns))
            due_ns = merge->due_ns[i];
    fan_timer_reset(&merge->timer, due_ns, 0);
}

static int leave_out_slow(struct merge *merge, struct fan_ctx *ctx)
{
    uint64_t now_ns = fan_now_ns();
    int error = 0;
    for (size_t i = 1; i <= merge->inputs.count && !error; i++)
        if (merge->inputs.cases[i].chan && merge->due_ns[i] <= now_ns)
            error = look_or_leave_out(merge, i, ctx);
    set_timer(merge);
    return error;
}

static int take_one(struct merge *merge, struct fan_ctx *ctx)
{
    struct fan_select_case *cases = merge->inputs.cases;
    size_t chosen;
    int error = fan_select(cases, merge->inputs.count + 1, ctx, &chosen);
    if (error)
        return error;
    if (chosen == 0)
        return leave_out_slow(merge, ctx);
    if (cases[chosen].result == 0)
        return hand_on(merge, chosen, ctx);
    end_input(merge, chosen, false);
    return 0;
}

static void start_timer(struct merge *merge)
{
    for (size_t i = 1; i <= merge->inputs.count; i++)
        merge->due_ns[i] = fan_deadline_after(merge->crowd->timeout_ns);
    fan_timer_init(&merge->timer, "merge", 0, 0);
    merge->timed = true;
    merge->inputs.cases[0] = (struct fan_select_case)FAN_TICK(&merge->timer);
    set_timer(merge);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct merge *merge = state;
    int error = 0;
    fan_inputs_receive(&merge->inputs, merge->element);
    if (merge->crowd->timeout_ns)
        start_timer(merge);
    while (merge->inputs.open && !error)
        error = take_one(merge, ctx);
    return error;
}

static void leave(struct crowd *crowd, size_t threads)
{
    if (fan_atomic_fetch_sub(&crowd->left, threads, FAN_ACQ_REL) != threads)
        return;
    if (!crowd->incomplete)
        fan_chan_close(crowd->output);
    free(crowd);
}

static void end(void *state)
{
    struct merge *merge = state;
    if (merge->timed)
        fan_timer_destroy(&merge->timer);
    leave(merge->crowd, 1);
}

static struct crowd *gather(struct fan_chan *output, size_t threads,
                            const struct fan_merge_options *options)
{
    struct crowd *crowd = malloc(sizeof *crowd);
    if (crowd)
        *crowd = (struct crowd){.output = output,
                                .report = options->report,
                                .timeout_ns = options->timeout_ns,
                                .left = threads};
    return crowd;
}

/* Starts the thread for the inputs from `first` on. */
static int start(struct fan_group *group, struct crowd *crowd, struct fan_chan *const *inputs,
                 size_t count, size_t first, const struct fan_merge_options *options)
{
    struct merge merge = {.crowd = crowd};
    size_t own = count - first < FAN_INPUTS_MOST ? count - first : FAN_INPUTS_MOST;
    fan_inputs_init(&merge.inputs, inputs + first, own);
    if (options->report && options->report->inputs)
        merge.seen = options->report->inputs + first;
    for (size_t i = 0; i < own && options->sources; i++)
        merge.sources[i + 1] = options->sources[first + i];
    return fan_stage_go_with(group, run, end, &merge, sizeof merge,
                             fan_chan_element_size(crowd->output));
}

static void begin_report(struct fan_merge_report *report, size_t count)
{
    if (!report)
        return;
    fan_atomic_store(&report->live, count, FAN_RELAXED);
    fan_atomic_store(&report->slow, 0, FAN_RELAXED);
    for (size_t i = 0; i < count && report->inputs; i++)
        report->inputs[i] = (struct fan_merge_input){0};
}

int fan_merge_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                 struct fan_chan *output, const struct fan_merge_options *options)
{
    size_t threads = count ? (count - 1) / FAN_INPUTS_MOST + 1 : 1;
    struct fan_merge_options usual = {0};
    size_t started = 0;
    int error;
    if (!options)
        options = &usual;
    if (!fan_inputs_fit(inputs, count, output))
        return fan_stage_fail(group, EINVAL);
    struct crowd *crowd = gather(output, threads, options);
    if (!crowd)
        return fan_stage_fail(group, ENOMEM);
    begin_report(options->report, count);
    do
        error = start(group, crowd, inputs, count, started * FAN_INPUTS_MOST, options);
    while (!error && ++started < threads);
    if (error) {
        crowd->incomplete = true;
        leave(crowd, threads - started);
    }
    return error;
}
