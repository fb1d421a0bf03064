/* There is one writer, so its loads and stores are relaxed and no locked instruction is needed. A
 * reader goes by the buckets' own sum, and not by a total kept beside them: so that what it takes
 * for the whole is what it has seen. */
#include "base/histogram.h"

#define GET(field)        __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

static uint64_t first_of(uint32_t bucket)
{
    if (bucket < 2 * FAN_HISTOGRAM_SPLIT)
        return bucket;
    uint32_t shift = bucket / FAN_HISTOGRAM_SPLIT - 1;
    return (uint64_t)(bucket % FAN_HISTOGRAM_SPLIT + FAN_HISTOGRAM_SPLIT) << shift;
}

static uint64_t middle_of(uint32_t bucket)
{
    uint64_t first = first_of(bucket);
    uint64_t last = bucket + 1 < FAN_HISTOGRAM_BUCKETS ? first_of(bucket + 1) - 1 : UINT64_MAX;
    return first + (last - first) / 2;
}

static void take_bounds(struct fan_histogram *histogram, uint64_t least, uint64_t most)
{
    if (~least > GET(histogram->least))
        SET(histogram->least, ~least);
    if (most > GET(histogram->most))
        SET(histogram->most, most);
}

void fan_histogram_record(struct fan_histogram *histogram, uint64_t value)
{
    fan_histogram_record_many(histogram, value, 1);
}

void fan_histogram_record_many(struct fan_histogram *histogram, uint64_t value, uint64_t times)
{
    uint64_t *count = &histogram->counts[fan_histogram_bucket(value)];
    take_bounds(histogram, value, value);
    SET(*count, GET(*count) + times);
}

void fan_histogram_merge(struct fan_histogram *histogram, const struct fan_histogram *other)
{
    take_bounds(histogram, ~GET(other->least), GET(other->most));
    for (uint32_t i = 0; i < FAN_HISTOGRAM_BUCKETS; i++)
        if (GET(other->counts[i]))
            SET(histogram->counts[i], GET(histogram->counts[i]) + GET(other->counts[i]));
}

void fan_histogram_fade(struct fan_histogram *histogram)
{
    for (uint32_t i = 0; i < FAN_HISTOGRAM_BUCKETS; i++)
        SET(histogram->counts[i], GET(histogram->counts[i]) / 2);
}

uint64_t fan_histogram_count(const struct fan_histogram *histogram)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < FAN_HISTOGRAM_BUCKETS; i++)
        count += GET(histogram->counts[i]);
    return count;
}

/* Which value, counted from 1 in their order: as many as `percent` % of all, rounded up. */
static uint64_t rank_of(double percent, uint64_t count)
{
    double exact = percent * (double)count / 100;
    uint64_t rank = exact <= 0 ? 0 : exact >= (double)count ? count : (uint64_t)exact;
    rank += (double)rank < exact && rank < count;
    return rank ? rank : 1;
}

static uint64_t within_bounds(const struct fan_histogram *histogram, uint64_t value)
{
    uint64_t least = fan_histogram_min(histogram), most = fan_histogram_max(histogram);
    return value < least ? least : value > most ? most : value;
}

uint64_t fan_histogram_percentile(const struct fan_histogram *histogram, double percent)
{
    uint64_t count = fan_histogram_count(histogram);
    if (count == 0)
        return 0;
    if (percent <= 0)
        return fan_histogram_min(histogram);
    uint64_t left = rank_of(percent, count);
    uint32_t bucket = 0;
    while (bucket < FAN_HISTOGRAM_BUCKETS - 1 && GET(histogram->counts[bucket]) < left)
        left -= GET(histogram->counts[bucket++]);
    return within_bounds(histogram, middle_of(bucket));
}

uint64_t fan_histogram_max(const struct fan_histogram *histogram)
{
    return GET(histogram->most);
}

uint64_t fan_histogram_min(const struct fan_histogram *histogram)
{
    uint64_t least = GET(histogram->least);
    return least || GET(histogram->most) ? ~least : 0;
}

uint64_t fan_histogram_mean(const struct fan_histogram *histogram)
{
    unsigned __int128 sum = 0;
    uint64_t count = 0;
    for (uint32_t i = 0; i < FAN_HISTOGRAM_BUCKETS; i++) {
        uint64_t here = GET(histogram->counts[i]);
        sum += (unsigned __int128)here * middle_of(i);
        count += here;
    }
    return count ? (uint64_t)(sum / count) : 0;
}
