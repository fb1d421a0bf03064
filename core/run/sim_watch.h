#ifndef FAN_RUN_SIM_WATCH_H
#define FAN_RUN_SIM_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/lines.h"
#include "sim/op.h"
#include "sim/race.h"
#include "sim/sim.h"

/* What is looked for in a run besides how it ends: accesses that nothing orders (sim/race.h), and
 * what the marked accesses would do to cache lines (sim/lines.h). It learns from every step what
 * that orders, and from the marks what is accessed. What it finds it tells the probe, as a notice
 * (base/probe.h); the run goes on.
 *
 * What an operation orders follows what it learns and what it tells: a receive knows what those
 * who sent before it had done, and so does who finds the channel full or closed. The table in
 * sim_watch.c has it for every kind of operation. */
struct fan_sim_watch;

/* NULL if there is no memory. fan_sim_watch_free accepts NULL. */
struct fan_sim_watch *fan_sim_watch_new(void);
void fan_sim_watch_free(struct fan_sim_watch *watch);

/* To be called before each run: forgets the last one and watches the next one of `sim`. NULL
 * watches nothing, which saves some time. */
void fan_sim_watch_begin(struct fan_sim_watch *watch, struct fan_sim *sim);

/* Of the latest run. */
const struct fan_race *fan_sim_watch_races(const struct fan_sim_watch *watch);
const struct fan_lines *fan_sim_watch_lines(const struct fan_sim_watch *watch);

/* ---- for the backend ---- */

/* A step is about to be taken; a resumed one orders by who woke it. */
void fan_sim_watch_step(enum fan_probe_op kind, const struct fan_touch *touches, uint32_t count);

/* The calling thread, known to the library as `parent`, has started another. */
void fan_sim_watch_spawn(uint64_t parent, uint32_t index, uint64_t id, const char *name);

/* What the calling thread did has happened for who acquires this object from now on; and the other
 * side of it. */
void fan_sim_watch_release(const volatile void *object);
void fan_sim_watch_acquire(const volatile void *object);

/* It accesses an atomic of the library's own, of which only what that orders is of interest. */
void fan_sim_watch_ordered(const volatile void *atomic, enum fan_race_kind kind, int order);

/* The calling thread accesses memory. For atomics, `order` is one of C's. */
struct fan_sim_access {
    const volatile void *address;
    size_t bytes;
    enum fan_race_kind kind;
    int order;
    const char *text; /* as the program has it */
    uintptr_t pc, frame;
};

void fan_sim_watch_access(const struct fan_sim_access *access);

#endif
