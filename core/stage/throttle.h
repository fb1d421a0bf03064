#ifndef FAN_STAGE_THROTTLE_H
#define FAN_STAGE_THROTTLE_H

#include "flow/rate.h"
#include "stage/stage.h"
#include "sync/chan.h"

/* Throttle: hands elements on no faster than a rate allows, and so slows down whatever comes before
 * it.
 *
 *     struct fan_rate rate;
 *     fan_rate_init(&rate, &(struct fan_rate_options){.count = 100, .burst = 5});
 *     fan_throttle_go(&pipe, requests, allowed, &rate);
 *     fan_map_go(&pipe, allowed, answers, ...);
 *
 * The rate (flow/rate.h) is the caller's, who destroys it after the wait. Several throttles may
 * share one, and workers that take from it themselves. */

/* Starts it from `input` to `output`, which have elements of one size; each of them takes 1 of the
 * rate once it has come. Errors: EINVAL (different sizes), and those of all stages. */
int fan_throttle_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                    struct fan_rate *rate);

#endif
