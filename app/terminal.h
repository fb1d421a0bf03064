#ifndef FAN_APP_TERMINAL_H
#define FAN_APP_TERMINAL_H

#include "app/grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The terminal: shows grids and delivers keys and signals. This is the one module that knows
 * curses. It belongs to the main thread, and a process can have one open at a time, because a
 * crash handler must find it.
 *
 * While it is open:
 *   - SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT and SIGWINCH are blocked in the calling
 *     thread and come as events. Threads started from now on inherit that, so must be given
 *     nothing to do with those signals; programs started from now on must get an empty signal
 *     mask (POSIX_SPAWN_SETSIGMASK).
 *   - however the process ends (close, exit, abort, a segmentation fault), the terminal gets its
 *     modes, its main screen and its cursor back. Only SIGKILL is beyond help.
 *   - ctrl-c, ctrl-z and ctrl-\ are keys.
 *
 * When FANLAB_FRAMES=1 is in the environment, each presented frame is followed on the output by
 * the sequence OSC 7770 ; frame ; keys ; COLSxROWS BEL: frame counts from 1, keys is the number
 * of keys read so far. Terminals ignore it; a test waits for it, for when it arrives every cell
 * of that frame has arrived too.
 *
 *     struct fan_terminal *terminal;
 *     char why[160];
 *     if (fan_terminal_open(&options, &terminal, why, sizeof why) == 0) {
 *         fan_terminal_present(terminal, &grid);
 *         poll a descriptor: fan_terminal_descriptor(terminal)
 *         while (fan_terminal_read(terminal, &event) == 0) ...
 *         fan_terminal_close(terminal);
 *     }
 */

struct fan_terminal;

enum fan_color_choice { FAN_COLOR_AUTO, FAN_COLOR_ALWAYS, FAN_COLOR_NEVER };

struct fan_terminal_options {
    enum fan_color_choice color; /* AUTO: none when NO_COLOR is set and not empty */
    bool ascii;                  /* draw with ASCII even where the locale could do more */
};

enum fan_event_kind {
    FAN_EVENT_KEY,    /* key is a code point or one of enum fan_key */
    FAN_EVENT_RESIZE, /* the size may have changed and the screen is empty: present all again */
    FAN_EVENT_END     /* signal asks the program to end; SIGHUP also when the terminal is gone */
};

struct fan_event {
    enum fan_event_kind kind;
    uint32_t key;
    int signal;
};

/* Takes the terminal on standard input and output and enters its other screen. Waits for nothing.
 * The caller closes it. On an error nothing has changed and `why` holds a sentence for the user:
 * ENOTTY no terminal, ENOENT TERM is missing, unknown or cannot address the cursor, or an error of
 * the system. */
int fan_terminal_open(const struct fan_terminal_options *options, struct fan_terminal **terminal,
                      char *why, size_t why_size);

/* Gives the terminal back and restores the signal mask. A signal that arrived meanwhile and was
 * not read has its usual effect now. NULL is accepted. */
void fan_terminal_close(struct fan_terminal *terminal);

/* The size now, in cells, and the charset it can show. */
void fan_terminal_size(const struct fan_terminal *terminal, int *rows, int *cols);
enum fan_charset fan_terminal_charset(const struct fan_terminal *terminal);

/* A descriptor for poll: readable when fan_terminal_read may have something. Owned by the
 * terminal. */
int fan_terminal_descriptor(const struct fan_terminal *terminal);

/* Takes the next event. Does not wait for one (an escape key takes 25 ms to be told from a
 * sequence). EAGAIN when there is none now: poll only after that. */
int fan_terminal_read(struct fan_terminal *terminal, struct fan_event *event);

/* Shows a grid: writes the cells that differ from what is shown. Blocks while the terminal accepts
 * no output. A grid of another size than the terminal is cut, or leaves the rest blank. */
void fan_terminal_present(struct fan_terminal *terminal, const struct fan_grid *grid);

/* Gives a text to the clipboard of whoever sits at the terminal (OSC 52). Terminals that do not let
 * programs do that ignore it. */
void fan_terminal_copy(struct fan_terminal *terminal, const char *text);

/* Forgets what is shown, so that the next present writes everything. */
void fan_terminal_redraw(struct fan_terminal *terminal);

/* Gives the terminal back, stops the process group as ctrl-z would, and takes the terminal again
 * once it is continued. The next event is then FAN_EVENT_RESIZE. */
void fan_terminal_suspend(struct fan_terminal *terminal);

#endif
