/* What is returned must be an error that happened, and none may have happened before the task that
 * it comes from was begun: that one was known, and was forgotten. Which of several errors that come
 * at the same time is returned does not matter, and what was begun after the first one is evidence
 * only: tasks under way cannot be called back. */
#include <inttypes.h>

#include "watch/detector.h"

/* An error that happened, and how far the log was when its task was begun. */
struct failure {
    const struct fan_fact *fact; /* NULL = none */
    uint32_t place, begun;
};

static uint32_t begin_of(const struct fan_evidence *evidence, uint32_t failure)
{
    const struct fan_fact *facts = evidence->facts;
    for (uint32_t i = failure; i-- > 0;)
        if (facts[i].kind == FAN_FACT_BEGIN && facts[i].position == facts[failure].position)
            return i;
    return 0;
}

/* The first failure from a place on, of one error, or (0) of any. */
static struct failure next_failure(const struct fan_evidence *evidence, uint32_t from,
                                   uint64_t error)
{
    uint32_t count = fan_evidence_count(evidence);
    for (uint32_t i = from; i < count; i++)
        if (evidence->facts[i].kind == FAN_FACT_FAIL &&
            (error == 0 || evidence->facts[i].value == error))
            return (struct failure){&evidence->facts[i], i, begin_of(evidence, i)};
    return (struct failure){0};
}

/* The failure that was returned: of several with its error, one with nothing against it if there is
 * one. */
static struct failure returned_failure(const struct fan_evidence *evidence, uint64_t error,
                                       const struct failure *first)
{
    struct failure failure = next_failure(evidence, 0, error), other = failure;
    for (; other.fact; other = next_failure(evidence, other.place + 1, error))
        if (first->place >= other.begun)
            return other;
    return failure;
}

static uint64_t count_from(const struct fan_evidence *evidence, uint32_t from,
                           enum fan_fact_kind kind)
{
    uint64_t found = 0;
    uint32_t count = fan_evidence_count(evidence);
    for (uint32_t i = from; i < count; i++)
        found += evidence->facts[i].kind == (uint32_t)kind;
    return found;
}

static void say(struct fan_breach *breach, const struct fan_fact *returned,
                const struct failure *first, const struct failure *failure)
{
    if (!first->fact)
        fan_breach_say(breach, "error %" PRIu64 " was returned, and no task had failed",
                       returned->value);
    else if (returned->value == 0)
        fan_breach_say(
            breach, "no error was returned, though task %" PRIu64 " had failed with error %" PRIu64,
            first->fact->position, first->fact->value);
    else if (!failure->fact)
        fan_breach_say(breach, "error %" PRIu64 " was returned, which no task had failed with",
                       returned->value);
    else
        fan_breach_say(breach,
                       "error %" PRIu64 " of task %" PRIu64 " was returned; task %" PRIu64
                       " had failed with error %" PRIu64 " before that one was begun",
                       returned->value, failure->fact->position, first->fact->position,
                       first->fact->value);
}

static void tell(const struct fan_evidence *evidence, const struct fan_fact *returned,
                 const struct failure *first, const struct failure *failure,
                 struct fan_breaches *found)
{
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_LOST_ERROR);
    if (!breach)
        return;
    say(breach, returned, first, failure);
    breach->at_ns = returned->at_ns;
    breach->pc = returned->pc;
    if (first->fact) {
        fan_breach_accuse(breach, first->fact->thread);
        fan_breach_tell_earlier(breach, "first failure", first->fact->pc);
        fan_breach_figure(breach, "begun_after_the_first",
                          count_from(evidence, first->place, FAN_FACT_BEGIN));
        if (failure->fact && failure->fact->thread != first->fact->thread)
            fan_breach_accuse(breach, failure->fact->thread);
    }
    fan_breach_figure(breach, "errors", count_from(evidence, 0, FAN_FACT_FAIL));
    fan_breach_figure(breach, "returned", returned->value);
}

void fan_detect_lost_error(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    if (evidence->contract.errors == FAN_ERRORS_UNJUDGED || !fan_evidence_is_whole(evidence))
        return;
    const struct fan_fact *returned = fan_evidence_first(evidence, FAN_FACT_RETURN);
    if (!returned)
        return;
    struct failure first = next_failure(evidence, 0, 0);
    struct failure failure = {0};
    if (returned->value)
        failure = returned_failure(evidence, returned->value, &first);
    bool none = returned->value == 0 && !first.fact;
    if (!none && (!failure.fact || first.place < failure.begun))
        tell(evidence, returned, &first, &failure, found);
}
