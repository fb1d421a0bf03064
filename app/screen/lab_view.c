#include "app/screen/lab_view.h"

#include "app/screen/crews.h"
#include "app/screen/detail.h"
#include "app/screen/gauges.h"
#include "app/screen/lanes.h"
#include "app/screen/source.h"
#include "app/screen/stacks.h"
#include "app/screen/verdict_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_ROWS = 2,  /* what runs; what it looks like from outside */
    TITLE_ROWS = 2, /* a pane's title and verdict */
    WORK_ROWS = 1,
    FOOTER_ROWS = 1,
    STACK_ROWS = 4, /* of a thread that has little to tell */
    LEAST_SOURCE = 3,
    DETAIL_TOP = HEAD_ROWS + 1,
};

/* How the rows between head and footer are shared. */
struct layout {
    int lanes, crews, gauges, stacks, source;
    bool one_half; /* room or wish for only one */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static bool is_too_small(const struct fan_lab_screen *lab)
{
    return lab->rows < FAN_LAB_VIEW_ROWS || lab->cols < FAN_LAB_VIEW_COLS;
}

/* What the threads of the focused half need for their stacks: the most of all of them, so that the
 * source stays put while the selection moves. */
struct need {
    int all, least;
};

static struct need stack_need(const struct fan_lab_screen *lab)
{
    const struct fan_half *half = &lab->halves[lab->focus];
    struct need need = {.all = STACK_ROWS, .least = STACK_ROWS};
    for (int i = 0; i < fan_half_threads(half); i++) {
        int least;
        need.all =
            larger(need.all, fan_stacks_rows(half, fan_half_thread(half, i), lab->cols, &least));
        need.least = larger(need.least, least);
    }
    return need;
}

/* Both halves get the same rows, so that what is the same in them stands side by side. Threads come
 * before executors and objects, of which the latter keep a row, and all leave the bottom its
 * least. */
static struct layout choose_layout(const struct fan_lab_screen *lab)
{
    const struct fan_half *halves = lab->halves;
    struct need need = stack_need(lab);
    int threads = larger(fan_lanes_wanted(&halves[0]), fan_lanes_wanted(&halves[1]));
    int objects = larger(fan_gauges_rows(&halves[0]), fan_gauges_rows(&halves[1]));
    int crews = larger(fan_crews_rows(&halves[0]), fan_crews_rows(&halves[1]));
    int rows = lab->rows - HEAD_ROWS - TITLE_ROWS - WORK_ROWS - FOOTER_ROWS - 1;
    int middle = larger(rows - need.least - LEAST_SOURCE, 0);
    struct layout layout = {.one_half = is_too_small(lab) || lab->shown != FAN_LAB_BOTH};
    layout.crews = smaller(crews, middle / 3 / FAN_CREWS_ROWS_EACH * FAN_CREWS_ROWS_EACH);
    middle -= layout.crews;
    rows -= layout.crews;
    layout.gauges = smaller(objects, larger(middle - threads, smaller(middle / 3, objects)));
    layout.lanes = smaller(threads, middle - layout.gauges);
    int spare = larger(rows - layout.lanes - layout.gauges - need.least - LEAST_SOURCE, 0);
    layout.stacks = smaller(need.all, need.least + spare / 2);
    layout.source = rows - layout.lanes - layout.gauges - layout.stacks;
    return layout;
}

/* ---- the head ---- */

static void draw_head(const struct fan_pane *pane, const struct fan_lab_screen *lab)
{
    const char *mode = lab->paused ? "PAUSED  FREE-RUNNING" : "FREE-RUNNING";
    int mode_col = pane->cols - 1 - (int)strlen(mode);
    int col = fan_grid_put(pane, 0, 1, FAN_STYLE_DIM, "fanlab");
    col = fan_grid_print(pane, 0, col + 2, FAN_STYLE_TITLE, "%s %s", lab->scenario->id,
                         lab->scenario->title);
    fan_grid_print(pane, 0, col + 3, FAN_STYLE_NORMAL,
                   "seed %" PRIu64 "  workers %" PRIu64 "  items %" PRIu64, lab->values.seed,
                   lab->values.workers, lab->values.items);
    fan_grid_put(pane, 0, mode_col - 1, FAN_STYLE_NORMAL, " ");
    fan_grid_put(pane, 0, mode_col, FAN_STYLE_KEY, mode);
    if (is_too_small(lab))
        fan_grid_print(pane, 1, 1, FAN_STYLE_ERROR, "%dx%d is too small for both: one half shown",
                       lab->cols, lab->rows);
    else
        fan_grid_put_within(pane, 1, 1, pane->cols - 2, FAN_STYLE_NORMAL, lab->scenario->symptom);
}

/* ---- one half ---- */

static void draw_half_title(const struct fan_pane *pane, const struct fan_half *half, bool focused)
{
    char name[32], age[32] = "";
    snprintf(name, sizeof name, " %s ", half->variant ? half->variant : "?");
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    fan_grid_rule(pane, 0, FAN_STYLE_DIM);
    fan_grid_put(pane, 0, 0, focused ? FAN_STYLE_SELECTED : FAN_STYLE_TITLE, name);
    if (!half->snapshot || half->snapshot->taken_ns < half->snapshot->started_ns)
        return;
    fan_half_duration(half->snapshot->taken_ns - half->snapshot->started_ns, age, sizeof age);
    fan_grid_print(pane, 0, pane->cols - (int)strlen(age) - 4, FAN_STYLE_DIM, " t %s ", age);
}

static void draw_half(const struct fan_pane *pane, const struct fan_lab_screen *lab, int index,
                      const struct layout *layout)
{
    const struct fan_half *half = &lab->halves[index];
    bool focused = index == lab->focus;
    int selected = focused ? fan_lab_screen_selected(lab, index) : -1;
    struct fan_pane lanes = fan_grid_part(pane, TITLE_ROWS, 0, layout->lanes, pane->cols);
    int below = TITLE_ROWS + layout->lanes;
    struct fan_pane crews = fan_grid_part(pane, below, 0, layout->crews, pane->cols);
    below += layout->crews;
    struct fan_pane gauges = fan_grid_part(pane, below, 0, layout->gauges, pane->cols);
    draw_half_title(pane, half, focused);
    fan_verdict_line_draw(pane, 1, half);
    fan_lanes_draw(&lanes, half, selected);
    fan_crews_draw(&crews, half);
    fan_gauges_draw(&gauges, half);
    fan_gauges_draw_work(pane, below + layout->gauges, half);
}

static void draw_halves(const struct fan_pane *pane, const struct fan_lab_screen *lab,
                        const struct layout *layout)
{
    if (layout->one_half) {
        draw_half(pane, lab, lab->focus, layout);
        return;
    }
    int middle = (pane->cols - 1) / 2;
    struct fan_pane left = fan_grid_part(pane, 0, 0, pane->rows, middle);
    struct fan_pane right = fan_grid_part(pane, 0, middle + 1, pane->rows, pane->cols);
    draw_half(&left, lab, 0, layout);
    draw_half(&right, lab, 1, layout);
    fan_grid_divider(pane, middle, FAN_STYLE_DIM);
}

/* ---- the bottom ---- */

static void draw_bottom(const struct fan_pane *pane, const struct fan_lab_screen *lab,
                        const struct layout *layout)
{
    const struct fan_half *half = &lab->halves[lab->focus];
    int selected = fan_lab_screen_selected(lab, lab->focus);
    const struct fan_thread_view *thread = fan_half_thread(half, selected);
    struct fan_pane stacks = fan_grid_part(pane, 1, 0, layout->stacks, pane->cols);
    struct fan_pane source = fan_grid_part(pane, 1 + layout->stacks, 0, layout->source, pane->cols);
    fan_grid_rule(pane, 0, FAN_STYLE_DIM);
    if (!thread)
        return;
    fan_stacks_draw(&stacks, half, thread);
    fan_source_draw(&source, lab->scenario->file, lab->scenario->source, half, selected);
}

static void draw_plain(const struct fan_pane *pane, const struct fan_lab_screen *lab)
{
    struct layout layout = choose_layout(lab);
    int top = TITLE_ROWS + layout.lanes + layout.crews + layout.gauges + WORK_ROWS;
    struct fan_pane halves = fan_grid_part(pane, HEAD_ROWS, 0, top, pane->cols);
    struct fan_pane bottom = fan_grid_part(pane, HEAD_ROWS + top, 0,
                                           pane->rows - HEAD_ROWS - top - FOOTER_ROWS, pane->cols);
    draw_head(pane, lab);
    draw_halves(&halves, lab, &layout);
    draw_bottom(&bottom, lab, &layout);
}

/* ---- the detail ---- */

int fan_lab_view_detail_page(const struct fan_lab_screen *lab)
{
    return larger(lab->rows - DETAIL_TOP - FOOTER_ROWS, 1);
}

/* A pane that has a width but shows nothing, for counting. */
static struct fan_pane unseen(struct fan_grid *grid, const struct fan_lab_screen *lab)
{
    return (struct fan_pane){.grid = grid, .cols = lab->cols};
}

int fan_lab_view_detail_lines(const struct fan_lab_screen *lab)
{
    struct fan_grid grid = {0};
    struct fan_pane pane = unseen(&grid, lab);
    return fan_detail_draw(&pane, &lab->halves[lab->focus], 0);
}

int fan_lab_view_detail_line_of(const struct fan_lab_screen *lab, int thread)
{
    struct fan_grid grid = {0};
    struct fan_pane pane = unseen(&grid, lab);
    const struct fan_half *half = &lab->halves[lab->focus];
    return fan_detail_line_of(&pane, half, fan_half_thread(half, thread));
}

static void draw_detail(const struct fan_pane *pane, const struct fan_lab_screen *lab)
{
    const struct fan_half *half = &lab->halves[lab->focus];
    struct fan_pane title = fan_grid_part(pane, HEAD_ROWS, 0, 1, pane->cols);
    struct fan_pane text =
        fan_grid_part(pane, DETAIL_TOP, 0, fan_lab_view_detail_page(lab), pane->cols);
    draw_head(pane, lab);
    draw_half_title(&title, half, true);
    int lines = fan_detail_draw(&text, half, lab->scroll);
    int last = smaller(lab->scroll + text.rows, lines);
    fan_grid_print(&title, 0, 12, FAN_STYLE_DIM, " lines %d to %d of %d ", lab->scroll + 1, last,
                   lines);
}

/* ---- all ---- */

void fan_lab_view_draw(const struct fan_pane *pane, const struct fan_lab_screen *lab)
{
    if (lab->overlay == FAN_LAB_DETAIL)
        draw_detail(pane, lab);
    else
        draw_plain(pane, lab);
    if (lab->overlay == FAN_LAB_FORM)
        fan_form_draw(pane, &lab->form);
    fan_keys_footer(pane, fan_lab_screen_place(lab), fan_lab_screen_possible(lab),
                    lab->overlay != FAN_LAB_PLAIN ? NULL
                    : lab->back                   ? lab->back
                                                  : "home");
}
