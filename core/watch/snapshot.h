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

/* What a thread of an executor's crew is at. */
struct fan_post_view {
    uint64_t executor; /* an id; 0 = it is in no crew, and the rest means nothing */
    enum fan_probe_post_at at;
    uint64_t task;              /* FAN_AT_TASKS: the executor's task of that number */
    uint64_t waiting, since_ns; /* tasks behind it that nobody has begun, and since when */
    struct fan_probe_tally tally;
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
    struct fan_post_view post;
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

/* An executor or a task group. Its figures are added up from all who work for it, each consistent
 * in itself; while it goes on two of them may be some microseconds apart. */
struct fan_executor_view {
    uint64_t id, creator;
    char name[FAN_PROBE_NAME]; /* "executor 3" where the program gave none */
    uint32_t slot, epoch;
    enum fan_probe_executor_kind kind;
    enum fan_probe_policy policy;
    uint64_t created_ns, ended_ns; /* 0 = it goes on */
    struct fan_stack created;
    uint64_t limit, threads; /* tasks at once, 0 = no limit; threads started */
    uint64_t in_flight;
    uint64_t waiting, oldest_ns; /* taken from the source and not begun; since when the oldest */
    struct fan_probe_tally tally;
    double per_second; /* tasks that ended, lately; over its whole life once it has ended */
    /* How long a task takes, from `timed` tasks that were timed of all. */
    uint64_t timed, p50_ns, p95_ns, p99_ns, most_ns;
};

struct fan_snapshot {
    uint64_t taken_ns;
    uint32_t pid;
    uint64_t started_ns, load_base;
    uint64_t unseen_threads, unseen_objects, unseen_executors;
    enum fan_phase phase;
    uint64_t phase_ns, limit, inputs, outputs;
    uint64_t in_flight; /* tasks begun and not ended, over all threads */
    /* Left out below: those whose slots kept changing while they were copied. */
    uint32_t unread_threads, unread_objects, unread_executors;
    uint32_t thread_count, object_count, executor_count;
    struct fan_thread_view threads[FAN_PROBE_THREADS]; /* by id, oldest first */
    struct fan_object_view objects[FAN_PROBE_OBJECTS];
    struct fan_executor_view executors[FAN_PROBE_EXECUTORS]; /* by id, oldest first */
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
uint64_t fan_snapshot_executors_left_out(const struct fan_snapshot *snapshot);

/* The executor with an id; NULL if it is not there. */
const struct fan_executor_view *fan_snapshot_executor(const struct fan_snapshot *snapshot,
                                                      uint64_t id);

/* The words used everywhere for a state ("running", "blocked", ...), an operation ("recv", "send",
 * "wait", "join", ...) and an object's kind ("channel", "wait group", ...). */
const char *fan_state_name(enum fan_probe_state state);
const char *fan_op_name(enum fan_probe_op op);
const char *fan_kind_name(enum fan_probe_kind kind);

/* Of an executor ("executor", "task group"), for its policy ("fail fast", "collect all", "best
 * effort"), and for what a thread of its crew is at ("source", "tasks", "sink", "helping"). */
const char *fan_executor_kind_name(enum fan_probe_executor_kind kind);
const char *fan_policy_name(enum fan_probe_policy policy);
const char *fan_post_name(enum fan_probe_post_at at);

#endif
