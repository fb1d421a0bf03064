#include "app/keys.h"

#include <stdio.h>
#include <string.h>

#define ON(screen) (1u << FAN_SCREEN_##screen)
#define EVERYWHERE ((1u << FAN_SCREEN_COUNT) - 1)
#define UNTYPED    (EVERYWHERE & ~ON(LINE)) /* where a letter is no text */
#define LISTS      (ON(HOME) | ON(LAB))
#define SCROLLS    (ON(DETAIL) | ON(HELP) | ON(LESSON) | ON(THREAD))

/* The order is that of the footer: what matters most stands first. */
static const struct fan_binding table[] = {
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(HOME), "enter", "lesson",
     "open this lesson; a bug that has none, in the lab"},
    {'b', FAN_ACTION_LAB, ON(HOME), "b", "lab", "open this bug in the lab, name and repair shown"},
    {'1', FAN_ACTION_PICK, ON(LESSON), "1 to 9", "answer", "give the answer with this number"},
    {'n', FAN_ACTION_NEXT, ON(LESSON), "n", "next", "the next stage"},
    {FAN_KEY_RIGHT, FAN_ACTION_NEXT, ON(LESSON), NULL, NULL, NULL},
    {FAN_KEY_LEFT, FAN_ACTION_PREVIOUS, ON(LESSON), "left right", NULL,
     "the stage before, the next stage"},
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(LESSON), "enter", "lab", "watch this bug in the lab"},
    {'h', FAN_ACTION_HINT, ON(LESSON), "h", "hint", "a hint; there are three, each a question"},
    {'v', FAN_ACTION_VIEW, ON(LESSON), "v", "C/Go/pthreads", "the same code in another language"},
    {'p', FAN_ACTION_PRACTISE, ON(LESSON), "p", "practise",
     "to your own code; there: get the function to repair, as a C file"},
    {'1', FAN_ACTION_PICK, ON(STEP), "1 to 9", "run it", "run this thread's next operation"},
    {',', FAN_ACTION_PREVIOUS, ON(STEP), ",", "back", "one step back"},
    {'.', FAN_ACTION_NEXT, ON(STEP), ".", "on",
     "one step on: the known schedule's next, else the usual one"},
    {'g', FAN_ACTION_FIND, ON(STEP), "g", "a failure",
     "go to a schedule that fails; searches if none is known"},
    {'m', FAN_ACTION_SHORTEN, ON(STEP), "m", "shortest",
     "go to the shortest schedule that fails so"},
    {'e', FAN_ACTION_EXPAND, ON(STEP), "e", "expand", "the chosen thread's operation and stack"},
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(STEP), "enter", NULL, "run the chosen thread"},
    {'r', FAN_ACTION_AGAIN, ON(STEP), "r", "again", "to the beginning; . follows the same steps"},
    {'o', FAN_ACTION_OPTIONS, ON(STEP), "o", NULL, "change seed, workers and items"},
    {'f', FAN_ACTION_VARIANTS, ON(STEP), "f", NULL, "the next variant: buggy, fixed, rare"},
    {'y', FAN_ACTION_COPY, ON(STEP), "y", NULL, "show the replay line in full, and copy it"},
    {':', FAN_ACTION_TYPE, ON(STEP), ":", NULL, "type or paste a replay line"},
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(LINE), "enter", "follow it", "go to the end of this line"},
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(FORM), "enter", "run", "run with these values"},
    {' ', FAN_ACTION_PAUSE, ON(LAB) | ON(DETAIL), "space", "pause",
     "freeze the picture, or let it go on; the children run on"},
    {'f', FAN_ACTION_VARIANTS, ON(LAB), "f", "bug/fix/both", "show the buggy half, the fix, both"},
    {FAN_KEY_TAB, FAN_ACTION_NEXT_PANE, ON(LAB) | ON(DETAIL), "tab", "pane", "the other pane"},
    {FAN_KEY_TAB, FAN_ACTION_NEXT_PANE, ON(FORM), "tab", "next field", "the next field"},
    {FAN_KEY_ENTER, FAN_ACTION_OPEN, ON(LAB), "enter", "stack",
     "findings and stacks of this pane in full"},
    {'r', FAN_ACTION_AGAIN, ON(LAB), "r", "again", "run both halves again"},
    {'s', FAN_ACTION_STEP, ON(LAB), "s", "step", "step through this half: you are the scheduler"},
    {'s', FAN_ACTION_STEP, ON(LESSON), "s", "step", "step through it: you are the scheduler"},
    {'o', FAN_ACTION_OPTIONS, ON(LAB), "o", "options", "change seed, workers and items"},
    {FAN_KEY_UP, FAN_ACTION_UP, EVERYWHERE, "up down", "move", "move, or scroll"},
    {FAN_KEY_DOWN, FAN_ACTION_DOWN, EVERYWHERE, NULL, NULL, NULL},
    {'k', FAN_ACTION_UP, UNTYPED, "j k", NULL, "down and up without leaving the home row"},
    {'j', FAN_ACTION_DOWN, UNTYPED, NULL, NULL, NULL},
    {FAN_KEY_PAGE_UP, FAN_ACTION_PAGE_UP, SCROLLS | ON(HOME), "pgup pgdn", "page",
     "a page up, a page down"},
    {FAN_KEY_PAGE_DOWN, FAN_ACTION_PAGE_DOWN, SCROLLS | ON(HOME), NULL, NULL, NULL},
    {FAN_KEY_HOME, FAN_ACTION_FIRST, SCROLLS | LISTS, "home end", NULL, "to the start, to the end"},
    {FAN_KEY_END, FAN_ACTION_LAST, SCROLLS | LISTS, NULL, NULL, NULL},
    {'1', FAN_ACTION_PICK, ON(HOME), "1 to 9", NULL, "open the bug with this number in the lab"},
    {'2', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'3', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'4', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'5', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'6', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'7', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'8', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'9', FAN_ACTION_PICK, ON(HOME) | ON(LESSON) | ON(STEP), NULL, NULL, NULL},
    {'l', FAN_ACTION_LESSON, ON(LAB), "l", NULL, "the lesson on this bug"},
    {'x', FAN_ACTION_RESET, ON(LESSON), "x", NULL, "forget the progress in this lesson; asks"},
    {'q', FAN_ACTION_BACK, UNTYPED, "q", "back", "back; leaves the program at the home list"},
    {FAN_KEY_ESCAPE, FAN_ACTION_BACK, EVERYWHERE & ~ON(HOME), "esc", NULL, "close what is on top"},
    {FAN_KEY_CTRL_C, FAN_ACTION_QUIT, EVERYWHERE, "ctrl-c", NULL, "quit"},
    {FAN_KEY_CTRL_Z, FAN_ACTION_SUSPEND, EVERYWHERE, "ctrl-z", NULL, "suspend"},
    {FAN_KEY_CTRL_L, FAN_ACTION_REDRAW, EVERYWHERE, "ctrl-l", NULL, "draw the screen anew"},
    {'?', FAN_ACTION_HELP, EVERYWHERE & ~ON(HELP), "?", NULL, "this help"},
};

