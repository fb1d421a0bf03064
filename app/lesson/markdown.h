#ifndef FAN_APP_LESSON_MARKDOWN_H
#define FAN_APP_LESSON_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A Markdown text as a flat list of blocks. Only what lessons need is understood: headings,
 * paragraphs, lists (with task marks), fenced code; `code`, *emphasis* and **strong** inside them.
 * Anything else (tables, quotes, links, images, raw HTML, characters beyond ASCII) is an error: a
 * lesson must not lose on a terminal what it shows elsewhere.
 *
 * A block's text is one string without markup; the spans say which parts of it are more than plain
 * text. In code, lines are kept; elsewhere a line break counts as a space.
 */
enum fan_block_kind { FAN_BLOCK_HEADING, FAN_BLOCK_PARAGRAPH, FAN_BLOCK_ITEM, FAN_BLOCK_CODE };

enum fan_span_kind { FAN_SPAN_CODE, FAN_SPAN_EMPHASIS, FAN_SPAN_STRONG };

/* In whose language a block speaks; blocks of FAN_VIEW_EVERY are shown in all views. */
enum fan_view { FAN_VIEW_EVERY, FAN_VIEW_C, FAN_VIEW_GO, FAN_VIEW_PTHREADS, FAN_VIEW_COUNT };

/* What stands in a task's box. */
enum fan_task { FAN_TASK_NONE, FAN_TASK_EMPTY, FAN_TASK_CHECKED };

struct fan_span {
    enum fan_span_kind kind;
    size_t start, end; /* in the text */
};

struct fan_block {
    enum fan_block_kind kind;
    int level;          /* of a heading: 1 to 6 */
    int depth;          /* how many lists it stands in */
    int number;         /* of an item; 0: it has a bullet */
    enum fan_task task; /* of an item */
    char *info;         /* of code: what stands behind the fence, "" for nothing */
    char *text;
    struct fan_span *spans;
    size_t span_count;
    enum fan_view view; /* EVERY as parsed */
    char *label;        /* what stands above it, "Go"; NULL as parsed */
    char *place;        /* where it was cited from, "bugs/x.c:31"; NULL as parsed */
};

struct fan_markdown {
    struct fan_block *blocks;
    size_t count;
};

enum { FAN_MARKDOWN_WHY = 160 };

/* Parses a text. The caller frees the result. EINVAL for what lessons may not hold, ENOMEM; both
 * with one line in `why`. */
int fan_markdown_parse(const char *text, struct fan_markdown *markdown, char why[FAN_MARKDOWN_WHY]);

/* Appends a block; what its pointers hold belongs to the list afterwards. ENOMEM: nothing changed.
 */
int fan_markdown_append(struct fan_markdown *markdown, const struct fan_block *block);

/* Puts another text in the place of a span, moving the spans behind it. ENOMEM: nothing changed. */
int fan_markdown_replace(struct fan_block *block, size_t span, const char *text);

/* Frees the blocks; a zeroed list is accepted. */
void fan_markdown_free(struct fan_markdown *markdown);

#endif
