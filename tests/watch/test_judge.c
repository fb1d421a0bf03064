/* Each rule of the judge, on segments written by hand: what must be found, and beside it the same
 * state with one thing changed, in which nothing may be found. */
#include "watch/finding.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/handmade.h"
#include "tests/support/suite.h"

static struct handmade made;
static struct fan_snapshot snapshot;
static struct fan_verdict verdict;
static struct fan_judge *judge;
static bool stranger_is_there;

static bool strangers(const struct fan_snapshot *at)
{
    ck_assert_ptr_eq(at, &snapshot);
    return stranger_is_there;
}

static void set_up(void)
{
    handmade_begin(&made);
    judge = fan_judge_new(strangers);
    stranger_is_there = false;
}

static void tear_down(void)
{
    fan_judge_free(judge);
    handmade_end(&made);
}

static void look(void)
{
    ck_assert_int_eq(fan_reader_look(made.reader, &snapshot), 0);
    fan_judge_look(judge, &snapshot, &verdict);
}

static struct fan_probe_thread *thread(unsigned id, const char *name)
{
    return handmade_thread(&made, id, name);
}

static struct fan_probe_object *object(unsigned id, enum fan_probe_kind kind, const char *name)
{
    return handmade_object(&made, id, kind, name);
}

static void found_nothing(void)
{
    look();
    look();
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING);
    ck_assert_uint_eq(verdict.finding_count, 0);
    ck_assert(!verdict.final);
}

static const struct fan_finding *found(enum fan_finding_kind kind, enum fan_proof proof)
{
    look();
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_FINDINGS);
    ck_assert_uint_eq(verdict.finding_count, 1);
    ck_assert_int_eq(verdict.findings[0].kind, kind);
    ck_assert_int_eq(verdict.findings[0].proof, proof);
    return &verdict.findings[0];
}

static const struct fan_culprit *found_deadlock(void)
{
    const struct fan_finding *finding = found(FAN_FINDING_DEADLOCK, FAN_PROOF_QUIESCENCE);
    ck_assert(verdict.final);
    return &finding->culprits[0];
}

/* Bug 04: four workers have sent and ended, nobody closes. */
static struct fan_probe_object *consumer_waits(void)
{
    struct fan_probe_object *out = object(1, FAN_KIND_CHANNEL, "out");
    handmade_block(thread(1, "main"), FAN_OP_RECV, out);
    for (unsigned id = 2; id <= 5; id++)
        handmade_end_thread(thread(id, "worker"));
    handmade_users(out->put_users, 2, 5);
    out->put = out->taken = 20;
    out->waiting_take = 1;
    return out;
}

START_TEST(a_consumer_nobody_sends_to)
{
    consumer_waits();
    const struct fan_culprit *main_thread = found_deadlock();
    ck_assert_str_eq(verdict.findings[0].summary, "main waits on out");
    ck_assert_str_eq(main_thread->waits_for, "recv on channel out");
    ck_assert_str_eq(main_thread->could_wake, "a send on out, or its close");
    ck_assert_str_eq(main_thread->never, "its senders worker 1 to worker 4 have ended");
}
END_TEST

START_TEST(one_look_proves_nothing)
{
    consumer_waits();
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING);
}
END_TEST

START_TEST(what_happens_between_looks_forbids_it)
{
    consumer_waits();
    for (int i = 0; i < 5; i++) {
        look();
        ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING);
        made.segment->threads[1].seq += 2; /* woken, and blocked again */
    }
}
END_TEST

START_TEST(a_thread_that_comes_and_goes_between_looks_forbids_it)
{
    consumer_waits();
    look();
    handmade_end_thread(thread(9, "short"));
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING);
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_FINDINGS);
}
END_TEST

START_TEST(a_thread_that_can_run_forbids_it)
{
    static const enum fan_probe_state alive[] = {FAN_STATE_RUNNABLE, FAN_STATE_RUNNING,
                                                 FAN_STATE_EXTERNAL};
    consumer_waits();
    thread(6, "other")->state = alive[_i];
    found_nothing();
}
END_TEST

