#ifndef FAN_APP_SCREEN_OVERLAY_H
#define FAN_APP_SCREEN_OVERLAY_H

#include "app/grid.h"

/* Clears a box in the middle of the pane, rules it above and below, titles it, and returns what
 * is inside. It is cut where the pane is smaller. */
struct fan_pane fan_overlay_open(const struct fan_pane *pane, int rows, int cols,
                                 const char *title);

#endif
