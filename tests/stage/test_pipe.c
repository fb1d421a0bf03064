/* The pipe, and its two ends: source and each. */
#include "stage/pipe.h"

#include <errno.h>
#include <string.h>

#include "tests/support/numbers.h"
#include "tests/support/suite.h"

static struct fan_pipe pipe_;
static uint64_t given, most, fails_at;
static uint64_t got[100];
static size_t got_count, leaves_at;

static int count_on(void *state, struct fan_ctx *ctx, void *element)
{
    (void)state, (void)ctx;
    if (given == most)
        return ENODATA;
    if (given == fails_at)
        return EIO;
    memcpy(element, &given, sizeof given);
    given++;
    return 0;
}

static int keep(void *state, struct fan_ctx *ctx, const void *element)
{
    (void)state, (void)ctx;
    if (got_count == leaves_at)
        return ENOSPC;
    memcpy(&got[got_count++], element, sizeof got[0]);
    return 0;
}

static int square(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    uint64_t number;
    (void)argument, (void)ctx;
    memcpy(&number, element, sizeof number);
    number *= number;
    memcpy(result, &number, sizeof number);
    return 0;
}

static int is_even(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps)
{
    uint64_t number;
    (void)argument, (void)ctx;
    memcpy(&number, element, sizeof number);
    *keeps = number % 2 == 0;
    return 0;
}

static const struct fan_source source = {.next = count_on};
static const struct fan_each each = {.put = keep};
static const struct fan_map_options map = {.run = square, .workers = 2, .ordered = true};
static const struct fan_filter_options even = {.judge = is_even, .workers = 2, .ordered = true};
static const struct fan_until_options three = {.count = 3}, two = {.count = 2};
static const struct fan_window_options pairs = {.count = 2};

static const struct fan_pipe_stage from_source = {.source = &source, .size = sizeof(uint64_t)};
static const struct fan_pipe_stage to_each = {.each = &each};

static void set_up(void)
{
    most = fails_at = UINT64_MAX;
    leaves_at = SIZE_MAX;
    fan_pipe_init(&pipe_, NULL);
}

static void tear_down(void)
{
    fan_pipe_destroy(&pipe_);
}

static void add(struct fan_pipe_stage stage)
{
    ck_assert_int_eq(fan_pipe_add(&pipe_, &stage), 0);
}

START_TEST(stages_follow_one_another)
{
    most = 6;
    add(from_source);
    add((struct fan_pipe_stage){.filter = &even, .capacity = 3});
    add((struct fan_pipe_stage){.map = &map, .size = sizeof(uint64_t)});
    add(to_each);
    ck_assert_int_eq(fan_pipe_run(&pipe_), 0);
    ck_assert_uint_eq(got_count, 3);
    ck_assert_uint_eq(got[2], 16);
}
END_TEST

struct pair {
    size_t count;
    uint64_t numbers[2];
};

START_TEST(it_may_begin_and_end_with_channels)
{
    struct pair pair;
    struct fan_chan *input = numbers_from(0, 3);
    fan_pipe_init(&pipe_, &(struct fan_pipe_options){.name = "pairs", .input = input});
    add((struct fan_pipe_stage){.window = &pairs, .size = sizeof pair});
    ck_assert_int_eq(fan_pipe_start(&pipe_), 0);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(fan_chan_recv(fan_pipe_output(&pipe_), &pair, fan_pipe_ctx(&pipe_)), 0);
        ck_assert_uint_eq(pair.count, 2 - i);
        ck_assert_uint_eq(pair.numbers[0], 2 * i);
    }
    ck_assert_int_eq(fan_chan_recv(fan_pipe_output(&pipe_), NULL, fan_pipe_ctx(&pipe_)), EPIPE);
    ck_assert_int_eq(fan_pipe_wait(&pipe_), 0);
    fan_chan_free(input);
}
END_TEST

/* The source has no end; and that it is ended is no failure. */
START_TEST(an_until_ends_what_is_before_it)
{
    add(from_source);
    add((struct fan_pipe_stage){.map = &map});
    add((struct fan_pipe_stage){.until = &three});
    add((struct fan_pipe_stage){.filter = &even});
    if (_i)
        add((struct fan_pipe_stage){.until = &two});
    add(to_each);
    ck_assert_int_eq(fan_pipe_run(&pipe_), 0);
    ck_assert_uint_eq(got_count, 2);
    ck_assert_uint_eq(got[1], 4);
}
END_TEST

