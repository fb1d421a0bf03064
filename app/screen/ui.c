#include "app/screen/ui.h"

#include "app/screen/lab_view.h"
#include "app/screen/lesson_view.h"
#include "app/screen/overlay.h"
#include "app/screen/step_view.h"

#include <string.h>

enum { HELP_FRAME = 2 /* the rules above and below */ };

/* A lab stands beside a lesson's text, below its head; its last row is the lesson's own footer. */
enum { BESIDE_TOP = 3, BESIDE_COL = 80 };

struct fan_ui fan_ui_at_home(const struct fan_scenario *const *scenarios, size_t count,
                             uint64_t seed)
{
    return (struct fan_ui){.home = {.scenarios = scenarios, .count = count}, .seed = seed};
}

void fan_ui_open(struct fan_ui *ui, const struct fan_scenario *scenario)
{
    ui->lab = fan_lab_screen_for(scenario, ui->seed);
    ui->in_lab = true;
    fan_ui_resize(ui, ui->rows, ui->cols);
}

void fan_ui_teach(struct fan_ui *ui, struct fan_course *course)
{
    ui->home.course = course;
    ui->lesson.course = course;
}

void fan_ui_open_lesson(struct fan_ui *ui, int lesson, int stage)
{
    ui->lesson = fan_lesson_screen_on(ui->lesson.course, lesson);
    ui->in_lesson = true;
    ui->in_lab = false;
    fan_ui_resize(ui, ui->rows, ui->cols);
    if (stage >= 0)
        fan_lesson_screen_go(&ui->lesson, stage);
}

void fan_ui_open_step(struct fan_ui *ui, struct fan_step *step)
{
    const char *back = ui->in_lab ? "lab" : ui->in_lesson ? "lesson" : "quit";
    ui->step = fan_step_screen_on(step, back);
    ui->in_step = true;
    fan_ui_resize(ui, ui->rows, ui->cols);
}

bool fan_ui_shows_beside(const struct fan_ui *ui)
{
    if (!ui->in_lesson || ui->in_lab || ui->in_step)
        return false;
    uint64_t possible = fan_lesson_screen_possible(&ui->lesson);
    return fan_lesson_screen_stage(&ui->lesson)->has_lab &&
           (possible & FAN_ACTION_BIT(FAN_ACTION_OPEN)) &&
           ui->rows >= BESIDE_TOP + FAN_LAB_VIEW_ROWS && ui->cols >= BESIDE_COL + FAN_LAB_VIEW_COLS;
}

void fan_ui_resize(struct fan_ui *ui, int rows, int cols)
{
    ui->rows = ui->home.rows = ui->lab.rows = ui->lesson.rows = ui->step.rows = rows;
    ui->cols = ui->lab.cols = ui->lesson.cols = ui->step.cols = cols;
    if (fan_ui_shows_beside(ui)) {
        ui->lab.rows = rows - BESIDE_TOP;
        ui->lab.cols = cols - BESIDE_COL;
    }
}

/* The screen below the help. */
static enum fan_screen explained_screen(const struct fan_ui *ui)
{
    if (ui->in_step)
        return fan_step_screen_place(&ui->step);
    if (ui->in_lab)
        return fan_lab_screen_place(&ui->lab);
    return ui->in_lesson ? FAN_SCREEN_LESSON : FAN_SCREEN_HOME;
}

static enum fan_screen place_of(const struct fan_ui *ui)
{
    return ui->in_help ? FAN_SCREEN_HELP : explained_screen(ui);
}

/* ---- help ---- */

static int help_page(const struct fan_ui *ui)
{
    return ui->rows - HELP_FRAME - 1 > 1 ? ui->rows - HELP_FRAME - 1 : 1;
}

static int help_lines(const struct fan_ui *ui)
{
    struct fan_grid grid = {0};
    struct fan_pane none = {.grid = &grid};
    return fan_keys_help(&none, explained_screen(ui), 0);
}

static void act_on_help(struct fan_ui *ui, enum fan_action action)
{
    int page = help_page(ui);
    if (action == FAN_ACTION_BACK)
        ui->in_help = false;
    ui->help_scroll = fan_keys_scroll(action, ui->help_scroll, page, help_lines(ui) - page);
}

