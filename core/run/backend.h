#ifndef FAN_RUN_BACKEND_H
#define FAN_RUN_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The seam between the library and what runs its threads. Everything above it (locks, waits,
 * channels) is written once against these few calls; real.c implements them with pthreads and
 * futexes, and the controlled scheduler with fibers and virtual time. */
struct fan_random;
struct fan_thread;

/* Lets `thread` begin: some thread of execution will call fan_thread_main(thread). Returns 0,
 * EAGAIN or ENOMEM. `stack_size` is in bytes. */
int fan_backend_start(struct fan_thread *thread, size_t stack_size);

/* Called once in a thread that the library did not start, when it first uses the library. */
void fan_backend_adopt(struct fan_thread *stranger);

/* The kernel's id of the calling thread of execution. */
uint32_t fan_backend_os_thread(void);

/* Blocks while *word is `value`, until a wake or the deadline (monotonic ns; 0 = none), or for no
 * reason at all: the caller looks at the word again. The model is Linux's futex(2). */
void fan_backend_wait(uint32_t *word, uint32_t value, uint64_t deadline_ns);

/* Wakes up to `count` threads that wait on `word`. The word's memory may be gone already. */
void fan_backend_wake(uint32_t *word, int count);

/* How many threads can run at the same moment; at least 1. Under the controlled scheduler a fixed
 * number, so that a run does not depend on the machine. */
unsigned fan_backend_processors(void);

/* How many turns of fan_backend_spin it may pay to look at a word again before blocking on it: 1 on
 * one processor. All together take as long as a sleep and a wake-up. */
unsigned fan_backend_spins(void);

/* Lets a moment pass in a loop that spins: short ones in the first FAN_SPIN_SHORT turns, then in
 * turn this thread's place on the processor is given away and a longer moment passes. The second
 * form does both of the latter. False if somebody else kept the processor for so long that a sleep
 * would have been shorter: then the loop is to end. */
enum { FAN_SPIN_SHORT = 32 };

bool fan_backend_spin(unsigned turn);
bool fan_backend_spin_slowly(void);

/* One of `count` possibilities, from 0: which of them is left open by the program. By the thread's
 * own random numbers, or by the scheduler. */
uint64_t fan_backend_choose(struct fan_random *random, uint64_t count);

/* Monotonic nanoseconds: the wall's, or virtual. */
uint64_t fan_backend_now_ns(void);

#endif
