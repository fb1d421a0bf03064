/* Each detector on evidence written by hand: what it says of a breach, and beside it the same
 * evidence with one thing changed, of which nothing may be said. */
#include "watch/detector.h"

#include <string.h>

#include "tests/support/facts.h"
#include "tests/support/suite.h"

enum { MAIN = FACTS_MAIN, WORKER_1, WORKER_2, WORKER_3, CLOSER };
enum { MS = 1000000 };

/* ---- outputs ---- */

START_TEST(a_permutation_is_a_lost_order)
{
    facts_outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    const struct fan_breach *breach =
        facts_found_one(FAN_FINDING_LOST_ORDER,
                        "2 of 4 outputs are not in their places: at 1 stands what belongs at 2");
    ck_assert_uint_eq(facts_figure(breach, "misplaced"), 2);
    ck_assert_uint_eq(facts_figure(breach, "belongs_at"), 2);
    ck_assert_uint_eq(breach->pc, 0x1000 + 6);
    ck_assert_uint_eq(breach->threads[0], MAIN);
}
END_TEST

START_TEST(what_is_in_place_is_right)
{
    facts_outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 10, 20, 30}, 4);
    facts_found_nothing();
}
END_TEST

START_TEST(an_order_that_nobody_promised_is_not_lost)
{
    facts_outputs(FAN_OUTPUTS_IN_ANY_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    facts_found_nothing();
    facts.evidence->contract.outputs = FAN_OUTPUTS_UNJUDGED;
    facts_found_nothing();
}
END_TEST

START_TEST(a_program_that_did_not_return_gives_no_outputs_to_judge)
{
    facts_outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20}, 2);
    facts.evidence->claimed--;
    facts_found_nothing();
}
END_TEST

static const struct {
    uint64_t values[5];
    size_t count;
    const char *summary;
} wrong[] = {
    {{0, 10, 20}, 3, "1 of 4 outputs is missing, such as 30"},
    {{0, 10, 20, 30, 10}, 5, "1 of 5 outputs is more than expected, such as 10"},
    {{0, 10, 10, 30},
     4,
     "1 of 4 outputs is missing, such as 20; 1 is there that should not be, such as 10"},
    {{0}, 0, "4 of 4 outputs are missing, such as 0"},
};

START_TEST(what_is_missing_or_too_much_is_wrong_in_any_order)
{
    enum fan_output_rule rule = _i % 2 ? FAN_OUTPUTS_IN_ORDER : FAN_OUTPUTS_IN_ANY_ORDER;
    facts_outputs(rule, wrong[_i / 2].values, wrong[_i / 2].count);
    facts_found_one(FAN_FINDING_WRONG_RESULT, wrong[_i / 2].summary);
}
END_TEST

/* ---- errors ---- */

START_TEST(an_error_of_a_task_begun_after_another_had_failed)
{
    facts_task(WORKER_1, 0, 5);
    facts_task(WORKER_2, 1, 0);
    facts_task(WORKER_2, 2, 6);
    facts_returned(6);
    const struct fan_breach *breach = facts_found_one(
        FAN_FINDING_LOST_ERROR, "error 6 of task 2 was returned; task 0 had failed with "
                                "error 5 before that one was begun");
    ck_assert_uint_eq(facts_figure(breach, "begun_after_the_first"), 2);
    ck_assert_uint_eq(breach->earlier_pc, facts.evidence->facts[2].pc);
    ck_assert_str_eq(breach->earlier_what, "first failure");
}
END_TEST

START_TEST(of_errors_at_the_same_time_any_will_do)
{
    facts_add(FAN_FACT_BEGIN, WORKER_2, 2, 0);
    facts_task(WORKER_1, 0, 5);
    facts_add(FAN_FACT_FAIL, WORKER_2, 2, 6);
    facts_returned(6);
    facts_found_nothing();
    facts.evidence->facts[facts.evidence->claimed - 1].value = 5;
    facts_found_nothing();
}
END_TEST

START_TEST(of_tasks_with_one_error_the_one_with_nothing_against_it_counts)
{
    facts_add(FAN_FACT_BEGIN, WORKER_2, 2, 0);
    facts_task(WORKER_1, 0, 5);
    facts_task(WORKER_1, 1, 6);
    facts_add(FAN_FACT_FAIL, WORKER_2, 2, 6);
    facts_returned(6);
    facts_found_nothing();
}
END_TEST

