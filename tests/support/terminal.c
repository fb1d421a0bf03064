#define _GNU_SOURCE
#include "tests/support/terminal.h"

#include "app/utf8.h"
#include "tests/support/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#define LIMIT_MS 60000

struct frame_mark {
    unsigned long frame, keys;
    int cols, rows;
};

struct terminal {
    int master, commands, reports;
    pid_t leader, job;
    int status; /* of the last report */
    bool stopped, ended;
    VTerm *vterm;
    VTermScreen *screen;
    int rows, cols;
    unsigned long keys; /* pressed so far */
    size_t bytes;
    bool main_screen, cursor_visible;
    struct termios modes;
    struct frame_mark mark;
    char *text; /* the last whole frame; without marks, or out of the program, what is there */
    size_t text_size;
    char *row_text;
};

static _Noreturn void give_up(const char *what)
{
    perror(what);
    abort();
}

static void take_report(struct terminal *terminal)
{
    struct shell_report line;
    if (read(terminal->reports, &line, sizeof line) != (ssize_t)sizeof line)
        give_up("the leader of the terminal");
    terminal->status = line.status;
    terminal->stopped = WIFSTOPPED(line.status);
    terminal->ended = !terminal->stopped;
}

/* ---- the picture ---- */

static void read_screen(struct terminal *terminal)
{
    size_t used = 0;
    for (int row = 0; row < terminal->rows; row++) {
        const char *line = terminal_row(terminal, row);
        used += (size_t)snprintf(terminal->text + used, terminal->text_size - used, "%s\n", line);
    }
}

static void make_room(struct terminal *terminal)
{
    size_t row_size = (size_t)terminal->cols * VTERM_MAX_CHARS_PER_CELL * 4 + 1;
    terminal->row_text = realloc(terminal->row_text, row_size);
    terminal->text_size = (row_size + 1) * (size_t)terminal->rows + 1;
    terminal->text = realloc(terminal->text, terminal->text_size);
    if (!terminal->row_text || !terminal->text)
        give_up("realloc");
    terminal->text[0] = '\0';
}

static int note_property(VTermProp property, VTermValue *value, void *user)
{
    struct terminal *terminal = user;
    if (property == VTERM_PROP_ALTSCREEN)
        terminal->main_screen = !value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE)
        terminal->cursor_visible = value->boolean;
    return 1;
}

static int note_command(const char *command, size_t length, void *user)
{
    struct terminal *terminal = user;
    struct frame_mark mark;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)length, command);
    if (strcmp(text, "7771;change") == 0)
        take_report(terminal);
    if (sscanf(text, "7770;%lu;%lu;%dx%d", &mark.frame, &mark.keys, &mark.cols, &mark.rows) == 4) {
        terminal->mark = mark;
        read_screen(terminal);
    }
    return 1;
}

static void answer_program(const char *bytes, size_t length, void *user)
{
    struct terminal *terminal = user;
    while (length > 0) {
        ssize_t n = write(terminal->master, bytes, length);
        if (n < 0)
            return; /* the program has gone; its exit tells more */
        bytes += n;
        length -= (size_t)n;
    }
}

static void make_picture(struct terminal *terminal)
{
    static const VTermScreenCallbacks screen_calls = {.settermprop = note_property};
    static const VTermParserCallbacks unknown_calls = {.osc = note_command};
    terminal->vterm = vterm_new(terminal->rows, terminal->cols);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, answer_program, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_set_callbacks(terminal->screen, &screen_calls, terminal);
    vterm_screen_set_unrecognised_fallbacks(terminal->screen, &unknown_calls, terminal);
    vterm_screen_reset(terminal->screen, 1);
    terminal->main_screen = terminal->cursor_visible = true;
    make_room(terminal);
}

/* ---- starting and ending ---- */

static int open_pty(struct terminal *terminal)
{
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->master < 0 || grantpt(terminal->master) || unlockpt(terminal->master))
        give_up("pty");
    int slave = open(ptsname(terminal->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize size = {.ws_row = (unsigned short)terminal->rows,
                           .ws_col = (unsigned short)terminal->cols};
    if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) || tcgetattr(slave, &terminal->modes))
        give_up("pty");
    return slave;
}

static void start_leader(struct terminal *terminal, const struct terminal_options *options)
{
    int slave = open_pty(terminal);
    int commands[2], reports[2];
    if (pipe2(commands, O_CLOEXEC) || pipe2(reports, O_CLOEXEC))
        give_up("pipe2");
    terminal->leader = fork();
    if (terminal->leader < 0)
        give_up("fork");
    if (terminal->leader == 0) {
        close(terminal->master);
        close(commands[1]);
        close(reports[0]);
        struct shell_job job = {.argv = options->argv, .env = options->env};
        shell_lead(&job, slave, commands[0], reports[1]);
    }
    close(slave);
    close(commands[0]);
    close(reports[1]);
    terminal->commands = commands[1];
    terminal->reports = reports[0];
}

