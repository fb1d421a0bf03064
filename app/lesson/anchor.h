#ifndef FAN_APP_LESSON_ANCHOR_H
#define FAN_APP_LESSON_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A part of a source text by name, so that prose can cite code without line numbers. A name is
 *   - that of a marked part, `/ * ---- buggy ----` or `// ---- buggy`: from below its mark to the
 *     next mark or the end;
 *   - that of a function, of C or of Go: from its first line to its closing brace;
 *   - that of a struct;
 *   - empty: the whole text.
 * Marks come first. Blank lines around the part do not belong to it.
 */
struct fan_anchor {
    const char *start; /* in the text */
    size_t length;     /* without the last newline */
    int line;          /* of its first line, from 1 */
};

/* Finds a part; false if there is none. */
bool fan_anchor_find(const char *text, const char *name, struct fan_anchor *part);

#endif
