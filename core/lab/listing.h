#ifndef FAN_LAB_LISTING_H
#define FAN_LAB_LISTING_H

#include <stddef.h>

#include "lab/scenario.h"

/* What a child tells of its scenarios, when its parent has not got their tables: on the standard
 * output, a line for each scenario and then for each of its variants, with the kinds that must and
 * that may be found.
 *
 *     scenario transfer 2 4
 *     variant buggy deadlock - leak -
 *     variant fixed - -
 *
 * A table that no command could use is refused: a name of other characters than letters, digits,
 * '-' and '_', or too long for a replay line; two scenarios of one id, or two variants of one first
 * letter, which a line could not tell apart; a variant without a function. */

/* Prints them. Returns 0, FAN_CHILD_USAGE with the reason on standard error, or
 * FAN_CHILD_BROKEN. */
int fan_listing_print(const struct fan_scenario *const *scenarios, size_t count);

#endif
