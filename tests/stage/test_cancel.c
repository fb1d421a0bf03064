/* Every kind of stage, cancelled at many moments, and wherever it may wait: all threads end, all
 * channels are closed, nothing came too often, and it does not take long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "run/thread.h"
#include "run/time.h"
#include "tests/support/pipelines.h"
#include "tests/support/stuck.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { RUNS = 30, AT_MOST_MS = 50 };

static const struct pipeline_kind *kind;

/* Nothing but the cancel ends it, for the source has more elements than anybody takes; or it had
 * enough before. */
static uint64_t cancel_once(struct pipeline plan)
{
    struct pipeline *pipeline = malloc(sizeof *pipeline);
    *pipeline = plan;
    pipeline_run(pipeline, kind);
    fan_thread_wait_all();
    uint64_t elapsed_ns = pipeline->cancelled_ns ? fan_now_ns() - pipeline->cancelled_ns : 0;
    ck_assert_uint_eq(fan_thread_count(), 0);
    ck_assert(pipeline->cancelled_ns != 0 || kind->has_enough);
    const char *complaint = pipeline_complaint(pipeline, kind, false);
    ck_assert_msg(!complaint, "%s: %s", kind->name, complaint ? complaint : "");
    ck_assert_msg(!pipeline->started || pipeline_is_closed(pipeline), "%s: a channel is open",
                  kind->name);
    pipeline_clear(pipeline);
    free(pipeline);
    return elapsed_ns;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The median, for a thread that the system does not let run ends no sooner. */
static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void all_ended_soon(uint64_t *elapsed_ns, size_t count)
{
    qsort(elapsed_ns, count, sizeof *elapsed_ns, compare);
    printf("%s: ended after a cancel in %.2f ms, at most %.2f\n", kind->name,
           ms(elapsed_ns[count / 2]), ms(elapsed_ns[count - 1]));
    fflush(stdout);
    ck_assert_uint_lt(elapsed_ns[count / 2], AT_MOST_MS * FAN_MILLISECOND);
}

START_TEST(a_cancel_at_any_moment_ends_it_at_once_with_nothing_left)
{
    struct fan_random random = {.state = 3};
    uint64_t elapsed_ns[RUNS];
    kind = pipeline_kind(_i);
    for (int i = 0; i < RUNS; i++) {
        uint64_t moment = 1 + fan_random_below(&random, i < RUNS / 2 ? 4 : 1000);
        elapsed_ns[i] = cancel_once((struct pipeline){
            .elements = UINT64_MAX - 1,
            .cancel_at_source = moment,
        });
    }
    all_ended_soon(elapsed_ns, RUNS);
}
END_TEST

START_TEST(a_cancel_from_the_end_ends_it_at_once_with_nothing_left)
{
    struct fan_random random = {.state = 4};
    uint64_t elapsed_ns[RUNS];
    kind = pipeline_kind(_i);
    for (int i = 0; i < RUNS; i++) {
        uint64_t most = kind->keeps == pipeline_is_enough ? PIPELINE_ENOUGH : 200;
        elapsed_ns[i] = cancel_once((struct pipeline){
            .elements = UINT64_MAX - 1,
            .cancel_at_end = 1 + fan_random_below(&random, most),
        });
    }
    all_ended_soon(elapsed_ns, RUNS);
}
END_TEST

/* The least of a few times, for the same reason. */
START_TEST(a_cancel_ends_it_wherever_it_waits)
{
    const struct stuck_place *place = &stuck_places[_i];
    uint64_t least_ns = UINT64_MAX;
    watch_begin();
    for (int i = 0; i < 3; i++) {
        struct stuck stuck;
        stuck_begin(&stuck, place);
        watch_until_so_many_blocked(1, place->op);
        uint64_t cancelled_ns = fan_now_ns();
        fan_ctx_cancel(&stuck.group.ctx, 0);
        const char *wrong = stuck_end(&stuck, place);
        ck_assert_msg(!wrong, "%s: %s", place->name, wrong ? wrong : "");
        uint64_t took_ns = fan_now_ns() - cancelled_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    ck_assert_uint_lt(least_ns, AT_MOST_MS * FAN_MILLISECOND);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cancel");
    int kinds = pipeline_all_kinds();
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, a_cancel_at_any_moment_ends_it_at_once_with_nothing_left, 0, kinds);
    tcase_add_loop_test(cases, a_cancel_from_the_end_ends_it_at_once_with_nothing_left, 0, kinds);
    tcase_add_loop_test(cases, a_cancel_ends_it_wherever_it_waits, 0, (int)stuck_place_count);
    return suite_run("cancel", cases);
}
