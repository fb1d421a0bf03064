#ifndef FAN_BASE_CLOCK_H
#define FAN_BASE_CLOCK_H

#include <stdint.h>

/* The wall's monotonic clock, in nanoseconds since an arbitrary start (CLOCK_MONOTONIC).
 *
 * It is what telemetry is stamped with. A program that is to run under the controlled scheduler
 * asks `fan_now_ns` of run/time.h, which is virtual there. One reading costs about 20 ns. */
uint64_t fan_clock_ns(void);

#endif
