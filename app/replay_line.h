#ifndef FAN_APP_REPLAY_LINE_H
#define FAN_APP_REPLAY_LINE_H

#include "app/userfile.h"
#include "lab/line.h"
#include "lab/scenario.h"

/* What the schedule of a replay line belongs to. */
struct fan_replay_source {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    uint64_t workers, items, seed;
    bool fine;
    uint64_t build; /* as the child told it */
};

/* Writes the line of a schedule whose run has this trace hash (0 if it never ends). Empty if the
 * schedule was too long to be kept. */
void fan_replay_line(const struct fan_replay_source *source, const struct fan_schedule *schedule,
                     uint64_t hash, char text[FAN_LINE_TEXT]);

/* Finds what a line is about: a bug, or a scenario of `file` (NULL = none was given). Returns NULL
 * with one line in `why` for a scenario or a variant that there is not, and for numbers that cannot
 * be asked for. */
const struct fan_variant *fan_replay_find(const struct fan_line *line,
                                          const struct fan_userfile *file,
                                          const struct fan_scenario **scenario, char why[200]);

#endif
