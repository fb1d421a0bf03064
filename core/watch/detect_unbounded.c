/* More threads lived at one time than the contract allows, and at least one for every second that
 * had been started by then: they grow with the items, and only a budget ends that. A program that
 * starts a thread for each item, but waits while there are enough, stays far below half; it may
 * exceed the number by threads that are just ending, which is no finding. */
#include <inttypes.h>

#include "watch/detector.h"

struct crowd {
    uint32_t started, living, most;
    uint64_t stack_bytes, most_bytes;      /* of those that live */
    const struct fan_fact *grown;          /* the latest start that made it the largest */
    uint64_t stacks[FAN_EVIDENCE_THREADS]; /* by thread */
};

static void start(struct crowd *crowd, const struct fan_fact *fact)
{
    crowd->started++;
    crowd->living++;
    crowd->stacks[fact->thread] = fact->value;
    crowd->stack_bytes += fact->value;
    if (crowd->living <= crowd->most)
        return;
    crowd->most = crowd->living;
    crowd->most_bytes = crowd->stack_bytes;
    crowd->grown = fact;
}

static void end(struct crowd *crowd, const struct fan_fact *fact)
{
    if (crowd->stacks[fact->thread] == 0)
        return; /* it was not spawned, or not seen */
    crowd->living--;
    crowd->stack_bytes -= crowd->stacks[fact->thread];
    crowd->stacks[fact->thread] = 0;
}

static void count(const struct fan_evidence *evidence, struct crowd *crowd)
{
    uint32_t facts = fan_evidence_count(evidence);
    for (uint32_t i = 0; i < facts; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind == FAN_FACT_SPAWN)
            start(crowd, fact);
        else if (fact->kind == FAN_FACT_END)
            end(crowd, fact);
    }
}

static void describe(const struct fan_evidence *evidence, const struct crowd *crowd,
                     uint64_t allowed, struct fan_breach *breach)
{
    fan_breach_say(breach,
                   "%u threads lived at one time, of %u started for %" PRIu64 " items; %" PRIu64
                   " may. Their stacks take %.1f MiB",
                   crowd->most, crowd->started, evidence->items, allowed,
                   (double)crowd->most_bytes / (1 << 20));
    breach->at_ns = crowd->grown->at_ns;
    breach->pc = evidence->threads[crowd->grown->thread].site;
    fan_breach_accuse(breach, crowd->grown->thread);
    fan_breach_figure(breach, "threads", crowd->most);
    fan_breach_figure(breach, "allowed", allowed);
    fan_breach_figure(breach, "started", crowd->started);
    fan_breach_figure(breach, "items", evidence->items);
    fan_breach_figure(breach, "stack_bytes", crowd->most_bytes);
}

void fan_detect_unbounded(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    uint64_t allowed = evidence->workers + evidence->contract.limit;
    struct crowd crowd = {0};
    if (evidence->contract.limit == 0)
        return;
    count(evidence, &crowd);
    if (crowd.most <= allowed || 2 * crowd.most < crowd.started)
        return;
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_UNBOUNDED);
    if (breach)
        describe(evidence, &crowd, allowed, breach);
}
