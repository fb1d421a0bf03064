#ifndef FAN_BASE_PROBE_H
#define FAN_BASE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/panic.h"
#include "base/share.h"
#include "base/stack.h"

/* The probe: the one seam through which the library shows an observer what its threads do.
 *
 * It is three tables of slots: for threads, for the objects they block on, and for executors and
 * task groups. An observer (watch/publish.h) installs the tables, as a rule in shared memory that
 * another process reads. With none installed every slot is NULL and a call here is one branch.
 *
 * Who writes what, and how it is read:
 *   - The guarded part of a slot (`seq` and what follows it) is written between fan_probe_open and
 *     fan_probe_shut, which make `seq` odd and even again. A reader copies the slot and keeps the
 *     copy if seq was even and the same before and after: a sequence lock (Linux's seqlock is the
 *     model). An unchanged seq therefore also says that nothing has happened in between: it is the
 *     epoch that the proof of a deadlock rests on.
 *   - A thread's guarded part is written by the thread itself and, when somebody wakes it, by the
 *     waker, both under the thread's wait guard (run/wait.h). So a slot that says "blocked" belongs
 *     to a thread that nobody has woken: never to one whose wake-up is under way.
 *   - An object's guarded part is written under the object's own lock.
 *   - Counters stand on cache lines of their own; each has one writer at a time and no guard.
 * Every field is read and written with the __atomic builtins: a reader may be another process. */

enum {
    FAN_PROBE_NAME = 24,
    FAN_PROBE_WAITS = 8,     /* objects a blocked thread lists, of all a select may name */
    FAN_PROBE_THREADS = 256, /* slots; threads beyond them run unseen and are counted */
    FAN_PROBE_OBJECTS = 256,
    FAN_PROBE_EXECUTORS = 16,
    FAN_PROBE_USER_WORDS = FAN_PROBE_THREADS / 64,
};

enum fan_probe_state {
    FAN_STATE_FREE,     /* no thread has this slot */
    FAN_STATE_RUNNABLE, /* created or woken, and not yet seen running */
    FAN_STATE_RUNNING,
    FAN_STATE_BLOCKED,
    FAN_STATE_EXTERNAL, /* outside the library's sight (an event loop); counts as running */
    FAN_STATE_DONE,
};

enum fan_probe_op {
    FAN_OP_NONE,
    FAN_OP_SEND,
    FAN_OP_RECV,
    FAN_OP_CLOSE,
    FAN_OP_SELECT,
    FAN_OP_LOCK,
    FAN_OP_LOCK_SHARED,
    FAN_OP_COND_WAIT,
    FAN_OP_GROUP_WAIT,
    FAN_OP_GROUP_DONE,
    FAN_OP_ACQUIRE,
    FAN_OP_ONCE,
    FAN_OP_JOIN,
    FAN_OP_SLEEP,
    FAN_OP_TIMER_WAIT,
    FAN_OP_CONTEXT_WAIT,
    FAN_OP_CONTEXT_LOOK,
    FAN_OP_CANCEL,
    FAN_OP_UNLOCK,
    FAN_OP_SIGNAL,
    FAN_OP_GROUP_ADD,
    FAN_OP_RELEASE,
    FAN_OP_TIMER_SET,
    FAN_OP_START,
    FAN_OP_END,
    FAN_OP_READ, /* these are seen by the controlled scheduler alone */
    FAN_OP_WRITE,
    FAN_OP_LOAD,
    FAN_OP_STORE,
    FAN_OP_TASK,
    FAN_OP_DESTROY,
    FAN_OP_COUNT,
};

enum fan_probe_kind {
    FAN_KIND_FREE,
    FAN_KIND_CHANNEL,
    FAN_KIND_MUTEX,
    FAN_KIND_CONDITION,
    FAN_KIND_RWLOCK,
    FAN_KIND_WAIT_GROUP,
    FAN_KIND_SEMAPHORE,
    FAN_KIND_ONCE,
    FAN_KIND_CONTEXT,
    FAN_KIND_TIMER,
    FAN_KIND_THREAD, /* only as what a join waits for; `slot` is then a thread's */
    FAN_KIND_COUNT,
};

