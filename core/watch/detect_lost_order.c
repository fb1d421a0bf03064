/* The contract promises an order, and all outputs are there, but not all in their places. That
 * tasks end in another order than they began is no finding: only the outputs count. */
#include <inttypes.h>

#include "watch/detector.h"
#include "watch/outputs.h"

void fan_detect_lost_order(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct fan_outputs outputs = fan_outputs_compare(evidence);
    if (outputs.state != FAN_OUTPUTS_PERMUTED)
        return;
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_LOST_ORDER);
    if (!breach)
        return;
    fan_breach_say(breach,
                   "%" PRIu64 " of %" PRIu64 " outputs are not in their places: at %" PRIu64
                   " stands what belongs at %" PRIu64,
                   outputs.misplaced, outputs.given, outputs.first, outputs.belongs);
    breach->at_ns = outputs.at->at_ns;
    breach->pc = outputs.at->pc;
    fan_breach_accuse(breach, outputs.at->thread);
    fan_breach_figure(breach, "outputs", outputs.given);
    fan_breach_figure(breach, "misplaced", outputs.misplaced);
    fan_breach_figure(breach, "position", outputs.first);
    fan_breach_figure(breach, "belongs_at", outputs.belongs);
}
