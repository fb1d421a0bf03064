/* Tasks that only wait, as asynchronous ones: so many sleeps of equal length, at most so many at a
 * time, on a timer loop of our own. Beside it stand the peers that sleep in a thread or a goroutine
 * of each (peers/common.h tells of the command line and the answer). */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "flow/stream.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "tests/bench/peers/common.h"

/* The loop: one thread, and the sleeps in the order in which they end, which is that of their
 * begin. */
struct sleep {
    struct sleep *next;
    uint64_t until_ns;
    struct fan_token token;
    struct result result;
};

struct loop {
    struct fan_mutex mutex;
    struct fan_cond more;
    struct sleep *first, **last; /* mutex */
    bool over;                   /* mutex */
    uint64_t delay_ns;
};

static void sleep_until(uint64_t until_ns)
{
    struct timespec at = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Takes those that are over; if there are none, *next_ns says when the next one is. */
static struct sleep *take_over(struct loop *loop, uint64_t *next_ns)
{
    struct sleep *over = NULL, **end = &over;
    uint64_t now_ns = fan_clock_ns();
    fan_mutex_lock(&loop->mutex);
    while (!loop->first && !loop->over)
        fan_cond_wait(&loop->more, &loop->mutex);
    while (loop->first && loop->first->until_ns <= now_ns) {
        *end = loop->first;
        end = &loop->first->next;
        loop->first = loop->first->next;
    }
    if (!loop->first)
        loop->last = &loop->first;
    *end = NULL;
    *next_ns = loop->first ? loop->first->until_ns : 0;
    fan_mutex_unlock(&loop->mutex);
    return over;
}

static bool is_over(struct loop *loop)
{
    fan_mutex_lock(&loop->mutex);
    bool over = loop->over;
    fan_mutex_unlock(&loop->mutex);
    return over;
}

static void turn(void *argument)
{
    struct loop *loop = argument;
    uint64_t next_ns;
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (!is_over(loop)) {
        struct sleep *over = take_over(loop, &next_ns);
        if (!over && next_ns)
            sleep_until(next_ns);
        while (over) {
            struct sleep *next = over->next;
            fan_token_complete(over->token, 0);
            over = next;
        }
    }
}

static void end(struct loop *loop)
{
    fan_mutex_lock(&loop->mutex);
    loop->over = true;
    fan_cond_broadcast(&loop->more);
    fan_mutex_unlock(&loop->mutex);
}

static int start(void *argument, struct fan_ctx *ctx, const void *task, void *value,
                 struct fan_token token)
{
    struct loop *loop = argument;
    struct sleep *sleep = value;
    uint64_t id = ((const struct task *)task)->id;
    (void)ctx;
    *sleep = (struct sleep){.token = token, .result = {.id = id, .index = id, .value = id}};
    sleep->until_ns = fan_clock_ns() + loop->delay_ns;
    fan_mutex_lock(&loop->mutex);
    if (!loop->first)
        fan_cond_signal(&loop->more);
    *loop->last = sleep;
    loop->last = &sleep->next;
    fan_mutex_unlock(&loop->mutex);
    return 0;
}

struct source {
    uint64_t next, count;
};

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct source *source = state;
    (void)ctx;
    if (source->next == source->count)
        return ENODATA;
    *(struct task *)task = (struct task){source->next++, NULL};
    return 0;
}

static int take(void *acc, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)ctx;
    acc_add(acc, &((const struct sleep *)result->value)->result);
    return 0;
}

int main(int argc, char **argv)
{
    struct args args = parse_args(argc, argv);
    struct clk began = clk_now();
    struct source source = {.count = args.tasks};
    struct acc acc = {0};
    struct loop loop = {.delay_ns = args.payload.sleep_us * UINT64_C(1000)};
    struct fan_report report;
    struct fan_thread *thread;
    loop.last = &loop.first;
    if (fan_thread_spawn(&(struct fan_thread_options){.name = "loop"}, turn, &loop, &thread) != 0)
        return 1;
    int error = fan_out_stream(NULL, &(struct fan_source){.next = give, .state = &source},
                               &(struct fan_work){.start = start,
                                                  .argument = &loop,
                                                  .task_size = sizeof(struct task),
                                                  .result_size = sizeof(struct sleep)},
                               &(struct fan_sink){.put = take, .state = &acc},
                               &(struct fan_stream_options){.limit = (int)args.workers}, &report);
    end(&loop);
    fan_thread_join(thread);
    struct clk now = clk_now();
    bool bad = error || acc.n != args.tasks || report.done != args.tasks;
    printf("{\"peer\":\"fanlab-async\",\"tasks\":%" PRIu64 ",\"workers\":%u,\"wall_s\":%.6f,"
           "\"ns_per_task\":%.3f,\"cpu_s\":%.6f,\"max_rss_kb\":%ld,\"checksum\":%" PRIu64
           ",\"threads\":%" PRIu64 "%s}\n",
           args.tasks, args.workers, now.wall - began.wall,
           (now.wall - began.wall) * 1e9 / (double)args.tasks, now.cpu - began.cpu, peak_rss_kb(),
           acc.sum, report.threads, bad ? ",\"bad\":true" : "");
    return bad;
}
