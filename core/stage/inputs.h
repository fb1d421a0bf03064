#ifndef FAN_STAGE_INPUTS_H
#define FAN_STAGE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/select.h"

/* The inputs of a stage that waits for all of them at once, and gives up each as it ends. For who
 * writes such a stage.
 *
 * Case 0 is the stage's own: a timer, or an input that is to be looked at first; at the start it is
 * never ready. Case i + 1 receives from input i. All receive into the same place, since a select
 * does one of them: fan_inputs_receive says where, once the stage's state has its place. */
enum { FAN_INPUTS_MOST = FAN_SELECT_CASES - 1 };

struct fan_inputs {
    struct fan_select_case cases[FAN_SELECT_CASES];
    size_t count; /* of inputs */
    size_t open;  /* that are not given up */
};

/* `count` is at most FAN_INPUTS_MOST. */
void fan_inputs_init(struct fan_inputs *inputs, struct fan_chan *const *channels, size_t count);
void fan_inputs_receive(struct fan_inputs *inputs, void *element);

/* Waits for no element of that case any more. */
void fan_inputs_shut(struct fan_inputs *inputs, size_t which);

/* Whether these are channels, all with elements of the output's size: the inputs of a stage, or the
 * outputs of one input. */
bool fan_inputs_fit(struct fan_chan *const *channels, size_t count, const struct fan_chan *output);

#endif
