#include "app/screen/lab_screen.h"

#include "app/screen/detail.h"
#include "app/screen/lab_view.h"

struct fan_lab_screen fan_lab_screen_for(const struct fan_scenario *scenario, uint64_t seed)
{
    return (struct fan_lab_screen){
        .scenario = scenario,
        .values = {.seed = seed, .workers = scenario->workers, .items = scenario->items},
        .selected = {FAN_LAB_AUTOMATIC, FAN_LAB_AUTOMATIC},
    };
}

enum fan_screen fan_lab_screen_place(const struct fan_lab_screen *lab)
{
    switch (lab->overlay) {
    case FAN_LAB_DETAIL:
        return FAN_SCREEN_DETAIL;
    case FAN_LAB_FORM:
        return FAN_SCREEN_FORM;
    default:
        return FAN_SCREEN_LAB;
    }
}

bool fan_lab_screen_is_live(const struct fan_lab_screen *lab)
{
    return lab->halves[0].live || lab->halves[1].live;
}

uint64_t fan_lab_screen_possible(const struct fan_lab_screen *lab)
{
    uint64_t possible = FAN_ACTION_ALL;
    if (!lab->paused && !fan_lab_screen_is_live(lab))
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_PAUSE);
    if (lab->overlay == FAN_LAB_PLAIN && fan_half_threads(&lab->halves[lab->focus]) == 0)
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_OPEN);
    return possible;
}

/* ---- the selected thread ---- */

static bool matters(const struct fan_half *half, const struct fan_thread_view *thread)
{
    return fan_half_panicked(half, thread) || fan_half_culprit(half, thread, NULL);
}

static int most_important(const struct fan_half *half)
{
    for (int i = 0; i < fan_half_threads(half); i++) {
        if (matters(half, fan_half_thread(half, i)))
            return i;
    }
    return fan_half_threads(half) > 0 ? 0 : -1;
}

int fan_lab_screen_selected(const struct fan_lab_screen *lab, int half)
{
    int last = fan_half_threads(&lab->halves[half]) - 1;
    if (lab->selected[half] == FAN_LAB_AUTOMATIC)
        return most_important(&lab->halves[half]);
    return lab->selected[half] < last ? lab->selected[half] : last;
}

static void select_thread(struct fan_lab_screen *lab, int position)
{
    int last = fan_half_threads(&lab->halves[lab->focus]) - 1;
    position = position < last ? position : last;
    if (last >= 0)
        lab->selected[lab->focus] = position > 0 ? position : 0;
}

/* ---- the panes ---- */

static void focus_other_half(struct fan_lab_screen *lab)
{
    lab->focus = 1 - lab->focus;
    if (lab->shown != FAN_LAB_BOTH)
        lab->shown = lab->focus == 0 ? FAN_LAB_FIRST : FAN_LAB_SECOND;
}

static void show_next_variant(struct fan_lab_screen *lab)
{
    lab->shown = (lab->shown + 1) % 3;
    if (lab->shown != FAN_LAB_BOTH)
        lab->focus = lab->shown == FAN_LAB_SECOND;
}

static void toggle_pause(struct fan_lab_screen *lab)
{
    lab->paused = !lab->paused && fan_lab_screen_is_live(lab);
}

/* ---- the detail ---- */

static int most_scroll(const struct fan_lab_screen *lab)
{
    int lines = fan_lab_view_detail_lines(lab);
    int page = fan_lab_view_detail_page(lab);
    return lines > page ? lines - page : 0;
}

static void scroll_to(struct fan_lab_screen *lab, int line)
{
    int most = most_scroll(lab);
    line = line < most ? line : most;
    lab->scroll = line > 0 ? line : 0;
}

static void open_detail(struct fan_lab_screen *lab)
{
    int selected = fan_lab_screen_selected(lab, lab->focus);
    if (selected < 0)
        return;
    lab->overlay = FAN_LAB_DETAIL;
    scroll_to(lab, lab->selected[lab->focus] == FAN_LAB_AUTOMATIC
                       ? 0
                       : fan_lab_view_detail_line_of(lab, selected));
}

