#include "app/keys.h"
#include "tests/support/suite.h"

#include <check.h>
#include <ctype.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct fan_grid grid;
static struct fan_pane all;
static char text[512];

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    ck_assert_int_eq(fan_grid_init(&grid, 40, 80, FAN_CHARSET_UTF8), 0);
    all = fan_grid_whole(&grid);
}

static void tear_down(void)
{
    fan_grid_destroy(&grid);
}

static const char *footer(int cols, enum fan_screen screen, uint64_t possible)
{
    struct fan_pane pane = fan_grid_part(&all, 0, 0, 24, cols);
    fan_grid_clear(&grid);
    fan_keys_footer(&pane, screen, possible, "lessons");
    fan_grid_read_row(&grid, 23, text, sizeof text);
    return text;
}

START_TEST(one_key_has_one_meaning_on_one_screen)
{
    size_t count;
    const struct fan_binding *table = fan_keys_table(&count);
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            ck_assert_msg(table[a].key != table[b].key || !(table[a].screens & table[b].screens),
                          "key %x stands twice", (unsigned)table[a].key);
}
END_TEST

static bool differ_by_case_alone(uint32_t a, uint32_t b)
{
    return a < 0x80 && b < 0x80 && a != b && tolower((int)a) == tolower((int)b);
}

START_TEST(case_alone_changes_no_meaning)
{
    size_t count;
    const struct fan_binding *table = fan_keys_table(&count);
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++)
            ck_assert(!differ_by_case_alone(table[a].key, table[b].key));
}
END_TEST

START_TEST(every_screen_can_be_left_and_explained)
{
    for (int screen = 0; screen < FAN_SCREEN_COUNT; screen++) {
        uint32_t leaves = screen == FAN_SCREEN_LINE ? FAN_KEY_ESCAPE : 'q';
        ck_assert_int_eq(fan_keys_action(screen, leaves), FAN_ACTION_BACK);
        ck_assert_int_eq(fan_keys_action(screen, FAN_KEY_CTRL_C), FAN_ACTION_QUIT);
        ck_assert_int_eq(fan_keys_action(screen, FAN_KEY_CTRL_Z), FAN_ACTION_SUSPEND);
        ck_assert_int_eq(fan_keys_action(screen, FAN_KEY_CTRL_L), FAN_ACTION_REDRAW);
        if (screen != FAN_SCREEN_HELP)
            ck_assert_int_eq(fan_keys_action(screen, '?'), FAN_ACTION_HELP);
    }
}
END_TEST

START_TEST(a_form_leaves_digits_to_its_fields)
{
    for (uint32_t digit = '0'; digit <= '9'; digit++)
        ck_assert_int_eq(fan_keys_action(FAN_SCREEN_FORM, digit), FAN_ACTION_NONE);
    ck_assert_int_eq(fan_keys_action(FAN_SCREEN_FORM, FAN_KEY_BACKSPACE), FAN_ACTION_NONE);
}
END_TEST

/* All that a replay line is made of, and what else an id may hold. */
START_TEST(a_line_leaves_letters_to_its_text)
{
    for (uint32_t key = '!'; key < 0x7f; key++)
        if (key != '?')
            ck_assert_msg(fan_keys_action(FAN_SCREEN_LINE, key) == FAN_ACTION_NONE, "%c", (int)key);
}
END_TEST

START_TEST(the_same_key_may_mean_another_thing_elsewhere)
{
    ck_assert_int_eq(fan_keys_action(FAN_SCREEN_HOME, '4'), FAN_ACTION_PICK);
    ck_assert_int_eq(fan_keys_action(FAN_SCREEN_LAB, '4'), FAN_ACTION_NONE);
    ck_assert_int_eq(fan_keys_action(FAN_SCREEN_LAB, 'Z'), FAN_ACTION_NONE);
}
END_TEST

START_TEST(the_footer_never_loses_the_help)
{
    for (int cols = 8; cols <= 80; cols++) {
        const char *shown = footer(cols, FAN_SCREEN_LAB, FAN_ACTION_ALL);
        ck_assert_msg(strstr(shown, "? help") == shown + strlen(shown) - 6, "%d: %s", cols, shown);
    }
}
END_TEST

START_TEST(the_lab_footer_fits_80_columns)
{
    const char *shown = footer(80, FAN_SCREEN_LAB, FAN_ACTION_ALL);
    ck_assert_str_eq(shown, " space pause  f bug/fix/both  tab pane  enter stack  r again  "
                            "q lessons  ? help");
}
END_TEST

START_TEST(the_footer_shows_only_what_is_possible)
{
    const char *shown =
        footer(80, FAN_SCREEN_LAB, FAN_ACTION_ALL & ~FAN_ACTION_BIT(FAN_ACTION_PAUSE));
    ck_assert_ptr_null(strstr(shown, "pause"));
    ck_assert_ptr_nonnull(strstr(shown, "r again"));
}
END_TEST

START_TEST(the_help_tells_every_labelled_key)
{
    size_t count;
    const struct fan_binding *table = fan_keys_table(&count);
    int lines = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(!table[i].label == !table[i].help, "%zu", i);
        lines += table[i].label && fan_keys_on(&table[i], FAN_SCREEN_LAB);
    }
    ck_assert_int_eq(fan_keys_help(&all, FAN_SCREEN_LAB, 0), lines);
}
END_TEST

START_TEST(the_help_scrolls)
{
    char first[256];
    fan_keys_help(&all, FAN_SCREEN_LAB, 0);
    fan_grid_read_row(&grid, 2, first, sizeof first);
    fan_grid_clear(&grid);
    fan_keys_help(&all, FAN_SCREEN_LAB, 2);
    fan_grid_read_row(&grid, 0, text, sizeof text);
    ck_assert_str_eq(text, first);
    ck_assert_str_ne(text, "");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("keys");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, one_key_has_one_meaning_on_one_screen);
    tcase_add_test(cases, case_alone_changes_no_meaning);
    tcase_add_test(cases, every_screen_can_be_left_and_explained);
    tcase_add_test(cases, a_form_leaves_digits_to_its_fields);
    tcase_add_test(cases, a_line_leaves_letters_to_its_text);
    tcase_add_test(cases, the_same_key_may_mean_another_thing_elsewhere);
    tcase_add_test(cases, the_footer_never_loses_the_help);
    tcase_add_test(cases, the_lab_footer_fits_80_columns);
    tcase_add_test(cases, the_footer_shows_only_what_is_possible);
    tcase_add_test(cases, the_help_tells_every_labelled_key);
    tcase_add_test(cases, the_help_scrolls);
    return suite_run("keys", cases);
}
