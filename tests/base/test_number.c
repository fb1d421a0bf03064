#include "base/number.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/support/suite.h"

static const struct {
    const char *text;
    int error;
    uint64_t number;
} cases[] = {
    {"0", 0, 0},
    {"007", 0, 7},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", ERANGE, 0},
    {"99999999999999999999999999999999", ERANGE, 0},
    {"", EINVAL, 0},
    {"-1", EINVAL, 0},
    {"+1", EINVAL, 0},
    {" 1", EINVAL, 0},
    {"1 ", EINVAL, 0},
    {"1.0", EINVAL, 0},
    {"0x10", EINVAL, 0},
    {"99999999999999999999x", EINVAL, 0},
    {"\xd9\xa1", EINVAL, 0}, /* a digit, but an Arabic one */
};

START_TEST(only_digits_are_a_number)
{
    uint64_t number = 42;
    ck_assert_int_eq(fan_number_parse(cases[_i].text, 0, UINT64_MAX, &number), cases[_i].error);
    ck_assert_uint_eq(number, cases[_i].error ? 42 : cases[_i].number);
}
END_TEST

START_TEST(the_bounds_belong_to_the_range)
{
    uint64_t number = 42;
    ck_assert_int_eq(fan_number_parse("2", 3, 5, &number), ERANGE);
    ck_assert_int_eq(fan_number_parse("6", 3, 5, &number), ERANGE);
    ck_assert_uint_eq(number, 42);
    ck_assert_int_eq(fan_number_parse("3", 3, 5, &number), 0);
    ck_assert_uint_eq(number, 3);
    ck_assert_int_eq(fan_number_parse("5", 3, 5, &number), 0);
    ck_assert_uint_eq(number, 5);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("number");
    tcase_add_loop_test(tests, only_digits_are_a_number, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tests, the_bounds_belong_to_the_range);
    return suite_run("number", tests);
}
