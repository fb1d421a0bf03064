/* Lessons from text to lines: what is understood, what is refused, and what every lesson is held
 * to. Planted texts stand beside the real ones. */
#include "app/lesson/anchor.h"
#include "app/lesson/fill.h"
#include "app/lesson/layout.h"
#include "app/lesson/review.h"
#include "app/lesson/shelf.h"
#include "tests/support/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FANLAB FAN_BUILD_DIR "/fanlab"

static struct fan_lesson lesson;
static struct fan_layout lines;
static char why[FAN_LESSON_WHY];
static char *said;

static void tear_down(void)
{
    fan_layout_free(&lines);
    fan_lesson_free(&lesson);
    free(said);
    said = NULL;
}

/* A lesson on bug 04 that has nothing amiss; tests put %s in it for what they plant. */
#define GOOD(symptom, question, rest)                                                              \
    "# 04 never closed\n\n## Symptom\n\n" symptom "\n\n## Predict\n\n" question                    \
    "\n\n### Hints\n\n1. First?\n2. Second?\n3. Third?\n\n## Watch\n\n" rest                       \
    "\n\n## Step\n\n## Why\n\n## Repair\n\n## Proof\n\n## Your code\n\n## Quiz\n"
#define QUESTION                                                                                   \
    "Who waits?\n\n1. [ ] A worker.\n\n   No, it does not.\n2. [x] `main`.\n\n   Yes, it does.\n"
#define LANGUAGES                                                                                  \
    "```cite\nbugs/04_never_closed.c#work\nlessons/code/04.go#work\n"                              \
    "lessons/code/04_pthread.c#work\n```"

static void read_text(const char *text)
{
    ck_assert_msg(fan_lesson_read("04", "planted.md", text, &lesson, why) == 0, "%s", why);
}

static void lay_out(int stage, const struct fan_reading *how)
{
    fan_layout_free(&lines);
    ck_assert_int_eq(fan_layout_stage(&lesson, stage, how, &lines), 0);
}

static bool lines_hold(const char *wanted)
{
    for (size_t i = 0; i < lines.count; i++)
        if (strstr(lines.lines[i].text, wanted))
            return true;
    return false;
}

/* ---- Markdown ---- */

START_TEST(markup_becomes_spans_and_wrapping_keeps_them)
{
    const struct fan_line *line;
    read_text(GOOD("A `queue` is\n**no** list.", QUESTION, LANGUAGES));
    lay_out(0, &(struct fan_reading){.width = 20, .view = FAN_VIEW_C});
    ck_assert_uint_eq(lines.count, 2);
    line = &lines.lines[0];
    ck_assert_str_eq(line->text, "A `queue` is no");
    ck_assert_uint_eq(line->span_count, 2);
    ck_assert_int_eq(line->spans[0].kind, FAN_SPAN_CODE);
    ck_assert_uint_eq(line->spans[0].start, 2);
    ck_assert_uint_eq(line->spans[0].end, 9);
    ck_assert_int_eq(line->spans[1].kind, FAN_SPAN_STRONG);
    ck_assert_uint_eq(line->spans[1].start, 13);
    ck_assert_uint_eq(line->spans[1].end, 15);
    ck_assert_str_eq(lines.lines[1].text, "list.");
}
END_TEST

START_TEST(a_span_around_code_holds_its_quotes_too)
{
    const struct fan_line *line;
    read_text(GOOD("Is **`in` or `out`** full?", QUESTION, LANGUAGES));
    lay_out(0, &(struct fan_reading){.width = 40, .view = FAN_VIEW_C});
    line = &lines.lines[0];
    ck_assert_str_eq(line->text, "Is `in` or `out` full?");
    ck_assert_int_eq(line->spans[0].kind, FAN_SPAN_STRONG);
    ck_assert_uint_eq(line->spans[0].start, 3);
    ck_assert_uint_eq(line->spans[0].end, 16);
    ck_assert_uint_eq(line->spans[1].end, 7);
    ck_assert_uint_eq(line->spans[2].start, 11);
}
END_TEST

START_TEST(no_line_is_wider_than_asked)
{
    for (int width = 20; width <= 80; width += 3) {
        read_text(GOOD("Somewhat longer text with a_word_that_is_longer_than_any_narrow_line_has.\n"
                       "\n- an item of a list, and more of it\n",
                       QUESTION, LANGUAGES));
        for (int stage = 0; stage < 3; stage++) {
            lay_out(stage, &(struct fan_reading){.width = width, .replies = true});
            for (size_t i = 0; i < lines.count; i++)
                ck_assert_uint_le(strlen(lines.lines[i].text), (size_t)width);
        }
        fan_lesson_free(&lesson);
    }
}
END_TEST

