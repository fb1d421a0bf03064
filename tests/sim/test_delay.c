/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The search by deviations: complete, in order, and each schedule once. What there is to be found,
 * a plain depth-first search over all choices says, which knows nothing of deviations. */
#include "sim/delay.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"
#include "tests/support/suite.h"

enum { LEVELS = 16, MOST_CHOICES = 256, MOST_RUNS = 20000 };

static struct fan_sim *sim;

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

/* ---- the plain search ------------------------------------------------------------------------ */

struct plain {
    uint64_t options[MOST_CHOICES]; /* not tried yet; the lowest is next */
    uint32_t given, made;
};

static void begin_plain(void *state, struct fan_sim *of)
{
    (void)of;
    ((struct plain *)state)->made = 0;
}

static uint32_t choose_plainly(struct plain *plain, uint64_t options)
{
    ASSERT_OFTEN(plain->made < MOST_CHOICES);
    if (plain->made == plain->given)
        plain->options[plain->given++] = options;
    return (uint32_t)__builtin_ctzll(plain->options[plain->made++]);
}

static uint32_t choose_thread(void *state, struct fan_sim *of, uint64_t enabled)
{
    (void)of;
    return choose_plainly(state, enabled);
}

static uint32_t choose_value(void *state, struct fan_sim *of, uint32_t count)
{
    (void)of;
    return choose_plainly(state, (UINT64_C(1) << count) - 1);
}

static bool end_plain(void *state, struct fan_sim *of)
{
    struct plain *plain = state;
    (void)of;
    while (plain->given > 0) {
        uint64_t *last = &plain->options[plain->given - 1];
        *last &= *last - 1;
        if (*last)
            return true;
        plain->given--;
    }
    return false;
}

static const struct fan_strategy_kind plain_search = {
    .begin = begin_plain, .thread = choose_thread, .value = choose_value, .end = end_plain};

/* ---- what a search finds --------------------------------------------------------------------- */

struct found {
    uint32_t runs;
    uint32_t by_level[LEVELS]; /* schedules with so many deviations; the last, or more */
    uint64_t hashes[MOST_RUNS];
};

