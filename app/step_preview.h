#ifndef FAN_APP_STEP_PREVIEW_H
#define FAN_APP_STEP_PREVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/run.h"
#include "app/story_words.h"

/* What would come of each possibility of a choice that is not which thread: the case a select
 * takes, which of the waiting is woken. Nobody but the program knows, so each is tried, by a child
 * of its own that makes one choice more. A zeroed preview is one of nothing. */
enum { FAN_STEP_PREVIEWS = 9 /* of more, only the first */ };

struct fan_step_preview {
    uint32_t count, known;                          /* possibilities, and of these tried */
    char words[FAN_STEP_PREVIEWS][FAN_STORY_WORDS]; /* "select: recv right -> 2"; may be empty */
    /* private */
    struct fan_child_options options;
    struct fan_schedule schedule; /* up to the choice */
    struct fan_deviation choice;
    uint32_t stop;
    uint64_t deadline_ns;
    struct fan_run *run;
};

/* Begins to try what a run that has stopped at such a choice offers. The options are those of its
 * child; what they point to must outlive the preview. */
void fan_step_preview_begin(struct fan_step_preview *preview,
                            const struct fan_child_options *options, const struct fan_run *at);

/* Goes on. Returns whether anything has changed. Does not block. */
bool fan_step_preview_look(struct fan_step_preview *preview);
bool fan_step_preview_is_busy(const struct fan_step_preview *preview);

/* Ends and forgets it. */
void fan_step_preview_end(struct fan_step_preview *preview);

#endif
