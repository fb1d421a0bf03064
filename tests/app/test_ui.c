#include "app/screen/ui.h"
#include "tests/support/half.h"
#include "tests/support/suite.h"

#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct fan_scenario others[12];
static const struct fan_scenario *scenarios[12];
static struct fan_ui ui;
static struct fan_grid grid;
static struct half_run *runs[FAN_LAB_HALVES];
static char text[1024];

static void make_scenarios(void)
{
    static const char *const ids[12] = {"01", "02", "03", "04", "05", "06",
                                        "07", "08", "09", "10", "11", "12"};
    for (int i = 0; i < 12; i++) {
        others[i] = half_scenario;
        others[i].id = ids[i];
        scenarios[i] = &others[i];
    }
}

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    ck_assert_int_eq(fan_grid_init(&grid, 24, 80, FAN_CHARSET_ASCII), 0);
    make_scenarios();
    ui = fan_ui_at_home(scenarios, 12, 7);
    fan_ui_resize(&ui, 24, 80);
    runs[0] = half_new("buggy", 4);
    runs[1] = half_new("fixed", 4);
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
}

static void tear_down(void)
{
    fan_grid_destroy(&grid);
    free(runs[0]);
    free(runs[1]);
}

static enum fan_ui_request press(uint32_t key)
{
    enum fan_ui_request request = fan_ui_key(&ui, key);
    for (int half = 0; request == FAN_UI_START && half < FAN_LAB_HALVES; half++)
        ui.lab.halves[half] = runs[half]->half;
    return request;
}

static void type(const char *keys)
{
    while (*keys)
        press((unsigned char)*keys++);
}

static bool shows(const char *wanted)
{
    struct fan_pane all = fan_grid_whole(&grid);
    fan_grid_clear(&grid);
    fan_ui_draw(&all, &ui);
    for (int row = 0; row < grid.rows; row++) {
        fan_grid_read_row(&grid, row, text, sizeof text);
        if (strstr(text, wanted))
            return true;
    }
    return false;
}

static void open_lab(void)
{
    ck_assert_int_eq(press(FAN_KEY_ENTER), FAN_UI_START);
}

START_TEST(enter_opens_the_selected_bug)
{
    type("jj");
    press(FAN_KEY_UP);
    ck_assert(shows("> 02  made up"));
    open_lab();
    ck_assert_str_eq(ui.lab.scenario->id, "02");
    ck_assert_uint_eq(ui.lab.values.seed, 7);
    ck_assert_uint_eq(ui.lab.values.workers, 4);
    ck_assert(shows("fanlab  02 made up   seed 7  workers 4  items 20"));
}
END_TEST

START_TEST(a_digit_opens_the_bug_with_that_number)
{
    ck_assert_int_eq(press('8'), FAN_UI_START);
    ck_assert_str_eq(ui.lab.scenario->id, "08");
}
END_TEST

START_TEST(a_digit_that_no_bug_shows_does_nothing)
{
    ui.home.count = 3;
    ck_assert_int_eq(press('8'), FAN_UI_NOTHING);
    ck_assert(!ui.in_lab);
}
END_TEST

START_TEST(the_list_stops_at_its_ends)
{
    type("kk");
    ck_assert_uint_eq(ui.home.selected, 0);
    press(FAN_KEY_END);
    type("jj");
    ck_assert_uint_eq(ui.home.selected, 11);
    press(FAN_KEY_PAGE_UP);
    ck_assert_uint_eq(ui.home.selected, 0);
}
END_TEST

START_TEST(a_short_terminal_scrolls_the_list)
{
    fan_ui_resize(&ui, 10, 80);
    ck_assert_int_eq(fan_grid_resize(&grid, 10, 80), 0);
    ck_assert(shows("8 more below"));
    press(FAN_KEY_END);
    ck_assert(shows("> 12  made up"));
    ck_assert(!shows("more below"));
}
END_TEST

START_TEST(an_empty_list_opens_nothing)
{
    ui.home.count = 0;
    ck_assert_int_eq(press(FAN_KEY_ENTER), FAN_UI_NOTHING);
    type("jk");
    ck_assert(shows("? help"));
}
END_TEST

START_TEST(q_goes_back_one_step_at_a_time)
{
    open_lab();
    press(FAN_KEY_ENTER);
    ck_assert(shows("All threads"));
    ck_assert_int_eq(press('q'), FAN_UI_NOTHING);
    ck_assert(!shows("All threads"));
    ck_assert_int_eq(press('q'), FAN_UI_STOP);
    ck_assert(!ui.in_lab);
    ck_assert_int_eq(press('q'), FAN_UI_LEAVE);
}
END_TEST

