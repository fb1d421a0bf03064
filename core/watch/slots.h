#ifndef FAN_WATCH_SLOTS_H
#define FAN_WATCH_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/snapshot.h"

/* Copying a segment's slots into a snapshot, for the reader. A slot is copied whole until the copy
 * is of one moment, and only then looked at: every number, index and name in it is checked or
 * clipped. */

/* Copies `size` bytes, a multiple of 8, that others may be writing. What follows a copy happens
 * after it: each load acquires. */
void fan_slots_copy(void *to, const void *from, size_t size);

/* Fill a snapshot's threads and objects. A slot that did not settle, or that is not believable, is
 * left out and counted as unread. */
void fan_slots_read_threads(const struct fan_probe_thread *slots, struct fan_snapshot *snapshot);
void fan_slots_read_objects(const struct fan_probe_object *slots, struct fan_snapshot *snapshot);

/* Once both are filled: orders the threads by id, labels them, and turns the slots that they wait
 * for into indexes; clips all times to `snapshot->taken_ns`. */
void fan_slots_connect(struct fan_snapshot *snapshot);

/* Copies a slot, which begins with its sequence lock, once it is of one moment; false if it changes
 * all the time. */
bool fan_slots_copy_settled(void *to, const void *slot, size_t size);

/* A name or message from a segment, printable and ended. */
void fan_slots_clean_text(char *to, const char *from, size_t size);
void fan_slots_clean_stack(struct fan_stack *to, const struct fan_stack *from);

#endif
