#ifndef FAN_APP_SUBJECT_H
#define FAN_APP_SUBJECT_H

#include "app/interrupt.h"
#include "app/userfile.h"
#include "lab/line.h"

/* What a command is about: a scenario, and the programs that run it. The words of a command line
 * give one for each bug they name, and one for each scenario of a C file. */
struct fan_subject {
    const struct fan_scenario *scenario;
    const char *real, *sim; /* the children's programs; NULL = those beside this one */
};

struct fan_subjects {
    size_t count;
    struct fan_subject *list;
    size_t file_count;
    struct fan_userfile *files;
    /* Why there are none: */
    int code;           /* the exit code */
    bool misused;       /* the words are wrong, not what they stand for */
    const char *reason; /* for JSON: "usage", "environment", "interrupted" */
    char why[FAN_USERFILE_WHY];
};

/* Finds what the words mean; files are compiled for `runtimes` (app/userfile.h), which blocks.
 * Returns 0, or the exit code that is due. */
int fan_subjects_find(struct fan_subjects *subjects, char *const *words, size_t count, int runtimes,
                      const struct fan_interrupt *interrupt);

/* Adds all bugs. Returns as above. */
int fan_subjects_add_bugs(struct fan_subjects *subjects);

/* Says why there are none on the standard error, and returns the exit code. */
struct fan_command;
int fan_subjects_refused(const struct fan_subjects *subjects, const struct fan_command *command);

/* Gives the files back. A zeroed structure is accepted. */
void fan_subjects_release(struct fan_subjects *subjects);

enum { FAN_SUBJECT_WORD = 1024, FAN_SUBJECT_COMMAND = FAN_LINE_TEXT + FAN_SUBJECT_WORD + 16 };

/* The word that names a scenario on a command line: a bug's id, else its file, so quoted that a
 * shell takes it for one word. */
void fan_subject_word(const struct fan_scenario *scenario, char word[FAN_SUBJECT_WORD]);

/* What replays a line of the scenario: "fanlab replay LINE", and the file if it is a file's. */
void fan_subject_replay(const struct fan_scenario *scenario, const char *line,
                        char command[FAN_SUBJECT_COMMAND]);

#endif
