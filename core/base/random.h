#ifndef FAN_BASE_RANDOM_H
#define FAN_BASE_RANDOM_H

#include <stdint.h>

/* A seeded stream of random numbers: splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", OOPSLA 2014). Equal seeds give equal streams on every machine. Eight bytes,
 * every value a valid seed, about 1 ns a number; not for secrets. One stream belongs to one thread.
 *
 *     struct fan_random random = {.state = 7};
 *     uint64_t dice = 1 + fan_random_below(&random, 6);
 */
struct fan_random {
    uint64_t state;
};

/* The next number of the stream, each of the 2^64 equally likely. */
static inline uint64_t fan_random_next(struct fan_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number from 0 to `bound` - 1, `bound` at least 1. The multiplication maps the stream onto the
 * range without a division (Lemire, "Fast random integer generation in an interval", 2019); the
 * bias it leaves is below bound / 2^64. */
static inline uint64_t fan_random_below(struct fan_random *random, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)fan_random_next(random) * bound) >> 64);
}

#endif
