#include <errno.h>

#include "stage/each.h"
#include "stage/filter.h"
#include "stage/first_good.h"
#include "stage/lossy.h"
#include "stage/map.h"
#include "stage/measure.h"
#include "stage/merge.h"
#include "stage/ordered.h"
#include "stage/priority.h"
#include "stage/reorder.h"
#include "stage/source.h"
#include "stage/split.h"
#include "stage/tag.h"
#include "stage/tee.h"
#include "stage/throttle.h"
#include "stage/until.h"
#include "stage/window.h"
#include "stage/zip.h"
#include "tests/support/suite.h"

/* What somebody forgot: a channel, or what says what is to be done. No stage starts without, and
 * who looks only at what the wait returns gets to know it too. */

static struct fan_group group;
static struct fan_chan *numbers, *tagged, *batches;

static void set_up(void)
{
    numbers = fan_chan_new("numbers", sizeof(int), 1);
    tagged = fan_chan_new("tagged", sizeof(struct fan_tag) + 8, 1);
    batches = fan_chan_new("batches", sizeof(struct fan_window) + 8, 1);
}

static void tear_down(void)
{
    fan_chan_free(numbers);
    fan_chan_free(tagged);
    fan_chan_free(batches);
}

#define REFUSES(go)                                                                                \
    do {                                                                                           \
        fan_group_init(&group, NULL);                                                              \
        ck_assert_int_eq(go, EINVAL);                                                              \
        ck_assert_int_eq(fan_group_wait(&group), EINVAL);                                          \
        fan_group_destroy(&group);                                                                 \
    } while (0)

static int next(void *state, struct fan_ctx *ctx, void *element)
{
    (void)state, (void)ctx, (void)element;
    return ENODATA;
}

static int put(void *state, struct fan_ctx *ctx, const void *element)
{
    (void)state, (void)ctx, (void)element;
    return 0;
}

static int run(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    (void)argument, (void)ctx, (void)element, (void)result;
    return 0;
}

static int judge(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps)
{
    (void)argument, (void)ctx, (void)element, (void)keeps;
    return 0;
}

static int error_of(const void *element)
{
    (void)element;
    return 0;
}

START_TEST(ends_of_a_pipeline)
{
    struct fan_source source = {.next = next};
    struct fan_each each = {.put = put};
    REFUSES(fan_source_go(&group, NULL, numbers));
    REFUSES(fan_source_go(&group, &source, NULL));
    REFUSES(fan_each_go(&group, numbers, NULL));
    REFUSES(fan_each_go(&group, NULL, &each));
}
END_TEST

START_TEST(stages_with_several_threads)
{
    struct fan_map_options map = {.run = run};
    struct fan_filter_options filter = {.judge = judge};
    REFUSES(fan_map_go(&group, numbers, numbers, NULL));
    REFUSES(fan_map_go(&group, NULL, numbers, &map));
    REFUSES(fan_map_go(&group, numbers, NULL, &map));
    REFUSES(fan_filter_go(&group, numbers, numbers, NULL));
    REFUSES(fan_filter_go(&group, NULL, numbers, &filter));
    REFUSES(fan_filter_go(&group, numbers, NULL, &filter));
}
END_TEST

START_TEST(stages_with_one_thread)
{
    struct fan_lossy lossy = {.capacity = 1}, odd = {.capacity = 1, .drops = FAN_DROP_OLDEST + 1};
    static struct fan_measure measure;
    struct fan_rate rate;
    struct fan_until_options until = {.count = 1};
    struct fan_window_options window = {.count = 1};
    ck_assert_int_eq(fan_rate_init(&rate, &(struct fan_rate_options){.count = 1}), 0);
    REFUSES(fan_lossy_go(&group, numbers, numbers, NULL));
    REFUSES(fan_lossy_go(&group, NULL, NULL, &lossy));
    REFUSES(fan_lossy_go(&group, numbers, numbers, &odd));
    REFUSES(fan_measure_go(&group, numbers, numbers, NULL));
    REFUSES(fan_measure_go(&group, NULL, NULL, &measure));
    REFUSES(fan_throttle_go(&group, numbers, numbers, NULL));
    REFUSES(fan_throttle_go(&group, NULL, NULL, &rate));
    REFUSES(fan_until_go(&group, numbers, numbers, NULL));
    REFUSES(fan_until_go(&group, NULL, NULL, &until));
    REFUSES(fan_window_go(&group, numbers, batches, NULL));
    REFUSES(fan_window_go(&group, NULL, batches, &window));
    REFUSES(fan_window_go(&group, numbers, NULL, &window));
    REFUSES(fan_tag_go(&group, NULL, tagged, NULL));
    REFUSES(fan_tag_go(&group, numbers, NULL, NULL));
    fan_rate_destroy(&rate);
}
END_TEST

START_TEST(stages_that_part)
{
    struct fan_chan *outputs[] = {numbers, NULL};
    REFUSES(fan_split_go(&group, numbers, NULL, 1, NULL));
    REFUSES(fan_split_go(&group, NULL, outputs, 1, NULL));
    REFUSES(fan_split_go(&group, numbers, outputs, 2, NULL));
    REFUSES(fan_tee_go(&group, numbers, NULL, 1, NULL));
    REFUSES(fan_tee_go(&group, NULL, outputs, 1, NULL));
    REFUSES(fan_tee_go(&group, numbers, outputs, 2, NULL));
}
END_TEST

START_TEST(stages_that_join)
{
    struct fan_chan *inputs[] = {numbers, NULL};
    REFUSES(fan_merge_go(&group, inputs, 2, numbers, NULL));
    REFUSES(fan_merge_go(&group, NULL, 1, numbers, NULL));
    REFUSES(fan_merge_go(&group, inputs, 1, NULL, NULL));
    REFUSES(fan_ordered_go(&group, inputs, 2, numbers));
    REFUSES(fan_priority_go(&group, inputs, 2, numbers, NULL));
    REFUSES(fan_first_good_go(&group, inputs, 2, numbers, error_of, NULL));
    REFUSES(fan_first_good_go(&group, inputs, 1, numbers, NULL, NULL));
    REFUSES(fan_reorder_go(&group, NULL, tagged, NULL));
    REFUSES(fan_reorder_go(&group, tagged, NULL, NULL));
    REFUSES(fan_zip_go(&group, NULL, 1, tagged, NULL));
    REFUSES(fan_zip_go(&group, inputs, 2, tagged, NULL));
    REFUSES(fan_zip_go(&group, inputs, 1, NULL, NULL));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("refused");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, ends_of_a_pipeline);
    tcase_add_test(cases, stages_with_several_threads);
    tcase_add_test(cases, stages_with_one_thread);
    tcase_add_test(cases, stages_that_part);
    tcase_add_test(cases, stages_that_join);
    return suite_run("refused", cases);
}
