/* No locks: one thread. */
#include "stage/reorder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "run/time.h"
#include "stage/arrivals.h"
#include "stage/reorder_store.h"
#include "sync/select.h"
#include "sync/timer.h"

enum { USUAL_WINDOW = 256 };

struct reorder {
    struct fan_chan *input, *output;
    struct fan_reorder_options options;
    const struct fan_reorder_kind *kind;
    struct fan_reorder_store *store;
    void *arriving, *leaving; /* an element each, one behind the other */
    uint64_t next;            /* the number that is waited for */
    struct fan_arrivals arrivals;
    struct fan_timer timer;
    bool timed; /* there are arrivals, and a timer */
    struct fan_reorder_report report;
};

static uint64_t number_in_tag(const void *element)
{
    struct fan_tag tag;
    memcpy(&tag, element, sizeof tag);
    return tag.number;
}

/* The turn of so many numbers is over: as many more may be given out. */
static void pass(struct reorder *reorder, uint64_t count)
{
    reorder->next += count;
    while (count-- > 0 && reorder->options.room &&
           fan_chan_try_recv(reorder->options.room, NULL) == 0)
        continue;
}

static void give_up_until(struct reorder *reorder, uint64_t number)
{
    reorder->report.missing += number - reorder->next;
    pass(reorder, number - reorder->next);
}

static int hand_on(struct reorder *reorder, const void *element, struct fan_ctx *ctx)
{
    int error = fan_chan_send(reorder->output, element, ctx);
    if (error)
        return error;
    reorder->report.handed_on++;
    pass(reorder, 1);
    return 0;
}

static int hand_on_held(struct reorder *reorder, struct fan_ctx *ctx)
{
    int error = 0;
    while (!error && reorder->kind->has_next(reorder->store, reorder->next)) {
        error = reorder->kind->take(reorder->store, reorder->next, reorder->leaving);
        if (!error)
            error = hand_on(reorder, reorder->leaving, ctx);
    }
    return error;
}

/* Ends the turn of all numbers below this one. */
static int advance(struct reorder *reorder, uint64_t number, struct fan_ctx *ctx)
{
    int error = 0;
    while (!error && reorder->next < number) {
        uint64_t lowest;
        if (!reorder->kind->lowest(reorder->store, reorder->next, &lowest) || lowest > number)
            lowest = number;
        give_up_until(reorder, lowest);
        error = hand_on_held(reorder, ctx);
    }
    return error;
}

/* ---- time ------------------------------------------------------------------------------------ */

/* When the element that has been held for longest is to leave; 0 = never. */
static uint64_t overdue_ns(struct reorder *reorder, uint64_t *number)
{
    struct fan_arrival oldest;
    if (!fan_arrivals_oldest(&reorder->arrivals, reorder->next, &oldest))
        return 0;
    *number = oldest.number;
    return oldest.due_ns;
}

static int let_overdue_leave(struct reorder *reorder, struct fan_ctx *ctx)
{
    uint64_t number, due_ns = overdue_ns(reorder, &number);
    return due_ns && due_ns <= fan_now_ns() ? advance(reorder, number + 1, ctx) : 0;
}

/* The element in hand waits with those that are held, or alone; it must not be given up itself. */
static int wait_for_room(struct reorder *reorder, uint64_t number, struct fan_ctx *ctx)
{
    uint64_t oldest = number, due_ns = overdue_ns(reorder, &oldest);
    if (!due_ns)
        due_ns = fan_deadline_after(reorder->options.timeout_ns);
    fan_timer_reset(&reorder->timer, due_ns, 0);
    int error = fan_timer_wait(&reorder->timer, ctx);
    return error ? error : advance(reorder, oldest < number ? oldest + 1 : number, ctx);
}

/* ---- arriving -------------------------------------------------------------------------------- */

static int make_room(struct reorder *reorder, uint64_t number, struct fan_ctx *ctx)
{
    switch (reorder->options.when_missing) {
    case FAN_REORDER_STALL:
        break;
    case FAN_REORDER_TIMEOUT:
        return wait_for_room(reorder, number, ctx);
    case FAN_REORDER_SKIP:
        return advance(reorder, reorder->kind->floor(reorder->store, number), ctx);
    }
    return EOVERFLOW;
}

/* One whose turn is over. */
static int turn_away(struct reorder *reorder, struct fan_ctx *ctx)
{
    if (reorder->options.when_missing == FAN_REORDER_STALL)
        return EEXIST;
    reorder->report.late++;
    return reorder->options.late ? fan_chan_send(reorder->options.late, reorder->arriving, ctx) : 0;
}

static int hold(struct reorder *reorder, uint64_t number)
{
    int error = reorder->kind->put(reorder->store, number, reorder->arriving);
    size_t held = reorder->kind->held(reorder->store);
    if (held > reorder->report.most_held)
        reorder->report.most_held = held;
    if (!error && reorder->timed)
        fan_arrivals_add(
            &reorder->arrivals, reorder->next,
            (struct fan_arrival){number, fan_deadline_after(reorder->options.timeout_ns)});
    return error;
}

static int settle(struct reorder *reorder, uint64_t number, struct fan_ctx *ctx)
{
    if (number < reorder->next)
        return turn_away(reorder, ctx);
    if (number > reorder->next)
        return hold(reorder, number);
    int error = hand_on(reorder, reorder->arriving, ctx);
    return error ? error : hand_on_held(reorder, ctx);
}

