#include "app/screen/lesson_screen.h"

#include "app/screen/lesson_view.h"

struct fan_lesson *fan_lesson_screen_lesson(const struct fan_lesson_screen *screen)
{
    return &screen->course->lessons[screen->lesson];
}

struct fan_progress *fan_lesson_screen_progress(const struct fan_lesson_screen *screen)
{
    return &screen->course->progress[screen->lesson];
}

const struct fan_stage *fan_lesson_screen_stage(const struct fan_lesson_screen *screen)
{
    return &fan_lesson_screen_lesson(screen)->stages[fan_lesson_screen_progress(screen)->stage];
}

static bool has_predicted(const struct fan_lesson_screen *screen)
{
    return fan_progress_predicted(fan_lesson_screen_lesson(screen),
                                  fan_lesson_screen_progress(screen));
}

struct fan_lesson_screen fan_lesson_screen_on(struct fan_course *course, int lesson)
{
    return (struct fan_lesson_screen){.course = course, .lesson = lesson, .view = FAN_VIEW_C};
}

/* ---- moving ---- */

static int most_scroll(const struct fan_lesson_screen *screen)
{
    int lines = fan_lesson_view_lines(screen), page = fan_lesson_view_page(screen);
    return lines > page ? lines - page : 0;
}

static void scroll_to(struct fan_lesson_screen *screen, int line)
{
    int most = most_scroll(screen);
    line = line < most ? line : most;
    screen->scroll = line > 0 ? line : 0;
}

void fan_lesson_screen_go(struct fan_lesson_screen *screen, int stage)
{
    struct fan_progress *progress = fan_lesson_screen_progress(screen);
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    if (stage > lesson->predict && !has_predicted(screen)) {
        screen->wanted = stage;
        stage = lesson->predict;
        screen->note = "first say what you expect: a digit answers";
    }
    progress->stage = stage;
    progress->furthest = stage > progress->furthest ? stage : progress->furthest;
    screen->scroll = 0;
    screen->hints = 0;
}

/* Who asked for a later stage than the prediction gets there now. */
static int stage_behind(struct fan_lesson_screen *screen, int stage)
{
    int wanted = screen->wanted;
    if (stage != fan_lesson_screen_lesson(screen)->predict || !has_predicted(screen))
        return stage + 1;
    screen->wanted = 0;
    return wanted > stage ? wanted : stage + 1;
}

static enum fan_lesson_request step(struct fan_lesson_screen *screen, int by)
{
    int now = fan_lesson_screen_progress(screen)->stage;
    int stage = by > 0 ? stage_behind(screen, now) : now + by;
    if (stage < 0 || stage >= fan_lesson_screen_lesson(screen)->stage_count)
        return FAN_LESSON_NOTHING;
    fan_lesson_screen_go(screen, stage);
    return FAN_LESSON_KEEP;
}

/* The file is for who has come to that stage: elsewhere the key may have been an accident. */
static enum fan_lesson_request go_practise(struct fan_lesson_screen *screen)
{
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    int stage = fan_lesson_stage(lesson, "your-code");
    if (stage < 0)
        return FAN_LESSON_NOTHING;
    if (lesson->bug && fan_lesson_screen_progress(screen)->stage == stage)
        return FAN_LESSON_PRACTISE;
    fan_lesson_screen_go(screen, stage);
    if (lesson->bug && fan_lesson_screen_progress(screen)->stage == stage)
        screen->note = "p again writes the function to repair as a C file, into this directory";
    screen->wanted = 0; /* the key may have been an accident, and much lies between */
    return FAN_LESSON_KEEP;
}

/* ---- answering ---- */

/* The question that a digit answers: the first whose right answer was not found yet, else the last.
 */
static int question_in_hand(const struct fan_lesson_screen *screen)
{
    const struct fan_progress *progress = fan_lesson_screen_progress(screen);
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    int count = fan_lesson_screen_stage(screen)->questions;
    for (int i = 0; i < count; i++)
        if (progress->chosen[progress->stage][i] !=
            fan_lesson_right_answer(lesson, progress->stage, i))
            return i;
    return count - 1;
}

static enum fan_lesson_request answer(struct fan_lesson_screen *screen, int number)
{
    struct fan_progress *progress = fan_lesson_screen_progress(screen);
    int question = question_in_hand(screen);
    if (question < 0 || question >= FAN_PROGRESS_QUESTIONS ||
        number > fan_lesson_answers(fan_lesson_screen_lesson(screen), progress->stage, question))
        return FAN_LESSON_NOTHING;
    progress->chosen[progress->stage][question] = number;
    if (progress->first[progress->stage][question] == 0)
        progress->first[progress->stage][question] = number;
    scroll_to(screen, fan_lesson_view_line_of_reply(screen, question));
    return FAN_LESSON_KEEP;
}

