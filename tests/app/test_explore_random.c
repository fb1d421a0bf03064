/* How long a random walk takes to find what was found: from shares that are given, and of a bug. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/explore_random.h"
#include "base/random.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

static const char fanlab[] = FAN_BUILD_DIR "/fanlab";
static struct program_result result;

static const struct {
    uint64_t schedules, failing, median;
} shares[] = {{0, 0, 0},  {10000, 0, 0}, {7, 7, 1},      {2, 1, 1},
              {10, 4, 2}, {3, 1, 2},     {4212, 37, 79}, {1000000, 1, 693147}};

START_TEST(the_median_follows_from_the_share)
{
    ck_assert_uint_eq(fan_explore_median(shares[_i].schedules, shares[_i].failing),
                      shares[_i].median);
}
END_TEST

/* Walks until the first failure, many times: half of them have come to it by the median. */
START_TEST(half_of_all_walks_have_failed_by_the_median)
{
    enum { WALKS = 20000, SCHEDULES = 4212, FAILING = 37 };
    struct fan_random random = {.state = 1};
    uint64_t median = fan_explore_median(SCHEDULES, FAILING), by_then = 0, before = 0;
    for (int i = 0; i < WALKS; i++) {
        uint64_t runs = 1;
        while (fan_random_below(&random, SCHEDULES) >= FAILING)
            runs++;
        by_then += runs <= median;
        before += runs < median - 2;
    }
    ck_assert_uint_gt(by_then * 100, WALKS * 49);
    ck_assert_uint_lt(before * 100, WALKS * 50);
}
END_TEST

static json_t *explore(const char *strategy)
{
    json_error_t error;
    char schedules[24];
    snprintf(schedules, sizeof schedules, "%d", FAN_EXPLORE_RANDOM);
    program_run((const char *const[]){fanlab, "explore", "02", "--variant", "rare", "--workers",
                                      "2", "--items", "2", "--strategy", strategy, "--schedules",
                                      schedules, "--json", NULL},
                &result);
    ck_assert_int_eq(result.code, 1);
    json_t *report = json_loads(result.out, 0, &error);
    ck_assert_msg(report != NULL, "%s", error.text);
    return report;
}

static json_int_t number(const json_t *report, const char *member)
{
    return json_integer_value(
        json_object_get(json_array_get(json_object_get(report, "runs"), 0), member));
}

/* A proof's share is of classes; random's is of walks, which it is asked for then. */
START_TEST(a_proof_asks_random)
{
    json_t *walks = explore("random"), *proof = explore("dpor");
    ck_assert_int_eq(number(walks, "random_schedules"), number(walks, "schedules"));
    ck_assert_int_eq(number(proof, "random_schedules"), FAN_EXPLORE_RANDOM);
    ck_assert_int_gt(number(walks, "random_median_runs"), 1);
    ck_assert_int_eq(number(proof, "random_median_runs"), number(walks, "random_median_runs"));
    json_decref(walks);
    json_decref(proof);
}
END_TEST

START_TEST(with_json_each_failure_is_told_of_at_once_beside_it)
{
    json_decref(explore("random"));
    ck_assert_msg(strstr(result.err, "found in schedule "), "%s", result.err);
    ck_assert_msg(strstr(result.err, "fanlab replay fan1:02"), "%s", result.err);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("explore random");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_median_follows_from_the_share, 0,
                        sizeof shares / sizeof shares[0]);
    tcase_add_test(tests, half_of_all_walks_have_failed_by_the_median);
    tcase_add_test(tests, a_proof_asks_random);
    tcase_add_test(tests, with_json_each_failure_is_told_of_at_once_beside_it);
    return suite_run("explore random", tests);
}
