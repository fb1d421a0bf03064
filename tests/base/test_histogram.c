#include "base/histogram.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/random.h"
#include "tests/support/suite.h"

enum { VALUES = 20000, READS = 2000 };

static struct fan_histogram histogram, other;
static uint64_t values[VALUES];

static const double percents[] = {0, 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100};

/* Of every size, as latencies that span a few powers of ten are, and more so. */
static uint64_t some_value(struct fan_random *random)
{
    return fan_random_next(random) >> fan_random_below(random, 64);
}

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The smallest that `percent` % of the sorted values are not above. */
static uint64_t exact_percentile(double percent, size_t count)
{
    size_t rank = 1;
    while (rank < count && (double)rank * 100 < percent * (double)count)
        rank++;
    return values[rank - 1];
}

static void assert_near(uint64_t found, uint64_t exact)
{
    uint64_t error = found > exact ? found - exact : exact - found;
    ck_assert_msg(error <= exact / 64, "%lu instead of %lu", (unsigned long)found,
                  (unsigned long)exact);
}

START_TEST(percentiles_are_those_of_the_sorted_values_within_a_64th)
{
    struct fan_random random = {.state = (uint64_t)_i};
    size_t count = 1 + fan_random_below(&random, VALUES);
    for (size_t i = 0; i < count; i++)
        fan_histogram_record(&histogram, values[i] = some_value(&random));
    qsort(values, count, sizeof *values, by_size);
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        assert_near(fan_histogram_percentile(&histogram, percents[i]),
                    exact_percentile(percents[i], count));
    ck_assert_uint_eq(fan_histogram_count(&histogram), count);
    ck_assert_uint_eq(fan_histogram_min(&histogram), values[0]);
    ck_assert_uint_eq(fan_histogram_max(&histogram), values[count - 1]);
}
END_TEST

START_TEST(the_mean_is_within_a_64th)
{
    struct fan_random random = {.state = 5};
    uint64_t sum = 0;
    for (size_t i = 0; i < VALUES; i++) {
        uint64_t value = fan_random_below(&random, 1000000);
        fan_histogram_record(&histogram, value);
        sum += value;
    }
    assert_near(fan_histogram_mean(&histogram), sum / VALUES);
}
END_TEST

START_TEST(small_values_are_counted_exactly)
{
    for (uint64_t value = 0; value < 64; value++)
        fan_histogram_record(&histogram, value);
    for (uint64_t value = 0; value < 64; value++)
        ck_assert_uint_eq(fan_histogram_percentile(&histogram, 100 * (double)(value + 1) / 64),
                          value);
}
END_TEST

START_TEST(buckets_follow_each_other_without_a_gap)
{
    ck_assert_uint_eq(fan_histogram_bucket(0), 0);
    ck_assert_uint_eq(fan_histogram_bucket(UINT64_MAX), FAN_HISTOGRAM_BUCKETS - 1);
    for (int bit = 1; bit < 64; bit++)
        for (uint64_t near = 0; near < 64; near++) {
            uint64_t value = (UINT64_C(1) << bit) + near - 32;
            uint32_t step = fan_histogram_bucket(value + 1) - fan_histogram_bucket(value);
            ASSERT_OFTEN(value + 1 == 0 || bit < 6 || step <= 1);
        }
}
END_TEST

START_TEST(an_empty_one_says_nothing)
{
    ck_assert_uint_eq(fan_histogram_count(&histogram), 0);
    ck_assert_uint_eq(fan_histogram_percentile(&histogram, 50), 0);
    ck_assert_uint_eq(fan_histogram_min(&histogram), 0);
    ck_assert_uint_eq(fan_histogram_max(&histogram), 0);
    ck_assert_uint_eq(fan_histogram_mean(&histogram), 0);
}
END_TEST

START_TEST(the_greatest_number_is_a_value_too)
{
    fan_histogram_record(&histogram, UINT64_MAX);
    ck_assert_uint_eq(fan_histogram_min(&histogram), UINT64_MAX);
    ck_assert_uint_eq(fan_histogram_percentile(&histogram, 50), UINT64_MAX);
    fan_histogram_record(&histogram, 0);
    ck_assert_uint_eq(fan_histogram_min(&histogram), 0);
    ck_assert_uint_eq(fan_histogram_percentile(&histogram, 50), 0);
}
END_TEST

START_TEST(merged_ones_are_as_one)
{
    static struct fan_histogram both;
    struct fan_random random = {.state = 3};
    for (int i = 0; i < VALUES; i++) {
        uint64_t value = some_value(&random);
        fan_histogram_record(&both, value);
        fan_histogram_record(i % 3 ? &histogram : &other, value);
    }
    fan_histogram_merge(&histogram, &(struct fan_histogram){0});
    fan_histogram_merge(&histogram, &other);
    ck_assert_mem_eq(&histogram, &both, sizeof both);
}
END_TEST

START_TEST(what_is_old_weighs_half_as_much)
{
    for (int i = 0; i < 1000; i++)
        fan_histogram_record(&histogram, 1);
    fan_histogram_fade(&histogram);
    ck_assert_uint_eq(fan_histogram_count(&histogram), 500);
    for (int i = 0; i < 501; i++)
        fan_histogram_record(&histogram, 9);
    ck_assert_uint_eq(fan_histogram_percentile(&histogram, 50), 9);
}
END_TEST

static void *record_all(void *unused)
{
    for (uint64_t i = 0; i < READS * 100; i++)
        fan_histogram_record(&histogram, 1000 + i % 1000);
    return unused;
}

/* ThreadSanitizer looks on. */
START_TEST(it_may_be_read_while_it_is_recorded_into)
{
    pthread_t writer;
    uint64_t before = 0;
    ck_assert_int_eq(pthread_create(&writer, NULL, record_all, NULL), 0);
    for (int i = 0; i < READS; i++) {
        uint64_t count = fan_histogram_count(&histogram);
        uint64_t p50 = fan_histogram_percentile(&histogram, 50);
        ASSERT_OFTEN(count >= before && (p50 == 0 || (p50 >= 1000 && p50 < 2000)));
        before = count;
    }
    pthread_join(writer, NULL);
    ck_assert_uint_eq(fan_histogram_count(&histogram), READS * 100);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("histogram");
    tcase_add_loop_test(cases, percentiles_are_those_of_the_sorted_values_within_a_64th, 0, 40);
    tcase_add_test(cases, the_mean_is_within_a_64th);
    tcase_add_test(cases, small_values_are_counted_exactly);
    tcase_add_test(cases, buckets_follow_each_other_without_a_gap);
    tcase_add_test(cases, an_empty_one_says_nothing);
    tcase_add_test(cases, the_greatest_number_is_a_value_too);
    tcase_add_test(cases, merged_ones_are_as_one);
    tcase_add_test(cases, what_is_old_weighs_half_as_much);
    tcase_add_test(cases, it_may_be_read_while_it_is_recorded_into);
    return suite_run("histogram", cases);
}
