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

static const struct fan_scenario *find_bug(const char *id, char why[200])
{
    const struct fan_scenario *bug = fan_request_bug(id, why);
    if (bug && strcmp(bug->id, id) == 0)
        return bug;
    snprintf(why, 200,
             "the line is about bug %s, which this build does not have; for a C file's scenario,"
             " give the file too",
             id);
    return NULL;
}

static const struct fan_scenario *find_in_file(const struct fan_userfile *file, const char *id,
                                               char why[200])
{
    for (size_t i = 0; i < file->scenario_count; i++)
        if (strcmp(file->scenarios[i].id, id) == 0)
            return &file->scenarios[i];
    snprintf(why, 200, "the line is about scenario %s, which %.80s does not declare", id,
             file->scenarios[0].file);
    return NULL;
}

const struct fan_variant *fan_replay_find(const struct fan_line *line,
                                          const struct fan_userfile *file,
                                          const struct fan_scenario **scenario, char why[200])
{
    *scenario = file ? find_in_file(file, line->scenario, why) : find_bug(line->scenario, why);
    if (!*scenario)
        return NULL;
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
