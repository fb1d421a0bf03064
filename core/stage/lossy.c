/* One thread has the buffer to itself. It receives and sends in one select, so that neither waits
 * for the other; the lock is for those who ask. */
#include "stage/lossy.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "stage/inputs.h"
#include "sync/select.h"

struct buffer {
    struct fan_chan *input, *output;
    struct fan_lossy *lossy;
    size_t element_size, places;
    size_t head, held;                 /* the oldest one's place, and how many there are */
    _Alignas(max_align_t) char ring[]; /* one place more than may be held, for who comes */
};

static char *place(struct buffer *buffer, size_t age)
{
    return buffer->ring + (buffer->head + age) % buffer->places * buffer->element_size;
}

static void forget_oldest(struct buffer *buffer)
{
    buffer->head = (buffer->head + 1) % buffer->places;
    buffer->held--;
}

static void count(struct buffer *buffer, struct fan_lossy_count change)
{
    struct fan_lossy *lossy = buffer->lossy;
    fan_mutex_lock(&lossy->lock);
    lossy->count.received += change.received;
    lossy->count.sent += change.sent;
    lossy->count.dropped += change.dropped;
    lossy->count.held = buffer->held;
    fan_mutex_unlock(&lossy->lock);
}

/* An element has come and stands behind the newest one. */
static void take_in(struct buffer *buffer)
{
    bool full = buffer->held == buffer->lossy->capacity;
    if (!full || buffer->lossy->drops == FAN_DROP_OLDEST)
        buffer->held++;
    if (full && buffer->lossy->drops == FAN_DROP_OLDEST)
        forget_oldest(buffer);
    count(buffer, (struct fan_lossy_count){.received = 1, .dropped = full});
}

static void let_out(struct buffer *buffer)
{
    forget_oldest(buffer);
    count(buffer, (struct fan_lossy_count){.sent = 1});
}

/* Receives one or sends one. EPIPE: the input has ended. */
static int move(struct buffer *buffer, bool open, struct fan_ctx *ctx)
{
    enum { IN, OUT, CASES };
    struct fan_select_case cases[CASES] = {
        [IN] = FAN_RECV(open ? buffer->input : NULL, place(buffer, buffer->held)),
        [OUT] = FAN_SEND(buffer->held > 0 ? buffer->output : NULL, place(buffer, 0)),
    };
    size_t chosen;
    int error = fan_select(cases, CASES, ctx, &chosen);
    if (error)
        return error;
    if (cases[chosen].result != 0)
        return cases[chosen].result;
    if (chosen == IN)
        take_in(buffer);
    else
        let_out(buffer);
    return 0;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct buffer *buffer = state;
    int error = 0;
    while (!error)
        error = move(buffer, true, ctx);
    if (error != EPIPE)
        return error;
    error = 0;
    while (!error && buffer->held > 0)
        error = move(buffer, false, ctx);
    return error;
}

static void end(void *state)
{
    struct buffer *buffer = state;
    fan_chan_close(buffer->output);
}

static bool is_valid(const struct fan_lossy *lossy)
{
    return lossy->capacity > 0 && lossy->drops <= FAN_DROP_OLDEST;
}

int fan_lossy_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                 struct fan_lossy *lossy)
{
    size_t size = fan_chan_element_size(input), bytes;
    if (!lossy || !is_valid(lossy) || !fan_inputs_fit(&input, 1, output))
        return fan_stage_fail(group, EINVAL);
    if (lossy->capacity == SIZE_MAX || __builtin_mul_overflow(lossy->capacity + 1, size, &bytes))
        return fan_stage_fail(group, ENOMEM);
    struct buffer buffer = {
        .input = input,
        .output = output,
        .lossy = lossy,
        .element_size = size,
        .places = lossy->capacity + 1,
    };
    lossy->lock.name = "lossy";
    return fan_stage_go_with(group, run, end, &buffer, sizeof buffer, bytes);
}

struct fan_lossy_count fan_lossy_count(struct fan_lossy *lossy)
{
    fan_mutex_lock(&lossy->lock);
    struct fan_lossy_count count = lossy->count;
    fan_mutex_unlock(&lossy->lock);
    return count;
}
