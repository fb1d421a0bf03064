/* A task that is begun is entered in a list, by when it is to be copied. One thread at a time is at
 * the clock and waits for the first of them; when that is due it leaves the clock to the next
 * thread and runs the copy. So there is no thread for a task, and none is woken for one that ends
 * in time. (The threads take turns as in Schmidt et al., "Leader/followers", 2000.)
 *
 * `at_clock` is held by the thread that is there, also while it waits. `lock` guards all else but
 * what is constant, and is taken inside it; the stream's lock is taken inside this one. */
#include "flow/copies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "flow/block.h"
#include "flow/stream_state.h"
#include "run/time.h"
#include "sync/timer.h"

/* Where the second copy puts its result. */
struct buffer {
    _Alignas(FAN_BLOCK_LINE) struct buffer *next; /* unused */
    _Alignas(FAN_BLOCK_LINE) char value[];
};

/* A task that runs and may get a second copy; on the stack of its own thread. */
struct pair {
    struct fan_stream *stream; /* constant, as the next five */
    const struct fan_hold *hold;
    const void *task;
    void *value;
    struct fan_ctx *outer;
    uint64_t due_ns;
    struct fan_list link;
    struct fan_ctx first, second;
    int first_error, second_error;
    bool copied; /* there is a second one; then the following means something */
    struct fan_hold second_hold;
    struct buffer *buffer;
    bool decided, second_has_won;
    uint64_t decided_ns;
    bool second_has_ended;
    struct fan_cond second_end;
};

struct fan_copies {
    struct fan_stream *stream; /* constant */
    struct fan_mutex at_clock;
    struct fan_mutex lock;
    struct fan_timer clock;
    uint64_t due_ns;         /* what the clock is set to, or was; 0 = nothing */
    struct fan_list running; /* pairs, the one that is due first in front */
    struct buffer *buffers;  /* unused */
    bool over;
    unsigned idle;                /* threads at the clock, or on their way there */
    unsigned started;             /* threads, */
    struct fan_thread *threads[]; /* and these */
};

struct fan_copies *fan_copies_new(struct fan_stream *stream)
{
    struct fan_copies *copies =
        malloc(sizeof *copies + stream->limit * sizeof(struct fan_thread *));
    if (!copies)
        return NULL;
    *copies = (struct fan_copies){
        .stream = stream, .at_clock.name = "clock of the copies", .lock.name = "copies"};
    fan_timer_init(&copies->clock, "next copy", 0, 0);
    fan_list_init(&copies->running);
    return copies;
}

void fan_copies_free(struct fan_copies *copies)
{
    if (!copies)
        return;
    while (copies->buffers) {
        struct buffer *next = copies->buffers->next;
        free(copies->buffers);
        copies->buffers = next;
    }
    fan_timer_destroy(&copies->clock);
    fan_mutex_destroy(&copies->lock);
    fan_mutex_destroy(&copies->at_clock);
    free(copies);
}

/* ---- a second copy ---- */

static struct buffer *get_buffer(struct fan_copies *copies)
{
    struct buffer *buffer = copies->buffers;
    if (!buffer)
        return fan_block_new(sizeof *buffer + copies->stream->work.result_size);
    copies->buffers = buffer->next;
    return buffer;
}

static void put_buffer(struct fan_copies *copies, struct buffer *buffer)
{
    buffer->next = copies->buffers;
    copies->buffers = buffer;
}

/* The token comes last: it is not to be spent for nothing. */
static bool get_copy(struct fan_copies *copies, struct pair *pair)
{
    struct fan_stream *stream = copies->stream;
    pair->buffer = fan_stream_is_stopped(stream) ? NULL : get_buffer(copies);
    if (!pair->buffer)
        return false;
    bool admitted = fan_admit_copy(stream, pair->hold, &pair->second_hold);
    if (admitted && fan_hedger_spend(stream->options.hedger))
        return true;
    if (admitted)
        fan_admit_leave(stream, &pair->second_hold, ECANCELED);
    put_buffer(copies, pair->buffer);
    return false;
}

static struct pair *first_running(struct fan_copies *copies)
{
    return FAN_LIST_ELEMENT(copies->running.next, struct pair, link);
}

