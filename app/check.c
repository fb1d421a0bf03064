#include "app/check.h"

#include <stdio.h>
#include <string.h>

static bool lists(const enum fan_finding_kind *kinds, size_t count, enum fan_finding_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

static bool was_found(const struct fan_check *check, enum fan_finding_kind kind)
{
    for (uint32_t i = 0; i < check->found_count; i++)
        if (check->found[i].kind == kind)
            return true;
    return false;
}

static void look_for_missing(struct fan_check *check)
{
    const struct fan_variant *variant = check->variant;
    if (strcmp(variant->name, "rare") == 0)
        return;
    for (size_t i = 0; i < variant->expected_count; i++)
        if (!was_found(check, variant->expected[i]))
            snprintf(check->problem, sizeof check->problem, "%s expected, not found",
                     fan_finding_name(variant->expected[i]));
}

static void look_for_undeclared(struct fan_check *check)
{
    const struct fan_variant *variant = check->variant;
    for (uint32_t i = 0; i < check->found_count; i++)
        if (!lists(variant->expected, variant->expected_count, check->found[i].kind) &&
            !lists(variant->also, variant->also_count, check->found[i].kind))
            snprintf(check->problem, sizeof check->problem, "%s found, not declared: %.150s",
                     fan_finding_name(check->found[i].kind), check->found[i].summary);
}

/* Where the program itself stood: the place of the panic, else of the first thread concerned. */
static void tell_where(const struct fan_run *run, const struct fan_finding *finding,
                       char where[208])
{
    const struct fan_stack *stack = &finding->stack;
    uint64_t base = run->snapshot->load_base;
    if (stack->depth == 0 && finding->culprit_count > 0)
        stack = &finding->culprits[0].thread.stack;
    uint32_t own = fan_symbols_own_frame(run->symbols, base, stack);
    if (own == stack->depth)
        return;
    const struct fan_place *place = fan_symbols_find(run->symbols, base, stack->frames[own]);
    snprintf(where, 208, "%s %s:%d", place->function, place->file, place->line);
}

static void take_findings(const struct fan_run *run, struct fan_check *check)
{
    const struct fan_verdict *verdict = run->verdict;
    for (uint32_t i = 0; i < verdict->finding_count; i++) {
        struct fan_check_found *found = &check->found[check->found_count++];
        found->kind = verdict->findings[i].kind;
        strcpy(found->summary, verdict->findings[i].summary);
        tell_where(run, &verdict->findings[i], found->where);
    }
}

void fan_check_judge(const struct fan_attempt *attempt, struct fan_check *check)
{
    *check = (struct fan_check){
        .scenario = attempt->scenario,
        .variant = attempt->variant,
        .seed = attempt->seed,
        .elapsed_ns = attempt->elapsed_ns,
        .end = attempt->end,
    };
    if (attempt->run)
        take_findings(attempt->run, check);
    if (fan_attempt_failed(attempt)) {
        strcpy(check->problem, attempt->message);
    } else {
        look_for_missing(check);
        look_for_undeclared(check);
    }
    check->passed = check->problem[0] == '\0';
}
