/* The rule against a service of a known capacity, of which everything is computed: so many servers,
 * one queue, and as many requests under way as the limit allows. */
#include "flow/aimd.h"

#include <errno.h>
#include <limits.h>

#include "base/random.h"
#include "tests/support/suite.h"

enum { MOST = 2048, MEAN_NS = 5000000 };

struct request {
    uint64_t began_ns, ends_ns;
};

enum service { CONSTANT, UNIFORM, LONG_TAILED, SERVICES, EXPONENTIAL = SERVICES };

static struct {
    enum service service;
    uint64_t mean_ns;
    int servers;
    int offered; /* requests that there are to send; 0 = always another one */
    struct fan_random random;
    uint64_t now_ns;
    uint64_t free_ns[MOST]; /* of each server, when it comes free */
    struct request under_way[MOST];
    int count;
} model;

static struct fan_aimd aimd;

static void set_up(void)
{
    model.mean_ns = MEAN_NS;
    ck_assert_int_eq(fan_aimd_init(&aimd, &(struct fan_aimd_options){0}), 0);
}

/* 1000 times -log of an equally distributed number, by the series for the rest. */
static uint64_t exponential(struct fan_random *random)
{
    double x = ((double)(fan_random_next(random) >> 11) + 1) / 9007199254740992.0, log = 0;
    while (x < 0.5) {
        log += 0.693147180559945;
        x *= 2;
    }
    double rest = 1 - x, power = rest;
    for (int n = 1; n < 40; n++, power *= rest)
        log += power / n;
    return (uint64_t)(1000 * log);
}

static uint64_t service_time(void)
{
    struct fan_random *random = &model.random;
    switch (model.service) {
    case CONSTANT:
        return model.mean_ns;
    case UNIFORM:
        return model.mean_ns / 2 + fan_random_below(random, model.mean_ns);
    case LONG_TAILED: /* one in a hundred takes 40 times as long */
        return (model.mean_ns / 2 + fan_random_below(random, model.mean_ns)) *
               (fan_random_below(random, 100) ? 1 : 40);
    default:
        return model.mean_ns * exponential(random) / 1000;
    }
}

static int first_free(void)
{
    int first = 0;
    for (int i = 1; i < model.servers; i++)
        if (model.free_ns[i] < model.free_ns[first])
            first = i;
    return first;
}

static void begin_request(void)
{
    uint64_t *free_ns = &model.free_ns[first_free()];
    uint64_t starts_ns = *free_ns > model.now_ns ? *free_ns : model.now_ns;
    *free_ns = starts_ns + service_time();
    model.under_way[model.count++] =
        (struct request){.began_ns = model.now_ns, .ends_ns = *free_ns};
}

static struct request take_next_to_end(void)
{
    int next = 0;
    for (int i = 1; i < model.count; i++)
        if (model.under_way[i].ends_ns < model.under_way[next].ends_ns)
            next = i;
    struct request request = model.under_way[next];
    model.under_way[next] = model.under_way[--model.count];
    return request;
}

static void step(void)
{
    while (model.count < aimd.limit && (!model.offered || model.count < model.offered))
        begin_request();
    struct request request = take_next_to_end();
    model.now_ns = request.ends_ns;
    fan_aimd_saw(&aimd, request.began_ns, model.now_ns, model.count + 1);
}

static void run(int requests)
{
    for (int i = 0; i < requests; i++)
        step();
}

/* The limit's mean over time, while `requests` end. */
static double mean_limit(int requests)
{
    uint64_t began_ns = model.now_ns;
    double sum = 0;
    for (int i = 0; i < requests; i++) {
        uint64_t before_ns = model.now_ns;
        int limit = aimd.limit;
        step();
        sum += limit * (double)(model.now_ns - before_ns);
    }
    return sum / (double)(model.now_ns - began_ns);
}

static void assert_finds(int servers)
{
    run(30000);
    double found = mean_limit(60000);
    ck_assert_msg(found > 0.9 * servers && found < 1.1 * servers,
                  "service %d, %d servers: %.1f (limit %d, baseline %.0f)", (int)model.service,
                  servers, found, aimd.limit, aimd.baseline_ns);
}

static const int capacities[] = {10, 15, 20, 37, 64, 100, 150, 200};

START_TEST(it_finds_the_capacity)
{
    model.servers = capacities[_i / SERVICES];
    model.service = (enum service)(_i % SERVICES);
    model.random.state = (uint64_t)_i;
    assert_finds(model.servers);
}
END_TEST

/* Where no request is like another, neither is a window. */
START_TEST(it_finds_the_capacity_among_great_differences)
{
    model.servers = 40 + 10 * _i;
    model.service = EXPONENTIAL;
    model.random.state = (uint64_t)_i;
    assert_finds(model.servers);
}
END_TEST

START_TEST(it_follows_a_service_that_gets_smaller_or_larger)
{
    model.servers = 80;
    model.service = UNIFORM;
    assert_finds(80);
    model.servers = 40;
    assert_finds(40);
    model.servers = 80;
    assert_finds(80);
}
END_TEST

