#ifndef FAN_APP_SCREEN_PAIR_H
#define FAN_APP_SCREEN_PAIR_H

#include "app/run.h"
#include "app/screen/lab_screen.h"

#include <stdbool.h>

/*
 * The pair of runs behind the lab screen: the buggy half and the fixed one, two children under the
 * same parameters, at a pace that can be watched. A zeroed pair runs nothing.
 */
struct fan_pair {
    struct fan_run *runs[FAN_LAB_HALVES]; /* NULL: not started */
    char errors[FAN_LAB_HALVES][160];     /* why it could not be started */
    const char *variants[FAN_LAB_HALVES];
};

/* Ends what runs and starts both halves of the lab's scenario with its values. A half that cannot
 * be started has its error instead; the other one runs. */
void fan_pair_start(struct fan_pair *pair, const struct fan_lab_screen *lab);

/* Looks at both children, and ends those that can change no more. Does not block. True if anything
 * shown has changed. */
bool fan_pair_look(struct fan_pair *pair);

/* Lets the lab's halves show the pair. They point into it until its next start or end. */
void fan_pair_show(const struct fan_pair *pair, struct fan_lab_screen *lab);

/* Ends both children and frees all; the pair is zeroed. */
void fan_pair_end(struct fan_pair *pair);

#endif
