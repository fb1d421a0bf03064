#ifndef FAN_TESTS_SUPPORT_SMALL_H
#define FAN_TESTS_SUPPORT_SMALL_H

#include <stdint.h>

/* Small random programs over everything that the library blocks with, for holding one way of
 * exploring against another. Thread 0 makes the objects, spawns the others and then runs its own
 * calls. What each call returned is logged by thread, and that is what the program observed. */
enum {
    SMALL_THREADS = 3,
    SMALL_CALLS = 4,
    SMALL_LOG = 32,
    SMALL_CHANNELS = 2,
    SMALL_CONTEXTS = 3,
};

struct small_call {
    uint8_t kind; /* in small.c */
    uint8_t object, other;
    uint8_t context; /* 0 = none, else number + 1 */
    uint8_t amount;
    uint8_t cases[2]; /* of a select */
};

struct small {
    uint32_t threads;
    uint32_t counts[SMALL_THREADS];
    struct small_call calls[SMALL_THREADS][SMALL_CALLS];
    uint8_t capacities[SMALL_CHANNELS];
    uint8_t group, permits;
};

/* What a run of a program has seen so far. */
struct small_log {
    uint32_t counts[SMALL_THREADS];
    uint32_t values[SMALL_THREADS][SMALL_LOG];
};

void small_generate(struct small *program, uint64_t seed);

/* Runs it, as thread 0. Everything it allocates is left to the caller's allocator. */
void small_run(const struct small *program, struct small_log *log);

/* Prints it, for who wants to know what failed. */
void small_print(const struct small *program);

#endif
