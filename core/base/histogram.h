#ifndef FAN_BASE_HISTOGRAM_H
#define FAN_BASE_HISTOGRAM_H

#include <stdint.h>

/* A histogram of latencies, or of any numbers whose size matters more than their last digits: it
 * counts how often a value of about that size was seen, and so answers what value 99 % stay below.
 *
 * Memory is fixed (15 KiB), recording takes a handful of instructions, and what is read back is off
 * by at most 1/64 of the value, from 0 to UINT64_MAX: up to 32 each number has a bucket of its own,
 * and beyond that each power of two is parted into 32. (Log-linear, as Gil Tene's HdrHistogram.)
 *
 *     struct fan_histogram latency = {0};
 *     fan_histogram_record(&latency, fan_now_ns() - began_ns);
 *     uint64_t p99_ns = fan_histogram_percentile(&latency, 99);
 *
 * Zero is a valid, empty one. One thread at a time records or merges into it; several threads have
 * one each, or a lock. Any thread may read at any time: it sees what was recorded before it came,
 * and maybe part of what comes while it looks. Nothing here blocks or fails. */
enum {
    FAN_HISTOGRAM_SPLIT_BITS = 5,
    FAN_HISTOGRAM_SPLIT = 1 << FAN_HISTOGRAM_SPLIT_BITS, /* buckets for each power of two */
    FAN_HISTOGRAM_BUCKETS = (64 - FAN_HISTOGRAM_SPLIT_BITS + 1) * FAN_HISTOGRAM_SPLIT,
};

struct fan_histogram {
    uint64_t least, most; /* atomic: of the values; the former's complement, so that 0 is a start */
    uint64_t counts[FAN_HISTOGRAM_BUCKETS]; /* atomic: one writer at a time */
};

/* Which bucket counts `value`. */
static inline uint32_t fan_histogram_bucket(uint64_t value)
{
    if (value < FAN_HISTOGRAM_SPLIT)
        return (uint32_t)value;
    uint32_t shift = 63 - FAN_HISTOGRAM_SPLIT_BITS - (uint32_t)__builtin_clzll(value);
    return shift * FAN_HISTOGRAM_SPLIT + (uint32_t)(value >> shift);
}

/* Counts `value` once; or `times` times, where one that was measured stands for others. By one
 * thread at a time. */
void fan_histogram_record(struct fan_histogram *histogram, uint64_t value);
void fan_histogram_record_many(struct fan_histogram *histogram, uint64_t value, uint64_t times);

/* Adds what another one has counted, which may be recorded into meanwhile. */
void fan_histogram_merge(struct fan_histogram *histogram, const struct fan_histogram *other);

/* Halves every count, so that what comes weighs more than what was long ago. Least and most stay.
 * By the thread that records. */
void fan_histogram_fade(struct fan_histogram *histogram);

/* How many values were counted. Goes through the buckets. */
uint64_t fan_histogram_count(const struct fan_histogram *histogram);

/* The value that `percent` % of all are not above, from 0 (the least) to 100 (the most): within
 * 1/64 of the one that stands there in their order. 0 if there are none. */
uint64_t fan_histogram_percentile(const struct fan_histogram *histogram, double percent);

/* The greatest and the least value, exactly, and the mean, within 1/64; 0 if there are none. */
uint64_t fan_histogram_max(const struct fan_histogram *histogram);
uint64_t fan_histogram_min(const struct fan_histogram *histogram);
uint64_t fan_histogram_mean(const struct fan_histogram *histogram);

#endif
