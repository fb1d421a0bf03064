#include "app/keys.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CHILD FAN_BUILD_DIR "/tests/app/child_terminal"

static const char *const child[] = {CHILD, NULL};
static const char *const child_ascii[] = {CHILD, "--ascii", NULL};

static struct terminal *start(const char *const *env)
{
    struct terminal *terminal =
        terminal_start(&(struct terminal_options){.argv = child, .env = env});
    ck_assert(terminal_wait_frame(terminal, 1));
    return terminal;
}

static void expect_exit(struct terminal *terminal, int code)
{
    int status;
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), code);
    ck_assert(terminal_is_restored(terminal));
    terminal_free(terminal);
}

/* A sanitizer turns the signal into its own exit, so only "not well" is sure everywhere. */
static void expect_crash(struct terminal *terminal)
{
    int status;
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    ck_assert(terminal_is_restored(terminal));
    terminal_free(terminal);
}

static void expect_key(struct terminal *terminal, uint32_t key)
{
    char text[32];
    snprintf(text, sizeof text, "key %x\n", (unsigned)key);
    ck_assert(terminal_settle(terminal));
    ck_assert_msg(strstr(terminal_text(terminal), text), "no %s in\n%s", text,
                  terminal_text(terminal));
}

START_TEST(a_frame_reaches_the_screen_whole)
{
    struct terminal *terminal = start(NULL);
    ck_assert_str_eq(terminal_row(terminal, 0), "size 80x24");
    ck_assert_str_eq(terminal_row(terminal, 3), "e\xcc\x81t\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97|");
    ck_assert_str_eq(terminal_row(terminal, 4), "\xe2\x9c\x93");
    ck_assert_str_eq(terminal_row(terminal, 23) + 74, "corner");
    terminal_free(terminal);
}
END_TEST

START_TEST(text_cannot_command_the_terminal)
{
    struct terminal *terminal = start(NULL);
    ck_assert_str_eq(terminal_row(terminal, 5), "a\xef\xbf\xbd[31mb");
    terminal_free(terminal);
}
END_TEST

START_TEST(q_leaves_the_terminal_as_it_was)
{
    struct terminal *terminal = start(NULL);
    terminal_type(terminal, "q");
    ck_assert(terminal_wait_text(terminal, "bye 0"));
    expect_exit(terminal, 0);
}
END_TEST

START_TEST(keys_have_their_codes)
{
    static const struct {
        const char *name;
        uint32_t key;
    } keys[] = {
        {"up", FAN_KEY_UP},         {"down", FAN_KEY_DOWN},      {"left", FAN_KEY_LEFT},
        {"right", FAN_KEY_RIGHT},   {"home", FAN_KEY_HOME},      {"end", FAN_KEY_END},
        {"pgup", FAN_KEY_PAGE_UP},  {"pgdn", FAN_KEY_PAGE_DOWN}, {"enter", FAN_KEY_ENTER},
        {"esc", FAN_KEY_ESCAPE},    {"tab", FAN_KEY_TAB},        {"backspace", FAN_KEY_BACKSPACE},
        {"ctrl-c", FAN_KEY_CTRL_C},
    };
    struct terminal *terminal = start(NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        terminal_press(terminal, keys[i].name);
        expect_key(terminal, keys[i].key);
    }
    terminal_free(terminal);
}
END_TEST

START_TEST(a_resize_is_an_event)
{
    struct terminal *terminal = start(NULL);
    terminal_resize(terminal, 50, 160);
    ck_assert(terminal_settle(terminal));
    ck_assert_str_eq(terminal_row(terminal, 0), "size 160x50");
    terminal_resize(terminal, 2, 10);
    ck_assert(terminal_settle(terminal));
    ck_assert_str_eq(terminal_row(terminal, 0), "size 10x2");
    terminal_free(terminal);
}
END_TEST

