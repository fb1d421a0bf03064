#ifndef FAN_TESTS_SUPPORT_BATCH_PROGRAMS_H
#define FAN_TESTS_SUPPORT_BATCH_PROGRAMS_H

/*
 * Programs with the executor under the contract of bug 05, whatever waits may be done by any
 * worker: tasks in chunks, of which some take 20 ms and the others hardly any time. And what it
 * would be without taking over: chunks that belong to who took them.
 */
#include <fan/fan.h>

#include <errno.h>
#include <string.h>

struct batches {
    struct fan_lab *lab;
    uint64_t next;
    struct fan_mutex at_next;
    struct fan_waitgroup working;
};

static inline bool batches_is_slow(uint64_t item)
{
    return item % 23 == 11;
}

static inline void batches_work(struct fan_lab *lab, uint64_t item)
{
    if (batches_is_slow(item))
        fan_lab_work_slowly(lab, item);
    else
        fan_lab_work(lab, item);
}

static inline int batches_next(void *state, struct fan_ctx *ctx, void *task)
{
    struct batches *batches = state;
    (void)ctx;
    if (batches->next == fan_lab_items(batches->lab))
        return ENODATA;
    memcpy(task, &batches->next, sizeof batches->next);
    batches->next++;
    return 0;
}

static inline int batches_run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct batches *batches = state;
    uint64_t item;
    (void)ctx, (void)result;
    memcpy(&item, task, sizeof item);
    batches_work(batches->lab, item);
    return 0;
}

static inline int batches_put(void *state, struct fan_ctx *ctx,
                              const struct fan_task_result *result)
{
    struct batches *batches = state;
    (void)ctx, (void)result;
    fan_lab_result(batches->lab);
    return 0;
}

static inline void batches_stream(struct fan_lab *lab, struct fan_stream_options options)
{
    struct batches *batches = fan_lab_alloc(lab, sizeof *batches);
    batches->lab = lab;
    options.limit = (int)fan_lab_workers(lab);
    fan_out_stream(
        NULL, &(struct fan_source){.next = batches_next, .state = batches},
        &(struct fan_work){.run = batches_run, .argument = batches, .task_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = batches_put, .state = batches}, &options, NULL);
}

static inline void batches_unordered(struct fan_lab *lab)
{
    batches_stream(lab, (struct fan_stream_options){0});
}

/* The window is used up behind a slow one. */
static inline void batches_ordered(struct fan_lab *lab)
{
    batches_stream(lab, (struct fan_stream_options){.ordered = true,
                                                    .queue = 16 * (int64_t)fan_lab_workers(lab),
                                                    .window = 1});
}

/* With something around each task. */
static inline void batches_timed(struct fan_lab *lab)
{
    batches_stream(lab, (struct fan_stream_options){.task_timeout_ns = FAN_SECOND});
}

enum { BATCH = 8 };

static inline uint64_t batches_take(struct batches *batches, uint64_t *first)
{
    uint64_t items = fan_lab_items(batches->lab);
    fan_mutex_lock(&batches->at_next);
    *first = batches->next;
    uint64_t count = items - *first < BATCH ? items - *first : BATCH;
    batches->next += count;
    fan_mutex_unlock(&batches->at_next);
    return count;
}

/* What one has taken waits in a queue that nobody else reads. */
static inline void batches_keep(void *argument)
{
    struct batches *batches = argument;
    struct fan_chan *own = fan_lab_chan(batches->lab, "own", sizeof(uint64_t), BATCH);
    uint64_t item, count;
    while ((count = batches_take(batches, &item)) > 0) {
        for (uint64_t end = item + count; item < end; item++)
            fan_chan_send(own, &item, NULL);
        for (; count > 0 && fan_chan_recv(own, &item, NULL) == 0; count--)
            batches_work(batches->lab, item);
    }
    fan_chan_try_recv(own, &item); /* who comes too late has come all the same */
    fan_waitgroup_done(&batches->working);
}

static inline void batches_kept(struct fan_lab *lab)
{
    struct batches *batches = fan_lab_alloc(lab, sizeof *batches);
    uint64_t workers = fan_lab_workers(lab);
    batches->lab = lab;
    fan_waitgroup_add(&batches->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", batches_keep, batches);
    fan_waitgroup_wait(&batches->working, NULL);
}

#endif
