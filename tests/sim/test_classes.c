#include "base/random.h"
#include "sim/classes.h"

#include "tests/support/suite.h"

START_TEST(classes_are_counted_once)
{
    struct fan_classes classes = {0};
    struct fan_random random = {1};
    for (int i = 0; i < 2; i++, random.state = 1)
        for (int j = 0; j < 100000; j++)
            ck_assert_int_eq(fan_classes_add(&classes, fan_random_next(&random)), 0);
    ck_assert_uint_eq(classes.count, 100000);
    fan_classes_clear(&classes);
    ck_assert_uint_eq(classes.count, 0);
    ck_assert_int_eq(fan_classes_add(&classes, 0), 0);
    ck_assert_uint_eq(classes.count, 1);
    fan_classes_destroy(&classes);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("classes");
    tcase_add_test(cases, classes_are_counted_once);
    return suite_run("classes", cases);
}
