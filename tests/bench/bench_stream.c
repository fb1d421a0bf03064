/* The peers' work (peers/common.h) on fan_out_stream: as many tasks and threads, a call of the
 * user's for each task, a result for each. Beyond what peers can do, --variant takes these words,
 * with a dash between them:
 *
 *     ordered    results in the order of their tasks
 *     best       FAN_BEST_EFFORT in place of FAN_FAIL_FAST
 *     collect    FAN_COLLECT_ALL
 *     failing    a tenth of the tasks fail, at random
 *     healthy    nobody fails, but it is drawn who does
 *     asked      with one of these: the sink asks each result whether it is a failure, a branch
 *                that nothing can predict; else it counts both kinds without one, for what its own
 *                branches cost is not the library's
 *     gap        the first task sleeps for 20 ms, and all others could overtake it
 */
#include <errno.h>
#include <inttypes.h>

#include "flow/stream.h"
#include "tests/bench/peers/common.h"

enum { GAP_TASK = 0, GAP_US = 20000 };

/* What differs between source and sink is kept apart: threads take turns at each. */
struct source {
    _Alignas(128) uint64_t next;
    uint64_t count;
    const struct payload *payload, *gap;
};

struct sink {
    _Alignas(128) struct acc acc[2]; /* of results; of failures, whose values mean nothing */
    bool any;
    double first; /* when the first result came */
};

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct source *source = state;
    (void)ctx;
    if (source->next == source->count)
        return ENODATA;
    const struct payload *payload = source->payload;
    if (__builtin_expect(source->next == GAP_TASK, 0) && source->gap)
        payload = source->gap;
    *(struct task *)task = (struct task){source->next++, payload};
    return 0;
}

/* Apart, so that a task which does not sleep saves no registers for it. */
static __attribute__((noinline)) int run_asleep(const struct task *task, struct result *result)
{
    *result = run_task(*task);
    return 0;
}

static int run(void *unused, struct fan_ctx *ctx, const void *argument, void *result)
{
    const struct task *task = argument;
    (void)unused;
    (void)ctx;
    if (__builtin_expect(task->payload->sleep_us != 0, 0))
        return run_asleep(task, result);
    *(struct result *)result =
        (struct result){task->id, task->id, mix(task->id, task->payload->rounds), 0};
    return 0;
}

static int run_or_fail(void *fails_below, struct fan_ctx *ctx, const void *task, void *result)
{
    uint64_t drawn = mix(((const struct task *)task)->id, 1);
    run(NULL, ctx, task, result);
    return drawn < *(const uint64_t *)fails_below ? EIO : 0;
}

static __attribute__((noinline)) void note_first(struct sink *sink)
{
    sink->first = clk_now().wall;
    sink->any = true;
}

static int take(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct sink *sink = state;
    (void)ctx;
    if (__builtin_expect(!sink->any, 0))
        note_first(sink);
    acc_add(&sink->acc[result->error != 0], result->value);
    return 0;
}

static int take_and_ask(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct sink *sink = state;
    (void)ctx;
    if (__builtin_expect(!sink->any, 0))
        note_first(sink);
    if (result->error)
        sink->acc[1].n++;
    else
        acc_add(&sink->acc[0], result->value);
    return 0;
}

static bool has(const struct args *args, const char *word)
{
    return strstr(args->variant, word) != NULL;
}

static enum fan_policy policy_of(const struct args *args)
{
    if (has(args, "collect"))
        return FAN_COLLECT_ALL;
    return has(args, "best") ? FAN_BEST_EFFORT : FAN_FAIL_FAST;
}

static bool is_bad(const struct args *args, const struct sink *sink,
                   const struct fan_report *report)
{
    uint64_t share = has(args, "failing") ? args->tasks / 10 : 0;
    uint64_t handed = has(args, "collect") ? report->failed : 0;
    return report->submitted != args->tasks || report->done + report->failed != args->tasks ||
           sink->acc[0].n != report->done || sink->acc[1].n != handed ||
           report->failed > share * 2 || report->failed < share / 2;
}

static int print(const struct args *args, struct clk began, const struct sink *sink,
                 const struct fan_report *report)
{
    struct clk now = clk_now();
    double wall = now.wall - began.wall;
    bool bad = is_bad(args, sink, report);
    printf("{\"peer\":\"fanlab\",\"tasks\":%" PRIu64 ",\"workers\":%u,\"wall_s\":%.6f,"
           "\"ns_per_task\":%.3f,\"cpu_s\":%.6f,\"max_rss_kb\":%ld,\"checksum\":%" PRIu64
           ",\"first_us\":%.1f,\"threads\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"stolen\":%" PRIu64
           "%s}\n",
           args->tasks, args->workers, wall, wall * 1e9 / (double)args->tasks, now.cpu - began.cpu,
           peak_rss_kb(), sink->acc[0].sum, (sink->first - began.wall) * 1e6, report->threads,
           report->failed, report->stolen, bad ? ",\"bad\":true" : "");
    return bad;
}

int main(int argc, char **argv)
{
    struct args args = parse_args(argc, argv);
    struct payload gap = {args.payload.rounds, GAP_US};
    struct source source = {
        .count = args.tasks, .payload = &args.payload, .gap = has(&args, "gap") ? &gap : NULL};
    struct sink sink = {0};
    uint64_t fails_below = has(&args, "failing") ? UINT64_MAX / 10 : 0;
    bool draws = has(&args, "failing") || has(&args, "healthy");
    bool asks = !draws || has(&args, "asked");
    struct fan_report report;
    struct clk began = clk_now();
    int error =
        fan_out_stream(NULL, &(struct fan_source){.next = give, .state = &source},
                       &(struct fan_work){.run = draws ? run_or_fail : run,
                                          .argument = &fails_below,
                                          .task_size = sizeof(struct task),
                                          .result_size = sizeof(struct result)},
                       &(struct fan_sink){.put = asks ? take_and_ask : take, .state = &sink},
                       &(struct fan_stream_options){.limit = (int)args.workers,
                                                    .policy = policy_of(&args),
                                                    .ordered = has(&args, "ordered")},
                       &report);
    if (error && !report.failed) {
        fprintf(stderr, "fan_out_stream: %s\n", strerror(error));
        return 1;
    }
    int status = print(&args, began, &sink, &report);
    fan_report_free(&report);
    return status;
}
