#include "app/screen/step_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/screen/overlay.h"
#include "app/screen/step_source.h"
#include "app/screen/step_story.h"
#include "app/screen/verdict_line.h"
#include "app/step_words.h"

enum {
    HEAD_ROWS = 3,   /* what runs; how far, and the goal; the table's head */
    BOTTOM_ROWS = 4, /* a rule, a message, the line, the footer */
    LEAST_STORY = 6,
    NAME_COL = 5,
    OPERATION_COL = 18,
    FULL_TOP = 2,
    TALL = 34, /* rows from which on the source has room below the story */
    SOURCE_ROWS = 11,
    FULL_SOURCE_ROWS = 7,
};

/* Where the table's columns stand. */
struct table {
    int place, ability;
};

static struct table lay_out_table(const struct fan_pane *pane)
{
    if (pane->cols >= 120)
        return (struct table){.place = OPERATION_COL + 36,
                              .ability = OPERATION_COL + 36 + FAN_STORY_PLACE + 2};
    return (struct table){.place = OPERATION_COL + 24, .ability = OPERATION_COL + 31};
}

static bool is_too_small(const struct fan_step_screen *screen)
{
    return screen->rows < FAN_STEP_VIEW_ROWS || screen->cols < FAN_STEP_VIEW_COLS;
}

static void put_right(const struct fan_pane *pane, int row, enum fan_style style, const char *text)
{
    fan_grid_put(pane, row, pane->cols - 1 - fan_grid_text_width(pane, text), style, text);
}

/* ---- the head ---- */

static void draw_title(const struct fan_pane *pane, const struct fan_step *step)
{
    const struct fan_step_subject *subject = &step->subject;
    const struct fan_scenario *scenario = subject->scenario;
    bool says_twice = strcmp(scenario->id, scenario->title) == 0;
    int col = fan_grid_put(pane, 0, 1, FAN_STYLE_DIM, "fanlab");
    col = fan_grid_print(pane, 0, col + 2, FAN_STYLE_TITLE, "%s%s%s", scenario->id,
                         says_twice ? "" : " ", says_twice ? "" : scenario->title);
    fan_grid_print(pane, 0, col + 3, FAN_STYLE_NORMAL,
                   "%s, %" PRIu64 " worker%s, %" PRIu64 " item%s", subject->variant->name,
                   subject->workers, subject->workers == 1 ? "" : "s", subject->items,
                   subject->items == 1 ? "" : "s");
    put_right(pane, 0, FAN_STYLE_KEY, " CONTROLLED");
}

static void draw_goal(const struct fan_pane *pane, const struct fan_step *step)
{
    char goal[FAN_STEP_WORDS], share[FAN_STEP_WORDS];
    uint32_t steps = step->run ? step->run->exploration->story.count : 0;
    fan_step_words_goal(step->subject.variant, goal);
    fan_step_words_share(&step->search, share);
    int col = fan_grid_print(pane, 1, 1, FAN_STYLE_NORMAL, "step %-4u goal: ", steps);
    int room = pane->cols - col - 2 - fan_grid_text_width(pane, share);
    fan_grid_put_within(pane, 1, col, room, FAN_STYLE_TITLE, goal);
    put_right(pane, 1, FAN_STYLE_DIM, share);
}

/* ---- the table: what can be chosen ---- */

