#include "app/screen/step_source.h"

#include <string.h>

#include "app/screen/names.h"
#include "app/story_words.h"

enum { NUMBER_COLS = 7, NAMES = 27 };

/* The line of the program's own code that a thread is at, 0 if it is in none that can be shown. */
static int line_of(const struct fan_step *step, uint32_t index)
{
    struct fan_story_source source = fan_story_source_of_run(step->run);
    const struct fan_chair_thread *thread = &fan_step_chair(step)->threads[index];
    const struct fan_scenario *scenario = step->subject.scenario;
    for (uint32_t i = 0; i < thread->stack.depth && !thread->ended; i++) {
        const struct fan_place *place = fan_story_place(&source, thread->stack.frames[i]);
        if (scenario->file && strcmp(place->file, scenario->file) == 0)
            return place->line;
    }
    return 0;
}

static void names_at(const struct fan_step *step, int line, char *text, size_t size)
{
    struct fan_names names = fan_names_into(text, size);
    const struct fan_snapshot *now = step->run->snapshot;
    for (uint32_t i = 0; i < fan_step_chair(step)->thread_count && i < now->thread_count; i++)
        if (line_of(step, i) == line)
            fan_names_add(&names, now->threads[i].label);
}

static const char *text_of_line(const char *source, int line)
{
    for (int i = 1; i < line && source; i++) {
        source = strchr(source, '\n');
        source = source ? source + 1 : NULL;
    }
    return source && *source ? source : NULL;
}

static void draw_line(const struct fan_pane *pane, int row, const struct fan_step *step, int line,
                      const char *text, bool current)
{
    char code[256], names[NAMES];
    size_t length = strcspn(text, "\n");
    length = length < sizeof code - 1 ? length : sizeof code - 1;
    memcpy(code, text, length);
    code[length] = '\0';
    names_at(step, line, names, sizeof names);
    enum fan_style style = current ? FAN_STYLE_CURRENT_LINE : FAN_STYLE_NORMAL;
    if (current)
        fan_grid_put_glyph(pane, row, 1, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
    fan_grid_print(pane, row, 2, FAN_STYLE_DIM, "%4d", line);
    int room = pane->cols - 1 - fan_grid_text_width(pane, names);
    fan_grid_put(pane, row, room, FAN_STYLE_KEY, names);
    fan_grid_put_within(pane, row, NUMBER_COLS, room - NUMBER_COLS - 1, style, code);
}

void fan_step_source_draw(const struct fan_pane *pane, const struct fan_step *step, int thread)
{
    int line = thread >= 0 ? line_of(step, (uint32_t)thread) : 0;
    int first = line - pane->rows / 2;
    if (line == 0)
        return;
    first = first > 1 ? first : 1;
    for (int row = 0; row < pane->rows; row++) {
        const char *text = text_of_line(step->subject.scenario->source, first + row);
        if (!text)
            return;
        draw_line(pane, row, step, first + row, text, first + row == line);
    }
}
