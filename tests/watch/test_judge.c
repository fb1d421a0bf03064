/* Each rule of the judge, on segments written by hand: what must be found, and beside it the same
 * state with one thing changed, in which nothing may be found. Leaks and cycles are in
 * test_judge_cycles.c. */
#include <check.h>
#include <string.h>

#include "tests/support/judged.h"
#include "tests/support/suite.h"

/* Bug 04: four workers have sent and ended, nobody closes. */
static struct fan_probe_object *consumer_waits(void)
{
    struct fan_probe_object *out = judged_object(1, FAN_KIND_CHANNEL, "out");
    handmade_block(judged_thread(1, "main"), FAN_OP_RECV, out);
    for (unsigned id = 2; id <= 5; id++)
        handmade_end_thread(judged_thread(id, "worker"));
    handmade_users(out->put_users, 2, 5);
    out->put = out->taken = 20;
    out->waiting_take = 1;
    return out;
}

START_TEST(a_consumer_nobody_sends_to)
{
    consumer_waits();
    const struct fan_culprit *main_thread = judged_deadlock();
    ck_assert_str_eq(judged.verdict.findings[0].summary, "main waits on out");
    ck_assert_str_eq(main_thread->waits_for, "recv on channel out");
    ck_assert_str_eq(main_thread->could_wake, "a send on out, or its close");
    ck_assert_str_eq(main_thread->never, "its senders worker 1 to worker 4 have ended");
}
END_TEST

START_TEST(one_look_proves_nothing)
{
    consumer_waits();
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_RUNNING);
}
END_TEST

START_TEST(what_happens_between_looks_forbids_it)
{
    consumer_waits();
    for (int i = 0; i < 5; i++) {
        judged_look();
        ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_RUNNING);
        judged.made.segment->threads[1].seq += 2; /* woken, and blocked again */
    }
}
END_TEST

START_TEST(a_thread_that_comes_and_goes_between_looks_forbids_it)
{
    consumer_waits();
    judged_look();
    handmade_end_thread(judged_thread(9, "short"));
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_RUNNING);
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_FINDINGS);
}
END_TEST

START_TEST(a_thread_that_can_run_forbids_it)
{
    static const enum fan_probe_state alive[] = {FAN_STATE_RUNNABLE, FAN_STATE_RUNNING,
                                                 FAN_STATE_EXTERNAL};
    consumer_waits();
    judged_thread(6, "other")->state = alive[_i];
    judged_nothing();
}
END_TEST

START_TEST(a_deadline_forbids_it)
{
    consumer_waits();
    judged.made.segment->threads[1].deadline_ns = 1;
    judged_nothing();
}
END_TEST

START_TEST(a_stranger_forbids_it)
{
    consumer_waits();
    judged.stranger_is_there = true;
    judged_nothing();
    judged.stranger_is_there = false;
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome,
                     FAN_OUTCOME_RUNNING); /* it was there at the look before */
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_FINDINGS);
}
END_TEST

START_TEST(unseen_threads_forbid_it)
{
    consumer_waits();
    judged.made.segment->header.unseen_threads = 1;
    judged_nothing();
}
END_TEST

START_TEST(an_unread_thread_forbids_it)
{
    consumer_waits();
    judged.made.segment->threads[3].seq = 5;
    judged_nothing();
}
END_TEST

START_TEST(a_scenario_that_has_not_begun_or_has_ended_is_not_stuck)
{
    consumer_waits();
    judged.made.segment->header.phase = FAN_PHASE_STARTING;
    judged_nothing();
    judged.made.segment->header.phase = FAN_PHASE_ENDED;
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_CLEAN);
    ck_assert(judged.verdict.final);
}
END_TEST

START_TEST(a_verdict_that_is_final_stays)
{
    consumer_waits();
    judged_deadlock();
    uint64_t reached_ns = judged.verdict.reached_ns;
    judged.made.segment->threads[1].state = FAN_STATE_RUNNING;
    judged.made.segment->header.phase = FAN_PHASE_ENDED;
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_FINDINGS);
    ck_assert_uint_eq(judged.verdict.reached_ns, reached_ns);
}
END_TEST

