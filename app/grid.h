#ifndef FAN_APP_GRID_H
#define FAN_APP_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A grid is a picture of a terminal in memory: rows by columns of cells. Screens draw into it and
 * know nothing of terminals; app/terminal.c shows it. A test draws a screen into a grid and reads
 * it back.
 *
 * Text goes in as UTF-8. A character that takes two columns fills its cell and leaves an empty
 * continuation cell (codepoint 0) to its right; a combining mark joins the character before it (one
 * mark a cell, further ones are dropped); control characters, broken UTF-8 and, in the ASCII
 * charset, everything beyond ASCII become a replacement character, so that no text from a child or
 * a file can reach the terminal as a command. Widths come from wcwidth: the program must have
 * called setlocale.
 *
 * Drawing happens through panes. A pane is a rectangle of a grid; whatever is drawn in it is
 * clipped to it, and rows and columns count from its own upper left corner. Drawing outside is
 * legal and does nothing. A pane is a value; it lives as long as its grid keeps its size.
 *
 *     struct fan_grid grid;
 *     if (fan_grid_init(&grid, 24, 80, FAN_CHARSET_UTF8) == 0) {
 *         struct fan_pane all = fan_grid_whole(&grid);
 *         struct fan_pane left = fan_grid_part(&all, 2, 0, 20, 39);
 *         fan_grid_put(&left, 0, 1, FAN_STYLE_TITLE, "BUGGY");
 *         fan_grid_destroy(&grid);
 *     }
 */

/* What a cell means. Colours and attributes are the terminal's business. */
enum fan_style {
    FAN_STYLE_NORMAL,
    FAN_STYLE_DIM,
    FAN_STYLE_TITLE,
    FAN_STYLE_RUNNING,
    FAN_STYLE_BLOCKED,
    FAN_STYLE_DONE,
    FAN_STYLE_LEAKED,
    FAN_STYLE_CANCELLED,
    FAN_STYLE_PANICKED,
    FAN_STYLE_VERDICT_BAD,
    FAN_STYLE_VERDICT_GOOD,
    FAN_STYLE_CURRENT_LINE,
    FAN_STYLE_SELECTED,
    FAN_STYLE_KEY,
    FAN_STYLE_FOOTER,
    FAN_STYLE_ERROR,
    FAN_STYLE_COUNT
};

enum fan_charset { FAN_CHARSET_ASCII, FAN_CHARSET_UTF8 };

/* The signs of the screens. Each exists in both charsets and is one column wide. */
enum fan_glyph {
    FAN_GLYPH_RUNNING,
    FAN_GLYPH_RUNNABLE,
    FAN_GLYPH_BLOCKED,
    FAN_GLYPH_DONE,
    FAN_GLYPH_LEAKED,
    FAN_GLYPH_CANCELLED,
    FAN_GLYPH_PANICKED,
    FAN_GLYPH_POINTER,
    FAN_GLYPH_RULE,
    FAN_GLYPH_DIVIDER,
    FAN_GLYPH_GAUGE_FULL,
    FAN_GLYPH_GAUGE_EMPTY,
    FAN_GLYPH_ELLIPSIS,
    FAN_GLYPH_REPLACEMENT,
    FAN_GLYPH_COUNT
};

struct fan_cell {
    uint32_t codepoint; /* 0: the right half of the character in the cell to the left */
    uint32_t mark;      /* a combining mark on it, or 0 */
    enum fan_style style;
};

struct fan_grid {
    int rows;
    int cols;
    enum fan_charset charset;
    struct fan_cell *cells; /* rows * cols of them, row by row */
};

struct fan_pane {
    struct fan_grid *grid;
    int row, col; /* of its upper left corner in the grid */
    int rows, cols;
};

/* Makes a grid of spaces. The caller destroys it. EINVAL for a size below 1, ENOMEM. */
int fan_grid_init(struct fan_grid *grid, int rows, int cols, enum fan_charset charset);

/* Frees the cells. A zeroed grid and NULL are accepted. */
void fan_grid_destroy(struct fan_grid *grid);

/* Changes the size and clears the grid. On EINVAL or ENOMEM nothing has changed. */
int fan_grid_resize(struct fan_grid *grid, int rows, int cols);

/* Makes every cell a space of FAN_STYLE_NORMAL. */
void fan_grid_clear(struct fan_grid *grid);

/* The cell at a place of the grid. The place must exist. */
const struct fan_cell *fan_grid_cell(const struct fan_grid *grid, int row, int col);

/* Writes one row as UTF-8 without its trailing spaces, always terminated, cut to size bytes. */
void fan_grid_read_row(const struct fan_grid *grid, int row, char *text, size_t size);

/* A pane that covers the whole grid. */
struct fan_pane fan_grid_whole(struct fan_grid *grid);

/* The part of a pane at row, col; what reaches over its edge is cut off, and may leave nothing. */
struct fan_pane fan_grid_part(const struct fan_pane *pane, int row, int col, int rows, int cols);

/* The code point of a glyph in this pane's charset. */
uint32_t fan_grid_glyph(const struct fan_pane *pane, enum fan_glyph glyph);

/* Draws one glyph and returns the column after it. */
int fan_grid_put_glyph(const struct fan_pane *pane, int row, int col, enum fan_style style,
                       enum fan_glyph glyph);

/* Draws text on one row and returns the column after it, whether or not it was clipped. */
int fan_grid_put(const struct fan_pane *pane, int row, int col, enum fan_style style,
                 const char *text);

/* Draws text in at most width columns; text that needs more ends in an ellipsis. Returns the
 * column after what was drawn. */
int fan_grid_put_within(const struct fan_pane *pane, int row, int col, int width,
                        enum fan_style style, const char *text);

/* The same as fan_grid_put, with a printf format; the text is cut at 511 bytes. */
int fan_grid_print(const struct fan_pane *pane, int row, int col, enum fan_style style,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The columns that fan_grid_put would use for this text in this pane's charset. */
int fan_grid_text_width(const struct fan_pane *pane, const char *text);

/* Fills a run of cells with one single-width character. */
void fan_grid_fill(const struct fan_pane *pane, int row, int col, int width, enum fan_style style,
                   uint32_t codepoint);

/* Gives a run of cells another style and keeps their characters. */
void fan_grid_restyle(const struct fan_pane *pane, int row, int col, int width,
                      enum fan_style style);

/* Draws a rule over the whole width of a row, or the whole height of a column. */
void fan_grid_rule(const struct fan_pane *pane, int row, enum fan_style style);
void fan_grid_divider(const struct fan_pane *pane, int col, enum fan_style style);

/* Draws `[###   ]`, width columns between the brackets, and returns the column after it. Something
 * used shows at least one cell, and only a full gauge shows all of them. */
int fan_grid_gauge(const struct fan_pane *pane, int row, int col, int width, enum fan_style style,
                   uint64_t used, uint64_t capacity);

#endif
