/* The detectors of unbounded growth, ignored cancels and false sharing, from evidence written by
 * hand: what each must find, and what it must not. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "watch/detector.h"

enum { MAIN = 1, KIB = 1024 };

static struct fan_evidence *evidence;
static struct fan_breaches found;

static void begin(void)
{
    evidence = calloc(1, sizeof *evidence);
    ck_assert_ptr_nonnull(evidence);
    evidence->workers = 2;
    evidence->items = 20;
    evidence->last_thread = MAIN;
    strcpy(evidence->threads[MAIN].name, "main");
}

static void finish(void)
{
    free(evidence);
}

static void add(enum fan_fact_kind kind, unsigned thread, uint64_t position, uint64_t value)
{
    evidence->facts[evidence->claimed++] = (struct fan_fact){.kind = kind,
                                                             .thread = (uint16_t)thread,
                                                             .position = position,
                                                             .value = value,
                                                             .pc = 0x1000 + thread};
}

static void spawn(unsigned thread)
{
    evidence->last_thread = thread;
    evidence->threads[thread].site = 0x2000;
    strcpy(evidence->threads[thread].name, "worker");
    add(FAN_FACT_SPAWN, thread, 0, 256 * KIB);
}

static void expect_nothing(void)
{
    fan_detect(evidence, &found);
    ck_assert_msg(found.count == 0, "%s", found.breaches[0].summary);
}

static const struct fan_breach *expect_one(enum fan_finding_kind kind)
{
    fan_detect(evidence, &found);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_int_eq(found.breaches[0].kind, kind);
    return &found.breaches[0];
}

static uint64_t figure(const struct fan_breach *breach, const char *name)
{
    for (uint32_t i = 0; i < breach->figure_count; i++)
        if (strcmp(breach->figures[i].name, name) == 0)
            return breach->figures[i].value;
    ck_abort_msg("no figure %s", name);
    return 0;
}

/* ---- unbounded ---- */

static void spawn_all(unsigned threads)
{
    for (unsigned i = 0; i < threads; i++)
        spawn(MAIN + 1 + i);
}

START_TEST(threads_that_grow_with_the_items_are_found)
{
    evidence->contract.limit = 2;
    spawn_all(20);
    const struct fan_breach *breach = expect_one(FAN_FINDING_UNBOUNDED);
    ck_assert_str_eq(breach->summary, "20 threads lived at one time, of 20 started for 20 items; 4 "
                                      "may. Their stacks take 5.0 MiB");
    ck_assert_uint_eq(breach->pc, 0x2000);
    ck_assert_uint_eq(figure(breach, "threads"), 20);
    ck_assert_uint_eq(figure(breach, "allowed"), 4);
    ck_assert_uint_eq(figure(breach, "stack_bytes"), 20 * 256 * KIB);
    fan_detect_cut_short(evidence, &found);
    ck_assert_uint_eq(found.count, 1);
}
END_TEST

START_TEST(no_more_threads_than_allowed_are_no_finding)
{
    evidence->contract.limit = 2;
    spawn_all(4);
    expect_nothing();
}
END_TEST

START_TEST(without_a_limit_any_number_is_fine)
{
    spawn_all(20);
    expect_nothing();
}
END_TEST

/* As with a thread for each item and a semaphore: some more than allowed are just ending. */
START_TEST(a_thread_for_each_item_is_fine_while_old_ones_end)
{
    evidence->contract.limit = 2;
    spawn_all(6);
    for (unsigned i = 6; i < 20; i++) {
        add(FAN_FACT_END, MAIN + 1 + i - 6, 0, 0);
        spawn(MAIN + 1 + i);
    }
    expect_nothing();
}
END_TEST

/* ---- a cancel that is ignored ---- */

static void begin_cancelled_pool(void)
{
    evidence->contract.stops_with_context = true;
    spawn_all(2);
    add(FAN_FACT_BEGIN, 2, 0, 0);
    add(FAN_FACT_BEGIN, 3, 1, 0);
}

