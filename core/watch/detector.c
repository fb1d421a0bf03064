#include "watch/detector.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void (*const detectors[])(const struct fan_evidence *, struct fan_breaches *) = {
    fan_detect_wrong_result,   fan_detect_lost_order,    fan_detect_lost_error,
    fan_detect_idle_workers,   fan_detect_head_of_line,  fan_detect_unbounded,
    fan_detect_cancel_ignored, fan_detect_false_sharing,
};

void fan_detect(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    found->count = 0;
    for (size_t i = 0; i < sizeof detectors / sizeof detectors[0]; i++)
        detectors[i](evidence, found);
}

void fan_detect_cut_short(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    found->count = 0;
    fan_detect_unbounded(evidence, found);
}

/* ---- reading evidence ---- */

uint32_t fan_evidence_count(const struct fan_evidence *evidence)
{
    return evidence->claimed < FAN_EVIDENCE_FACTS ? evidence->claimed : FAN_EVIDENCE_FACTS;
}

bool fan_evidence_is_whole(const struct fan_evidence *evidence)
{
    return evidence->claimed <= FAN_EVIDENCE_FACTS && evidence->unseen == 0 &&
           evidence->queues < FAN_EVIDENCE_QUEUES;
}

const struct fan_fact *fan_evidence_first(const struct fan_evidence *evidence,
                                          enum fan_fact_kind kind)
{
    uint32_t count = fan_evidence_count(evidence);
    for (uint32_t i = 0; i < count; i++)
        if (evidence->facts[i].kind == (uint32_t)kind)
            return &evidence->facts[i];
    return NULL;
}

bool fan_evidence_same_crew(const struct fan_evidence *evidence, uint32_t a, uint32_t b)
{
    const struct fan_evidence_thread *one = &evidence->threads[a], *other = &evidence->threads[b];
    return one->site && one->site == other->site && one->run == other->run &&
           one->crew == other->crew;
}

void fan_evidence_label(const struct fan_evidence *evidence, uint32_t thread,
                        char label[FAN_PROBE_NAME + 8])
{
    const char *name = evidence->threads[thread].name;
    uint32_t namesakes = 0, place = 0;
    for (uint32_t i = 1; i <= evidence->last_thread; i++) {
        namesakes += strcmp(evidence->threads[i].name, name) == 0;
        if (i == thread)
            place = namesakes;
    }
    if (namesakes > 1)
        snprintf(label, FAN_PROBE_NAME + 8, "%.23s %u", name, place);
    else
        snprintf(label, FAN_PROBE_NAME + 8, "%.23s", name);
}

/* ---- writing breaches ---- */

struct fan_breach *fan_breach_add(struct fan_breaches *found, enum fan_finding_kind kind)
{
    if (found->count == FAN_BREACHES)
        return NULL;
    struct fan_breach *breach = &found->breaches[found->count++];
    *breach = (struct fan_breach){.kind = kind};
    return breach;
}

void fan_breach_say(struct fan_breach *breach, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(breach->summary, sizeof breach->summary, format, arguments);
    va_end(arguments);
}

void fan_breach_accuse(struct fan_breach *breach, uint32_t thread)
{
    if (breach->thread_count < FAN_FINDING_THREADS)
        breach->threads[breach->thread_count++] = (uint16_t)thread;
}

void fan_breach_tell_earlier(struct fan_breach *breach, const char *what, uint64_t pc)
{
    snprintf(breach->earlier_what, sizeof breach->earlier_what, "%s", what);
    breach->earlier_pc = pc;
}

void fan_breach_figure(struct fan_breach *breach, const char *name, uint64_t value)
{
    if (breach->figure_count == FAN_FINDING_FIGURES)
        return;
    struct fan_figure *figure = &breach->figures[breach->figure_count++];
    snprintf(figure->name, sizeof figure->name, "%s", name);
    figure->value = value;
}

/* ---- findings ---- */

static void set_place(struct fan_stack *stack, uint64_t pc)
{
    stack->depth = pc != 0;
    stack->frames[0] = (uintptr_t)pc;
}

void fan_breach_describe(const struct fan_breach *breach, const struct fan_snapshot *now,
                         struct fan_finding *finding)
{
    *finding = (struct fan_finding){.kind = breach->kind, .proof = FAN_PROOF_CONTRACT};
    strcpy(finding->summary, breach->summary);
    strcpy(finding->earlier_what, breach->earlier_what);
    finding->since_ns = now->phase_ns;
    set_place(&finding->stack, breach->pc);
    set_place(&finding->earlier, breach->earlier_pc);
    finding->figure_count = breach->figure_count;
    memcpy(finding->figures, breach->figures, sizeof finding->figures);
    for (uint32_t i = 0; i < breach->thread_count; i++) {
        int index = fan_snapshot_thread(now, breach->threads[i]);
        if (index != FAN_NO_INDEX)
            finding->culprits[finding->culprit_count++].thread = now->threads[index];
    }
}
