#ifndef FAN_WATCH_READER_H
#define FAN_WATCH_READER_H

#include "base/evidence.h"
#include "watch/snapshot.h"

/* A reader: looks into the segment of another program. It trusts nothing in it: sizes, counts,
 * offsets, indexes, lengths and names are checked or clipped at every look, for a program that is
 * broken enough to be worth watching may have written over its own segment. */
struct fan_reader;

/* Opens the segment behind a descriptor, which stays the caller's. A memfd must be sealed against
 * shrinking; anything else (a file kept for later) is copied. Errors, with one line of reason in
 * `why`: EINVAL (cut short, not a segment, damaged), EPROTO (another version), ENOMEM, EIO.
 * A segment that nobody publishes in yet (all zero) opens well and yields FAN_PHASE_STARTING. */
int fan_reader_open(int fd, struct fan_reader **reader, char why[128]);
void fan_reader_close(struct fan_reader *reader);

/* Looks once. Does not block. Errors: EINVAL (the header is damaged by now). About 20 us for a
 * dozen threads. */
int fan_reader_look(struct fan_reader *reader, struct fan_snapshot *snapshot);

/* Copies the evidence collected so far; to be called when the program has stopped, or it is torn.
 * What is not believable is left out, and counted as lost. Errors: EINVAL (nothing is published).
 */
int fan_reader_evidence(struct fan_reader *reader, struct fan_evidence *evidence);

#endif
