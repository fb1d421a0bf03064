#ifndef FAN_SIM_CLOCK_H
#define FAN_SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Vector clocks, by which the controlled scheduler knows what must have happened before what.
 *
 * Each thread counts its own time, and knows of every other thread how far that one was when it was
 * last heard of: that is the thread's clock (Mattern, "Virtual time and global states", 1989). A
 * moment of one thread is an epoch, its time and its index in one word (FastTrack: Flanagan and
 * Freund, PLDI 2009). The moment happened before everything whose clock covers it:
 *
 *     uint32_t moment = fan_clock_epoch(&writer, 0);  // thread 0 writes
 *     fan_clock_join(&reader, &writer, 2);            // thread 1 learns of it
 *     fan_clock_covers(&reader, moment);              // so it reads after the write
 *
 * A clock of zeros knows nothing and is a valid start. A thread begins at time 1 of its own, so no
 * epoch is ever FAN_EPOCH_NONE. The operations that take `threads` look at that many first entries
 * only, four at a time; all entries behind must be zero. Nothing here blocks or allocates. */
enum {
    FAN_CLOCK_THREADS = 64,
    FAN_CLOCK_END = (1 << 26) - 1, /* a thread's last time */
    FAN_EPOCH_NONE = 0,
};

typedef int32_t fan_clock_four __attribute__((vector_size(16)));

struct fan_clock {
    union {
        uint32_t times[FAN_CLOCK_THREADS];
        fan_clock_four fours[FAN_CLOCK_THREADS / 4];
    };
};

enum fan_clock_order {
    FAN_CLOCK_EQUAL,
    FAN_CLOCK_BEFORE,
    FAN_CLOCK_AFTER,
    FAN_CLOCK_CONCURRENT,
};

/* The moment at which `thread` is by this clock. */
static inline uint32_t fan_clock_epoch(const struct fan_clock *clock, uint32_t thread)
{
    return clock->times[thread] << 6 | thread;
}

static inline uint32_t fan_epoch_thread(uint32_t epoch)
{
    return epoch & (FAN_CLOCK_THREADS - 1);
}

/* Whether the owner of the clock knows of that moment: whether it happened before. */
static inline bool fan_clock_covers(const struct fan_clock *clock, uint32_t epoch)
{
    return epoch >> 6 <= clock->times[fan_epoch_thread(epoch)];
}

/* Moves the thread's own time on by one. False, and nothing is changed, at FAN_CLOCK_END. */
static inline bool fan_clock_tick(struct fan_clock *clock, uint32_t thread)
{
    if (clock->times[thread] == FAN_CLOCK_END)
        return false;
    clock->times[thread]++;
    return true;
}

/* Four entries at once: there are always whole fours, and what is behind the last one is zero. */
#define FAN_CLOCK_FOURS(threads) (((threads) + 3) / 4)

/* They are compared as signed numbers, which they are as well, for every processor does that. */
static inline fan_clock_four fan_clock_later(fan_clock_four a, fan_clock_four b)
{
    fan_clock_four earlier = a < b;
    return (b & earlier) | (a & ~earlier);
}

/* Adds to `into` all that `from` knows. */
static inline void fan_clock_join(struct fan_clock *into, const struct fan_clock *from,
                                  uint32_t threads)
{
    for (uint32_t i = 0; i < FAN_CLOCK_FOURS(threads); i++)
        into->fours[i] = fan_clock_later(into->fours[i], from->fours[i]);
}

/* Adds to each what the other knew, if it learns. */
static inline void fan_clock_exchange(struct fan_clock *a, bool a_learns, struct fan_clock *b,
                                      bool b_learns, uint32_t threads)
{
    const fan_clock_four to_a = (fan_clock_four){0} - (int32_t)a_learns;
    const fan_clock_four to_b = (fan_clock_four){0} - (int32_t)b_learns;
    for (uint32_t i = 0; i < FAN_CLOCK_FOURS(threads); i++) {
        fan_clock_four in_a = a->fours[i], in_b = b->fours[i];
        fan_clock_four both = fan_clock_later(in_a, in_b);
        a->fours[i] = (both & to_a) | (in_a & ~to_a);
        b->fours[i] = (both & to_b) | (in_b & ~to_b);
    }
}

static inline void fan_clock_copy(struct fan_clock *into, const struct fan_clock *from,
                                  uint32_t threads)
{
    for (uint32_t i = 0; i < FAN_CLOCK_FOURS(threads); i++)
        into->fours[i] = from->fours[i];
}

static inline void fan_clock_clear(struct fan_clock *clock, uint32_t threads)
{
    for (uint32_t i = 0; i < FAN_CLOCK_FOURS(threads); i++)
        clock->fours[i] = (fan_clock_four){0};
}

/* How what `a` knows lies to what `b` knows: before it if all of it is in `b`, and `b` has more. */
enum fan_clock_order fan_clock_compare(const struct fan_clock *a, const struct fan_clock *b,
                                       uint32_t threads);

#endif
