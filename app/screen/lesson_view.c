#include "app/screen/lesson_view.h"

#include <stdio.h>
#include <string.h>

#include "app/lesson/layout.h"
#include "app/screen/overlay.h"

enum { HEAD_ROWS = 3, FOOT_ROWS = 2, WIDEST = 80, MARGIN = 0, NARROWEST = 20 };

static int text_width(const struct fan_lesson_screen *screen)
{
    int width = screen->cols < WIDEST ? screen->cols : WIDEST;
    return width > NARROWEST ? width - MARGIN : NARROWEST;
}

int fan_lesson_view_page(const struct fan_lesson_screen *screen)
{
    int rows = screen->rows - HEAD_ROWS - FOOT_ROWS;
    return rows > 1 ? rows : 1;
}

/* ---- the text ---- */

static bool lay_out(const struct fan_lesson_screen *screen, struct fan_layout *lines)
{
    const struct fan_progress *progress = fan_lesson_screen_progress(screen);
    struct fan_reading how = {.width = text_width(screen),
                              .view = screen->view,
                              .chosen = progress->chosen[progress->stage],
                              .hints = screen->hints};
    return fan_layout_stage(fan_lesson_screen_lesson(screen), progress->stage, &how, lines) == 0;
}

int fan_lesson_view_lines(const struct fan_lesson_screen *screen)
{
    struct fan_layout lines;
    if (!lay_out(screen, &lines))
        return 0;
    int count = (int)lines.count;
    fan_layout_free(&lines);
    return count;
}

static bool is_reply(const struct fan_line *line)
{
    return line->look == FAN_LOOK_REPLY || line->look == FAN_LOOK_RIGHT ||
           line->look == FAN_LOOK_WRONG;
}

/* The line behind the reply to a question, counting those that were replied to. */
static int end_of_reply(const struct fan_layout *lines, int question)
{
    int end = 0, seen = 0;
    for (size_t i = 0; i < lines->count && seen <= question + 1; i++) {
        seen += is_reply(&lines->lines[i]) && (i == 0 || !is_reply(&lines->lines[i - 1]));
        if (is_reply(&lines->lines[i]) && seen <= question + 1)
            end = (int)i + 1;
    }
    return end;
}

int fan_lesson_view_line_of_reply(const struct fan_lesson_screen *screen, int question)
{
    struct fan_layout lines;
    int page = fan_lesson_view_page(screen);
    if (!lay_out(screen, &lines))
        return 0;
    int end = end_of_reply(&lines, question);
    fan_layout_free(&lines);
    return end > screen->scroll + page ? end - page : screen->scroll;
}

static enum fan_style style_of(enum fan_look look)
{
    switch (look) {
    case FAN_LOOK_HEADING:
        return FAN_STYLE_TITLE;
    case FAN_LOOK_LABEL:
        return FAN_STYLE_DIM;
    case FAN_LOOK_RIGHT:
        return FAN_STYLE_VERDICT_GOOD;
    case FAN_LOOK_WRONG:
        return FAN_STYLE_CANCELLED;
    case FAN_LOOK_HINT:
    case FAN_LOOK_LAB:
        return FAN_STYLE_BLOCKED;
    default:
        return FAN_STYLE_NORMAL;
    }
}

static enum fan_style style_of_span(enum fan_span_kind kind)
{
    return kind == FAN_SPAN_STRONG ? FAN_STYLE_TITLE
           : kind == FAN_SPAN_CODE ? FAN_STYLE_RUNNING
                                   : FAN_STYLE_DIM;
}

/* Lessons are ASCII: bytes are columns. */
static void draw_line(const struct fan_pane *pane, int row, const struct fan_line *line)
{
    fan_grid_put(pane, row, MARGIN, style_of(line->look), line->text);
    for (size_t i = 0; i < line->span_count; i++) {
        const struct fan_span *span = &line->spans[i];
        fan_grid_restyle(pane, row, MARGIN + (int)span->start, (int)(span->end - span->start),
                         style_of_span(span->kind));
    }
    if (line->look == FAN_LOOK_ANSWER)
        fan_grid_restyle(pane, row, MARGIN, 4, FAN_STYLE_KEY);
}

/* ---- around it ---- */

static void draw_name(const struct fan_pane *pane, const struct fan_lesson_screen *screen)
{
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    static const char *const languages[FAN_VIEW_COUNT] = {
        [FAN_VIEW_C] = "C with libfan", [FAN_VIEW_GO] = "Go", [FAN_VIEW_PTHREADS] = "C, pthreads"};
    bool has_views = fan_lesson_screen_stage(screen)->has_views;
    const char *language = has_views ? languages[screen->view] : "";
    int at = pane->cols - 1 - fan_grid_text_width(pane, language);
    int col = fan_grid_put(pane, 0, 1, FAN_STYLE_TITLE, lesson->bug ? "lesson " : "");
    const char *name = fan_course_name(screen->course, screen->lesson);
    if (lesson->bug && name == lesson->shown_as)
        col = fan_grid_print(pane, 0, col, FAN_STYLE_TITLE, "%s  ", lesson->id);
    fan_grid_put_within(pane, 0, col, at - col - 1, FAN_STYLE_TITLE, name);
    fan_grid_put(pane, 0, at, FAN_STYLE_KEY, language);
}

