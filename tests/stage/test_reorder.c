/* Both ways to hold elements, and the three ways to go on without one. */
#include "stage/reorder.h"

#include <errno.h>

#include "base/random.h"
#include "run/thread.h"
#include "run/time.h"
#include "stage/merge.h"
#include "stage/tag.h"
#include "tests/support/feeder.h"
#include "tests/support/suite.h"

enum { ROOM = 4096 };

struct item {
    struct fan_tag tag;
    uint64_t value;
};

static struct fan_group pipe_group;
static struct fan_chan *input, *output, *late;
static struct fan_reorder_report report;
static struct fan_reorder_options options;

static void set_up(void)
{
    fan_group_init(&pipe_group, &(struct fan_group_options){.name = "pipe"});
    input = fan_chan_new("input", sizeof(struct item), ROOM);
    output = fan_chan_new("output", sizeof(struct item), ROOM);
    late = fan_chan_new("late", sizeof(struct item), ROOM);
    options = (struct fan_reorder_options){.report = &report};
}

static void tear_down(void)
{
    fan_group_destroy(&pipe_group);
    fan_chan_free(input);
    fan_chan_free(output);
    fan_chan_free(late);
    fan_thread_wait_all();
    ck_assert_uint_eq(fan_thread_count(), 0);
}

static void give(const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(fan_chan_send(input, &(struct item){{numbers[i]}, numbers[i] * 3}, NULL),
                         0);
}

/* Gives all of them, closes the input, and returns the stage's error. */
static int run_with(const uint64_t *numbers, size_t count)
{
    give(numbers, count);
    fan_chan_close(input);
    ck_assert_int_eq(fan_reorder_go(&pipe_group, input, output, &options), 0);
    return fan_group_wait(&pipe_group);
}

#define RUN(...) run_with((uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8)

static void check_comes(const uint64_t *numbers, size_t count)
{
    struct item item;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(fan_chan_recv(output, &item, NULL), 0);
        ck_assert_uint_eq(item.tag.number, numbers[i]);
        ck_assert_uint_eq(item.value, 3 * numbers[i]);
    }
    ck_assert_int_eq(fan_chan_recv(output, &item, NULL), EPIPE);
}

#define CHECK_COMES(...)                                                                           \
    check_comes((uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8)

static void check_report(uint64_t handed_on, uint64_t missing, uint64_t too_late, size_t held)
{
    ck_assert_uint_eq(report.handed_on, handed_on);
    ck_assert_uint_eq(report.missing, missing);
    ck_assert_uint_eq(report.late, too_late);
    ck_assert_uint_eq(report.most_held, held);
}

static void use(int hold, enum fan_reorder_missing when_missing, size_t window)
{
    options.hold = (enum fan_reorder_hold)hold;
    options.when_missing = when_missing;
    options.window = window;
}

/* ---- order ----------------------------------------------------------------------------------- */

START_TEST(elements_come_out_in_their_order)
{
    use(_i, FAN_REORDER_STALL, 4);
    ck_assert_int_eq(RUN(2, 1, 3, 0, 7, 6, 5, 4, 8), 0);
    CHECK_COMES(0, 1, 2, 3, 4, 5, 6, 7, 8);
    check_report(9, 0, 0, 3);
}
END_TEST

START_TEST(they_start_from_any_number)
{
    use(_i, FAN_REORDER_STALL, 4);
    options.first = 100;
    ck_assert_int_eq(RUN(101, 100, 103, 102), 0);
    CHECK_COMES(100, 101, 102, 103);
}
END_TEST

static uint64_t backwards(const void *element)
{
    return 9 - ((const struct item *)element)->tag.number;
}

START_TEST(the_number_may_be_a_functions)
{
    use(_i, FAN_REORDER_STALL, 4);
    options.number_of = backwards;
    ck_assert_int_eq(RUN(8, 9, 7, 6), 0);
    CHECK_COMES(9, 8, 7, 6);
}
END_TEST

/* Each is moved by less than the window. */
static void shuffle(uint64_t *numbers, size_t count, size_t window, struct fan_random *random)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    for (size_t block = 0; block < count; block += window)
        for (size_t i = 1; i < window && block + i < count; i++) {
            size_t j = fan_random_below(random, i + 1);
            uint64_t kept = numbers[block + i];
            numbers[block + i] = numbers[block + j];
            numbers[block + j] = kept;
        }
}

