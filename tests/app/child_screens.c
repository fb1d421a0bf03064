/* The screens over made-up runs, without any child: to look at, and to drive through a pty.
 * Arguments: the first half (stuck, panic, running), workers. */
#include "app/screen/ui.h"
#include "app/terminal.h"
#include "tests/support/half.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fan_scenario *const scenarios[] = {&half_scenario};

/* What the screens are shown on, and the runs that they show. */
struct stage {
    struct fan_terminal *terminal;
    struct fan_grid grid;
    struct fan_ui ui;
    struct half_run *runs[FAN_LAB_HALVES];
};

static void draw(struct stage *stage)
{
    int rows, cols;
    fan_terminal_size(stage->terminal, &rows, &cols);
    if (fan_grid_resize(&stage->grid, rows, cols))
        return;
    fan_ui_resize(&stage->ui, rows, cols);
    struct fan_pane all = fan_grid_whole(&stage->grid);
    fan_ui_draw(&all, &stage->ui);
    fan_terminal_present(stage->terminal, &stage->grid);
}

static bool obey(struct stage *stage, uint32_t key)
{
    switch (fan_ui_key(&stage->ui, key)) {
    case FAN_UI_START:
        for (int half = 0; half < FAN_LAB_HALVES; half++)
            stage->ui.lab.halves[half] = stage->runs[half]->half;
        return true;
    case FAN_UI_REDRAW:
        fan_terminal_redraw(stage->terminal);
        return true;
    case FAN_UI_SUSPEND:
        fan_terminal_suspend(stage->terminal);
        return true;
    case FAN_UI_LEAVE:
    case FAN_UI_INTERRUPT:
        return false;
    default:
        return true;
    }
}

static void run(struct stage *stage)
{
    struct pollfd wait = {.fd = fan_terminal_descriptor(stage->terminal), .events = POLLIN};
    for (bool go_on = true; go_on;) {
        struct fan_event event;
        draw(stage);
        poll(&wait, 1, -1);
        while (go_on && fan_terminal_read(stage->terminal, &event) == 0)
            go_on = event.kind == FAN_EVENT_KEY ? obey(stage, event.key)
                                                : event.kind == FAN_EVENT_RESIZE;
    }
}

static struct half_run *first_half(const char *what, int workers)
{
    struct half_run *run = half_new("buggy", workers);
    if (strcmp(what, "stuck") == 0)
        half_make_stuck(run);
    if (strcmp(what, "panic") == 0)
        half_make_panic(run);
    return run;
}

int main(int argc, char **argv)
{
    int workers = argc > 2 ? atoi(argv[2]) : 4;
    struct stage stage = {.ui = fan_ui_at_home(scenarios, 1, 7)};
    char why[160];
    if (fan_terminal_open(&(struct fan_terminal_options){0}, &stage.terminal, why, sizeof why)) {
        fprintf(stderr, "child: %s\n", why);
        return 3;
    }
    if (fan_grid_init(&stage.grid, 1, 1, fan_terminal_charset(stage.terminal)))
        return 1;
    stage.runs[0] = first_half(argc > 1 ? argv[1] : "stuck", workers);
    stage.runs[1] = half_new("fixed", workers);
    half_make_clean(stage.runs[1]);
    run(&stage);
    fan_terminal_close(stage.terminal);
    fan_grid_destroy(&stage.grid);
    free(stage.runs[0]);
    free(stage.runs[1]);
    return 0;
}