START_TEST(a_deadline_forbids_it)
{
    consumer_waits();
    made.segment->threads[1].deadline_ns = 1;
    found_nothing();
}
END_TEST

START_TEST(a_stranger_forbids_it)
{
    consumer_waits();
    stranger_is_there = true;
    found_nothing();
    stranger_is_there = false;
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING); /* it was there at the look before */
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_FINDINGS);
}
END_TEST

START_TEST(unseen_threads_forbid_it)
{
    consumer_waits();
    made.segment->header.unseen_threads = 1;
    found_nothing();
}
END_TEST

START_TEST(an_unread_thread_forbids_it)
{
    consumer_waits();
    made.segment->threads[3].seq = 5;
    found_nothing();
}
END_TEST

START_TEST(a_scenario_that_has_not_begun_or_has_ended_is_not_stuck)
{
    consumer_waits();
    made.segment->header.phase = FAN_PHASE_STARTING;
    found_nothing();
    made.segment->header.phase = FAN_PHASE_ENDED;
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_CLEAN);
    ck_assert(verdict.final);
}
END_TEST

START_TEST(a_verdict_that_is_final_stays)
{
    consumer_waits();
    found_deadlock();
    uint64_t reached_ns = verdict.reached_ns;
    made.segment->threads[1].state = FAN_STATE_RUNNING;
    made.segment->header.phase = FAN_PHASE_ENDED;
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_FINDINGS);
    ck_assert_uint_eq(verdict.reached_ns, reached_ns);
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
    struct fan_probe_object *slot = object(1, one->kind, "");
    *slot = one->state;
    slot->kind = one->kind;
    slot->id = 1;
    handmade_block(thread(1, "main"), one->op, slot);
    handmade_end_thread(thread(2, "other"));
    if (one->ready)
        found_nothing();
    else
        found_deadlock();
}
END_TEST

START_TEST(a_select_needs_every_case_to_be_unready)
{
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    struct fan_probe_object *done = object(2, FAN_KIND_CONTEXT, "stop");
    struct fan_probe_thread *main_thread = thread(1, "main");
    handmade_block(main_thread, FAN_OP_RECV, in);
    handmade_block(main_thread, FAN_OP_CONTEXT_WAIT, done);
    in->waiting_take = 1;
    done->closed = 1;
    found_nothing();
    done->closed = 0;
    const struct fan_culprit *culprit = found_deadlock();
    ck_assert_str_eq(verdict.findings[0].summary, "main waits on in and stop");
    ck_assert_str_eq(culprit->waits_for, "select on recv in, wait stop");
    ck_assert_str_eq(culprit->could_wake, "a send on in, or its close; a cancel of stop");
    ck_assert_str_eq(culprit->never,
                     "in: no other thread has sent on it; there is no other thread");
}
END_TEST

START_TEST(a_select_is_not_its_own_partner)
{
    struct fan_probe_object *both = object(1, FAN_KIND_CHANNEL, "both");
    struct fan_probe_thread *main_thread = thread(1, "main");
    handmade_block(main_thread, FAN_OP_RECV, both);
    handmade_block(main_thread, FAN_OP_SEND, both);
    both->waiting_put = both->waiting_take = 1;
    found_deadlock();
}
END_TEST

START_TEST(a_join_of_an_ended_thread_is_not_in_vain)
{
    handmade_join(thread(1, "main"), 2);
    handmade_end_thread(thread(2, "worker"));
    found_nothing();
}
END_TEST

/* ---- leaks ---- */

static void scenario_returned(void)
{
    handmade_end_thread(thread(1, "main"));
    made.segment->header.phase = FAN_PHASE_RETURNED;
}