START_TEST(any_order_within_the_window_is_put_right)
{
    static uint64_t numbers[2000], expected[2000];
    struct fan_random random = {.state = (uint64_t)_i};
    size_t window = 1 + fan_random_below(&random, 60);
    use(_i % 2, (enum fan_reorder_missing)(_i % 3), window);
    options.timeout_ns = 3600 * FAN_SECOND;
    shuffle(numbers, 2000, window, &random);
    for (size_t i = 0; i < 2000; i++)
        expected[i] = i;
    ck_assert_int_eq(run_with(numbers, 2000), 0);
    check_comes(expected, 2000);
    ck_assert_uint_eq(report.missing + report.late, 0);
    ck_assert_uint_lt(report.most_held, window);
}
END_TEST

/* ---- what is missing ------------------------------------------------------------------------- */

START_TEST(at_the_end_what_is_held_is_handed_on)
{
    use(_i, FAN_REORDER_STALL, 8);
    ck_assert_int_eq(RUN(0, 6, 3, 4), 0);
    CHECK_COMES(0, 3, 4, 6);
    check_report(4, 3, 0, 3);
}
END_TEST

START_TEST(to_stall_where_only_the_missing_one_could_help_is_a_failure)
{
    use(_i, FAN_REORDER_STALL, 2);
    ck_assert_int_eq(RUN(0, 2, 3, 4, 1), EOVERFLOW);
    CHECK_COMES(0);
}
END_TEST

START_TEST(a_skip_gives_up_what_is_missing_when_the_window_is_full)
{
    use(_i, FAN_REORDER_SKIP, 2);
    options.late = late;
    ck_assert_int_eq(RUN(0, 2, 3, 4, 1, 5), 0);
    CHECK_COMES(0, 2, 3, 4, 5);
    struct item item;
    ck_assert_int_eq(fan_chan_recv(late, &item, NULL), 0);
    ck_assert_uint_eq(item.tag.number, 1);
    ck_assert_int_eq(fan_chan_recv(late, &item, NULL), EPIPE);
    ck_assert_uint_eq(report.missing, 1);
    ck_assert_uint_eq(report.late, 1);
    ck_assert_uint_eq(report.handed_on, 5);
}
END_TEST

START_TEST(a_ring_skips_to_where_the_newest_fits_and_a_heap_to_the_lowest)
{
    use(_i, FAN_REORDER_SKIP, 3);
    ck_assert_int_eq(RUN(1, 100, 99, 98, 200), 0);
    CHECK_COMES(1, 98, 99, 100, 200);
    ck_assert_uint_eq(report.late, 0);
    ck_assert_uint_eq(report.missing, 201 - 5);
}
END_TEST

START_TEST(one_below_a_full_heap_is_the_next)
{
    use(FAN_REORDER_HEAP, FAN_REORDER_SKIP, 2);
    ck_assert_int_eq(RUN(7, 9, 5, 6), 0);
    CHECK_COMES(5, 6, 7, 9);
}
END_TEST

START_TEST(late_ones_are_dropped_where_nobody_wants_them)
{
    use(_i, FAN_REORDER_SKIP, 1);
    ck_assert_int_eq(RUN(5, 6, 7, 0, 1, 8), 0);
    CHECK_COMES(5, 6, 7, 8);
    ck_assert_uint_eq(report.late, 2);
}
END_TEST

/* The input stays open: only time lets it go on. */
START_TEST(a_time_out_gives_up_what_is_missing)
{
    struct item item = {.tag.number = 99};
    use(_i, FAN_REORDER_TIMEOUT, 2);
    options.timeout_ns = FAN_MILLISECOND;
    ck_assert_int_eq(fan_reorder_go(&pipe_group, input, output, &options), 0);
    give((uint64_t[]){0, 2, 4, 6, 9}, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(fan_chan_recv(output, &item, NULL), 0);
        ck_assert_uint_eq(item.tag.number, ((uint64_t[]){0, 2, 4, 6, 9})[i]);
    }
    give((uint64_t[]){1, 10}, 2);
    fan_chan_close(input);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
    CHECK_COMES(10);
    ck_assert_uint_eq(report.missing, 5);
    ck_assert_uint_eq(report.late, 1);
}
END_TEST

