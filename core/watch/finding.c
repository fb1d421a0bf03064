#include "watch/finding.h"

#include <string.h>

static const char *const finding_names[] = {
    [FAN_FINDING_DEADLOCK] = "deadlock",
    [FAN_FINDING_LEAK] = "leak",
    [FAN_FINDING_PANIC] = "panic",
    [FAN_FINDING_MISUSE] = "misuse",
    [FAN_FINDING_RACE] = "race",
    [FAN_FINDING_LOCK_ORDER] = "lock-order",
    [FAN_FINDING_LIVELOCK] = "livelock",
    [FAN_FINDING_WRONG_RESULT] = "wrong-result",
    [FAN_FINDING_LOST_ORDER] = "lost-order",
    [FAN_FINDING_LOST_ERROR] = "lost-error",
    [FAN_FINDING_IDLE_WORKERS] = "idle-workers",
    [FAN_FINDING_HEAD_OF_LINE] = "head-of-line",
    [FAN_FINDING_CANCEL_IGNORED] = "cancel-ignored",
    [FAN_FINDING_UNBOUNDED] = "unbounded",
    [FAN_FINDING_FALSE_SHARING] = "false-sharing",
};

static const char *const proof_names[] = {
    [FAN_PROOF_OBSERVED] = "observed",
    [FAN_PROOF_QUIESCENCE] = "quiescence",
    [FAN_PROOF_CYCLE] = "cycle",
    [FAN_PROOF_CONTRACT] = "contract",
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