static void draw_mark(const struct fan_pane *pane, int row, int number, bool selected)
{
    if (selected)
        fan_grid_put_glyph(pane, row, 1, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
    if (number < 9)
        fan_grid_print(pane, row, 3, FAN_STYLE_KEY, "%d", number + 1);
}

static void draw_ability(const struct fan_pane *pane, int row, int col,
                         const struct fan_chair_thread *thread, const char *words)
{
    static const struct {
        enum fan_glyph glyph;
        enum fan_style style;
    } looks[] = {{FAN_GLYPH_BLOCKED, FAN_STYLE_BLOCKED},
                 {FAN_GLYPH_RUNNABLE, FAN_STYLE_RUNNING},
                 {FAN_GLYPH_DONE, FAN_STYLE_DONE},
                 {FAN_GLYPH_PANICKED, FAN_STYLE_PANICKED}};
    int look = thread->ended ? 2 : strcmp(words, "panicked") == 0 ? 3 : thread->enabled;
    if (!*words && !thread->ended)
        return;
    col = fan_grid_put_glyph(pane, row, col, looks[look].style, looks[look].glyph);
    fan_grid_put_within(pane, row, col + 1, pane->cols - col - 2, looks[look].style,
                        thread->ended ? "done" : words);
}

/* ":41", or with its file where there is room. */
static void draw_place(const struct fan_pane *pane, int row, const struct table *table,
                       const struct fan_step *step, uint64_t pc)
{
    char place[FAN_STORY_PLACE];
    struct fan_story_source source = fan_story_source_of_run(step->run);
    fan_story_words_of_place(&source, pc, place);
    const char *line = strrchr(place, ':');
    bool whole = table->ability - table->place > FAN_STORY_PLACE;
    fan_grid_put(pane, row, table->place, FAN_STYLE_DIM, whole || !line ? place : line);
}

static void draw_thread(const struct fan_pane *pane, int row, const struct table *table,
                        const struct fan_step_screen *screen, int index)
{
    char operation[FAN_STEP_WORDS], ability[FAN_STEP_WORDS];
    const struct fan_step *step = screen->step;
    const struct fan_snapshot *now = step->run->snapshot;
    const struct fan_chair_thread *thread = &fan_step_chair(step)->threads[index];
    fan_step_words_operation(step, (uint32_t)index, operation);
    fan_step_words_ability(step, (uint32_t)index, ability);
    draw_mark(pane, row, index, index == fan_step_screen_selected(screen));
    fan_grid_put_within(pane, row, NAME_COL, OPERATION_COL - NAME_COL - 1, FAN_STYLE_NORMAL,
                        (uint32_t)index < now->thread_count ? now->threads[index].label
                                                            : "a thread");
    fan_grid_put_within(pane, row, OPERATION_COL, table->place - OPERATION_COL - 1,
                        thread->ended ? FAN_STYLE_DIM : FAN_STYLE_NORMAL,
                        thread->ended ? "" : operation);
    if (!thread->ended)
        draw_place(pane, row, table, step, thread->pc);
    draw_ability(pane, row, table->ability, thread, ability);
}

static void draw_possibility(const struct fan_pane *pane, int row,
                             const struct fan_step_screen *screen, int index)
{
    const struct fan_chair *chair = fan_step_chair(screen->step);
    draw_mark(pane, row, index, index == fan_step_screen_selected(screen));
    const struct fan_step_preview *preview = &screen->step->preview;
    bool known = index < (int)preview->known && *preview->words[index];
    if (known)
        fan_grid_put_within(pane, row, NAME_COL, pane->cols - NAME_COL - 20, FAN_STYLE_NORMAL,
                            preview->words[index]);
    else
        fan_grid_print(pane, row, NAME_COL, FAN_STYLE_NORMAL, "possibility %d of %u", index + 1,
                       chair->options);
    if (index == (int)chair->usual)
        put_right(pane, row, FAN_STYLE_DIM, "the usual one");
}

static int table_length(const struct fan_step *step)
{
    const struct fan_chair *chair = fan_step_chair(step);
    if (!chair)
        return 0;
    return (int)(chair->due == FAN_CHAIR_VALUE ? chair->options : chair->thread_count);
}

static void draw_table_head(const struct fan_pane *pane, const struct table *table,
                            const struct fan_step *step)
{
    const struct fan_chair *chair = fan_step_chair(step);
    char operation[FAN_STEP_WORDS];
    if (chair->due == FAN_CHAIR_VALUE) {
        fan_step_words_operation(step, chair->thread, operation);
        fan_grid_print(pane, 0, NAME_COL, FAN_STYLE_TITLE, "%s is in %s: which way does it go?",
                       step->run->snapshot->threads[chair->thread].label, operation);
        return;
    }
    fan_grid_put(pane, 0, NAME_COL, FAN_STYLE_DIM, "thread");
    fan_grid_put(pane, 0, OPERATION_COL, FAN_STYLE_DIM,
                 chair->due == FAN_CHAIR_NOTHING ? "was at" : "next operation");
    if (chair->due == FAN_CHAIR_THREAD)
        fan_grid_put(pane, 0, table->ability, FAN_STYLE_DIM, "can it run?");
}

/* The rows around the selected one, where not all fit. */
static void draw_table(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    struct table table = lay_out_table(pane);
    const struct fan_step *step = screen->step;
    int length = table_length(step), shown = pane->rows - 1;
    int first = fan_step_screen_selected(screen) - shown + 1;
    draw_table_head(pane, &table, step);
    first = first > 0 ? first : 0;
    for (int i = first; i < length && i - first < shown; i++) {
        if (fan_step_chair(step)->due == FAN_CHAIR_VALUE)
            draw_possibility(pane, 1 + i - first, screen, i);
        else
            draw_thread(pane, 1 + i - first, &table, screen, i);
    }
}

/* ---- the bottom ---- */

static void draw_verdict(const struct fan_pane *pane, int row, const struct fan_step *step)
{
    char words[200] = "the run is over: every thread has ended, and nothing was found";
    const struct fan_verdict *verdict = step->run->verdict;
    bool bad = verdict->finding_count > 0 || *step->run->error;
    if (verdict->finding_count > 0)
        fan_verdict_line_describe(&verdict->findings[0], words, sizeof words);
    else if (*step->run->error)
        snprintf(words, sizeof words, "%s", step->run->error);
    enum fan_style style = bad ? FAN_STYLE_VERDICT_BAD : FAN_STYLE_VERDICT_GOOD;
    fan_grid_put_glyph(pane, row, 1, style, bad ? FAN_GLYPH_LEAKED : FAN_GLYPH_DONE);
    fan_grid_put_within(pane, row, 3, pane->cols - 4, style, words);
}

static void draw_message(const struct fan_pane *pane, int row, const struct fan_step *step)
{
    if (*step->note)
        fan_grid_put_within(pane, row, 1, pane->cols - 2, FAN_STYLE_ERROR, step->note);
    else if (step->search.state == FAN_STEP_SEARCHING)
        fan_grid_put(pane, row, 1, FAN_STYLE_RUNNING, "searching for a schedule that fails");
    else if (step->run && (step->over || step->run->verdict->finding_count > 0))
        draw_verdict(pane, row, step);
    else if (!step->run)
        fan_grid_put(pane, row, 1, FAN_STYLE_DIM, "starting");
}

static void draw_line(const struct fan_pane *pane, int row, const struct fan_step *step)
{
    static const char copies[] = "  y copies it";
    int room = pane->cols - 2 - (int)sizeof copies;
    if (!step->run)
        return;
    fan_grid_put_within(pane, row, 1, room, FAN_STYLE_NORMAL,
                        *step->line ? step->line : "this schedule is too long for a line");
    if (*step->line)
        put_right(pane, row, FAN_STYLE_DIM, copies);
}

/* ---- what lies over it ---- */

/* Draws what lies above `first` nowhere. */
static int draw_frame(const struct fan_pane *pane, int line, int first,
                      const struct fan_place *place)
{
    char where[160] = "";
    if (*place->file)
        snprintf(where, sizeof where, "%.140s:%d", place->file, place->line);
    fan_grid_print(pane, line - first, 4, place->library ? FAN_STYLE_DIM : FAN_STYLE_NORMAL,
                   "%-28s %s", place->function, where);
    return line + 1;
}

/* The frames above the place where the program called the library. */
static int draw_stack(const struct fan_pane *pane, int line, int first, const struct fan_step *step,
                      const struct fan_chair_thread *thread)
{
    struct fan_story_source source = fan_story_source_of_run(step->run);
    uint32_t frame = 0;
    while (frame < thread->stack.depth && thread->stack.frames[frame] != thread->pc)
        frame++;
    fan_grid_put(pane, line++ - first, 2, FAN_STYLE_DIM, "called from");
    if (frame == thread->stack.depth && thread->pc)
        line = draw_frame(pane, line, first, fan_story_place(&source, thread->pc));
    for (; frame < thread->stack.depth; frame++)
        line = draw_frame(pane, line, first, fan_story_place(&source, thread->stack.frames[frame]));
    return line;
}

/* The thread that the chosen possibility is about. */
static int thread_in_hand(const struct fan_step_screen *screen)
{
    const struct fan_chair *chair = fan_step_chair(screen->step);
    return chair->due == FAN_CHAIR_VALUE ? (int)chair->thread : fan_step_screen_selected(screen);
}

static int draw_thread_in_full(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    char operation[FAN_STEP_WORDS], ability[FAN_STEP_WORDS];
    const struct fan_step *step = screen->step;
    const struct fan_chair *chair = fan_step_chair(step);
    int index = thread_in_hand(screen), line = 0, first = screen->scroll;
    const struct fan_chair_thread *thread = &chair->threads[index];
    fan_step_words_operation(step, (uint32_t)index, operation);
    fan_step_words_ability(step, (uint32_t)index, ability);
    fan_grid_print(pane, line++ - first, 2, FAN_STYLE_TITLE, "%s",
                   step->run->snapshot->threads[index].label);
    fan_grid_print(pane, line++ - first, 2, FAN_STYLE_NORMAL, "next        %s", operation);
    if (*ability)
        fan_grid_print(pane, line++ - first, 2, FAN_STYLE_NORMAL, "can it run  %s", ability);
    line++;
    if (thread->ended)
        return line;
    struct fan_pane code = fan_grid_part(pane, line - first, 0, FULL_SOURCE_ROWS, pane->cols);
    if (line >= first)
        fan_step_source_draw(&code, step, index);
    return draw_stack(pane, line + FULL_SOURCE_ROWS + 1, first, step, thread);
}

/* Whole, over as many rows as it needs, so that it can be copied by hand too. */
static int draw_copied(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    const char *line = screen->step->line;
    int row = -screen->scroll, width = pane->cols - 4;
    fan_grid_put(pane, row++, 2, FAN_STYLE_NORMAL,
                 "This line replays what was chosen, and then the usual schedule. It has been");
    fan_grid_put(pane, row++, 2, FAN_STYLE_NORMAL,
                 "given to the clipboard, if the terminal lets programs do that.");
    row++;
    for (size_t at = 0, length = strlen(line); at < length && width > 0; at += (size_t)width)
        fan_grid_print(pane, row++, 2, FAN_STYLE_TITLE, "%.*s", width, line + at);
    row++;
    fan_grid_put(pane, row++, 2, FAN_STYLE_DIM, "fanlab replay LINE         tells its story");
    fan_grid_put(pane, row++, 2, FAN_STYLE_DIM, "fanlab replay LINE --tui   comes back here");
    return row + screen->scroll;
}

static int draw_full(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    return screen->overlay == FAN_STEP_COPIED ? draw_copied(pane, screen)
                                              : draw_thread_in_full(pane, screen);
}

int fan_step_view_lines(const struct fan_step_screen *screen)
{
    struct fan_grid grid = {0};
    struct fan_pane none = {.grid = &grid, .cols = screen->cols};
    return draw_full(&none, screen);
}

int fan_step_view_page(const struct fan_step_screen *screen)
{
    int page = screen->rows - FULL_TOP - 1;
    return page > 1 ? page : 1;
}

static void draw_prompt(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    struct fan_pane box = fan_overlay_open(pane, 5, pane->cols - 4, "a replay line");
    int room = box.cols - 4;
    size_t length = strlen(screen->typed);
    const char *end =
        (int)length > room - 1 ? screen->typed + length - (size_t)room + 1 : screen->typed;
    fan_grid_fill(&box, 1, 2, room, FAN_STYLE_SELECTED, ' ');
    int col = fan_grid_put(&box, 1, 2, FAN_STYLE_SELECTED, end);
    fan_grid_put(&box, 1, col, FAN_STYLE_SELECTED, "_");
}

/* ---- all ---- */

static int table_rows(const struct fan_step_screen *screen)
{
    int wanted = 1 + table_length(screen->step);
    int most = screen->rows - HEAD_ROWS + 1 - BOTTOM_ROWS;
    if (!is_too_small(screen))
        most -= LEAST_STORY + 1;
    wanted = wanted < most ? wanted : most;
    return wanted > 2 ? wanted : 2;
}

/* What has happened, and on a tall terminal where it goes on. */
static void draw_middle(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    int source = screen->rows >= TALL ? SOURCE_ROWS + 1 : 0;
    struct fan_pane story = fan_grid_part(pane, 0, 0, pane->rows - source, pane->cols);
    struct fan_pane code = fan_grid_part(pane, pane->rows - source + 1, 0, source - 1, pane->cols);
    fan_step_story_draw(&story, screen->step);
    if (source == 0)
        return;
    fan_grid_rule(pane, pane->rows - source, FAN_STYLE_DIM);
    fan_step_source_draw(&code, screen->step, thread_in_hand(screen));
}

static void draw_plain(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    const struct fan_step *step = screen->step;
    int table = table_rows(screen), top = HEAD_ROWS - 1 + table, bottom = pane->rows - BOTTOM_ROWS;
    struct fan_pane choices = fan_grid_part(pane, HEAD_ROWS - 1, 0, table, pane->cols);
    struct fan_pane middle = fan_grid_part(pane, top + 1, 0, bottom - top - 1, pane->cols);
    draw_goal(pane, step);
    if (step->run) {
        draw_table(&choices, screen);
        if (!is_too_small(screen)) {
            fan_grid_rule(pane, top, FAN_STYLE_DIM);
            draw_middle(&middle, screen);
        }
    }
    if (is_too_small(screen))
        fan_grid_print(pane, bottom, 1, FAN_STYLE_ERROR,
                       "%dx%d is too small for the story: the threads alone", screen->cols,
                       screen->rows);
    else
        fan_grid_rule(pane, bottom, FAN_STYLE_DIM);
    draw_message(pane, bottom + 1, step);
    draw_line(pane, bottom + 2, step);
}

void fan_step_view_draw(const struct fan_pane *pane, const struct fan_step_screen *screen)
{
    struct fan_pane full = fan_grid_part(pane, FULL_TOP, 0, fan_step_view_page(screen), pane->cols);
    bool is_full = screen->overlay == FAN_STEP_THREAD || screen->overlay == FAN_STEP_COPIED;
    draw_title(pane, screen->step);
    if (is_full)
        draw_full(&full, screen);
    else
        draw_plain(pane, screen);
    if (screen->overlay == FAN_STEP_FORM)
        fan_form_draw(pane, &screen->form);
    if (screen->overlay == FAN_STEP_LINE)
        draw_prompt(pane, screen);
    fan_keys_footer(pane, fan_step_screen_place(screen), fan_step_screen_possible(screen),
                    screen->overlay == FAN_STEP_PLAIN ? screen->back : NULL);
}
