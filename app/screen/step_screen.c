#include "app/screen/step_screen.h"

#include <string.h>

#include "app/screen/step_view.h"

struct fan_step_screen fan_step_screen_on(struct fan_step *step, const char *back)
{
    return (struct fan_step_screen){.step = step, .back = back, .selected = -1};
}

enum fan_screen fan_step_screen_place(const struct fan_step_screen *screen)
{
    switch (screen->overlay) {
    case FAN_STEP_THREAD:
    case FAN_STEP_COPIED:
        return FAN_SCREEN_THREAD;
    case FAN_STEP_FORM:
        return FAN_SCREEN_FORM;
    case FAN_STEP_LINE:
        return FAN_SCREEN_LINE;
    default:
        return FAN_SCREEN_STEP;
    }
}

/* ---- choosing ---- */

static int choice_count(const struct fan_step_screen *screen)
{
    const struct fan_chair *chair = fan_step_chair(screen->step);
    if (!chair)
        return 0;
    return (int)(chair->due == FAN_CHAIR_VALUE ? chair->options : chair->thread_count);
}

/* When the run is over: a thread that has not ended. */
static int first_left(const struct fan_chair *chair)
{
    for (uint32_t i = 0; i < chair->thread_count; i++)
        if (!chair->threads[i].ended)
            return (int)i;
    return 0;
}

int fan_step_screen_selected(const struct fan_step_screen *screen)
{
    int count = choice_count(screen);
    if (count == 0)
        return -1;
    if (screen->selected < 0)
        return screen->step->over ? first_left(fan_step_chair(screen->step))
                                  : (int)fan_step_next(screen->step);
    return screen->selected < count ? screen->selected : count - 1;
}

static void move_selection(struct fan_step_screen *screen, int by)
{
    int selected = fan_step_screen_selected(screen) + by;
    int last = choice_count(screen) - 1;
    selected = selected < last ? selected : last;
    screen->selected = selected > 0 ? selected : 0;
}

/* After a step the selection is the next usual choice again. */
static void choose(struct fan_step_screen *screen, int chosen)
{
    screen->selected = -1;
    if (chosen >= 0)
        fan_step_choose(screen->step, (uint32_t)chosen);
}

static void go_back(struct fan_step_screen *screen)
{
    screen->selected = -1;
    if (screen->step->at > 0)
        fan_step_go(screen->step, screen->step->at - 1);
}

static void go_on(struct fan_step_screen *screen)
{
    screen->selected = -1;
    if (fan_step_chair(screen->step))
        fan_step_go(screen->step, screen->step->at + 1);
}

/* ---- parameters ---- */

static void open_form(struct fan_step_screen *screen)
{
    const struct fan_step_subject *subject = &screen->step->subject;
    screen->form = fan_form_with(&(struct fan_form_values){
        .seed = subject->seed, .workers = subject->workers, .items = subject->items});
    screen->overlay = FAN_STEP_FORM;
}

static void take_form(struct fan_step_screen *screen)
{
    struct fan_form_values values;
    struct fan_step_subject subject = screen->step->subject;
    if (!fan_form_accept(&screen->form, &values))
        return;
    subject.seed = values.seed;
    subject.workers = values.workers;
    subject.items = values.items;
    screen->overlay = FAN_STEP_PLAIN;
    screen->selected = -1;
    fan_step_take(screen->step, &subject);
}

static void take_next_variant(struct fan_step_screen *screen)
{
    struct fan_step_subject subject = screen->step->subject;
    const struct fan_scenario *scenario = subject.scenario;
    size_t next = (size_t)(subject.variant - scenario->variants) + 1;
    subject.variant = &scenario->variants[next % scenario->variant_count];
    screen->selected = -1;
    fan_step_take(screen->step, &subject);
}

/* ---- what lies over the screen ---- */

static void open_overlay(struct fan_step_screen *screen, enum fan_step_overlay overlay)
{
    screen->overlay = overlay;
    screen->scroll = 0;
}

static void act_on_thread(struct fan_step_screen *screen, enum fan_action action)
{
    if (action == FAN_ACTION_BACK)
        screen->overlay = FAN_STEP_PLAIN;
    int page = fan_step_view_page(screen);
    screen->scroll =
        fan_keys_scroll(action, screen->scroll, page, fan_step_view_lines(screen) - page);
}

static void act_on_form(struct fan_step_screen *screen, uint32_t key, enum fan_action action)
{
    switch (action) {
    case FAN_ACTION_NONE:
        fan_form_type(&screen->form, key);
        break;
    case FAN_ACTION_UP:
        fan_form_move(&screen->form, -1);
        break;
    case FAN_ACTION_DOWN:
    case FAN_ACTION_NEXT_PANE:
        fan_form_move(&screen->form, 1);
        break;
    case FAN_ACTION_OPEN:
        take_form(screen);
        break;
    case FAN_ACTION_BACK:
        screen->overlay = FAN_STEP_PLAIN;
        break;
    default:
        break;
    }
}

