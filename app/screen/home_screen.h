#ifndef FAN_APP_SCREEN_HOME_SCREEN_H
#define FAN_APP_SCREEN_HOME_SCREEN_H

#include "app/grid.h"
#include "lab/scenario.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The home screen: the list of bugs, one row each, with what somebody would report of it.
 */
struct fan_home_screen {
    const struct fan_scenario *const *scenarios;
    size_t count;
    size_t selected;
    int rows; /* of the terminal */
};

enum fan_home_request {
    FAN_HOME_NOTHING,
    FAN_HOME_OPEN, /* the selected one */
    FAN_HOME_LEAVE
};

/* Takes a key. */
enum fan_home_request fan_home_screen_key(struct fan_home_screen *home, uint32_t key);

/* Draws the whole screen, footer included. */
void fan_home_screen_draw(const struct fan_pane *pane, const struct fan_home_screen *home);

#endif
