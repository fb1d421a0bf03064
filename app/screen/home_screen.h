#ifndef FAN_APP_SCREEN_HOME_SCREEN_H
#define FAN_APP_SCREEN_HOME_SCREEN_H

#include "app/grid.h"
#include "app/lesson/course.h"
#include "lab/scenario.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The home screen: the lessons in the order of learning, with the learner's progress, and behind
 * them the bugs that have none. Of a bug it shows what somebody would report; its name comes with
 * the learner's prediction, or where there is no lesson.
 */
struct fan_home_screen {
    const struct fan_scenario *const *scenarios;
    size_t count;
    const struct fan_course *course; /* NULL: no lessons */
    size_t selected;                 /* a row */
    int rows;                        /* of the terminal */
};

enum fan_home_request {
    FAN_HOME_NOTHING,
    FAN_HOME_LAB,    /* of the selected row */
    FAN_HOME_LESSON, /* of the selected row */
    FAN_HOME_LEAVE
};

/* A row of the list. */
struct fan_home_row {
    const struct fan_scenario *scenario; /* NULL: a lesson on no bug */
    int lesson;                          /* in the course; -1: none */
};

/* How many rows there are, and one of them. */
size_t fan_home_screen_rows(const struct fan_home_screen *home);
struct fan_home_row fan_home_screen_row(const struct fan_home_screen *home, size_t row);

/* Takes a key. */
enum fan_home_request fan_home_screen_key(struct fan_home_screen *home, uint32_t key);

/* Draws the whole screen, footer included. */
void fan_home_screen_draw(const struct fan_pane *pane, const struct fan_home_screen *home);

#endif
