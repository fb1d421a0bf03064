#ifndef FAN_BASE_NUMBER_H
#define FAN_BASE_NUMBER_H

#include <stdint.h>

/* Reads a whole, unsigned decimal number: digits only, no sign, no space, nothing after them.
 * Writes it to `number` if it is from `low` to `high`. Errors: EINVAL (not such a number), ERANGE.
 */
int fan_number_parse(const char *text, uint64_t low, uint64_t high, uint64_t *number);

#endif
