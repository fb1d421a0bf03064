#ifndef FAN_APP_SCREEN_STEP_SCREEN_H
#define FAN_APP_SCREEN_STEP_SCREEN_H

#include "app/keys.h"
#include "app/screen/form.h"
#include "app/step.h"

/*
 * The Step screen: the person is the scheduler. This is what keys do to the model (app/step.h); the
 * picture is step_view.h's. Whoever holds the screen opens and closes the model, and looks at it
 * while a child is at work.
 */
enum fan_step_overlay {
    FAN_STEP_PLAIN,
    FAN_STEP_THREAD, /* the chosen thread in full */
    FAN_STEP_FORM,
    FAN_STEP_LINE,   /* a line is typed */
    FAN_STEP_COPIED, /* the line is shown in full, and has been copied */
};

/* What a key asks of whoever holds the screen. */
enum fan_step_request {
    FAN_STEP_NOTHING,
    FAN_STEP_LEAVE,
    FAN_STEP_COPY, /* step->line, to the clipboard of the terminal */
};

struct fan_step_screen {
    struct fan_step *step;
    const char *back; /* where leaving leads, for the footer */
    int selected;     /* a choice, from 0; -1: what `.` would choose */
    enum fan_step_overlay overlay;
    struct fan_form form;
    char typed[FAN_LINE_TEXT];
    int scroll;     /* the first line of the thread in full */
    int rows, cols; /* of the terminal */
};

struct fan_step_screen fan_step_screen_on(struct fan_step *step, const char *back);

enum fan_step_request fan_step_screen_key(struct fan_step_screen *screen, uint32_t key);

/* Where keys are looked up now, and the actions that would do something now. */
enum fan_screen fan_step_screen_place(const struct fan_step_screen *screen);
uint64_t fan_step_screen_possible(const struct fan_step_screen *screen);

/* The choice that enter would make, from 0; -1 when there is none. */
int fan_step_screen_selected(const struct fan_step_screen *screen);

#endif
