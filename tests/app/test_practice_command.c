/* The command that hands out practice files, and --watch. */
#define _GNU_SOURCE
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/support/workplace.h"

static struct terminal *terminal;

static void end(void)
{
    terminal_free(terminal);
    terminal = NULL;
    workplace_end();
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void rename_it(const char *from, const char *to)
{
    ck_assert_int_eq(rename(from, to), 0);
}

START_TEST(five_lines_say_what_to_do_next)
{
    CLI_RUN("practice", "never-closed");
    cli_expect(0, "practice_04.c is written.");
    cli_expect(0, "fanlab check practice_04.c");
    cli_expect(0, "fanlab practice 04 --watch");
    ck_assert_int_eq(lines_of(cli_result.out), 5);
    workplace_remove("practice_04.c");
}
END_TEST

START_TEST(what_one_has_changed_is_left_alone)
{
    workplace_write("practice_04.c", "mine\n");
    CLI_RUN("practice", "04");
    cli_expect(0, "practice_04.c is yours, and was left as it is (--reset starts over)");
    CLI_RUN("practice", "04", "--reset");
    cli_expect(0, "practice_04.c is as at the start; what it was is in practice_04.c.old");
    CLI_RUN("practice", "04", "--reset");
    cli_expect(0, "practice_04.c was there already");
    FILE *old = fopen("practice_04.c.old", "r");
    char text[16] = "";
    ck_assert_ptr_nonnull(old);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, old));
    fclose(old);
    ck_assert_str_eq(text, "mine\n");
    workplace_remove("practice_04.c");
    workplace_remove("practice_04.c.old");
}
END_TEST

START_TEST(a_solution_is_no_place_for_changes)
{
    workplace_write("solution_04.c", "mine\n");
    CLI_RUN("practice", "04", "--solution");
    cli_expect(3, "solution_04.c is not as it was written, and was left as it is");
    workplace_remove("solution_04.c");
}
END_TEST

START_TEST(a_directory_may_be_named)
{
    ck_assert_int_eq(mkdir("in here", 0700), 0);
    CLI_RUN("practice", "4", "in here");
    cli_expect(0, "in here/practice_04.c is written.");
    workplace_remove("in here/practice_04.c");
    ck_assert_int_eq(rmdir("in here"), 0);
    CLI_RUN("practice", "4", "nowhere");
    cli_expect(3, "nowhere/practice_04.c cannot be written: No such file or directory");
}
END_TEST

START_TEST(wrong_words_are_refused_with_2)
{
    CLI_RUN("practice");
    cli_expect(2, "it takes one bug, by number or name, and a directory");
    CLI_RUN("practice", "99");
    cli_expect(2, "99");
    CLI_RUN("practice", "04", "--solution", "--watch");
    cli_expect(2, "--solution goes alone");
}
END_TEST

/* ---- watching ---- */

static void start_watch(void)
{
    const char *const argv[] = {cli_fanlab, "practice", "04", "--watch", NULL};
    terminal = terminal_start(&(struct terminal_options){.argv = argv, .rows = 120});
}

static void expect_on_terminal(const char *text)
{
    ck_assert_msg(terminal_wait_text(terminal, text), "%s in\n%s", text, terminal_text(terminal));
}

#define OF_04 "/* fanlab-practice/1 04 */\n"
#define WORKERS                                                                                    \
    "    fan_waitgroup_add(&pool->working, (int64_t)workers);\n"                                   \
    "    for (uint64_t i = 0; i < workers; i++)\n        fan_go(\"worker\", work, pool);\n"

static const char closes_at_once[] =
    OF_04 "static void start_fixed(struct pool *pool, uint64_t workers)\n{\n" WORKERS
          "    fan_chan_close(pool->out);\n}\n";
static const char right[] =
    OF_04 "static void closer(void *argument)\n{\n    struct pool *pool = argument;\n"
          "    fan_waitgroup_wait(&pool->working, NULL);\n    fan_chan_close(pool->out);\n}\n"
          "static void start_fixed(struct pool *pool, uint64_t workers)\n{\n" WORKERS
          "    fan_go(\"closer\", closer, pool);\n}\n";

START_TEST(each_save_is_judged_until_it_holds)
{
    int status;
    start_watch();
    expect_on_terminal("Waiting for the next save of practice_04.c.  q ends this.");
    workplace_write("practice_04.c", OF_04 "nonsense\n");
    expect_on_terminal("practice_04.c does not compile; it must define start_fixed");
    workplace_write("beside", closes_at_once);
    rename_it("beside", "practice_04.c"); /* as editors do */
    expect_on_terminal("h shows a hint.  q ends this.");
    expect_on_terminal("send on closed channel out");
    terminal_type(terminal, "h");
    expect_on_terminal("hint 1  Does the loop in `collect` end after");
    terminal_type(terminal, "h");
    expect_on_terminal("hint 2  ");
    workplace_write("practice_04.c", right);
    expect_on_terminal("IT HOLDS:");
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert_int_eq(status, 0);
    ck_assert(terminal_is_restored(terminal));
    workplace_remove("practice_04.c");
}
END_TEST

START_TEST(what_was_begun_is_judged_at_once)
{
    int status;
    workplace_write("practice_04.c", right);
    start_watch();
    expect_on_terminal("IT HOLDS:");
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert_int_eq(status, 0);
    workplace_remove("practice_04.c");
}
END_TEST

static void expect_end(int code)
{
    int status;
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, code);
    ck_assert(terminal_is_restored(terminal));
    workplace_remove("practice_04.c");
}

START_TEST(q_and_signals_end_it)
{
    start_watch();
    expect_on_terminal("Waiting for the next save");
    if (_i == 0)
        terminal_type(terminal, "q");
    else if (_i == 1)
        terminal_press(terminal, "ctrl-c");
    else
        terminal_signal(terminal, SIGTERM);
    expect_end((const int[]){1, 128 + SIGINT, 128 + SIGTERM}[_i]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("practice");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, workplace_begin_without_home, end);
    tcase_add_test(tests, five_lines_say_what_to_do_next);
    tcase_add_test(tests, what_one_has_changed_is_left_alone);
    tcase_add_test(tests, a_solution_is_no_place_for_changes);
    tcase_add_test(tests, a_directory_may_be_named);
    tcase_add_test(tests, wrong_words_are_refused_with_2);
    if (!FAN_UNDER_TSAN) { /* it has nothing to say of simulations, at length */
        tcase_add_test(tests, each_save_is_judged_until_it_holds);
        tcase_add_test(tests, what_was_begun_is_judged_at_once);
    }
    tcase_add_loop_test(tests, q_and_signals_end_it, 0, 3);
    return suite_run("practice, the command", tests);
}
