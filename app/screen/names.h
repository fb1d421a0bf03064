#ifndef FAN_APP_SCREEN_NAMES_H
#define FAN_APP_SCREEN_NAMES_H

#include <stddef.h>

/*
 * A list of thread labels in few words: labels that count on from each other become a range.
 *
 *     main, worker 1-4, worker 7
 *
 * What does not fit the text is cut.
 */
struct fan_names {
    char *text;
    size_t size, used;
    size_t number_end; /* where the last number ends in the text; what follows is its range */
    char last[64];     /* the last label */
};

/* A list that is written into text, empty for now. */
struct fan_names fan_names_into(char *text, size_t size);

/* Adds a label such as "worker 3". */
void fan_names_add(struct fan_names *names, const char *label);

#endif