START_TEST(escape_leaves_the_lab_but_not_the_program)
{
    open_lab();
    ck_assert_int_eq(press(FAN_KEY_ESCAPE), FAN_UI_STOP);
    ck_assert_int_eq(press(FAN_KEY_ESCAPE), FAN_UI_NOTHING);
}
END_TEST

START_TEST(control_keys_work_everywhere)
{
    for (int where = 0; where < 4; where++) {
        ck_assert_int_eq(press(FAN_KEY_CTRL_C), FAN_UI_INTERRUPT);
        ck_assert_int_eq(press(FAN_KEY_CTRL_Z), FAN_UI_SUSPEND);
        ck_assert_int_eq(press(FAN_KEY_CTRL_L), FAN_UI_REDRAW);
        press(where == 0 ? FAN_KEY_ENTER : where == 1 ? 'o' : '?');
    }
}
END_TEST

START_TEST(help_explains_the_screen_below_it)
{
    press('?');
    ck_assert(shows("open this bug in the lab"));
    press('q');
    open_lab();
    press('?');
    ck_assert(shows("run both halves again"));
    ck_assert(!shows("open this bug in the lab"));
    ck_assert_int_eq(press('r'), FAN_UI_NOTHING);
    press(FAN_KEY_ESCAPE);
    ck_assert(!shows("run both halves again"));
    ck_assert(ui.in_lab);
}
END_TEST

START_TEST(help_scrolls_where_it_does_not_fit)
{
    fan_ui_resize(&ui, 8, 80);
    ck_assert_int_eq(fan_grid_resize(&grid, 8, 80), 0);
    open_lab();
    press('?');
    ck_assert(!shows("draw the screen anew"));
    press(FAN_KEY_END);
    ck_assert(shows("draw the screen anew"));
    press(FAN_KEY_HOME);
    ck_assert(shows("freeze the picture"));
}
END_TEST

START_TEST(tab_takes_the_keys_to_the_other_half)
{
    open_lab();
    ck_assert(shows(">main      # blocked"));
    press(FAN_KEY_TAB);
    ck_assert(shows("|>main      = done"));
    type("jj");
    ck_assert(shows("|>worker 2"));
    ck_assert(shows(" worker 2   ended after"));
}
END_TEST

START_TEST(the_selection_stops_at_the_threads)
{
    open_lab();
    press(FAN_KEY_END);
    type("jjj");
    ck_assert(shows(">closer"));
    type("kkkkkkkkkkkk");
    ck_assert(shows(">main"));
}
END_TEST

START_TEST(f_shows_each_half_alone_then_both)
{
    open_lab();
    press('f');
    ck_assert(shows("BUGGY"));
    ck_assert(!shows("FIXED"));
    press('f');
    ck_assert(!shows("BUGGY"));
    ck_assert(shows("FIXED"));
    press(FAN_KEY_TAB);
    ck_assert(shows("BUGGY"));
    press('f');
    press('f');
    ck_assert(shows("BUGGY") && shows("FIXED"));
}
END_TEST

START_TEST(r_runs_again_with_the_same_values)
{
    open_lab();
    type("j");
    ck_assert_int_eq(press('r'), FAN_UI_START);
    ck_assert_uint_eq(ui.lab.values.seed, 7);
    ck_assert(shows(">main"));
}
END_TEST

START_TEST(s_steps_through_the_focused_half_and_leads_back)
{
    struct fan_step none = {.subject = {.scenario = NULL}};
    open_lab();
    press(FAN_KEY_TAB);
    ck_assert_int_eq(press('s'), FAN_UI_STEP);
    ck_assert_ptr_eq(ui.stepped.scenario, ui.lab.scenario);
    ck_assert_str_eq(ui.stepped.variant->name, "fixed");
    ck_assert_uint_eq(ui.stepped.workers, ui.lab.values.workers);
    ck_assert_uint_eq(ui.stepped.items, ui.lab.values.items);
    ck_assert_uint_eq(ui.stepped.seed, ui.lab.values.seed);
    none.subject = ui.stepped;
    fan_ui_open_step(&ui, &none);
    ck_assert(shows("CONTROLLED"));
    ck_assert(shows("q lab"));
    press('?');
    ck_assert(shows("go to a schedule that fails"));
    press('q');
    ck_assert_int_eq(press('q'), FAN_UI_UNSTEP);
    ck_assert(shows("FREE-RUNNING"));
}
END_TEST

START_TEST(space_pauses_only_what_is_live)
{
    open_lab();
    press(' ');
    ck_assert(!ui.lab.paused);
    ui.lab.halves[0].live = true;
    press(' ');
    ck_assert(ui.lab.paused);
    type("j");
    ck_assert(shows(">worker 1"));
    press(' ');
    ck_assert(!ui.lab.paused);
}
END_TEST

