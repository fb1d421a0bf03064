/* Lessons on a terminal, driven by keys as a learner would. */
#define _GNU_SOURCE
#include "tests/support/scratch.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FANLAB FAN_BUILD_DIR "/fanlab"

static char scratch[SCRATCH_PATH], state[SCRATCH_PATH + 20];
static struct terminal *terminal;

static void set_up(void)
{
    scratch_make(scratch);
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s", scratch);
}

static void tear_down(void)
{
    char command[SCRATCH_PATH + 10];
    terminal_free(terminal);
    terminal = NULL;
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    ck_assert_int_eq(system(command), 0);
}

static void start(const char *const *argv)
{
    const char *const env[] = {state, NULL};
    terminal_free(terminal);
    terminal = terminal_start(&(struct terminal_options){.argv = argv, .env = env});
    ck_assert(terminal_settle(terminal)); /* the first frame is whole */
}

static void start_lesson(const char *id)
{
    start((const char *const[]){FANLAB, "lesson", id, NULL});
}

static void expect(const char *text)
{
    ck_assert_msg(terminal_wait_text(terminal, text), "%s", text);
}

static bool shows(const char *text)
{
    return strstr(terminal_text(terminal), text) != NULL;
}

static void press(const char *keys)
{
    terminal_type(terminal, keys);
    ck_assert(terminal_settle(terminal));
}

static void leave(void)
{
    int status;
    terminal_type(terminal, "qq");
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert(terminal_is_restored(terminal));
}

START_TEST(home_lists_lessons_by_what_is_seen_of_them)
{
    start((const char *const[]){FANLAB, NULL});
    expect("What fan-out and fan-in are");
    ck_assert(shows("all results have come, and still it does not end"));
    ck_assert(!shows("never closed") && !shows("missing done"));
    int row, other, col;
    ck_assert(terminal_find(terminal, "channels", &row, &col));
    ck_assert(terminal_find(terminal, " 04 ", &other, &col) && other == row + 1);
    ck_assert(terminal_find(terminal, " 02 ", &other, &col) && other == row + 2);
}
END_TEST

START_TEST(before_the_prediction_nothing_is_told)
{
    start_lesson("04");
    expect("A nightly job");
    press("n");
    expect("fan_go(\"worker\", work, pool)");
    press("n");
    expect("first say what you expect");
    terminal_press(terminal, "enter");
    expect("the lab shows the name and the repair");
    ck_assert(shows("1 to 9 answer") && !shows("n next") && !shows("enter lab"));
    for (const char *key = "jjjjjjjjjjhhhvvp"; *key; key++) {
        press((char[]){*key, '\0'});
        ck_assert(!shows("never closed") && !shows("closer"));
    }
    leave();
}
END_TEST

START_TEST(hints_come_one_by_one)
{
    start_lesson("04");
    expect("A nightly job");
    press("nh");
    expect("hint 1");
    ck_assert(!shows("hint 2"));
    press("hhh");
    expect("hint 3");
    ck_assert(!shows("h hint"));
    leave();
}
END_TEST

START_TEST(an_answer_gets_its_reply_and_opens_the_rest)
{
    start_lesson("04");
    expect("A nightly job");
    press("n1");
    expect("x 1  A worker");
    expect("A receive on a closed, empty channel");
    ck_assert(!shows("= 4"));
    press("4");
    expect("= 4  `main`");
    expect("lesson 04 never closed");
    ck_assert(!shows("x 1"));
    press("n");
    expect("This bug is called never closed");
    expect("DEADLOCK  main waits on out");
    press("v");
    expect("all goroutines are asleep");
    ck_assert(!shows("DEADLOCK  main waits on out"));
    press("v");
    expect("thread apply all bt");
    leave();
}
END_TEST

START_TEST(the_lab_opens_from_a_stage_and_leads_back_to_it)
{
    start_lesson("04");
    expect("A nightly job");
    press("np4n");
    terminal_press(terminal, "enter");
    expect("BUGGY");
    expect("seed 7  workers 4  items 20");
    expect("q lesson");
    press("q");
    expect("This bug is called never closed");
    terminal_press(terminal, "enter");
    expect("BUGGY");
    press("l");
    expect("This bug is called never closed");
    leave();
}
END_TEST

START_TEST(stepping_waits_for_the_prediction_and_leads_back)
{
    start_lesson("04");
    expect("A nightly job");
    press("s");
    expect("first say what you expect; stepping shows the name");
    press("np4n");
    expect("s step");
    press("s");
    expect("buggy, 2 workers, 2 items");
    expect("q lesson");
    press("....2");
    expect("begins");
    press("q");
    expect("This bug is called never closed");
    leave();
}
END_TEST