/* With the lock: one that is due and gets its copy. */
static struct pair *take_due(struct fan_copies *copies)
{
    uint64_t now_ns = fan_now_ns();
    while (!copies->over && !fan_list_empty(&copies->running)) {
        struct pair *pair = first_running(copies);
        if (pair->due_ns > now_ns)
            return NULL;
        fan_list_remove(&pair->link);
        pair->copied = get_copy(copies, pair);
        if (!pair->copied)
            continue;
        fan_ctx_init(&pair->second, &(struct fan_ctx_options){.parent = pair->outer});
        return pair;
    }
    return NULL;
}

/* With the lock: one has succeeded; what becomes of the other does not matter any more. */
static void decide(struct pair *pair, struct fan_ctx *other)
{
    pair->decided = true;
    pair->decided_ns = fan_now_ns();
    fan_ctx_cancel(other, 0);
}

static void run_second(void *argument)
{
    struct pair *pair = argument;
    const struct fan_work *work = &pair->stream->work;
    pair->second_error = work->run(work->argument, &pair->second, pair->task, pair->buffer->value);
}

/* What it holds is given back before the other one can know that it has ended, and the call with
 * it. */
static void run_copy(struct fan_copies *copies, struct pair *pair)
{
    if (!fan_recover(run_second, pair, NULL))
        pair->second_error = ENOTRECOVERABLE;
    fan_admit_leave(copies->stream, &pair->second_hold, pair->second_error);
    fan_mutex_lock(&copies->lock);
    if (pair->second_error == 0 && !pair->decided) {
        pair->second_has_won = true;
        decide(pair, &pair->first);
    }
    pair->second_has_ended = true;
    fan_cond_signal(&pair->second_end);
    copies->idle++;
    fan_mutex_unlock(&copies->lock);
}

/* ---- the threads ---- */

static void set_clock(struct fan_copies *copies, uint64_t due_ns)
{
    copies->due_ns = due_ns;
    fan_timer_reset(&copies->clock, due_ns, 0);
}

static void work(void *argument);

/* With the lock. Where no thread is to be had, copies are begun by those there are. */
static void grow(struct fan_copies *copies)
{
    struct fan_stream *stream = copies->stream;
    const char *name = stream->options.name ? stream->options.name : "stream";
    struct fan_thread *thread;
    fan_mutex_lock(&stream->lock);
    bool grows =
        fan_thread_spawn(&(struct fan_thread_options){.name = name}, work, copies, &thread) == 0;
    stream->references += grows;
    stream->report.threads += grows;
    fan_mutex_unlock(&stream->lock);
    if (!grows)
        return;
    copies->idle++;
    copies->threads[copies->started++] = thread;
}

/* With the lock: somebody has to be at the clock. */
static void man_clock(struct fan_copies *copies)
{
    if (copies->idle == 0 && copies->started < copies->stream->limit && !copies->over &&
        !fan_list_empty(&copies->running))
        grow(copies);
}

/* With the lock: takes one that is due, or sets the clock to when the next one is. */
static struct pair *take_or_wait(struct fan_copies *copies)
{
    struct pair *pair = take_due(copies);
    if (pair) {
        copies->idle--;
        man_clock(copies);
    } else if (!copies->over) {
        bool any = !fan_list_empty(&copies->running);
        set_clock(copies, any ? first_running(copies)->due_ns : 0);
    }
    return pair;
}

/* At the clock: waits until one is to be copied. NULL if there will be no more. */
static struct pair *wait_for_due(struct fan_copies *copies)
{
    for (;;) {
        fan_mutex_lock(&copies->lock);
        struct pair *pair = take_or_wait(copies);
        bool over = copies->over;
        fan_mutex_unlock(&copies->lock);
        if (pair || over)
            return pair;
        fan_timer_wait(&copies->clock, NULL);
    }
}

static struct pair *next_pair(struct fan_copies *copies)
{
    fan_mutex_lock(&copies->at_clock);
    struct pair *pair = wait_for_due(copies);
    fan_mutex_unlock(&copies->at_clock);
    return pair;
}

static void work(void *argument)
{
    struct fan_copies *copies = argument;
    struct pair *pair;
    while ((pair = next_pair(copies)))
        run_copy(copies, pair);
    fan_stream_release(copies->stream, NULL);
}

