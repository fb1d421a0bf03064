#ifndef FAN_APP_SCREEN_LAB_SCREEN_H
#define FAN_APP_SCREEN_LAB_SCREEN_H

#include "app/keys.h"
#include "app/screen/form.h"
#include "app/screen/half.h"
#include "lab/scenario.h"

#include <stdbool.h>

/*
 * The lab screen: a bug and its fix side by side. This is its state and what keys do to it; the
 * picture is lab_view.h's. Whoever runs the children keeps `halves` up to date; nothing here
 * starts, ends or looks at a child.
 */
enum { FAN_LAB_HALVES = 2, FAN_LAB_AUTOMATIC = -1 };

enum fan_lab_shown { FAN_LAB_BOTH, FAN_LAB_FIRST, FAN_LAB_SECOND };

enum fan_lab_overlay { FAN_LAB_PLAIN, FAN_LAB_DETAIL, FAN_LAB_FORM };

/* What a key asks of whoever runs the children. */
enum fan_lab_request {
    FAN_LAB_NOTHING,
    FAN_LAB_LEAVE,   /* go back to where the lab was opened from */
    FAN_LAB_RESTART, /* run both halves again, with `values` */
    FAN_LAB_STEP,    /* step through the focused half */
    FAN_LAB_LESSON   /* go to the lesson on this bug */
};

struct fan_lab_screen {
    const struct fan_scenario *scenario;
    const char *back; /* where leaving leads, for the footer; NULL: home */
    struct fan_form_values values;
    struct fan_half halves[FAN_LAB_HALVES];
    enum fan_lab_shown shown;
    int focus;                    /* the half that keys go to */
    int selected[FAN_LAB_HALVES]; /* a thread's position; AUTOMATIC: the one that matters most */
    bool paused;
    enum fan_lab_overlay overlay;
    struct fan_form form;
    int scroll;     /* the first line of the detail */
    int rows, cols; /* of the terminal */
};

/* A lab for this scenario with its own defaults, nothing of it run yet. */
struct fan_lab_screen fan_lab_screen_for(const struct fan_scenario *scenario, uint64_t seed);

/* Takes a key. */
enum fan_lab_request fan_lab_screen_key(struct fan_lab_screen *lab, uint32_t key);

/* Where keys are looked up now. */
enum fan_screen fan_lab_screen_place(const struct fan_lab_screen *lab);

/* The actions that would do something now, as a set of bits. */
uint64_t fan_lab_screen_possible(const struct fan_lab_screen *lab);

/* The position of the selected thread of a half; -1 when it has none. */
int fan_lab_screen_selected(const struct fan_lab_screen *lab, int half);

/* True while any half may still change. */
bool fan_lab_screen_is_live(const struct fan_lab_screen *lab);

#endif
