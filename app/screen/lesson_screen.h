#ifndef FAN_APP_SCREEN_LESSON_SCREEN_H
#define FAN_APP_SCREEN_LESSON_SCREEN_H

#include "app/keys.h"
#include "app/lesson/course.h"
#include "app/practice_place.h"

#include <stdbool.h>

/*
 * The lesson screen: one stage at a time. This is its state and what keys do to it; the picture is
 * lesson_view.h's. It runs nothing and writes no file: whoever holds it fills the stage that is
 * shown (app/lesson/fill.h), starts labs, and keeps the progress.
 *
 * Nothing happens by itself. Before the prediction, its stage is the last that can be seen.
 */
struct fan_lesson_screen {
    struct fan_course *course;
    int lesson; /* its position in the course */
    int scroll; /* the first line shown */
    int hints;  /* how many are shown */
    int wanted; /* where `next` leads from the prediction; 0 = to the stage behind it */
    enum fan_view view;
    bool asks_reset;                    /* the next x forgets the progress of this lesson */
    const char *note;                   /* why the last key did nothing; NULL: no need to say */
    struct fan_practice_place practice; /* over the text until the next key, if it has a path */
    int rows, cols;                     /* of the terminal */
};

/* What a key asks of whoever holds the screen. */
enum fan_lesson_request {
    FAN_LESSON_NOTHING,
    FAN_LESSON_LEAVE,
    FAN_LESSON_LAB,      /* open the lab with the parameters of this stage */
    FAN_LESSON_STEP,     /* step through this bug */
    FAN_LESSON_PRACTISE, /* write the practice file, and say in `practice` what became of it */
    FAN_LESSON_KEEP      /* the progress has changed */
};

/* The screen on a lesson, at the stage that was shown last. */
struct fan_lesson_screen fan_lesson_screen_on(struct fan_course *course, int lesson);

/* Goes to a stage, and counts it as seen; if the prediction comes before it, to that, and `next`
 * leads to the stage once there is an answer. */
void fan_lesson_screen_go(struct fan_lesson_screen *screen, int stage);

/* Takes a key. */
enum fan_lesson_request fan_lesson_screen_key(struct fan_lesson_screen *screen, uint32_t key);

/* The actions that would do something now, as a set of bits. */
uint64_t fan_lesson_screen_possible(const struct fan_lesson_screen *screen);

/* The lesson, its progress and the stage that is shown. */
struct fan_lesson *fan_lesson_screen_lesson(const struct fan_lesson_screen *screen);
struct fan_progress *fan_lesson_screen_progress(const struct fan_lesson_screen *screen);
const struct fan_stage *fan_lesson_screen_stage(const struct fan_lesson_screen *screen);

#endif
