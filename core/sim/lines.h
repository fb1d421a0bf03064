#ifndef FAN_SIM_LINES_H
#define FAN_SIM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A model of cache lines, which counts what processors would do if each thread ran on one of its
 * own with a cache that is never full. A line is in a cache modified, exclusive, shared or not at
 * all (MESI: Papamarcos and Patel, ISCA 1984); a write takes it away from all other caches, which
 * is an invalidation of each.
 *
 * An invalidation is false sharing if the write touches no byte that the thread which loses the
 * line has accessed since it last fetched it: then only the layout of the data made the two meet.
 *
 *     struct fan_lines *lines = fan_lines_new();
 *     fan_lines_access(lines, 0, counters + 0, 8, true);
 *     fan_lines_access(lines, 1, counters + 8, 8, true);   // takes the line away from thread 0
 *     fan_lines_get(lines, 0)->falsely_invalidated         // 1
 *
 * What it counts depends on the schedule, and on nothing else: real caches also lose lines for want
 * of room, and real processors may combine writes. Threads are numbers below 64. */
struct fan_lines;

enum {
    FAN_LINES_BYTES = 64,
    FAN_LINES_MAX = 8192, /* lines in a run; accesses to more are counted, not followed */
    FAN_LINES_THREADS = 64,
};

enum fan_lines_state {
    FAN_LINE_INVALID,
    FAN_LINE_SHARED,
    FAN_LINE_EXCLUSIVE,
    FAN_LINE_MODIFIED,
};

/* One thread's part in a line. In masks, bit n is for the line's byte n. */
struct fan_lines_share {
    uint64_t since_fetch; /* bytes accessed since it last fetched the line */
    uint64_t read;        /* bytes it ever read in this run, and wrote */
    uint64_t written;
    uint32_t invalidated; /* how often others took the line away from it */
    uint32_t falsely_invalidated;
};

struct fan_lines_line {
    uintptr_t address; /* of its first byte */
    uint64_t users;    /* bit n for thread n: it accessed the line in this run */
    uint64_t holders;  /* bit n for thread n: it has the line in its cache now */
    bool dirty;        /* the only holder has written to it since it fetched it */
    uint32_t fetches;  /* how often a thread had to get it from elsewhere */
    uint32_t invalidated;
    uint32_t falsely_invalidated;
    struct fan_lines_share shares[FAN_LINES_THREADS]; /* meaningful for users only */
};

/* A model with all caches empty; NULL if there is no memory. It maps some 20 MiB, touches what it
 * uses, and allocates nothing later. fan_lines_free accepts NULL. */
struct fan_lines *fan_lines_new(void);
void fan_lines_free(struct fan_lines *lines);

/* Empties all caches and sets all counts to zero. Takes time by what was used. */
void fan_lines_reset(struct fan_lines *lines);

/* Thread `thread` reads, or writes, `size` bytes from `address`, which may span lines. Returns how
 * many caches lost a line to it by false sharing. */
uint32_t fan_lines_access(struct fan_lines *lines, uint32_t thread, uintptr_t address, size_t size,
                          bool writes);

/* How many lines were accessed in this run; and the one with an index below that, in the order of
 * their first access. Valid until the next reset. */
size_t fan_lines_count(const struct fan_lines *lines);
const struct fan_lines_line *fan_lines_get(const struct fan_lines *lines, size_t index);

/* All lines of the run together; and the one that was falsely invalidated most, NULL if none
 * was. */
struct fan_lines_total {
    uint64_t fetches, invalidated, falsely_invalidated;
    const struct fan_lines_line *worst;
};

struct fan_lines_total fan_lines_total(const struct fan_lines *lines);

/* How a thread's cache has a line now. */
enum fan_lines_state fan_lines_state(const struct fan_lines_line *line, uint32_t thread);

/* How many accesses to lines were not followed, as there was no room for the line. */
uint64_t fan_lines_lost(const struct fan_lines *lines);

#endif