static enum fan_lab_request act_on_detail(struct fan_lab_screen *lab, enum fan_action action)
{
    lab->scroll =
        fan_keys_scroll(action, lab->scroll, fan_lab_view_detail_page(lab), most_scroll(lab));
    switch (action) {
    case FAN_ACTION_NEXT_PANE:
        focus_other_half(lab);
        scroll_to(lab, 0);
        break;
    case FAN_ACTION_PAUSE:
        toggle_pause(lab);
        break;
    case FAN_ACTION_BACK:
        lab->overlay = FAN_LAB_PLAIN;
        break;
    default:
        break;
    }
    return FAN_LAB_NOTHING;
}

/* ---- the form ---- */

static enum fan_lab_request restart(struct fan_lab_screen *lab)
{
    lab->paused = false;
    lab->selected[0] = lab->selected[1] = FAN_LAB_AUTOMATIC;
    return FAN_LAB_RESTART;
}

static enum fan_lab_request act_on_form(struct fan_lab_screen *lab, enum fan_action action)
{
    switch (action) {
    case FAN_ACTION_UP:
        fan_form_move(&lab->form, -1);
        return FAN_LAB_NOTHING;
    case FAN_ACTION_DOWN:
    case FAN_ACTION_NEXT_PANE:
        fan_form_move(&lab->form, 1);
        return FAN_LAB_NOTHING;
    case FAN_ACTION_BACK:
        lab->overlay = FAN_LAB_PLAIN;
        return FAN_LAB_NOTHING;
    case FAN_ACTION_OPEN:
        if (!fan_form_accept(&lab->form, &lab->values))
            return FAN_LAB_NOTHING;
        lab->overlay = FAN_LAB_PLAIN;
        return restart(lab);
    default:
        return FAN_LAB_NOTHING;
    }
}

/* ---- the plain screen ---- */

static enum fan_lab_request act_on_lab(struct fan_lab_screen *lab, enum fan_action action)
{
    int selected = fan_lab_screen_selected(lab, lab->focus);
    switch (action) {
    case FAN_ACTION_UP:
        select_thread(lab, selected - 1);
        break;
    case FAN_ACTION_DOWN:
        select_thread(lab, selected + 1);
        break;
    case FAN_ACTION_FIRST:
        select_thread(lab, 0);
        break;
    case FAN_ACTION_LAST:
        select_thread(lab, fan_half_threads(&lab->halves[lab->focus]));
        break;
    case FAN_ACTION_NEXT_PANE:
        focus_other_half(lab);
        break;
    case FAN_ACTION_VARIANTS:
        show_next_variant(lab);
        break;
    case FAN_ACTION_PAUSE:
        toggle_pause(lab);
        break;
    case FAN_ACTION_OPEN:
        open_detail(lab);
        break;
    case FAN_ACTION_OPTIONS:
        lab->form = fan_form_with(&lab->values);
        lab->overlay = FAN_LAB_FORM;
        break;
    case FAN_ACTION_AGAIN:
        return restart(lab);
    case FAN_ACTION_LESSON:
        return FAN_LAB_LESSON;
    case FAN_ACTION_STEP:
        return FAN_LAB_STEP;
    case FAN_ACTION_BACK:
        return FAN_LAB_LEAVE;
    default:
        break;
    }
    return FAN_LAB_NOTHING;
}

enum fan_lab_request fan_lab_screen_key(struct fan_lab_screen *lab, uint32_t key)
{
    enum fan_action action = fan_keys_action(fan_lab_screen_place(lab), key);
    switch (lab->overlay) {
    case FAN_LAB_DETAIL:
        return act_on_detail(lab, action);
    case FAN_LAB_FORM:
        if (action == FAN_ACTION_NONE)
            fan_form_type(&lab->form, key);
        return act_on_form(lab, action);
    default:
        return act_on_lab(lab, action);
    }
}
