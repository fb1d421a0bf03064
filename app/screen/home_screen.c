#include "app/screen/home_screen.h"

#include "app/keys.h"

#include <stdlib.h>

enum { LIST_TOP = 4, ROWS_BELOW = 2, ID = 3, TITLE = 7, TITLE_WIDTH = 22, SYMPTOM = 30 };

static size_t page_of(const struct fan_home_screen *home)
{
    int rows = home->rows - LIST_TOP - ROWS_BELOW;
    return rows > 1 ? (size_t)rows : 1;
}

static void select_row(struct fan_home_screen *home, size_t row)
{
    if (home->count > 0)
        home->selected = row < home->count ? row : home->count - 1;
}

static void move_up(struct fan_home_screen *home, size_t rows)
{
    select_row(home, home->selected > rows ? home->selected - rows : 0);
}

/* A digit picks the bug whose number it is. */
static enum fan_home_request pick(struct fan_home_screen *home, uint32_t digit)
{
    for (size_t i = 0; i < home->count; i++) {
        if (strtoul(home->scenarios[i]->id, NULL, 10) == digit - '0') {
            home->selected = i;
            return FAN_HOME_OPEN;
        }
    }
    return FAN_HOME_NOTHING;
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
        select_row(home, home->count);
        break;
    case FAN_ACTION_PICK:
        return pick(home, key);
    case FAN_ACTION_OPEN:
        return home->count > 0 ? FAN_HOME_OPEN : FAN_HOME_NOTHING;
    case FAN_ACTION_BACK:
        return FAN_HOME_LEAVE;
    default:
        break;
    }
    return FAN_HOME_NOTHING;
}

static void draw_entry(const struct fan_pane *list, int row, const struct fan_scenario *scenario,
                       bool selected)
{
    fan_grid_put(list, row, ID, FAN_STYLE_KEY, scenario->id);
    fan_grid_put_within(list, row, TITLE, TITLE_WIDTH, FAN_STYLE_TITLE, scenario->title);
    fan_grid_put_within(list, row, SYMPTOM, list->cols - SYMPTOM - 1, FAN_STYLE_NORMAL,
                        scenario->symptom);
    if (!selected)
        return;
    fan_grid_put_glyph(list, row, 1, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
    fan_grid_restyle(list, row, TITLE, TITLE_WIDTH, FAN_STYLE_SELECTED);
}

static void draw_head(const struct fan_pane *pane)
{
    fan_grid_put(pane, 0, 1, FAN_STYLE_TITLE, "fanlab");
    fan_grid_put(pane, 0, 9, FAN_STYLE_NORMAL,
                 "watch fan-out and fan-in break, and see the fix hold");
    fan_grid_put(pane, 2, ID, FAN_STYLE_DIM, "bug");
    fan_grid_put(pane, 2, SYMPTOM, FAN_STYLE_DIM, "what is seen from outside");
    struct fan_pane rule = fan_grid_part(pane, 3, 1, 1, pane->cols - 2);
    fan_grid_rule(&rule, 0, FAN_STYLE_DIM);
}

void fan_home_screen_draw(const struct fan_pane *pane, const struct fan_home_screen *home)
{
    size_t page = page_of(home);
    size_t first = home->selected < page ? 0 : home->selected - page + 1;
    struct fan_pane list = fan_grid_part(pane, LIST_TOP, 0, (int)page, pane->cols);
    draw_head(pane);
    for (size_t i = first; i < home->count && i < first + page; i++)
        draw_entry(&list, (int)(i - first), home->scenarios[i], i == home->selected);
    if (home->count > first + page)
        fan_grid_print(pane, pane->rows - 2, ID, FAN_STYLE_DIM, "%zu more below",
                       home->count - first - page);
    fan_keys_footer(pane, FAN_SCREEN_HOME, FAN_ACTION_ALL, "quit");
}
