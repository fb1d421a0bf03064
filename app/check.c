#include "app/check.h"

#include <stdio.h>
#include <string.h>

#include "run/time.h"

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

static bool is_rare(const struct fan_variant *variant)
{
    return strcmp(variant->name, "rare") == 0;
}

/* What follows from the order that the program gives its accesses, or from where they go, and shows
 * in nothing that real threads do but in their speed. */
static bool only_sim_looks_for(enum fan_finding_kind kind)
{
    return kind == FAN_FINDING_RACE || kind == FAN_FINDING_LOCK_ORDER ||
           kind == FAN_FINDING_FALSE_SHARING;
}

static void miss(struct fan_check *check, enum fan_finding_kind kind)
{
    if (!check->sim && only_sim_looks_for(kind)) {
        snprintf(check->note, sizeof check->note,
                 "%s: not looked for with real threads; sim does%s", fan_finding_name(kind),
                 kind == FAN_FINDING_RACE ? ", and ThreadSanitizer" : "");
        return;
    }
    check->unseen = true;
    snprintf(check->problem, sizeof check->problem, "%s expected, not found",
             fan_finding_name(kind));
}

static void look_for_missing(struct fan_check *check, bool ended_early)
{
    const struct fan_variant *variant = check->variant;
    if (is_rare(variant) && !check->sim)
        return;
    if (ended_early) {
        strcpy(check->note, "ThreadSanitizer ended the run at a race: nothing else was looked for");
        return;
    }
    for (size_t i = 0; i < variant->expected_count; i++)
        if (!was_found(check, variant->expected[i]))
            miss(check, variant->expected[i]);
}

