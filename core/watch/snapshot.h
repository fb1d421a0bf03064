#ifndef FAN_WATCH_SNAPSHOT_H
#define FAN_WATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/panic.h"
#include "base/probe.h"
#include "watch/segment.h"

/* A snapshot: what one look at a segment saw, checked and in plain memory. Every screen, report and
 * detector works from snapshots, so their numbers are the same numbers.
 *
 * Each thread and each object is consistent in itself (its slot did not change while it was
 * copied); two of them may be some microseconds apart. `epoch` tells whether one has changed since
 * another look: equal epochs mean that nothing has happened to it in between. */
enum { FAN_NO_INDEX = -1 };

struct fan_wait_view {
    enum fan_probe_op op;
    enum fan_probe_kind kind;
    int index; /* into objects, or into threads for FAN_KIND_THREAD; FAN_NO_INDEX if not shown */
};

struct fan_thread_view {
    uint64_t id, creator;
    char name[FAN_PROBE_NAME]; /* printable, ended */
    char label[FAN_PROBE_NAME +
               8]; /* "worker 2": the name, numbered where several threads have it */
    uint32_t slot, os_thread;
    uint32_t epoch;
    enum fan_probe_state state;
    enum fan_probe_op op;
    uint32_t wait_count; /* objects it waits for; the first FAN_PROBE_WAITS are in `waits` */
    struct fan_wait_view waits[FAN_PROBE_WAITS];
    uint64_t since_ns, deadline_ns, created_ns;
    struct fan_stack stack, created;
    uint64_t operations, last_pc;
    enum fan_probe_op last_op;
    uint64_t last_object; /* an id; 0 if it had none */
    uint64_t task, tasks_begun, tasks_ended, tasks_failed;
};

struct fan_object_view {
    uint64_t id, creator;
    char name[FAN_PROBE_NAME]; /* "channel 3" where the program gave none */
    uint32_t slot, epoch;
    enum fan_probe_kind kind;
    uint64_t created_ns, capacity;
    struct fan_stack created;
    bool closed;
    int cause;
    uint64_t closer;
    struct fan_stack closed_at;
    uint64_t owner;
    uint32_t waiting_put, waiting_take;
    uint64_t put, taken;
    /* Channel: elements in the buffer; wait group: its count; semaphore: permits out; rwlock: how
     * many hold it. */
    uint64_t length;
    /* Bit n: the thread in slot n. */
    uint64_t put_users[FAN_PROBE_USER_WORDS], take_users[FAN_PROBE_USER_WORDS];
};

struct fan_snapshot {
    uint64_t taken_ns;
    uint32_t pid;
    uint64_t started_ns, load_base;
    uint64_t unseen_threads, unseen_objects;
    enum fan_phase phase;
    uint64_t phase_ns, limit, inputs, outputs;
    uint64_t in_flight; /* tasks begun and not ended, over all threads */
    /* Left out below: those whose slots kept changing while they were copied. */
    uint32_t unread_threads, unread_objects;
    uint32_t thread_count, object_count;
    struct fan_thread_view threads[FAN_PROBE_THREADS]; /* by id, oldest first */
    struct fan_object_view objects[FAN_PROBE_OBJECTS];
    bool panicked;
    struct fan_panic panic; /* earlier_what is NULL: see the next */
    char panic_earlier_what[32];
    uint64_t panic_thread, panic_ns;
    uint32_t notice_count;
    struct fan_segment_notice notices[FAN_SEGMENT_NOTICES];
};

/* The index of the thread or object with an id, FAN_NO_INDEX if it is not there. */
int fan_snapshot_thread(const struct fan_snapshot *snapshot, uint64_t id);
int fan_snapshot_object(const struct fan_snapshot *snapshot, uint64_t id);

/* How many there are that are not listed: without a slot, or unread in this look. */
uint64_t fan_snapshot_threads_left_out(const struct fan_snapshot *snapshot);
uint64_t fan_snapshot_objects_left_out(const struct fan_snapshot *snapshot);

/* The words used everywhere for a state ("running", "blocked", ...), an operation ("recv", "send",
 * "wait", "join", ...) and an object's kind ("channel", "wait group", ...). */
const char *fan_state_name(enum fan_probe_state state);
const char *fan_op_name(enum fan_probe_op op);
const char *fan_kind_name(enum fan_probe_kind kind);

#endif