/* ---- what is there cannot be waited for in vain ---- */

struct enabled_case {
    enum fan_probe_kind kind;
    enum fan_probe_op op;
    struct fan_probe_object state;
    bool ready;
};

static const struct enabled_case enabled_cases[] = {
    {FAN_KIND_CHANNEL, FAN_OP_RECV, {.waiting_take = 1}, false},
    {FAN_KIND_CHANNEL, FAN_OP_RECV, {.capacity = 4, .put = 5, .taken = 4}, true},
    {FAN_KIND_CHANNEL, FAN_OP_RECV, {.closed = 1}, true},
    {FAN_KIND_CHANNEL, FAN_OP_RECV, {.waiting_put = 1}, true},
    {FAN_KIND_CHANNEL, FAN_OP_SEND, {.waiting_put = 1}, false},
    {FAN_KIND_CHANNEL, FAN_OP_SEND, {.capacity = 4, .put = 4}, false},
    {FAN_KIND_CHANNEL, FAN_OP_SEND, {.capacity = 4, .put = 3}, true},
    {FAN_KIND_CHANNEL, FAN_OP_SEND, {.closed = 1}, true},
    {FAN_KIND_CHANNEL, FAN_OP_SEND, {.waiting_take = 1}, true},
    {FAN_KIND_MUTEX, FAN_OP_LOCK, {.owner = 2}, false},
    {FAN_KIND_MUTEX, FAN_OP_LOCK, {.owner = 0}, true},
    {FAN_KIND_RWLOCK, FAN_OP_LOCK, {.owner = 2, .taken = 1}, false},
    {FAN_KIND_RWLOCK, FAN_OP_LOCK, {.taken = 3, .put = 2}, false},
    {FAN_KIND_RWLOCK, FAN_OP_LOCK_SHARED, {.taken = 3, .put = 3}, true},
    {FAN_KIND_WAIT_GROUP, FAN_OP_GROUP_WAIT, {.put = 4, .taken = 3}, false},
    {FAN_KIND_WAIT_GROUP, FAN_OP_GROUP_WAIT, {.put = 4, .taken = 4}, true},
    {FAN_KIND_SEMAPHORE, FAN_OP_ACQUIRE, {.capacity = 2, .taken = 1}, false},
    {FAN_KIND_SEMAPHORE, FAN_OP_ACQUIRE, {.capacity = 2, .taken = 1, .put = 1}, true},
    {FAN_KIND_ONCE, FAN_OP_ONCE, {.owner = 2}, false},
    {FAN_KIND_ONCE, FAN_OP_ONCE, {.closed = 1, .owner = 2}, true},
    {FAN_KIND_CONTEXT, FAN_OP_CONTEXT_WAIT, {.closed = 0}, false},
    {FAN_KIND_CONTEXT, FAN_OP_CONTEXT_WAIT, {.closed = 1}, true},
    {FAN_KIND_CONDITION, FAN_OP_COND_WAIT, {.put = 3}, false},
    {FAN_KIND_TIMER, FAN_OP_TIMER_WAIT, {.put = 3}, false},
};

START_TEST(only_what_is_not_there_is_waited_for_in_vain)
{
    const struct enabled_case *one = &enabled_cases[_i];
    struct fan_probe_object *slot = judged_object(1, one->kind, "");
    *slot = one->state;
    slot->kind = one->kind;
    slot->id = 1;
    handmade_block(judged_thread(1, "main"), one->op, slot);
    handmade_end_thread(judged_thread(2, "other"));
    if (one->ready)
        judged_nothing();
    else
        judged_deadlock();
}
END_TEST

START_TEST(a_select_needs_every_case_to_be_unready)
{
    struct fan_probe_object *in = judged_object(1, FAN_KIND_CHANNEL, "in");
    struct fan_probe_object *done = judged_object(2, FAN_KIND_CONTEXT, "stop");
    struct fan_probe_thread *main_thread = judged_thread(1, "main");
    handmade_block(main_thread, FAN_OP_RECV, in);
    handmade_block(main_thread, FAN_OP_CONTEXT_WAIT, done);
    in->waiting_take = 1;
    done->closed = 1;
    judged_nothing();
    done->closed = 0;
    const struct fan_culprit *culprit = judged_deadlock();
    ck_assert_str_eq(judged.verdict.findings[0].summary, "main waits on in and stop");
    ck_assert_str_eq(culprit->waits_for, "select on recv in, wait stop");
    ck_assert_str_eq(culprit->could_wake, "a send on in, or its close; a cancel of stop");
    ck_assert_str_eq(culprit->never,
                     "in: no other thread has sent on it; there is no other thread");
}
END_TEST

