/* The real backend: pthreads and futexes. No locks of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
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

/* Some 50 us on a processor whose pause takes 13 ns: what a sleep and a wake-up may cost in a
 * virtual machine. */
enum { SHORT_TURNS = 32, LONG_TURNS = 144, SHORT_PAUSES = 2, LONG_PAUSES = 32 };

static uint64_t processors(void)
{
    static uint64_t known;
    uint64_t count = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (count == 0) {
        count = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
        __atomic_store_n(&known, count, __ATOMIC_RELAXED);
    }
    return count;
}

static uint64_t process_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* What is known of strangers who want the processors too. Atomic; written seldom. */
static struct {
    bool suspected;
    uint64_t crowded_until_ns;
} strangers;

enum { TIME_SLICE_NS = 1000 * 1000, FORBEAR = 32 };

static bool is_crowded(void)
{
    uint64_t until_ns = __atomic_load_n(&strangers.crowded_until_ns, __ATOMIC_RELAXED);
    return until_ns && fan_clock_ns() < until_ns;
}

/* A whole time slice is lost. If the process did not get most of all processors meanwhile, it went
 * to a stranger: then for many times as long no thread gives its turn away, but rather sleeps. */
static bool was_a_stranger(uint64_t used_ns, uint64_t lost_ns)
{
    if (used_ns >= lost_ns * processors() * 3 / 4)
        return false;
    __atomic_store_n(&strangers.crowded_until_ns, fan_clock_ns() + FORBEAR * lost_ns,
                     __ATOMIC_RELAXED);
    return true;
}

/* To a partner the processor goes for a moment, to a stranger for a time slice: a thousand times as
 * long as what is waited for takes. The first lost slice is only noted, since telling whose it was
 * takes a system call before. */
static bool give_turn_away(void)
{
    if (is_crowded())
        return false;
    bool suspected = __atomic_load_n(&strangers.suspected, __ATOMIC_RELAXED);
    uint64_t cpu_ns = suspected ? process_cpu_ns() : 0;
    uint64_t began_ns = fan_clock_ns();
    sched_yield();
    uint64_t lost_ns = fan_clock_ns() - began_ns;
    if (lost_ns < TIME_SLICE_NS)
        return true;
    bool lost = suspected && was_a_stranger(process_cpu_ns() - cpu_ns, lost_ns);
    __atomic_store_n(&strangers.suspected, !suspected || lost, __ATOMIC_RELAXED);
    return !lost;
}

unsigned fan_backend_spins(void)
{
    if (is_crowded())
        return FAN_SPIN_SHORT;
    return processors() > 1 ? FAN_SPIN_SHORT + LONG_TURNS : FAN_SPIN_SHORT + 2;
}

static void pause_times(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ __volatile__("yield");
#endif
    }
}

bool fan_backend_spin_slowly(void)
{
    pause_times(LONG_PAUSES);
    return give_turn_away();
}

bool fan_backend_spin(unsigned turn)
{
    if (turn >= FAN_SPIN_SHORT && (turn - FAN_SPIN_SHORT) % 2 == 0)
        return give_turn_away();
    pause_times(turn < FAN_SPIN_SHORT ? SHORT_PAUSES : LONG_PAUSES);
    return true;
}

uint64_t fan_backend_now_ns(void)
{
    return fan_clock_ns();
}

uint64_t fan_backend_choose(struct fan_random *random, uint64_t count)
{
    return fan_random_below(random, count);
}
