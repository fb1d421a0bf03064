#ifndef FAN_APP_KEYS_H
#define FAN_APP_KEYS_H

#include "app/grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keys and what they mean. One table makes the keys, the footer and the help overlay, so the three
 * cannot disagree. A key is a Unicode code point, or one of FAN_KEY_* for keys that have none.
 * A screen is where the table is looked up; an action is what the person wants, and each screen
 * says which actions can be taken now.
 *
 * One key has one meaning on one screen, and letters that differ only by case never mean different
 * things; tests/app/test_keys.c holds the table to both. The text fields of FAN_SCREEN_FORM take
 * the keys that the table leaves free there; FAN_SCREEN_LINE leaves all free that can be typed.
 */

enum fan_key {
    FAN_KEY_CTRL_C = 0x03,
    FAN_KEY_TAB = 0x09,
    FAN_KEY_CTRL_L = 0x0c,
    FAN_KEY_ENTER = 0x0d,
    FAN_KEY_CTRL_Z = 0x1a,
    FAN_KEY_ESCAPE = 0x1b,
    FAN_KEY_BACKSPACE = 0x7f,
    FAN_KEY_UP = 0x110000, /* the first value that is not a code point */
    FAN_KEY_DOWN,
    FAN_KEY_LEFT,
    FAN_KEY_RIGHT,
    FAN_KEY_HOME,
    FAN_KEY_END,
    FAN_KEY_PAGE_UP,
    FAN_KEY_PAGE_DOWN,
    FAN_KEY_BACK_TAB,
    FAN_KEY_DELETE,
    FAN_KEY_OTHER /* a key of the terminal that fanlab has no use for */
};

enum fan_screen {
    FAN_SCREEN_HOME,
    FAN_SCREEN_LAB,
    FAN_SCREEN_DETAIL, /* one pane's findings and stacks in full */
    FAN_SCREEN_FORM,   /* seed, workers, items */
    FAN_SCREEN_LESSON,
    FAN_SCREEN_STEP,
    FAN_SCREEN_THREAD, /* one thread's operation and stack in full */
    FAN_SCREEN_LINE,   /* a replay line is typed or pasted */
    FAN_SCREEN_HELP,
    FAN_SCREEN_COUNT
};

enum fan_action {
    FAN_ACTION_NONE,
    FAN_ACTION_HELP,
    FAN_ACTION_BACK,
    FAN_ACTION_QUIT,
    FAN_ACTION_SUSPEND,
    FAN_ACTION_REDRAW,
    FAN_ACTION_UP,
    FAN_ACTION_DOWN,
    FAN_ACTION_PAGE_UP,
    FAN_ACTION_PAGE_DOWN,
    FAN_ACTION_FIRST,
    FAN_ACTION_LAST,
    FAN_ACTION_NEXT_PANE,
    FAN_ACTION_OPEN,
    FAN_ACTION_PICK, /* the item that shows this digit */
    FAN_ACTION_PAUSE,
    FAN_ACTION_AGAIN,
    FAN_ACTION_OPTIONS,
    FAN_ACTION_VARIANTS,
    FAN_ACTION_LAB,
    FAN_ACTION_LESSON,
    FAN_ACTION_NEXT,
    FAN_ACTION_PREVIOUS,
    FAN_ACTION_HINT,
    FAN_ACTION_PRACTISE,
    FAN_ACTION_VIEW,
    FAN_ACTION_RESET,
    FAN_ACTION_STEP,
    FAN_ACTION_FIND,
    FAN_ACTION_SHORTEN,
    FAN_ACTION_EXPAND,
    FAN_ACTION_COPY,
    FAN_ACTION_TYPE,
    FAN_ACTION_COUNT
};

/* A set of actions, one bit each: FAN_ACTION_BIT(FAN_ACTION_OPEN) | ... */
#define FAN_ACTION_BIT(action) (UINT64_C(1) << (action))
#define FAN_ACTION_ALL         UINT64_MAX

struct fan_binding {
    uint32_t key;
    enum fan_action action;
    unsigned screens;  /* a bit for each enum fan_screen, see fan_keys_on */
    const char *label; /* how the key is written; NULL: another key's line speaks for it too */
    const char *brief; /* what the footer says; NULL: only the help tells */
    const char *help;  /* a line of the help overlay */
};

/* The table, for those who print or check it. It lives for ever. */
const struct fan_binding *fan_keys_table(size_t *count);

/* True when this binding works on this screen. */
bool fan_keys_on(const struct fan_binding *binding, enum fan_screen screen);

/* The action of a key on a screen, or FAN_ACTION_NONE. */
enum fan_action fan_keys_action(enum fan_screen screen, uint32_t key);

/* Where a text stands after an action that may scroll it: its first line that is shown, from 0 to
 * `most`. A page has so many lines. */
int fan_keys_scroll(enum fan_action action, int line, int page, int most);

/* Draws the footer into the last row of the pane: the keys of the screen whose actions are among
 * the possible ones, as many as fit, and `? help` at the right end whatever happens. back says what
 * the back key leads to ("lessons"), or is NULL for "back". */
void fan_keys_footer(const struct fan_pane *pane, enum fan_screen screen, uint64_t possible,
                     const char *back);

/* Draws the help of a screen over the pane, starting at line `first` of it when it is longer than
 * the pane. Returns the number of lines it has. */
int fan_keys_help(const struct fan_pane *pane, enum fan_screen screen, int first);

#endif
