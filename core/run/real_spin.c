/* The real backend's spinning. What is known of other programs' load stands in atomics that any
 * thread may write; a lost update costs a few turns. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/backend.h"

/* Some 50 us on a processor whose pause takes 13 ns: what a sleep and a wake-up may cost in a
 * virtual machine. */
enum { LONG_TURNS = 144, SHORT_PAUSES = 2, LONG_PAUSES = 32 };

unsigned fan_backend_processors(void)
{
    static unsigned known;
    unsigned count = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (count == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online < 1 ? 1 : (unsigned)online;
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
    unsigned looks; /* how many more turns given away are looked at closely */
    uint64_t crowded_until_ns;
} strangers;

enum { TIME_SLICE_NS = 1000 * 1000, FORBEAR = 32, LOOKS = 16 };

static bool is_crowded(void)
{
    uint64_t until_ns = __atomic_load_n(&strangers.crowded_until_ns, __ATOMIC_RELAXED);
    return until_ns && fan_clock_ns() < until_ns;
}

/* A whole time slice is lost. If the process did not get most of all processors meanwhile, it went
 * to a stranger: then for many times as long no thread gives its turn away, but rather sleeps. */
static bool was_a_stranger(uint64_t used_ns, uint64_t lost_ns)
{
    if (used_ns >= lost_ns * fan_backend_processors() * 3 / 4)
        return false;
    __atomic_store_n(&strangers.crowded_until_ns, fan_clock_ns() + FORBEAR * lost_ns,
                     __ATOMIC_RELAXED);
    return true;
}

static bool is_to_be_looked_at(void)
{
    unsigned looks = __atomic_load_n(&strangers.looks, __ATOMIC_RELAXED);
    if (looks > 0)
        __atomic_store_n(&strangers.looks, looks - 1, __ATOMIC_RELAXED);
    return looks > 0;
}

/* To a partner the processor goes for a moment, to a stranger for a time slice: a thousand times as
 * long as what is waited for takes. The first lost slice is only noted, since telling whose it was
 * takes a system call before, and one that goes through all threads of the process: so only for
 * some turns more. */
static bool give_turn_away(void)
{
    if (is_crowded())
        return false;
    bool suspected = is_to_be_looked_at();
    uint64_t cpu_ns = suspected ? process_cpu_ns() : 0;
    uint64_t began_ns = fan_clock_ns();
    sched_yield();
    uint64_t lost_ns = fan_clock_ns() - began_ns;
    if (lost_ns < TIME_SLICE_NS)
        return true;
    bool lost = suspected && was_a_stranger(process_cpu_ns() - cpu_ns, lost_ns);
    __atomic_store_n(&strangers.looks, !suspected || lost ? LOOKS : 0, __ATOMIC_RELAXED);
    return !lost;
}

unsigned fan_backend_spins(void)
{
    if (is_crowded())
        return FAN_SPIN_SHORT;
    return fan_backend_processors() > 1 ? FAN_SPIN_SHORT + LONG_TURNS : FAN_SPIN_SHORT + 2;
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
