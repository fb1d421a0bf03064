/* No locks: a judge belongs to one thread. It keeps of a look only what it needs to tell whether
 * something has happened by the next one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/detector.h"
#include "watch/enabled.h"
#include "watch/explain.h"
#include "watch/finding.h"

struct mark {
    uint64_t id;
    uint32_t epoch;
};

struct look {
    bool quiet; /* every thread that has not ended was blocked, and nobody else was there */
    uint32_t thread_count, object_count;
    struct mark threads[FAN_PROBE_THREADS], objects[FAN_PROBE_OBJECTS];
};

struct fan_judge {
    bool (*unregistered)(const struct fan_snapshot *snapshot);
    uint32_t notices;    /* how many have become findings */
    uint64_t operations; /* of all threads, at the last look */
    struct look last;
    struct fan_verdict verdict;
};

struct fan_judge *fan_judge_new(bool (*unregistered)(const struct fan_snapshot *snapshot))
{
    struct fan_judge *judge = calloc(1, sizeof *judge);
    if (judge)
        judge->unregistered = unregistered;
    return judge;
}

void fan_judge_free(struct fan_judge *judge)
{
    free(judge);
}

/* ---- what happened between two looks ---- */

static void mark_all(const struct fan_snapshot *now, struct look *look)
{
    look->thread_count = now->thread_count;
    for (uint32_t i = 0; i < now->thread_count; i++)
        look->threads[i] = (struct mark){now->threads[i].id, now->threads[i].epoch};
    look->object_count = now->object_count;
    for (uint32_t i = 0; i < now->object_count; i++)
        look->objects[i] = (struct mark){now->objects[i].id, now->objects[i].epoch};
}

static bool same_marks(const struct mark *a, uint32_t a_count, const struct mark *b,
                       uint32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint32_t i = 0; i < a_count; i++)
        if (a[i].id != b[i].id || a[i].epoch != b[i].epoch)
            return false;
    return true;
}

static bool same_threads(const struct look *a, const struct look *b)
{
    return same_marks(a->threads, a->thread_count, b->threads, b->thread_count);
}

static bool is_unchanged(const struct mark *marks, uint32_t count, uint64_t id, uint32_t epoch)
{
    for (uint32_t i = 0; i < count; i++)
        if (marks[i].id == id)
            return marks[i].epoch == epoch;
    return false;
}

static uint64_t count_operations(const struct fan_snapshot *now)
{
    uint64_t operations = 0;
    for (uint32_t i = 0; i < now->thread_count; i++)
        operations += now->threads[i].operations;
    return operations;
}

/* The clock of a thread that blocks or ends is better than the time at which that was seen. */
static uint64_t latest_stop(const struct fan_snapshot *now)
{
    uint64_t latest_ns = 0;
    for (uint32_t i = 0; i < now->thread_count; i++)
        if (now->threads[i].since_ns > latest_ns)
            latest_ns = now->threads[i].since_ns;
    return latest_ns;
}

static void note_progress(struct fan_judge *judge, const struct fan_snapshot *now,
                          const struct look *next)
{
    uint64_t operations = count_operations(now);
    if (next->quiet)
        judge->verdict.last_progress_ns = latest_stop(now);
    else if (operations != judge->operations || !same_threads(&judge->last, next))
        judge->verdict.last_progress_ns = now->taken_ns;
    judge->operations = operations;
}

/* ---- findings ---- */

static void conclude(struct fan_verdict *verdict, enum fan_outcome outcome, bool final,
                     uint64_t now_ns)
{
    if (verdict->outcome != outcome || verdict->reached_ns == 0)
        verdict->reached_ns = now_ns;
    verdict->outcome = outcome;
    verdict->final = final;
}

static struct fan_finding *add_finding(struct fan_verdict *verdict, enum fan_finding_kind kind,
                                       enum fan_proof proof)
{
    if (verdict->finding_count == FAN_FINDINGS)
        return NULL;
    struct fan_finding *finding = &verdict->findings[verdict->finding_count++];
    memset(finding, 0, sizeof *finding);
    finding->kind = kind;
    finding->proof = proof;
    return finding;
}

static void accuse(struct fan_finding *finding, const struct fan_snapshot *now, uint32_t index)
{
    if (now->threads[index].since_ns > finding->since_ns)
        finding->since_ns = now->threads[index].since_ns;
    if (finding->culprit_count < FAN_FINDING_THREADS)
        fan_explain_culprit(now, index, &finding->culprits[finding->culprit_count++]);
}

