#ifndef FAN_TESTS_SUPPORT_TERMINAL_H
#define FAN_TESTS_SUPPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A terminal for tests: it starts a program on a pty, as a shell would, and keeps the picture that
 * a person would see (libvterm).
 *
 * Between the test and the program stands a small leader process that plays the shell: the session
 * is its own, the program runs in a foreground process group, so ctrl-z stops it and hang-ups reach
 * it as in real life.
 *
 * Waiting is for a condition, by poll on the pty, never by sleep. Every wait has one generous limit
 * (60 s); when it passes, the wait prints what it waited for and the screen, and returns false.
 *
 * A picture may be half drawn: bytes arrive in pieces. So FANLAB_FRAMES=1 is set for the program,
 * and app/terminal.c ends each frame with a mark out of band (OSC 7770 ; frame ; keys ; COLSxROWS
 * BEL). When a mark arrives, every cell of that frame has arrived. The text waits look only at
 * whole frames (or at everything, for a program that makes no marks), and terminal_settle waits
 * for the frame in which every key typed so far and the last resize have been seen.
 *
 *     const char *argv[] = {path, NULL};
 *     struct terminal *terminal = terminal_start(&(struct terminal_options){.argv = argv});
 *     ck_assert(terminal_wait_text(terminal, "never closed"));
 *     terminal_press(terminal, "enter");
 *     ck_assert(terminal_settle(terminal));
 *     terminal_free(terminal);
 */

struct terminal;

struct terminal_options {
    const char *const *argv; /* ends in NULL; argv[0] is a path */
    const char *const *env;  /* NAME=VALUE sets, NAME alone unsets; ends in NULL; may be NULL.
                              * Set already: TERM=xterm-256color LC_ALL=C.UTF-8 FANLAB_FRAMES=1
                              * XDG_STATE_HOME=/dev/null, where nothing can be kept */
    int rows, cols;          /* 0: 24 x 80 */
};

struct terminal_cell {
    char text[32]; /* UTF-8, "" for a blank cell */
    int width;
    bool bold, reverse, underline, coloured;
};

/* Starts the program. Ends the test process with a message if the system refuses. */
struct terminal *terminal_start(const struct terminal_options *options);

/* Ends the program and its group if they still live, and frees everything. NULL is accepted. */
void terminal_free(struct terminal *terminal);

/* Types bytes as they are; each counts as one key. */
void terminal_type(struct terminal *terminal, const char *bytes);

/* Presses one named key: up down left right home end pgup pgdn enter esc tab backspace, or
 * ctrl-<letter>. */
void terminal_press(struct terminal *terminal, const char *name);

void terminal_resize(struct terminal *terminal, int rows, int cols);

/* Sends a signal to the program. */
void terminal_signal(struct terminal *terminal, int number);

/* Continues a stopped program in the foreground, as the shell's fg. */
void terminal_continue(struct terminal *terminal);

/* Closes the terminal under the program. Only terminal_wait_exit and terminal_free work after. */
void terminal_hang_up(struct terminal *terminal);

bool terminal_wait_text(struct terminal *terminal, const char *text);
bool terminal_wait_no_text(struct terminal *terminal, const char *text);
bool terminal_wait_regex(struct terminal *terminal, const char *extended_regex);
bool terminal_wait_frame(struct terminal *terminal, unsigned long frame);
bool terminal_settle(struct terminal *terminal);

/* Waits until the program is stopped, or until it has ended; the status is that of waitpid. */
bool terminal_wait_stop(struct terminal *terminal);
bool terminal_wait_exit(struct terminal *terminal, int *status);

/* What the last whole frame was, and how many bytes the program has written in all. */
unsigned long terminal_frame(const struct terminal *terminal);
size_t terminal_bytes(const struct terminal *terminal);

pid_t terminal_pid(const struct terminal *terminal);

/* One row, or all rows with newlines, as UTF-8 without trailing spaces; owned by the terminal and
 * valid until its next call. */
const char *terminal_row(struct terminal *terminal, int row);
const char *terminal_text(struct terminal *terminal);

struct terminal_cell terminal_cell_at(struct terminal *terminal, int row, int col);

/* The place of the first occurrence of a text. */
bool terminal_find(struct terminal *terminal, const char *text, int *row, int *col);

/* True when the program gave the terminal back: main screen, visible cursor, modes as at the
 * start. Otherwise says on stderr what is amiss. */
bool terminal_is_restored(struct terminal *terminal);

#endif