struct terminal *terminal_start(const struct terminal_options *options)
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (!terminal)
        give_up("calloc");
    terminal->rows = options->rows ? options->rows : 24;
    terminal->cols = options->cols ? options->cols : 80;
    start_leader(terminal, options);
    struct shell_report first;
    make_picture(terminal);
    if (read(terminal->reports, &first, sizeof first) != (ssize_t)sizeof first || first.pid < 0)
        give_up("the leader of the terminal");
    terminal->job = first.pid;
    return terminal;
}

void terminal_free(struct terminal *terminal)
{
    if (!terminal)
        return;
    if (terminal->master >= 0)
        close(terminal->master);
    close(terminal->commands);
    waitpid(terminal->leader, NULL, 0);
    close(terminal->reports);
    vterm_free(terminal->vterm);
    free(terminal->text);
    free(terminal->row_text);
    free(terminal);
}

/* ---- waiting ---- */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void take_output(struct terminal *terminal)
{
    char bytes[4096];
    ssize_t n = read(terminal->master, bytes, sizeof bytes);
    if (n <= 0)
        return;
    terminal->bytes += (size_t)n;
    vterm_input_write(terminal->vterm, bytes, (size_t)n);
    if (!terminal->mark.frame || terminal->stopped || terminal->ended)
        read_screen(terminal);
}

/* False when nothing came before the deadline, or nothing can come any more. */
static bool take_something(struct terminal *terminal, long long deadline)
{
    bool hung_up = terminal->master < 0;
    struct pollfd wait = {.fd = hung_up ? terminal->reports : terminal->master, .events = POLLIN};
    long long left = terminal->ended ? 0 : deadline - now_ms();
    if (left < 0 || poll(&wait, 1, (int)left) == 0)
        return false;
    if (hung_up)
        take_report(terminal);
    else
        take_output(terminal);
    return true;
}

typedef bool condition(struct terminal *terminal, const void *wanted);

static bool wait_for(struct terminal *terminal, condition *met, const void *wanted,
                     const char *what)
{
    long long deadline = now_ms() + LIMIT_MS;
    while (!met(terminal, wanted)) {
        if (take_something(terminal, deadline))
            continue;
        fprintf(stderr, "terminal: missing: %s; %s, %lu of %lu keys read, frame %lu shows:\n%s",
                what, terminal->ended ? "the program has ended" : "the time is over",
                terminal->mark.keys, terminal->keys, terminal->mark.frame, terminal->text);
        return false;
    }
    return true;
}

static bool has_text(struct terminal *terminal, const void *text)
{
    return strstr(terminal->text, text) != NULL;
}

static bool lacks_text(struct terminal *terminal, const void *text)
{
    return !has_text(terminal, text);
}

static bool has_match(struct terminal *terminal, const void *regex)
{
    return regexec(regex, terminal->text, 0, NULL, 0) == 0;
}

static bool has_frame(struct terminal *terminal, const void *frame)
{
    return terminal->mark.frame >= *(const unsigned long *)frame;
}

static bool has_seen_all(struct terminal *terminal, const void *nothing)
{
    (void)nothing;
    const struct frame_mark *mark = &terminal->mark;
    return mark->frame > 0 && mark->keys >= terminal->keys && mark->cols == terminal->cols &&
           mark->rows == terminal->rows;
}

static bool has_stopped(struct terminal *terminal, const void *nothing)
{
    (void)nothing;
    return terminal->stopped;
}

static bool has_ended(struct terminal *terminal, const void *nothing)
{
    (void)nothing;
    return terminal->ended;
}

bool terminal_wait_text(struct terminal *terminal, const char *text)
{
    return wait_for(terminal, has_text, text, text);
}

bool terminal_wait_no_text(struct terminal *terminal, const char *text)
{
    char what[128];
    snprintf(what, sizeof what, "screen without %s", text);
    return wait_for(terminal, lacks_text, text, what);
}

bool terminal_wait_regex(struct terminal *terminal, const char *extended_regex)
{
    regex_t regex;
    if (regcomp(&regex, extended_regex, REG_EXTENDED | REG_NEWLINE | REG_NOSUB)) {
        fprintf(stderr, "terminal: bad regex %s\n", extended_regex);
        return false;
    }
    bool found = wait_for(terminal, has_match, &regex, extended_regex);
    regfree(&regex);
    return found;
}

bool terminal_wait_frame(struct terminal *terminal, unsigned long frame)
{
    return wait_for(terminal, has_frame, &frame, "frame with that number");
}

bool terminal_settle(struct terminal *terminal)
{
    return wait_for(terminal, has_seen_all, NULL, "frame that has seen all keys and the size");
}

bool terminal_wait_stop(struct terminal *terminal)
{
    return wait_for(terminal, has_stopped, NULL, "stop");
}

bool terminal_wait_exit(struct terminal *terminal, int *status)
{
    if (!wait_for(terminal, has_ended, NULL, "end of the program"))
        return false;
    *status = terminal->status;
    return true;
}

/* ---- acting ---- */

void terminal_type(struct terminal *terminal, const char *bytes)
{
    terminal->keys += strlen(bytes);
    answer_program(bytes, strlen(bytes), terminal);
}

