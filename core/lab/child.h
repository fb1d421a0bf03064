#ifndef FAN_LAB_CHILD_H
#define FAN_LAB_CHILD_H

#include <stddef.h>

#include "lab/scenario.h"

/* The child: a program of its own in which one variant runs, so that whatever that does (hang,
 * crash, eat all memory) stays in there. Its parent, `fanlab`, starts and contains it:
 *
 *     fanlab-lab-real --scenario ID --variant NAME --seed N --workers N --items N --pace NS
 *                     --budget THREADS --memory BYTES --cpu SECONDS --segment FD --parent PID
 *
 * and fanlab-lab-sim, under the controlled scheduler, besides
 *
 *     --schedule TEXT | --strategy NAME       which schedule (the random walk's first, if neither)
 *     --exploration FD                        where it tells of schedules (lab/exploration.h); with
 *     --schedules N --bound K                 --strategy, to run up to N of them, not one
 *     --fine 1                                at the fine grain (run/sim_backend.h)
 *     --pass-marks 1                          with --strategy: marks of accesses are no choices
 *                                             (fan_sim_pass_marks)
 *     --frontier FD --place N               with --strategy, for a search that several share: where
 *                                             it lies (sim/frontier.h), and this one's place in it
 *     --place N --places N                  with --strategy, for a search in parts: this one's
 *     --stop N                                with --schedule: publish it up to N choices,
 *                                             and tell what is chosen there (struct fan_chair)
 *     --walk N                                seed of the strategy (--seed, if left out)
 *     --shown 1                               publish a single schedule at once, without runs to
 *                                             learn the build and how it ends: for one that
 *                                             kills the child
 *
 * With `--list` alone it prints what its scenarios are (lab/listing.h).
 *
 * It limits itself (address space, processor time, no core dump, threads), dies with its parent,
 * publishes its telemetry in the segment, runs the variant, and then waits until every thread has
 * ended or until it is killed. */
enum {
    FAN_CHILD_USAGE = 64,  /* exit status: a parameter is missing or wrong; the parent's mistake */
    FAN_CHILD_BROKEN = 71, /* exit status: the environment refused something; said on stderr */
};

/* The child's main function. `scenarios` are the `count` it can run. */
int fan_child_main(int argc, char **argv, const struct fan_scenario *const *scenarios,
                   size_t count);

#endif
