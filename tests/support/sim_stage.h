#ifndef FAN_TESTS_SUPPORT_SIM_STAGE_H
#define FAN_TESTS_SUPPORT_SIM_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "flow/group.h"
#include "sync/chan.h"
#include "tests/support/sim_program.h"

/* A program in which a stage stands between up to three inputs and an output of uint64_t elements,
 * to be run in every schedule. A test that uses it asks for
 *
 * LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
struct sim_stage {
    struct fan_group pipe;
    struct fan_chan *inputs[3], *output;
    struct fan_thread *canceller;
};

/* Makes the channels and the group. */
void sim_stage_begin(struct sim_stage *stage, size_t capacity, size_t output_capacity);

/* Starts a feeder of numbers from..to-1 into an input. */
void sim_stage_feed(struct sim_stage *stage, size_t input, uint64_t from, uint64_t to);

/* Sends them at once, and closes the input, whose capacity must do. */
void sim_stage_fill(struct sim_stage *stage, size_t input, uint64_t from, uint64_t to);

/* Starts a thread that cancels the group. */
void sim_stage_cancel(struct sim_stage *stage);

/* Waits for all threads. The group's error must be this one, or after a cancel 0 or ECANCELED; and
 * the output closed. Frees all. */
void sim_stage_end(struct sim_stage *stage, int error);

/* Runs it in all of its schedules, in none of which anything may go wrong, and returns how many
 * they are. Where only time decides there is one. */
uint64_t sim_stage_explore(struct fan_sim *sim, sim_program *program);

#endif
