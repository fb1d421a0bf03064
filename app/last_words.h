#ifndef FAN_APP_LAST_WORDS_H
#define FAN_APP_LAST_WORDS_H

#include "app/child.h"

/* What a child's last words (lab/exploration.h) say of the place they were left at. */

/* "loop  mine.c:12": the innermost place that is the program's own, read from the debug information
 * of the child's executable. Empty if that is not to be had. */
void fan_last_words_where(const struct fan_exploration *told,
                          const struct fan_child_options *options, char where[208]);

/* A number that tells the place from others; the same wherever a child is loaded. */
uint64_t fan_last_words_place(const struct fan_exploration *told);

#endif