START_TEST(a_number_that_comes_twice_is_an_error)
{
    use(_i % 2, (enum fan_reorder_missing)(_i / 2), 4);
    options.timeout_ns = 3600 * FAN_SECOND;
    ck_assert_int_eq(RUN(0, 2, 3, 2, 1), EEXIST);
}
END_TEST

START_TEST(a_number_whose_turn_is_over_is_an_error_if_none_is_ever_skipped)
{
    use(_i, FAN_REORDER_STALL, 4);
    ck_assert_int_eq(RUN(0, 1, 0), EEXIST);
    CHECK_COMES(0, 1);
}
END_TEST

START_TEST(there_is_a_last_number)
{
    use(_i, FAN_REORDER_SKIP, 4);
    ck_assert_int_eq(RUN(0, UINT64_MAX), EINVAL);
}
END_TEST

/* ---- arguments ------------------------------------------------------------------------------- */

static int refuse(int which)
{
    static struct fan_chan *small;
    small = fan_chan_new("small", 4, 1);
    struct fan_chan *in = which == 0 ? NULL : which == 1 ? small : input;
    struct fan_chan *out = which == 2 ? NULL : which == 1 ? small : output;
    if (which == 3)
        options.when_missing = FAN_REORDER_TIMEOUT;
    if (which == 4)
        options.late = small;
    if (which == 5)
        options.room = small;
    if (which == 6)
        options.hold = (enum fan_reorder_hold)7;
    if (which == 7)
        options.when_missing = (enum fan_reorder_missing)7;
    int error = fan_reorder_go(&pipe_group, in, out, &options);
    fan_chan_free(small);
    return error;
}

START_TEST(what_does_not_fit_is_refused)
{
    ck_assert_int_eq(refuse(_i), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
    ck_assert_int_eq(fan_chan_try_recv(output, NULL), EAGAIN);
}
END_TEST

START_TEST(a_window_that_is_too_large_is_a_lack_of_memory)
{
    use(_i, FAN_REORDER_STALL, SIZE_MAX / 2);
    ck_assert_int_eq(fan_reorder_go(&pipe_group, input, output, &options), ENOMEM);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), ENOMEM);
}
END_TEST

/* ---- with a tag before the workers ----------------------------------------------------------- */

enum { WORKERS = 4, WINDOW = 8, ELEMENTS = 5000 };

struct worker {
    struct fan_chan *from, *to;
    uint64_t seed;
};

/* Takes two and answers them the other way round now and then. */
static int work(void *argument, struct fan_ctx *ctx)
{
    struct worker *worker = argument;
    struct fan_random random = {.state = worker->seed};
    struct item first, second;
    int error = 0;
    while ((error = fan_chan_recv(worker->from, &first, ctx)) == 0) {
        bool turn = fan_random_below(&random, 2) && fan_chan_try_recv(worker->from, &second) == 0;
        if (turn && (error = fan_chan_send(worker->to, &second, ctx)))
            break;
        if ((error = fan_chan_send(worker->to, &first, ctx)))
            break;
    }
    fan_chan_close(worker->to);
    return error == EPIPE ? 0 : error;
}

static void start_workers(struct worker *workers, struct fan_chan *tagged,
                          struct fan_chan **answers)
{
    for (int i = 0; i < WORKERS; i++) {
        answers[i] = fan_chan_new("answers", sizeof(struct item), 0);
        workers[i] = (struct worker){tagged, answers[i], (uint64_t)i};
        ck_assert_int_eq(fan_group_go(&pipe_group, work, &workers[i]), 0);
    }
}

