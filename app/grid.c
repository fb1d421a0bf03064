#include "app/grid.h"

#include "app/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define LARGEST_SIDE 4096

static const uint32_t glyphs[FAN_GLYPH_COUNT][2] = {
    /*                           ASCII  UTF-8 */
    [FAN_GLYPH_RUNNING] = {'>', 0x25ba},    /* black right-pointing pointer */
    [FAN_GLYPH_RUNNABLE] = {'.', 0x00b7},   /* middle dot */
    [FAN_GLYPH_BLOCKED] = {'#', 0x25a0},    /* black square */
    [FAN_GLYPH_DONE] = {'=', 0x2713},       /* check mark */
    [FAN_GLYPH_LEAKED] = {'!', 0x25b2},     /* black up-pointing triangle */
    [FAN_GLYPH_CANCELLED] = {'~', 0x2248},  /* almost equal to */
    [FAN_GLYPH_PANICKED] = {'*', 0x2731},   /* heavy asterisk */
    [FAN_GLYPH_POINTER] = {'>', 0x25ba},    /* black right-pointing pointer */
    [FAN_GLYPH_RULE] = {'-', 0x2500},       /* box drawings light horizontal */
    [FAN_GLYPH_DIVIDER] = {'|', 0x2502},    /* box drawings light vertical */
    [FAN_GLYPH_GAUGE_FULL] = {'#', 0x2588}, /* full block */
    [FAN_GLYPH_GAUGE_EMPTY] = {' ', ' '},
    [FAN_GLYPH_ELLIPSIS] = {'~', 0x2026},    /* horizontal ellipsis */
    [FAN_GLYPH_REPLACEMENT] = {'?', 0xfffd}, /* replacement character */
};

static const struct fan_cell blank = {.codepoint = ' ', .style = FAN_STYLE_NORMAL};

/* ---- the grid ---- */

static struct fan_cell *new_cells(int rows, int cols)
{
    return calloc((size_t)rows * (size_t)cols, sizeof(struct fan_cell));
}

int fan_grid_init(struct fan_grid *grid, int rows, int cols, enum fan_charset charset)
{
    if (rows < 1 || cols < 1 || rows > LARGEST_SIDE || cols > LARGEST_SIDE)
        return EINVAL;
    struct fan_cell *cells = new_cells(rows, cols);
    if (!cells)
        return ENOMEM;
    *grid = (struct fan_grid){.rows = rows, .cols = cols, .charset = charset, .cells = cells};
    fan_grid_clear(grid);
    return 0;
}

void fan_grid_destroy(struct fan_grid *grid)
{
    if (!grid)
        return;
    free(grid->cells);
    *grid = (struct fan_grid){0};
}

int fan_grid_resize(struct fan_grid *grid, int rows, int cols)
{
    struct fan_grid fresh;
    int err = fan_grid_init(&fresh, rows, cols, grid->charset);
    if (err)
        return err;
    fan_grid_destroy(grid);
    *grid = fresh;
    return 0;
}

void fan_grid_clear(struct fan_grid *grid)
{
    int count = grid->rows * grid->cols;
    for (int i = 0; i < count; i++)
        grid->cells[i] = blank;
}

static struct fan_cell *cell_at(const struct fan_grid *grid, int row, int col)
{
    return &grid->cells[row * grid->cols + col];
}

const struct fan_cell *fan_grid_cell(const struct fan_grid *grid, int row, int col)
{
    return cell_at(grid, row, col);
}

/* ---- characters ---- */

/* One character as it will stand in cells. */
struct drawn {
    uint32_t codepoint;
    int width; /* 0 for a combining mark */
};

static struct drawn next_drawn(enum fan_charset charset, const char **text)
{
    struct drawn bad = {.codepoint = glyphs[FAN_GLYPH_REPLACEMENT][charset], .width = 1};
    uint32_t c;
    if (!fan_utf8_decode(text, &c) || (charset == FAN_CHARSET_ASCII && c > 0x7e))
        return bad;
    int width = wcwidth((wchar_t)c);
    if (width < 0)
        return bad;
    return (struct drawn){.codepoint = c, .width = width};
}