static const char *const refused[] = {
    "A [link](x).", "![image](x)",       "<b>raw</b>", "<div>\nraw\n</div>",
    "> quoted",     "one\n\n---\n\ntwo", "&amp;",      "caf\xc3\xa9",
    "a\tb"};

START_TEST(what_a_terminal_would_lose_is_refused)
{
    char text[2000];
    snprintf(text, sizeof text, GOOD("%s", QUESTION, LANGUAGES), refused[_i]);
    ck_assert_int_eq(fan_lesson_read("04", "planted.md", text, &lesson, why), EINVAL);
    ck_assert_str_ne(why, "");
}
END_TEST

/* ---- anchors ---- */

static const char code[] = "/* ---- one ---- */\n\nint a;\n\n/* ---- two ---- */\n"
                           "int twice(int a);\n\nstatic int twice(int a)\n{\n    return 2 * a;\n}\n"
                           "struct pair {\n    int a;\n};\n// ---- three\nfunc Go(a int) int {\n"
                           "\treturn a\n}\ntype box struct {\n\ta int\n}\n";

static void expect_part(const char *name, const char *text, int line)
{
    struct fan_anchor part;
    ck_assert_msg(fan_anchor_find(code, name, &part), "no part %s", name);
    ck_assert_msg(part.length == strlen(text) && strncmp(part.start, text, part.length) == 0,
                  "%s is '%.*s'", name, (int)part.length, part.start);
    ck_assert_int_eq(part.line, line);
}

START_TEST(an_anchor_is_a_mark_a_function_or_a_struct)
{
    expect_part("one", "int a;", 3);
    expect_part("twice", "static int twice(int a)\n{\n    return 2 * a;\n}", 8);
    expect_part("pair", "struct pair {\n    int a;\n};", 12);
    expect_part("Go", "func Go(a int) int {\n\treturn a\n}", 16);
    expect_part("box", "type box struct {\n\ta int\n}", 19);
}
END_TEST

START_TEST(what_is_not_defined_is_no_anchor)
{
    static const char *const names[] = {"o", "tw", "return", "a", "four"};
    struct fan_anchor part;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(!fan_anchor_find(code, names[i], &part), "%s", names[i]);
}
END_TEST

static void expect_no_way(const char *anchor, const char *text)
{
    ck_assert_int_eq(fan_lesson_read("04", "planted.md", text, &lesson, why), ENOENT);
    ck_assert_msg(strstr(why, anchor) != NULL, "%s", why);
}

START_TEST(an_anchor_that_leads_nowhere_is_an_error)
{
    expect_no_way("bugs/04_never_closed.c#gone",
                  GOOD("", QUESTION, "```cite\nbugs/04_never_closed.c#gone\n```"));
    expect_no_way("bugs/99.c#work", GOOD("", QUESTION, "See `bugs/99.c#work`."));
    expect_no_way("lessons/code/04.go#gone", GOOD("", QUESTION, "See `lessons/code/04.go#gone`."));
    read_text(GOOD("", QUESTION, LANGUAGES "\n\nSee `bugs/04_never_closed.c#work`."));
    lay_out(2, &(struct fan_reading){.width = 80, .view = FAN_VIEW_GO});
    ck_assert(lines_hold("See `bugs/04_never_closed.c:"));
    ck_assert(lines_hold("for item := range in {"));
    ck_assert(!lines_hold("queue_recv"));
}
END_TEST

START_TEST(a_place_is_not_told_before_the_prediction)
{
    read_text(GOOD(LANGUAGES, QUESTION, LANGUAGES));
    lay_out(0, &(struct fan_reading){.width = 80});
    ck_assert(lines_hold("C with libfan") && !lines_hold("never_closed"));
    lay_out(2, &(struct fan_reading){.width = 80});
    ck_assert(lines_hold("C with libfan, bugs/04_never_closed.c:"));
}
END_TEST

/* ---- questions ---- */

START_TEST(a_reply_is_shown_to_who_chose_it)
{
    read_text(GOOD("", QUESTION, LANGUAGES));
    lay_out(1, &(struct fan_reading){.width = 80});
    ck_assert(!lines_hold("No, it does not.") && !lines_hold("Yes, it does."));
    lay_out(1, &(struct fan_reading){.width = 80, .chosen = (int[]){1}});
    ck_assert(lines_hold("x 1  A worker.") && lines_hold("No, it does not."));
    ck_assert(!lines_hold("Yes, it does."));
    lay_out(1, &(struct fan_reading){.width = 80, .chosen = (int[]){2}, .hints = 2});
    ck_assert(lines_hold("= 2  `main`.") && lines_hold("Yes, it does."));
    ck_assert(lines_hold("hint 2  Second?") && !lines_hold("Third?"));
    ck_assert_int_eq(fan_lesson_right_answer(&lesson, 1, 0), 2);
    ck_assert_int_eq(fan_lesson_answers(&lesson, 1, 0), 2);
}
END_TEST

