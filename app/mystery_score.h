#ifndef FAN_APP_MYSTERY_SCORE_H
#define FAN_APP_MYSTERY_SCORE_H

/* How many cases somebody was asked about, and how many of the answers were right: in one sitting,
 * and in all, in mystery.json beside the progress in the lessons (app/lesson/progress.h). */
struct fan_mystery_score {
    int asked, right;
};

/* Adds what one sitting gave to what is kept, and tells the sum. A damaged file counts as none.
 * Errors, told in `why`: ENOENT (there is no place for it), and those of the system; then `all` is
 * unchanged. */
int fan_mystery_score_add(const struct fan_mystery_score *now, struct fan_mystery_score *all,
                          char why[200]);

#endif