static void type(struct fan_step_screen *screen, uint32_t key)
{
    size_t length = strlen(screen->typed);
    if (key == FAN_KEY_BACKSPACE && length > 0)
        screen->typed[length - 1] = '\0';
    if (key > ' ' && key < 0x7f && length + 1 < sizeof screen->typed) {
        screen->typed[length] = (char)key;
        screen->typed[length + 1] = '\0';
    }
}

static void act_on_line(struct fan_step_screen *screen, uint32_t key, enum fan_action action)
{
    if (action == FAN_ACTION_NONE)
        type(screen, key);
    if (action == FAN_ACTION_BACK || action == FAN_ACTION_OPEN)
        screen->overlay = FAN_STEP_PLAIN;
    if (action == FAN_ACTION_OPEN) {
        screen->selected = -1;
        fan_step_follow(screen->step, screen->typed);
    }
}

/* ---- the plain screen ---- */

static enum fan_step_request act(struct fan_step_screen *screen, uint32_t key,
                                 enum fan_action action)
{
    switch (action) {
    case FAN_ACTION_PICK:
        choose(screen, (int)(key - '1'));
        break;
    case FAN_ACTION_OPEN:
        choose(screen, fan_step_screen_selected(screen));
        break;
    case FAN_ACTION_UP:
        move_selection(screen, -1);
        break;
    case FAN_ACTION_DOWN:
        move_selection(screen, 1);
        break;
    case FAN_ACTION_PREVIOUS:
        go_back(screen);
        break;
    case FAN_ACTION_NEXT:
        go_on(screen);
        break;
    case FAN_ACTION_AGAIN:
        screen->selected = -1;
        fan_step_go(screen->step, 0);
        break;
    case FAN_ACTION_FIND:
    case FAN_ACTION_SHORTEN:
        screen->selected = -1;
        fan_step_find(screen->step, action == FAN_ACTION_SHORTEN);
        break;
    case FAN_ACTION_EXPAND:
        if (fan_step_screen_selected(screen) >= 0)
            open_overlay(screen, FAN_STEP_THREAD);
        break;
    case FAN_ACTION_OPTIONS:
        open_form(screen);
        break;
    case FAN_ACTION_VARIANTS:
        take_next_variant(screen);
        break;
    case FAN_ACTION_COPY:
        open_overlay(screen, FAN_STEP_COPIED);
        return FAN_STEP_COPY;
    case FAN_ACTION_TYPE:
        screen->typed[0] = '\0';
        open_overlay(screen, FAN_STEP_LINE);
        break;
    case FAN_ACTION_BACK:
        return FAN_STEP_LEAVE;
    default:
        break;
    }
    return FAN_STEP_NOTHING;
}

enum fan_step_request fan_step_screen_key(struct fan_step_screen *screen, uint32_t key)
{
    enum fan_action action = fan_keys_action(fan_step_screen_place(screen), key);
    switch (screen->overlay) {
    case FAN_STEP_THREAD:
    case FAN_STEP_COPIED:
        act_on_thread(screen, action);
        return FAN_STEP_NOTHING;
    case FAN_STEP_FORM:
        act_on_form(screen, key, action);
        return FAN_STEP_NOTHING;
    case FAN_STEP_LINE:
        act_on_line(screen, key, action);
        return FAN_STEP_NOTHING;
    default:
        return act(screen, key, action);
    }
}

uint64_t fan_step_screen_possible(const struct fan_step_screen *screen)
{
    uint64_t possible = FAN_ACTION_ALL;
    const struct fan_step *step = screen->step;
    if (screen->overlay != FAN_STEP_PLAIN)
        return possible;
    if (step->at == 0)
        possible &= ~(FAN_ACTION_BIT(FAN_ACTION_PREVIOUS) | FAN_ACTION_BIT(FAN_ACTION_AGAIN));
    if (step->over || !step->run)
        possible &= ~(FAN_ACTION_BIT(FAN_ACTION_PICK) | FAN_ACTION_BIT(FAN_ACTION_NEXT) |
                      FAN_ACTION_BIT(FAN_ACTION_OPEN));
    if (step->search.state == FAN_STEP_SEARCHING)
        possible &= ~(FAN_ACTION_BIT(FAN_ACTION_FIND) | FAN_ACTION_BIT(FAN_ACTION_SHORTEN));
    return possible;
}
