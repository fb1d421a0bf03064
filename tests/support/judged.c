#include "tests/support/judged.h"

#include <check.h>

struct judged judged;

static bool strangers(const struct fan_snapshot *at)
{
    ck_assert_ptr_eq(at, &judged.snapshot);
    return judged.stranger_is_there;
}

void judged_begin(void)
{
    handmade_begin(&judged.made);
    judged.judge = fan_judge_new(strangers);
    judged.stranger_is_there = false;
}

void judged_end(void)
{
    fan_judge_free(judged.judge);
    handmade_end(&judged.made);
}

void judged_look(void)
{
    ck_assert_int_eq(fan_reader_look(judged.made.reader, &judged.snapshot), 0);
    fan_judge_look(judged.judge, &judged.snapshot, &judged.verdict);
}

struct fan_probe_thread *judged_thread(unsigned id, const char *name)
{
    return handmade_thread(&judged.made, id, name);
}

struct fan_probe_object *judged_object(unsigned id, enum fan_probe_kind kind, const char *name)
{
    return handmade_object(&judged.made, id, kind, name);
}

void judged_nothing(void)
{
    judged_look();
    judged_look();
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_RUNNING);
    ck_assert_uint_eq(judged.verdict.finding_count, 0);
    ck_assert(!judged.verdict.final);
}

const struct fan_finding *judged_found(enum fan_finding_kind kind, enum fan_proof proof)
{
    judged_look();
    judged_look();
    ck_assert_int_eq(judged.verdict.outcome, FAN_OUTCOME_FINDINGS);
    ck_assert_uint_eq(judged.verdict.finding_count, 1);
    ck_assert_int_eq(judged.verdict.findings[0].kind, kind);
    ck_assert_int_eq(judged.verdict.findings[0].proof, proof);
    return &judged.verdict.findings[0];
}

const struct fan_culprit *judged_deadlock(void)
{
    const struct fan_finding *finding = judged_found(FAN_FINDING_DEADLOCK, FAN_PROOF_QUIESCENCE);
    ck_assert(judged.verdict.final);
    return &finding->culprits[0];
}
