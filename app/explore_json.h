#ifndef FAN_APP_EXPLORE_JSON_H
#define FAN_APP_EXPLORE_JSON_H

#include "app/explore_text.h"
#include "app/report_json.h"

/* The JSON of `explore`: schema fanlab.explore/1, the envelope of app/report_json.h. Its numbers
 * are sums over the variants that were explored (`complete`: of all of them); `runs` has those of
 * each, `findings` what was found, each with its `variant` and its `replay` line. `finding` is the
 * failing schedule as `run` reports it, with stacks. */
json_t *fan_explore_json(struct fan_explore *const *explores, const struct fan_explore_shown *shown,
                         size_t count);

#endif
