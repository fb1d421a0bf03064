#include "app/grid.h"
#include "tests/support/suite.h"

#include <check.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct fan_grid grid;
static struct fan_pane all;
static char text[512];

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    ck_assert_int_eq(fan_grid_init(&grid, 4, 12, FAN_CHARSET_UTF8), 0);
    all = fan_grid_whole(&grid);
}

static void tear_down(void)
{
    fan_grid_destroy(&grid);
}

static const char *row(int number)
{
    fan_grid_read_row(&grid, number, text, sizeof text);
    return text;
}

static enum fan_style style(int at_row, int at_col)
{
    return fan_grid_cell(&grid, at_row, at_col)->style;
}

START_TEST(text_stands_where_it_was_put)
{
    int after = fan_grid_put(&all, 1, 2, FAN_STYLE_TITLE, "abc");
    ck_assert_int_eq(after, 5);
    ck_assert_str_eq(row(1), "  abc");
    ck_assert_int_eq(style(1, 1), FAN_STYLE_NORMAL);
    ck_assert_int_eq(style(1, 2), FAN_STYLE_TITLE);
    ck_assert_int_eq(style(1, 5), FAN_STYLE_NORMAL);
}
END_TEST

static const struct {
    int row, col;
    const char *left;
} outside[] = {{0, 10, "          ab"}, {0, -2, "cdef"}, {-1, 0, ""}, {4, 0, ""}, {0, 12, ""}};

START_TEST(what_is_outside_is_cut)
{
    int after = fan_grid_put(&all, outside[_i].row, outside[_i].col, FAN_STYLE_NORMAL, "abcdef");
    ck_assert_int_eq(after, outside[_i].col + 6);
    ck_assert_str_eq(row(0), outside[_i].left);
    for (int other = 1; other < 4; other++)
        ck_assert_str_eq(row(other), "");
}
END_TEST

START_TEST(a_part_clips_to_itself)
{
    struct fan_pane part = fan_grid_part(&all, 1, 3, 2, 4);
    fan_grid_put(&part, 0, 0, FAN_STYLE_NORMAL, "abcdef");
    fan_grid_put(&part, 1, -1, FAN_STYLE_NORMAL, "abcdef");
    fan_grid_put(&part, 2, 0, FAN_STYLE_NORMAL, "below");
    ck_assert_str_eq(row(1), "   abcd");
    ck_assert_str_eq(row(2), "   bcde");
    ck_assert_str_eq(row(3), "");
}
END_TEST

START_TEST(a_part_is_cut_to_its_pane)
{
    struct fan_pane part = fan_grid_part(&all, 2, 8, 10, 10);
    ck_assert_int_eq(part.rows, 2);
    ck_assert_int_eq(part.cols, 4);
    struct fan_pane nothing = fan_grid_part(&all, 9, 9, 3, 3);
    ck_assert_int_eq(nothing.rows, 0);
    fan_grid_put(&nothing, 0, 0, FAN_STYLE_NORMAL, "nowhere");
    ck_assert_str_eq(row(3), "");
}
END_TEST

START_TEST(a_wide_character_takes_two_cells)
{
    int after = fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "\xe6\xbc\xa2|");
    ck_assert_int_eq(after, 3);
    ck_assert_str_eq(row(0), "\xe6\xbc\xa2|");
    ck_assert_uint_eq(fan_grid_cell(&grid, 0, 1)->codepoint, 0);
    ck_assert_uint_eq(fan_grid_cell(&grid, 0, 2)->codepoint, '|');
}
END_TEST