START_TEST(tag_workers_merge_and_reorder_keep_the_order_within_the_window)
{
    struct worker workers[WORKERS];
    struct fan_chan *answers[WORKERS], *numbers = fan_chan_new("numbers", sizeof(uint64_t), 4),
                                       *tagged = fan_chan_new("tagged", sizeof(struct item), 4);
    struct fan_chan *room = fan_chan_new("room", 1, WINDOW);
    struct item item;
    feeder_go(&pipe_group, &(struct feeder){.output = numbers, .from = 7, .to = 7 + ELEMENTS});
    struct fan_tag_options tag = {.first = 50, .room = room};
    ck_assert_int_eq(fan_tag_go(&pipe_group, numbers, tagged, &tag), 0);
    start_workers(workers, tagged, answers);
    ck_assert_int_eq(fan_merge_go(&pipe_group, answers, WORKERS, input, NULL), 0);
    use(_i, FAN_REORDER_STALL, WINDOW);
    options.first = 50;
    options.room = room;
    ck_assert_int_eq(fan_reorder_go(&pipe_group, input, output, &options), 0);
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        ASSERT_OFTEN(fan_chan_recv(output, &item, NULL) == 0);
        ASSERT_OFTEN(item.tag.number == 50 + i && item.value == 7 + i);
    }
    ck_assert_int_eq(fan_chan_recv(output, &item, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
    ck_assert_uint_lt(report.most_held, WINDOW);
    ck_assert_uint_gt(report.most_held, 0);
    for (int i = 0; i < WORKERS; i++)
        fan_chan_free(answers[i]);
    fan_chan_free(numbers);
    fan_chan_free(tagged);
    fan_chan_free(room);
}
END_TEST

START_TEST(a_tag_needs_room_in_its_output)
{
    struct fan_chan *other = fan_chan_new("other", 8, 0);
    struct fan_tag_options tag = {.room = _i == 1 ? other : NULL};
    ck_assert_int_eq(fan_tag_go(&pipe_group, _i == 2 ? NULL : other, _i == 0 ? other : input, &tag),
                     EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
    fan_chan_free(other);
}
END_TEST

static void add_tests(TCase *cases)
{
    tcase_add_loop_test(cases, elements_come_out_in_their_order, 0, 2);
    tcase_add_loop_test(cases, they_start_from_any_number, 0, 2);
    tcase_add_loop_test(cases, the_number_may_be_a_functions, 0, 2);
    tcase_add_loop_test(cases, any_order_within_the_window_is_put_right, 0, 30);
    tcase_add_loop_test(cases, at_the_end_what_is_held_is_handed_on, 0, 2);
    tcase_add_loop_test(cases, to_stall_where_only_the_missing_one_could_help_is_a_failure, 0, 2);
    tcase_add_loop_test(cases, a_skip_gives_up_what_is_missing_when_the_window_is_full, 0, 2);
    tcase_add_loop_test(cases, a_ring_skips_to_where_the_newest_fits_and_a_heap_to_the_lowest, 0,
                        2);
    tcase_add_test(cases, one_below_a_full_heap_is_the_next);
    tcase_add_loop_test(cases, late_ones_are_dropped_where_nobody_wants_them, 0, 2);
    tcase_add_loop_test(cases, a_time_out_gives_up_what_is_missing, 0, 2);
    tcase_add_loop_test(cases, a_number_that_comes_twice_is_an_error, 0, 6);
    tcase_add_loop_test(cases, a_number_whose_turn_is_over_is_an_error_if_none_is_ever_skipped, 0,
                        2);
    tcase_add_loop_test(cases, there_is_a_last_number, 0, 2);
    tcase_add_loop_test(cases, what_does_not_fit_is_refused, 0, 8);
    tcase_add_loop_test(cases, a_window_that_is_too_large_is_a_lack_of_memory, 0, 2);
    tcase_add_loop_test(cases, tag_workers_merge_and_reorder_keep_the_order_within_the_window, 0,
                        2);
    tcase_add_loop_test(cases, a_tag_needs_room_in_its_output, 0, 3);
}

int main(void)
{
    TCase *cases = tcase_create("reorder");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    add_tests(cases);
    return suite_run("reorder", cases);
}