START_TEST(progress_is_kept_and_can_be_reset)
{
    start_lesson("04");
    expect("A nightly job");
    press("n4nnn");
    expect("A receive is woken by two things");
    leave();
    start((const char *const[]){FANLAB, NULL});
    expect("5 of 9");
    expect("never closed: all results");
    terminal_type(terminal, "q");
    start_lesson("04");
    expect("A receive is woken by two things");
    press("x");
    expect("x again forgets");
    press("j");
    ck_assert(!shows("x again"));
    press("xx");
    expect("A nightly job");
    ck_assert(!shows("never closed"));
    leave();
}
END_TEST

START_TEST(a_damaged_file_is_told_on_the_screen)
{
    char command[2 * SCRATCH_PATH + 60];
    snprintf(command, sizeof command, "mkdir -p %s/fanlab && echo nonsense >%s/fanlab/04.json",
             scratch, scratch);
    ck_assert_int_eq(system(command), 0);
    start((const char *const[]){FANLAB, NULL});
    expect("the progress of lesson 04 was damaged");
    terminal_type(terminal, "q");
}
END_TEST

START_TEST(a_stage_can_be_jumped_to_but_not_past_the_prediction)
{
    start((const char *const[]){FANLAB, "lesson", "04", "--at", "repair", NULL});
    expect("first say what you expect");
    ck_assert(!shows("never closed"));
    press("4n");
    expect("One more thread, whose only task it is");
    leave();
    start((const char *const[]){FANLAB, "lesson", "channels", "--at", "who-closes", NULL});
    expect("Producers close. Workers never do.");
    leave();
}
END_TEST

START_TEST(every_size_is_drawn_and_survived)
{
    static const int sizes[][2] = {{50, 160}, {10, 40}, {1, 5}, {24, 80}};
    start_lesson("02");
    expect("A service checks");
    press("n3n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        terminal_resize(terminal, sizes[i][0], sizes[i][1]);
        ck_assert(terminal_settle(terminal));
    }
    expect("This bug is called missing done");
    leave();
}
END_TEST

START_TEST(where_there_is_room_the_lab_runs_beside_the_text)
{
    const char *const argv[] = {FANLAB, "lesson", "04", NULL};
    start(argv);
    expect("A nightly job");
    terminal_resize(terminal, 50, 160);
    press("n4");
    ck_assert(!shows("BUGGY"));
    press("n");
    expect("This bug is called never closed");
    expect("BUGGY");
    expect("clean: 6 threads ended, 20 results");
    expect("n next");
    ck_assert(!shows("f bug/fix/both"));
    press("n");
    ck_assert(!shows("BUGGY"));
    leave();
}
END_TEST

START_TEST(the_stage_on_ones_own_code_gives_the_function_to_repair)
{
    ck_assert_int_eq(chdir(scratch), 0);
    start_lesson("04");
    press("p"); /* before the prediction there is nothing to repair */
    ck_assert(access("practice_04.c", F_OK) != 0);
    press("n4p");
    expect("p again writes the function to repair");
    ck_assert(access("practice_04.c", F_OK) != 0);
    press("p");
    expect("practice_04.c is written.");
    expect(scratch);
    expect("fanlab practice 04 --watch");
    expect("fanlab check practice_04.c");
    ck_assert_int_eq(access("practice_04.c", R_OK), 0);
    press("j");
    ck_assert(!shows("practice_04.c is written."));
    press("p");
    expect("practice_04.c was there already.");
}
END_TEST

START_TEST(nothing_goes_on_by_itself)
{
    start_lesson("fan-out");
    expect("Work comes in pieces");
    ck_assert(terminal_settle(terminal));
    unsigned long frame = terminal_frame(terminal);
    press("?");
    expect("a hint; there are three");
    press("q");
    expect("Work comes in pieces");
    ck_assert_uint_le(terminal_frame(terminal) - frame, 4);
    leave();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lesson screen");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, home_lists_lessons_by_what_is_seen_of_them);
    tcase_add_test(cases, before_the_prediction_nothing_is_told);
    tcase_add_test(cases, hints_come_one_by_one);
    tcase_add_test(cases, an_answer_gets_its_reply_and_opens_the_rest);
    tcase_add_test(cases, the_lab_opens_from_a_stage_and_leads_back_to_it);
    tcase_add_test(cases, stepping_waits_for_the_prediction_and_leads_back);
    tcase_add_test(cases, progress_is_kept_and_can_be_reset);
    tcase_add_test(cases, a_damaged_file_is_told_on_the_screen);
    tcase_add_test(cases, a_stage_can_be_jumped_to_but_not_past_the_prediction);
    tcase_add_test(cases, every_size_is_drawn_and_survived);
    tcase_add_test(cases, where_there_is_room_the_lab_runs_beside_the_text);
    tcase_add_test(cases, the_stage_on_ones_own_code_gives_the_function_to_repair);
    tcase_add_test(cases, nothing_goes_on_by_itself);
    return suite_run("lesson screen", cases);
}
