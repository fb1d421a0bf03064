#ifndef FAN_APP_SCREEN_TUI_H
#define FAN_APP_SCREEN_TUI_H

#include "app/step.h"
#include "app/terminal.h"
#include "lab/scenario.h"

/*
 * The TUI: terminal, screens and children in one loop on the main thread. It draws at most 20
 * frames a second and only what has changed; when nothing can change it sleeps until a key.
 */
struct fan_tui_options {
    struct fan_terminal_options terminal;
    const struct fan_scenario *const *scenarios;
    size_t scenario_count;
    const struct fan_scenario *open;     /* the lab to start in; NULL: home */
    const char *lesson;                  /* the id of the lesson to start in; NULL: none */
    const char *stage;                   /* the key of its stage; NULL: where the learner was */
    const struct fan_step_subject *step; /* the Step screen to start in; NULL: none */
    const char *line;                    /* whose end it goes to; NULL: the beginning */
    uint64_t seed;
};

/* Runs until the person quits or a signal ends it. Returns the program's exit code: 0, 3 when there
 * is no usable terminal (said on standard error), 128 + n after signal n, 130 after ctrl-c. */
int fan_tui_run(const struct fan_tui_options *options);

#endif