static void look_for_undeclared(struct fan_check *check)
{
    const struct fan_variant *variant = check->variant;
    for (uint32_t i = 0; i < check->found_count; i++)
        if (!lists(variant->expected, variant->expected_count, check->found[i].kind) &&
            !lists(variant->also, variant->also_count, check->found[i].kind)) {
            check->unseen = false;
            snprintf(check->problem, sizeof check->problem, "%s found, not declared: %.150s",
                     fan_finding_name(check->found[i].kind), check->found[i].summary);
        }
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

/* A child that is built with it reports a race by itself, and ends. */
static bool thread_sanitizer_found_a_race(const struct fan_attempt *attempt)
{
    return attempt->end == FAN_ATTEMPT_BROKEN &&
           strstr(attempt->message, "ThreadSanitizer: data race") != NULL;
}

static void take_report(const struct fan_attempt *attempt, struct fan_check *check)
{
    struct fan_check_found *found = &check->found[check->found_count++];
    found->kind = FAN_FINDING_RACE;
    strcpy(found->summary, attempt->message);
}

void fan_check_judge(const struct fan_attempt *attempt, struct fan_check *check)
{
    bool report = thread_sanitizer_found_a_race(attempt);
    *check = (struct fan_check){
        .scenario = attempt->scenario,
        .variant = attempt->variant,
        .seed = attempt->seed,
        .elapsed_ns = attempt->elapsed_ns,
        .end = attempt->end,
    };
    if (attempt->run)
        take_findings(attempt->run, check);
    if (report && check->found_count < FAN_FINDINGS)
        take_report(attempt, check);
    if (fan_attempt_failed(attempt) && !report) {
        strcpy(check->problem, attempt->message);
    } else {
        look_for_missing(check, report);
        look_for_undeclared(check);
    }
    check->passed = check->problem[0] == '\0';
}

/* ---- under the controlled scheduler ---- */

uint64_t fan_check_schedules(const struct fan_variant *variant)
{
    bool many = variant->expected_count == 0 || is_rare(variant);
    return many ? FAN_CHECK_MANY_SCHEDULES : FAN_CHECK_SCHEDULES;
}

/* A schedule may fail in several ways: the first that has not been told of yet. */
static const struct fan_finding *next_finding(const struct fan_check *check, const char *replay,
                                              const struct fan_verdict *verdict,
                                              enum fan_finding_kind kind)
{
    for (uint32_t i = 0; i < verdict->finding_count; i++) {
        const struct fan_finding *finding = &verdict->findings[i];
        bool told = finding->kind != kind;
        for (uint32_t j = 0; j < check->found_count && !told; j++)
            told = strcmp(check->found[j].summary, finding->summary) == 0 &&
                   strcmp(check->found[j].replay, replay) == 0;
        if (!told)
            return finding;
    }
    return NULL;
}

static void see_again(const struct fan_explore *explore, const struct fan_explore_failure *failure,
                      const struct fan_interrupt *interrupt, const struct fan_check *check,
                      struct fan_check_found *found)
{
    struct fan_attempt attempt;
    if (strlen(failure->replay) < sizeof found->replay)
        strcpy(found->replay, failure->replay);
    fan_explore_show(explore, failure, FAN_SECOND * 10, interrupt, &attempt);
    const struct fan_finding *finding =
        attempt.run ? next_finding(check, failure->replay, attempt.run->verdict, failure->kind)
                    : NULL;
    if (finding) {
        strcpy(found->summary, finding->summary);
        tell_where(attempt.run, finding, found->where);
    }
    fan_attempt_release(&attempt);
}

static void take_failure(const struct fan_explore *explore,
                         const struct fan_explore_failure *failure,
                         const struct fan_interrupt *interrupt, struct fan_check *check)
{
    struct fan_check_found found = {.kind = failure->kind};
    snprintf(found.summary, sizeof found.summary, "%s", failure->message);
    if (*failure->replay)
        see_again(explore, failure, interrupt, check, &found);
    check->found[check->found_count++] = found;
}

static enum fan_attempt_end end_of(const struct fan_explore *explore)
{
    static const enum fan_attempt_end ends[] = {
        [FAN_EXPLORE_DONE] = FAN_ATTEMPT_VERDICT,
        [FAN_EXPLORE_UNSTARTED] = FAN_ATTEMPT_UNSTARTED,
        [FAN_EXPLORE_BROKEN] = FAN_ATTEMPT_BROKEN,
        [FAN_EXPLORE_STILL] = FAN_ATTEMPT_SLOW,
        [FAN_EXPLORE_INTERRUPTED] = FAN_ATTEMPT_INTERRUPTED,
    };
    return ends[explore->end];
}

static void take_failures(const struct fan_explore *explore, const struct fan_interrupt *interrupt,
                          struct fan_check *check)
{
    for (uint32_t i = 0; i < explore->failure_count && i < FAN_FINDINGS; i++)
        take_failure(explore, &explore->failures[i], interrupt, check);
    look_for_missing(check, false);
    look_for_undeclared(check);
}

void fan_check_judge_explored(const struct fan_explore *explore,
                              const struct fan_interrupt *interrupt, struct fan_check *check)
{
    *check = (struct fan_check){
        .scenario = explore->request.scenario,
        .variant = explore->request.variant,
        .seed = explore->request.seed,
        .elapsed_ns = explore->elapsed_ns,
        .sim = true,
        .schedules = explore->schedules,
        .failing = explore->failing,
        .end = end_of(explore),
    };
    if (explore->end == FAN_EXPLORE_INTERRUPTED)
        snprintf(check->problem, sizeof check->problem, "interrupted by signal %d",
                 explore->signal);
    else if (explore->end != FAN_EXPLORE_DONE)
        snprintf(check->problem, sizeof check->problem, "%.199s", explore->message);
    else
        take_failures(explore, interrupt, check);
    check->passed = check->problem[0] == '\0';
}

void fan_check_excuse(struct fan_check *real, const struct fan_check *sim)
{
    if (!real->unseen || !sim->passed || sim->failing == sim->schedules)
        return;
    snprintf(real->note, sizeof real->note,
             "real timing did not show it in this run; sim did, in %.3g %% of its schedules",
             100 * (double)sim->failing / (double)sim->schedules);
    real->problem[0] = '\0';
    real->passed = true;
}
