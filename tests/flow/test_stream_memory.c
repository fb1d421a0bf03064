/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
/* Chunks, with the buffers of tasks and results in them, are used again and again: what a call
 * allocates does not depend on how many tasks it has. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "flow/stream.h"
#include "run/atomic.h"
#include "run/time.h"
#include "tests/support/suite.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static uint64_t allocations, largest; /* atomic */

static void note(size_t size)
{
    uint64_t before = fan_atomic_load(&largest, FAN_RELAXED);
    fan_atomic_fetch_add(&allocations, 1, FAN_RELAXED);
    while (size > before &&
           !fan_atomic_compare_exchange(&largest, &before, size, FAN_RELAXED, FAN_RELAXED))
        continue;
}

void *__wrap_malloc(size_t size)
{
    note(size);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    note(count * size);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    note(size);
    return __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    note(size);
    return __real_aligned_alloc(alignment, size);
}

enum { FEW = 20000, MANY = 400000, LIMIT = 2, RESULT_BYTES = 100 };

struct job {
    uint64_t tasks, given, put;
    bool wastes; /* the control: a task that allocates */
    struct fan_stream_options options;
};

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct job *job = state;
    (void)ctx;
    if (job->given == job->tasks)
        return ENODATA;
    memcpy(task, &job->given, sizeof job->given);
    job->given++;
    return 0;
}

static int run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct job *job = state;
    (void)ctx;
    memcpy(result, task, sizeof(uint64_t));
    if (job->wastes) {
        char *volatile scratch = malloc(RESULT_BYTES);
        free(scratch);
    }
    return 0;
}

/* Without Check, which allocates when it is asked. */
static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    (void)ctx;
    job->put += memcmp(result->value, &result->index, sizeof result->index) == 0;
    return 0;
}

static uint64_t allocations_of(struct job job)
{
    uint64_t before = fan_atomic_load(&allocations, FAN_RELAXED);
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = next, .state = &job},
                                    &(struct fan_work){.run = run,
                                                       .argument = &job,
                                                       .task_size = sizeof(uint64_t),
                                                       .result_size = RESULT_BYTES},
                                    &(struct fan_sink){.put = put, .state = &job}, &job.options,
                                    NULL),
                     0);
    ck_assert_uint_eq(job.put, job.tasks);
    return fan_atomic_load(&allocations, FAN_RELAXED) - before;
}

/* Those of the threads are what differs from run to run, and of the few chunks each has. */
static void needs_no_more_for_many(struct fan_stream_options options)
{
    static const uint64_t for_threads_and_chunks = 8 * LIMIT;
    options.limit = LIMIT;
    uint64_t few = allocations_of((struct job){.tasks = FEW, .options = options});
    uint64_t many = allocations_of((struct job){.tasks = MANY, .options = options});
    ck_assert_uint_gt(few, 0);
    ck_assert_uint_le(many, few + for_threads_and_chunks);
}

START_TEST(no_task_and_no_chunk_is_worth_an_allocation)
{
    needs_no_more_for_many((struct fan_stream_options){.policy = (enum fan_policy)_i});
}
END_TEST

/* In order, as many chunks more exist as the window allows, and no more. */
START_TEST(nor_in_order)
{
    needs_no_more_for_many((struct fan_stream_options){.ordered = true, .window = 1024});
}
END_TEST

START_TEST(nor_with_what_options_put_around_each)
{
    struct fan_semaphore permits;
    struct fan_limiter limiter;
    struct fan_hedger hedger;
    fan_semaphore_init(&permits, "permits", LIMIT);
    fan_limiter_init(&limiter, NULL);
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.delay_ns = 100 * FAN_MILLISECOND});
    needs_no_more_for_many((struct fan_stream_options){.permits = &permits,
                                                       .limiter = &limiter,
                                                       .hedger = &hedger,
                                                       .task_timeout_ns = FAN_SECOND});
    fan_hedger_destroy(&hedger);
    fan_limiter_destroy(&limiter);
    fan_semaphore_destroy(&permits);
}
END_TEST

static int touch_nothing(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)unused, (void)ctx, (void)task, (void)result;
    return 0;
}

static int count_put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    (void)ctx, (void)result;
    job->put++;
    return 0;
}

static uint64_t largest_with(struct fan_work work, int limit)
{
    struct job job = {.tasks = 20};
    work.run = touch_nothing;
    fan_atomic_store(&largest, 0, FAN_RELAXED);
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = next, .state = &job}, &work,
                                    &(struct fan_sink){.put = count_put, .state = &job},
                                    &(struct fan_stream_options){.limit = limit}, NULL),
                     0);
    ck_assert_uint_eq(job.put, job.tasks);
    return fan_atomic_load(&largest, FAN_RELAXED);
}

/* What nobody writes to is no memory yet, but there is an end to what the system promises. */
START_TEST(a_chunk_of_large_tasks_or_results_is_no_larger_than_one_of_them)
{
    const size_t large = 64 << 20, little_more = 1 << 20;
    ck_assert_uint_le(largest_with((struct fan_work){.task_size = 8, .result_size = large}, 1),
                      large + little_more);
    ck_assert_uint_le(largest_with((struct fan_work){.task_size = large}, 1), large + little_more);
    ck_assert_uint_le(largest_with((struct fan_work){.task_size = 8, .result_size = 8000}, 1),
                      2 * little_more);
}
END_TEST

/* Which is no more than that no number is asked for. */
START_TEST(a_limit_may_be_as_large_as_an_int)
{
    largest_with((struct fan_work){.task_size = 8}, INT_MAX);
}
END_TEST

START_TEST(the_control_a_task_that_allocates_is_counted)
{
    ck_assert_uint_gt(
        allocations_of((struct job){.tasks = FEW, .wastes = true, .options = {.limit = LIMIT}}),
        FEW);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("memory");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, no_task_and_no_chunk_is_worth_an_allocation, 0, 3);
    tcase_add_test(cases, nor_in_order);
    tcase_add_test(cases, nor_with_what_options_put_around_each);
    tcase_add_test(cases, a_chunk_of_large_tasks_or_results_is_no_larger_than_one_of_them);
    tcase_add_test(cases, a_limit_may_be_as_large_as_an_int);
    tcase_add_test(cases, the_control_a_task_that_allocates_is_counted);
    return suite_run("stream_memory", cases);
}
