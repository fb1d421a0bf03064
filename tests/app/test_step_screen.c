/* The Step screen: what keys do, and the picture, cell by cell; with real children. */
#define _GNU_SOURCE
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "app/screen/step_screen.h"
#include "app/screen/step_view.h"
#include "bugs/table.h"
#include "tests/support/suite.h"

static struct fan_step *step;
static struct fan_step_screen screen;
static struct fan_grid grid;
static char row_text[1024];

static void size(int rows, int cols)
{
    screen.rows = rows;
    screen.cols = cols;
    ck_assert_int_eq(fan_grid_resize(&grid, rows, cols), 0);
}

/* Bug 08's rare variant, with two workers and two items. */
static void set_up(void)
{
    const struct fan_scenario *bug = fan_bugs_find("08");
    struct fan_step_subject subject = {.scenario = bug,
                                       .helper = FAN_BUILD_DIR "/fanlab-lab-sim",
                                       .seed = 1,
                                       .workers = 2,
                                       .items = 2};
    for (size_t i = 0; i < bug->variant_count; i++)
        if (strcmp(bug->variants[i].name, "rare") == 0)
            subject.variant = &bug->variants[i];
    ck_assert_int_eq(fan_step_open(&subject, &step), 0);
    fan_step_settle(step);
    screen = fan_step_screen_on(step, "lab");
    ck_assert_int_eq(fan_grid_init(&grid, 24, 80, FAN_CHARSET_ASCII), 0);
    size(24, 80);
}

static void tear_down(void)
{
    fan_step_close(step);
    fan_grid_destroy(&grid);
}

static void press(const char *keys)
{
    for (; *keys; keys++) {
        ck_assert_int_eq(fan_step_screen_key(&screen, (uint32_t)*keys), FAN_STEP_NOTHING);
        fan_step_settle(step);
    }
}

static void draw(void)
{
    struct fan_pane all = fan_grid_whole(&grid);
    fan_grid_clear(&grid);
    fan_step_view_draw(&all, &screen);
}

static const char *row(int number)
{
    fan_grid_read_row(&grid, number, row_text, sizeof row_text);
    return row_text;
}

static bool shows(const char *text)
{
    for (int number = 0; number < grid.rows; number++)
        if (strstr(row(number), text))
            return true;
    return false;
}

START_TEST(all_threads_with_what_they_do_next)
{
    static const char *const picture[8] = {
        " fanlab  08 double close   rare, 2 workers, 2 items                  CONTROLLED",
        " step 6    goal: make it panic",
        "     thread       next operation                 can it run?",
        "   1 main         recv out                :94    # no: out is empty",
        " > 2 worker 1     begins                         . yes",
        "   3 worker 2     send out                :26    . yes",
        "--------------------------------------------------------------------------------",
        "   #  main          worker 1      worker 2",
    };
    press("....33");
    fan_step_screen_key(&screen, 'k');
    draw();
    for (int number = 0; number < 8; number++)
        ck_assert_str_eq(row(number), picture[number]);
    ck_assert(
        shows("   4  add working                                          08_double_close.c:84"));
    ck_assert(shows("recv in -> 0"));
    ck_assert(shows("fan1:08r.w2n2s1:"));
    ck_assert(strstr(row(23), "? help"));
}
END_TEST

START_TEST(a_digit_that_cannot_run_says_why)
{
    press("....1");
    draw();
    ck_assert_str_eq(row(21), " main cannot run: out is empty");
    press("2");
    draw();
    ck_assert_str_eq(row(21), "");
}
END_TEST

START_TEST(back_and_on_and_from_the_start)
{
    press("....");
    ck_assert_uint_eq(step->at, 4);
    press(",,");
    ck_assert_uint_eq(step->at, 2);
    press(".");
    ck_assert_uint_eq(step->at, 3);
    press("r");
    ck_assert_uint_eq(step->at, 0);
    press(",");
    ck_assert_uint_eq(step->at, 0);
}
END_TEST

START_TEST(the_end_of_a_failing_schedule)
{
    press("g");
    draw();
    ck_assert(shows("PANIC  close of closed channel out"));
    ck_assert(shows("panicked"));
    ck_assert(shows(FAN_STEP_SEARCHED == 10000 ? " of 10,000 schedules" : " of 200 schedules"));
    ck_assert(shows("close out"));
}
END_TEST