START_TEST(an_unchanged_picture_costs_only_its_mark)
{
    struct terminal *terminal = start(NULL);
    terminal_type(terminal, "x");
    ck_assert(terminal_settle(terminal));
    size_t before = terminal_bytes(terminal);
    terminal_type(terminal, "x");
    ck_assert(terminal_settle(terminal));
    ck_assert_uint_lt(terminal_bytes(terminal) - before, 40);
    terminal_free(terminal);
}
END_TEST

START_TEST(ctrl_l_writes_everything_again)
{
    struct terminal *terminal = start(NULL);
    size_t before = terminal_bytes(terminal);
    terminal_press(terminal, "ctrl-l");
    ck_assert(terminal_settle(terminal));
    ck_assert_uint_gt(terminal_bytes(terminal) - before, 80);
    ck_assert_str_eq(terminal_row(terminal, 2), "blocked");
    terminal_free(terminal);
}
END_TEST

static void expect_suspension(void (*suspend)(struct terminal *))
{
    struct terminal *terminal = start(NULL);
    suspend(terminal);
    ck_assert(terminal_wait_stop(terminal));
    ck_assert(terminal_is_restored(terminal));
    unsigned long before = terminal_frame(terminal);
    terminal_continue(terminal);
    ck_assert(terminal_wait_frame(terminal, before + 1));
    ck_assert_str_eq(terminal_row(terminal, 2), "blocked");
    terminal_type(terminal, "x");
    expect_key(terminal, 'x');
    terminal_type(terminal, "q");
    expect_exit(terminal, 0);
}

static void suspend_by_key(struct terminal *terminal)
{
    terminal_press(terminal, "ctrl-z");
}

static void suspend_by_signal(struct terminal *terminal)
{
    terminal_signal(terminal, SIGTSTP);
}

START_TEST(ctrl_z_stops_and_fg_brings_it_back)
{
    expect_suspension(suspend_by_key);
}
END_TEST

START_TEST(sigtstp_stops_and_fg_brings_it_back)
{
    expect_suspension(suspend_by_signal);
}
END_TEST

START_TEST(after_a_hard_stop_the_modes_are_taken_again)
{
    struct terminal *terminal = start(NULL);
    terminal_signal(terminal, SIGSTOP);
    ck_assert(terminal_wait_stop(terminal));
    unsigned long before = terminal_frame(terminal);
    terminal_continue(terminal);
    ck_assert(terminal_wait_frame(terminal, before + 1));
    terminal_press(terminal, "ctrl-c");
    expect_key(terminal, FAN_KEY_CTRL_C);
    terminal_type(terminal, "q");
    expect_exit(terminal, 0);
}
END_TEST

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

START_TEST(a_signal_to_end_restores_the_terminal)
{
    struct terminal *terminal = start(NULL);
    terminal_signal(terminal, ends[_i]);
    expect_exit(terminal, 128 + ends[_i]);
}
END_TEST

START_TEST(a_crash_restores_the_terminal)
{
    static const char *const crashes[] = {"s", "a", "o"};
    struct terminal *terminal = start(NULL);
    terminal_type(terminal, crashes[_i]);
    expect_crash(terminal);
}
END_TEST

START_TEST(exit_restores_the_terminal)
{
    struct terminal *terminal = start(NULL);
    terminal_type(terminal, "e");
    expect_exit(terminal, 4);
}
END_TEST

START_TEST(a_lost_terminal_ends_the_program)
{
    struct terminal *terminal = start(NULL);
    int status;
    terminal_hang_up(terminal);
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 128 + SIGHUP);
    terminal_free(terminal);
}
END_TEST

static const struct {
    const char *env;
    const char *says;
} refusals[] = {
    {"TERM", "TERM is not set"},
    {"TERM=", "TERM is not set"},
    {"TERM=no-such-terminal", "no description of the terminal TERM=no-such-terminal"},
    {"TERM=dumb", "cannot place the cursor"},
};

START_TEST(a_useless_term_is_refused_with_a_reason)
{
    const char *const env[] = {refusals[_i].env, NULL};
    struct terminal *terminal = terminal_start(&(struct terminal_options){child, env, 0, 0});
    ck_assert(terminal_wait_text(terminal, refusals[_i].says));
    expect_exit(terminal, 3);
}
END_TEST

