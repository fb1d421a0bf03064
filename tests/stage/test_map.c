#include "stage/map.h"

#include <errno.h>
#include <string.h>

#include "base/panic.h"
#include "run/atomic.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

enum { MANY = 500, WORKERS = 4 };

static struct fan_group group;
static struct fan_chan *input, *output, *gate;
static uint64_t skipped;
static unsigned at_once, most_at_once; /* atomic */

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "map"});
    input = numbers_from(0, MANY);
    output = numbers_room(MANY);
    gate = fan_chan_new("gate", 1, 0);
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(output);
    fan_chan_free(gate);
}

static void note_begin(void)
{
    unsigned now = fan_atomic_fetch_add(&at_once, 1, FAN_RELAXED) + 1;
    unsigned most = fan_atomic_load(&most_at_once, FAN_RELAXED);
    while (now > most &&
           !fan_atomic_compare_exchange(&most_at_once, &most, now, FAN_RELAXED, FAN_RELAXED))
        continue;
}

static int square(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    uint64_t number;
    (void)argument, (void)ctx;
    note_begin();
    memcpy(&number, element, sizeof number);
    number *= number;
    memcpy(result, &number, sizeof number);
    fan_atomic_fetch_sub(&at_once, 1, FAN_RELAXED);
    return 0;
}

/* The first waits until another one has been made. */
static int first_is_slow(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    uint64_t number;
    memcpy(&number, element, sizeof number);
    int error = square(argument, ctx, element, result);
    if (number == 0)
        return fan_chan_recv(gate, NULL, ctx);
    if (number == 3)
        return fan_chan_send(gate, &(char){0}, ctx);
    return error;
}

static int fail_at_seven(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    uint64_t number;
    memcpy(&number, element, sizeof number);
    int error = square(argument, ctx, element, result);
    return number % 10 == 7 ? ERANGE : error;
}

static int panic_at_seven(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    if (fail_at_seven(argument, ctx, element, result) == ERANGE)
        fan_panic("seven");
    return 0;
}

static int run(struct fan_map_options options)
{
    options.workers = WORKERS;
    ck_assert_int_eq(fan_map_go(&group, input, output, &options), 0);
    return fan_group_wait(&group);
}

static bool results_are_all_there(bool in_order)
{
    static uint64_t numbers[MANY + 1], sum, squares;
    ck_assert_uint_eq(numbers_take(output, numbers, MANY + 1), MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        sum += numbers[i];
        squares += i * i;
        if (in_order && numbers[i] != i * i)
            return false;
    }
    return sum == squares;
}

START_TEST(every_element_becomes_a_result)
{
    ck_assert_int_eq(run((struct fan_map_options){.run = square}), 0);
    ck_assert(results_are_all_there(false));
    ck_assert_uint_ge(most_at_once, 1);
    ck_assert_uint_le(most_at_once, WORKERS);
}
END_TEST

START_TEST(ordered_results_come_in_the_order_of_their_elements)
{
    ck_assert_int_eq(run((struct fan_map_options){.run = first_is_slow, .ordered = true}), 0);
    ck_assert(results_are_all_there(true));
}
END_TEST

START_TEST(unordered_a_slow_one_holds_up_none)
{
    uint64_t first;
    ck_assert_int_eq(run((struct fan_map_options){.run = first_is_slow}), 0);
    ck_assert_int_eq(fan_chan_recv(output, &first, NULL), 0);
    ck_assert_uint_ne(first, 0);
}
END_TEST

START_TEST(a_failure_ends_the_pipeline)
{
    ck_assert_int_eq(run((struct fan_map_options){.run = fail_at_seven, .ordered = true}), ERANGE);
    uint64_t number;
    while (fan_chan_recv(output, &number, NULL) == 0)
        ck_assert_uint_lt(number, 49);
}
END_TEST

START_TEST(failing_elements_may_be_left_out_and_counted)
{
    static uint64_t numbers[MANY];
    ck_assert_int_eq(
        run((struct fan_map_options){
            .run = fail_at_seven, .ordered = _i, .skips_failures = true, .skipped = &skipped}),
        0);
    ck_assert_uint_eq(numbers_take(output, numbers, MANY), MANY * 9 / 10);
    ck_assert_uint_eq(skipped, MANY / 10);
}
END_TEST

START_TEST(a_panic_is_a_failure)
{
    ck_assert_int_eq(run((struct fan_map_options){.run = panic_at_seven}), ENOTRECOVERABLE);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    static const struct fan_map_options wrong[] = {
        {.run = NULL},
        {.run = square, .workers = -1},
        {.run = square, .batch = -1},
        {.run = square, .window = -1},
    };
    ck_assert_int_eq(fan_map_go(&group, input, output, &wrong[_i]), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&group.ctx), EINVAL);
    ck_assert_int_eq(fan_group_wait(&group), EINVAL);
}
END_TEST

/* With room for one result, the rest of the input stays where it is: each worker has a batch in
 * hand, or in order an element, and as many as the window says wait for their turn. */
START_TEST(a_consumer_that_does_not_read_stops_the_workers)
{
    static const struct {
        int batch, most_held;
        bool ordered;
    } cases[] = {{0, 32 * WORKERS, false}, {1, WORKERS, false}, {0, WORKERS + 4, true}};
    struct fan_chan *narrow = numbers_room(1);
    struct fan_map_options options = {.run = square,
                                      .workers = WORKERS,
                                      .batch = cases[_i].batch,
                                      .ordered = cases[_i].ordered,
                                      .window = 4};
    ck_assert_int_eq(fan_map_go(&group, input, narrow, &options), 0);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(fan_chan_recv(narrow, NULL, NULL), 0);
    ck_assert_uint_ge(fan_chan_length(input), MANY - 20 - 1 - cases[_i].most_held);
    fan_ctx_cancel(&group.ctx, 0);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    fan_chan_free(narrow);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("map");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, every_element_becomes_a_result);
    tcase_add_test(cases, ordered_results_come_in_the_order_of_their_elements);
    tcase_add_test(cases, unordered_a_slow_one_holds_up_none);
    tcase_add_test(cases, a_failure_ends_the_pipeline);
    tcase_add_loop_test(cases, failing_elements_may_be_left_out_and_counted, 0, 2);
    tcase_add_test(cases, a_panic_is_a_failure);
    tcase_add_loop_test(cases, what_makes_no_sense_is_refused, 0, 4);
    tcase_add_loop_test(cases, a_consumer_that_does_not_read_stops_the_workers, 0, 3);
    return suite_run("map", cases);
}
