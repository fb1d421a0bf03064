#ifndef FAN_TESTS_SUPPORT_FAN_IN_H
#define FAN_TESTS_SUPPORT_FAN_IN_H

#include <stddef.h>

#include "flow/group.h"
#include "sync/chan.h"

/* For tests of a stage with many inputs: these and an output of uint64_t
 * elements. */
void fan_in_make(struct fan_chan **inputs, size_t count, struct fan_chan **output, size_t capacity);

/* Frees all; no thread may be left. */
void fan_in_end(struct fan_group *pipe, struct fan_chan **inputs, size_t count,
                struct fan_chan *output);

#endif