static int arrive(struct reorder *reorder, struct fan_ctx *ctx)
{
    uint64_t number = reorder->options.number_of(reorder->arriving);
    int error = number == UINT64_MAX ? EINVAL : 0;
    while (!error && number > reorder->next &&
           !reorder->kind->fits(reorder->store, reorder->next, number))
        error = make_room(reorder, number, ctx);
    return error ? error : settle(reorder, number, ctx);
}

static int hand_on_the_rest(struct reorder *reorder, struct fan_ctx *ctx)
{
    uint64_t lowest;
    int error = 0;
    while (!error && reorder->kind->lowest(reorder->store, reorder->next, &lowest))
        error = advance(reorder, lowest + 1, ctx);
    return error;
}

/* What is overdue leaves before another one comes in. */
static int take_one(struct reorder *reorder, struct fan_ctx *ctx)
{
    struct fan_timer *timer = reorder->timed ? &reorder->timer : NULL;
    struct fan_select_case cases[] = {FAN_TICK(timer), FAN_RECV(reorder->input, reorder->arriving)};
    size_t chosen;
    uint64_t number;
    if (timer)
        fan_timer_reset(timer, overdue_ns(reorder, &number), 0);
    int error = fan_select_first(cases, 2, ctx, &chosen);
    if (error)
        return error;
    if (chosen == 0)
        return let_overdue_leave(reorder, ctx);
    return cases[1].result ? cases[1].result : arrive(reorder, ctx);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct reorder *reorder = state;
    int error = 0;
    if (reorder->arrivals.list) {
        fan_timer_init(&reorder->timer, "reorder", 0, 0);
        reorder->timed = true;
    }
    while (!error)
        error = take_one(reorder, ctx);
    return error == EPIPE ? hand_on_the_rest(reorder, ctx) : error;
}

static void release(struct reorder *reorder)
{
    reorder->kind->release(reorder->store);
    fan_arrivals_destroy(&reorder->arrivals);
    free(reorder->arriving);
}

static void end(void *state)
{
    struct reorder *reorder = state;
    if (reorder->options.report)
        *reorder->options.report = reorder->report;
    fan_chan_close(reorder->output);
    if (reorder->options.late)
        fan_chan_close(reorder->options.late);
    if (reorder->timed)
        fan_timer_destroy(&reorder->timer);
    release(reorder);
}

/* ---- starting -------------------------------------------------------------------------------- */

static bool fits(const struct fan_chan *chan, size_t element_size)
{
    return chan && fan_chan_element_size(chan) == element_size;
}

static bool is_room(const struct fan_chan *room, size_t window)
{
    return fits(room, 1) && fan_chan_capacity(room) > 0 && fan_chan_capacity(room) <= window;
}

static bool is_valid(const struct reorder *reorder)
{
    const struct fan_reorder_options *options = &reorder->options;
    size_t size = fan_chan_element_size(reorder->input);
    bool numbered = options->number_of != number_in_tag || size >= sizeof(struct fan_tag);
    bool timed = options->when_missing != FAN_REORDER_TIMEOUT || options->timeout_ns > 0;
    return reorder->input && fits(reorder->output, size) && numbered && timed &&
           (unsigned)options->hold <= FAN_REORDER_HEAP &&
           (unsigned)options->when_missing <= FAN_REORDER_SKIP &&
           (!options->late || fits(options->late, size)) &&
           (!options->room || is_room(options->room, options->window));
}

/* Whether sizes can be counted: an element in its place, and its number and time beside it. */
static bool is_thinkable(size_t window, size_t element_size)
{
    size_t place, all;
    return !__builtin_add_overflow(element_size, 8 * sizeof(uint64_t), &place) &&
           !__builtin_mul_overflow(window, place, &all);
}

static int allocate(struct reorder *reorder)
{
    size_t size = fan_chan_element_size(reorder->input), window = reorder->options.window;
    if (!is_thinkable(window, size))
        return ENOMEM;
    reorder->store = reorder->kind->make(window, size);
    reorder->arriving = malloc(2 * size + 1);
    reorder->leaving = (char *)reorder->arriving + size;
    if (!reorder->store || !reorder->arriving)
        return ENOMEM;
    if (reorder->options.when_missing != FAN_REORDER_TIMEOUT)
        return 0;
    return fan_arrivals_init(&reorder->arrivals, window);
}

static void use_options(struct reorder *reorder, const struct fan_reorder_options *options)
{
    if (options)
        reorder->options = *options;
    if (!reorder->options.number_of)
        reorder->options.number_of = number_in_tag;
    if (reorder->options.window == 0)
        reorder->options.window = USUAL_WINDOW;
    reorder->next = reorder->options.first;
    reorder->kind =
        reorder->options.hold == FAN_REORDER_HEAP ? &fan_reorder_heap : &fan_reorder_ring;
}

int fan_reorder_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                   const struct fan_reorder_options *options)
{
    struct reorder reorder = {.input = input, .output = output};
    use_options(&reorder, options);
    if (!is_valid(&reorder))
        return fan_stage_fail(group, EINVAL);
    int error = allocate(&reorder);
    if (error)
        fan_stage_fail(group, error);
    else
        error = fan_stage_go(group, run, end, &reorder, sizeof reorder);
    if (error)
        release(&reorder);
    return error;
}
