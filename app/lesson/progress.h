#ifndef FAN_APP_LESSON_PROGRESS_H
#define FAN_APP_LESSON_PROGRESS_H

#include "app/lesson/lesson.h"

/*
 * How far a learner is in a lesson. One file a lesson, DIRECTORY/04.json, so that a damaged one
 * costs no other lesson. A file is written beside its place and then renamed: whoever reads it
 * finds the old one or the new one. What it says of stages and questions that the lesson no longer
 * has is passed over.
 */
enum { FAN_PROGRESS_QUESTIONS = 8, FAN_PROGRESS_PATH = 512, FAN_PROGRESS_WHY = 700 };

struct fan_progress {
    int stage;    /* shown last */
    int furthest; /* the last one that was seen */
    /* For each question the number of the answer that was given first, and last; 0: none. */
    int first[FAN_LESSON_STAGES][FAN_PROGRESS_QUESTIONS];
    int chosen[FAN_LESSON_STAGES][FAN_PROGRESS_QUESTIONS];
    bool practised; /* a repair of the learner's own held; once kept, it stays */
};

/* The directory: $XDG_STATE_HOME/fanlab, else $HOME/.local/state/fanlab. False, with nothing
 * written, if there is neither (a relative path counts as none). */
bool fan_progress_directory(char path[FAN_PROGRESS_PATH]);

/* Makes the directory, and those above it. Errors: those of mkdir(2), but for EEXIST. */
int fan_progress_make_directory(const char *directory);

/* Reads the progress of a lesson; none yet is a zeroed one. A damaged file is renamed to
 * 04.json.damaged, which is told in `why` and returned as EILSEQ; other errors, told too, are those
 * of open(2) and read(2). The progress is good in any case. */
int fan_progress_load(const char *directory, const struct fan_lesson *lesson,
                      struct fan_progress *progress, char why[FAN_PROGRESS_WHY]);

/* Writes it, making the directory if need be. On an error (told in `why`, those of the system) the
 * file is what it was before. */
int fan_progress_save(const char *directory, const struct fan_lesson *lesson,
                      const struct fan_progress *progress, char why[FAN_PROGRESS_WHY]);

/* True when the lesson asks for no prediction, or all of its questions have an answer. */
bool fan_progress_predicted(const struct fan_lesson *lesson, const struct fan_progress *progress);

/* True when every stage was seen and every question has its right answer. */
bool fan_progress_done(const struct fan_lesson *lesson, const struct fan_progress *progress);

#endif
