#ifndef FAN_APP_USERFILE_H
#define FAN_APP_USERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lab/scenario.h"

/* A C file of the user's own in place of a bug's id: it is compiled with cc against the library
 * that belongs to this program (in its build tree, or installed), once for each runtime, into a
 * directory of its own that goes when the file is closed. Its scenarios are those it declares with
 * FAN_SCENARIO. */
struct fan_userfile {
    size_t scenario_count;
    struct fan_scenario *scenarios; /* by id */
    char directory[128];            /* empty if there is none */
    char real[160], sim[160];       /* the compiled children */
    char *list, *source;            /* what the scenarios' words point into */
};

enum fan_userfile_error {
    FAN_USERFILE_FINE,
    FAN_USERFILE_UNUSABLE, /* not there, does not compile, declares no scenario: the user's to mend
                            */
    FAN_USERFILE_NO_CC,    /* something is missing here */
};

/* Whether a word on the command line means a file: it ends in ".c". */
bool fan_userfile_is_one(const char *word);

/* Compiles a file and reads what it declares. Blocks for as long as cc takes; what cc says goes to
 * standard error as it says it. What is wrong besides is said in one line of `why`. */
enum fan_userfile_error fan_userfile_open(const char *path, struct fan_userfile *file,
                                          char why[160]);

/* Frees it and removes its directory. A zeroed one is accepted. */
void fan_userfile_close(struct fan_userfile *file);

#endif