void fan_grid_read_row(const struct fan_grid *grid, int row, char *text, size_t size)
{
    size_t used = 0, kept = 0;
    for (int col = 0; col < grid->cols; col++) {
        const struct fan_cell *cell = cell_at(grid, row, col);
        if (cell->codepoint == 0)
            continue;
        char bytes[8];
        size_t length = fan_utf8_encode(cell->codepoint, bytes);
        if (cell->mark)
            length += fan_utf8_encode(cell->mark, bytes + length);
        if (used + length + 1 > size)
            break;
        for (size_t i = 0; i < length; i++)
            text[used++] = bytes[i];
        if (cell->codepoint != ' ')
            kept = used;
    }
    text[kept] = '\0';
}

/* ---- panes ---- */

struct fan_pane fan_grid_whole(struct fan_grid *grid)
{
    return (struct fan_pane){.grid = grid, .rows = grid->rows, .cols = grid->cols};
}

/* Cuts a span of one axis to 0..limit. */
static void clip_span(int limit, int *start, int *length)
{
    if (*start < 0) {
        *length += *start;
        *start = 0;
    }
    if (*length > limit - *start)
        *length = limit - *start;
    if (*length < 0)
        *length = 0;
}

struct fan_pane fan_grid_part(const struct fan_pane *pane, int row, int col, int rows, int cols)
{
    clip_span(pane->rows, &row, &rows);
    clip_span(pane->cols, &col, &cols);
    return (struct fan_pane){.grid = pane->grid,
                             .row = pane->row + row,
                             .col = pane->col + col,
                             .rows = rows,
                             .cols = cols};
}

static struct fan_cell *cell_in(const struct fan_pane *pane, int row, int col)
{
    if (row < 0 || row >= pane->rows || col < 0 || col >= pane->cols)
        return NULL;
    return cell_at(pane->grid, pane->row + row, pane->col + col);
}

/* A wide character that loses one half must lose the other too, or the terminal shows debris. */
static void free_wide_halves(const struct fan_pane *pane, int row, int col)
{
    int grid_row = pane->row + row, grid_col = pane->col + col;
    struct fan_cell *cell = cell_at(pane->grid, grid_row, grid_col);
    if (cell->codepoint == 0 && grid_col > 0)
        cell_at(pane->grid, grid_row, grid_col - 1)->codepoint = ' ';
    if (grid_col + 1 < pane->grid->cols) {
        struct fan_cell *right = cell_at(pane->grid, grid_row, grid_col + 1);
        if (right->codepoint == 0)
            right->codepoint = ' ';
    }
}

static void write_cell(const struct fan_pane *pane, int row, int col, enum fan_style style,
                       uint32_t codepoint)
{
    struct fan_cell *cell = cell_in(pane, row, col);
    if (!cell)
        return;
    free_wide_halves(pane, row, col);
    *cell = (struct fan_cell){.codepoint = codepoint, .style = style};
}

static void write_wide(const struct fan_pane *pane, int row, int col, enum fan_style style,
                       uint32_t codepoint)
{
    bool fits = cell_in(pane, row, col) && cell_in(pane, row, col + 1);
    write_cell(pane, row, col, style, ' ');
    write_cell(pane, row, col + 1, style, ' ');
    if (!fits)
        return;
    cell_in(pane, row, col)->codepoint = codepoint;
    cell_in(pane, row, col + 1)->codepoint = 0;
}

static void add_mark(const struct fan_pane *pane, int row, int col, uint32_t mark)
{
    struct fan_cell *cell = cell_in(pane, row, col);
    if (cell && cell->codepoint == 0)
        cell = cell_in(pane, row, col - 1);
    if (cell && cell->mark == 0)
        cell->mark = mark;
}

