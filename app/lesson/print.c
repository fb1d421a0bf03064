#include "app/lesson/print.h"

#include <string.h>

#include "app/lesson/layout.h"

static void print_lines(FILE *out, const struct fan_layout *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        fprintf(out, "%s\n", lines->lines[i].text);
}

static int print_stage(FILE *out, const struct fan_lesson *lesson, int stage, enum fan_view view)
{
    struct fan_layout lines;
    struct fan_reading how = {.width = FAN_PRINT_COLUMNS, .view = view};
    int error = fan_layout_stage(lesson, stage, &how, &lines);
    if (error)
        return error;
    fprintf(out, "\n%d. %s\n\n", stage + 1, lesson->stages[stage].title);
    print_lines(out, &lines);
    fan_layout_free(&lines);
    return 0;
}

int fan_print_hint(FILE *out, const char *mark, const struct fan_block *hint)
{
    struct fan_layout lines = {0};
    int error = fan_layout_add(&lines, FAN_LOOK_TEXT, mark, hint, FAN_PRINT_COLUMNS);
    print_lines(out, &lines);
    fan_layout_free(&lines);
    return error;
}

static int print_hints(FILE *out, const struct fan_stage *stage)
{
    int error = 0;
    if (stage->hint_count > 0)
        fprintf(out, "\nHints for \"%s\"\n\n", stage->title);
    for (int i = 0; i < stage->hint_count && !error; i++) {
        char mark[24];
        snprintf(mark, sizeof mark, "%d. ", i + 1);
        error = fan_print_hint(out, mark, stage->hints[i]);
    }
    return error;
}

/* The right answers of a stage as "2", or "2, 1" where it asks twice. */
static void print_right_answers(FILE *out, const struct fan_lesson *lesson, int stage)
{
    fprintf(out, "\nAnswers to \"%s\": ", lesson->stages[stage].title);
    for (int question = 0; question < lesson->stages[stage].questions; question++)
        fprintf(out, "%s%d", question ? ", " : "",
                fan_lesson_right_answer(lesson, stage, question));
    fprintf(out, "\n\n");
}

static int print_replies(FILE *out, const struct fan_lesson *lesson, int stage)
{
    const struct fan_stage *in = &lesson->stages[stage];
    int number = 0, error = 0;
    for (size_t i = in->first; i < in->first + in->count && !error; i++) {
        const struct fan_block *block = &lesson->text.blocks[i];
        char mark[24];
        if (block->task != FAN_TASK_NONE)
            number = block->number;
        else if (fan_lesson_question_of(lesson, stage, i) >= 0) {
            snprintf(mark, sizeof mark, "%d. ", number);
            error = fan_print_hint(out, mark, block);
        }
    }
    return error;
}

int fan_print_lesson(FILE *out, const struct fan_lesson *lesson, int first, enum fan_view view)
{
    int error = 0;
    fprintf(out, "Lesson %s: %s\n", lesson->id, lesson->shown_as);
    for (int i = first; i < lesson->stage_count && !error; i++)
        error = print_stage(out, lesson, i, view);
    for (int i = first; i < lesson->stage_count && !error; i++) {
        error = print_hints(out, &lesson->stages[i]);
        if (!error && lesson->stages[i].questions > 0) {
            print_right_answers(out, lesson, i);
            error = print_replies(out, lesson, i);
        }
    }
    return error;
}
