#define _GNU_SOURCE
#include "app/lesson/lesson.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/cite.h"
#include "app/lesson/shelf.h"
#include "base/number.h"
#include "bugs/table.h"

static int fail(char *why, const char *what, const char *which)
{
    snprintf(why, FAN_LESSON_WHY, "%s: %.160s", what, which);
    return EINVAL;
}

static bool is_code(const struct fan_block *block, const char *info)
{
    return block->kind == FAN_BLOCK_CODE && strncmp(block->info, info, strlen(info)) == 0;
}

/* ---- stages ---- */

static void make_key(struct fan_stage *stage)
{
    size_t length = 0;
    for (const char *c = stage->title; *c && length < FAN_LESSON_KEY - 1; c++) {
        bool letter = isalnum((unsigned char)*c);
        if (letter || (length > 0 && stage->key[length - 1] != '-'))
            stage->key[length++] = letter ? (char)tolower((unsigned char)*c) : '-';
    }
    stage->key[length] = '\0';
}

static int begin_stage(struct fan_lesson *lesson, size_t heading, char *why)
{
    const char *title = lesson->text.blocks[heading].text;
    if (lesson->stage_count == FAN_LESSON_STAGES)
        return fail(why, "too many stages", title);
    struct fan_stage *stage = &lesson->stages[lesson->stage_count++];
    *stage = (struct fan_stage){.title = title, .first = heading + 1};
    make_key(stage);
    if (strcmp(stage->key, "predict") == 0)
        lesson->predict = lesson->stage_count - 1;
    return 0;
}

static int take_hints(struct fan_lesson *lesson, struct fan_stage *stage, size_t *at, char *why)
{
    const struct fan_markdown *text = &lesson->text;
    for (++*at; *at < text->count && text->blocks[*at].kind == FAN_BLOCK_ITEM; ++*at) {
        if (stage->hint_count == FAN_LESSON_HINTS)
            return fail(why, "more than three hints", stage->title);
        stage->hints[stage->hint_count++] = &text->blocks[*at];
    }
    --*at;
    return stage->hint_count == FAN_LESSON_HINTS ? 0 : fail(why, "not three hints", stage->title);
}

static int read_lab(struct fan_stage *stage, const struct fan_block *block, char *why)
{
    struct fan_lesson_lab *lab = &stage->lab;
    char workers[24], items[24], seed[24];
    stage->has_lab = true;
    if (sscanf(block->text, "workers %23s items %23s seed %23s", workers, items, seed) == 3 &&
        fan_number_parse(workers, 1, 128, &lab->workers) == 0 &&
        fan_number_parse(items, 0, 1000000, &lab->items) == 0 &&
        fan_number_parse(seed, 0, INT64_MAX, &lab->seed) == 0)
        return 0;
    return fail(why, "a lab is `workers N items N seed N`", block->text);
}

/* What a stage's block tells of the stage. */
static int note_block(struct fan_stage *stage, const struct fan_block *block, char *why)
{
    stage->count++;
    stage->has_views |= block->view != FAN_VIEW_EVERY;
    stage->questions += block->task != FAN_TASK_NONE && block->number == 1;
    return is_code(block, "lab") ? read_lab(stage, block, why) : 0;
}

/* `run c` is shown beside the C code alone, as what the tools of the others say is beside
 * theirs. */
static void note_view(struct fan_block *block)
{
    if (is_code(block, "run c"))
        block->view = FAN_VIEW_C;
}

static int take_block(struct fan_lesson *lesson, size_t *at, char *why)
{
    struct fan_block *block = &lesson->text.blocks[*at];
    struct fan_stage *stage = lesson->stage_count ? &lesson->stages[lesson->stage_count - 1] : NULL;
    bool heading = block->kind == FAN_BLOCK_HEADING;
    note_view(block);
    if (heading && block->level == 1 && !lesson->title)
        lesson->title = block->text;
    else if (heading && block->level == 2)
        return begin_stage(lesson, *at, why);
    else if (!stage)
        return fail(why, "text before the first stage", block->text);
    else if (stage->hint_count)
        return fail(why, "hints are the last of their stage", block->text);
    else if (heading && strcmp(block->text, "Hints") == 0)
        return take_hints(lesson, stage, at, why);
    else
        return note_block(stage, block, why);
    return 0;
}

