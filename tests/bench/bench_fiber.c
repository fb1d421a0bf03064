/* Nanoseconds of processor time for one switch between fibers, beside the C library's swapcontext.
 *
 * "ring": all switch from one place, as under a scheduler. "mixed": each has callers of its own,
 * which the processor's prediction of returns pays for. Best of several rounds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

#include "sim/fiber.h"

enum { FIBERS = 4, STACK_SIZE = 64 << 10, ROUNDS = 9, SWITCHES = 2000000, SLOW_SWITCHES = 100000 };

/* The first to have switched often enough goes home; the others stay parked. */
struct member {
    struct fan_fiber fiber;
    struct member *next;
    struct fan_fiber *home;
    int number;
    int left;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

__attribute__((noinline)) static void yield(struct member *me)
{
    fan_fiber_switch(&me->fiber, me->left-- > 0 ? &me->next->fiber : me->home);
}

static void always_the_same(void *me)
{
    for (;;)
        yield(me);
}

__attribute__((noinline)) static void operate(struct member *me)
{
    yield(me);
    __asm__ volatile(""); /* keeps the call a call */
}

static void each_its_own(void *argument)
{
    struct member *me = argument;
    for (;;) {
        switch (me->number) {
        case 0:
            operate(me);
            break;
        case 1:
            operate(me);
            operate(me);
            break;
        case 2:
            operate(me);
            yield(me);
            break;
        default:
            yield(me);
        }
    }
}

static double switch_around(void (*entry)(void *), char (*stacks)[STACK_SIZE])
{
    struct fan_fiber home;
    struct member members[FIBERS];
    fan_fiber_adopt(&home);
    for (int i = 0; i < FIBERS; i++) {
        members[i] = (struct member){.next = &members[(i + 1) % FIBERS],
                                     .home = &home,
                                     .number = i,
                                     .left = SWITCHES / FIBERS};
        fan_fiber_init(&members[i].fiber, stacks[i], STACK_SIZE, entry, &members[i]);
    }
    double began = cpu_ns();
    fan_fiber_switch(&home, &members[0].fiber);
    double took = cpu_ns() - began;
    for (int i = 0; i < FIBERS; i++)
        fan_fiber_destroy(&members[i].fiber);
    return took / SWITCHES;
}

struct pair {
    ucontext_t home, other;
};

static void go_home(unsigned high, unsigned low)
{
    struct pair *pair = (struct pair *)((uintptr_t)high << 16 << 16 | low);
    for (;;)
        swapcontext(&pair->other, &pair->home);
}

static double swap_contexts(char (*stacks)[STACK_SIZE])
{
    struct pair pair;
    uintptr_t at = (uintptr_t)&pair;
    getcontext(&pair.other);
    pair.other.uc_stack.ss_sp = stacks[0];
    pair.other.uc_stack.ss_size = STACK_SIZE;
    makecontext(&pair.other, (void (*)(void))go_home, 2, (unsigned)(at >> 16 >> 16), (unsigned)at);
    double began = cpu_ns();
    for (int i = 0; i < SLOW_SWITCHES / 2; i++)
        swapcontext(&pair.home, &pair.other);
    return (cpu_ns() - began) / SLOW_SWITCHES;
}

static void keep_less(double *best, double value)
{
    if (*best == 0 || value < *best)
        *best = value;
}

static void print(const char *name, double ours, double theirs)
{
    printf("{\"bench\":\"fiber-%s\",\"value\":%.1f,\"unit\":\"ns/switch\",\"peer\":\"swapcontext\","
           "\"peer_value\":%.1f}\n",
           name, ours, theirs);
}

int main(void)
{
    char(*stacks)[STACK_SIZE] = aligned_alloc(4096, sizeof(char[FIBERS][STACK_SIZE]));
    double ring = 0, mixed = 0, theirs = 0;
    if (!stacks)
        return 1;
    for (int round = 0; round < ROUNDS; round++) {
        keep_less(&ring, switch_around(always_the_same, stacks));
        keep_less(&mixed, switch_around(each_its_own, stacks));
        keep_less(&theirs, swap_contexts(stacks));
    }
    print("ring", ring, theirs);
    print("mixed", mixed, theirs);
    free(stacks);
    return 0;
}
