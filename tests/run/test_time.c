#include "run/time.h"

#include "tests/support/suite.h"

START_TEST(time_does_not_go_back)
{
    uint64_t before_ns = fan_now_ns();
    for (int i = 0; i < 10000; i++) {
        uint64_t now_ns = fan_now_ns();
        ASSERT_OFTEN(now_ns >= before_ns);
        before_ns = now_ns;
    }
}
END_TEST

START_TEST(a_deadline_lies_its_delay_from_now)
{
    uint64_t before_ns = fan_now_ns();
    uint64_t deadline_ns = fan_deadline_after(FAN_SECOND);
    ck_assert_uint_ge(deadline_ns, before_ns + FAN_SECOND);
    ck_assert_uint_le(deadline_ns, fan_now_ns() + FAN_SECOND);
}
END_TEST

START_TEST(a_deadline_beyond_all_time_is_the_end_of_it)
{
    ck_assert_uint_eq(fan_deadline_after(UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(fan_deadline_after(UINT64_MAX - 1), UINT64_MAX);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("time");
    tcase_add_test(cases, time_does_not_go_back);
    tcase_add_test(cases, a_deadline_lies_its_delay_from_now);
    tcase_add_test(cases, a_deadline_beyond_all_time_is_the_end_of_it);
    return suite_run("time", cases);
}
