/* Outputs are missing, or there more often than expected, or were never expected. A program that
 * does not return gives no outputs to judge: that is a finding of another kind. */
#include <inttypes.h>

#include "watch/detector.h"
#include "watch/outputs.h"

static const char *are(uint64_t count)
{
    return count == 1 ? "is" : "are";
}

static void say(struct fan_breach *breach, const struct fan_outputs *outputs)
{
    if (outputs->missing && outputs->surplus)
        fan_breach_say(breach,
                       "%" PRIu64 " of %" PRIu64 " outputs %s missing, such as %" PRIu64
                       "; %" PRIu64 " %s there that should not be, such as %" PRIu64,
                       outputs->missing, outputs->expected, are(outputs->missing),
                       outputs->first_missing, outputs->surplus, are(outputs->surplus),
                       outputs->first_surplus);
    else if (outputs->missing)
        fan_breach_say(breach, "%" PRIu64 " of %" PRIu64 " outputs %s missing, such as %" PRIu64,
                       outputs->missing, outputs->expected, are(outputs->missing),
                       outputs->first_missing);
    else
        fan_breach_say(
            breach, "%" PRIu64 " of %" PRIu64 " outputs %s more than expected, such as %" PRIu64,
            outputs->surplus, outputs->given, are(outputs->surplus), outputs->first_surplus);
}

void fan_detect_wrong_result(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct fan_outputs outputs = fan_outputs_compare(evidence);
    if (outputs.state != FAN_OUTPUTS_WRONG)
        return;
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_WRONG_RESULT);
    if (!breach)
        return;
    say(breach, &outputs);
    if (outputs.at) {
        breach->at_ns = outputs.at->at_ns;
        breach->pc = outputs.at->pc;
        fan_breach_accuse(breach, outputs.at->thread);
    }
    fan_breach_figure(breach, "expected", outputs.expected);
    fan_breach_figure(breach, "outputs", outputs.given);
    fan_breach_figure(breach, "missing", outputs.missing);
    fan_breach_figure(breach, "surplus", outputs.surplus);
}
