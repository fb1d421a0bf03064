#include "app/replay_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/child.h"
#include "app/request.h"

void fan_replay_line(const struct fan_replay_source *source, const struct fan_schedule *schedule,
                     uint64_t hash, char text[FAN_LINE_TEXT])
{
    struct fan_line line = {
        .variant = source->variant->name[0],
        .workers = source->workers,
        .items = source->items,
        .seed = source->seed,
        .fine = source->fine,
        .build = fan_line_fold(source->build),
        .check = fan_line_fold(hash),
    };
    text[0] = '\0';
    if (schedule->overflowed)
        return;
    snprintf(line.scenario, sizeof line.scenario, "%s", source->scenario->id);
    fan_schedule_copy(&line.schedule, schedule);
    fan_line_print(&line, text);
}

static const struct fan_variant *find_variant(const struct fan_scenario *scenario, char letter,
                                              char why[200])
{
    for (size_t i = 0; i < scenario->variant_count; i++)
        if (scenario->variants[i].name[0] == letter)
            return &scenario->variants[i];
    snprintf(why, 200, "the line is about a variant of %s that begins with '%c'; there is none",
             scenario->id, letter);
    return NULL;
}

const struct fan_variant *fan_replay_find(const struct fan_line *line,
                                          const struct fan_scenario **scenario, char why[200])
{
    *scenario = fan_request_bug(line->scenario, why);
    if (!*scenario || strcmp((*scenario)->id, line->scenario) != 0) {
        snprintf(why, 200, "the line is about bug %s, which this build does not have",
                 line->scenario);
        return NULL;
    }
    if (line->workers < 1 || line->workers > FAN_CHILD_WORKERS || line->items > FAN_REQUEST_ITEMS ||
        line->seed > FAN_REQUEST_LAST_SEED) {
        snprintf(why, 200,
                 "the line asks for %" PRIu64 " workers and %" PRIu64
                 " items, more than there can be",
                 line->workers, line->items);
        return NULL;
    }
    return find_variant(*scenario, line->variant, why);
}