/* ---- figures ---- */

static int fill(const char *rest)
{
    char text[2000];
    snprintf(text, sizeof text, GOOD("", QUESTION, "%s"), rest);
    read_text(text);
    int error = fan_fill_stage(&lesson, 2, FANLAB, why);
    lay_out(2, &(struct fan_reading){.width = 80});
    return error;
}

START_TEST(what_a_command_prints_stands_in_the_text)
{
    ck_assert_int_eq(fill("```run 1\nfanlab list\n```"), 0);
    ck_assert(lines_hold("$ fanlab list"));
    ck_assert(lines_hold("01  early exit") || lines_hold("02  missing done"));
    ck_assert_uint_eq(lines.count, 2);
}
END_TEST

START_TEST(an_excerpt_begins_or_ends_with_a_word)
{
    ck_assert_int_eq(fill("```run from=never_closed 1\nfanlab list\n```"), 0);
    ck_assert_uint_eq(lines.count, 2);
    ck_assert(lines_hold("04  never closed"));
    fan_lesson_free(&lesson);
    ck_assert_int_eq(fill("```run until=never_closed 2\nfanlab list\n```"), 0);
    ck_assert_uint_eq(lines.count, 3);
    ck_assert(strstr(lines.lines[2].text, "04  never closed") != NULL);
}
END_TEST

START_TEST(a_figure_is_a_value_of_a_commands_json)
{
    ck_assert_int_eq(fill("It is `= fanlab list --json /schema`, and `= fanlab run 04 --variant "
                          "fixed --items 1234 --runtime sim --json /items`."),
                     0);
    ck_assert(lines_hold("It is fanlab.list/1, and 1,234."));
}
END_TEST

START_TEST(a_command_takes_a_figure_of_another)
{
    ck_assert_int_eq(fill("```run from=DEADLOCK 1\nfanlab replay {fanlab explore 04 --variant buggy"
                          " --workers 2 --items 2 --json /findings/0/replay}\n```"),
                     0);
    ck_assert(lines_hold("$ fanlab replay fan1:04b.w2n2s1:"));
    ck_assert(lines_hold("DEADLOCK"));
}
END_TEST

static const char *const failing[] = {
    "```run\nfanlab run 99\n```",
    "```run from=nowhere\nfanlab list\n```",
    "```run until=nowhere\nfanlab list\n```",
    "```run\nls /\n```",
    "It is `= fanlab list --json /nothing`.",
    "It is `= fanlab list --json`.",
    "```run\nfanlab replay {fanlab list --json /nothing}\n```",
};

START_TEST(a_figure_that_cannot_be_had_is_told)
{
    ck_assert_int_eq(fill(failing[_i]), EINVAL);
    ck_assert_str_ne(why, "");
}
END_TEST

/* ---- the review ---- */

static int review(const char *text)
{
    size_t size;
    FILE *out = open_memstream(&said, &size);
    read_text(text);
    int complaints = fan_review_lesson(&lesson, out);
    fclose(out);
    return complaints;
}

START_TEST(a_good_lesson_passes)
{
    ck_assert_msg(review(GOOD("It hangs.", QUESTION, LANGUAGES)) == 0, "%s", said);
}
END_TEST

START_TEST(a_word_of_the_language_tells_nothing)
{
    static const char text[] = GOOD("The caller is to return.", QUESTION, LANGUAGES);
    size_t size;
    ck_assert_msg(fan_lesson_read("10", "planted.md", text, &lesson, why) == 0, "%s", why);
    FILE *out = open_memstream(&said, &size);
    int complaints = fan_review_lesson(&lesson, out);
    fclose(out);
    ck_assert_msg(complaints == 0, "%s", said);
}
END_TEST

#define TEN_LINES "a\n\nb\n\nc\n\nd\n\ne\n\n"
#define HUNDRED   TEN_LINES TEN_LINES TEN_LINES TEN_LINES TEN_LINES TEN_LINES TEN_LINES TEN_LINES

