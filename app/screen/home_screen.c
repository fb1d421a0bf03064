#include "app/screen/home_screen.h"

#include "app/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIST_TOP = 4,
    ROWS_BELOW = 2,
    ID = 3,
    PROGRESS = 12,
    TEXT = 20,
    TEXT_OF_BUGS = 7, /* where there are no lessons */
    PART_FROM = 100,  /* the columns from which on there is room for the part */
    PART_WIDTH = 12
};

/* ---- the rows ---- */

static int lesson_count(const struct fan_home_screen *home)
{
    return home->course ? home->course->count : 0;
}

static bool has_lesson(const struct fan_home_screen *home, const struct fan_scenario *scenario)
{
    return home->course && fan_course_find(home->course, scenario->id) >= 0;
}

size_t fan_home_screen_rows(const struct fan_home_screen *home)
{
    size_t rows = (size_t)lesson_count(home);
    for (size_t i = 0; i < home->count; i++)
        rows += !has_lesson(home, home->scenarios[i]);
    return rows;
}

static const struct fan_scenario *scenario_called(const struct fan_home_screen *home,
                                                  const char *id)
{
    for (size_t i = 0; i < home->count; i++)
        if (strcmp(home->scenarios[i]->id, id) == 0)
            return home->scenarios[i];
    return NULL;
}

struct fan_home_row fan_home_screen_row(const struct fan_home_screen *home, size_t row)
{
    size_t lessons = (size_t)lesson_count(home), at = lessons;
    if (row < lessons)
        return (struct fan_home_row){
            .scenario = scenario_called(home, home->course->lessons[row].id), .lesson = (int)row};
    for (size_t i = 0; i < home->count; i++)
        if (!has_lesson(home, home->scenarios[i]) && at++ == row)
            return (struct fan_home_row){.scenario = home->scenarios[i], .lesson = -1};
    return (struct fan_home_row){.lesson = -1};
}

/* ---- keys ---- */

static size_t page_of(const struct fan_home_screen *home)
{
    int rows = home->rows - LIST_TOP - ROWS_BELOW;
    return rows > 1 ? (size_t)rows : 1;
}

static void select_row(struct fan_home_screen *home, size_t row)
{
    size_t count = fan_home_screen_rows(home);
    if (count > 0)
        home->selected = row < count ? row : count - 1;
}

static void move_up(struct fan_home_screen *home, size_t rows)
{
    select_row(home, home->selected > rows ? home->selected - rows : 0);
}

/* A digit picks the bug whose number it is. */
static enum fan_home_request pick(struct fan_home_screen *home, uint32_t digit)
{
    for (size_t i = 0; i < fan_home_screen_rows(home); i++) {
        const struct fan_scenario *scenario = fan_home_screen_row(home, i).scenario;
        if (scenario && strtoul(scenario->id, NULL, 10) == digit - '0') {
            home->selected = i;
            return FAN_HOME_LAB;
        }
    }
    return FAN_HOME_NOTHING;
}

static enum fan_home_request open_lab(const struct fan_home_screen *home)
{
    return fan_home_screen_row(home, home->selected).scenario ? FAN_HOME_LAB : FAN_HOME_NOTHING;
}

static enum fan_home_request open_selected(const struct fan_home_screen *home)
{
    bool lesson = fan_home_screen_row(home, home->selected).lesson >= 0;
    return lesson ? FAN_HOME_LESSON : open_lab(home);
}

enum fan_home_request fan_home_screen_key(struct fan_home_screen *home, uint32_t key)
{
    switch (fan_keys_action(FAN_SCREEN_HOME, key)) {
    case FAN_ACTION_UP:
        move_up(home, 1);
        break;
    case FAN_ACTION_DOWN:
        select_row(home, home->selected + 1);
        break;
    case FAN_ACTION_PAGE_UP:
        move_up(home, page_of(home));
        break;
    case FAN_ACTION_PAGE_DOWN:
        select_row(home, home->selected + page_of(home));
        break;
    case FAN_ACTION_FIRST:
        select_row(home, 0);
        break;
    case FAN_ACTION_LAST:
        select_row(home, fan_home_screen_rows(home));
        break;
    case FAN_ACTION_PICK:
        return pick(home, key);
    case FAN_ACTION_OPEN:
        return open_selected(home);
    case FAN_ACTION_LAB:
        return open_lab(home);
    case FAN_ACTION_BACK:
        return FAN_HOME_LEAVE;
    default:
        break;
    }
    return FAN_HOME_NOTHING;
}

/* ---- the picture ---- */

