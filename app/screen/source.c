#include "app/screen/source.h"

#include "app/screen/names.h"

#include <string.h>

enum { NUMBER = 3, CODE = 9, GAP = 3, LEAST_CODE = 20, LONGEST_LINE = 256, NAMES = 128, TAB = 4 };

static bool is_this_file(const char *file, const struct fan_place *place)
{
    return place && place->line > 0 && strcmp(place->file, file) == 0;
}

/* The line a thread stands on in this file, or 0. */
static int line_of(const char *file, const struct fan_half *half, int index)
{
    const struct fan_thread_view *thread = fan_half_thread(half, index);
    if (!thread || thread->state == FAN_STATE_DONE)
        return 0;
    const struct fan_place *place = fan_half_current(half, thread);
    return is_this_file(file, place) ? place->line : 0;
}

static int line_to_show(const char *file, const struct fan_half *half, int selected)
{
    int line = line_of(file, half, selected);
    for (int i = 0; line == 0 && i < fan_half_threads(half); i++)
        line = line_of(file, half, i);
    return line ? line : 1;
}

static const char *start_of_line(const char *source, int line)
{
    while (--line > 0 && source) {
        const char *end = strchr(source, '\n');
        source = end ? end + 1 : NULL;
    }
    return source && *source ? source : NULL;
}

/* Copies one line with its tabs as spaces and returns the start of the next, NULL at the end. */
static const char *take_line(const char *source, char text[LONGEST_LINE])
{
    size_t length = strcspn(source, "\n"), used = 0;
    for (size_t i = 0; i < length && used + TAB < LONGEST_LINE; i++) {
        size_t spaces = source[i] == '\t' ? TAB - used % TAB : 0;
        memset(text + used, ' ', spaces);
        used += spaces;
        if (!spaces)
            text[used++] = source[i];
    }
    text[used] = '\0';
    const char *next = source + length;
    return next[0] && next[1] ? next + 1 : NULL;
}

/* The names of the threads on a line, as "main, worker 2, worker 5". */
static void name_threads(const char *file, const struct fan_half *half, int line, char text[NAMES])
{
    struct fan_names names = fan_names_into(text, NAMES);
    for (int i = 0; i < fan_half_threads(half); i++) {
        if (line_of(file, half, i) == line)
            fan_names_add(&names, fan_half_thread(half, i)->label);
    }
}

/* The names stand right behind the code; long code makes room for them. */
static void draw_line(const struct fan_pane *pane, int row, int line, const char *code,
                      const char *threads, bool current)
{
    enum fan_style style = current ? FAN_STYLE_CURRENT_LINE : FAN_STYLE_NORMAL;
    int names = fan_grid_text_width(pane, threads);
    int room = pane->cols - 1 - CODE - (names ? names + GAP : 0);
    if (room < LEAST_CODE)
        room = LEAST_CODE;
    if (current)
        fan_grid_put_glyph(pane, row, 1, FAN_STYLE_CURRENT_LINE, FAN_GLYPH_POINTER);
    fan_grid_print(pane, row, NUMBER, current ? style : FAN_STYLE_DIM, "%4d", line);
    int col = fan_grid_put_within(pane, row, CODE, room, style, code) + GAP;
    fan_grid_put_within(pane, row, col, pane->cols - 1 - col, FAN_STYLE_BLOCKED, threads);
}

static int count_lines(const char *source)
{
    int lines = 0;
    for (; *source; lines++) {
        const char *end = strchr(source, '\n');
        source = end ? end + 1 : source + strlen(source);
    }
    return lines;
}

/* The line to show stands a third from the top; the end of the file leaves no empty rows. */
static int first_line(const char *source, int wanted, int rows)
{
    int last = count_lines(source) - rows + 1;
    int first = wanted - rows / 3;
    first = first > last ? last : first;
    return first < 1 ? 1 : first;
}

void fan_source_draw(const struct fan_pane *pane, const char *file, const char *source,
                     const struct fan_half *half, int selected)
{
    int current = line_of(file, half, selected);
    int line = first_line(source, line_to_show(file, half, selected), pane->rows);
    const char *at = start_of_line(source, line);
    for (int row = 0; row < pane->rows && at; row++, line++) {
        char code[LONGEST_LINE], threads[NAMES];
        at = take_line(at, code);
        name_threads(file, half, line, threads);
        draw_line(pane, row, line, code, threads, current == line);
    }
}
