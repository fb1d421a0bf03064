/* The contract says that what runs for a context stops when that is done. A thread may be in the
 * middle of a task when it is cancelled, or have an item in its hand: so one task may still begin.
 * A second one, or being blocked to the end in an operation that the context does not reach, is a
 * breach. A context that is done wins over whatever else an operation may wait for; who is blocked
 * has not passed it on. The main thread, which cancels, is not judged. */
#include <inttypes.h>

#include "watch/detector.h"

enum { MAIN = 1 };

struct thread {
    uint32_t begun; /* tasks, since the cancel */
    uint32_t asked; /* so often it has asked a context, or passed one to an operation */
    bool ended;
    uint64_t pc; /* where the latest of these tasks began */
};

struct crew {
    const struct fan_fact *cancel;
    struct thread threads[FAN_EVIDENCE_THREADS];
};

static void take(struct crew *crew, const struct fan_fact *fact)
{
    struct thread *thread = &crew->threads[fact->thread];
    if (fact->kind == FAN_FACT_CARRY)
        thread->asked++;
    else if (fact->kind == FAN_FACT_END)
        thread->ended = true;
    else if (fact->kind == FAN_FACT_CANCEL && !crew->cancel)
        crew->cancel = fact;
    if (fact->kind == FAN_FACT_BEGIN && crew->cancel) {
        thread->begun++;
        thread->pc = fact->pc;
    }
}

static bool ignored_it(const struct thread *thread)
{
    return thread->begun > 1 || !thread->ended;
}

/* The one that began most tasks; of those that began none, the first. 0 if nobody ignored it. */
static uint32_t worst_of(const struct fan_evidence *evidence, const struct crew *crew,
                         uint32_t *count)
{
    uint32_t worst = 0;
    *count = 0;
    for (uint32_t i = MAIN + 1; i <= evidence->last_thread; i++) {
        if (!ignored_it(&crew->threads[i]))
            continue;
        (*count)++;
        if (!worst || crew->threads[i].begun > crew->threads[worst].begun)
            worst = i;
    }
    return worst;
}

static void describe(const struct fan_evidence *evidence, const struct crew *crew, uint32_t worst,
                     struct fan_breach *breach)
{
    char label[FAN_PROBE_NAME + 8];
    const struct thread *thread = &crew->threads[worst];
    fan_evidence_label(evidence, worst, label);
    const char *passed = thread->asked ? "" : " and never passed its context to an operation";
    if (thread->begun > 1)
        fan_breach_say(breach, "after the cancel %s began %u more tasks%s", label, thread->begun,
                       passed);
    else
        fan_breach_say(breach, "after the cancel %s is still blocked%s", label, passed);
    breach->at_ns = crew->cancel->at_ns;
    breach->pc = thread->pc;
    fan_breach_figure(breach, "tasks_after_cancel", thread->begun);
    fan_breach_figure(breach, "context_passed", thread->asked);
}

void fan_detect_cancel_ignored(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct crew crew = {0};
    uint32_t facts = fan_evidence_count(evidence), count;
    if (!evidence->contract.stops_with_context || !fan_evidence_is_whole(evidence))
        return;
    for (uint32_t i = 0; i < facts; i++)
        take(&crew, &evidence->facts[i]);
    uint32_t worst = worst_of(evidence, &crew, &count);
    struct fan_breach *breach =
        crew.cancel && worst ? fan_breach_add(found, FAN_FINDING_CANCEL_IGNORED) : NULL;
    if (!breach)
        return;
    describe(evidence, &crew, worst, breach);
    fan_breach_figure(breach, "threads", count);
    for (uint32_t i = MAIN + 1; i <= evidence->last_thread; i++)
        if (ignored_it(&crew.threads[i]))
            fan_breach_accuse(breach, i);
}