static bool press_special(VTerm *vterm, const char *name)
{
    static const struct {
        const char *name;
        VTermKey key;
    } keys[] = {
        {"up", VTERM_KEY_UP},       {"down", VTERM_KEY_DOWN},
        {"left", VTERM_KEY_LEFT},   {"right", VTERM_KEY_RIGHT},
        {"home", VTERM_KEY_HOME},   {"end", VTERM_KEY_END},
        {"pgup", VTERM_KEY_PAGEUP}, {"pgdn", VTERM_KEY_PAGEDOWN},
        {"enter", VTERM_KEY_ENTER}, {"esc", VTERM_KEY_ESCAPE},
        {"tab", VTERM_KEY_TAB},     {"backspace", VTERM_KEY_BACKSPACE},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            vterm_keyboard_key(vterm, keys[i].key, VTERM_MOD_NONE);
            return true;
        }
    }
    return false;
}

void terminal_press(struct terminal *terminal, const char *name)
{
    terminal->keys++;
    if (press_special(terminal->vterm, name))
        return;
    if (strncmp(name, "ctrl-", 5) != 0 || name[6] != '\0') {
        fprintf(stderr, "terminal: no key is called %s\n", name);
        abort();
    }
    char byte = name[5] & 0x1f;
    answer_program(&byte, 1, terminal);
}

void terminal_resize(struct terminal *terminal, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    terminal->rows = rows;
    terminal->cols = cols;
    make_room(terminal);
    vterm_set_size(terminal->vterm, rows, cols);
    ioctl(terminal->master, TIOCSWINSZ, &size);
}

void terminal_signal(struct terminal *terminal, int number)
{
    kill(terminal->job, number);
}

void terminal_continue(struct terminal *terminal)
{
    char command = SHELL_CONTINUE;
    terminal->stopped = false;
    if (write(terminal->commands, &command, 1) != 1)
        give_up("the leader of the terminal");
}

void terminal_hang_up(struct terminal *terminal)
{
    close(terminal->master);
    terminal->master = -1;
}

/* ---- looking ---- */

unsigned long terminal_frame(const struct terminal *terminal)
{
    return terminal->mark.frame;
}

size_t terminal_bytes(const struct terminal *terminal)
{
    return terminal->bytes;
}

pid_t terminal_pid(const struct terminal *terminal)
{
    return terminal->job;
}

const char *terminal_text(struct terminal *terminal)
{
    return terminal->text;
}

struct terminal_cell terminal_cell_at(struct terminal *terminal, int row, int col)
{
    VTermScreenCell cell;
    if (!vterm_screen_get_cell(terminal->screen, (VTermPos){row, col}, &cell))
        return (struct terminal_cell){0};
    struct terminal_cell seen = {.width = cell.width,
                                 .bold = cell.attrs.bold,
                                 .reverse = cell.attrs.reverse,
                                 .underline = cell.attrs.underline != 0,
                                 .coloured = !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg)};
    size_t used = 0;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
        used += fan_utf8_encode(cell.chars[i], seen.text + used);
    seen.text[used] = '\0';
    return seen;
}

const char *terminal_row(struct terminal *terminal, int row)
{
    size_t used = 0, kept = 0;
    for (int col = 0; col < terminal->cols;) {
        struct terminal_cell cell = terminal_cell_at(terminal, row, col);
        const char *text = cell.text[0] ? cell.text : " ";
        memcpy(terminal->row_text + used, text, strlen(text));
        used += strlen(text);
        if (strcmp(text, " ") != 0)
            kept = used;
        col += cell.width > 1 ? cell.width : 1;
    }
    terminal->row_text[kept] = '\0';
    return terminal->row_text;
}

static bool find_in_row(struct terminal *terminal, const char *text, int row, int *col)
{
    for (int start = 0; start < terminal->cols; start++) {
        const char *left = text;
        int at = start;
        while (*left && at < terminal->cols) {
            struct terminal_cell cell = terminal_cell_at(terminal, row, at);
            const char *seen = cell.text[0] ? cell.text : " ";
            if (strncmp(left, seen, strlen(seen)) != 0)
                break;
            left += strlen(seen);
            at += cell.width > 1 ? cell.width : 1;
        }
        if (!*left) {
            *col = start;
            return true;
        }
    }
    return false;
}

bool terminal_find(struct terminal *terminal, const char *text, int *row, int *col)
{
    for (int at = 0; at < terminal->rows; at++) {
        if (find_in_row(terminal, text, at, col)) {
            *row = at;
            return true;
        }
    }
    return false;
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
           a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

bool terminal_is_restored(struct terminal *terminal)
{
    struct termios modes;
    bool modes_good =
        tcgetattr(terminal->master, &modes) == 0 && same_modes(&modes, &terminal->modes);
    if (modes_good && terminal->main_screen && terminal->cursor_visible)
        return true;
    fprintf(stderr, "terminal: not restored: modes %s, %s screen, cursor %s\n",
            modes_good ? "good" : "changed", terminal->main_screen ? "main" : "other",
            terminal->cursor_visible ? "visible" : "hidden");
    return false;
}