/* The stages in a row, as many as the width has room for, the one in hand among them. */
static void draw_stages(const struct fan_pane *pane, const struct fan_lesson_screen *screen)
{
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    const struct fan_progress *progress = fan_lesson_screen_progress(screen);
    int col = 1;
    for (int i = 0; i < lesson->stage_count; i++) {
        enum fan_style style = i <= progress->furthest ? FAN_STYLE_NORMAL : FAN_STYLE_DIM;
        if (i == progress->stage)
            style = FAN_STYLE_SELECTED;
        col = fan_grid_put(pane, 1, col, style, lesson->stages[i].title) + 2;
    }
}

static void draw_rule(const struct fan_pane *pane, const struct fan_lesson_screen *screen,
                      int lines)
{
    int last = screen->scroll + fan_lesson_view_page(screen);
    fan_grid_rule(pane, HEAD_ROWS - 1, FAN_STYLE_DIM);
    if (lines <= fan_lesson_view_page(screen))
        return;
    fan_grid_print(pane, HEAD_ROWS - 1, pane->cols - 28, FAN_STYLE_DIM, " lines %d to %d of %d ",
                   screen->scroll + 1, last < lines ? last : lines, lines);
}

/* The row above the keys: what the last key did not do, or what became of the progress, or that
 * there is more below. */
static void draw_note(const struct fan_pane *pane, const struct fan_lesson_screen *screen,
                      int lines)
{
    int row = pane->rows - FOOT_ROWS;
    int hidden = lines - screen->scroll - fan_lesson_view_page(screen);
    if (screen->note)
        fan_grid_put_within(pane, row, 1, pane->cols - 2, FAN_STYLE_BLOCKED, screen->note);
    else if (screen->course->told[0])
        fan_grid_put_within(pane, row, 1, pane->cols - 2, FAN_STYLE_ERROR, screen->course->told);
    else if (hidden > 0)
        fan_grid_print(pane, row, 1, FAN_STYLE_KEY, "down: %d more line%s", hidden,
                       hidden == 1 ? "" : "s");
}

/* ---- practice ---- */

/* What became of the file, and what to type now. */
static void draw_practice(const struct fan_pane *pane, const struct fan_lesson_screen *screen)
{
    const char *id = fan_lesson_screen_lesson(screen)->id;
    const struct fan_practice_place *place = &screen->practice;
    struct fan_pane box = fan_overlay_open(pane, 12, 76, "practice");
    fan_grid_print(&box, 0, 1, FAN_STYLE_TITLE, "%s.", place->said);
    fan_grid_print(&box, 1, 1, FAN_STYLE_NORMAL,
                   "It is in the directory that you started fanlab in:");
    fan_grid_put_within(&box, 2, 3, box.cols - 4, FAN_STYLE_NORMAL, place->directory);
    fan_grid_put(&box, 4, 1, FAN_STYLE_NORMAL,
                 "Open it in your editor. In another terminal, there:");
    fan_grid_print(&box, 5, 3, FAN_STYLE_KEY, "fanlab practice %s --watch", id);
    fan_grid_put(&box, 5, 36, FAN_STYLE_NORMAL, "judges it at each save, gives hints");
    fan_grid_print(&box, 6, 3, FAN_STYLE_KEY, "fanlab check %s", place->path);
    fan_grid_put(&box, 6, 36, FAN_STYLE_NORMAL, "judges it once");
    fan_grid_print(&box, 7, 3, FAN_STYLE_KEY, "fanlab practice %s --solution", id);
    fan_grid_put(&box, 7, 36, FAN_STYLE_NORMAL, "writes our repair beside it");
    fan_grid_print(&box, 8, 1, FAN_STYLE_DIM, "fanlab is %s", place->program);
    fan_grid_put(&box, 9, 1, FAN_STYLE_DIM, "any key goes on reading");
}

void fan_lesson_view_draw(const struct fan_pane *pane, const struct fan_lesson_screen *screen)
{
    struct fan_layout lines = {0};
    int page = fan_lesson_view_page(screen);
    struct fan_pane text = fan_grid_part(pane, HEAD_ROWS, 0, page, pane->cols);
    bool good = lay_out(screen, &lines);
    draw_name(pane, screen);
    draw_stages(pane, screen);
    draw_rule(pane, screen, (int)lines.count);
    for (int row = 0; row < page && screen->scroll + row < (int)lines.count; row++)
        draw_line(&text, row, &lines.lines[screen->scroll + row]);
    if (!good)
        fan_grid_put(&text, 0, 1, FAN_STYLE_ERROR, "out of memory");
    draw_note(pane, screen, (int)lines.count);
    fan_layout_free(&lines);
    fan_keys_footer(pane, FAN_SCREEN_LESSON, fan_lesson_screen_possible(screen), "home");
    if (screen->practice.path[0])
        draw_practice(&text, screen);
}