static int hold_together(struct fan_lesson *lesson, char *why)
{
    if (!lesson->title || lesson->stage_count == 0)
        return fail(why, "a title or a stage is missing", lesson->path);
    for (int i = 0; i < lesson->predict; i++)
        lesson->stages[i].hidden = true;
    if (lesson->predict >= 0)
        lesson->stages[lesson->predict].hidden = true;
    if (lesson->predict >= 0 && lesson->stages[lesson->predict].questions == 0)
        return fail(why, "the prediction asks nothing", lesson->path);
    return 0;
}

static int take_stages(struct fan_lesson *lesson, char *why)
{
    int error = 0;
    for (size_t i = 0; i < lesson->text.count && !error; i++)
        error = take_block(lesson, &i, why);
    return error ? error : hold_together(lesson, why);
}

static const char *part_of(const char *id)
{
    for (size_t i = 0; i < fan_curriculum_count; i++)
        if (strcmp(fan_curriculum[i].id, id) == 0)
            return fan_curriculum[i].part;
    return "";
}

/* ---- opening ---- */

int fan_lesson_read(const char *id, const char *path, const char *text, struct fan_lesson *lesson,
                    char why[FAN_LESSON_WHY])
{
    struct fan_lesson read = {
        .id = id, .part = part_of(id), .path = path, .bug = fan_bugs_find(id), .predict = -1};
    int error = fan_markdown_parse(text, &read.text, why);
    if (!error)
        error = fan_cite_resolve(&read.text, why);
    if (!error)
        error = take_stages(&read, why);
    if (error) {
        fan_lesson_free(&read);
        return error;
    }
    read.shown_as = read.bug ? read.bug->symptom : read.title;
    *lesson = read;
    return 0;
}

int fan_lesson_open(const char *id, struct fan_lesson *lesson, char why[FAN_LESSON_WHY])
{
    const struct fan_shelf_file *file = fan_shelf_lesson(id);
    if (!file) {
        fail(why, "there is no such lesson", id);
        return ENOENT;
    }
    return fan_lesson_read(id, file->path, file->text, lesson, why);
}

void fan_lesson_free(struct fan_lesson *lesson)
{
    fan_markdown_free(&lesson->text);
    *lesson = (struct fan_lesson){0};
}

/* ---- questions ---- */

int fan_lesson_stage(const struct fan_lesson *lesson, const char *key)
{
    for (int i = 0; i < lesson->stage_count; i++)
        if (strcmp(lesson->stages[i].key, key) == 0)
            return i;
    return -1;
}

int fan_lesson_question_of(const struct fan_lesson *lesson, int stage, size_t block)
{
    const struct fan_block *blocks = lesson->text.blocks;
    int question = -1;
    bool in_it = false;
    for (size_t i = lesson->stages[stage].first; i <= block; i++) {
        bool answer = blocks[i].task != FAN_TASK_NONE;
        question += answer && blocks[i].number == 1;
        in_it = answer || (in_it && blocks[i].depth > 0 && blocks[i].kind != FAN_BLOCK_ITEM);
    }
    return in_it ? question : -1;
}

/* The blocks of one question's answers, in order; false behind the last. */
static const struct fan_block *answer_at(const struct fan_lesson *lesson, int stage, int question,
                                         int number)
{
    const struct fan_stage *in = &lesson->stages[stage];
    for (size_t i = in->first; i < in->first + in->count; i++) {
        const struct fan_block *block = &lesson->text.blocks[i];
        if (block->task != FAN_TASK_NONE && block->number == number &&
            fan_lesson_question_of(lesson, stage, i) == question)
            return block;
    }
    return NULL;
}

int fan_lesson_answers(const struct fan_lesson *lesson, int stage, int question)
{
    int count = 0;
    while (answer_at(lesson, stage, question, count + 1))
        count++;
    return count;
}

int fan_lesson_right_answer(const struct fan_lesson *lesson, int stage, int question)
{
    const struct fan_block *answer;
    for (int number = 1; (answer = answer_at(lesson, stage, question, number)); number++)
        if (answer->task == FAN_TASK_CHECKED)
            return number;
    return 0;
}

/* ---- names ---- */

const char *fan_lesson_find(const char *name)
{
    const struct fan_scenario *bug = fan_bugs_find(name);
    for (size_t i = 0; i < fan_curriculum_count; i++) {
        const char *id = fan_curriculum[i].id;
        if ((strcmp(id, name) == 0 || (bug && strcmp(id, bug->id) == 0)) && fan_shelf_lesson(id))
            return id;
    }
    return NULL;
}
