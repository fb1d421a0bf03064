#include "watch/finding.h"

#include <string.h>

static const char *const finding_names[] = {
    [FAN_FINDING_DEADLOCK] = "deadlock", [FAN_FINDING_LEAK] = "leak",
    [FAN_FINDING_PANIC] = "panic",       [FAN_FINDING_MISUSE] = "misuse",
    [FAN_FINDING_RACE] = "race",         [FAN_FINDING_LOCK_ORDER] = "lock-order",
    [FAN_FINDING_LIVELOCK] = "livelock",
};

static const char *const proof_names[] = {
    [FAN_PROOF_OBSERVED] = "observed",
    [FAN_PROOF_QUIESCENCE] = "quiescence",
    [FAN_PROOF_CYCLE] = "cycle",
};

const char *fan_finding_name(enum fan_finding_kind kind)
{
    return (size_t)kind < sizeof finding_names / sizeof finding_names[0] ? finding_names[kind]
                                                                         : "?";
}

const char *fan_proof_name(enum fan_proof proof)
{
    return proof_names[proof];
}

bool fan_finding_parse(const char *name, enum fan_finding_kind *kind)
{
    for (size_t i = 0; i < sizeof finding_names / sizeof finding_names[0]; i++)
        if (strcmp(name, finding_names[i]) == 0) {
            *kind = (enum fan_finding_kind)i;
            return true;
        }
    return false;
}