const struct fan_binding *fan_keys_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

bool fan_keys_on(const struct fan_binding *binding, enum fan_screen screen)
{
    return (binding->screens >> screen) & 1;
}

enum fan_action fan_keys_action(enum fan_screen screen, uint32_t key)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].key == key && fan_keys_on(&table[i], screen))
            return table[i].action;
    }
    return FAN_ACTION_NONE;
}

static int scrolled(enum fan_action action, int line, int page, int most)
{
    switch (action) {
    case FAN_ACTION_UP:
        return line - 1;
    case FAN_ACTION_DOWN:
        return line + 1;
    case FAN_ACTION_PAGE_UP:
        return line - page;
    case FAN_ACTION_PAGE_DOWN:
        return line + page;
    case FAN_ACTION_FIRST:
        return 0;
    case FAN_ACTION_LAST:
        return most;
    default:
        return line;
    }
}

int fan_keys_scroll(enum fan_action action, int line, int page, int most)
{
    line = scrolled(action, line, page, most);
    line = line < most ? line : most;
    return line > 0 ? line : 0;
}

/* ---- the footer ---- */

static bool stands_in_footer(const struct fan_binding *binding, enum fan_screen screen,
                             uint64_t possible)
{
    return binding->label && binding->brief && fan_keys_on(binding, screen) &&
           binding->action != FAN_ACTION_BACK && (possible & FAN_ACTION_BIT(binding->action));
}

static int put_key(const struct fan_pane *row, int col, const char *label, const char *brief)
{
    col = fan_grid_put(row, 0, col, FAN_STYLE_KEY, label);
    col = fan_grid_put(row, 0, col, FAN_STYLE_FOOTER, " ");
    return fan_grid_put(row, 0, col, FAN_STYLE_FOOTER, brief);
}

static int key_width(const struct fan_pane *row, const char *label, const char *brief)
{
    return fan_grid_text_width(row, label) + 1 + fan_grid_text_width(row, brief);
}

/* Draws a key so that it ends before `end`, if there is room, and returns where it begins. */
static int put_key_before(const struct fan_pane *row, int end, const char *label, const char *brief)
{
    int start = end - key_width(row, label, brief);
    if (start < 1)
        return end;
    put_key(row, start, label, brief);
    return start - 2;
}

void fan_keys_footer(const struct fan_pane *pane, enum fan_screen screen, uint64_t possible,
                     const char *back)
{
    struct fan_pane row = fan_grid_part(pane, pane->rows - 1, 0, 1, pane->cols);
    int end = row.cols - 1;
    int col = 1;
    fan_grid_fill(&row, 0, 0, row.cols, FAN_STYLE_FOOTER, ' ');
    if (screen != FAN_SCREEN_HELP)
        end = put_key_before(&row, end, "?", "help");
    end = put_key_before(&row, end, screen == FAN_SCREEN_LINE ? "esc" : "q", back ? back : "back");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct fan_binding *key = &table[i];
        bool wanted = stands_in_footer(key, screen, possible);
        if (wanted && col + key_width(&row, key->label, key->brief) <= end)
            col = put_key(&row, col, key->label, key->brief) + 2;
    }
}

/* ---- the help ---- */

int fan_keys_help(const struct fan_pane *pane, enum fan_screen screen, int first)
{
    int line = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!table[i].help || !fan_keys_on(&table[i], screen))
            continue;
        fan_grid_put(pane, line - first, 1, FAN_STYLE_KEY, table[i].label);
        fan_grid_put(pane, line - first, 13, FAN_STYLE_NORMAL, table[i].help);
        line++;
    }
    return line;
}