/* A slower service bears as many at once. */
START_TEST(it_follows_a_service_that_gets_slower_or_faster)
{
    model.servers = 50;
    model.service = UNIFORM;
    assert_finds(50);
    model.mean_ns = 3 * MEAN_NS;
    assert_finds(50);
    model.mean_ns = MEAN_NS / 2;
    assert_finds(50);
}
END_TEST

START_TEST(it_comes_down_from_a_first_limit_that_is_too_high)
{
    ck_assert_int_eq(fan_aimd_init(&aimd, &(struct fan_aimd_options){.initial = 120}), 0);
    model.servers = 40;
    model.service = UNIFORM;
    run(100000);
    assert_finds(40);
}
END_TEST

START_TEST(a_limit_that_is_not_used_up_does_not_grow)
{
    model.servers = 100;
    model.service = UNIFORM;
    model.offered = 10;
    run(50000);
    ck_assert_int_ge(aimd.limit, 8);
    ck_assert_int_le(aimd.limit, 16);
}
END_TEST

START_TEST(it_stays_between_floor_and_ceiling)
{
    struct fan_aimd_options options = {.initial = 30, .floor = 20, .ceiling = 40};
    ck_assert_int_eq(fan_aimd_init(&aimd, &options), 0);
    model.servers = 100;
    model.service = UNIFORM;
    run(50000);
    ck_assert_int_eq(aimd.limit, 40);
    for (uint64_t i = 0; i < 100; i++)
        fan_aimd_saw_overload(&aimd, model.now_ns + i, model.now_ns + i);
    ck_assert_int_eq(aimd.limit, 20);
}
END_TEST

START_TEST(requests_that_were_refused_together_are_one_decrease)
{
    ck_assert_int_eq(fan_aimd_init(&aimd, &(struct fan_aimd_options){.initial = 100}), 0);
    for (uint64_t i = 0; i < 50; i++)
        fan_aimd_saw_overload(&aimd, 1000 + i, 2000 + i);
    ck_assert_int_eq(aimd.limit, 85);
    ck_assert_uint_eq(aimd.decreases, 1);
    fan_aimd_saw_overload(&aimd, 2000, 3000);
    ck_assert_int_eq(aimd.limit, 72);
}
END_TEST

START_TEST(a_limit_may_be_as_large_as_an_int)
{
    struct fan_aimd_options options = {.initial = INT_MAX, .ceiling = INT_MAX};
    ck_assert_int_eq(fan_aimd_init(&aimd, &options), 0);
    fan_aimd_saw_overload(&aimd, 1, 2);
    ck_assert_int_eq(aimd.limit, INT_MAX - (int)((INT_MAX * INT64_C(15) + 99) / 100));
    ck_assert_uint_eq(aimd.decreases, 1);
}
END_TEST

START_TEST(what_was_begun_before_a_decrease_does_not_count)
{
    ck_assert_int_eq(fan_aimd_init(&aimd, &(struct fan_aimd_options){.initial = 100}), 0);
    fan_aimd_saw_overload(&aimd, 1000, 2000);
    for (int i = 0; i < 10000; i++)
        fan_aimd_saw(&aimd, 1999, 3000, 100);
    ck_assert_int_eq(aimd.limit, 85);
    ck_assert_uint_eq(aimd.weight, 0);
}
END_TEST

START_TEST(options_out_of_their_range_are_refused)
{
    static const struct fan_aimd_options wrong[] = {
        {.floor = -1},
        {.ceiling = -1},
        {.initial = -1},
        {.floor = 10, .ceiling = 9},
        {.initial = 3, .floor = 4},
        {.initial = 5, .ceiling = 4},
        {.tolerance_percent = -1},
        {.decrease_percent = 100},
        {.decrease_percent = -1},
        {.window = 1},
        {.window = FAN_AIMD_SAMPLES + 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(fan_aimd_init(&aimd, &wrong[i]), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("aimd");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, it_finds_the_capacity, 0, 8 * SERVICES);
    tcase_add_loop_test(cases, it_finds_the_capacity_among_great_differences, 0, 8);
    tcase_add_test(cases, it_follows_a_service_that_gets_smaller_or_larger);
    tcase_add_test(cases, it_follows_a_service_that_gets_slower_or_faster);
    tcase_add_test(cases, it_comes_down_from_a_first_limit_that_is_too_high);
    tcase_add_test(cases, a_limit_that_is_not_used_up_does_not_grow);
    tcase_add_test(cases, it_stays_between_floor_and_ceiling);
    tcase_add_test(cases, requests_that_were_refused_together_are_one_decrease);
    tcase_add_test(cases, a_limit_may_be_as_large_as_an_int);
    tcase_add_test(cases, what_was_begun_before_a_decrease_does_not_count);
    tcase_add_test(cases, options_out_of_their_range_are_refused);
    return suite_run("aimd", cases);
}
