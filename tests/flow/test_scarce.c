/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc */
/* As tests/sim/test_scarce.c, with threads of the system: what AddressSanitizer says of it counts.
 * And threads run out. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "flow/fanout.h"
#include "flow/group.h"
#include "flow/hedge.h"
#include "run/thread.h"
#include "run/time.h"
#include "tests/support/storm.h"
#include "tests/support/suite.h"

enum { SEEDS = 60, TASKS = 40, MOST_REQUESTS = 200 };

static uint64_t asked, refuse; /* atomic; the request that is refused, 0 = none */

static bool is_refused(void)
{
    return __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == refuse;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return is_refused() ? NULL : __real_aligned_alloc(alignment, size);
}

/* Requests may be as many as the schedule has it. */
static uint64_t run_refusing(const struct storm_plan *plan, uint64_t which, bool *saw_it)
{
    struct storm_seen seen;
    asked = 0;
    refuse = which;
    const char *complaint = storm_run(plan, &seen);
    uint64_t requests = asked;
    refuse = 0;
    ck_assert_msg(!complaint, "%s (returned %d) with request %d refused in %s", complaint,
                  seen.error, (int)which, storm_tell(plan));
    *saw_it |= seen.error == ENOMEM;
    return requests;
}

START_TEST(the_executor_says_so_or_does_without)
{
    bool saw_it = false;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct storm_plan plan;
        storm_plan(&plan, seed, TASKS, 5 * FAN_MILLISECOND);
        plan.scarce = true;
        uint64_t requests = run_refusing(&plan, 0, &saw_it);
        for (uint64_t i = 1; i <= requests && i < MOST_REQUESTS; i++)
            run_refusing(&plan, i, &saw_it);
    }
    ck_assert(saw_it);
}
END_TEST

static int fails(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    return EDOM;
}

/* Also where there is no memory for a list of failures. */
START_TEST(an_array_says_what_became_of_each_task)
{
    const struct fan_stream_options options = {.limit = 1};
    const struct fan_work work = {.run = fails};
    bool unlisted = false;
    int error = ENOMEM;
    asked = 1;
    for (uint64_t i = 1; i <= asked; i++) {
        struct fan_report report;
        int errors[1];
        asked = 0;
        refuse = i;
        error = fan_out(NULL, NULL, 1, &work, NULL, errors, &options, &report);
        refuse = 0;
        ck_assert(error == ENOMEM || error == EAGAIN || error == EDOM);
        ck_assert_int_eq(errors[0], error == EDOM ? EDOM : ECANCELED);
        unlisted |= error == EDOM && report.error_count == 0;
        fan_report_free(&report);
    }
    ck_assert_int_eq(error, EDOM);
    ck_assert(unlisted);
}
END_TEST

static int succeed(void *argument, struct fan_ctx *ctx, void *result)
{
    (void)argument, (void)ctx, (void)result;
    return 0;
}

/* Whatever it was before: the caller frees it. */
START_TEST(a_hedge_that_was_not_begun_leaves_its_report_empty)
{
    const struct fan_hedge_attempt attempt = {.run = succeed};
    struct fan_report report = {.submitted = 1, .error_count = 1};
    asked = 0;
    refuse = 1;
    ck_assert_int_eq(fan_hedge_first_success(NULL, &attempt, 1, 0, NULL, NULL, &report), ENOMEM);
    refuse = 0;
    ck_assert_uint_eq(report.submitted + report.error_count, 0);
}
END_TEST

START_TEST(with_a_limit_beyond_the_budget_it_goes_on_with_the_threads_there_are)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct storm_plan plan;
        struct storm_seen seen;
        storm_plan(&plan, seed, TASKS, 5 * FAN_MILLISECOND);
        plan.options.limit = 100000;
        plan.async = false; /* such tasks need threads of their own */
        plan.budget = 1 + seed % 3;
        const char *complaint = storm_run(&plan, &seen);
        ck_assert_msg(!complaint, "%s (returned %d) in %s", complaint, seen.error,
                      storm_tell(&plan));
        ck_assert_int_ne(seen.error, EAGAIN);
    }
}
END_TEST

static int nothing(void *argument, struct fan_ctx *ctx)
{
    (void)argument, (void)ctx;
    return 0;
}

START_TEST(a_task_group_says_so)
{
    struct fan_group group;
    for (uint64_t i = 1; i <= 4; i++) {
        int errors = 0;
        fan_group_init(&group, &(struct fan_group_options){.limit = 1});
        asked = 0;
        refuse = i;
        for (int k = 0; k < 2; k++)
            errors += fan_group_go(&group, nothing, NULL) == ENOMEM;
        refuse = 0;
        ck_assert_int_eq(fan_group_wait(&group), 0);
        fan_group_destroy(&group);
        ck_assert_int_eq(errors, 1);
    }
    fan_thread_wait_all();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("scarce");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_executor_says_so_or_does_without);
    tcase_add_test(cases, an_array_says_what_became_of_each_task);
    tcase_add_test(cases, a_hedge_that_was_not_begun_leaves_its_report_empty);
    tcase_add_test(cases, with_a_limit_beyond_the_budget_it_goes_on_with_the_threads_there_are);
    tcase_add_test(cases, a_task_group_says_so);
    return suite_run("scarce", cases);
}