START_TEST(a_select_is_not_its_own_partner)
{
    struct fan_probe_object *both = judged_object(1, FAN_KIND_CHANNEL, "both");
    struct fan_probe_thread *main_thread = judged_thread(1, "main");
    handmade_block(main_thread, FAN_OP_RECV, both);
    handmade_block(main_thread, FAN_OP_SEND, both);
    both->waiting_put = both->waiting_take = 1;
    judged_deadlock();
}
END_TEST

START_TEST(a_join_of_an_ended_thread_is_not_in_vain)
{
    handmade_join(judged_thread(1, "main"), 2);
    handmade_end_thread(judged_thread(2, "worker"));
    judged_nothing();
}
END_TEST

/* ---- panics, ends, progress ---- */

START_TEST(last_words_become_a_finding)
{
    struct fan_segment_panic *words = &judged.made.segment->header.panic;
    judged_thread(1, "main");
    judged_thread(2, "worker");
    words->kind = _i ? FAN_PANIC_MISUSE : FAN_PANIC_PLAIN;
    words->thread = 2;
    words->when_ns = 5;
    strcpy(words->message, "close of closed channel out");
    strcpy(words->earlier_what, "first closed");
    words->earlier.depth = 1;
    words->earlier.frames[0] = 77;
    judged_nothing();
    words->written = 1;
    const struct fan_finding *finding =
        judged_found(_i ? FAN_FINDING_MISUSE : FAN_FINDING_PANIC, FAN_PROOF_OBSERVED);
    ck_assert(judged.verdict.final);
    ck_assert_str_eq(finding->summary, "close of closed channel out");
    ck_assert_str_eq(finding->culprits[0].thread.label, "worker");
    ck_assert_str_eq(finding->earlier_what, "first closed");
    ck_assert_uint_eq(finding->earlier.frames[0], 77);
    ck_assert_uint_eq(finding->since_ns, 5);
}
END_TEST

static void notice_a_race(void)
{
    struct fan_segment_notice *words = &judged.made.segment->header.notices[0];
    words->kind = FAN_NOTICE_RACE;
    words->threads[0] = 3;
    words->threads[1] = 2;
    words->when_ns = 5;
    strcpy(words->message, "worker 1 wrote x and worker 2 read it");
    strcpy(words->earlier_what, "other access");
    words->earlier.depth = 1;
    words->earlier.frames[0] = 77;
    judged.made.segment->header.notice_count = 1;
}

START_TEST(a_race_is_a_finding_and_the_run_goes_on)
{
    judged_thread(1, "main");
    judged_thread(2, "worker");
    judged_thread(3, "worker");
    judged_nothing();
    notice_a_race();
    for (int looks = 0; looks < 3; looks++) {
        const struct fan_finding *finding = judged_found(FAN_FINDING_RACE, FAN_PROOF_OBSERVED);
        ck_assert(!judged.verdict.final);
        ck_assert_uint_eq(judged.verdict.finding_count, 1);
        ck_assert_str_eq(finding->summary, "worker 1 wrote x and worker 2 read it");
        ck_assert_str_eq(finding->culprits[0].thread.label, "worker 2");
        ck_assert_str_eq(finding->culprits[1].thread.label, "worker 1");
        ck_assert_str_eq(finding->earlier_what, "other access");
        ck_assert_uint_eq(finding->earlier.frames[0], 77);
    }
    judged.made.segment->header.phase = FAN_PHASE_ENDED;
    judged.made.segment->header.inputs = 20;
    judged.made.segment->header.outputs = 19;
    const struct fan_finding *ended = judged_found(FAN_FINDING_RACE, FAN_PROOF_OBSERVED);
    ck_assert(judged.verdict.final);
    ck_assert_uint_eq(ended->figure_count, 2);
    ck_assert_str_eq(ended->figures[0].name, "results_of_this_run");
    ck_assert_uint_eq(ended->figures[0].value, 19);
    ck_assert_uint_eq(ended->figures[1].value, 20);
}
END_TEST

