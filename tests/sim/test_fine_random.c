/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Random small programs, proved at both grains wherever that comes to its end: what they observe
 * does not depend on the grain. FAN_FINE_PROGRAMS is how many; 700 if it is not set. */
#include <stdlib.h>
#include <string.h>

#include "sim/dpor.h"
#include "tests/support/sim_program.h"
#include "tests/support/small.h"
#include "tests/support/suite.h"

#if defined(__SANITIZE_ADDRESS__)
enum { PROGRAMS = 60 };
#else
enum { PROGRAMS = 700 };
#endif

enum { RESULTS = 512, MOST_RUNS = 1500 };

struct results {
    uint32_t count;
    bool complete;
    uint64_t list[RESULTS];
};

static struct fan_sim *sim;
static struct small one;
static struct small_log seen_by_threads;

static void program(void *unused)
{
    (void)unused;
    small_run(&one, &seen_by_threads);
}

static uint64_t mix(uint64_t hash, uint64_t what)
{
    hash = (hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* A panic cuts off what the others would have done, at each grain elsewhere. */
static uint64_t result_of(enum fan_sim_outcome outcome)
{
    uint64_t hash = mix(1, outcome);
    if (outcome == FAN_SIM_FAILED) {
        for (const char *at = sim_program_panic()->message; *at; at++)
            hash = mix(hash, (unsigned char)*at);
        return hash;
    }
    for (uint32_t i = 0; i < SMALL_THREADS; i++)
        for (uint32_t j = 0; j < seen_by_threads.counts[i] && j < SMALL_LOG; j++)
            hash = mix(hash, seen_by_threads.values[i][j] * 8 + i);
    for (uint32_t i = 0; i < fan_sim_thread_count(sim); i++)
        hash = mix(hash, fan_sim_thread_ended(sim, i));
    return hash;
}

static bool holds(const struct results *results, uint64_t result)
{
    for (uint32_t i = 0; i < results->count; i++)
        if (results->list[i] == result)
            return true;
    return false;
}

static void explore(enum fan_grain grain, struct results *results)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint32_t runs = 0;
    results->count = 0;
    memset(&seen_by_threads, 0, sizeof seen_by_threads); /* as the fine grain puts it back */
    sim_program_grain(grain);
    do {
        memset(&seen_by_threads, 0, sizeof seen_by_threads);
        enum fan_sim_outcome outcome = sim_program_run(&strategy, program);
        uint64_t result = result_of(outcome);
        if (outcome != FAN_SIM_ABANDONED && !holds(results, result) && results->count < RESULTS)
            results->list[results->count++] = result;
    } while (fan_strategy_dpor.end(dpor, sim) && ++runs < MOST_RUNS);
    results->complete = fan_dpor_report(dpor).complete && results->count < RESULTS;
    fan_dpor_free(dpor);
    sim_program_grain(FAN_GRAIN_COARSE); /* puts back what the last run may have left locked */
}

static bool all_of(const struct results *these, const struct results *those)
{
    for (uint32_t i = 0; i < these->count; i++)
        if (!holds(those, these->list[i]))
            return false;
    return true;
}

START_TEST(what_is_observed_does_not_depend_on_the_grain)
{
    const char *more = getenv("FAN_FINE_PROGRAMS");
    uint64_t programs = more ? strtoull(more, NULL, 10) : PROGRAMS, proved = 0;
    for (uint64_t seed = 1; seed <= programs; seed++) {
        struct results coarse, fine;
        small_generate(&one, seed);
        explore(FAN_GRAIN_COARSE, &coarse);
        explore(FAN_GRAIN_FINE, &fine);
        if (!coarse.complete || !fine.complete)
            continue;
        proved++;
        if (all_of(&coarse, &fine) && all_of(&fine, &coarse))
            continue;
        small_print(&one);
        ck_abort_msg("seed %llu: %u results at the coarse grain, %u at the fine one",
                     (unsigned long long)seed, coarse.count, fine.count);
    }
    ck_assert_uint_gt(proved, programs / 4);
}
END_TEST

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

int main(void)
{
    TCase *cases = tcase_create("fine grain of random programs");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 240);
    tcase_add_test(cases, what_is_observed_does_not_depend_on_the_grain);
    return suite_run("random programs at both grains", cases);
}
