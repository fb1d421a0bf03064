#define _GNU_SOURCE
#include "app/terminal.h"

#include "app/clipboard.h"

#include "app/keys.h"
#include "app/rescue.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE_DELAY_MS 25

struct look {
    attr_t attributes;
    short pair;
};

struct fan_terminal {
    SCREEN *screen;
    enum fan_charset charset;
    struct look looks[FAN_STYLE_COUNT];
    struct fan_grid shown; /* what the terminal shows; no cells: unknown */
    struct termios modes;  /* as they were before */
    char leave[255];       /* what brings the main screen and the cursor back */
    size_t leave_length;
    size_t cursor_at; /* where in `leave` the part begins that shows the cursor */
    sigset_t mask_before;
    int signals; /* signalfd */
    int events;  /* epoll over signals and standard input */
    bool marks_frames;
    bool resized; /* an event that fan_terminal_read owes */
    unsigned long frames;
    unsigned long keys;
};

/* ---- what styles look like ---- */

/* Blue tells what goes well and orange what does not; where there is no colour, bold, underline
 * and reverse carry it. */
struct palette {
    short blue, orange, grey;
    attr_t grey_attributes;
};

enum { PAIR_DEFAULT, PAIR_BLUE, PAIR_ORANGE, PAIR_GREY };

static const struct look plain_looks[FAN_STYLE_COUNT] = {
    [FAN_STYLE_DIM] = {A_DIM, 0},
    [FAN_STYLE_TITLE] = {A_BOLD, 0},
    [FAN_STYLE_BLOCKED] = {A_BOLD, 0},
    [FAN_STYLE_LEAKED] = {A_BOLD | A_UNDERLINE, 0},
    [FAN_STYLE_CANCELLED] = {A_DIM, 0},
    [FAN_STYLE_PANICKED] = {A_BOLD | A_UNDERLINE, 0},
    [FAN_STYLE_VERDICT_BAD] = {A_REVERSE | A_BOLD, 0},
    [FAN_STYLE_VERDICT_GOOD] = {A_BOLD, 0},
    [FAN_STYLE_CURRENT_LINE] = {A_BOLD, 0},
    [FAN_STYLE_SELECTED] = {A_REVERSE, 0},
    [FAN_STYLE_KEY] = {A_BOLD | A_UNDERLINE, 0},
    [FAN_STYLE_ERROR] = {A_REVERSE, 0},
};

static const struct look coloured_looks[FAN_STYLE_COUNT] = {
    [FAN_STYLE_DIM] = {0, PAIR_GREY},
    [FAN_STYLE_TITLE] = {A_BOLD, 0},
    [FAN_STYLE_RUNNING] = {A_BOLD, PAIR_BLUE},
    [FAN_STYLE_BLOCKED] = {0, PAIR_ORANGE},
    [FAN_STYLE_DONE] = {0, PAIR_BLUE},
    [FAN_STYLE_LEAKED] = {A_BOLD, PAIR_ORANGE},
    [FAN_STYLE_CANCELLED] = {0, PAIR_GREY},
    [FAN_STYLE_PANICKED] = {A_BOLD | A_UNDERLINE, PAIR_ORANGE},
    [FAN_STYLE_VERDICT_BAD] = {A_BOLD | A_REVERSE, PAIR_ORANGE},
    [FAN_STYLE_VERDICT_GOOD] = {A_BOLD, PAIR_BLUE},
    [FAN_STYLE_CURRENT_LINE] = {A_BOLD, PAIR_ORANGE},
    [FAN_STYLE_SELECTED] = {A_REVERSE, 0},
    [FAN_STYLE_KEY] = {A_BOLD, PAIR_BLUE},
    [FAN_STYLE_FOOTER] = {0, PAIR_GREY},
    [FAN_STYLE_ERROR] = {A_BOLD, PAIR_ORANGE},
};

static struct palette choose_palette(void)
{
    if (COLORS >= 256)
        return (struct palette){.blue = 39, .orange = 214, .grey = 246};
    return (struct palette){.blue = COLOR_CYAN,
                            .orange = COLOR_YELLOW,
                            .grey = -1,
                            /* A_DIM on top of the default colour reads well on any background. */
                            .grey_attributes = A_DIM};
}

static void define_colours(struct fan_terminal *terminal)
{
    struct palette palette = choose_palette();
    memcpy(terminal->looks, coloured_looks, sizeof terminal->looks);
    init_pair(PAIR_BLUE, palette.blue, -1);
    init_pair(PAIR_ORANGE, palette.orange, -1);
    init_pair(PAIR_GREY, palette.grey, -1);
    for (int i = 0; i < FAN_STYLE_COUNT; i++) {
        if (terminal->looks[i].pair == PAIR_GREY)
            terminal->looks[i].attributes |= palette.grey_attributes;
    }
}

