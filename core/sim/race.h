#ifndef FAN_SIM_RACE_H
#define FAN_SIM_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stack.h"

/* The race detector: two accesses to one byte, at least one of them a write, not both atomic, and
 * neither made to happen before the other, are a race, in C a program without meaning. It is told
 * of every access and of everything that orders threads, in the order of the run, and says of a
 * race even where this run did not show it: what counts is what the program ordered, not what
 * happened.
 *
 *     fan_race_reset(race);                 // thread 0 exists
 *     fan_race_fork(race, 0, 1);            // it starts thread 1
 *     fan_race_access(race, &write_by_0);
 *     fan_race_access(race, &read_by_1);    // true: nothing orders these two
 *
 * It works by happens-before, as FastTrack does (Flanagan and Freund, PLDI 2009): of each byte it
 * keeps the accesses that a later one could still be first to race with, as a rule the last write
 * and the last read. So of one byte's races the first is always found, and nothing is reported that
 * is none; later ones on the same byte are, as a rule, found too.
 *
 * Threads are numbers below 64. A number may be given to a new thread by who knows, from a join of
 * its own or of another's, that the old one has ended. Objects (locks, channels, atomics) are
 * numbers below FAN_RACE_OBJECTS, given out without gaps; a number means one object for a whole
 * run. */
struct fan_race;

enum {
    FAN_RACE_OBJECTS = 4096,
    FAN_RACE_REPORTS = 64,
    FAN_RACE_RANGE = 1 << 20, /* bytes of one access; the rest is counted as lost */
};

enum fan_race_kind {
    FAN_RACE_READ,
    FAN_RACE_WRITE,
    FAN_RACE_ATOMIC_LOAD,
    FAN_RACE_ATOMIC_STORE,
    FAN_RACE_ATOMIC_RMW, /* read, modify, write; a failed compare-and-swap is a load */
};

/* What a thread accesses, and where in the program: `pc` is an address in the function that does,
 * `frame` that function's frame pointer, 0 to leave out its callers. The stack is walked only if
 * the access has to be remembered, so it must be the one that fan_stack_set_bounds tells of. */
struct fan_race_access {
    uintptr_t address;
    size_t size;
    uint32_t thread;
    enum fan_race_kind kind;
    uintptr_t pc, frame;
};

/* One side of a race: the whole access, not only the bytes in common. At most eight frames. */
struct fan_race_side {
    uint32_t thread;
    enum fan_race_kind kind;
    uintptr_t address;
    size_t size;
    struct fan_stack stack;
};

struct fan_race_report {
    struct fan_race_side earlier, later; /* in the order of this run */
};

/* What found no room in the tables since the last reset. Each of the last three may hide a race;
 * after a lost edge an alarm could be false, so from the first one on none is raised. */
struct fan_race_lost {
    uint64_t edges;    /* a thread or object beyond the last, a number used too early, time's end */
    uint64_t accesses; /* words of accesses that are not remembered (sim/shadow.h) */
    uint64_t stacks;   /* accesses remembered without their stack */
    uint64_t reports;  /* races of further places */
};

/* A detector, reset; NULL if there is no memory. It maps some 7 MiB, touches what it uses, and
 * allocates nothing later. fan_race_free accepts NULL. */
struct fan_race *fan_race_new(void);
void fan_race_free(struct fan_race *race);

/* Forgets the run: only thread 0 exists and nothing was accessed. Takes time by what was used. */
void fan_race_reset(struct fan_race *race);

/* Thread `parent` starts thread `child`; the child has ended and the parent knows. */
void fan_race_fork(struct fan_race *race, uint32_t parent, uint32_t child);
void fan_race_join(struct fan_race *race, uint32_t parent, uint32_t child);

/* What others have released into the object happened before what the thread does from now on; what
 * the thread did up to now happened before what others do once they have acquired the object. */
void fan_race_acquire(struct fan_race *race, uint32_t thread, uint32_t object);
void fan_race_release(struct fan_race *race, uint32_t thread, uint32_t object);

/* The one, the other, or the one and then the other. */
enum fan_race_way {
    FAN_RACE_LEARNS = 1,
    FAN_RACE_TELLS = 2,
};

void fan_race_pass(struct fan_race *race, uint32_t thread, uint32_t object, uint32_t ways);

/* The moment at which a thread is; and whether it happened before what a thread does now. */
uint32_t fan_race_moment(const struct fan_race *race, uint32_t thread);
bool fan_race_happened_before(const struct fan_race *race, uint32_t moment, uint32_t thread);

/* A plain access: FAN_RACE_READ or FAN_RACE_WRITE. True if it makes a race that is worth a report:
 * one is, for each pair of places in a run. */
bool fan_race_access(struct fan_race *race, const struct fan_race_access *access);

/* An atomic access; `object` stands for the atomic, `order` is one of C's memory orders, as
 * memory_order_acquire or __ATOMIC_ACQUIRE. True as above.
 *
 * Acquire and release order threads through the atomic, relaxed does not. A load that acquires
 * knows what the store it reads from released, and so it does if read-modify-writes of whatever
 * order came in between (a release sequence, as C++20 has it: a relaxed store ends it, also one by
 * the same thread, where C11 would go on). Sequential consistency counts as acquire and release,
 * consume as acquire; fences are not known. */
bool fan_race_atomic(struct fan_race *race, const struct fan_race_access *access, uint32_t object,
                     int order);

/* What such an access orders, and nothing else: for who keeps no shadow of the atomic itself. */
void fan_race_order(struct fan_race *race, uint32_t thread, uint32_t object,
                    enum fan_race_kind kind, int order);

/* The memory is given out anew: what was accessed there is no longer the same. Not to be called
 * where memory is only given back: what still reads it races with who wrote it (sim/arena.h gives
 * none out twice in a run). */
void fan_race_forget(struct fan_race *race, uintptr_t address, size_t size);

/* The races of this run, in the order they were found. Valid until the next reset. */
const struct fan_race_report *fan_race_reports(const struct fan_race *race, size_t *count);

struct fan_race_lost fan_race_lost(const struct fan_race *race);

#endif
