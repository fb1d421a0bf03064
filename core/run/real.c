/* The real backend: pthreads and futexes. No locks of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stack.h"
#include "run/backend.h"
#include "run/thread_state.h"

static void set_stack_bounds(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0)
        fan_stack_set_bounds((struct fan_stack_bounds){(uintptr_t)low, (uintptr_t)low + size});
    pthread_attr_destroy(&attributes);
}

static void *begin(void *thread)
{
    set_stack_bounds();
    fan_thread_main(thread);
    return NULL;
}

/* Detached for pthreads: a join of this library waits for the thread's registered end instead,
 * where an observer sees what it waits for. */
int fan_backend_start(struct fan_thread *thread, size_t stack_size)
{
    pthread_attr_t attributes;
    pthread_t started;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    if (stack_size < (size_t)PTHREAD_STACK_MIN)
        stack_size = (size_t)PTHREAD_STACK_MIN;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_attr_setstacksize(&attributes, stack_size);
    if (!error)
        error = pthread_create(&started, &attributes, begin, thread);
    pthread_attr_destroy(&attributes);
    return error;
}

static void stranger_ends(void *stranger)
{
    fan_thread_stranger_ends(stranger);
}

static pthread_key_t stranger_key;

static void make_stranger_key(void)
{
    pthread_key_create(&stranger_key, stranger_ends);
}

void fan_backend_adopt(struct fan_thread *stranger)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    set_stack_bounds();
    pthread_once(&once, make_stranger_key);
    pthread_setspecific(stranger_key, stranger);
}

uint32_t fan_backend_os_thread(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

void fan_backend_wait(uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                .tv_nsec = (long)(deadline_ns % 1000000000u)};
    int kept = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline_ns ? &deadline : NULL, NULL,
            FUTEX_BITSET_MATCH_ANY);
    errno = kept;
}

void fan_backend_wake(uint32_t *word, int count)
{
    int kept = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
    errno = kept;
}

uint64_t fan_backend_now_ns(void)
{
    return fan_clock_ns();
}

uint64_t fan_backend_choose(struct fan_random *random, uint64_t count)
{
    return fan_random_below(random, count);
}
