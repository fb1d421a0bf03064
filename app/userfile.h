#ifndef FAN_APP_USERFILE_H
#define FAN_APP_USERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/interrupt.h"
#include "lab/scenario.h"

/* A C file of the user's own in place of a bug's id. It is compiled with cc against the library
 * that belongs to this program (in its build tree, or installed), and what it declares with
 * FAN_SCENARIO is run, checked, explored and replayed as the bugs are. A practice file
 * (app/lesson/practice_file.h) is compiled into its bug's file, and its one scenario is that bug's,
 * with the variant "attempt".
 *
 * The compiled programs have no name in the file system: the directory that cc wrote them to is
 * gone before they first run, so nothing can be left behind, however this program ends. */
enum fan_userfile_runtimes {
    FAN_USERFILE_REAL = 1,
    FAN_USERFILE_SIM = 2,      /* or both */
    FAN_USERFILE_PRACTISE = 4, /* besides: both for a practice file */
};

struct fan_userfile {
    size_t scenario_count;
    const struct fan_scenario
        *practised;                 /* the bug whose practice file it is; NULL if it is none */
    struct fan_scenario *scenarios; /* by id; `file` is the path as it was given */
    const char *real, *sim;         /* paths of the children's programs; NULL if not asked for */
    int programs[2];                /* descriptors of these, plus 1; 0 = none */
    char paths[2][48];
    char *list, *source; /* what the scenarios' words point into */
};

enum fan_userfile_error {
    FAN_USERFILE_FINE,
    FAN_USERFILE_UNUSABLE, /* not there, does not compile, declares nothing: the user's to mend */
    FAN_USERFILE_LACKING,  /* something is missing here, such as a compiler */
    FAN_USERFILE_STOPPED,  /* by a signal, whose number is in `signal` */
};

enum { FAN_USERFILE_WHY = 200 };

/* Whether a word on the command line means a file: it ends in ".c". */
bool fan_userfile_is_one(const char *word);

/* Compiles a file, for these runtimes, and reads what it declares. Blocks for as long as cc takes;
 * what cc says goes to standard error as it says it. What is wrong besides is said in one line of
 * `why`. `path` must outlive the file. */
enum fan_userfile_error fan_userfile_open(const char *path, int runtimes,
                                          const struct fan_interrupt *interrupt,
                                          struct fan_userfile *file, int *signal,
                                          char why[FAN_USERFILE_WHY]);

/* Gives everything back. A zeroed one is accepted. */
void fan_userfile_close(struct fan_userfile *file);

#endif