static void draw_help(const struct fan_pane *pane, const struct fan_ui *ui)
{
    int lines = help_lines(ui);
    struct fan_pane top = fan_grid_part(pane, 0, 0, pane->rows - 1, pane->cols);
    struct fan_pane box = fan_overlay_open(&top, lines + HELP_FRAME, pane->cols, "keys");
    fan_keys_help(&box, explained_screen(ui), ui->help_scroll);
    fan_keys_footer(pane, FAN_SCREEN_HELP, FAN_ACTION_ALL, "close");
}

/* ---- keys ---- */

static enum fan_ui_request act_on_home(struct fan_ui *ui, uint32_t key)
{
    enum fan_home_request request = fan_home_screen_key(&ui->home, key);
    struct fan_home_row row = fan_home_screen_row(&ui->home, ui->home.selected);
    switch (request) {
    case FAN_HOME_LAB:
        fan_ui_open(ui, row.scenario);
        return FAN_UI_START;
    case FAN_HOME_LESSON:
        fan_ui_open_lesson(ui, row.lesson, -1);
        return FAN_UI_NOTHING;
    case FAN_HOME_LEAVE:
        return FAN_UI_LEAVE;
    default:
        return FAN_UI_NOTHING;
    }
}

static void set_up_lab_of_stage(struct fan_ui *ui)
{
    const struct fan_stage *stage = fan_lesson_screen_stage(&ui->lesson);
    ui->lab = fan_lab_screen_for(fan_lesson_screen_lesson(&ui->lesson)->bug, ui->seed);
    ui->lab.back = "lesson";
    if (stage->has_lab)
        ui->lab.values = (struct fan_form_values){
            .seed = stage->lab.seed, .workers = stage->lab.workers, .items = stage->lab.items};
}

void fan_ui_lay_beside(struct fan_ui *ui)
{
    set_up_lab_of_stage(ui);
    fan_ui_resize(ui, ui->rows, ui->cols);
}

static void open_lab_of_stage(struct fan_ui *ui)
{
    set_up_lab_of_stage(ui);
    ui->in_lab = true;
    fan_ui_resize(ui, ui->rows, ui->cols);
}

/* ---- stepping ---- */

enum { STEPPED_WORKERS = 2, STEPPED_ITEMS = 2 /* so few that a person can see all of it */ };

static const struct fan_variant *variant_called(const struct fan_scenario *scenario,
                                                const char *name)
{
    for (size_t i = 0; name && i < scenario->variant_count; i++)
        if (strcmp(scenario->variants[i].name, name) == 0)
            return &scenario->variants[i];
    return &scenario->variants[0];
}

/* The focused half, with the lab's own parameters. */
static enum fan_ui_request step_through_lab(struct fan_ui *ui)
{
    const struct fan_lab_screen *lab = &ui->lab;
    ui->stepped = (struct fan_step_subject){
        .scenario = lab->scenario,
        .variant = variant_called(lab->scenario, lab->halves[lab->focus].variant),
        .seed = lab->values.seed,
        .workers = lab->values.workers,
        .items = lab->values.items};
    return FAN_UI_STEP;
}

static enum fan_ui_request step_through_lesson(struct fan_ui *ui)
{
    const struct fan_stage *stage = fan_lesson_screen_stage(&ui->lesson);
    const struct fan_scenario *bug = fan_lesson_screen_lesson(&ui->lesson)->bug;
    bool has_own = stage->has_lab && strcmp(stage->key, "step") == 0;
    ui->stepped =
        (struct fan_step_subject){.scenario = bug,
                                  .variant = &bug->variants[0],
                                  .seed = has_own ? stage->lab.seed : ui->seed,
                                  .workers = has_own ? stage->lab.workers : STEPPED_WORKERS,
                                  .items = has_own ? stage->lab.items : STEPPED_ITEMS};
    return FAN_UI_STEP;
}

/* A program that came to be stepped through has no other screen to go back to. */
static enum fan_ui_request leave_step(struct fan_ui *ui)
{
    ui->in_step = false;
    return ui->in_lab || ui->in_lesson ? FAN_UI_UNSTEP : FAN_UI_LEAVE;
}

