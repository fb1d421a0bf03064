/* Each rule of the judge, on segments written by hand: what must be found, and beside it the same
 * state with one thing changed, in which nothing may be found. Here: what is stuck while
 * others live, left over after the end or waiting in a circle. */
#include <check.h>
#include <string.h>

#include "tests/support/judged.h"
#include "tests/support/suite.h"

/* ---- leaks ---- */

static void scenario_returned(void)
{
    handmade_end_thread(judged_thread(1, "main"));
    judged.made.segment->header.phase = FAN_PHASE_RETURNED;
}

START_TEST(what_is_stuck_after_the_return_is_a_leak)
{
    struct fan_probe_object *in = judged_object(1, FAN_KIND_CHANNEL, "in");
    struct fan_probe_object *other = judged_object(2, FAN_KIND_CHANNEL, "other");
    scenario_returned();
    for (unsigned id = 2; id <= 4; id++)
        handmade_block(judged_thread(id, "worker"), FAN_OP_RECV, in);
    handmade_block(judged_thread(5, "logger"), FAN_OP_RECV, other);
    handmade_users(in->put_users, 1, 1);
    judged_look();
    judged_look();
    ck_assert(judged.verdict.final);
    ck_assert_uint_eq(judged.verdict.finding_count, 2);
    const struct fan_finding *crew = &judged.verdict.findings[0],
                             *logger = &judged.verdict.findings[1];
    ck_assert_int_eq(crew->kind, FAN_FINDING_LEAK);
    ck_assert_int_eq(crew->proof, FAN_PROOF_QUIESCENCE);
    ck_assert_uint_eq(crew->culprit_count, 3);
    ck_assert_str_eq(crew->summary, "worker 1 to worker 3 wait on in");
    ck_assert_str_eq(crew->culprits[0].never,
                     "its sender main has ended; every other thread has ended or is blocked");
    ck_assert_str_eq(logger->summary, "logger waits on other");
}
END_TEST

START_TEST(threads_of_one_name_in_two_places_are_two_leaks)
{
    struct fan_probe_object *in = judged_object(1, FAN_KIND_CHANNEL, "in");
    scenario_returned();
    for (unsigned id = 2; id <= 3; id++) {
        struct fan_probe_thread *worker = judged_thread(id, "worker");
        handmade_block(worker, FAN_OP_RECV, in);
        worker->stack.depth = 1;
        worker->stack.frames[0] = id;
    }
    judged_look();
    judged_look();
    ck_assert_uint_eq(judged.verdict.finding_count, 2);
}
END_TEST

START_TEST(nothing_leaks_while_one_left_over_can_run)
{
    struct fan_probe_object *in = judged_object(1, FAN_KIND_CHANNEL, "in");
    scenario_returned();
    handmade_block(judged_thread(2, "worker"), FAN_OP_RECV, in);
    judged_thread(3, "closer");
    judged_nothing();
}
END_TEST

/* ---- cycles ---- */

/* Worker 1 holds a and wants b, worker 2 the other way round; main runs on. */
static void cross_locks(void)
{
    struct fan_probe_object *a = judged_object(1, FAN_KIND_MUTEX, "a");
    struct fan_probe_object *b = judged_object(2, FAN_KIND_MUTEX, "b");
    judged_thread(1, "main");
    handmade_block(judged_thread(2, "worker"), FAN_OP_LOCK, b);
    handmade_block(judged_thread(3, "worker"), FAN_OP_LOCK, a);
    a->owner = 2;
    b->owner = 3;
}

START_TEST(locks_crossed_while_others_live)
{
    cross_locks();
    const struct fan_finding *finding = judged_found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert(!judged.verdict.final);
    ck_assert_uint_eq(finding->culprit_count, 2);
    ck_assert_str_eq(finding->summary, "worker 1 waits on b; worker 2 waits on a");
    ck_assert_str_eq(finding->culprits[0].could_wake, "an unlock of b by worker 2");
    ck_assert_str_eq(finding->culprits[0].never,
                     "its owner worker 2 is itself blocked: lock on mutex a");
    judged_look();
    ck_assert_uint_eq(judged.verdict.finding_count, 1);
}
END_TEST

START_TEST(a_cycle_needs_two_looks_without_a_change)
{
    cross_locks();
    for (int i = 0; i < 6; i++) {
        judged_look();
        ck_assert_uint_eq(judged.verdict.finding_count, 0);
        if (i % 2)
            judged.made.segment->objects[1].seq += 2;
        else
            judged.made.segment->threads[2].seq += 2;
    }
}
END_TEST

START_TEST(a_chain_is_not_a_cycle)
{
    cross_locks();
    judged.made.segment->objects[2].owner = 1;
    judged_nothing();
}
END_TEST

START_TEST(a_cycle_is_broken_by_a_deadline_or_a_context)
{
    cross_locks();
    if (_i == 0)
        judged.made.segment->threads[2].deadline_ns = 1;
    else
        handmade_block(&judged.made.segment->threads[2], FAN_OP_CONTEXT_WAIT,
                       judged_object(3, FAN_KIND_CONTEXT, "stop"));
    judged_nothing();
}
END_TEST

START_TEST(a_join_closes_a_cycle)
{
    struct fan_probe_object *a = judged_object(1, FAN_KIND_MUTEX, "a");
    judged_thread(1, "main");
    handmade_join(judged_thread(2, "parent"), 3);
    handmade_block(judged_thread(3, "child"), FAN_OP_LOCK, a);
    a->owner = 2;
    judged_found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert_str_eq(judged.verdict.findings[0].summary,
                     "parent waits for child; child waits on a");
}
END_TEST

START_TEST(a_cycle_becomes_a_deadlock_when_nothing_runs)
{
    cross_locks();
    judged_found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    handmade_join(&judged.made.segment->threads[1], 2);
    judged_deadlock();
    ck_assert_uint_eq(judged.verdict.findings[0].culprit_count, 3);
}
END_TEST

START_TEST(a_cycle_stays_one_leak_after_the_return)
{
    cross_locks();
    judged_found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    scenario_returned();
    judged_found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert(judged.verdict.final);
}
END_TEST

static void add_rules(TCase *cases)
{
    tcase_add_test(cases, what_is_stuck_after_the_return_is_a_leak);
    tcase_add_test(cases, threads_of_one_name_in_two_places_are_two_leaks);
    tcase_add_test(cases, nothing_leaks_while_one_left_over_can_run);
    tcase_add_test(cases, locks_crossed_while_others_live);
    tcase_add_test(cases, a_cycle_needs_two_looks_without_a_change);
    tcase_add_test(cases, a_chain_is_not_a_cycle);
    tcase_add_loop_test(cases, a_cycle_is_broken_by_a_deadline_or_a_context, 0, 2);
    tcase_add_test(cases, a_join_closes_a_cycle);
    tcase_add_test(cases, a_cycle_becomes_a_deadlock_when_nothing_runs);
    tcase_add_test(cases, a_cycle_stays_one_leak_after_the_return);
}

int main(void)
{
    TCase *cases = tcase_create("judge");
    tcase_add_checked_fixture(cases, judged_begin, judged_end);
    add_rules(cases);
    return suite_run("judge, leaks and cycles", cases);
}