static bool wants_colour(enum fan_color_choice choice)
{
    const char *refused = getenv("NO_COLOR");
    if (choice == FAN_COLOR_AUTO)
        return !refused || !*refused;
    return choice == FAN_COLOR_ALWAYS;
}

static void choose_looks(struct fan_terminal *terminal, enum fan_color_choice choice)
{
    memcpy(terminal->looks, plain_looks, sizeof terminal->looks);
    if (!wants_colour(choice) || !has_colors() || start_color() == ERR || COLORS < 8)
        return;
    if (use_default_colors() == OK)
        define_colours(terminal);
}

/* ---- opening and closing ---- */

static int refuse(int error, char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    return error;
}

/* newterm would print and exit where this can answer. */
static int look_up_terminal(char *why, size_t size)
{
    const char *name = getenv("TERM");
    if (!name || !*name)
        return refuse(ENOENT, why, size, "TERM is not set: try TERM=xterm-256color");
    int state;
    if (setupterm(name, STDOUT_FILENO, &state) == ERR) {
        snprintf(why, size, "no description of the terminal TERM=%.40s%s", name,
                 state < 0 ? ": the terminfo database is missing (package ncurses-base)"
                           : ": try TERM=xterm-256color, or install ncurses-term");
        return ENOENT;
    }
    const char *move = tigetstr("cup");
    del_curterm(cur_term);
    if (move && move != (char *)-1)
        return 0;
    snprintf(why, size, "the terminal TERM=%.40s cannot place the cursor", name);
    return ENOENT;
}

static int check_environment(char *why, size_t size)
{
    if (!isatty(STDIN_FILENO))
        return refuse(ENOTTY, why, size, "standard input is not a terminal");
    if (!isatty(STDOUT_FILENO))
        return refuse(ENOTTY, why, size, "standard output is not a terminal");
    return look_up_terminal(why, size);
}

