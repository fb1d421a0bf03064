#ifndef FAN_TESTS_SUPPORT_HANDMADE_H
#define FAN_TESTS_SUPPORT_HANDMADE_H

#include "watch/reader.h"

/* A segment written by hand, to be read by the real reader: an empty one with a valid header, phase
 * RUNNING, of process 1. */
struct handmade {
    struct fan_segment *segment;
    struct fan_reader *reader;
};

void handmade_begin(struct handmade *made);
void handmade_end(struct handmade *made);

/* Writes the header anew. */
void handmade_write_header(struct handmade *made);

/* Thread `id` in slot `id`, running, with what it may wait for added one by one. */
struct fan_probe_thread *handmade_thread(struct handmade *made, unsigned id, const char *name);
void handmade_block(struct fan_probe_thread *thread, enum fan_probe_op op,
                    const struct fan_probe_object *object);
void handmade_end_thread(struct fan_probe_thread *thread);
void handmade_join(struct fan_probe_thread *thread, unsigned id);

/* Object `id` in slot `id`. */
struct fan_probe_object *handmade_object(struct handmade *made, unsigned id,
                                         enum fan_probe_kind kind, const char *name);

/* Notes that threads `first` to `last` have used one side of an object. */
void handmade_users(uint64_t *users, unsigned first, unsigned last);

#endif