static void accuse_all(struct fan_finding *finding, const struct fan_snapshot *now,
                       const struct fan_thread_set *threads)
{
    if (!finding)
        return;
    for (uint32_t i = 0; i < now->thread_count; i++)
        if (threads->has[i])
            accuse(finding, now, i);
}

static bool is_accused(const struct fan_verdict *verdict, uint64_t thread)
{
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        if (verdict->findings[i].proof != FAN_PROOF_OBSERVED)
            for (uint32_t k = 0; k < verdict->findings[i].culprit_count; k++)
                if (verdict->findings[i].culprits[k].thread.id == thread)
                    return true;
    return false;
}

/* ---- panic ---- */

static void accuse_panicker(struct fan_finding *finding, const struct fan_snapshot *now)
{
    int index = fan_snapshot_thread(now, now->panic_thread);
    if (index != FAN_NO_INDEX)
        finding->culprits[finding->culprit_count++].thread = now->threads[index];
}

static void find_panic(struct fan_verdict *verdict, const struct fan_snapshot *now)
{
    enum fan_finding_kind kind =
        now->panic.kind == FAN_PANIC_MISUSE ? FAN_FINDING_MISUSE : FAN_FINDING_PANIC;
    struct fan_finding *finding = add_finding(verdict, kind, FAN_PROOF_OBSERVED);
    if (finding) {
        snprintf(finding->summary, sizeof finding->summary, "%.*s",
                 (int)sizeof finding->summary - 1, now->panic.message);
        snprintf(finding->earlier_what, sizeof finding->earlier_what, "%s",
                 now->panic_earlier_what);
        finding->since_ns = now->panic_ns;
        finding->stack = now->panic.stack;
        finding->earlier = now->panic.earlier;
        accuse_panicker(finding, now);
    }
    conclude(verdict, FAN_OUTCOME_FINDINGS, true, now->taken_ns);
}

/* ---- what was noticed ---- */

static void accuse_side(struct fan_finding *finding, const struct fan_snapshot *now, uint64_t id)
{
    int index = fan_snapshot_thread(now, id);
    if (index != FAN_NO_INDEX)
        finding->culprits[finding->culprit_count++].thread = now->threads[index];
}

static void find_notice(struct fan_verdict *verdict, const struct fan_snapshot *now,
                        const struct fan_segment_notice *notice)
{
    static const enum fan_finding_kind kinds[] = {
        [FAN_NOTICE_RACE] = FAN_FINDING_RACE,
        [FAN_NOTICE_LOCK_ORDER] = FAN_FINDING_LOCK_ORDER,
        [FAN_NOTICE_MISUSE] = FAN_FINDING_MISUSE,
        [FAN_NOTICE_CANCEL_IGNORED] = FAN_FINDING_CANCEL_IGNORED,
    };
    struct fan_finding *finding = add_finding(verdict, kinds[notice->kind], FAN_PROOF_OBSERVED);
    if (finding) {
        snprintf(finding->summary, sizeof finding->summary, "%.*s",
                 (int)sizeof finding->summary - 1, notice->message);
        snprintf(finding->earlier_what, sizeof finding->earlier_what, "%s", notice->earlier_what);
        finding->since_ns = notice->when_ns;
        finding->stack = notice->stack;
        finding->earlier = notice->earlier;
        accuse_side(finding, now, notice->threads[0]);
        accuse_side(finding, now, notice->threads[1]);
    }
    conclude(verdict, FAN_OUTCOME_FINDINGS, false, now->taken_ns);
}

static void find_notices(struct fan_judge *judge, const struct fan_snapshot *now)
{
    for (; judge->notices < now->notice_count; judge->notices++)
        find_notice(&judge->verdict, now, &now->notices[judge->notices]);
}

/* ---- cycle ---- */

/* The thread without which a blocked one can never go on: the owner of what it wants to lock, or
 * whom it joins. FAN_NO_INDEX if there is none such, or if something has happened since the last
 * look: an owner counts only if it was the owner at the moment between the looks. */