static void fill_signal_set(sigset_t *set)
{
    static const int events[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        sigaddset(set, events[i]);
}

static int watch(int events, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

static int open_descriptors(struct fan_terminal *terminal)
{
    sigset_t set;
    fill_signal_set(&set);
    terminal->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    terminal->events = epoll_create1(EPOLL_CLOEXEC);
    if (terminal->signals < 0 || terminal->events < 0)
        return errno;
    int err = watch(terminal->events, terminal->signals);
    return err ? err : watch(terminal->events, STDIN_FILENO);
}

static void free_terminal(struct fan_terminal *terminal)
{
    if (terminal->signals >= 0)
        close(terminal->signals);
    if (terminal->events >= 0)
        close(terminal->events);
    fan_grid_destroy(&terminal->shown);
    free(terminal);
}

/* Adds a terminfo string without its padding marks, `$<5>`: no terminal of today needs the pauses,
 * and a signal handler could not make them. */
static void add_to_leave(struct fan_terminal *terminal, const char *capability)
{
    const char *text = tigetstr(capability);
    if (!text || text == (char *)-1)
        return;
    while (*text && terminal->leave_length < sizeof terminal->leave) {
        if (text[0] == '$' && text[1] == '<' && strchr(text, '>'))
            text = strchr(text, '>') + 1;
        else
            terminal->leave[terminal->leave_length++] = *text++;
    }
}

static void arm_rescue(const struct fan_terminal *terminal)
{
    fan_rescue_arm(STDOUT_FILENO, &terminal->modes, terminal->leave, terminal->leave_length);
}

static void prepare_leaving(struct fan_terminal *terminal)
{
    static const char *const capabilities[] = {"sgr0", "op", "rmkx", "rmcup"};
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
        add_to_leave(terminal, capabilities[i]);
    terminal->cursor_at = terminal->leave_length;
    add_to_leave(terminal, "cnorm");
}

/* curses shows the cursor and then leaves the other screen. A terminal made with libvterm then
 * hides it again, if curses had saved its place while it was hidden; so it is shown last. */
static void leave_screen(struct fan_terminal *terminal)
{
    endwin();
    fan_rescue_disarm();
    ssize_t written = write(STDOUT_FILENO, terminal->leave + terminal->cursor_at,
                            terminal->leave_length - terminal->cursor_at);
    (void)written; /* a terminal that is gone has no cursor */
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
}

static enum fan_charset choose_charset(bool ascii)
{
    bool utf8 = !ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return utf8 ? FAN_CHARSET_UTF8 : FAN_CHARSET_ASCII;
}

static int start_curses(struct fan_terminal *terminal)
{
    terminal->screen = newterm(NULL, stdout, stdin);
    if (!terminal->screen)
        return EIO;
    prepare_leaving(terminal);
    arm_rescue(terminal);
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    set_escdelay(ESCAPE_DELAY_MS);
    curs_set(0);
    refresh();
    return 0;
}

static int take_terminal(struct fan_terminal *terminal)
{
    sigset_t set;
    fill_signal_set(&set);
    if (tcgetattr(STDIN_FILENO, &terminal->modes) < 0)
        return errno;
    int err = open_descriptors(terminal);
    if (err)
        return err;
    pthread_sigmask(SIG_BLOCK, &set, &terminal->mask_before);
    err = start_curses(terminal);
    if (err)
        pthread_sigmask(SIG_SETMASK, &terminal->mask_before, NULL);
    return err;
}

int fan_terminal_open(const struct fan_terminal_options *options, struct fan_terminal **terminal,
                      char *why, size_t why_size)
{
    int err = check_environment(why, why_size);
    if (err)
        return err;
    struct fan_terminal *opened = calloc(1, sizeof *opened);
    if (!opened)
        return refuse(ENOMEM, why, why_size, "out of memory");
    opened->signals = opened->events = -1;
    setlocale(LC_CTYPE, "");
    opened->charset = choose_charset(options->ascii);
    err = take_terminal(opened);
    if (err) {
        free_terminal(opened);
        return refuse(err, why, why_size, strerror(err));
    }
    choose_looks(opened, options->color);
    const char *frames = getenv("FANLAB_FRAMES");
    opened->marks_frames = frames && strcmp(frames, "1") == 0;
    *terminal = opened;
    return 0;
}

void fan_terminal_close(struct fan_terminal *terminal)
{
    if (!terminal)
        return;
    leave_screen(terminal);
    delscreen(terminal->screen);
    pthread_sigmask(SIG_SETMASK, &terminal->mask_before, NULL);
    free_terminal(terminal);
}

void fan_terminal_size(const struct fan_terminal *terminal, int *rows, int *cols)
{
    (void)terminal; /* curses keeps the size of its one current screen */
    *rows = LINES;
    *cols = COLS;
}

enum fan_charset fan_terminal_charset(const struct fan_terminal *terminal)
{
    return terminal->charset;
}

int fan_terminal_descriptor(const struct fan_terminal *terminal)
{
    return terminal->events;
}

/* ---- showing ---- */

static void write_one_cell(const struct fan_terminal *terminal, const struct fan_cell *cell,
                           int row, int col)
{
    const struct look *look = &terminal->looks[cell->style];
    wchar_t text[3] = {(wchar_t)cell->codepoint, (wchar_t)cell->mark, 0};
    cchar_t glyph;
    setcchar(&glyph, text, look->attributes, look->pair, NULL);
    mvadd_wch(row, col, &glyph);
}

static bool same_cell(const struct fan_cell *a, const struct fan_cell *b)
{
    return a->codepoint == b->codepoint && a->mark == b->mark && a->style == b->style;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* A wide character is written from its left half, so a changed right half redraws that one. */
static void write_row(const struct fan_terminal *terminal, const struct fan_grid *grid, int row)
{
    const struct fan_grid *shown = &terminal->shown;
    int cols = smaller(grid->cols, COLS);
    for (int col = 0; col < cols; col++) {
        const struct fan_cell *cell = fan_grid_cell(grid, row, col);
        bool known = shown->cells && same_cell(cell, fan_grid_cell(shown, row, col));
        if (known || cell->codepoint == 0)
            continue;
        write_one_cell(terminal, cell, row, col);
    }
}

/* When there is no memory for the copy, the next frame is simply drawn in full. */
static void remember(struct fan_terminal *terminal, const struct fan_grid *grid)
{
    struct fan_grid *shown = &terminal->shown;
    if (!shown->cells && fan_grid_init(shown, grid->rows, grid->cols, grid->charset))
        return;
    memcpy(shown->cells, grid->cells,
           (size_t)grid->rows * (size_t)grid->cols * sizeof grid->cells[0]);
}

/* Past curses, which knows nothing of it: between two frames. */
static void write_raw(const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = write(STDOUT_FILENO, bytes + sent, length - sent);
        if (n <= 0 && errno != EINTR)
            return; /* the terminal is gone: the next read says so */
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void mark_frame(struct fan_terminal *terminal)
{
    char mark[96];
    int length = snprintf(mark, sizeof mark, "\033]7770;%lu;%lu;%dx%d\a", terminal->frames,
                          terminal->keys, COLS, LINES);
    write_raw(mark, (size_t)length);
}

void fan_terminal_copy(struct fan_terminal *terminal, const char *text)
{
    (void)terminal;
    size_t length;
    char *sequence = fan_clipboard_sequence(text, &length);
    if (sequence)
        write_raw(sequence, length);
    free(sequence);
}

void fan_terminal_present(struct fan_terminal *terminal, const struct fan_grid *grid)
{
    bool same_size = terminal->shown.rows == grid->rows && terminal->shown.cols == grid->cols;
    if (!same_size)
        fan_terminal_redraw(terminal);
    int rows = smaller(grid->rows, LINES);
    for (int row = 0; row < rows; row++)
        write_row(terminal, grid, row);
    remember(terminal, grid);
    refresh();
    terminal->frames++;
    if (terminal->marks_frames)
        mark_frame(terminal);
}

void fan_terminal_redraw(struct fan_terminal *terminal)
{
    fan_grid_destroy(&terminal->shown);
    erase();
    clearok(stdscr, TRUE);
}

/* ---- stopping and going on ---- */

static void take_over_size(struct fan_terminal *terminal)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resize_term(size.ws_row, size.ws_col);
    fan_terminal_redraw(terminal);
    terminal->resized = true;
}

/* After a stop the shell may have used the terminal in its own way. */
static void take_terminal_again(struct fan_terminal *terminal)
{
    arm_rescue(terminal);
    reset_prog_mode();
    refresh();
    curs_set(0);
    take_over_size(terminal);
}

/* Unlike SIGSTOP, SIGTSTP does nothing to an orphaned group, which nobody could ever continue. */
static void stop_process_group(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    signal(SIGTSTP, SIG_DFL); /* curses put its own handler there */
    kill(0, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
}

void fan_terminal_suspend(struct fan_terminal *terminal)
{
    leave_screen(terminal);
    stop_process_group();
    take_terminal_again(terminal);
}

/* ---- keys and signals ---- */

static uint32_t translate_function_key(wint_t code)
{
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {
        {KEY_UP, FAN_KEY_UP},         {KEY_DOWN, FAN_KEY_DOWN},
        {KEY_LEFT, FAN_KEY_LEFT},     {KEY_RIGHT, FAN_KEY_RIGHT},
        {KEY_HOME, FAN_KEY_HOME},     {KEY_END, FAN_KEY_END},
        {KEY_PPAGE, FAN_KEY_PAGE_UP}, {KEY_NPAGE, FAN_KEY_PAGE_DOWN},
        {KEY_BTAB, FAN_KEY_BACK_TAB}, {KEY_BACKSPACE, FAN_KEY_BACKSPACE},
        {KEY_DC, FAN_KEY_DELETE},     {KEY_ENTER, FAN_KEY_ENTER},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].code == code)
            return keys[i].key;
    }
    return FAN_KEY_OTHER;
}

static uint32_t translate_character(wint_t code)
{
    if (code == '\n')
        return FAN_KEY_ENTER;
    return code == '\b' ? FAN_KEY_BACKSPACE : code;
}

static bool terminal_is_gone(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int end_by(int number, struct fan_event *event)
{
    *event = (struct fan_event){.kind = FAN_EVENT_END, .signal = number};
    return 0;
}

static int read_key(struct fan_terminal *terminal, struct fan_event *event)
{
    wint_t code;
    int kind = get_wch(&code);
    if (kind == ERR)
        return terminal_is_gone() ? end_by(SIGHUP, event) : EAGAIN;
    if (kind == KEY_CODE_YES && code == KEY_RESIZE) {
        terminal->resized = true;
        return EAGAIN;
    }
    terminal->keys++;
    uint32_t key = kind == KEY_CODE_YES ? translate_function_key(code) : translate_character(code);
    *event = (struct fan_event){.kind = FAN_EVENT_KEY, .key = key};
    return 0;
}

/* EAGAIN when the signal asks for nothing more than what was done here. */
static int handle_signal(struct fan_terminal *terminal, int number, struct fan_event *event)
{
    switch (number) {
    case SIGTSTP:
        fan_terminal_suspend(terminal);
        return EAGAIN;
    case SIGCONT:
        take_terminal_again(terminal);
        return EAGAIN;
    case SIGWINCH:
        take_over_size(terminal);
        return EAGAIN;
    default:
        return end_by(number, event);
    }
}

static int read_signals(struct fan_terminal *terminal, struct fan_event *event)
{
    struct signalfd_siginfo info;
    while (read(terminal->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (handle_signal(terminal, (int)info.ssi_signo, event) == 0)
            return 0;
    }
    return EAGAIN;
}

int fan_terminal_read(struct fan_terminal *terminal, struct fan_event *event)
{
    if (read_signals(terminal, event) == 0)
        return 0;
    if (!terminal->resized) {
        int err = read_key(terminal, event);
        if (err == 0 || !terminal->resized)
            return err;
    }
    terminal->resized = false;
    *event = (struct fan_event){.kind = FAN_EVENT_RESIZE};
    return 0;
}
