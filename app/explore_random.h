#ifndef FAN_APP_EXPLORE_RANDOM_H
#define FAN_APP_EXPLORE_RANDOM_H

#include "app/explore.h"
#include "sim/sanitizers.h"

/* How long a random walk takes to find what an exploration has found. */
/* How many schedules are run to learn it. Under ThreadSanitizer each takes milliseconds. */
enum { FAN_EXPLORE_RANDOM = FAN_UNDER_TSAN ? 400 : 10000 };

/* How many runs a random walk needs in the median until one fails, if of so many schedules so many
 * did: walks are independent of each other, so it is the least n with (1 - share)^n <= 1/2. 0 if
 * none fails: nothing is known then. */
uint64_t fan_explore_median(uint64_t schedules, uint64_t failing);

/* Writes into `explore` how many random schedules fail. Of a random exploration that is known;
 * otherwise up to FAN_EXPLORE_RANDOM of them are run, for what a systematic search sees says
 * nothing of how often it happens. Blocks meanwhile. Nothing is written if they could not be
 * run. */
void fan_explore_try_random(struct fan_explore *explore, const struct fan_interrupt *interrupt);

#endif