/* One thing that a blocked thread waits for: slot `slot` of the object table, or of the thread
 * table if `kind` is FAN_KIND_THREAD. A slot of FAN_PROBE_NO_SLOT is an object that found no room.
 */
enum { FAN_PROBE_NO_SLOT = 0xffff };

struct fan_probe_wait {
    uint16_t slot;
    uint8_t op;   /* enum fan_probe_op */
    uint8_t kind; /* enum fan_probe_kind */
};

/* What became of tasks. */
struct fan_probe_tally {
    uint64_t submitted, done, failed, cancelled, dropped, stolen;
};

/* What a thread of an executor is at. */
enum fan_probe_post_at {
    FAN_AT_NOTHING,
    FAN_AT_SOURCE, /* takes tasks from it, or waits for its turn */
    FAN_AT_TASKS,
    FAN_AT_SINK, /* hands results over, or waits for its turn */
    FAN_AT_HELP, /* looks whether somebody is held up */
    FAN_AT_COUNT,
};

/* The post of a thread in an executor's crew. Written by the thread, for each chunk of tasks, on
 * lines of its own: several threads that counted on one line would hand it to and fro. Only the
 * share in it has work to do besides being seen. */
struct fan_probe_post {
    _Alignas(64) struct fan_share share;
    uint64_t executor; /* an id; 0 = it is in no crew */
    uint64_t first;    /* the share's index 0 is the executor's task of this number */
    uint64_t since_ns; /* when it began with its share */
    uint32_t at;       /* enum fan_probe_post_at */
    _Alignas(64) struct fan_probe_tally tally; /* by this thread */
};

struct fan_probe_thread {
    uint32_t seq;
    uint32_t state; /* enum fan_probe_state */
    uint32_t op; /* what a blocked thread does; FAN_OP_SELECT where it waits for several things */
    uint32_t wait_count;
    struct fan_probe_wait waits[FAN_PROBE_WAITS];
    uint64_t since_ns;      /* the clock when it last blocked, ended, or was created */
    uint64_t deadline_ns;   /* when a blocked thread wakes by itself; 0 = never */
    struct fan_stack stack; /* where a blocked thread blocked, where an ended one last was */
    /* Set before the state leaves FREE, unchanged after. */
    uint64_t id; /* counts from 1; never reused, unlike the slot */
    uint64_t
        creator; /* the id of the thread that spawned it; 0 for the main thread and strangers */
    uint64_t created_ns;
    uint32_t os_thread; /* the kernel's thread id; 0 until the thread has begun */
    char name[FAN_PROBE_NAME];
    struct fan_stack created;
    /* The thread's own counters. */
    _Alignas(64) uint64_t operations;
    uint64_t last_pc; /* the return address of its latest operation */
    uint64_t last;    /* fan_probe_last: that operation, and its object's id */
    uint64_t task;    /* the item of the current or latest task */
    uint64_t tasks_begun, tasks_ended, tasks_failed;
    struct fan_probe_post post;
};

struct fan_probe_object {
    uint32_t seq;
    uint32_t kind; /* enum fan_probe_kind */
    uint64_t id;   /* counts from 1; never reused */
    char name[FAN_PROBE_NAME];
    uint64_t creator; /* a thread's id */
    uint64_t created_ns;
    struct fan_stack created;
    uint64_t capacity; /* channel: elements; semaphore: permits */
    uint32_t closed;   /* channel: closed; context: done; once: done */
    uint32_t cause;    /* context: the errno value it ended with */
    uint64_t closer;   /* the id of the thread that closed it */
    struct fan_stack closed_at;
    uint64_t owner; /* mutex, rwlock held for writing, once under way: a thread's id; 0 if free */
    /* Bit n is set for each thread slot n that ever used that side. Written seldom. */
    _Alignas(64) uint64_t put_users[FAN_PROBE_USER_WORDS];
    uint64_t take_users[FAN_PROBE_USER_WORDS];
    /* What went in: elements sent, a group's count added, permits released. Then how many threads
     * wait to put, and how many to take (or just wait, where there is one queue). The rest of the
     * cache line is the object's own, for state that changes together with the counter: so that
     * counting costs no second line. It means nothing to a reader. */
    _Alignas(64) uint64_t put;
    uint32_t waiting_put, waiting_take;
    char put_own[48];
    /* What came out: elements received, a group's done, permits acquired, locks taken. An
     * unbuffered channel leaves it 0: there, what was put was taken. */
    _Alignas(64) uint64_t taken;
    char take_own[56];
};