void fan_copies_close(struct fan_copies *copies, bool leave_behind)
{
    if (!copies)
        return;
    fan_mutex_lock(&copies->lock);
    copies->over = true;
    fan_timer_reset(&copies->clock, 1, 0);
    for (unsigned i = 0; leave_behind && i < copies->started; i++)
        fan_thread_detach(copies->threads[i]);
    fan_mutex_unlock(&copies->lock);
    for (unsigned i = 0; !leave_behind && i < copies->started; i++)
        fan_thread_join(copies->threads[i]);
}

/* ---- the first copy, in the task's own thread ---- */

static void run_first(void *argument)
{
    struct pair *pair = argument;
    const struct fan_work *work = &pair->stream->work;
    pair->first_error = work->run(work->argument, &pair->first, pair->task, pair->value);
}

/* By when it is due: as a rule that is the end. */
static void enter(struct fan_copies *copies, struct pair *pair)
{
    struct fan_list *at = &copies->running;
    while (at->previous != &copies->running &&
           FAN_LIST_ELEMENT(at->previous, struct pair, link)->due_ns > pair->due_ns)
        at = at->previous;
    fan_list_insert(&pair->link, at);
    if (copies->due_ns == 0 || pair->due_ns < copies->due_ns)
        set_clock(copies, pair->due_ns);
    man_clock(copies);
}

/* The first one has ended: waits for the second, which is wanted still if that one has failed. */
static void finish(struct fan_copies *copies, struct pair *pair)
{
    fan_mutex_lock(&copies->lock);
    fan_list_remove(&pair->link);
    if (pair->copied && pair->first_error == 0 && !pair->decided)
        decide(pair, &pair->second);
    while (pair->copied && !pair->second_has_ended)
        fan_cond_wait(&pair->second_end, &copies->lock);
    fan_mutex_unlock(&copies->lock);
}

/* What the second copy has left. */
static void settle(struct fan_copies *copies, struct pair *pair)
{
    struct fan_stream *stream = copies->stream;
    fan_ctx_destroy(&pair->second);
    fan_cond_destroy(&pair->second_end);
    if (pair->second_has_won && stream->work.result_size)
        memcpy(pair->value, pair->buffer->value, stream->work.result_size);
    fan_mutex_lock(&copies->lock);
    put_buffer(copies, pair->buffer);
    fan_mutex_unlock(&copies->lock);
    fan_mutex_lock(&stream->lock);
    stream->report.hedges++;
    stream->report.hedges_won += pair->second_has_won;
    fan_mutex_unlock(&stream->lock);
}

static void begin(struct fan_copies *copies, struct pair *pair, uint64_t began_ns)
{
    uint64_t delay_ns = fan_hedger_begin(copies->stream->options.hedger);
    fan_ctx_init(&pair->first, &(struct fan_ctx_options){.parent = pair->outer});
    fan_list_init(&pair->link);
    if (delay_ns == 0)
        return;
    pair->due_ns = delay_ns < UINT64_MAX - began_ns ? began_ns + delay_ns : UINT64_MAX;
    fan_mutex_lock(&copies->lock);
    if (!copies->over) /* else the clock is set for those who are to leave */
        enter(copies, pair);
    fan_mutex_unlock(&copies->lock);
}

int fan_copies_run(struct fan_copies *copies, struct fan_ctx *ctx, const struct fan_hold *hold,
                   const void *task, void *value)
{
    struct pair pair = {
        .stream = copies->stream, .hold = hold, .task = task, .value = value, .outer = ctx};
    struct fan_panic panic;
    uint64_t began_ns = fan_now_ns();
    begin(copies, &pair, began_ns);
    bool ended = fan_recover(run_first, &pair, &panic);
    if (!ended)
        pair.first_error = ENOTRECOVERABLE;
    if (pair.due_ns)
        finish(copies, &pair);
    fan_ctx_destroy(&pair.first);
    if (pair.copied)
        settle(copies, &pair);
    if (!ended && !pair.second_has_won)
        fan_panic_again(&panic);
    if (pair.first_error && !pair.second_has_won)
        return pair.first_error;
    uint64_t ended_ns = pair.copied ? pair.decided_ns : fan_now_ns();
    fan_hedger_saw(copies->stream->options.hedger, ended_ns - began_ns);
    return 0;
}
