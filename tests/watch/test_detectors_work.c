/* The detectors of idle workers and of work that waits in line, on evidence written by hand, as in
 * test_detectors.c. */
#include "watch/detector.h"

#include <string.h>

#include "tests/support/facts.h"
#include "tests/support/suite.h"

enum { MAIN = FACTS_MAIN, WORKER_1, WORKER_2, WORKER_3, CLOSER };
enum { MS = 1000000 };

/* ---- idle workers ---- */

static void take(uint32_t thread, uint32_t queue, uint64_t position)
{
    facts_on_queue(FAN_FACT_PUT, MAIN, queue, position);
    facts_on_queue(FAN_FACT_TAKE, thread, queue, position);
}

START_TEST(who_never_came_is_idle)
{
    facts_spawn_crew();
    take(WORKER_2, 1, 1);
    take(WORKER_2, 1, 2);
    facts_add(FAN_FACT_END, WORKER_1, 0, 0);
    facts_add(FAN_FACT_END, WORKER_3, 0, 0);
    const struct fan_breach *breach = facts_found_one(
        FAN_FINDING_IDLE_WORKERS, "worker 1 and worker 3 never came to in; 2 elements "
                                  "waited there, and worker 2 took 2");
    ck_assert_uint_eq(facts_figure(breach, "crew"), 3);
    ck_assert_uint_eq(facts_figure(breach, "idle"), 2);
    ck_assert_uint_eq(breach->thread_count, 2);
    ck_assert_uint_eq(breach->threads[1], WORKER_3);
}
END_TEST

static const enum fan_fact_kind doings[] = {FAN_FACT_ASK, FAN_FACT_TAKE, FAN_FACT_PUT,
                                            FAN_FACT_CLOSE, FAN_FACT_BEGIN};

START_TEST(who_did_anything_is_not_idle)
{
    facts_spawn_crew();
    take(WORKER_2, 1, 1);
    take(WORKER_2, 1, 2);
    facts_on_queue(doings[_i], WORKER_1, 1, 3);
    facts_on_queue(doings[_i], WORKER_3, 1, 3);
    facts_found_nothing();
}
END_TEST

START_TEST(without_work_nobody_is_idle)
{
    facts_spawn_crew();
    facts_found_nothing();
    take(MAIN, 1, 1); /* is of no crew */
    facts_found_nothing();
}
END_TEST

START_TEST(work_that_was_done_before_they_were_there_is_none)
{
    facts.evidence->contract.work = FAN_WORK_FOR_ANY_WORKER;
    facts_add(FAN_FACT_SPAWN, WORKER_2, 0, 0);
    take(WORKER_2, 1, 1);
    facts_add(FAN_FACT_SPAWN, WORKER_1, 0, 0);
    facts_add(FAN_FACT_END, WORKER_1, 0, 0);
    facts_found_nothing();
}
END_TEST

START_TEST(whose_work_was_called_off_is_not_idle)
{
    facts_spawn_crew();
    take(WORKER_2, 1, 1);
    facts_add(FAN_FACT_END, WORKER_3, 0, 0);
    facts_add(FAN_FACT_CANCEL, WORKER_2, 0, 0);
    facts_add(FAN_FACT_END, WORKER_1, 0, 0);
    facts_found_one(FAN_FINDING_IDLE_WORKERS,
                    "worker 3 never came to in; 1 element waited there, and worker 2 took 1");
}
END_TEST

START_TEST(another_function_or_another_place_is_another_crew)
{
    facts_spawn_crew();
    take(WORKER_2, 1, 1);
    facts.evidence->threads[WORKER_1].run++;
    facts.evidence->threads[WORKER_3].site++;
    facts_found_nothing();
}
END_TEST

/* ---- head of line ---- */

START_TEST(work_that_waits_while_others_have_nothing_to_do)
{
    facts_deal();
    facts_finish_after(20 * MS);
    const struct fan_breach *breach = facts_found_one(
        FAN_FINDING_HEAD_OF_LINE, "2 tasks waited up to 20.0 ms behind slow task 7 in "
                                  "worker 1's queue while 2 others had nothing to do");
    ck_assert_uint_eq(facts_figure(breach, "longest_wait_ns"), 20 * MS);
    ck_assert_uint_eq(breach->threads[0], WORKER_1);
}
END_TEST

START_TEST(who_has_ended_has_nothing_to_do)
{
    facts_deal();
    facts.evidence->claimed -= 2;
    facts_on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    facts_task(WORKER_3, 9, 0);
    facts_add(FAN_FACT_BEGIN, WORKER_2, 8, 0);
    facts_pass(5 * MS);
    facts_add(FAN_FACT_END, WORKER_3, 0, 0);
    facts_finish_after(10 * MS);
    facts_found_one(FAN_FINDING_HEAD_OF_LINE,
                    "2 tasks waited up to 10.0 ms behind slow task 7 in worker "
                    "1's queue while 1 other had nothing to do");
}
END_TEST

START_TEST(what_others_can_reach_does_not_wait_in_line)
{
    facts_deal();
    facts.evidence->facts[facts.evidence->claimed - 1].object = 2;
    facts.evidence->facts[facts.evidence->claimed - 2].object = 2;
    facts_finish_after(20 * MS);
    facts_found_nothing();
}
END_TEST