/* ---- drawing ---- */

uint32_t fan_grid_glyph(const struct fan_pane *pane, enum fan_glyph glyph)
{
    return glyphs[glyph][pane->grid->charset];
}

int fan_grid_put_glyph(const struct fan_pane *pane, int row, int col, enum fan_style style,
                       enum fan_glyph glyph)
{
    write_cell(pane, row, col, style, fan_grid_glyph(pane, glyph));
    return col + 1;
}

int fan_grid_put(const struct fan_pane *pane, int row, int col, enum fan_style style,
                 const char *text)
{
    while (*text) {
        struct drawn next = next_drawn(pane->grid->charset, &text);
        if (next.width == 0)
            add_mark(pane, row, col - 1, next.codepoint);
        else if (next.width == 1)
            write_cell(pane, row, col, style, next.codepoint);
        else
            write_wide(pane, row, col, style, next.codepoint);
        col += next.width;
    }
    return col;
}

int fan_grid_put_within(const struct fan_pane *pane, int row, int col, int width,
                        enum fan_style style, const char *text)
{
    struct fan_pane room = fan_grid_part(pane, row, col, 1, width);
    int needed = fan_grid_put(&room, 0, 0, style, text);
    if (needed <= width)
        return col + needed;
    fan_grid_put_glyph(&room, 0, room.cols - 1, style, FAN_GLYPH_ELLIPSIS);
    return col + width;
}

int fan_grid_print(const struct fan_pane *pane, int row, int col, enum fan_style style,
                   const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fan_grid_put(pane, row, col, style, text);
}

int fan_grid_text_width(const struct fan_pane *pane, const char *text)
{
    int width = 0;
    while (*text)
        width += next_drawn(pane->grid->charset, &text).width;
    return width;
}

void fan_grid_fill(const struct fan_pane *pane, int row, int col, int width, enum fan_style style,
                   uint32_t codepoint)
{
    clip_span(pane->cols, &col, &width);
    for (int i = 0; i < width; i++)
        write_cell(pane, row, col + i, style, codepoint);
}

void fan_grid_restyle(const struct fan_pane *pane, int row, int col, int width,
                      enum fan_style style)
{
    struct fan_pane run = fan_grid_part(pane, row, col, 1, width);
    for (int i = 0; i < run.cols && run.rows > 0; i++)
        cell_in(&run, 0, i)->style = style;
}

void fan_grid_rule(const struct fan_pane *pane, int row, enum fan_style style)
{
    fan_grid_fill(pane, row, 0, pane->cols, style, fan_grid_glyph(pane, FAN_GLYPH_RULE));
}

void fan_grid_divider(const struct fan_pane *pane, int col, enum fan_style style)
{
    for (int row = 0; row < pane->rows; row++)
        fan_grid_put_glyph(pane, row, col, style, FAN_GLYPH_DIVIDER);
}

static int gauge_cells(int width, uint64_t used, uint64_t capacity)
{
    if (capacity == 0 || used == 0)
        return 0;
    if (used >= capacity)
        return width;
    int cells = (int)((double)used / (double)capacity * width);
    if (cells < 1)
        return width > 1 ? 1 : 0;
    return cells < width ? cells : width - 1;
}

int fan_grid_gauge(const struct fan_pane *pane, int row, int col, int width, enum fan_style style,
                   uint64_t used, uint64_t capacity)
{
    int full = gauge_cells(width, used, capacity);
    col = fan_grid_put(pane, row, col, FAN_STYLE_DIM, "[");
    fan_grid_fill(pane, row, col, full, style, fan_grid_glyph(pane, FAN_GLYPH_GAUGE_FULL));
    fan_grid_fill(pane, row, col + full, width - full, style,
                  fan_grid_glyph(pane, FAN_GLYPH_GAUGE_EMPTY));
    return fan_grid_put(pane, row, col + width, FAN_STYLE_DIM, "]");
}
