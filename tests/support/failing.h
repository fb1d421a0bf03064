#ifndef FAN_TESTS_SUPPORT_FAILING_H
#define FAN_TESTS_SUPPORT_FAILING_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes one call fail among those that want memory or a thread: the n-th. (The idea is neco's.) It
 * takes the place of these calls in the one test program that includes it, which asks for
 *
 * LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc
 * LDFLAGS: -Wl,--wrap=free,--wrap=pthread_create
 */
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
static int failures;   /* atomic: how often a call was made to fail */
static int blocks;     /* atomic: how many are allocated */

static bool fails_now(void)
{
    if (__atomic_load_n(&calls_left, __ATOMIC_RELAXED) <= 0 ||
        __atomic_sub_fetch(&calls_left, 1, __ATOMIC_RELAXED) != 0)
        return false;
    __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
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

/* From now on the n-th call fails, by whichever thread; 0 = none does. */
static void failing_begin(int n)
{
    __atomic_store_n(&failures, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&calls_left, n, __ATOMIC_RELAXED);
}

/* No call fails any more. Returns how many have failed. */
static int failing_end(void)
{
    __atomic_store_n(&calls_left, 0, __ATOMIC_RELAXED);
    return __atomic_load_n(&failures, __ATOMIC_RELAXED);
}

/* How many blocks of memory are allocated. */
static int failing_blocks(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_RELAXED);
}

#endif