START_TEST(tasks_begun_after_the_cancel_are_found)
{
    begin_cancelled_pool();
    add(FAN_FACT_CANCEL, MAIN, 0, 0);
    for (uint64_t item = 2; item < 5; item++)
        add(FAN_FACT_BEGIN, 3, item, 0);
    add(FAN_FACT_END, 2, 0, 0);
    add(FAN_FACT_END, 3, 0, 0);
    const struct fan_breach *breach = expect_one(FAN_FINDING_CANCEL_IGNORED);
    ck_assert_str_eq(breach->summary,
                     "after the cancel worker 2 began 3 more tasks and never passed "
                     "its context to an operation");
    ck_assert_uint_eq(figure(breach, "tasks_after_cancel"), 3);
    ck_assert_uint_eq(figure(breach, "threads"), 1);
    ck_assert_uint_eq(breach->threads[0], 3);
}
END_TEST

START_TEST(who_is_blocked_for_ever_after_the_cancel_is_found)
{
    begin_cancelled_pool();
    add(FAN_FACT_CARRY, 2, 0, 0);
    add(FAN_FACT_CANCEL, MAIN, 0, 0);
    add(FAN_FACT_END, 3, 0, 0);
    const struct fan_breach *breach = expect_one(FAN_FINDING_CANCEL_IGNORED);
    ck_assert_str_eq(breach->summary, "after the cancel worker 1 is still blocked");
    ck_assert_uint_eq(figure(breach, "context_passed"), 1);
}
END_TEST

/* It may have had an item in its hand. */
START_TEST(one_more_task_is_fine)
{
    begin_cancelled_pool();
    add(FAN_FACT_CANCEL, MAIN, 0, 0);
    add(FAN_FACT_BEGIN, 2, 2, 0);
    add(FAN_FACT_BEGIN, 3, 3, 0);
    add(FAN_FACT_END, 2, 0, 0);
    add(FAN_FACT_END, 3, 0, 0);
    expect_nothing();
}
END_TEST

START_TEST(without_a_cancel_nobody_has_to_stop)
{
    begin_cancelled_pool();
    for (uint64_t item = 2; item < 5; item++)
        add(FAN_FACT_BEGIN, 3, item, 0);
    expect_nothing();
}
END_TEST

START_TEST(lost_evidence_is_no_evidence)
{
    begin_cancelled_pool();
    add(FAN_FACT_CANCEL, MAIN, 0, 0);
    evidence->claimed = FAN_EVIDENCE_FACTS + 1;
    expect_nothing();
}
END_TEST

/* ---- false sharing ---- */

START_TEST(lines_lost_with_every_item_are_found)
{
    evidence->contract.apart = true;
    spawn_all(2);
    for (uint64_t item = 0; item < 15; item++)
        add(FAN_FACT_LINE, 2 + item % 2, 77, 1);
    const struct fan_breach *breach = expect_one(FAN_FINDING_FALSE_SHARING);
    ck_assert_uint_eq(figure(breach, "lines_lost"), 15);
    ck_assert_uint_eq(figure(breach, "threads"), 2);
    ck_assert_uint_eq(breach->thread_count, 2);
    ck_assert(strstr(breach->summary, "20 items, 0.75 an item"));
}
END_TEST

START_TEST(lines_lost_once_for_each_thread_are_fine)
{
    evidence->contract.apart = true;
    evidence->items = 4;
    spawn_all(2);
    for (unsigned thread = 2; thread < 4; thread++)
        add(FAN_FACT_LINE, thread, 77, 2);
    expect_nothing();
}
END_TEST

START_TEST(who_has_not_promised_to_keep_apart_may_share)
{
    spawn_all(2);
    for (uint64_t item = 0; item < 40; item++)
        add(FAN_FACT_LINE, 2 + item % 2, 77, 1);
    expect_nothing();
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("cost");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, threads_that_grow_with_the_items_are_found);
    tcase_add_test(tests, no_more_threads_than_allowed_are_no_finding);
    tcase_add_test(tests, without_a_limit_any_number_is_fine);
    tcase_add_test(tests, a_thread_for_each_item_is_fine_while_old_ones_end);
    tcase_add_test(tests, tasks_begun_after_the_cancel_are_found);
    tcase_add_test(tests, who_is_blocked_for_ever_after_the_cancel_is_found);
    tcase_add_test(tests, one_more_task_is_fine);
    tcase_add_test(tests, without_a_cancel_nobody_has_to_stop);
    tcase_add_test(tests, lost_evidence_is_no_evidence);
    tcase_add_test(tests, lines_lost_with_every_item_are_found);
    tcase_add_test(tests, lines_lost_once_for_each_thread_are_fine);
    tcase_add_test(tests, who_has_not_promised_to_keep_apart_may_share);
    return suite_run("detectors of cost and of cancels", tests);
}
