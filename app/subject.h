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
    const struct fan_scenario *practised; /* the bug that it is an attempt at; NULL if it is none */
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

/* What a command does with the subjects that its words name. */
struct fan_command;
struct fan_subjects_use {
    const struct fan_command *command;
    int runtimes;     /* that files are compiled for (app/userfile.h) */
    bool all_if_none; /* without words, it is about all bugs */
    const void *settings;
    /* Tells why there is nothing to do, in JSON if the settings ask for that. */
    void (*refuse)(const void *settings, const char *reason, const char *why);
    /* Does it. Returns the exit code. */
    int (*act)(const void *settings, const struct fan_subjects *subjects,
               const struct fan_interrupt *interrupt);
};

/* Listens for signals, finds what the words mean (compiling files, which blocks), acts, and gives
 * all back. Returns the exit code. */
int fan_subjects_use(const struct fan_subjects_use *use, char *const *words, size_t count);

enum { FAN_SUBJECT_WORD = 1024, FAN_SUBJECT_COMMAND = FAN_LINE_TEXT + FAN_SUBJECT_WORD + 16 };

/* The word that names a scenario on a command line: a bug's id, else its file, so quoted that a
 * shell takes it for one word. */
void fan_subject_word(const struct fan_scenario *scenario, char word[FAN_SUBJECT_WORD]);

/* What replays a line of the scenario: "fanlab replay LINE", and the file if it is a file's. */
void fan_subject_replay(const struct fan_scenario *scenario, const char *line,
                        char command[FAN_SUBJECT_COMMAND]);

#endif
