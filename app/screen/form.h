#ifndef FAN_APP_SCREEN_FORM_H
#define FAN_APP_SCREEN_FORM_H

#include "app/grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The form for a run's parameters: seed, workers, items. Each field is a number in decimal; what
 * is wrong with one is said beside it while it is typed, and a form with a wrong field is not
 * accepted.
 */
enum fan_form_field {
    FAN_FORM_SEED,
    FAN_FORM_WORKERS,
    FAN_FORM_ITEMS,
    FAN_FORM_FIELDS,
    FAN_FORM_DIGITS = 20 /* as many as the largest number has */
};

struct fan_form {
    char text[FAN_FORM_FIELDS][FAN_FORM_DIGITS + 1];
    int field; /* the one that takes keys */
};

/* The values of a run that a person may choose. */
struct fan_form_values {
    uint64_t seed, workers, items;
};

/* A form that shows these values, at its first field. */
struct fan_form fan_form_with(const struct fan_form_values *values);

/* Types a digit, or takes one away for FAN_KEY_BACKSPACE. Other keys are ignored. */
void fan_form_type(struct fan_form *form, uint32_t key);

/* Goes to another field: 1 for the next one, -1 for the one before; around at the ends. */
void fan_form_move(struct fan_form *form, int step);

/* Says in a few words what is wrong with a field; false when nothing is. The limits are those of
 * the command line. */
bool fan_form_complaint(const struct fan_form *form, enum fan_form_field field, char *text,
                        size_t size);

/* Reads the values. False, with the first wrong field made current, when there is one. */
bool fan_form_accept(struct fan_form *form, struct fan_form_values *values);

/* Draws the form over the middle of the pane. */
void fan_form_draw(const struct fan_pane *pane, const struct fan_form *form);

#endif
