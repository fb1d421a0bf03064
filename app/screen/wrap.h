#ifndef FAN_APP_SCREEN_WRAP_H
#define FAN_APP_SCREEN_WRAP_H

/* Breaks text into lines at spaces; where there is none, within a word. */
enum { FAN_WRAP_LINE = 256 };

/* Copies as much of the text as fits `width` bytes (at least 20) into the line, and returns what is
 * left, NULL for nothing. */
const char *fan_wrap_take(const char *text, int width, char line[FAN_WRAP_LINE]);

#endif