static enum fan_ui_request act_on_step(struct fan_ui *ui, uint32_t key)
{
    switch (fan_step_screen_key(&ui->step, key)) {
    case FAN_STEP_LEAVE:
        return leave_step(ui);
    case FAN_STEP_COPY:
        return FAN_UI_COPY;
    default:
        return FAN_UI_NOTHING;
    }
}

static enum fan_ui_request act_on_lesson(struct fan_ui *ui, uint32_t key)
{
    switch (fan_lesson_screen_key(&ui->lesson, key)) {
    case FAN_LESSON_LEAVE:
        ui->in_lesson = false;
        return FAN_UI_NOTHING;
    case FAN_LESSON_LAB:
        open_lab_of_stage(ui);
        return FAN_UI_START;
    case FAN_LESSON_STEP:
        return step_through_lesson(ui);
    case FAN_LESSON_KEEP:
        return FAN_UI_KEEP;
    case FAN_LESSON_PRACTISE:
        return FAN_UI_PRACTISE;
    default:
        return FAN_UI_NOTHING;
    }
}

/* From a lab to the lesson on its bug; back to where it was if that is the one it came from. */
static enum fan_ui_request leave_for_lesson(struct fan_ui *ui)
{
    const struct fan_course *course = ui->lesson.course;
    int lesson = course ? fan_course_find(course, ui->lab.scenario->id) : -1;
    if (lesson < 0)
        return FAN_UI_NOTHING;
    if (!ui->in_lesson || ui->lesson.lesson != lesson)
        fan_ui_open_lesson(ui, lesson, -1);
    ui->in_lab = false;
    return FAN_UI_STOP;
}

static enum fan_ui_request act_on_lab(struct fan_ui *ui, uint32_t key)
{
    switch (fan_lab_screen_key(&ui->lab, key)) {
    case FAN_LAB_RESTART:
        return FAN_UI_START;
    case FAN_LAB_LESSON:
        return leave_for_lesson(ui);
    case FAN_LAB_STEP:
        return step_through_lab(ui);
    case FAN_LAB_LEAVE:
        ui->in_lab = false;
        return FAN_UI_STOP;
    default:
        return FAN_UI_NOTHING;
    }
}

enum fan_ui_request fan_ui_key(struct fan_ui *ui, uint32_t key)
{
    enum fan_action action = fan_keys_action(place_of(ui), key);
    switch (action) {
    case FAN_ACTION_QUIT:
        return FAN_UI_INTERRUPT;
    case FAN_ACTION_SUSPEND:
        return FAN_UI_SUSPEND;
    case FAN_ACTION_REDRAW:
        return FAN_UI_REDRAW;
    case FAN_ACTION_HELP:
        ui->in_help = true;
        ui->help_scroll = 0;
        return FAN_UI_NOTHING;
    default:
        break;
    }
    if (ui->in_help) {
        act_on_help(ui, action);
        return FAN_UI_NOTHING;
    }
    if (ui->in_step)
        return act_on_step(ui, key);
    if (ui->in_lab)
        return act_on_lab(ui, key);
    return ui->in_lesson ? act_on_lesson(ui, key) : act_on_home(ui, key);
}

/* ---- the picture ---- */

static void draw_lesson(const struct fan_pane *pane, const struct fan_ui *ui)
{
    struct fan_pane beside =
        fan_grid_part(pane, BESIDE_TOP, BESIDE_COL, ui->lab.rows, ui->lab.cols);
    if (fan_ui_shows_beside(ui) && ui->lab.scenario)
        fan_lab_view_draw(&beside, &ui->lab);
    fan_lesson_view_draw(pane, &ui->lesson);
}

void fan_ui_draw(const struct fan_pane *pane, const struct fan_ui *ui)
{
    if (ui->in_step)
        fan_step_view_draw(pane, &ui->step);
    else if (ui->in_lab)
        fan_lab_view_draw(pane, &ui->lab);
    else if (ui->in_lesson)
        draw_lesson(pane, ui);
    else
        fan_home_screen_draw(pane, &ui->home);
    if (ui->in_help)
        draw_help(pane, ui);
}
