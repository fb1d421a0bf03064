#ifndef FAN_APP_LESSON_REQUIREMENT_H
#define FAN_APP_LESSON_REQUIREMENT_H

#include <stddef.h>

#include "base/contract.h"
#include "watch/finding.h"

/*
 * What is asked of a program, in words that somebody can be held to: "main returns", "no two
 * accesses race". Each is what the findings of one kind say is not so. Some are asked of all
 * programs, others only where the contract declares them.
 */

/* The requirement that a finding of this kind breaks. */
const char *fan_requirement_broken_by(enum fan_finding_kind kind);

/* Those that a program with this contract is told of, most telling first. Returns how many. */
size_t fan_requirements_of(const struct fan_contract *contract,
                           const char *words[FAN_FINDING_KINDS]);

#endif