static void erase_field(void)
{
    for (int i = 0; i < 20; i++)
        press(FAN_KEY_BACKSPACE);
}

START_TEST(the_form_changes_what_runs)
{
    open_lab();
    press('o');
    ck_assert(shows("run with"));
    erase_field();
    type("42");
    press(FAN_KEY_TAB);
    erase_field();
    type("9");
    ck_assert_int_eq(press(FAN_KEY_ENTER), FAN_UI_START);
    ck_assert(shows("seed 42  workers 9  items 20"));
    ck_assert(!shows("run with"));
}
END_TEST

static const struct {
    const char *workers;
    const char *complaint;
} wrong[] = {
    {"", "a number is needed"},
    {"0", "1 to "},
    {"99999", "1 to "},
    {"99999999999999999999", "1 to "},
};

START_TEST(the_form_refuses_what_is_out_of_range)
{
    open_lab();
    press('o');
    press(FAN_KEY_TAB);
    erase_field();
    type(wrong[_i].workers);
    ck_assert(shows(wrong[_i].complaint));
    ck_assert_int_eq(press(FAN_KEY_ENTER), FAN_UI_NOTHING);
    ck_assert(shows("run with"));
    ck_assert_uint_eq(ui.lab.values.workers, 4);
}
END_TEST

START_TEST(the_form_takes_digits_only_and_can_be_left)
{
    open_lab();
    press('o');
    type("x-.1");
    ck_assert(shows("71_"));
    press(FAN_KEY_ESCAPE);
    ck_assert(!shows("run with"));
    ck_assert_uint_eq(ui.lab.values.seed, 7);
}
END_TEST

START_TEST(a_number_too_large_for_the_seed_is_refused)
{
    open_lab();
    press('o');
    erase_field();
    type("9223372036854775808");
    ck_assert(shows("0 to 9223372036854775807"));
    press(FAN_KEY_BACKSPACE);
    type("7");
    ck_assert(!shows("0 to"));
}
END_TEST

START_TEST(the_detail_opens_at_the_chosen_thread_and_scrolls)
{
    open_lab();
    press(FAN_KEY_ENTER);
    ck_assert(shows("lines 1 to 20"));
    press('j');
    ck_assert(shows("lines 2 to 21"));
    press(FAN_KEY_HOME);
    press('k');
    ck_assert(shows("lines 1 to 20"));
    press(FAN_KEY_END);
    press('q');
    type("jj");
    press(FAN_KEY_ENTER);
    ck_assert(!shows("lines 1 to 20"));
    ck_assert(shows("worker 2  done"));
}
END_TEST

START_TEST(a_half_without_threads_has_no_detail)
{
    open_lab();
    ui.lab.halves[0].snapshot = NULL;
    press(FAN_KEY_ENTER);
    ck_assert(!shows("All threads"));
    type("jk");
    press(FAN_KEY_END);
    ck_assert(shows("not started"));
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
    TCase *cases = tcase_create("ui");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, enter_opens_the_selected_bug);
    tcase_add_test(cases, a_digit_opens_the_bug_with_that_number);
    tcase_add_test(cases, a_digit_that_no_bug_shows_does_nothing);
    tcase_add_test(cases, the_list_stops_at_its_ends);
    tcase_add_test(cases, a_short_terminal_scrolls_the_list);
    tcase_add_test(cases, an_empty_list_opens_nothing);
    tcase_add_test(cases, q_goes_back_one_step_at_a_time);
    tcase_add_test(cases, escape_leaves_the_lab_but_not_the_program);
    tcase_add_test(cases, control_keys_work_everywhere);
    tcase_add_test(cases, help_explains_the_screen_below_it);
    tcase_add_test(cases, help_scrolls_where_it_does_not_fit);
    tcase_add_test(cases, tab_takes_the_keys_to_the_other_half);
    tcase_add_test(cases, the_selection_stops_at_the_threads);
    tcase_add_test(cases, f_shows_each_half_alone_then_both);
    tcase_add_test(cases, r_runs_again_with_the_same_values);
    tcase_add_test(cases, s_steps_through_the_focused_half_and_leads_back);
    tcase_add_test(cases, space_pauses_only_what_is_live);
    tcase_add_test(cases, the_form_changes_what_runs);
    tcase_add_loop_test(cases, the_form_refuses_what_is_out_of_range, 0, COUNT(wrong));
    tcase_add_test(cases, the_form_takes_digits_only_and_can_be_left);
    tcase_add_test(cases, a_number_too_large_for_the_seed_is_refused);
    tcase_add_test(cases, the_detail_opens_at_the_chosen_thread_and_scrolls);
    tcase_add_test(cases, a_half_without_threads_has_no_detail);
    return suite_run("ui", cases);
}
