#ifndef FAN_APP_SCREEN_VERDICT_LINE_H
#define FAN_APP_SCREEN_VERDICT_LINE_H

#include "app/screen/half.h"

/* The verdict line: what has become of a run, in one row under its title.
 *
 *     ! DEADLOCK  main waits on out
 *     = clean: 6 threads ended, 20 results
 */
void fan_verdict_line_draw(const struct fan_pane *pane, int row, const struct fan_half *half);

/* A finding in words: "DEADLOCK  main waits on out". */
void fan_verdict_line_describe(const struct fan_finding *finding, char *text, size_t size);

#endif
