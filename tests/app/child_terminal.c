/* A small program on app/terminal.h: shows its size and the last key, and dies on request. */
#include "app/keys.h"
#include "app/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void draw(struct fan_terminal *terminal, struct fan_grid *grid, uint32_t key)
{
    int rows, cols;
    fan_terminal_size(terminal, &rows, &cols);
    fan_grid_resize(grid, rows, cols);
    struct fan_pane all = fan_grid_whole(grid);
    fan_grid_print(&all, 0, 0, FAN_STYLE_TITLE, "size %dx%d", cols, rows);
    fan_grid_print(&all, 1, 0, FAN_STYLE_NORMAL, "key %x", (unsigned)key);
    fan_grid_put(&all, 2, 0, FAN_STYLE_BLOCKED, "blocked");
    fan_grid_put(&all, 3, 0, FAN_STYLE_NORMAL, "e\xcc\x81t\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97|");
    fan_grid_put_glyph(&all, 4, 0, FAN_STYLE_DONE, FAN_GLYPH_DONE);
    fan_grid_put(&all, 5, 0, FAN_STYLE_NORMAL, "a\033[31mb");
    fan_grid_put(&all, rows - 1, cols - 6, FAN_STYLE_FOOTER, "corner");
    fan_terminal_present(terminal, grid);
}

static char overflow(volatile char *below)
{
    volatile char frame[4096];
    frame[0] = below[0];
    return below[0] == 'o' ? overflow(frame) + frame[0] : 0;
}

static void obey(struct fan_terminal *terminal, uint32_t key)
{
    if (key == 's')
        raise(SIGSEGV);
    if (key == 'o')
        overflow(&(volatile char){'o'});
    if (key == 'a')
        abort();
    if (key == 'e')
        exit(4);
    if (key == FAN_KEY_CTRL_Z)
        fan_terminal_suspend(terminal);
    if (key == FAN_KEY_CTRL_L)
        fan_terminal_redraw(terminal);
}

/* The exit status: 0 after q, 128 and the signal after one. */
static int run(struct fan_terminal *terminal, struct fan_grid *grid)
{
    struct pollfd wait = {.fd = fan_terminal_descriptor(terminal), .events = POLLIN};
    uint32_t key = 0;
    draw(terminal, grid, key);
    for (;;) {
        struct fan_event event;
        poll(&wait, 1, -1);
        while (fan_terminal_read(terminal, &event) == 0) {
            if (event.kind == FAN_EVENT_END)
                return 128 + event.signal;
            if (event.kind == FAN_EVENT_KEY && event.key == 'q')
                return 0;
            if (event.kind == FAN_EVENT_KEY)
                obey(terminal, key = event.key);
        }
        draw(terminal, grid, key);
    }
}

int main(int argc, char **argv)
{
    struct fan_terminal_options options = {.ascii = argc > 1 && strcmp(argv[1], "--ascii") == 0};
    struct fan_terminal *terminal;
    char why[160];
    if (fan_terminal_open(&options, &terminal, why, sizeof why)) {
        fprintf(stderr, "child: %s\n", why);
        return 3;
    }
    struct fan_grid grid;
    if (fan_grid_init(&grid, 1, 1, fan_terminal_charset(terminal)))
        return 1;
    int status = run(terminal, &grid);
    fan_terminal_close(terminal);
    fan_grid_destroy(&grid);
    printf("bye %d\n", status);
    return status;
}