START_TEST(a_wide_character_is_never_halved)
{
    fan_grid_put(&all, 0, 11, FAN_STYLE_NORMAL, "\xe6\xbc\xa2");
    ck_assert_str_eq(row(0), "");
    fan_grid_put(&all, 1, 0, FAN_STYLE_NORMAL, "\xe6\xbc\xa2");
    fan_grid_put(&all, 1, 1, FAN_STYLE_NORMAL, "x");
    ck_assert_str_eq(row(1), " x");
    fan_grid_put(&all, 2, 0, FAN_STYLE_NORMAL, "\xe6\xbc\xa2");
    fan_grid_put(&all, 2, 0, FAN_STYLE_NORMAL, "x");
    ck_assert_str_eq(row(2), "x");
    ck_assert_uint_eq(fan_grid_cell(&grid, 2, 1)->codepoint, ' ');
}
END_TEST

START_TEST(a_combining_mark_joins_its_letter)
{
    int after = fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "e\xcc\x81\xcc\x82x");
    ck_assert_int_eq(after, 2);
    ck_assert_str_eq(row(0), "e\xcc\x81x");
    fan_grid_put(&all, 1, 0, FAN_STYLE_NORMAL, "\xcc\x81x");
    ck_assert_str_eq(row(1), "x");
}
END_TEST

static const struct {
    const char *in, *out;
} broken[] = {
    {"a\033[2Jb", "a\xef\xbf\xbd[2Jb"},
    {"a\tb\n", "a\xef\xbf\xbd"
               "b\xef\xbf\xbd"},
    {"a\xc3", "a\xef\xbf\xbd"},
    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc2\x9b", "\xef\xbf\xbd"},
    {"\xf5\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(what_is_not_text_is_replaced)
{
    fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, broken[_i].in);
    ck_assert_str_eq(row(0), broken[_i].out);
}
END_TEST

START_TEST(ascii_holds_nothing_but_ascii)
{
    grid.charset = FAN_CHARSET_ASCII;
    fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "t\xc3\xa9 \xe6\xbc\xa2 \x7f");
    ck_assert_str_eq(row(0), "t? ? ?");
    for (int glyph = 0; glyph < FAN_GLYPH_COUNT; glyph++)
        ck_assert_uint_lt(fan_grid_glyph(&all, glyph), 0x7f);
}
END_TEST

START_TEST(states_differ_in_both_charsets)
{
    for (int charset = FAN_CHARSET_ASCII; charset <= FAN_CHARSET_UTF8; charset++) {
        grid.charset = charset;
        for (int a = FAN_GLYPH_RUNNING; a <= FAN_GLYPH_PANICKED; a++)
            for (int b = a + 1; b <= FAN_GLYPH_PANICKED; b++)
                ck_assert_uint_ne(fan_grid_glyph(&all, a), fan_grid_glyph(&all, b));
    }
}
END_TEST

START_TEST(glyphs_are_one_column_wide)
{
    for (int glyph = 0; glyph < FAN_GLYPH_COUNT; glyph++) {
        fan_grid_clear(&grid);
        fan_grid_put_glyph(&all, 0, 0, FAN_STYLE_NORMAL, glyph);
        ck_assert_int_eq(fan_grid_text_width(&all, row(0)), strlen(row(0)) > 0);
    }
}
END_TEST

START_TEST(long_text_ends_in_an_ellipsis)
{
    ck_assert_int_eq(fan_grid_put_within(&all, 0, 1, 5, FAN_STYLE_NORMAL, "abcdefgh"), 6);
    ck_assert_str_eq(row(0), " abcd\xe2\x80\xa6");
    ck_assert_int_eq(fan_grid_put_within(&all, 1, 1, 5, FAN_STYLE_NORMAL, "abcde"), 6);
    ck_assert_str_eq(row(1), " abcde");
    fan_grid_put_within(&all, 2, 0, 0, FAN_STYLE_NORMAL, "abc");
    ck_assert_str_eq(row(2), "");
}
END_TEST

static const struct {
    uint64_t used, capacity;
    const char *shown;
} gauges[] = {
    {0, 4, "[    ]"},      {1, 4, "[#   ]"}, {3, 4, "[### ]"},
    {4, 4, "[####]"},      {9, 4, "[####]"}, {1, 1000, "[#   ]"},
    {999, 1000, "[### ]"}, {0, 0, "[    ]"}, {3, 0, "[    ]"},
};

