#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The screens on a real terminal, over made-up runs: what cells of a grid cannot show. */

#define CHILD FAN_BUILD_DIR "/tests/app/child_screens"

static struct terminal *start(const char *what, const char *const *env)
{
    const char *const argv[] = {CHILD, what, NULL};
    struct terminal *terminal =
        terminal_start(&(struct terminal_options){.argv = argv, .env = env});
    ck_assert(terminal_wait_text(terminal, "made up"));
    terminal_press(terminal, "enter");
    ck_assert(terminal_wait_text(terminal, "BUGGY"));
    return terminal;
}

static void leave(struct terminal *terminal)
{
    int status;
    terminal_type(terminal, "qq");
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert(terminal_is_restored(terminal));
    terminal_free(terminal);
}

static struct terminal_cell cell_of(struct terminal *terminal, const char *text)
{
    int row, col;
    ck_assert_msg(terminal_find(terminal, text, &row, &col), "no %s", text);
    return terminal_cell_at(terminal, row, col);
}

START_TEST(home_to_lab_and_back)
{
    struct terminal *terminal = start("stuck", NULL);
    ck_assert(terminal_wait_text(terminal, "DEADLOCK  main waits on out"));
    leave(terminal);
}
END_TEST

START_TEST(trouble_is_coloured_and_health_otherwise)
{
    struct terminal *terminal = start("stuck", NULL);
    ck_assert(cell_of(terminal, "DEADLOCK").reverse);
    ck_assert(cell_of(terminal, "blocked  recv").coloured);
    ck_assert(cell_of(terminal, "clean").coloured);
    ck_assert(!cell_of(terminal, "clean").reverse);
    leave(terminal);
}
END_TEST

START_TEST(without_colour_trouble_still_stands_out)
{
    const char *const env[] = {"NO_COLOR=1", "LC_ALL=C", NULL};
    struct terminal *terminal = start("stuck", env);
    ck_assert(cell_of(terminal, "DEADLOCK").reverse);
    ck_assert(cell_of(terminal, "# blocked").bold);
    ck_assert(!cell_of(terminal, "= clean").reverse);
    leave(terminal);
}
END_TEST

START_TEST(every_size_is_drawn_and_survived)
{
    static const int sizes[][2] = {{50, 160}, {10, 40}, {1, 5}, {24, 80}, {200, 400}, {24, 80}};
    struct terminal *terminal = start("panic", NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        terminal_resize(terminal, sizes[i][0], sizes[i][1]);
        ck_assert(terminal_settle(terminal));
    }
    ck_assert(terminal_wait_text(terminal, "PANIC  close of closed channel out"));
    leave(terminal);
}
END_TEST

START_TEST(moving_the_cursor_redraws_little)
{
    struct terminal *terminal = start("stuck", NULL);
    ck_assert(terminal_settle(terminal));
    size_t before = terminal_bytes(terminal);
    terminal_type(terminal, "j");
    ck_assert(terminal_settle(terminal));
    ck_assert_uint_lt(terminal_bytes(terminal) - before, 900);
    leave(terminal);
}
END_TEST

START_TEST(keys_typed_ahead_are_not_lost)
{
    struct terminal *terminal = start("stuck", NULL);
    terminal_type(terminal, "o99");
    terminal_press(terminal, "enter");
    ck_assert(terminal_settle(terminal));
    ck_assert(terminal_wait_text(terminal, "seed 799"));
    leave(terminal);
}
END_TEST

START_TEST(ctrl_c_quits_from_the_form)
{
    struct terminal *terminal = start("stuck", NULL);
    int status;
    terminal_type(terminal, "o");
    terminal_press(terminal, "ctrl-c");
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert(terminal_is_restored(terminal));
    terminal_free(terminal);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("screens");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, home_to_lab_and_back);
    tcase_add_test(cases, trouble_is_coloured_and_health_otherwise);
    tcase_add_test(cases, without_colour_trouble_still_stands_out);
    tcase_add_test(cases, every_size_is_drawn_and_survived);
    tcase_add_test(cases, moving_the_cursor_redraws_little);
    tcase_add_test(cases, keys_typed_ahead_are_not_lost);
    tcase_add_test(cases, ctrl_c_quits_from_the_form);
    return suite_run("screens", cases);
}
