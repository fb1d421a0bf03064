#ifndef FAN_RUN_TIME_H
#define FAN_RUN_TIME_H

#include <stdint.h>

/* The time a program under observation lives in: nanoseconds that never go back, since an arbitrary
 * start. Deadlines are absolute in it. It is the wall's monotonic clock, or virtual where the
 * controlled scheduler runs the program. */
uint64_t fan_now_ns(void);

/* The deadline that lies `delay_ns` from now; saturates instead of wrapping. */
uint64_t fan_deadline_after(uint64_t delay_ns);

#define FAN_MICROSECOND UINT64_C(1000)
#define FAN_MILLISECOND UINT64_C(1000000)
#define FAN_SECOND      UINT64_C(1000000000)

#endif
