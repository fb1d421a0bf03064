#ifndef FAN_APP_PRACTICE_RECORD_H
#define FAN_APP_PRACTICE_RECORD_H

#include "app/lesson/progress.h"
#include "lab/scenario.h"

/* Keeps with the learner's progress in the lesson on a bug that a repair of his own held. A bug
 * without a lesson has no progress to keep it with, nor has who has no directory for it: then
 * nothing is kept. Errors, told in `why`: those of fan_progress_load and fan_progress_save. */
int fan_practice_record(const struct fan_scenario *bug, char why[FAN_PROGRESS_WHY]);

#endif
