#ifndef FAN_APP_SCREEN_UI_H
#define FAN_APP_SCREEN_UI_H

#include "app/screen/home_screen.h"
#include "app/screen/lab_screen.h"
#include "app/screen/lesson_screen.h"
#include "app/screen/step_screen.h"

/*
 * All screens together: which one is shown, the help over it, and where a key goes. It knows no
 * terminal and no child; what a key asks of those is returned.
 */
enum fan_ui_request {
    FAN_UI_NOTHING,
    FAN_UI_START,    /* run lab.scenario with lab.values, instead of what runs now */
    FAN_UI_STOP,     /* the lab was left: end what runs */
    FAN_UI_STEP,     /* open `stepped`, and give it to fan_ui_open_step */
    FAN_UI_UNSTEP,   /* the Step screen was left: close its model */
    FAN_UI_COPY,     /* the line of the Step screen's model, to the terminal's clipboard */
    FAN_UI_KEEP,     /* keep the progress of the lesson */
    FAN_UI_PRACTISE, /* write the practice file of the lesson's bug; said in `lesson.practice` */
    FAN_UI_LEAVE,
    FAN_UI_INTERRUPT, /* ctrl-c */
    FAN_UI_SUSPEND,
    FAN_UI_REDRAW
};

struct fan_ui {
    struct fan_home_screen home;
    struct fan_lab_screen lab;
    struct fan_lesson_screen lesson;
    struct fan_step_screen step;
    struct fan_step_subject stepped; /* what is to be stepped through */
    uint64_t seed;                   /* for labs opened from home */
    bool in_step;                    /* over all others */
    bool in_lesson;
    bool in_lab; /* over the lesson, if in one */
    bool in_help;
    int help_scroll;
    int rows, cols;
};

/* The home screen over these scenarios. They stay the caller's. */
struct fan_ui fan_ui_at_home(const struct fan_scenario *const *scenarios, size_t count,
                             uint64_t seed);

/* Goes straight to the lab; then whoever runs children acts as on FAN_UI_START. */
void fan_ui_open(struct fan_ui *ui, const struct fan_scenario *scenario);

/* Goes to the Step screen on a model that was opened; it stays the caller's. */
void fan_ui_open_step(struct fan_ui *ui, struct fan_step *step);

/* Gives the home screen lessons; they stay the caller's. */
void fan_ui_teach(struct fan_ui *ui, struct fan_course *course);

/* Goes to a lesson of the course: to a stage, or with -1 to the one that was shown last. */
void fan_ui_open_lesson(struct fan_ui *ui, int lesson, int stage);

/* True when a stage with a lab is shown, and the terminal has room for it beside the text. Then
 * fan_ui_lay_beside sets `lab` up, and whoever runs children acts as on FAN_UI_START. */
bool fan_ui_shows_beside(const struct fan_ui *ui);
void fan_ui_lay_beside(struct fan_ui *ui);

/* Tells the size of the terminal. */
void fan_ui_resize(struct fan_ui *ui, int rows, int cols);

enum fan_ui_request fan_ui_key(struct fan_ui *ui, uint32_t key);

/* Draws everything. The pane has the size that was told. */
void fan_ui_draw(const struct fan_pane *pane, const struct fan_ui *ui);

#endif
