/* One to many: split, tee; and back: zip. */
#include "stage/split.h"

#include <errno.h>
#include <string.h>

#include "stage/tee.h"
#include "stage/zip.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

enum { MANY = 12 };

static struct fan_group group;
static struct fan_chan *input, *outputs[3];

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "split"});
    input = numbers_from(0, MANY);
    for (int i = 0; i < 3; i++)
        outputs[i] = numbers_room(MANY);
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    for (int i = 0; i < 3; i++)
        fan_chan_free(outputs[i]);
}

static void narrow(int which, size_t capacity)
{
    fan_chan_free(outputs[which]);
    outputs[which] = numbers_room(capacity);
}

static uint64_t by_size(void *argument, const void *element)
{
    uint64_t number;
    (void)argument;
    memcpy(&number, element, sizeof number);
    return number < 3 ? 0 : number < 8 ? 1 : 5;
}

START_TEST(split_in_turn)
{
    ck_assert_int_eq(fan_split_go(&group, input, outputs, 3, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    numbers_must_be(outputs[0], NUMBERS(0, 3, 6, 9));
    numbers_must_be(outputs[1], NUMBERS(1, 4, 7, 10));
    numbers_must_be(outputs[2], NUMBERS(2, 5, 8, 11));
}
END_TEST

START_TEST(split_by_key)
{
    struct fan_split_options options = {.by = FAN_SPLIT_BY_KEY, .key = by_size};
    ck_assert_int_eq(fan_split_go(&group, input, outputs, 3, &options), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    numbers_must_be(outputs[0], NUMBERS(0, 1, 2));
    numbers_must_be(outputs[1], NUMBERS(3, 4, 5, 6, 7));
    numbers_must_be(outputs[2], NUMBERS(8, 9, 10, 11));
}
END_TEST

START_TEST(split_to_ready_leaves_out_who_does_not_read)
{
    uint64_t numbers[MANY];
    narrow(1, 0);
    struct fan_split_options options = {.by = FAN_SPLIT_READY};
    ck_assert_int_eq(fan_split_go(&group, input, outputs, 3, &options), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_eq(
        numbers_take(outputs[0], numbers, MANY) + numbers_take(outputs[2], numbers, MANY), MANY);
    ck_assert_int_eq(fan_chan_recv(outputs[1], NULL, NULL), EPIPE);
}
END_TEST

START_TEST(split_in_turn_waits_for_who_does_not_read)
{
    narrow(1, 0);
    ck_assert_int_eq(fan_split_go(&group, input, outputs, 3, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(outputs[1], NULL, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(outputs[1], NULL, NULL), 0);
    fan_ctx_cancel(&group.ctx, 0);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    ck_assert_uint_le(fan_chan_length(outputs[0]), 3);
}
END_TEST

START_TEST(a_split_that_makes_no_sense_is_refused)
{
    struct fan_chan *other = fan_chan_new("other", 4, 1), *wrong[] = {outputs[0], other};
    struct fan_split_options no_key = {.by = FAN_SPLIT_BY_KEY}, no_rule = {.by = 3};
    int error[] = {fan_split_go(&group, input, outputs, 0, NULL),
                   fan_split_go(&group, input, outputs, FAN_SELECT_CASES + 1, NULL),
                   fan_split_go(&group, input, wrong, 2, NULL),
                   fan_split_go(&group, input, outputs, 3, &no_key),
                   fan_split_go(&group, input, outputs, 3, &no_rule),
                   fan_tee_go(&group, input, outputs, 0, NULL),
                   fan_tee_go(&group, input, outputs, FAN_SELECT_CASES + 1, NULL),
                   fan_tee_go(&group, input, wrong, 2, NULL)};
    for (size_t i = 0; i < sizeof error / sizeof error[0]; i++)
        ck_assert_int_eq(error[i], EINVAL);
    fan_chan_free(other);
}
END_TEST

START_TEST(a_tee_gives_all_to_each)
{
    ck_assert_int_eq(fan_tee_go(&group, input, outputs, 3, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    for (int i = 0; i < 3; i++)
        numbers_must_be(outputs[i], NUMBERS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}
END_TEST

START_TEST(a_tee_waits_for_who_does_not_read)
{
    narrow(1, 0);
    ck_assert_int_eq(fan_tee_go(&group, input, outputs, 3, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(outputs[1], NULL, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(outputs[1], NULL, NULL), 0);
    fan_ctx_cancel(&group.ctx, 0);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    ck_assert_uint_le(fan_chan_length(outputs[0]), 3);
    ck_assert_uint_le(fan_chan_length(outputs[2]), 3);
}
END_TEST

START_TEST(a_dropping_tee_counts_what_each_has_missed)
{
    uint64_t dropped[3] = {0};
    narrow(1, 5);
    narrow(2, 0);
    struct fan_tee_options options = {.drops = true, .dropped = dropped};
    ck_assert_int_eq(fan_tee_go(&group, input, outputs, 3, &options), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    numbers_must_be(outputs[0], NUMBERS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    numbers_must_be(outputs[1], NUMBERS(0, 1, 2, 3, 4));
    ck_assert_uint_eq(dropped[0], 0);
    ck_assert_uint_eq(dropped[1], MANY - 5);
    ck_assert_uint_eq(dropped[2], MANY);
}
END_TEST

struct triple {
    uint32_t small;
    uint64_t first, second;
};

static struct fan_chan *small_numbers(uint32_t count)
{
    struct fan_chan *chan = fan_chan_new("small", sizeof count, count);
    for (uint32_t i = 0; i < count; i++)
        fan_chan_send(chan, &(uint32_t){100 + i}, NULL);
    fan_chan_close(chan);
    return chan;
}

START_TEST(a_zip_ends_with_the_shortest_and_puts_each_in_its_place)
{
    struct triple triple = {0}, expected;
    struct fan_chan *small = small_numbers(2), *out = fan_chan_new("out", sizeof triple, MANY);
    struct fan_chan *other = numbers_from(50, 3), *inputs[] = {input, small, other};
    size_t offsets[] = {offsetof(struct triple, first), offsetof(struct triple, small),
                        offsetof(struct triple, second)};
    struct fan_zip_options options = {.offsets = offsets};
    ck_assert_int_eq(fan_zip_go(&group, inputs, 3, out, &options), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    for (uint32_t i = 0; i < 2; i++) {
        memset(&expected, 0, sizeof expected);
        expected.small = 100 + i, expected.first = i, expected.second = 50 + i;
        ck_assert_int_eq(fan_chan_recv(out, &triple, NULL), 0);
        ck_assert_mem_eq(&triple, &expected, sizeof triple);
    }
    ck_assert_int_eq(fan_chan_recv(out, &triple, NULL), EPIPE);
    ck_assert_uint_eq(fan_chan_length(input), 0);
    fan_chan_free(small);
    fan_chan_free(other);
    fan_chan_free(out);
}
END_TEST

START_TEST(a_zip_whose_elements_do_not_fit_is_refused)
{
    struct fan_chan *out = fan_chan_new("out", 2 * sizeof(uint64_t), 1);
    struct fan_chan *inputs[] = {input, outputs[0], outputs[1]};
    struct fan_zip_options beyond = {.offsets = (size_t[]){0, 9}};
    struct fan_zip_options far_beyond = {.offsets = (size_t[]){0, SIZE_MAX - 3}};
    ck_assert_int_eq(fan_zip_go(&group, inputs, 3, out, NULL), EINVAL);
    ck_assert_int_eq(fan_zip_go(&group, inputs, 2, out, &beyond), EINVAL);
    ck_assert_int_eq(fan_zip_go(&group, inputs, 2, out, &far_beyond), EINVAL);
    ck_assert_int_eq(fan_zip_go(&group, inputs, 0, out, NULL), EINVAL);
    ck_assert_int_eq(fan_zip_go(&group, inputs, FAN_SELECT_CASES + 1, out, NULL), EINVAL);
    fan_chan_free(out);
}
END_TEST

START_TEST(a_zip_cancels_who_sends_to_the_longer_input)
{
    struct fan_chan *out = fan_chan_new("out", 2 * sizeof(uint64_t), MANY);
    struct fan_chan *open = numbers_room(1), *inputs[] = {open, input};
    struct fan_ctx upstream;
    fan_ctx_init(&upstream, NULL);
    fan_chan_close(outputs[0]);
    inputs[1] = outputs[0];
    struct fan_zip_options options = {.upstream = &upstream};
    ck_assert_int_eq(fan_zip_go(&group, inputs, 2, out, &options), 0);
    ck_assert_int_eq(fan_chan_recv(out, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_int_eq(fan_ctx_cause(&upstream), EPIPE);
    fan_ctx_destroy(&upstream);
    fan_chan_free(open);
    fan_chan_free(out);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("split");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, split_in_turn);
    tcase_add_test(cases, split_by_key);
    tcase_add_test(cases, split_to_ready_leaves_out_who_does_not_read);
    tcase_add_test(cases, split_in_turn_waits_for_who_does_not_read);
    tcase_add_test(cases, a_split_that_makes_no_sense_is_refused);
    tcase_add_test(cases, a_tee_gives_all_to_each);
    tcase_add_test(cases, a_tee_waits_for_who_does_not_read);
    tcase_add_test(cases, a_dropping_tee_counts_what_each_has_missed);
    tcase_add_test(cases, a_zip_ends_with_the_shortest_and_puts_each_in_its_place);
    tcase_add_test(cases, a_zip_whose_elements_do_not_fit_is_refused);
    tcase_add_test(cases, a_zip_cancels_who_sends_to_the_longer_input);
    return suite_run("split", cases);
}
