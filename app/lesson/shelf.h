#ifndef FAN_APP_LESSON_SHELF_H
#define FAN_APP_LESSON_SHELF_H

#include <stddef.h>

/*
 * The shelf: every file of lessons/, embedded when the program is built, and beside them the
 * sources of the bugs, which embed themselves. So a lesson needs no file beside the program, and
 * what it cites is what was built.
 */
struct fan_shelf_file {
    const char *path; /* from the top of the tree: "lessons/04_never_closed.md" */
    const char *text; /* ends with a 0 byte */
};

extern const struct fan_shelf_file fan_shelf[];
extern const size_t fan_shelf_count;

/* The text of a file of lessons/ or of a bug; NULL if there is none with this path. */
const char *fan_shelf_text(const char *path);

/* A lesson's place in the curriculum. */
struct fan_chapter {
    const char *id;   /* "04", the bug's; or "fan-out" */
    const char *part; /* "waiting" */
};

/* The curriculum, in the order of learning. A chapter may not be written yet. */
extern const struct fan_chapter fan_curriculum[];
extern const size_t fan_curriculum_count;

/* The file of a chapter, lessons/<id>.md or lessons/<id>_<name>.md; NULL if it is not written. */
const struct fan_shelf_file *fan_shelf_lesson(const char *id);

#endif
