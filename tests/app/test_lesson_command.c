/* `fanlab lesson` and `fanlab handout` without a terminal. */
#include "tests/support/cli.h"
#include "tests/support/scratch.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char scratch[SCRATCH_PATH];

static void set_up(void)
{
    scratch_make(scratch);
}

static void tear_down(void)
{
    char command[SCRATCH_PATH + 10];
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    ck_assert_int_eq(system(command), 0);
}

static const char *position(const char *text)
{
    const char *found = strstr(cli_result.out, text);
    ck_assert_msg(found != NULL, "no '%s' in\n%s", text, cli_result.out);
    return found;
}

START_TEST(lessons_are_listed_in_the_order_of_learning)
{
    CLI_RUN("lesson");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert(position("fan-out ") < position("channels "));
    ck_assert(position("channels ") < position("04 "));
    ck_assert(position("04 ") < position("02 "));
    ck_assert(strstr(cli_result.out, "never closed") == NULL);
}
END_TEST

START_TEST(a_lesson_is_printed_in_80_columns)
{
    static const char *const names[] = {"04", "4", "never-closed", "never_closed"};
    for (size_t i = 0; i < 4; i++) {
        CLI_RUN("lesson", names[i]);
        ck_assert_int_eq(cli_result.code, 0);
        ck_assert_str_eq(cli_result.err, "");
        ck_assert(position("1. Symptom") < position("2. Predict"));
        ck_assert(position("9. Quiz") < position("Answers to \"Predict\": 4"));
    }
    for (const char *line = cli_result.out; *line; line += strcspn(line, "\n") + 1)
        ck_assert_uint_le(strcspn(line, "\n"), 80);
}
END_TEST

START_TEST(the_name_comes_after_the_prediction)
{
    CLI_RUN("lesson", "04");
    ck_assert(position("never closed") > position("3. Watch"));
}
END_TEST

START_TEST(a_language_can_be_chosen)
{
    CLI_RUN("lesson", "04", "--in", "go");
    position("for result := range out");
    position("all goroutines are asleep - deadlock!");
    ck_assert(strstr(cli_result.out, "queue_recv") == NULL);
    CLI_RUN("lesson", "04", "--in", "pthreads");
    position("while (queue_recv(out, &result))");
    position("thread apply all bt");
}
END_TEST

START_TEST(a_stage_can_be_asked_for)
{
    CLI_RUN("lesson", "04", "--at", "repair");
    ck_assert_int_eq(cli_result.code, 0);
    position("6. Repair");
    ck_assert(strstr(cli_result.out, "5. Why") == NULL);
}
END_TEST

START_TEST(what_is_not_there_is_answered_with_what_is)
{
    CLI_RUN("lesson", "99");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "no lesson '99'; there are fan-out channels 04 02"));
    CLI_RUN("lesson", "04", "--at", "end");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "no stage 'end'; it has symptom predict watch step why"));
    CLI_RUN("lesson", "04", "02");
    ck_assert_int_eq(cli_result.code, 2);
    CLI_RUN("lesson", "--at", "why");
    ck_assert_int_eq(cli_result.code, 2);
    CLI_RUN("handout");
    ck_assert_int_eq(cli_result.code, 2);
}
END_TEST

START_TEST(the_lessons_there_are_hold)
{
    CLI_RUN("lesson", "--check");
    ck_assert_int_eq(cli_result.code, 0);
    ck_assert_str_eq(cli_result.err, "");
}
END_TEST

/* ---- the handout ---- */

static const char *contents(const char *name)
{
    static char text[200000];
    char path[SCRATCH_PATH + 100];
    snprintf(path, sizeof path, "%s/new/%s", scratch, name);
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "no %s", path);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

START_TEST(a_handout_stands_on_its_own)
{
    static const char *const pages[] = {"index.html", "fan-out.html", "channels.html", "04.html",
                                        "02.html"};
    char directory[SCRATCH_PATH + 10];
    snprintf(directory, sizeof directory, "%s/new", scratch);
    CLI_RUN("handout", directory);
    ck_assert_msg(cli_result.code == 0, "%s", cli_result.err);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const char *page = contents(pages[i]);
        ck_assert(strncmp(page, "<!DOCTYPE html>", 15) == 0);
        ck_assert_msg(!strstr(page, "http:") && !strstr(page, "https:") && !strstr(page, "src="),
                      "%s asks for more", pages[i]);
        ck_assert(strstr(page, "</html>") != NULL);
    }
    ck_assert(strstr(contents("04.html"), "recv in -&gt; closed") != NULL);
    ck_assert(strstr(contents("04.html"), "<code>out</code>") != NULL);
    ck_assert(strstr(contents("04.txt"), "9. Quiz") != NULL);
}
END_TEST

START_TEST(a_handout_that_cannot_be_written_is_told)
{
    CLI_RUN("handout", "/dev/null/x");
    ck_assert_int_eq(cli_result.code, 3);
    ck_assert(strstr(cli_result.err, "/dev/null/x: Not a directory"));
    CLI_RUN("handout", "/proc");
    ck_assert_int_eq(cli_result.code, 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lesson command");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
#ifndef __SANITIZE_THREAD__ /* has nothing to say of the lessons' simulations, in minutes */
    tcase_add_test(cases, a_lesson_is_printed_in_80_columns);
    tcase_add_test(cases, the_name_comes_after_the_prediction);
    tcase_add_test(cases, a_language_can_be_chosen);
    tcase_add_test(cases, a_stage_can_be_asked_for);
    tcase_add_test(cases, a_handout_stands_on_its_own);
#endif
    tcase_add_test(cases, lessons_are_listed_in_the_order_of_learning);
    tcase_add_test(cases, what_is_not_there_is_answered_with_what_is);
    tcase_add_test(cases, the_lessons_there_are_hold);
    tcase_add_test(cases, a_handout_that_cannot_be_written_is_told);
    return suite_run("lesson command", cases);
}
