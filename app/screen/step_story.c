#include "app/screen/step_story.h"

#include <stdio.h>
#include <string.h>

#include "app/step_words.h"

enum {
    FIRST = 6,   /* the first thread's column */
    WIDEST = 26, /* column */
    PLACE_COLS = 30,
};

struct columns {
    int width, end; /* a place stands from `end` on, where there is room for one */
    bool has_places;
};

static struct columns lay_out(const struct fan_pane *pane, uint32_t threads)
{
    struct columns columns = {.end = pane->cols - 1};
    columns.has_places = pane->cols >= FIRST + (int)threads * 14 + PLACE_COLS;
    if (columns.has_places)
        columns.end -= PLACE_COLS;
    columns.width = threads ? (columns.end - FIRST) / (int)threads : WIDEST;
    if (columns.width > WIDEST)
        columns.width = WIDEST;
    return columns;
}

static void draw_head(const struct fan_pane *pane, const struct columns *columns,
                      const struct fan_snapshot *now)
{
    fan_grid_put(pane, 0, 3, FAN_STYLE_DIM, "#");
    for (uint32_t i = 0; i < now->thread_count; i++)
        fan_grid_put_within(pane, 0, FIRST + (int)i * columns->width, columns->width - 1,
                            FAN_STYLE_TITLE, now->threads[i].label);
}

/* In its column; further left, if that is too near to the edge. */
static void draw_step(const struct fan_pane *pane, int row, const struct columns *columns,
                      const struct fan_story_source *source, uint32_t which, bool latest)
{
    char words[FAN_STORY_WORDS], place[FAN_STORY_PLACE];
    const struct fan_story_step *step = &source->told->steps[which];
    fan_story_words_of_step(source, which, words);
    fan_story_words_of_place(source, step->pc, place);
    int col = FIRST + step->thread * columns->width;
    int last = columns->end - fan_grid_text_width(pane, words);
    col = col < last ? col : last;
    fan_grid_print(pane, row, 0, FAN_STYLE_DIM, "%4u", which + 1);
    fan_grid_put_within(pane, row, col > FIRST ? col : FIRST, pane->cols - FIRST,
                        latest ? FAN_STYLE_CURRENT_LINE : FAN_STYLE_NORMAL, words);
    if (columns->has_places)
        fan_grid_put(pane, row, pane->cols - 1 - (int)strlen(place), FAN_STYLE_DIM, place);
}

static void draw_switch(const struct fan_pane *pane, int row, const char *words)
{
    fan_grid_fill(pane, row, FIRST, pane->cols - FIRST - 1, FAN_STYLE_DIM,
                  fan_grid_glyph(pane, FAN_GLYPH_RULE));
    int col = fan_grid_put(pane, row, FIRST + 2, FAN_STYLE_DIM, " ");
    col = fan_grid_put_within(pane, row, col, pane->cols - col - 2, FAN_STYLE_DIM, words);
    fan_grid_put(pane, row, col, FAN_STYLE_DIM, " ");
}

/* What a thread waits for that has not gone on since, its next operation tells. */
static bool words_of_switch(const struct fan_step *step, const struct fan_story_source *source,
                            uint32_t which, char words[FAN_STORY_SWITCH])
{
    char operation[FAN_STEP_WORDS];
    if (!fan_story_words_of_switch(source, which, words))
        return false;
    const struct fan_story_step *steps = source->told->steps;
    uint32_t from = steps[which - 1].thread;
    const struct fan_chair *chair = fan_step_chair(step);
    if (steps[which].preempts || step->over || from >= chair->thread_count ||
        chair->threads[from].ended || fan_story_next_of_thread(source, which - 1) >= 0)
        return true;
    fan_step_words_operation(step, from, operation);
    snprintf(words, FAN_STORY_SWITCH, "%s waits: %.60s; %s goes on", fan_story_thread(source, from),
             operation, fan_story_thread(source, steps[which].thread));
    return true;
}

/* From the bottom up: what happened last matters most. */
void fan_step_story_draw(const struct fan_pane *pane, const struct fan_step *step)
{
    const struct fan_run *run = step->run;
    struct fan_story_source source = fan_story_source_of_run(run);
    struct columns columns = lay_out(pane, run->snapshot->thread_count);
    char words[FAN_STORY_SWITCH];
    int rows = 0;
    for (uint32_t i = 0; i < source.count; i++)
        rows += 1 + words_of_switch(step, &source, i, words);
    int row = rows < pane->rows - 1 ? rows : pane->rows - 1;
    draw_head(pane, &columns, run->snapshot);
    for (uint32_t i = source.count; i-- > 0 && row > 0;) {
        draw_step(pane, row--, &columns, &source, i, i + 1 == source.count);
        if (row > 0 && words_of_switch(step, &source, i, words))
            draw_switch(pane, row--, words);
    }
    if (source.count == 0)
        fan_grid_put(pane, 1, FIRST, FAN_STYLE_DIM,
                     "nothing has happened yet: a digit runs that thread's next operation");
}
