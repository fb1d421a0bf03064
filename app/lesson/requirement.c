#include "app/lesson/requirement.h"

#include <stdbool.h>

const char *fan_requirement_broken_by(enum fan_finding_kind kind)
{
    static const char *const words[FAN_FINDING_KINDS] = {
        [FAN_FINDING_DEADLOCK] = "main returns",
        [FAN_FINDING_LEAK] = "no thread is left",
        [FAN_FINDING_PANIC] = "nothing panics or crashes",
        [FAN_FINDING_MISUSE] = "the library is used as its headers say",
        [FAN_FINDING_RACE] = "no two accesses race",
        [FAN_FINDING_LOCK_ORDER] = "locks are taken in one order",
        [FAN_FINDING_LIVELOCK] = "it comes to an end",
        [FAN_FINDING_WRONG_RESULT] = "every item is processed once, with the right result",
        [FAN_FINDING_LOST_ORDER] = "the results are in the order of the items",
        [FAN_FINDING_LOST_ERROR] = "the error that is returned is the first one",
        [FAN_FINDING_IDLE_WORKERS] = "no worker stays away while there is work",
        [FAN_FINDING_HEAD_OF_LINE] = "no item waits for another while a worker is idle",
        [FAN_FINDING_CANCEL_IGNORED] = "the work stops when it is cancelled",
        [FAN_FINDING_UNBOUNDED] = "threads and memory do not grow with the items",
        [FAN_FINDING_FALSE_SHARING] = "no two threads write to one cache line for nothing",
    };
    return words[kind];
}

static bool is_asked(const struct fan_contract *contract, enum fan_finding_kind kind)
{
    switch (kind) {
    case FAN_FINDING_DEADLOCK:
    case FAN_FINDING_LEAK:
    case FAN_FINDING_PANIC:
    case FAN_FINDING_RACE:
        return true;
    case FAN_FINDING_WRONG_RESULT:
        return contract->outputs != FAN_OUTPUTS_UNJUDGED;
    case FAN_FINDING_LOST_ORDER:
        return contract->outputs == FAN_OUTPUTS_IN_ORDER;
    case FAN_FINDING_LOST_ERROR:
        return contract->errors != FAN_ERRORS_UNJUDGED;
    case FAN_FINDING_IDLE_WORKERS:
    case FAN_FINDING_HEAD_OF_LINE:
        return contract->work != FAN_WORK_UNJUDGED;
    case FAN_FINDING_CANCEL_IGNORED:
        return contract->stops_with_context;
    case FAN_FINDING_UNBOUNDED:
        return contract->limit > 0;
    case FAN_FINDING_FALSE_SHARING:
        return contract->apart;
    default:
        return false;
    }
}

size_t fan_requirements_of(const struct fan_contract *contract,
                           const char *words[FAN_FINDING_KINDS])
{
    size_t count = 0;
    for (int kind = 0; kind < FAN_FINDING_KINDS; kind++)
        if (is_asked(contract, (enum fan_finding_kind)kind))
            words[count++] = fan_requirement_broken_by((enum fan_finding_kind)kind);
    return count;
}
