#include "watch/line_cost.h"

#include "watch/detector.h"

static void take(struct fan_line_cost *cost, const struct fan_fact *fact, uint64_t *first_ns)
{
    if (fact->kind == FAN_FACT_LINE)
        cost->lines_lost += fact->value;
    if (fact->kind == FAN_FACT_SPAWN && *first_ns == 0)
        *first_ns = fact->at_ns;
    if (fact->kind == FAN_FACT_OUTPUT && *first_ns != 0)
        cost->ns = fact->at_ns - *first_ns;
}

struct fan_line_cost fan_line_cost_of(const struct fan_evidence *evidence)
{
    struct fan_line_cost cost = {.items = evidence->items};
    uint32_t count = fan_evidence_count(evidence);
    uint64_t first_ns = 0;
    for (uint32_t i = 0; i < count; i++)
        take(&cost, &evidence->facts[i], &first_ns);
    cost.known = evidence->contract.apart && evidence->items > 0 && first_ns != 0;
    return cost;
}
