#include "base/bits.h"

#include "base/random.h"
#include "tests/support/suite.h"

enum { SETS = 2000 };

/* Thin and full ones alike. */
static uint64_t some_set(struct fan_random *random)
{
    uint64_t set = fan_random_next(random);
    for (uint64_t thinner = fan_random_below(random, 5); thinner > 0; thinner--)
        set &= fan_random_next(random);
    return set;
}

START_TEST(all_that_are_in_a_set_are_counted)
{
    struct fan_random random = {.state = 1};
    ck_assert_uint_eq(fan_bits_count(0), 0);
    ck_assert_uint_eq(fan_bits_count(UINT64_MAX), 64);
    for (int i = 0; i < SETS; i++) {
        uint64_t set = some_set(&random);
        ck_assert_uint_eq(fan_bits_count(set), (uint32_t)__builtin_popcountll(set));
    }
}
END_TEST

START_TEST(each_in_a_set_is_found_by_how_many_are_below)
{
    struct fan_random random = {.state = 2};
    for (int i = 0; i < SETS; i++) {
        uint64_t set = some_set(&random);
        uint32_t below = 0;
        for (uint32_t number = 0; number < 64; number++)
            if (set >> number & 1)
                ck_assert_uint_eq(fan_bits_nth(set, below++), number);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("bits");
    tcase_add_test(cases, all_that_are_in_a_set_are_counted);
    tcase_add_test(cases, each_in_a_set_is_found_by_how_many_are_below);
    return suite_run("bits", cases);
}