START_TEST(what_is_stuck_after_the_return_is_a_leak)
{
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    struct fan_probe_object *other = object(2, FAN_KIND_CHANNEL, "other");
    scenario_returned();
    for (unsigned id = 2; id <= 4; id++)
        handmade_block(thread(id, "worker"), FAN_OP_RECV, in);
    handmade_block(thread(5, "logger"), FAN_OP_RECV, other);
    handmade_users(in->put_users, 1, 1);
    look();
    look();
    ck_assert(verdict.final);
    ck_assert_uint_eq(verdict.finding_count, 2);
    const struct fan_finding *crew = &verdict.findings[0], *logger = &verdict.findings[1];
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
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    scenario_returned();
    for (unsigned id = 2; id <= 3; id++) {
        struct fan_probe_thread *worker = thread(id, "worker");
        handmade_block(worker, FAN_OP_RECV, in);
        worker->stack.depth = 1;
        worker->stack.frames[0] = id;
    }
    look();
    look();
    ck_assert_uint_eq(verdict.finding_count, 2);
}
END_TEST

START_TEST(nothing_leaks_while_one_left_over_can_run)
{
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    scenario_returned();
    handmade_block(thread(2, "worker"), FAN_OP_RECV, in);
    thread(3, "closer");
    found_nothing();
}
END_TEST

/* ---- cycles ---- */

/* Worker 1 holds a and wants b, worker 2 the other way round; main runs on. */
static void cross_locks(void)
{
    struct fan_probe_object *a = object(1, FAN_KIND_MUTEX, "a");
    struct fan_probe_object *b = object(2, FAN_KIND_MUTEX, "b");
    thread(1, "main");
    handmade_block(thread(2, "worker"), FAN_OP_LOCK, b);
    handmade_block(thread(3, "worker"), FAN_OP_LOCK, a);
    a->owner = 2;
    b->owner = 3;
}

START_TEST(locks_crossed_while_others_live)
{
    cross_locks();
    const struct fan_finding *finding = found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert(!verdict.final);
    ck_assert_uint_eq(finding->culprit_count, 2);
    ck_assert_str_eq(finding->summary, "worker 1 waits on b; worker 2 waits on a");
    ck_assert_str_eq(finding->culprits[0].could_wake, "an unlock of b by worker 2");
    ck_assert_str_eq(finding->culprits[0].never,
                     "its owner worker 2 is itself blocked: lock on mutex a");
    look();
    ck_assert_uint_eq(verdict.finding_count, 1);
}
END_TEST

START_TEST(a_cycle_needs_two_looks_without_a_change)
{
    cross_locks();
    for (int i = 0; i < 6; i++) {
        look();
        ck_assert_uint_eq(verdict.finding_count, 0);
        if (i % 2)
            made.segment->objects[1].seq += 2;
        else
            made.segment->threads[2].seq += 2;
    }
}
END_TEST

START_TEST(a_chain_is_not_a_cycle)
{
    cross_locks();
    made.segment->objects[2].owner = 1;
    found_nothing();
}
END_TEST

START_TEST(a_cycle_is_broken_by_a_deadline_or_a_context)
{
    cross_locks();
    if (_i == 0)
        made.segment->threads[2].deadline_ns = 1;
    else
        handmade_block(&made.segment->threads[2], FAN_OP_CONTEXT_WAIT,
                       object(3, FAN_KIND_CONTEXT, "stop"));
    found_nothing();
}
END_TEST

START_TEST(a_join_closes_a_cycle)
{
    struct fan_probe_object *a = object(1, FAN_KIND_MUTEX, "a");
    thread(1, "main");
    handmade_join(thread(2, "parent"), 3);
    handmade_block(thread(3, "child"), FAN_OP_LOCK, a);
    a->owner = 2;
    found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert_str_eq(verdict.findings[0].summary, "parent waits for child; child waits on a");
}
END_TEST

START_TEST(a_cycle_becomes_a_deadlock_when_nothing_runs)
{
    cross_locks();
    found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    handmade_join(&made.segment->threads[1], 2);
    found_deadlock();
    ck_assert_uint_eq(verdict.findings[0].culprit_count, 3);
}
END_TEST