START_TEST(a_gauge_shows_how_full)
{
    grid.charset = FAN_CHARSET_ASCII;
    ck_assert_int_eq(
        fan_grid_gauge(&all, 0, 0, 4, FAN_STYLE_NORMAL, gauges[_i].used, gauges[_i].capacity), 6);
    ck_assert_str_eq(row(0), gauges[_i].shown);
}
END_TEST

START_TEST(rules_span_their_pane)
{
    grid.charset = FAN_CHARSET_ASCII;
    struct fan_pane part = fan_grid_part(&all, 0, 2, 3, 5);
    fan_grid_rule(&part, 1, FAN_STYLE_DIM);
    fan_grid_divider(&part, 2, FAN_STYLE_DIM);
    ck_assert_str_eq(row(0), "    |");
    ck_assert_str_eq(row(1), "  --|--");
    ck_assert_str_eq(row(3), "");
}
END_TEST

START_TEST(restyling_keeps_the_text)
{
    fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "abcd");
    fan_grid_restyle(&all, 0, 1, 2, FAN_STYLE_SELECTED);
    ck_assert_str_eq(row(0), "abcd");
    ck_assert_int_eq(style(0, 0), FAN_STYLE_NORMAL);
    ck_assert_int_eq(style(0, 1), FAN_STYLE_SELECTED);
    ck_assert_int_eq(style(0, 3), FAN_STYLE_NORMAL);
    fan_grid_restyle(&all, 7, 0, 12, FAN_STYLE_SELECTED);
}
END_TEST

START_TEST(sizes_are_checked)
{
    struct fan_grid other;
    ck_assert_int_eq(fan_grid_init(&other, 0, 5, FAN_CHARSET_UTF8), EINVAL);
    ck_assert_int_eq(fan_grid_init(&other, 5, -1, FAN_CHARSET_UTF8), EINVAL);
    ck_assert_int_eq(fan_grid_resize(&grid, 1 << 20, 1 << 20), EINVAL);
    ck_assert_int_eq(grid.rows, 4);
    fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "old");
    ck_assert_int_eq(fan_grid_resize(&grid, 2, 30), 0);
    ck_assert_str_eq(row(0), "");
    ck_assert_int_eq(grid.cols, 30);
}
END_TEST

START_TEST(a_short_buffer_holds_what_fits)
{
    char little[4];
    fan_grid_put(&all, 0, 0, FAN_STYLE_NORMAL, "ab\xe6\xbc\xa2");
    fan_grid_read_row(&grid, 0, little, sizeof little);
    ck_assert_str_eq(little, "ab");
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
    TCase *cases = tcase_create("grid");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, text_stands_where_it_was_put);
    tcase_add_loop_test(cases, what_is_outside_is_cut, 0, COUNT(outside));
    tcase_add_test(cases, a_part_clips_to_itself);
    tcase_add_test(cases, a_part_is_cut_to_its_pane);
    tcase_add_test(cases, a_wide_character_takes_two_cells);
    tcase_add_test(cases, a_wide_character_is_never_halved);
    tcase_add_test(cases, a_combining_mark_joins_its_letter);
    tcase_add_loop_test(cases, what_is_not_text_is_replaced, 0, COUNT(broken));
    tcase_add_test(cases, states_differ_in_both_charsets);
    tcase_add_test(cases, glyphs_are_one_column_wide);
    tcase_add_test(cases, long_text_ends_in_an_ellipsis);
    tcase_add_test(cases, restyling_keeps_the_text);
    tcase_add_test(cases, sizes_are_checked);
    tcase_add_test(cases, a_short_buffer_holds_what_fits);
    tcase_add_test(cases, ascii_holds_nothing_but_ascii);
    tcase_add_loop_test(cases, a_gauge_shows_how_full, 0, COUNT(gauges));
    tcase_add_test(cases, rules_span_their_pane);
    return suite_run("grid", cases);
}