static void draw_progress(const struct fan_pane *list, int row, const struct fan_course *course,
                          int lesson)
{
    const struct fan_lesson *of = &course->lessons[lesson];
    const struct fan_progress *progress = &course->progress[lesson];
    if (fan_progress_done(of, progress))
        fan_grid_put(list, row, PROGRESS, FAN_STYLE_VERDICT_GOOD, "done");
    else if (progress->furthest > 0)
        fan_grid_print(list, row, PROGRESS, FAN_STYLE_NORMAL, "%d of %d", progress->furthest + 1,
                       of->stage_count);
    else
        fan_grid_put(list, row, PROGRESS, FAN_STYLE_DIM, "-");
}

/* What a row says: the name if it may be told, and what is seen from outside. */
static void write_text(const struct fan_home_screen *home, const struct fan_home_row *row,
                       char *text, size_t size)
{
    const struct fan_scenario *scenario = row->scenario;
    bool named = row->lesson < 0 || fan_progress_predicted(&home->course->lessons[row->lesson],
                                                           &home->course->progress[row->lesson]);
    if (!scenario)
        snprintf(text, size, "%s", home->course->lessons[row->lesson].title);
    else
        snprintf(text, size, "%s%s%s", named ? scenario->title : "", named ? ": " : "",
                 scenario->symptom);
}

static int text_column(const struct fan_home_screen *home)
{
    return lesson_count(home) > 0 ? TEXT : TEXT_OF_BUGS;
}

static const char *id_of(const struct fan_home_screen *home, const struct fan_home_row *row)
{
    if (row->lesson >= 0)
        return home->course->lessons[row->lesson].id;
    return row->scenario ? row->scenario->id : "";
}

static void draw_row(const struct fan_pane *list, int at, const struct fan_home_screen *home,
                     size_t index)
{
    char text[200];
    int col = text_column(home);
    struct fan_home_row row = fan_home_screen_row(home, index);
    bool selected = index == home->selected;
    int end = list->cols - 1 - (list->cols >= PART_FROM ? PART_WIDTH : 0);
    write_text(home, &row, text, sizeof text);
    fan_grid_put(list, at, ID, FAN_STYLE_KEY, id_of(home, &row));
    if (row.lesson >= 0)
        draw_progress(list, at, home->course, row.lesson);
    fan_grid_put_within(list, at, col, end - col, selected ? FAN_STYLE_SELECTED : FAN_STYLE_NORMAL,
                        text);
    if (list->cols >= PART_FROM && row.lesson >= 0)
        fan_grid_put(list, at, end + 1, FAN_STYLE_DIM, home->course->lessons[row.lesson].part);
    if (selected)
        fan_grid_put_glyph(list, at, 1, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
}

static void draw_head(const struct fan_pane *pane, const struct fan_home_screen *home)
{
    bool has_lessons = lesson_count(home) > 0;
    fan_grid_put(pane, 0, 1, FAN_STYLE_TITLE, "fanlab");
    fan_grid_put(pane, 0, 9, FAN_STYLE_NORMAL,
                 "watch fan-out and fan-in break, and see the fix hold");
    fan_grid_put(pane, 2, ID, FAN_STYLE_DIM, has_lessons ? "lesson" : "bug");
    if (has_lessons)
        fan_grid_put(pane, 2, PROGRESS, FAN_STYLE_DIM, "seen");
    fan_grid_put(pane, 2, text_column(home), FAN_STYLE_DIM, "what is seen from outside");
    struct fan_pane rule = fan_grid_part(pane, 3, 1, 1, pane->cols - 2);
    fan_grid_rule(&rule, 0, FAN_STYLE_DIM);
}

static void draw_below(const struct fan_pane *pane, const struct fan_home_screen *home,
                       size_t below)
{
    if (home->course && home->course->told[0])
        fan_grid_put_within(pane, pane->rows - 2, ID, pane->cols - ID - 1, FAN_STYLE_ERROR,
                            home->course->told);
    else if (below > 0)
        fan_grid_print(pane, pane->rows - 2, ID, FAN_STYLE_DIM, "%zu more below", below);
}

void fan_home_screen_draw(const struct fan_pane *pane, const struct fan_home_screen *home)
{
    size_t page = page_of(home), count = fan_home_screen_rows(home);
    size_t first = home->selected < page ? 0 : home->selected - page + 1;
    struct fan_pane list = fan_grid_part(pane, LIST_TOP, 0, (int)page, pane->cols);
    draw_head(pane, home);
    for (size_t i = first; i < count && i < first + page; i++)
        draw_row(&list, (int)(i - first), home, i);
    draw_below(pane, home, count > first + page ? count - first - page : 0);
    fan_keys_footer(pane, FAN_SCREEN_HOME, FAN_ACTION_ALL, "quit");
}
