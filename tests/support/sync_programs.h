#ifndef FAN_TESTS_SUPPORT_SYNC_PROGRAMS_H
#define FAN_TESTS_SUPPORT_SYNC_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small programs that put every object of the library into the few situations in which its threads
 * meet: two to four threads, each a call or two. What a run comes to is one number, made of what
 * every call returned, of who has ended, and of the panic if there was one. Two grains of the
 * scheduler must see the same numbers, and a planted error must show in them. */
enum { SYNC_THREADS = 4 };

struct sync_program {
    const char *object, *name;
    void (*threads[SYNC_THREADS])(void); /* the first is the main one; NULL after the last */
    uint32_t outcomes;                   /* how many different ones there are */
    bool sampled; /* at the fine grain it has more classes than a test has time for */
};

/* The one with this number, from 0; `object` is NULL after the last. Those of one object are next
 * to each other. */
const struct sync_program *sync_program(size_t which);

/* Runs it, as thread 0, on objects made anew. */
void sync_program_run(const struct sync_program *program);

/* What the calls of the latest run returned, as a number. */
uint64_t sync_program_seen(void);

#endif
