/* The text of a schedule: what is printed is read back as it was, and nothing else is read. */
#include <errno.h>
#include <string.h>

#include "base/random.h"
#include "sim/schedule.h"
#include "tests/support/suite.h"

static bool are_equal(const struct fan_schedule *a, const struct fan_schedule *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        const struct fan_deviation *one = &a->deviations[i], *other = &b->deviations[i];
        if (one->op != other->op || one->thread != other->thread || one->nth != other->nth ||
            one->chosen != other->chosen)
            return false;
    }
    return a->count == b->count;
}

static struct fan_deviation random_deviation(struct fan_random *random)
{
    return (struct fan_deviation){
        .op = (uint16_t)fan_random_below(random, UINT16_MAX + 1),
        .thread = (uint8_t)fan_random_below(random, FAN_SCHEDULE_THREADS),
        .nth = (uint8_t)(fan_random_below(random, 2) ? fan_random_below(random, 4) : 0),
        .chosen = (uint8_t)fan_random_below(random, UINT8_MAX + 1),
    };
}

START_TEST(each_kind_of_deviation_prints_as_documented)
{
    char text[FAN_SCHEDULE_TEXT];
    struct fan_schedule schedule = {.count = 3,
                                    .deviations = {{.thread = 2, .op = 5, .chosen = 0},
                                                   {.thread = 1, .op = 3, .nth = 1, .chosen = 1},
                                                   {.thread = 1, .op = 3, .nth = 2, .chosen = 1}}};
    size_t length = fan_schedule_print(&schedule, text, sizeof text);
    ck_assert_str_eq(text, "2.5.0-1.3v1-1.3v2v1");
    ck_assert_uint_eq(length, strlen(text));
}
END_TEST

START_TEST(no_deviations_are_a_dash)
{
    char text[FAN_SCHEDULE_TEXT];
    struct fan_schedule schedule = {.count = 0}, read = {.count = 7};
    ck_assert_uint_eq(fan_schedule_print(&schedule, text, sizeof text), 1);
    ck_assert_str_eq(text, "-");
    ck_assert_int_eq(fan_schedule_parse(text, &read), 0);
    ck_assert_uint_eq(read.count, 0);
}
END_TEST

START_TEST(random_schedules_come_back_as_they_were)
{
    static char text[FAN_SCHEDULE_TEXT];
    static struct fan_schedule schedule, read;
    struct fan_random random = {.state = 5};
    for (int i = 0; i < 10000; i++) {
        schedule.count = (uint32_t)fan_random_below(&random, 100);
        for (uint32_t k = 0; k < schedule.count; k++)
            schedule.deviations[k] = random_deviation(&random);
        fan_schedule_print(&schedule, text, sizeof text);
        ASSERT_OFTEN(fan_schedule_parse(text, &read) == 0);
        ASSERT_OFTEN(are_equal(&schedule, &read));
        ASSERT_OFTEN(strspn(text, "0123456789.v-") == strlen(text));
    }
}
END_TEST

START_TEST(the_longest_schedule_fits_the_text)
{
    static char text[FAN_SCHEDULE_TEXT];
    static struct fan_schedule schedule = {.count = FAN_SCHEDULE_DEVIATIONS}, read;
    for (uint32_t i = 0; i < FAN_SCHEDULE_DEVIATIONS; i++)
        schedule.deviations[i] = (struct fan_deviation){.op = 50000, .thread = 63, .chosen = 63};
    ck_assert_uint_lt(fan_schedule_print(&schedule, text, sizeof text), sizeof text);
    ck_assert_int_eq(fan_schedule_parse(text, &read), 0);
    ck_assert(are_equal(&schedule, &read));
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut_and_ends)
{
    char text[16];
    struct fan_schedule schedule = {.count = 20};
    for (uint32_t i = 0; i < schedule.count; i++)
        schedule.deviations[i] = (struct fan_deviation){.op = 100, .thread = 10, .chosen = 10};
    memset(text, 'x', sizeof text);
    fan_schedule_print(&schedule, text, sizeof text);
    ck_assert_ptr_nonnull(memchr(text, '\0', sizeof text));
}
END_TEST

static const char *const rubbish[] = {
    "",
    "x",
    "1",
    "1.",
    "1.2",
    "1.2.",
    "1.2.3-",
    "-1.2.3",
    "--",
    "1.2.3--",
    "1.2.3.4",
    "64.1.0",
    "1.65536.0",
    "1.2.256",
    "1.2v256",
    "1.2v1v",
    "1.2v0v1",
    "1.2v1v1",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "+1.2.3",
    "1.-2.3",
    "0x1.2.3",
    "1,2,3",
    "1.2.3-4",
    "1.2v",
    "1.2v-1",
    "99999999999999999999.1.1",
    "1..2",
    "1.2.v3",
};

START_TEST(rubbish_is_refused)
{
    static struct fan_schedule schedule;
    ck_assert_msg(fan_schedule_parse(rubbish[_i], &schedule) == EINVAL, "%s", rubbish[_i]);
}
END_TEST

START_TEST(too_many_deviations_are_refused)
{
    static char text[6 * (FAN_SCHEDULE_DEVIATIONS + 1) + 1];
    static struct fan_schedule schedule;
    for (size_t i = 0; i <= FAN_SCHEDULE_DEVIATIONS; i++)
        strcat(text + 6 * i, i < FAN_SCHEDULE_DEVIATIONS ? "1.1.1-" : "1.1.1");
    ck_assert_int_eq(fan_schedule_parse(text, &schedule), EINVAL);
    text[6 * FAN_SCHEDULE_DEVIATIONS - 1] = '\0';
    ck_assert_int_eq(fan_schedule_parse(text, &schedule), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("schedule");
    tcase_add_test(cases, each_kind_of_deviation_prints_as_documented);
    tcase_add_test(cases, no_deviations_are_a_dash);
    tcase_add_test(cases, random_schedules_come_back_as_they_were);
    tcase_add_test(cases, the_longest_schedule_fits_the_text);
    tcase_add_test(cases, a_text_that_does_not_fit_is_cut_and_ends);
    tcase_add_loop_test(cases, rubbish_is_refused, 0, sizeof rubbish / sizeof rubbish[0]);
    tcase_add_test(cases, too_many_deviations_are_refused);
    return suite_run("schedule", cases);
}
