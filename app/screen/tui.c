#include "app/screen/tui.h"

#include "app/command.h"
#include "app/lesson/fill.h"
#include "app/screen/pair.h"
#include "app/screen/ui.h"
#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define MS 1000000ull

/* A verdict takes two looks, so looks come faster than frames. What merely ages is redrawn less
 * often than what changes. */
enum { LOOK_MS = 20, FRAME_MS = 50, AGE_MS = 100, STEP_LOOK_MS = 2, STEP_MS = 100 };

enum { GO_ON = -1 };

struct tui {
    struct fan_terminal *terminal;
    struct fan_grid grid;
    struct fan_ui ui;
    struct fan_pair pair;
    struct fan_course course;
    struct fan_step *step;          /* behind the Step screen; NULL: it is not shown */
    const struct fan_stage *beside; /* the stage whose lab runs beside its text; NULL: none */
    bool stale;                     /* the picture is not what should be shown */
    uint64_t drawn_ns, looked_ns;
    int exit_code; /* GO_ON, or what to return */
};

/* ---- the children ---- */

static bool is_watching(const struct tui *tui)
{
    return (tui->ui.in_lab || tui->beside) && !tui->ui.in_step && !tui->ui.lab.paused &&
           fan_lab_screen_is_live(&tui->ui.lab);
}

static void look(struct tui *tui, uint64_t now)
{
    bool changed = fan_pair_look(&tui->pair);
    tui->looked_ns = now;
    tui->stale = tui->stale || changed || now - tui->drawn_ns >= AGE_MS * MS;
    fan_pair_show(&tui->pair, &tui->ui.lab);
}

static void start_children(struct tui *tui)
{
    fan_pair_start(&tui->pair, &tui->ui.lab);
    fan_pair_show(&tui->pair, &tui->ui.lab);
}

static void end_children(struct tui *tui)
{
    fan_pair_end(&tui->pair);
    fan_pair_show(&tui->pair, &tui->ui.lab);
}

/* The lab beside a lesson's text runs once for each time that its stage is come to. */
static void follow_lesson(struct tui *tui)
{
    const struct fan_stage *wanted =
        fan_ui_shows_beside(&tui->ui) ? fan_lesson_screen_stage(&tui->ui.lesson) : NULL;
    if (wanted == tui->beside)
        return;
    tui->beside = wanted;
    if (wanted) {
        fan_ui_lay_beside(&tui->ui);
        start_children(tui);
    } else if (!tui->ui.in_lab) {
        end_children(tui);
    }
}

/* ---- stepping ---- */

/* Most steps are there within a few milliseconds: then the next key finds them done, and no frame
 * shows the step before. */
static void await_step(struct tui *tui)
{
    uint64_t deadline = fan_clock_ns() + STEP_MS * MS;
    while (tui->step && fan_step_is_running(tui->step) && fan_clock_ns() < deadline)
        if (!fan_step_look(tui->step))
            poll(NULL, 0, 1);
}

static void close_step(struct tui *tui)
{
    fan_step_close(tui->step);
    tui->step = NULL;
}

static void open_step(struct tui *tui, const struct fan_step_subject *subject)
{
    close_step(tui);
    if (fan_step_open(subject, &tui->step) == 0)
        fan_ui_open_step(&tui->ui, tui->step);
}

static bool is_stepping(const struct tui *tui)
{
    return tui->step && fan_step_is_busy(tui->step);
}

/* ---- drawing ---- */

/* When there is no memory for a grid of the new size, the old one is shown, cut. */
static void fit_to_terminal(struct tui *tui)
{
    int rows, cols;
    fan_terminal_size(tui->terminal, &rows, &cols);
    if (rows != tui->grid.rows || cols != tui->grid.cols)
        fan_grid_resize(&tui->grid, rows, cols);
    fan_ui_resize(&tui->ui, tui->grid.rows, tui->grid.cols);
}

/* The commands of a stage take some milliseconds, once. What fails is said in their place. */
static void fill_stage(struct tui *tui)
{
    char why[FAN_LESSON_WHY];
    if (tui->ui.in_lesson && !tui->ui.in_lab)
        fan_fill_stage(fan_lesson_screen_lesson(&tui->ui.lesson),
                       fan_lesson_screen_progress(&tui->ui.lesson)->stage, NULL, why);
}

static void draw(struct tui *tui, uint64_t now)
{
    fit_to_terminal(tui);
    fill_stage(tui);
    follow_lesson(tui);
    fan_pair_show(&tui->pair, &tui->ui.lab);
    fan_grid_clear(&tui->grid);
    struct fan_pane all = fan_grid_whole(&tui->grid);
    fan_ui_draw(&all, &tui->ui);
    fan_terminal_present(tui->terminal, &tui->grid);
    tui->drawn_ns = now;
    tui->stale = false;
}

/* ---- events ---- */

