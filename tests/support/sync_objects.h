#ifndef FAN_TESTS_SUPPORT_SYNC_OBJECTS_H
#define FAN_TESTS_SUPPORT_SYNC_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "fan/fan.h"
#include "tests/support/sync_programs.h"

/* What the programs of sync_programs_*.c work on, made anew for each run; and how they say what
 * they have seen. */
enum { SYNC_SOON_NS = 10, SYNC_LATER_NS = 20 };

struct sync_objects {
    struct fan_chan *unbuffered, *other, *buffered;
    struct fan_ctx ctx, child, deadline;
    struct fan_semaphore one, two;
    struct fan_rwlock rwlock;
    struct fan_waitgroup group; /* of two */
    struct fan_once once;
    struct fan_mutex mutex;
    struct fan_cond cond;
    struct fan_timer timer;
    bool flag;
    uint32_t number, payload;
    uint64_t seen[SYNC_THREADS];
};

extern struct sync_objects *sync_the;

/* The next observation of a thread; each function of a program knows whose it is. */
void sync_note(int thread, int value);

/* A thread's function that notes what a call returns. */
#define SYNC_NOTES(thread, name, call)                                                             \
    static void name(void)                                                                         \
    {                                                                                              \
        sync_note(thread, call);                                                                   \
    }

/* For programs of more than one kind. */
void sync_cancel(void);
void sync_put_tick_off(void);

/* The tables; each ends in a zero. */
#define SYNC_THREADS_ARE(...) .threads = {__VA_ARGS__}

extern const struct sync_program sync_chan_programs[], sync_other_programs[];

#endif
