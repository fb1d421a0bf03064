/* Threads took cache lines from each other that they use different bytes of, and did so again and
 * again as they worked: more than once for every second item. What happens once for a thread (its
 * first use of a line, a sum that it leaves at its end) is no finding: so the threads are counted
 * too. The lines are those of a model (sim/lines.h), which counts what the schedule makes of the
 * layout; how much time that costs is another question, for a clock. */
#include <inttypes.h>

#include "watch/detector.h"

struct sharing {
    uint64_t lost;    /* lines, by all threads */
    uint32_t writers; /* threads that took some */
    const struct fan_fact *last;
    uint64_t taken[FAN_EVIDENCE_THREADS]; /* by thread */
};

static void count(const struct fan_evidence *evidence, struct sharing *sharing)
{
    uint32_t facts = fan_evidence_count(evidence);
    for (uint32_t i = 0; i < facts; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind != FAN_FACT_LINE)
            continue;
        sharing->writers += sharing->taken[fact->thread] == 0;
        sharing->taken[fact->thread] += fact->value;
        sharing->lost += fact->value;
        sharing->last = fact;
    }
}

static void describe(const struct fan_evidence *evidence, const struct sharing *sharing,
                     struct fan_breach *breach)
{
    fan_breach_say(breach,
                   "%" PRIu64 " times a thread lost a cache line to a write that touched none of "
                   "the bytes it used; %" PRIu64 " items, %.2f an item",
                   sharing->lost, evidence->items,
                   (double)sharing->lost / (double)(evidence->items + !evidence->items));
    breach->at_ns = sharing->last->at_ns;
    breach->pc = sharing->last->pc;
    for (uint32_t i = 1; i <= evidence->last_thread; i++)
        if (sharing->taken[i])
            fan_breach_accuse(breach, i);
    fan_breach_figure(breach, "lines_lost", sharing->lost);
    fan_breach_figure(breach, "items", evidence->items);
    fan_breach_figure(breach, "threads", sharing->writers);
}

void fan_detect_false_sharing(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct sharing sharing = {0};
    if (!evidence->contract.apart)
        return;
    count(evidence, &sharing);
    if (sharing.lost <= 2 * evidence->workers || 2 * sharing.lost <= evidence->items)
        return;
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_FALSE_SHARING);
    if (breach)
        describe(evidence, &sharing, breach);
}