START_TEST(a_line_is_typed_and_followed)
{
    press("....3");
    char line[FAN_LINE_TEXT];
    strcpy(line, step->line);
    press("r:");
    ck_assert_int_eq(fan_step_screen_place(&screen), FAN_SCREEN_LINE);
    press(line);
    draw();
    ck_assert(shows(line));
    fan_step_screen_key(&screen, FAN_KEY_ENTER);
    fan_step_settle(step);
    ck_assert(step->over);
    ck_assert_str_eq(step->line, line);
    press(":junk");
    fan_step_screen_key(&screen, FAN_KEY_ENTER);
    draw();
    ck_assert(shows("this line cannot be followed"));
    ck_assert(step->over);
}
END_TEST

START_TEST(the_line_is_shown_whole_and_asked_to_be_copied)
{
    ck_assert_int_eq(fan_step_screen_key(&screen, 'y'), FAN_STEP_COPY);
    draw();
    ck_assert(shows(step->line));
    fan_step_screen_key(&screen, 'q');
    ck_assert_int_eq(fan_step_screen_place(&screen), FAN_SCREEN_STEP);
    ck_assert_int_eq(fan_step_screen_key(&screen, 'q'), FAN_STEP_LEAVE);
}
END_TEST

START_TEST(a_thread_in_full_has_its_stack)
{
    press("....e");
    draw();
    ck_assert(shows("next        begins"));
    press("q");
    fan_step_screen_key(&screen, 'k');
    press("e");
    draw();
    ck_assert(shows("next        recv out"));
    ck_assert(shows("can it run  no: out is empty"));
    ck_assert(shows("collect"));
    ck_assert(shows("bugs/08_double_close.c:94"));
}
END_TEST

START_TEST(a_tall_terminal_shows_the_source_with_who_is_where)
{
    press("....33");
    size(50, 160);
    draw();
    ck_assert(shows("fan_chan_send(pool->out"));
    const char *found = NULL;
    for (int number = 0; number < grid.rows && !found; number++)
        if (strstr(row(number), ">  26 "))
            found = strstr(row_text, "worker 2");
    ck_assert_ptr_nonnull(found);
}
END_TEST

START_TEST(a_variant_and_parameters_begin_anew)
{
    press("....f");
    ck_assert_uint_eq(step->at, 0);
    ck_assert_str_ne(step->subject.variant->name, "rare");
    press("o");
    fan_step_screen_key(&screen, FAN_KEY_TAB);
    fan_step_screen_key(&screen, FAN_KEY_BACKSPACE);
    press("3");
    fan_step_screen_key(&screen, FAN_KEY_ENTER);
    fan_step_settle(step);
    draw();
    ck_assert(strstr(row(0), "3 workers, 2 items"));
}
END_TEST

START_TEST(a_small_terminal_shows_the_threads_alone)
{
    press("....");
    size(20, 60);
    draw();
    ck_assert(shows("60x20 is too small for the story: the threads alone"));
    ck_assert(shows("1 main         recv out"));
    ck_assert(shows("no: out"));
    ck_assert(!shows("send in <- 0"));
}
END_TEST

START_TEST(every_size_is_drawn)
{
    press("g");
    for (int rows = 1; rows < 40; rows += 3)
        for (int cols = 1; cols < 180; cols += 7) {
            size(rows, cols);
            draw();
        }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("step screen");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, all_threads_with_what_they_do_next);
    tcase_add_test(cases, a_digit_that_cannot_run_says_why);
    tcase_add_test(cases, back_and_on_and_from_the_start);
    tcase_add_test(cases, the_end_of_a_failing_schedule);
    tcase_add_test(cases, a_line_is_typed_and_followed);
    tcase_add_test(cases, the_line_is_shown_whole_and_asked_to_be_copied);
    tcase_add_test(cases, a_thread_in_full_has_its_stack);
    tcase_add_test(cases, a_tall_terminal_shows_the_source_with_who_is_where);
    tcase_add_test(cases, a_variant_and_parameters_begin_anew);
    tcase_add_test(cases, a_small_terminal_shows_the_threads_alone);
    tcase_add_test(cases, every_size_is_drawn);
    return suite_run("step screen", cases);
}