static void take_key(struct tui *tui, uint32_t key)
{
    switch (fan_ui_key(&tui->ui, key)) {
    case FAN_UI_START:
        start_children(tui);
        break;
    case FAN_UI_STOP:
        end_children(tui);
        break;
    case FAN_UI_STEP:
        open_step(tui, &tui->ui.stepped);
        break;
    case FAN_UI_UNSTEP:
        close_step(tui);
        break;
    case FAN_UI_COPY:
        fan_terminal_copy(tui->terminal, tui->step->line);
        break;
    case FAN_UI_KEEP:
        fan_course_keep(&tui->course, tui->ui.lesson.lesson);
        break;
    case FAN_UI_PRACTISE:
        fan_practice_place_write(fan_lesson_screen_lesson(&tui->ui.lesson)->bug, NULL, false, false,
                                 &tui->ui.lesson.practice);
        break;
    case FAN_UI_LEAVE:
        tui->exit_code = FAN_EXIT_CLEAN;
        break;
    case FAN_UI_INTERRUPT:
        tui->exit_code = FAN_EXIT_SIGNAL + SIGINT;
        break;
    case FAN_UI_SUSPEND:
        fan_terminal_suspend(tui->terminal);
        break;
    case FAN_UI_REDRAW:
        fan_terminal_redraw(tui->terminal);
        break;
    case FAN_UI_NOTHING:
        break;
    }
}

static void take_events(struct tui *tui)
{
    struct fan_event event;
    while (tui->exit_code == GO_ON && fan_terminal_read(tui->terminal, &event) == 0) {
        tui->stale = true;
        if (event.kind == FAN_EVENT_KEY) {
            take_key(tui, event.key);
            await_step(tui);
        } else if (event.kind == FAN_EVENT_RESIZE)
            fit_to_terminal(tui);
        else
            tui->exit_code = FAN_EXIT_SIGNAL + event.signal;
    }
}

/* ---- the loop ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long the loop may sleep: until the next frame, the next look, or for ever. */
static int sleep_ms(const struct tui *tui, uint64_t now)
{
    uint64_t wake = UINT64_MAX;
    if (tui->stale)
        wake = tui->drawn_ns + FRAME_MS * MS;
    if (is_watching(tui))
        wake = earlier(wake, tui->looked_ns + LOOK_MS * MS);
    if (is_stepping(tui))
        wake = earlier(wake, now + STEP_LOOK_MS * MS);
    if (wake == UINT64_MAX)
        return -1;
    return wake <= now ? 0 : (int)((wake - now + MS - 1) / MS);
}

static void loop(struct tui *tui)
{
    struct pollfd wait = {.fd = fan_terminal_descriptor(tui->terminal), .events = POLLIN};
    draw(tui, fan_clock_ns());
    while (tui->exit_code == GO_ON) {
        poll(&wait, 1, sleep_ms(tui, fan_clock_ns()));
        take_events(tui);
        uint64_t now = fan_clock_ns();
        if (is_watching(tui) && now >= tui->looked_ns + LOOK_MS * MS)
            look(tui, now);
        if (is_stepping(tui))
            tui->stale |= fan_step_look(tui->step);
        if (tui->stale && tui->exit_code == GO_ON && now >= tui->drawn_ns + FRAME_MS * MS)
            draw(tui, now);
    }
}

static void begin(struct tui *tui, const struct fan_tui_options *options)
{
    tui->ui = fan_ui_at_home(options->scenarios, options->scenario_count, options->seed);
    fan_course_open(&tui->course, NULL);
    fan_ui_teach(&tui->ui, &tui->course);
    fit_to_terminal(tui);
    int lesson = options->lesson ? fan_course_find(&tui->course, options->lesson) : -1;
    if (lesson >= 0)
        fan_ui_open_lesson(
            &tui->ui, lesson,
            options->stage ? fan_lesson_stage(&tui->course.lessons[lesson], options->stage) : -1);
    if (options->step) {
        open_step(tui, options->step);
        if (options->line && tui->step)
            fan_step_follow(tui->step, options->line);
        await_step(tui);
    }
    if (options->open) {
        fan_ui_open(&tui->ui, options->open);
        start_children(tui);
    }
}

int fan_tui_run(const struct fan_tui_options *options)
{
    char why[160];
    struct tui tui = {.exit_code = GO_ON};
    if (fan_terminal_open(&options->terminal, &tui.terminal, why, sizeof why)) {
        fprintf(stderr, "fanlab: %s\n", why);
        return FAN_EXIT_LACKING;
    }
    if (fan_grid_init(&tui.grid, 24, 80, fan_terminal_charset(tui.terminal))) {
        fan_terminal_close(tui.terminal);
        fprintf(stderr, "fanlab: out of memory\n");
        return FAN_EXIT_LACKING;
    }
    begin(&tui, options);
    loop(&tui);
    fan_terminal_close(tui.terminal);
    fan_pair_end(&tui.pair);
    close_step(&tui);
    fan_course_close(&tui.course);
    fan_grid_destroy(&tui.grid);
    return tui.exit_code;
}
