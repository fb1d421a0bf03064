#include "app/step_preview.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/time.h"

/* One that takes longer stays without words. */
static const uint64_t LIMIT_NS = FAN_SECOND / 2;

static void try_next(struct fan_step_preview *preview)
{
    char text[FAN_SCHEDULE_TEXT], why[160];
    struct fan_schedule schedule;
    if (preview->known == preview->count)
        return;
    fan_schedule_copy(&schedule, &preview->schedule);
    preview->choice.chosen = (uint8_t)preview->known;
    if (preview->known > 0)
        schedule.deviations[schedule.count++] = preview->choice;
    fan_schedule_print(&schedule, text, sizeof text);
    preview->options.schedules.schedule = text;
    preview->options.schedules.stop = preview->stop;
    preview->deadline_ns = fan_clock_ns() + LIMIT_NS;
    if (fan_run_start(&preview->options, &preview->run, why) != 0) {
        preview->run = NULL;
        preview->count = preview->known;
    }
    preview->options.schedules.schedule = NULL;
}

void fan_step_preview_begin(struct fan_step_preview *preview,
                            const struct fan_child_options *options, const struct fan_run *at)
{
    const struct fan_chair *chair = &at->exploration->chair;
    const struct fan_schedule *so_far = &at->exploration->current;
    fan_step_preview_end(preview);
    if (so_far->overflowed || so_far->count == FAN_SCHEDULE_DEVIATIONS)
        return;
    fan_schedule_copy(&preview->schedule, so_far);
    preview->options = *options;
    preview->options.schedules.stops = preview->options.schedules.shown_only = true;
    preview->stop = chair->choices + 1;
    preview->choice = (struct fan_deviation){
        .op = (uint16_t)chair->op, .thread = (uint8_t)chair->thread, .nth = (uint8_t)chair->nth};
    preview->count = chair->options < FAN_STEP_PREVIEWS ? chair->options : FAN_STEP_PREVIEWS;
    try_next(preview);
}

/* The step that was under way is the last of the story. */
static void take_words(struct fan_step_preview *preview)
{
    struct fan_story_source source = fan_story_source_of_run(preview->run);
    if (source.count > 0)
        fan_story_words_of_step(&source, source.count - 1, preview->words[preview->known]);
}

bool fan_step_preview_look(struct fan_step_preview *preview)
{
    if (!preview->run)
        return false;
    struct fan_run *run = preview->run;
    bool shown = __atomic_load_n(&run->child.exploration->shown, __ATOMIC_ACQUIRE);
    fan_run_look(run);
    if (!shown && !run->ended && fan_clock_ns() < preview->deadline_ns)
        return false;
    fan_run_end(run);
    take_words(preview);
    fan_run_free(run);
    preview->run = NULL;
    preview->known++;
    try_next(preview);
    return true;
}

bool fan_step_preview_is_busy(const struct fan_step_preview *preview)
{
    return preview->run != NULL;
}

void fan_step_preview_end(struct fan_step_preview *preview)
{
    fan_run_free(preview->run);
    memset(preview, 0, sizeof *preview);
}
