#ifndef FAN_APP_LESSON_LAYOUT_H
#define FAN_APP_LESSON_LAYOUT_H

#include "app/lesson/lesson.h"

/*
 * A stage of a lesson as lines of a given width: what is printed, and what the screen shows a part
 * of. A line has no more columns than the width: prose is broken at spaces, and whatever has none,
 * within.
 */
enum fan_look {
    FAN_LOOK_TEXT,
    FAN_LOOK_HEADING,
    FAN_LOOK_LABEL, /* above code: whose it is and where it stands */
    FAN_LOOK_CODE,
    FAN_LOOK_ANSWER,
    FAN_LOOK_RIGHT, /* an answer that was chosen, and is right */
    FAN_LOOK_WRONG, /* one that was chosen, and is not */
    FAN_LOOK_REPLY,
    FAN_LOOK_HINT,
    FAN_LOOK_LAB /* what the lab opens with */
};

struct fan_line {
    enum fan_look look;
    char *text;
    struct fan_span *spans; /* in this line's text */
    size_t span_count;
};

struct fan_layout {
    struct fan_line *lines;
    size_t count;
    size_t room; /* for so many */
};

/* How a stage is read. */
struct fan_reading {
    int width;          /* at least 20 */
    enum fan_view view; /* whose code is shown; EVERY: everybody's */
    const int
        *chosen;  /* for each question the number of the answer, 0 for none; NULL: none at all */
    int hints;    /* how many of them are shown */
    bool replies; /* all replies, as after the questions were answered */
};

/* Lays out a stage. The caller frees the result. ENOMEM. */
int fan_layout_stage(const struct fan_lesson *lesson, int stage, const struct fan_reading *how,
                     struct fan_layout *layout);

/* Adds one paragraph of prose: the first line begins with `mark`, further ones as many columns in.
 * ENOMEM. */
int fan_layout_add(struct fan_layout *layout, enum fan_look look, const char *mark,
                   const struct fan_block *block, int width);

/* Frees the lines; a zeroed layout is accepted. */
void fan_layout_free(struct fan_layout *layout);

#endif