static int indispensable(const struct fan_judge *judge, const struct fan_snapshot *now,
                         uint32_t index)
{
    const struct look *last = &judge->last;
    const struct fan_thread_view *thread = &now->threads[index];
    const struct fan_wait_view *wait = &thread->waits[0];
    if (thread->state != FAN_STATE_BLOCKED || thread->deadline_ns || thread->wait_count != 1 ||
        wait->index == FAN_NO_INDEX ||
        !is_unchanged(last->threads, last->thread_count, thread->id, thread->epoch))
        return FAN_NO_INDEX;
    if (wait->kind == FAN_KIND_THREAD)
        return wait->index;
    const struct fan_object_view *object = &now->objects[wait->index];
    bool has_owner = wait->kind == FAN_KIND_MUTEX || wait->kind == FAN_KIND_RWLOCK ||
                     wait->kind == FAN_KIND_ONCE;
    if (!has_owner || object->owner == 0 || object->closed ||
        !is_unchanged(last->objects, last->object_count, object->id, object->epoch))
        return FAN_NO_INDEX;
    return fan_snapshot_thread(now, object->owner);
}

/* The cycle that a thread stands in; an empty set if it stands in none. */
static struct fan_thread_set cycle_through(const struct fan_judge *judge,
                                           const struct fan_snapshot *now, uint32_t start)
{
    struct fan_thread_set cycle = {0};
    int at = (int)start;
    while (at != FAN_NO_INDEX && !cycle.has[at]) {
        cycle.has[at] = true;
        at = indispensable(judge, now, (uint32_t)at);
    }
    return at == (int)start ? cycle : (struct fan_thread_set){0};
}

static void find_cycles(struct fan_judge *judge, const struct fan_snapshot *now)
{
    struct fan_verdict *verdict = &judge->verdict;
    for (uint32_t i = 0; i < now->thread_count; i++) {
        if (indispensable(judge, now, i) == FAN_NO_INDEX || is_accused(verdict, now->threads[i].id))
            continue;
        struct fan_thread_set cycle = cycle_through(judge, now, i);
        if (fan_thread_set_count(&cycle) == 0)
            continue;
        struct fan_finding *finding = add_finding(verdict, FAN_FINDING_LEAK, FAN_PROOF_CYCLE);
        if (finding)
            fan_explain_summary(now, &cycle, finding->summary);
        accuse_all(finding, now, &cycle);
        conclude(verdict, FAN_OUTCOME_FINDINGS, false, now->taken_ns);
    }
}

/* ---- quiescence ---- */

static bool is_stopped(const struct fan_snapshot *now, const struct fan_thread_view *thread)
{
    return thread->state == FAN_STATE_DONE ||
           (thread->state == FAN_STATE_BLOCKED && thread->deadline_ns == 0 &&
            !fan_enabled_thread(now, thread));
}

static struct fan_thread_set blocked_threads(const struct fan_snapshot *now)
{
    struct fan_thread_set set = {0};
    for (uint32_t i = 0; i < now->thread_count; i++)
        set.has[i] = now->threads[i].state == FAN_STATE_BLOCKED;
    return set;
}

/* Looks at the process last: that takes time, and no strangers must have been there at a moment
 * between this look and the next. */
static bool is_quiet(const struct fan_judge *judge, const struct fan_snapshot *now)
{
    bool underway = now->phase == FAN_PHASE_RUNNING || now->phase == FAN_PHASE_RETURNED;
    struct fan_thread_set blocked = blocked_threads(now);
    if (now->unread_threads > 0 || now->unread_objects > 0 || now->unseen_threads > 0 ||
        !underway || fan_thread_set_count(&blocked) == 0)
        return false;
    for (uint32_t i = 0; i < now->thread_count; i++)
        if (!is_stopped(now, &now->threads[i]))
            return false;
    return !judge->unregistered || !judge->unregistered(now);
}

static void find_deadlock(struct fan_judge *judge, const struct fan_snapshot *now)
{
    struct fan_verdict *verdict = &judge->verdict;
    struct fan_thread_set stuck = blocked_threads(now);
    verdict->finding_count = 0; /* a cycle found before is part of it */
    judge->notices = 0;
    struct fan_finding *finding = add_finding(verdict, FAN_FINDING_DEADLOCK, FAN_PROOF_QUIESCENCE);
    fan_explain_summary(now, &stuck, finding->summary);
    accuse_all(finding, now, &stuck);
    find_notices(judge, now);
}

static bool same_place(const struct fan_thread_view *a, const struct fan_thread_view *b)
{
    return strcmp(a->name, b->name) == 0 && a->op == b->op && a->stack.depth == b->stack.depth &&
           memcmp(a->stack.frames, b->stack.frames, a->stack.depth * sizeof a->stack.frames[0]) ==
               0;
}

