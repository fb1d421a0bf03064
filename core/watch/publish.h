#ifndef FAN_WATCH_PUBLISH_H
#define FAN_WATCH_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/segment.h"

/* The writing side of the segment: makes one, and connects it to the probe. */

/* Makes an empty segment of the right size, sealed so that nobody can ever shrink it. The caller
 * owns the descriptor, which is close-on-exec. Errors: those of memfd_create(2) and ftruncate(2).
 */
int fan_segment_create(int *fd);

/* Maps the segment behind `fd` and shows this program in it from now on: its header, and through
 * the probe every thread and object. To be called in the main thread, before the library's first
 * other thread; the main thread is registered as "main". Once in a process. Errors: EINVAL (not a
 * segment of this size), those of mmap(2). */
int fan_watch_publish(int fd);

/* Both of the above for a program that is its own owner: it can be watched by others from now on.
 */
int fan_watch_start(void);

/* What the loader added to the addresses in the executable's file (watch/symbols.h). */
uint64_t fan_watch_load_base(void);

/* Leaves the segment as it is: what the program gives up from now on is still shown. No other
 * thread may be left. */
void fan_watch_freeze(void);

/* A lab's own figures; without effect where nothing is published. */
void fan_watch_phase(enum fan_phase phase);
void fan_watch_expect(uint64_t inputs, uint64_t limit);
void fan_watch_output(void); /* counts one result taken */

/* Collects evidence for a contract in the segment from now on, after fan_watch_expect. While one
 * thread exists. */
void fan_watch_contract(const struct fan_contract *contract, bool virtual_time);

#endif