START_TEST(an_error_that_no_task_had)
{
    facts_returned(9);
    facts_found_one(FAN_FINDING_LOST_ERROR, "error 9 was returned, and no task had failed");
    facts.evidence->claimed = 0;
    facts_task(WORKER_1, 0, 5);
    facts_returned(9);
    facts_found_one(FAN_FINDING_LOST_ERROR, "error 9 was returned, which no task had failed with");
    facts.evidence->claimed = 0;
    facts_task(WORKER_1, 0, 5);
    facts_returned(0);
    facts_found_one(FAN_FINDING_LOST_ERROR,
                    "no error was returned, though task 0 had failed with error 5");
}
END_TEST

START_TEST(no_error_where_none_happened)
{
    facts_task(WORKER_1, 0, 0);
    facts_returned(0);
    facts_found_nothing();
}
END_TEST

/* Until the function under study returns, nothing is lost. */
START_TEST(an_error_that_is_not_returned_yet)
{
    facts.evidence->contract.errors = FAN_ERRORS_FIRST;
    facts_task(WORKER_1, 0, 5);
    facts_found_nothing();
}
END_TEST

/* ---- all of them ---- */

static void break_all(void)
{
    facts_task(WORKER_1, 0, 5);
    facts_task(WORKER_2, 2, 6);
    facts_returned(6);
    facts_outputs(FAN_OUTPUTS_IN_ORDER, (const uint64_t[]){0, 20, 10, 30}, 4);
    facts_deal();
    facts.evidence->claimed -= 2;
    facts_on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    facts_add(FAN_FACT_END, WORKER_3, 0, 0);
    facts_finish_after(20 * MS);
}

START_TEST(several_contracts_can_be_broken_at_once)
{
    break_all();
    fan_detect(facts.evidence, &facts.found);
    ck_assert_uint_eq(facts.found.count, 4);
    facts.evidence->contract = (struct fan_contract){0};
    facts_found_nothing();
}
END_TEST

START_TEST(of_what_was_lost_nobody_speaks)
{
    break_all();
    uint32_t claimed = facts.evidence->claimed;
    facts.evidence->claimed = FAN_EVIDENCE_FACTS + 1;
    facts_found_nothing();
    facts.evidence->claimed = claimed;
    facts.evidence->unseen = 1;
    facts_found_nothing();
    facts.evidence->unseen = 0;
    facts.evidence->queues = FAN_EVIDENCE_QUEUES;
    facts_found_nothing();
}
END_TEST

START_TEST(a_breach_becomes_a_finding_with_its_evidence)
{
    static struct fan_snapshot snapshot;
    struct fan_finding finding;
    facts_deal();
    facts_finish_after(20 * MS);
    fan_detect(facts.evidence, &facts.found);
    snapshot.thread_count = 1;
    snapshot.threads[0].id = WORKER_1;
    fan_breach_describe(&facts.found.breaches[0], &snapshot, &finding);
    ck_assert_int_eq(finding.proof, FAN_PROOF_CONTRACT);
    ck_assert_uint_eq(finding.culprit_count, 1);
    ck_assert_uint_eq(finding.culprits[0].thread.id, WORKER_1);
    ck_assert_uint_eq(finding.figure_count, 5);
    ck_assert_uint_eq(finding.stack.depth, 1);
    ck_assert_uint_eq(finding.earlier.depth, 0);
}
END_TEST

static void add_outputs(TCase *cases)
{
    tcase_add_test(cases, a_permutation_is_a_lost_order);
    tcase_add_test(cases, what_is_in_place_is_right);
    tcase_add_test(cases, an_order_that_nobody_promised_is_not_lost);
    tcase_add_test(cases, a_program_that_did_not_return_gives_no_outputs_to_judge);
    tcase_add_loop_test(cases, what_is_missing_or_too_much_is_wrong_in_any_order, 0,
                        2 * sizeof wrong / sizeof wrong[0]);
}

static void add_errors(TCase *cases)
{
    tcase_add_test(cases, an_error_of_a_task_begun_after_another_had_failed);
    tcase_add_test(cases, of_errors_at_the_same_time_any_will_do);
    tcase_add_test(cases, of_tasks_with_one_error_the_one_with_nothing_against_it_counts);
    tcase_add_test(cases, an_error_that_no_task_had);
    tcase_add_test(cases, no_error_where_none_happened);
    tcase_add_test(cases, an_error_that_is_not_returned_yet);
}

int main(void)
{
    TCase *cases = tcase_create("detectors");
    tcase_add_checked_fixture(cases, facts_begin, facts_end);
    add_outputs(cases);
    add_errors(cases);
    tcase_add_test(cases, several_contracts_can_be_broken_at_once);
    tcase_add_test(cases, of_what_was_lost_nobody_speaks);
    tcase_add_test(cases, a_breach_becomes_a_finding_with_its_evidence);
    return suite_run("detectors", cases);
}
