/* Seeded runs of the executor in which everything goes wrong that can.
 *
 * FAN_RUNS=10000 makes more of them and tells how long it took from the end's cause to the return;
 * FAN_SEED=7 makes that one alone, many times. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "run/time.h"
#include "tests/support/storm.h"
#include "tests/support/suite.h"

enum { PARTS = 4, RUNS = 1000, AGAIN = 200 };

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void tell(uint64_t *delays_ns, size_t count)
{
    qsort(delays_ns, count, sizeof *delays_ns, compare);
    if (count > 0)
        printf(
            "ended early: %zu runs; to the return and the last thread's end: p50 %.2f, p99 %.2f, "
            "max %.2f ms\n",
            count, ms(delays_ns[count / 2]), ms(delays_ns[count * 99 / 100]),
            ms(delays_ns[count - 1]));
    fflush(stdout);
}

static void run_one(uint64_t seed, uint64_t *delays_ns, size_t *count)
{
    struct storm_plan plan;
    struct storm_seen seen;
    storm_plan(&plan, seed, STORM_TASKS, 20 * FAN_MILLISECOND);
    const char *complaint = storm_run(&plan, &seen);
    ck_assert_msg(!complaint, "%s (returned %d) in %s", complaint, seen.error, storm_tell(&plan));
    ck_assert_uint_eq(fan_thread_count(), 0);
    if (seen.ended_ns)
        delays_ns[(*count)++] = seen.empty_ns - seen.ended_ns;
}

START_TEST(whatever_happens_everything_is_accounted_for_and_nothing_is_left)
{
    uint64_t runs = number_of("FAN_RUNS", RUNS) / PARTS;
    uint64_t *delays_ns = calloc(runs + 1, sizeof *delays_ns);
    size_t count = 0;
    for (uint64_t i = 0; i < runs && !getenv("FAN_SEED"); i++)
        run_one(i * PARTS + (uint64_t)_i, delays_ns, &count);
    tell(delays_ns, count);
    free(delays_ns);
}
END_TEST

START_TEST(the_seed_that_is_asked_for)
{
    uint64_t delays_ns[AGAIN];
    size_t count = 0;
    for (int i = 0; i < AGAIN && getenv("FAN_SEED"); i++)
        run_one(number_of("FAN_SEED", 0), delays_ns, &count);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("storm");
    tcase_set_timeout(cases, getenv("FAN_RUNS") ? 0 : 60);
    tcase_add_loop_test(cases, whatever_happens_everything_is_accounted_for_and_nothing_is_left, 0,
                        PARTS);
    tcase_add_test(cases, the_seed_that_is_asked_for);
    return suite_run("storm", cases);
}