START_TEST(a_cycle_stays_one_leak_after_the_return)
{
    cross_locks();
    found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    scenario_returned();
    found(FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
    ck_assert(verdict.final);
}
END_TEST

/* ---- panics, ends, progress ---- */

START_TEST(last_words_become_a_finding)
{
    struct fan_segment_panic *words = &made.segment->header.panic;
    thread(1, "main");
    thread(2, "worker");
    words->kind = _i ? FAN_PANIC_MISUSE : FAN_PANIC_PLAIN;
    words->thread = 2;
    words->when_ns = 5;
    strcpy(words->message, "close of closed channel out");
    strcpy(words->earlier_what, "first closed");
    words->earlier.depth = 1;
    words->earlier.frames[0] = 77;
    found_nothing();
    words->written = 1;
    const struct fan_finding *finding =
        found(_i ? FAN_FINDING_MISUSE : FAN_FINDING_PANIC, FAN_PROOF_OBSERVED);
    ck_assert(verdict.final);
    ck_assert_str_eq(finding->summary, "close of closed channel out");
    ck_assert_str_eq(finding->culprits[0].thread.label, "worker");
    ck_assert_str_eq(finding->earlier_what, "first closed");
    ck_assert_uint_eq(finding->earlier.frames[0], 77);
    ck_assert_uint_eq(finding->since_ns, 5);
}
END_TEST

static void notice_a_race(void)
{
    struct fan_segment_notice *words = &made.segment->header.notices[0];
    words->kind = FAN_NOTICE_RACE;
    words->threads[0] = 3;
    words->threads[1] = 2;
    words->when_ns = 5;
    strcpy(words->message, "worker 1 wrote x and worker 2 read it");
    strcpy(words->earlier_what, "other access");
    words->earlier.depth = 1;
    words->earlier.frames[0] = 77;
    made.segment->header.notice_count = 1;
}

START_TEST(a_race_is_a_finding_and_the_run_goes_on)
{
    thread(1, "main");
    thread(2, "worker");
    thread(3, "worker");
    found_nothing();
    notice_a_race();
    for (int looks = 0; looks < 3; looks++) {
        const struct fan_finding *finding = found(FAN_FINDING_RACE, FAN_PROOF_OBSERVED);
        ck_assert(!verdict.final);
        ck_assert_uint_eq(verdict.finding_count, 1);
        ck_assert_str_eq(finding->summary, "worker 1 wrote x and worker 2 read it");
        ck_assert_str_eq(finding->culprits[0].thread.label, "worker 2");
        ck_assert_str_eq(finding->culprits[1].thread.label, "worker 1");
        ck_assert_str_eq(finding->earlier_what, "other access");
        ck_assert_uint_eq(finding->earlier.frames[0], 77);
    }
    made.segment->header.phase = FAN_PHASE_ENDED;
    found(FAN_FINDING_RACE, FAN_PROOF_OBSERVED);
    ck_assert(verdict.final);
}
END_TEST

/* A thread that races and is then stuck is told of for both. */
START_TEST(a_race_is_told_beside_what_is_stuck)
{
    consumer_waits();
    notice_a_race();
    look();
    look();
    ck_assert(verdict.final);
    ck_assert_uint_eq(verdict.finding_count, 2);
    ck_assert_int_eq(verdict.findings[0].kind, FAN_FINDING_DEADLOCK);
    ck_assert_int_eq(verdict.findings[1].kind, FAN_FINDING_RACE);
}
END_TEST

START_TEST(an_end_without_findings_is_clean)
{
    made.segment->header.phase = FAN_PHASE_ENDED;
    look();
    ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_CLEAN);
    ck_assert(verdict.final);
}
END_TEST

START_TEST(progress_is_a_change_or_an_operation)
{
    thread(1, "main");
    look();
    look();
    uint64_t before_ns = verdict.last_progress_ns;
    look();
    ck_assert_uint_eq(verdict.last_progress_ns, before_ns);
    made.segment->threads[1].operations++;
    look();
    ck_assert_uint_eq(verdict.last_progress_ns, snapshot.taken_ns);
    consumer_waits();
    made.segment->threads[1].since_ns = 5;
    look();
    ck_assert_uint_eq(verdict.last_progress_ns, 5);
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
    tcase_add_checked_fixture(cases, set_up, tear_down);
    add_rules(cases);
    return suite_run("judge", cases);
}
