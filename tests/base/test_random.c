#include "base/random.h"

#include "tests/support/chance.h"
#include "tests/support/suite.h"

/* The first numbers of seed 1234567, as other implementations of splitmix64 print them. */
START_TEST(the_stream_is_splitmix64)
{
    struct fan_random random = {.state = 1234567};
    ck_assert_uint_eq(fan_random_next(&random), UINT64_C(6457827717110365317));
    ck_assert_uint_eq(fan_random_next(&random), UINT64_C(3203168211198807973));
    ck_assert_uint_eq(fan_random_next(&random), UINT64_C(9817491932198370423));
    ck_assert_uint_eq(fan_random_next(&random), UINT64_C(4593380528125082431));
}
END_TEST

START_TEST(equal_seeds_give_equal_streams)
{
    struct fan_random a = {.state = 42}, b = {.state = 42};
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(fan_random_below(&a, 1000), fan_random_below(&b, 1000));
}
END_TEST

START_TEST(different_seeds_give_different_streams)
{
    struct fan_random a = {.state = 42}, b = {.state = 43};
    int equal = 0;
    for (int i = 0; i < 1000; i++)
        equal += fan_random_next(&a) == fan_random_next(&b);
    ck_assert_int_eq(equal, 0);
}
END_TEST

START_TEST(a_number_stays_below_its_bound)
{
    static const uint64_t bounds[] = {1, 2, 3, 10, UINT64_C(1) << 32, UINT64_MAX};
    struct fan_random random = {.state = 7};
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
        for (int i = 0; i < 10000; i++)
            ASSERT_OFTEN(fan_random_below(&random, bounds[b]) < bounds[b]);
}
END_TEST

START_TEST(every_number_below_the_bound_is_equally_likely)
{
    size_t bound = (size_t)_i + 2;
    size_t counts[16] = {0};
    struct fan_random random = {.state = 7};
    for (int i = 0; i < 100000; i++)
        counts[fan_random_below(&random, bound)]++;
    ck_assert(chance_looks_equal(counts, bound));
}
END_TEST

START_TEST(every_bit_is_as_often_set_as_clear)
{
    struct fan_random random = {.state = 7};
    size_t set[64] = {0};
    for (int i = 0; i < 10000; i++) {
        uint64_t number = fan_random_next(&random);
        for (int bit = 0; bit < 64; bit++)
            set[bit] += number >> bit & 1;
    }
    for (int bit = 0; bit < 64; bit++)
        ck_assert(chance_looks_equal((size_t[]){set[bit], 10000 - set[bit]}, 2));
}
END_TEST

/* The measure itself must be able to say no. */
START_TEST(a_loaded_die_is_found_out)
{
    ck_assert(!chance_looks_equal((size_t[]){1000, 1000, 1000, 1000, 1000, 1200}, 6));
    ck_assert(chance_looks_equal((size_t[]){1000, 1010, 990, 1020, 980, 1000}, 6));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("random");
    tcase_add_test(cases, the_stream_is_splitmix64);
    tcase_add_test(cases, equal_seeds_give_equal_streams);
    tcase_add_test(cases, different_seeds_give_different_streams);
    tcase_add_test(cases, a_number_stays_below_its_bound);
    tcase_add_loop_test(cases, every_number_below_the_bound_is_equally_likely, 0, 15);
    tcase_add_test(cases, every_bit_is_as_often_set_as_clear);
    tcase_add_test(cases, a_loaded_die_is_found_out);
    return suite_run("random", cases);
}