/* Takes the first of `left`, and those with its name that are stuck in the same place. */
static struct fan_thread_set take_crew(const struct fan_snapshot *now, struct fan_thread_set *left)
{
    struct fan_thread_set crew = {0};
    uint32_t first = 0;
    while (!left->has[first])
        first++;
    for (uint32_t i = first; i < now->thread_count; i++)
        if (left->has[i] && same_place(&now->threads[first], &now->threads[i])) {
            crew.has[i] = true;
            left->has[i] = false;
        }
    return crew;
}

static void find_leaks(struct fan_verdict *verdict, const struct fan_snapshot *now)
{
    struct fan_thread_set left = blocked_threads(now);
    for (uint32_t i = 0; i < now->thread_count; i++)
        left.has[i] = left.has[i] && !is_accused(verdict, now->threads[i].id);
    while (fan_thread_set_count(&left) > 0) {
        struct fan_thread_set crew = take_crew(now, &left);
        struct fan_finding *finding = add_finding(verdict, FAN_FINDING_LEAK, FAN_PROOF_QUIESCENCE);
        if (finding)
            fan_explain_summary(now, &crew, finding->summary);
        accuse_all(finding, now, &crew);
    }
}

static void find_stuck(struct fan_judge *judge, const struct fan_snapshot *now)
{
    struct fan_verdict *verdict = &judge->verdict;
    if (now->phase == FAN_PHASE_RUNNING)
        find_deadlock(judge, now);
    else
        find_leaks(verdict, now);
    conclude(verdict, FAN_OUTCOME_FINDINGS, true, now->taken_ns);
}

/* ---- the end ---- */

static void add_figure(struct fan_finding *finding, const char *name, uint64_t value)
{
    if (finding->figure_count == FAN_FINDING_FIGURES)
        return;
    struct fan_figure *figure = &finding->figures[finding->figure_count++];
    snprintf(figure->name, sizeof figure->name, "%s", name);
    figure->value = value;
}

/* What came out of a run that raced, whether it looks right or not. */
static void find_end(struct fan_verdict *verdict, const struct fan_snapshot *now)
{
    for (uint32_t i = 0; i < verdict->finding_count; i++) {
        struct fan_finding *finding = &verdict->findings[i];
        if (finding->kind != FAN_FINDING_RACE)
            continue;
        add_figure(finding, "results_of_this_run", now->outputs);
        add_figure(finding, "items", now->inputs);
    }
    conclude(verdict, verdict->finding_count ? FAN_OUTCOME_FINDINGS : FAN_OUTCOME_CLEAN, true,
             now->taken_ns);
}

/* ---- a look ---- */

static void judge_look(struct fan_judge *judge, const struct fan_snapshot *now)
{
    struct fan_verdict *verdict = &judge->verdict;
    struct look next = {.quiet = is_quiet(judge, now)};
    mark_all(now, &next);
    note_progress(judge, now, &next);
    find_cycles(judge, now);
    find_notices(judge, now);
    if (now->panicked)
        find_panic(verdict, now);
    else if (next.quiet && judge->last.quiet && same_threads(&judge->last, &next))
        find_stuck(judge, now);
    else if (now->phase == FAN_PHASE_ENDED)
        find_end(verdict, now);
    else if (verdict->finding_count == 0)
        conclude(verdict, FAN_OUTCOME_RUNNING, false, now->taken_ns);
    judge->last = next;
}

static void tell(const struct fan_judge *judge, struct fan_verdict *verdict)
{
    memcpy(verdict, &judge->verdict,
           offsetof(struct fan_verdict, findings) +
               judge->verdict.finding_count * sizeof verdict->findings[0]);
}

void fan_judge_look(struct fan_judge *judge, const struct fan_snapshot *now,
                    struct fan_verdict *verdict)
{
    if (!judge->verdict.final)
        judge_look(judge, now);
    tell(judge, verdict);
}

void fan_judge_breaches(struct fan_judge *judge, const struct fan_breaches *found,
                        const struct fan_snapshot *now, struct fan_verdict *verdict)
{
    for (uint32_t i = 0; i < found->count; i++) {
        const struct fan_breach *breach = &found->breaches[i];
        struct fan_finding *finding =
            add_finding(&judge->verdict, breach->kind, FAN_PROOF_CONTRACT);
        if (finding)
            fan_breach_describe(breach, now, finding);
        judge->verdict.outcome = FAN_OUTCOME_FINDINGS;
    }
    tell(judge, verdict);
}
