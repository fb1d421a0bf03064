/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc */
/* LDFLAGS: -Wl,--wrap=free,--wrap=pthread_create */
/* Around every kind of stage, each allocation and each start of a thread fails in turn. Then either
 * that is the error, or it was done without (the executor goes on with fewer threads); all threads
 * end, nothing comes too often, and nothing is left allocated. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "run/thread.h"
#include "tests/support/pipelines.h"
#include "tests/support/suite.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

/* Counts down to the call that fails; 0 = none does. */
static int calls_left; /* atomic */
static int failed;     /* atomic: how often a call was made to fail */
static int blocks;     /* atomic: how many are allocated */

static bool fails_now(void)
{
    if (__atomic_load_n(&calls_left, __ATOMIC_RELAXED) <= 0 ||
        __atomic_sub_fetch(&calls_left, 1, __ATOMIC_RELAXED) != 0)
        return false;
    __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    return true;
}

static void *count_block(void *block)
{
    __atomic_fetch_add(&blocks, block != NULL, __ATOMIC_RELAXED);
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : count_block(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : count_block(__real_calloc(count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : count_block(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block)
{
    __atomic_fetch_sub(&blocks, block != NULL, __ATOMIC_RELAXED);
    __real_free(block);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    return fails_now() ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

static struct pipeline pipeline;

/* Without Check, which would allocate too. Returns whether a call was made to fail. */
static bool run_with_failure(const struct pipeline_kind *kind, int n)
{
    memset(&pipeline, 0, sizeof pipeline);
    pipeline.elements = 8;
    failed = 0;
    int blocks_before = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    __atomic_store_n(&calls_left, n, __ATOMIC_RELAXED);
    int error = pipeline_run(&pipeline, kind);
    __atomic_store_n(&calls_left, 0, __ATOMIC_RELAXED);
    const char *complaint = pipeline_complaint(&pipeline, kind, error == 0);
    bool closed = !pipeline.started || pipeline_is_closed(&pipeline);
    pipeline_clear(&pipeline);
    fan_thread_wait_all();
    int blocks_after = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    ck_assert_msg(error == 0 || (failed && (error == ENOMEM || error == EAGAIN)),
                  "%s, failure %d: error %d", kind->name, n, error);
    ck_assert_msg(error != 0 || !failed || kind->executor, "%s, failure %d: no error", kind->name,
                  n);
    ck_assert_msg(!complaint, "%s, failure %d: %s", kind->name, n, complaint ? complaint : "");
    ck_assert_msg(closed, "%s, failure %d: a channel is open", kind->name, n);
    ck_assert_msg(blocks_after == blocks_before, "%s, failure %d: %d blocks are left", kind->name,
                  n, blocks_after - blocks_before);
    return failed;
}

START_TEST(each_failing_call_is_an_error_or_done_without)
{
    const struct pipeline_kind *kind = pipeline_kind(_i);
    int n = 1;
    while (run_with_failure(kind, n))
        n++;
    ck_assert_int_gt(n, 4);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("failures");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_failing_call_is_an_error_or_done_without, 0,
                        pipeline_all_kinds());
    return suite_run("failures", cases);
}