START_TEST(no_terminal_is_refused_with_a_reason)
{
    char said[200] = "";
    FILE *output = popen(CHILD " 2>&1 </dev/null", "r");
    ck_assert_ptr_nonnull(output);
    ck_assert_ptr_nonnull(fgets(said, sizeof said, output));
    ck_assert_int_eq(WEXITSTATUS(pclose(output)), 3);
    ck_assert_str_eq(said, "child: standard input is not a terminal\n");
}
END_TEST

START_TEST(colour_carries_meaning_where_there_is_colour)
{
    struct terminal *terminal = start(NULL);
    ck_assert(terminal_cell_at(terminal, 2, 0).coloured);
    ck_assert(terminal_cell_at(terminal, 0, 0).bold);
    terminal_free(terminal);
}
END_TEST

static const char *const colourless[] = {"NO_COLOR=1", "TERM=vt100"};

START_TEST(without_colour_attributes_carry_it)
{
    const char *const env[] = {colourless[_i], NULL};
    struct terminal *terminal = start(env);
    ck_assert(!terminal_cell_at(terminal, 2, 0).coloured);
    ck_assert(terminal_cell_at(terminal, 2, 0).bold);
    terminal_free(terminal);
}
END_TEST

START_TEST(eight_colours_are_enough)
{
    const char *const env[] = {"TERM=linux", NULL};
    struct terminal *terminal = start(env);
    ck_assert(terminal_cell_at(terminal, 2, 0).coloured);
    terminal_free(terminal);
}
END_TEST

static void expect_ascii(const char *const *argv, const char *const *env)
{
    struct terminal *terminal = terminal_start(&(struct terminal_options){argv, env, 0, 0});
    ck_assert(terminal_wait_frame(terminal, 1));
    ck_assert_str_eq(terminal_row(terminal, 4), "=");
    for (const char *c = terminal_text(terminal); *c; c++)
        ck_assert_int_lt((unsigned char)*c, 0x80);
    terminal_free(terminal);
}

START_TEST(another_charset_gets_ascii)
{
    const char *const env[] = {"LC_ALL=C", NULL};
    expect_ascii(child, env);
}
END_TEST

START_TEST(ascii_can_be_asked_for)
{
    expect_ascii(child_ascii, NULL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("terminal");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, a_frame_reaches_the_screen_whole);
    tcase_add_test(cases, text_cannot_command_the_terminal);
    tcase_add_test(cases, q_leaves_the_terminal_as_it_was);
    tcase_add_test(cases, keys_have_their_codes);
    tcase_add_test(cases, a_resize_is_an_event);
    tcase_add_test(cases, an_unchanged_picture_costs_only_its_mark);
    tcase_add_test(cases, ctrl_l_writes_everything_again);
    tcase_add_test(cases, ctrl_z_stops_and_fg_brings_it_back);
    tcase_add_test(cases, sigtstp_stops_and_fg_brings_it_back);
    tcase_add_test(cases, after_a_hard_stop_the_modes_are_taken_again);
    tcase_add_loop_test(cases, a_signal_to_end_restores_the_terminal, 0, 4);
    tcase_add_loop_test(cases, a_crash_restores_the_terminal, 0, 3);
    tcase_add_test(cases, exit_restores_the_terminal);
    tcase_add_test(cases, a_lost_terminal_ends_the_program);
    tcase_add_loop_test(cases, a_useless_term_is_refused_with_a_reason, 0, 4);
    tcase_add_test(cases, no_terminal_is_refused_with_a_reason);
    tcase_add_test(cases, colour_carries_meaning_where_there_is_colour);
    tcase_add_loop_test(cases, without_colour_attributes_carry_it, 0, 2);
    tcase_add_test(cases, eight_colours_are_enough);
    tcase_add_test(cases, another_charset_gets_ascii);
    tcase_add_test(cases, ascii_can_be_asked_for);
    return suite_run("terminal", cases);
}