enum fan_probe_executor_kind {
    FAN_EXECUTOR_FREE,
    FAN_EXECUTOR_STREAM, /* a call of fan_out_stream, or of what is built on it */
    FAN_EXECUTOR_GROUP,  /* a task group: a thread for each task */
    FAN_EXECUTOR_KINDS,
};

/* What a failing task means for the others, as flow/stream.h explains; a group fails fast. */
enum fan_probe_policy {
    FAN_POLICY_FAIL_FAST,
    FAN_POLICY_COLLECT_ALL,
    FAN_POLICY_BEST_EFFORT,
    FAN_POLICY_COUNT,
};

/* What runs tasks. `tally` is guarded: it has what threads counted that have left, and the posts of
 * those that have not have the rest. A group counts here alone. The slot of one that has ended
 * stays, so that its figures can be seen, until another needs it. */
struct fan_probe_executor {
    uint32_t seq;
    uint32_t kind;   /* enum fan_probe_executor_kind */
    uint64_t id;     /* counts from 1; never reused */
    uint32_t policy; /* enum fan_probe_policy */
    char name[FAN_PROBE_NAME];
    uint64_t creator;              /* a thread's id */
    uint64_t created_ns, ended_ns; /* 0 = it goes on */
    struct fan_stack created;
    uint64_t limit;   /* tasks at once; 0 = none */
    uint64_t threads; /* started for it */
    struct fan_probe_tally tally;
    /* In flight in threads that found no slot, in the crew of an executor that did; or in no
     * thread, as asynchronous tasks are. */
    uint64_t unseen_in_flight;
    /* How long tasks took. Not all are timed: each of these stands for the ones about it. By one
     * thread at a time. */
    _Alignas(64) uint64_t timed;
    struct fan_histogram latency; /* ns */
};

/* Something that is wrong, found by who watches all of the program, or has waited in it: it goes
 * on. Two places are at odds, as a rule of two threads. */
enum fan_notice_kind {
    FAN_NOTICE_RACE,
    FAN_NOTICE_LOCK_ORDER,
    FAN_NOTICE_MISUSE,
    FAN_NOTICE_CANCEL_IGNORED,
    FAN_NOTICE_KINDS,
};

struct fan_notice {
    enum fan_notice_kind kind;
    char message[160];
    uint64_t threads[2]; /* ids: of `stack`, and of `earlier`; 0 = none */
    struct fan_stack stack;
    const char *earlier_what; /* "other access"; NULL if there is no other place */
    struct fan_stack earlier;
};

/* What an observer installs. The tables belong to it and must outlive every thread. */
struct fan_probe_tables {
    struct fan_probe_thread
        *threads; /* FAN_PROBE_THREADS of them, zeroed; NULL: only panics are told */
    struct fan_probe_object *objects;     /* FAN_PROBE_OBJECTS */
    struct fan_probe_executor *executors; /* FAN_PROBE_EXECUTORS; NULL: none is shown */
    uint64_t *unseen_threads;             /* count those that found no slot */
    uint64_t *unseen_objects;
    uint64_t *unseen_executors;
    /* Called once, in the thread that panics, before the program aborts. */
    void (*panicked)(void *observer, const struct fan_panic *panic);
    /* Called as something is noticed; may be NULL. */
    void (*noticed)(void *observer, const struct fan_notice *notice);
    void *observer;
};

/* Installs tables, or takes them away with NULL: what they show then stays as it is. Before any
 * other thread of the library exists; the calling thread is registered anew by the runtime's
 * fan_thread_adopt. */
void fan_probe_install(const struct fan_probe_tables *tables);

/* Tells the observer of a panic; returns whether there is one. */
bool fan_probe_panicked(const struct fan_panic *panic);

/* Tells the observer, if there is one, of something that is wrong. */
void fan_probe_noticed(const struct fan_notice *notice);