START_TEST(a_failure_anywhere_is_the_pipes)
{
    fails_at = _i ? UINT64_MAX : 3;
    leaves_at = _i ? 1 : SIZE_MAX;
    add(from_source);
    add((struct fan_pipe_stage){.until = &(struct fan_until_options){.count = 1000}});
    add(to_each);
    ck_assert_int_eq(fan_pipe_run(&pipe_), _i ? ENOSPC : EIO);
}
END_TEST

static int never_start(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                       void *argument)
{
    (void)input, (void)output;
    ck_assert_ptr_eq(argument, &given);
    return fan_stage_fail(group, EPROTO);
}

START_TEST(a_stage_that_cannot_start_ends_those_that_have)
{
    add(from_source);
    add((struct fan_pipe_stage){.until = &three});
    add((struct fan_pipe_stage){.go = never_start, .argument = &given});
    add(to_each);
    ck_assert_int_eq(fan_pipe_run(&pipe_), EPROTO);
    ck_assert_uint_eq(got_count, 0);
    ck_assert_int_eq(fan_pipe_start(&pipe_), EINVAL);
}
END_TEST

START_TEST(its_parent_ends_it)
{
    struct fan_ctx parent;
    fan_ctx_init(&parent, NULL);
    fan_pipe_init(&pipe_, &(struct fan_pipe_options){.parent = &parent});
    add(from_source);
    add((struct fan_pipe_stage){.until = &(struct fan_until_options){.is_last = NULL}});
    ck_assert_int_eq(fan_pipe_start(&pipe_), 0);
    ck_assert_int_eq(fan_chan_recv(fan_pipe_output(&pipe_), NULL, NULL), 0);
    fan_ctx_cancel(&parent, 0);
    ck_assert_int_eq(fan_pipe_wait(&pipe_), ECANCELED);
    fan_pipe_destroy(&pipe_);
    fan_ctx_destroy(&parent);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct fan_pipe_stage nothing = {.size = 8}, both = {.source = &source, .map = &map};
    struct fan_pipe_stage mapped = {.map = &map}, without_size = {.source = &source};
    ck_assert_int_eq(fan_pipe_start(&pipe_), EINVAL);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &nothing), EINVAL);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &both), EINVAL);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &mapped), EINVAL);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &without_size), EINVAL);
    add(from_source);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &from_source), EINVAL);
    for (int i = 1; i < FAN_PIPE_STAGES; i++)
        add(i + 1 < FAN_PIPE_STAGES ? mapped : to_each);
    ck_assert_int_eq(fan_pipe_add(&pipe_, &mapped), EINVAL);
}
END_TEST

START_TEST(there_are_only_so_many_stages)
{
    add(from_source);
    for (int i = 1; i < FAN_PIPE_STAGES; i++)
        add((struct fan_pipe_stage){.map = &map});
    ck_assert_int_eq(fan_pipe_add(&pipe_, &to_each), ENOSPC);
}
END_TEST

START_TEST(a_source_and_an_each_need_a_function)
{
    struct fan_group group;
    struct fan_chan *chan = numbers_room(1);
    fan_group_init(&group, &(struct fan_group_options){.name = "ends"});
    ck_assert_int_eq(fan_source_go(&group, &(struct fan_source){.next = NULL}, chan), EINVAL);
    ck_assert_int_eq(fan_each_go(&group, chan, &(struct fan_each){.put = NULL}), EINVAL);
    fan_group_destroy(&group);
    fan_chan_free(chan);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pipe");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, stages_follow_one_another);
    tcase_add_test(cases, it_may_begin_and_end_with_channels);
    tcase_add_loop_test(cases, an_until_ends_what_is_before_it, 0, 2);
    tcase_add_loop_test(cases, a_failure_anywhere_is_the_pipes, 0, 2);
    tcase_add_test(cases, a_stage_that_cannot_start_ends_those_that_have);
    tcase_add_test(cases, its_parent_ends_it);
    tcase_add_test(cases, what_makes_no_sense_is_refused);
    tcase_add_test(cases, there_are_only_so_many_stages);
    tcase_add_test(cases, a_source_and_an_each_need_a_function);
    return suite_run("pipe", cases);
}