static const struct {
    const char *text, *complaint;
} planted[] = {
    {GOOD("It is Never Closed.", QUESTION, LANGUAGES), "'Symptom' tells 'never closed'"},
    {GOOD("Like never_closed.", QUESTION, LANGUAGES), "tells 'never_closed'"},
    {GOOD("Write `close_when_all_are_done`.", QUESTION, LANGUAGES),
     "tells 'close_when_all_are_done'"},
    {GOOD("A closer is missing.", QUESTION, LANGUAGES), "tells 'closer'"},
    {GOOD("", "Who?\n\n1. [ ] A.\n\n   It lacks a closer.\n2. [x] B.\n\n   Yes.\n", LANGUAGES),
     "'Predict' tells 'closer'"},
    {GOOD("", "Who?\n\n1. [ ] A.\n\n   No.\n2. [ ] B.\n\n   No.\n", LANGUAGES), "right answer"},
    {GOOD("", "Who?\n\n1. [x] A.\n\n   No.\n2. [x] B.\n\n   No.\n", LANGUAGES), "right answer"},
    {GOOD("", "Who?\n\n1. [ ] A.\n2. [x] B.\n\n   Yes.\n", LANGUAGES), "no reply to 'A.'"},
    {GOOD("",
          QUESTION "\n\n### Hints\n\n1. A?\n2. B.\n3. C?\n\n## Watch\n\n" LANGUAGES
                   "\n\n## Nothing\n\n",
          "x"),
     "hint 2 is not a question"},
    {GOOD("", QUESTION, "nothing to cite"), "plain pthreads"},
    {GOOD("", QUESTION, LANGUAGES "\n\n" HUNDRED HUNDRED), "six screens"},
    {"# 04\n\n## Symptom\n\n## Predict\n\n" QUESTION "\n\n### Hints\n\n1. A?\n2. B?\n3. C?\n",
     "stage 3 is not 'watch'"},
};

START_TEST(what_is_amiss_is_told)
{
    ck_assert_int_gt(review(planted[_i].text), 0);
    ck_assert_msg(strstr(said, planted[_i].complaint) != NULL, "%s", said);
}
END_TEST

/* ---- the lessons there are ---- */

START_TEST(every_lesson_holds_with_its_figures_in)
{
    size_t size;
    const char *id = fan_curriculum[_i].id;
    if (!fan_shelf_lesson(id))
        return;
    ck_assert_msg(fan_lesson_open(id, &lesson, why) == 0, "%s", why);
    for (int i = 0; i < lesson.stage_count; i++)
        ck_assert_msg(fan_fill_stage(&lesson, i, FANLAB, why) == 0, "%s", why);
    FILE *out = open_memstream(&said, &size);
    int complaints = fan_review_lesson(&lesson, out);
    fclose(out);
    ck_assert_msg(complaints == 0, "%s", said);
}
END_TEST

START_TEST(some_lessons_are_written)
{
    int written = 0;
    for (size_t i = 0; i < fan_curriculum_count; i++)
        written += fan_shelf_lesson(fan_curriculum[i].id) != NULL;
    ck_assert_int_ge(written, 4);
    ck_assert_int_eq(fan_review_all(stderr), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lesson");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, markup_becomes_spans_and_wrapping_keeps_them);
    tcase_add_test(cases, a_span_around_code_holds_its_quotes_too);
    tcase_add_test(cases, no_line_is_wider_than_asked);
    tcase_add_loop_test(cases, what_a_terminal_would_lose_is_refused, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(cases, an_anchor_is_a_mark_a_function_or_a_struct);
    tcase_add_test(cases, what_is_not_defined_is_no_anchor);
    tcase_add_test(cases, an_anchor_that_leads_nowhere_is_an_error);
    tcase_add_test(cases, a_place_is_not_told_before_the_prediction);
    tcase_add_test(cases, a_reply_is_shown_to_who_chose_it);
    tcase_add_test(cases, what_a_command_prints_stands_in_the_text);
    tcase_add_test(cases, an_excerpt_begins_or_ends_with_a_word);
    tcase_add_test(cases, a_figure_is_a_value_of_a_commands_json);
    tcase_add_loop_test(cases, a_figure_that_cannot_be_had_is_told, 0,
                        sizeof failing / sizeof failing[0]);
    tcase_add_test(cases, a_good_lesson_passes);
    tcase_add_test(cases, a_word_of_the_language_tells_nothing);
    tcase_add_loop_test(cases, what_is_amiss_is_told, 0, sizeof planted / sizeof planted[0]);
#ifndef __SANITIZE_THREAD__ /* has nothing to say of a simulation, in minutes */
    tcase_add_test(cases, a_command_takes_a_figure_of_another);
    tcase_add_loop_test(cases, every_lesson_holds_with_its_figures_in, 0,
                        (int)fan_curriculum_count);
#endif
    tcase_add_test(cases, some_lessons_are_written);
    return suite_run("lesson", cases);
}