static enum fan_lesson_request give_hint(struct fan_lesson_screen *screen)
{
    const struct fan_stage *stage = fan_lesson_screen_stage(screen);
    if (screen->hints < stage->hint_count)
        screen->hints++;
    if (stage->hint_count > 0)
        scroll_to(screen, fan_lesson_view_lines(screen));
    return FAN_LESSON_NOTHING;
}

/* ---- the rest ---- */

static enum fan_lesson_request open_lab(struct fan_lesson_screen *screen)
{
    if (!fan_lesson_screen_lesson(screen)->bug)
        return FAN_LESSON_NOTHING;
    if (has_predicted(screen))
        return FAN_LESSON_LAB;
    screen->note = "first say what you expect; the lab shows the name and the repair";
    return FAN_LESSON_NOTHING;
}

static enum fan_lesson_request step_through(struct fan_lesson_screen *screen)
{
    if (!fan_lesson_screen_lesson(screen)->bug)
        return FAN_LESSON_NOTHING;
    if (has_predicted(screen))
        return FAN_LESSON_STEP;
    screen->note = "first say what you expect; stepping shows the name";
    return FAN_LESSON_NOTHING;
}

static enum fan_lesson_request reset(struct fan_lesson_screen *screen, bool was_asked)
{
    if (!was_asked) {
        screen->asks_reset = true;
        screen->note = "x again forgets your progress in this lesson";
        return FAN_LESSON_NOTHING;
    }
    *fan_lesson_screen_progress(screen) = (struct fan_progress){0};
    fan_lesson_screen_go(screen, 0);
    return FAN_LESSON_KEEP;
}

static void show_next_view(struct fan_lesson_screen *screen)
{
    screen->view = screen->view == FAN_VIEW_PTHREADS ? FAN_VIEW_C : screen->view + 1;
    scroll_to(screen, screen->scroll);
}

enum fan_lesson_request fan_lesson_screen_key(struct fan_lesson_screen *screen, uint32_t key)
{
    enum fan_action action = fan_keys_action(FAN_SCREEN_LESSON, key);
    bool asked_reset = screen->asks_reset;
    screen->asks_reset = false;
    screen->note = NULL;
    if (screen->practice.path[0]) {
        screen->practice.path[0] = '\0';
        return FAN_LESSON_NOTHING;
    }
    switch (action) {
    case FAN_ACTION_NEXT:
        return step(screen, 1);
    case FAN_ACTION_PREVIOUS:
        return step(screen, -1);
    case FAN_ACTION_PICK:
        return answer(screen, (int)(key - '0'));
    case FAN_ACTION_HINT:
        return give_hint(screen);
    case FAN_ACTION_PRACTISE:
        return go_practise(screen);
    case FAN_ACTION_VIEW:
        show_next_view(screen);
        return FAN_LESSON_NOTHING;
    case FAN_ACTION_OPEN:
        return open_lab(screen);
    case FAN_ACTION_STEP:
        return step_through(screen);
    case FAN_ACTION_RESET:
        return reset(screen, asked_reset);
    case FAN_ACTION_BACK:
        return FAN_LESSON_LEAVE;
    default:
        screen->scroll = fan_keys_scroll(action, screen->scroll, fan_lesson_view_page(screen) - 1,
                                         most_scroll(screen));
        return FAN_LESSON_NOTHING;
    }
}

uint64_t fan_lesson_screen_possible(const struct fan_lesson_screen *screen)
{
    const struct fan_lesson *lesson = fan_lesson_screen_lesson(screen);
    const struct fan_progress *progress = fan_lesson_screen_progress(screen);
    const struct fan_stage *stage = fan_lesson_screen_stage(screen);
    uint64_t possible = FAN_ACTION_ALL;
    if (progress->stage == lesson->stage_count - 1 ||
        (progress->stage == lesson->predict && !has_predicted(screen)))
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_NEXT);
    if (progress->stage == 0)
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_PREVIOUS);
    if (screen->hints == stage->hint_count)
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_HINT);
    if (stage->questions == 0)
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_PICK);
    if (!stage->has_views)
        possible &= ~FAN_ACTION_BIT(FAN_ACTION_VIEW);
    if (!lesson->bug || !has_predicted(screen))
        possible &= ~(FAN_ACTION_BIT(FAN_ACTION_OPEN) | FAN_ACTION_BIT(FAN_ACTION_PRACTISE) |
                      FAN_ACTION_BIT(FAN_ACTION_STEP));
    return possible;
}