/* A thread that races and is then stuck is told of for both. */
START_TEST(a_race_is_told_beside_what_is_stuck)
{
    consumer_waits();
    notice_a_race();
    judged_look();
    judged_look();
    ck_assert(judged.verdict.final);
    ck_assert_uint_eq(judged.verdict.finding_count, 2);
    ck_assert_int_eq(judged.verdict.findings[0].kind, FAN_FINDING_DEADLOCK);
    ck_assert_int_eq(judged.verdict.findings[1].kind, FAN_FINDING_RACE);
}
END_TEST

START_TEST(an_end_without_findings_is_clean)
{
    judged.made.segment->header.phase = FAN_PHASE_ENDED;
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_CLEAN);
    ck_assert(judged.verdict.final);
}
END_TEST

START_TEST(progress_is_a_change_or_an_operation)
{
    judged_thread(1, "main");
    judged_look();
    judged_look();
    uint64_t before_ns = judged.verdict.last_progress_ns;
    judged_look();
    ck_assert_uint_eq(judged.verdict.last_progress_ns, before_ns);
    judged.made.segment->threads[1].operations++;
    judged_look();
    ck_assert_uint_eq(judged.verdict.last_progress_ns, judged.snapshot.taken_ns);
    consumer_waits();
    judged.made.segment->threads[1].since_ns = 5;
    judged_look();
    ck_assert_uint_eq(judged.verdict.last_progress_ns, 5);
}
END_TEST

START_TEST(names_can_be_parsed_back)
{
    enum fan_finding_kind kind;
    for (int i = FAN_FINDING_DEADLOCK; i < FAN_FINDING_KINDS; i++) {
        ck_assert(fan_finding_parse(fan_finding_name((enum fan_finding_kind)i), &kind));
        ck_assert_int_eq(kind, i);
    }
    ck_assert(!fan_finding_parse("dead", &kind));
}
END_TEST

static void add_rules(TCase *cases)
{
    tcase_add_test(cases, a_consumer_nobody_sends_to);
    tcase_add_test(cases, one_look_proves_nothing);
    tcase_add_test(cases, what_happens_between_looks_forbids_it);
    tcase_add_test(cases, a_thread_that_comes_and_goes_between_looks_forbids_it);
    tcase_add_loop_test(cases, a_thread_that_can_run_forbids_it, 0, 3);
    tcase_add_test(cases, a_deadline_forbids_it);
    tcase_add_test(cases, a_stranger_forbids_it);
    tcase_add_test(cases, unseen_threads_forbid_it);
    tcase_add_test(cases, an_unread_thread_forbids_it);
    tcase_add_test(cases, a_scenario_that_has_not_begun_or_has_ended_is_not_stuck);
    tcase_add_test(cases, a_verdict_that_is_final_stays);
    tcase_add_loop_test(cases, only_what_is_not_there_is_waited_for_in_vain, 0,
                        sizeof enabled_cases / sizeof enabled_cases[0]);
    tcase_add_test(cases, a_select_needs_every_case_to_be_unready);
    tcase_add_test(cases, a_select_is_not_its_own_partner);
    tcase_add_test(cases, a_join_of_an_ended_thread_is_not_in_vain);
    tcase_add_loop_test(cases, last_words_become_a_finding, 0, 2);
    tcase_add_test(cases, an_end_without_findings_is_clean);
    tcase_add_test(cases, a_race_is_a_finding_and_the_run_goes_on);
    tcase_add_test(cases, a_race_is_told_beside_what_is_stuck);
    tcase_add_test(cases, progress_is_a_change_or_an_operation);
    tcase_add_test(cases, names_can_be_parsed_back);
}

int main(void)
{
    TCase *cases = tcase_create("judge");
    tcase_add_checked_fixture(cases, judged_begin, judged_end);
    add_rules(cases);
    return suite_run("judge", cases);
}