/* Whoever moves them may have come late; and comes to that queue for nothing else. */
START_TEST(what_others_move_has_waited_until_then)
{
    facts_deal();
    facts_pass(3 * MS);
    facts_on_queue(FAN_FACT_MOVE, WORKER_2, 2, 2);
    facts_on_queue(FAN_FACT_MOVE, WORKER_2, 2, 3);
    facts_pass(17 * MS);
    facts_add(FAN_FACT_DONE, WORKER_1, 7, 0);
    facts_found_one(FAN_FINDING_HEAD_OF_LINE,
                    "2 tasks waited up to 3.0 ms behind slow task 7 in worker "
                    "1's queue while 2 others had nothing to do");
}
END_TEST

START_TEST(what_others_move_at_once_does_not_wait)
{
    facts_deal();
    facts_on_queue(FAN_FACT_MOVE, WORKER_2, 2, 2);
    facts_on_queue(FAN_FACT_MOVE, WORKER_3, 2, 3);
    facts_pass(20 * MS);
    facts_add(FAN_FACT_DONE, WORKER_1, 7, 0);
    facts_found_nothing();
}
END_TEST

START_TEST(who_is_of_another_crew_by_its_own_word_need_not_help)
{
    facts_deal();
    facts.evidence->threads[WORKER_1].crew = 1;
    facts_finish_after(20 * MS);
    facts_found_nothing();
}
END_TEST

START_TEST(while_all_are_at_work_nothing_is_lost)
{
    facts_deal();
    facts_add(FAN_FACT_BEGIN, WORKER_2, 8, 0);
    facts_add(FAN_FACT_BEGIN, WORKER_3, 9, 0);
    facts_finish_after(20 * MS);
    facts_found_nothing();
}
END_TEST

START_TEST(a_slow_task_with_nothing_behind_it_costs_nobody)
{
    facts_deal();
    facts_on_queue(FAN_FACT_TAKE, WORKER_1, 2, 2);
    facts_on_queue(FAN_FACT_TAKE, WORKER_1, 2, 3);
    facts_add(FAN_FACT_BEGIN, WORKER_1, 7, 0);
    facts_pass(20 * MS);
    facts_add(FAN_FACT_DONE, WORKER_1, 7, 0);
    facts_found_nothing();
}
END_TEST

/* A reader that is late, but at no task, is not what the others wait for. */
START_TEST(time_between_tasks_is_nobodys_wait)
{
    facts_deal();
    facts_add(FAN_FACT_DONE, WORKER_1, 7, 0);
    facts_pass(20 * MS);
    facts_on_queue(FAN_FACT_TAKE, WORKER_1, 2, 2);
    facts_found_nothing();
}
END_TEST

START_TEST(real_time_allows_what_the_system_may_take)
{
    facts.evidence->virtual_time = 0;
    facts_deal();
    facts_finish_after(4 * MS);
    facts_found_nothing();
    facts.evidence->claimed = 0;
    facts_deal();
    facts_finish_after(6 * MS);
    facts_found_one(FAN_FINDING_HEAD_OF_LINE,
                    "2 tasks waited up to 6.0 ms behind slow task 7 in worker "
                    "1's queue while 2 others had nothing to do");
}
END_TEST

START_TEST(real_time_allows_what_half_of_all_tasks_take)
{
    facts.evidence->virtual_time = 0;
    for (uint64_t i = 0; i < 3; i++) {
        facts_add(FAN_FACT_BEGIN, CLOSER, 10 + i, 0);
        facts_pass(30 * MS);
        facts_add(FAN_FACT_DONE, CLOSER, 10 + i, 0);
    }
    facts_deal();
    facts_finish_after(20 * MS);
    facts_found_nothing();
}
END_TEST

static void add_work(TCase *cases)
{
    tcase_add_test(cases, who_never_came_is_idle);
    tcase_add_loop_test(cases, who_did_anything_is_not_idle, 0, sizeof doings / sizeof doings[0]);
    tcase_add_test(cases, without_work_nobody_is_idle);
    tcase_add_test(cases, work_that_was_done_before_they_were_there_is_none);
    tcase_add_test(cases, whose_work_was_called_off_is_not_idle);
    tcase_add_test(cases, another_function_or_another_place_is_another_crew);
    tcase_add_test(cases, work_that_waits_while_others_have_nothing_to_do);
    tcase_add_test(cases, who_has_ended_has_nothing_to_do);
    tcase_add_test(cases, what_others_can_reach_does_not_wait_in_line);
    tcase_add_test(cases, what_others_move_has_waited_until_then);
    tcase_add_test(cases, what_others_move_at_once_does_not_wait);
    tcase_add_test(cases, who_is_of_another_crew_by_its_own_word_need_not_help);
    tcase_add_test(cases, while_all_are_at_work_nothing_is_lost);
    tcase_add_test(cases, a_slow_task_with_nothing_behind_it_costs_nobody);
    tcase_add_test(cases, time_between_tasks_is_nobodys_wait);
    tcase_add_test(cases, real_time_allows_what_the_system_may_take);
    tcase_add_test(cases, real_time_allows_what_half_of_all_tasks_take);
}

int main(void)
{
    TCase *cases = tcase_create("detectors of work");
    tcase_add_checked_fixture(cases, facts_begin, facts_end);
    add_work(cases);
    return suite_run("detectors of work", cases);
}