/* Takes a free thread slot (else the one that has been DONE for longest), sets its identity and its
 * state to RUNNABLE, created by who calls this. NULL if nothing is installed or no slot is to be
 * had. `name` is copied. */
struct fan_probe_thread *fan_probe_thread_add(const char *name, uint64_t id, uint64_t creator);

/* Says that the thread has ended: its slot stays, so that it can be told of, until another thread
 * needs it. Accepts NULL. */
void fan_probe_thread_done(struct fan_probe_thread *thread);

/* Gives a thread slot back at once, as if the thread had never been; accepts NULL. */
void fan_probe_thread_drop(struct fan_probe_thread *thread);

/* Takes a free object slot and sets its identity; NULL as above. `fan_probe_object_drop` gives it
 * back and accepts NULL. */
struct fan_probe_object *fan_probe_object_add(enum fan_probe_kind kind, const char *name,
                                              uint64_t capacity, uint64_t creator);
void fan_probe_object_drop(struct fan_probe_object *object);

/* Takes a free executor slot, else the one that has been ended for longest, and sets its identity;
 * NULL as above. `fan_probe_executor_end` says that it has ended, and accepts NULL. */
struct fan_probe_executor *fan_probe_executor_add(enum fan_probe_executor_kind kind,
                                                  enum fan_probe_policy policy, const char *name,
                                                  uint64_t limit, uint64_t creator);
void fan_probe_executor_end(struct fan_probe_executor *executor);

/* Moves what a thread's post has counted to the executor's tally; `leaves`: and ends the post. One
 * at a time for an executor, which may be NULL. */
void fan_probe_executor_collect(struct fan_probe_executor *executor, struct fan_probe_post *post,
                                bool leaves);

/* A task group has started a task; one has ended after `took_ns`, with 0, or as failed, or with
 * ECANCELED: then it counts as cancelled, though it was begun. By any thread; NULL is accepted. */
void fan_probe_group_started(struct fan_probe_executor *group);
void fan_probe_group_ended(struct fan_probe_executor *group, int error, uint64_t took_ns);

/* A slot's index in its table, FAN_PROBE_NO_SLOT for NULL. */
uint16_t fan_probe_thread_slot(const struct fan_probe_thread *thread);
uint16_t fan_probe_object_slot(const struct fan_probe_object *object);

#define FAN_PROBE_SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define FAN_PROBE_GET(field)        __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* Opens and shuts a slot's guarded part for writing. One writer at a time. The exchange keeps the
 * writes that follow from being seen before the odd number; no fence is needed (and ThreadSanitizer
 * knows none). */
static inline void fan_probe_open(uint32_t *seq)
{
    __atomic_exchange_n(seq, FAN_PROBE_GET(*seq) + 1, __ATOMIC_ACQ_REL);
}

static inline void fan_probe_shut(uint32_t *seq)
{
    __atomic_store_n(seq, FAN_PROBE_GET(*seq) + 1, __ATOMIC_RELEASE);
}

/* Adds to a counter that has one writer at a time: a load and a store, not a locked instruction. */
static inline void fan_probe_count(uint64_t *counter, uint64_t amount)
{
    FAN_PROBE_SET(*counter, FAN_PROBE_GET(*counter) + amount);
}

/* An operation and its object's id (0 if there is none) in one word: one store for each operation.
 */
static inline uint64_t fan_probe_last(enum fan_probe_op op, const struct fan_probe_object *object)
{
    return (uint64_t)op << 56 | (object ? FAN_PROBE_GET(object->id) : 0);
}

/* Copies the stack of a thread's slot (NULL will do): false unless the thread is blocked there. */
bool fan_probe_blocked_at(const struct fan_probe_thread *slot, struct fan_stack *stack);

/* Copies a stack into a slot. */
void fan_probe_set_stack(struct fan_stack *slot, const struct fan_stack *stack);

/* Remembers that the thread in slot `thread` used one side of an object. */
static inline void fan_probe_user(uint64_t *users, uint16_t thread)
{
    if (thread < FAN_PROBE_THREADS && !(FAN_PROBE_GET(users[thread / 64]) >> (thread % 64) & 1))
        __atomic_fetch_or(&users[thread / 64], UINT64_C(1) << (thread % 64), __ATOMIC_RELAXED);
}

#endif
