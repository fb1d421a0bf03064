#include "stage/filter.h"

#include <errno.h>
#include <string.h>

#include "tests/support/numbers.h"
#include "tests/support/suite.h"

enum { MANY = 500 };

static struct fan_group group;
static struct fan_chan *input, *output;
static uint64_t skipped;

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "filter"});
    input = numbers_from(0, MANY);
    output = numbers_room(MANY);
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(output);
}

/* One in five is no number to this one. */
static int is_even(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps)
{
    uint64_t number;
    (void)argument, (void)ctx;
    ck_assert(!*keeps);
    memcpy(&number, element, sizeof number);
    *keeps = number % 2 == 0;
    return number % 5 == 4 ? ERANGE : 0;
}

static int keep_even(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps)
{
    is_even(argument, ctx, element, keeps);
    return 0;
}

static int run(struct fan_filter_options options)
{
    options.workers = 3;
    ck_assert_int_eq(fan_filter_go(&group, input, output, &options), 0);
    return fan_group_wait(&group);
}

START_TEST(what_is_to_be_kept_is_handed_on)
{
    static uint64_t numbers[MANY];
    uint64_t sum = 0;
    ck_assert_int_eq(run((struct fan_filter_options){.judge = keep_even, .ordered = _i}), 0);
    ck_assert_uint_eq(numbers_take(output, numbers, MANY), MANY / 2);
    for (uint64_t i = 0; i < MANY / 2; i++) {
        ck_assert(!_i || numbers[i] == 2 * i);
        ck_assert_uint_eq(numbers[i] % 2, 0);
        sum += numbers[i];
    }
    ck_assert_uint_eq(sum, (MANY / 2) * (MANY / 2 - 1));
}
END_TEST

START_TEST(a_failure_ends_the_pipeline)
{
    ck_assert_int_eq(run((struct fan_filter_options){.judge = is_even}), ERANGE);
}
END_TEST

START_TEST(failing_elements_may_be_left_out_and_counted)
{
    static uint64_t numbers[MANY];
    ck_assert_int_eq(run((struct fan_filter_options){
                         .judge = is_even, .skips_failures = true, .skipped = &skipped}),
                     0);
    ck_assert_uint_eq(numbers_take(output, numbers, MANY), MANY / 2 - MANY / 10);
    ck_assert_uint_eq(skipped, MANY / 5);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct fan_chan *wide = fan_chan_new("wide", 16, 1);
    static const struct fan_filter_options options[] = {{.judge = NULL},
                                                        {.judge = is_even, .workers = -1},
                                                        {.judge = is_even, .window = -1},
                                                        {.judge = is_even}};
    ck_assert_int_eq(fan_filter_go(&group, input, _i == 3 ? wide : output, &options[_i]), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&group.ctx), EINVAL);
    fan_chan_free(wide);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("filter");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, what_is_to_be_kept_is_handed_on, 0, 2);
    tcase_add_test(cases, a_failure_ends_the_pipeline);
    tcase_add_test(cases, failing_elements_may_be_left_out_and_counted);
    tcase_add_loop_test(cases, what_makes_no_sense_is_refused, 0, 4);
    return suite_run("filter", cases);
}
