#ifndef FAN_SIM_RANDOM_H
#define FAN_SIM_RANDOM_H

#include "base/random.h"
#include "sim/strategy.h"

/* The random walk: at each choice every possibility is as likely as the others. Simple, and hard to
 * beat at finding a bug (Thomson, Donaldson, Betts, "Concurrency testing using controlled
 * schedulers", TOPC 2016). Its state is a struct fan_random, seeded by the caller; each run goes on
 * with the numbers where the one before stopped. */
extern const struct fan_strategy_kind fan_strategy_random;

#endif
