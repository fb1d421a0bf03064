#ifndef FAN_APP_LESSON_LESSON_H
#define FAN_APP_LESSON_LESSON_H

#include "app/lesson/markdown.h"
#include "lab/scenario.h"

#include <stdbool.h>

/*
 * A lesson: a Markdown file of lessons/, read into stages, with everything that it cites put in.
 *
 * Its one heading of level 1 is the title. Each heading of level 2 begins a stage, whose key (for
 * `--at`) is the heading in small letters with dashes. What the stage "Predict" asks must be
 * answered before the stages behind it may be seen: there the lesson names the bug, its cause and
 * its repair.
 *
 * A question is a numbered list of tasks; the one that is checked is right. What stands below an
 * answer is the reply to it. A stage may end with a heading of level 3, "Hints", and a numbered
 * list of three questions, each nearer to the answer.
 *
 * Code that is fenced with one of these words is replaced:
 *   cite       each line is an anchor, PATH#NAME (app/lesson/anchor.h), and becomes that code. If
 *              any is Go or plain pthreads, each is shown in its own language's view
 *   run        a command of fanlab, followed by what it prints. `run 8` keeps the first 8 lines of
 *              that, `run from=WORD 8` 8 lines from the first one that holds the word (an
 *              underscore is a space), `run until=WORD 8` the 8 lines that end there; `run c ...`
 *              stands in the view of C alone
 *   lab        the parameters with which the lab opens from this stage: workers, items, seed
 * In prose, `PATH#NAME` becomes the file and the line where that begins, and `= COMMAND PATH` a
 * figure (app/lesson/figure.h).
 */
enum { FAN_LESSON_STAGES = 12, FAN_LESSON_HINTS = 3, FAN_LESSON_KEY = 24, FAN_LESSON_WHY = 240 };

struct fan_lesson_lab {
    uint64_t workers, items, seed;
};

struct fan_stage {
    const char *title;
    char key[FAN_LESSON_KEY];
    size_t first, count; /* its blocks, hints not among them */
    int questions;
    const struct fan_block *hints[FAN_LESSON_HINTS];
    int hint_count;
    bool hidden;    /* not to be seen before the prediction */
    bool has_views; /* part of it differs with the language */
    bool has_lab;
    struct fan_lesson_lab lab;
    bool figures_in; /* fan_fill_stage has been here */
};

struct fan_lesson {
    const char *id;                 /* "04" */
    const char *part;               /* of the curriculum */
    const char *path;               /* of its file */
    const char *title;              /* the bug's name is in it */
    const char *shown_as;           /* what it is called before the prediction */
    const struct fan_scenario *bug; /* NULL: it is about none */
    struct fan_markdown text;
    struct fan_stage stages[FAN_LESSON_STAGES];
    int stage_count;
    int predict; /* the stage that must be answered first; -1: none */
};

/* Reads the lesson of a chapter (see shelf.h) and resolves its anchors; its figures come with
 * fan_fill_stage. The caller frees it. ENOENT if there is none, EINVAL with what is wrong with its
 * text, ENOMEM; all with one line in `why`. */
int fan_lesson_open(const char *id, struct fan_lesson *lesson, char why[FAN_LESSON_WHY]);

/* The same from a text in place of a file. The text must stay as long as the lesson. */
int fan_lesson_read(const char *id, const char *path, const char *text, struct fan_lesson *lesson,
                    char why[FAN_LESSON_WHY]);

void fan_lesson_free(struct fan_lesson *lesson);

/* The stage with this key, or -1. */
int fan_lesson_stage(const struct fan_lesson *lesson, const char *key);

/* The question that a block of the stage belongs to, from 0; -1 for a block of none. A block is
 * given by its position in the lesson's text. */
int fan_lesson_question_of(const struct fan_lesson *lesson, int stage, size_t block);

/* The number of the right answer. */
int fan_lesson_right_answer(const struct fan_lesson *lesson, int stage, int question);

/* How many answers a question has. */
int fan_lesson_answers(const struct fan_lesson *lesson, int stage, int question);

/* The chapter's id for what a person calls it: "4", "04", "never-closed", "fan-out"; NULL if there
 * is no such chapter, or if it is not written. */
const char *fan_lesson_find(const char *name);

#endif