static int compare_hashes(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static void note(struct found *found)
{
    uint32_t level = fan_sim_schedule(sim)->count;
    ASSERT_OFTEN(found->runs < MOST_RUNS);
    found->hashes[found->runs++] = fan_sim_trace_hash(sim);
    found->by_level[level < LEVELS ? level : LEVELS - 1]++;
}

static void sort(struct found *found)
{
    qsort(found->hashes, found->runs, sizeof found->hashes[0], compare_hashes);
}

static void search_plainly(sim_program *program, struct found *found)
{
    struct plain *plain = calloc(1, sizeof *plain);
    struct fan_strategy strategy = {&plain_search, plain};
    do {
        sim_program_run(&strategy, program);
        note(found);
    } while (end_plain(plain, sim));
    sort(found);
    free(plain);
}

static void search_by_deviations(struct fan_delay *delay, sim_program *program, struct found *found)
{
    struct fan_strategy strategy = {&fan_strategy_delay, delay};
    uint32_t level = 0;
    do {
        sim_program_run(&strategy, program);
        if (!fan_delay_was_new(delay))
            continue;
        ASSERT_OFTEN(fan_sim_schedule(sim)->count >= level);
        level = fan_sim_schedule(sim)->count;
        note(found);
    } while (strategy.kind->end(delay, sim));
    sort(found);
}

static struct found *new_found(void)
{
    struct found *found = calloc(1, sizeof *found);
    ck_assert_ptr_nonnull(found);
    return found;
}

static struct fan_delay *new_delay(uint32_t bound)
{
    struct fan_delay *delay = calloc(1, sizeof *delay);
    ck_assert_ptr_nonnull(delay);
    delay->bound = bound;
    return delay;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static sim_program *const small[] = {sim_two_may_close, sim_lost_wake_up, sim_wake_up, sim_select,
                                     sim_last_one_closes};
enum { SMALL = sizeof small / sizeof small[0] };

START_TEST(without_a_bound_every_schedule_is_found_once)
{
    struct found *all = new_found(), *found = new_found();
    struct fan_delay *delay = new_delay(FAN_DELAY_NO_BOUND);
    search_plainly(small[_i], all);
    search_by_deviations(delay, small[_i], found);
    ck_assert_uint_gt(all->runs, 4);
    ck_assert_uint_eq(found->runs, all->runs);
    ck_assert_mem_eq(found->hashes, all->hashes, all->runs * sizeof all->hashes[0]);
    ck_assert(fan_delay_is_exhaustive(delay));
    ck_assert(fan_delay_is_complete(delay, 1000));
    free(all);
    free(found);
    free(delay);
}
END_TEST

/* All but the schedule without deviations, which each of them runs. */
START_TEST(several_shares_are_all_of_it_each_schedule_once)
{
    for (uint32_t shares = 2; shares <= 4; shares++) {
        struct found *all = new_found(), *found = new_found();
        search_plainly(small[_i], all);
        for (uint32_t share = 0; share < shares; share++) {
            struct fan_delay *delay = new_delay(FAN_DELAY_NO_BOUND);
            delay->share = share;
            delay->shares = shares;
            search_by_deviations(delay, small[_i], found);
            ck_assert(fan_delay_is_exhaustive(delay));
            free(delay);
        }
        ck_assert_uint_eq(found->by_level[0], shares * all->by_level[0]);
        for (uint32_t level = 1; level < LEVELS; level++)
            ck_assert_uint_eq(found->by_level[level], all->by_level[level]);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < found->runs; i++)
            if (i == 0 || found->hashes[i] != found->hashes[kept - 1])
                found->hashes[kept++] = found->hashes[i];
        ck_assert_uint_eq(kept, all->runs);
        ck_assert_mem_eq(found->hashes, all->hashes, all->runs * sizeof all->hashes[0]);
        free(all);
        free(found);
    }
}
END_TEST

START_TEST(with_a_bound_each_level_is_complete)
{
    struct found *all = new_found();
    search_plainly(small[_i], all);
    for (uint32_t bound = 0; bound < 3; bound++) {
        struct found *found = new_found();
        struct fan_delay *delay = new_delay(bound);
        search_by_deviations(delay, small[_i], found);
        for (uint32_t level = 0; level < LEVELS; level++)
            ck_assert_uint_eq(found->by_level[level], level <= bound ? all->by_level[level] : 0);
        ck_assert(fan_delay_is_complete(delay, bound));
        ck_assert(!fan_delay_is_exhaustive(delay));
        free(found);
        free(delay);
    }
    free(all);
}
END_TEST

START_TEST(a_search_cut_short_is_not_complete)
{
    struct fan_delay *delay = new_delay(2);
    struct fan_strategy strategy = {&fan_strategy_delay, delay};
    ck_assert(!fan_delay_is_complete(delay, 0));
    sim_program_run(&strategy, sim_lost_update);
    ck_assert(strategy.kind->end(delay, sim));
    ck_assert(fan_delay_is_complete(delay, 0));
    for (int i = 0; i < 3; i++) {
        sim_program_run(&strategy, sim_lost_update);
        ck_assert(strategy.kind->end(delay, sim));
    }
    ck_assert(!fan_delay_is_complete(delay, 1));
    free(delay);
}
END_TEST

/* How many deviations the first failure has; found by hand. */
static const struct depth {
    sim_program *program;
    uint32_t deviations;
} depths[] = {
    {sim_pool_with_a_rare_missing_done, 1},
    {sim_two_may_close, 1},
    {sim_lost_wake_up, 1},
    {sim_lost_update, 1},
    {sim_select_with_a_wrong_case, 2},
    {sim_short_beside_long, 1},
};

START_TEST(the_first_failure_has_the_fewest_deviations)
{
    struct fan_delay *delay = new_delay(4);
    struct fan_strategy strategy = {&fan_strategy_delay, delay};
    ck_assert_uint_gt(sim_program_hunt(&strategy, depths[_i].program, MOST_RUNS), 0);
    ck_assert_uint_eq(fan_sim_schedule(sim)->count, depths[_i].deviations);
    ck_assert(fan_delay_is_complete(delay, depths[_i].deviations - 1));
    free(delay);
}
END_TEST

START_TEST(the_sound_twins_never_fail)
{
    static sim_program *const sound[] = {sim_pool, sim_last_one_closes, sim_wake_up, sim_update,
                                         sim_select};
    struct fan_delay *delay = new_delay(2);
    struct fan_strategy strategy = {&fan_strategy_delay, delay};
    ck_assert_uint_eq(sim_program_hunt(&strategy, sound[_i], MOST_RUNS), 0);
    ck_assert(fan_delay_is_complete(delay, 2));
    free(delay);
}
END_TEST

/* A program that is not the same each time: the search notices, and claims nothing. */
static void forgetful(void *unused)
{
    static int runs;
    (void)unused;
    if (runs++ % 2)
        sim_lost_update(NULL);
    else
        sim_select(NULL);
}

START_TEST(a_program_that_changes_is_never_completely_searched)
{
    struct fan_delay *delay = new_delay(2);
    struct fan_strategy strategy = {&fan_strategy_delay, delay};
    sim_program_hunt(&strategy, forgetful, MOST_RUNS);
    ck_assert(!fan_delay_is_complete(delay, 2));
    free(delay);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("delay");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_loop_test(cases, without_a_bound_every_schedule_is_found_once, 0, SMALL);
    tcase_add_loop_test(cases, several_shares_are_all_of_it_each_schedule_once, 0, SMALL);
    tcase_add_loop_test(cases, with_a_bound_each_level_is_complete, 0, SMALL);
    tcase_add_test(cases, a_search_cut_short_is_not_complete);
    tcase_add_loop_test(cases, the_first_failure_has_the_fewest_deviations, 0,
                        sizeof depths / sizeof depths[0]);
    tcase_add_loop_test(cases, the_sound_twins_never_fail, 0, 5);
    tcase_add_test(cases, a_program_that_changes_is_never_completely_searched);
    return suite_run("delay", cases);
}
