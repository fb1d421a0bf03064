#include "run/time.h"
#include "tests/support/program.h"
#include "tests/support/scratch.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The whole program on a terminal, with real children. */

#define FANLAB FAN_BUILD_DIR "/fanlab"

enum { MOST_CHILDREN = 64 };

static struct terminal *start(void)
{
    static const char *const argv[] = {FANLAB, NULL};
    struct terminal *terminal = terminal_start(&(struct terminal_options){.argv = argv});
    ck_assert(terminal_wait_text(terminal, "what is seen from outside"));
    return terminal;
}

/* Makes the lab's run long: bug 04 with 4000 items. */
static void run_long(struct terminal *terminal)
{
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "BUGGY"));
    terminal_type(terminal, "o\t\t\x7f\x7f"
                            "4000\r");
    ck_assert(terminal_wait_text(terminal, "items 4000"));
    ck_assert(terminal_wait_regex(terminal, "results [1-9]"));
}

static void expect_exit(struct terminal *terminal, int code)
{
    int status;
    ck_assert(terminal_wait_exit(terminal, &status));
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), code);
    ck_assert(terminal_is_restored(terminal));
}

/* ---- the program's children ---- */

/* Reads a process's state and parent; false when there is no such process. */
static bool read_stat(pid_t pid, char *state, pid_t *parent)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool read = fscanf(file, "%*d (%*[^)]) %c %d", state, parent) == 2;
    fclose(file);
    return read;
}

static bool lives(pid_t pid)
{
    char state;
    pid_t parent;
    return read_stat(pid, &state, &parent) && state != 'Z';
}

static int children_of(pid_t parent, pid_t children[MOST_CHILDREN])
{
    int count = 0;
    DIR *all = opendir("/proc");
    ck_assert_ptr_nonnull(all);
    for (struct dirent *entry; (entry = readdir(all)) && count < MOST_CHILDREN;) {
        char state;
        pid_t pid = atoi(entry->d_name), its_parent;
        if (pid > 0 && read_stat(pid, &state, &its_parent) && its_parent == parent)
            children[count++] = pid;
    }
    closedir(all);
    return count;
}

/* A child dies with its parent, by the kernel's hand, which may come a little after it. */
static void expect_gone(const pid_t *children, int count)
{
    ck_assert_int_gt(count, 0);
    for (int i = 0; i < count; i++) {
        for (int tries = 0; lives(children[i]) && tries < 3000; tries++)
            poll(NULL, 0, 10);
        ck_assert_msg(!lives(children[i]), "child %d lives on", children[i]);
    }
}

/* ---- what is seen ---- */

static const struct {
    const char *digit;
    const char *shown[5];
} bugs[] = {
    {"2", {"DEADLOCK", "bugs/02_missing_done.c:", "but never", "blocked at", "clean"}},
    {"4",
     {"DEADLOCK  main waits on out", "bugs/04_never_closed.c:", "could wake", "but never",
      "clean"}},
    {"8", {"PANIC", "panicked at", "bugs/08_double_close.c:", "first closed", "clean"}},
};

START_TEST(each_bug_is_explained_beside_its_fix)
{
    struct terminal *terminal = start();
    terminal_type(terminal, bugs[_i].digit);
    for (int i = 0; i < 5; i++)
        ck_assert(terminal_wait_text(terminal, bugs[_i].shown[i]));
    terminal_type(terminal, "qq");
    expect_exit(terminal, 0);
    terminal_free(terminal);
}
END_TEST

START_TEST(the_current_line_stands_in_the_source)
{
    struct terminal *terminal = start();
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "fan_chan_recv(out, &result, NULL) == 0) {   main"));
    terminal_free(terminal);
}
END_TEST

START_TEST(the_detail_names_functions_and_lines)
{
    struct terminal *terminal = start();
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "DEADLOCK"));
    terminal_press(terminal, "enter");
    ck_assert(terminal_wait_text(terminal, "proof        quiescence"));
    ck_assert(terminal_wait_regex(terminal, "fan_chan_recv +core/sync/chan.c:[0-9]+"));
    ck_assert(terminal_wait_regex(terminal, "collect +bugs/04_never_closed.c:[0-9]+"));
    terminal_free(terminal);
}
END_TEST

START_TEST(another_run_gets_what_the_form_says)
{
    struct terminal *terminal = start();
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "DEADLOCK"));
    terminal_type(terminal, "o\x7f"
                            "42\t\x7f"
                            "2\t\x7f\x7f"
                            "6\r");
    ck_assert(terminal_wait_text(terminal, "seed 42  workers 2  items 6"));
    ck_assert(terminal_wait_text(terminal, "clean: 4 threads ended, 6 results"));
    terminal_free(terminal);
}
END_TEST

START_TEST(a_pause_freezes_the_picture_but_not_the_keys)
{
    struct terminal *terminal = start();
    run_long(terminal);
    terminal_type(terminal, " ");
    ck_assert(terminal_wait_text(terminal, "PAUSED"));
    ck_assert(terminal_settle(terminal));
    char frozen[200];
    snprintf(frozen, sizeof frozen, "%s", terminal_row(terminal, 2));
    terminal_type(terminal, "jk?");
    ck_assert(terminal_settle(terminal));
    terminal_type(terminal, "q");
    ck_assert(terminal_settle(terminal));
    ck_assert_str_eq(terminal_row(terminal, 2), frozen);
    terminal_type(terminal, " ");
    ck_assert(terminal_wait_no_text(terminal, "PAUSED"));
    terminal_free(terminal);
}
END_TEST

static unsigned long switches_of(pid_t pid)
{
    char path[64], line[128];
    unsigned long count = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %lu", &count);
    fclose(file);
    return count;
}

/* The last frame's own wait may still be running out. The test's time limit bounds this. */
static unsigned long wait_until_it_rests(pid_t pid)
{
    unsigned long before, after = switches_of(pid);
    do {
        before = after;
        poll(NULL, 0, 200);
        after = switches_of(pid);
    } while (after != before);
    return after;
}

START_TEST(nothing_wakes_it_when_nothing_lives)
{
    struct terminal *terminal = start();
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "DEADLOCK"));
    ck_assert(terminal_wait_text(terminal, "clean"));
    ck_assert(terminal_settle(terminal));
    unsigned long before = wait_until_it_rests(terminal_pid(terminal));
    poll(NULL, 0, 1000); /* the time that is measured */
    ck_assert_uint_eq(switches_of(terminal_pid(terminal)), before);
    terminal_free(terminal);
}
END_TEST

START_TEST(a_live_lab_draws_at_most_20_frames_a_second)
{
    struct terminal *terminal = start();
    run_long(terminal);
    uint64_t began_ns = fan_now_ns();
    terminal_type(terminal, "?");
    ck_assert(terminal_settle(terminal)); /* so this frame was drawn after that moment */
    unsigned long before = terminal_frame(terminal);
    terminal_type(terminal, "q");
    poll(NULL, 0, 1000); /* the time that is measured, and as much more as it takes */
    ck_assert(terminal_wait_frame(terminal, before + 1));
    ck_assert(terminal_settle(terminal));
    double seconds = (double)(fan_now_ns() - began_ns) / 1e9;
    ck_assert_double_le((double)(terminal_frame(terminal) - before), 20 * seconds + 4);
    terminal_free(terminal);
}
END_TEST

/* ---- what may happen to it ---- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

START_TEST(a_signal_takes_the_children_along)
{
    pid_t children[MOST_CHILDREN];
    struct terminal *terminal = start();
    run_long(terminal);
    int count = children_of(terminal_pid(terminal), children);
    ck_assert_int_eq(count, 2);
    terminal_signal(terminal, ends[_i]);
    expect_exit(terminal, 128 + ends[_i]);
    expect_gone(children, count);
    terminal_free(terminal);
}
END_TEST

START_TEST(ctrl_c_quits_with_130)
{
    struct terminal *terminal = start();
    run_long(terminal);
    terminal_press(terminal, "ctrl-c");
    expect_exit(terminal, 130);
    terminal_free(terminal);
}
END_TEST

START_TEST(even_a_kill_leaves_no_child)
{
    pid_t children[MOST_CHILDREN];
    struct terminal *terminal = start();
    int status;
    run_long(terminal);
    int count = children_of(terminal_pid(terminal), children);
    terminal_signal(terminal, SIGKILL);
    ck_assert(terminal_wait_exit(terminal, &status));
    expect_gone(children, count);
    terminal_free(terminal);
}
END_TEST

START_TEST(a_lost_terminal_leaves_no_child)
{
    pid_t children[MOST_CHILDREN];
    struct terminal *terminal = start();
    int status;
    run_long(terminal);
    int count = children_of(terminal_pid(terminal), children);
    terminal_hang_up(terminal);
    ck_assert(terminal_wait_exit(terminal, &status));
    expect_gone(children, count);
    terminal_free(terminal);
}
END_TEST

START_TEST(leaving_the_lab_ends_the_children)
{
    pid_t children[MOST_CHILDREN], after[MOST_CHILDREN];
    struct terminal *terminal = start();
    run_long(terminal);
    int count = children_of(terminal_pid(terminal), children);
    terminal_type(terminal, "q");
    ck_assert(terminal_wait_text(terminal, "what is seen from outside"));
    expect_gone(children, count);
    ck_assert_int_eq(children_of(terminal_pid(terminal), after), 0);
    terminal_type(terminal, "q");
    expect_exit(terminal, 0);
    terminal_free(terminal);
}
END_TEST

START_TEST(restarts_leave_only_the_last_pair)
{
    pid_t children[MOST_CHILDREN];
    struct terminal *terminal = start();
    run_long(terminal);
    terminal_type(terminal, "rrrrrrrrrr");
    ck_assert(terminal_settle(terminal));
    ck_assert(terminal_wait_regex(terminal, "results [1-9]"));
    ck_assert_int_eq(children_of(terminal_pid(terminal), children), 2);
    terminal_free(terminal);
}
END_TEST

START_TEST(a_child_killed_from_outside_is_told)
{
    pid_t children[MOST_CHILDREN];
    struct terminal *terminal = start();
    run_long(terminal);
    ck_assert_int_eq(children_of(terminal_pid(terminal), children), 2);
    kill(children[0], SIGKILL);
    ck_assert(terminal_wait_text(terminal, "the child was killed from outside"));
    terminal_type(terminal, "r");
    ck_assert(terminal_settle(terminal));
    ck_assert(terminal_wait_no_text(terminal, "was killed"));
    terminal_free(terminal);
}
END_TEST

START_TEST(ctrl_z_and_fg_in_the_middle_of_a_run)
{
    struct terminal *terminal = start();
    run_long(terminal);
    terminal_press(terminal, "ctrl-z");
    ck_assert(terminal_wait_stop(terminal));
    ck_assert(terminal_is_restored(terminal));
    unsigned long before = terminal_frame(terminal);
    terminal_continue(terminal);
    ck_assert(terminal_wait_frame(terminal, before + 2));
    ck_assert(terminal_wait_text(terminal, "items 4000"));
    terminal_type(terminal, "qq");
    expect_exit(terminal, 0);
    terminal_free(terminal);
}
END_TEST

START_TEST(resizes_in_the_middle_of_a_run)
{
    static const int sizes[][2] = {{50, 160}, {3, 9}, {24, 80}, {20, 60}, {24, 80}};
    struct terminal *terminal = start();
    run_long(terminal);
    for (int round = 0; round < 20; round++) {
        const int *size = sizes[round % 5];
        terminal_resize(terminal, size[0], size[1]);
    }
    ck_assert(terminal_settle(terminal));
    ck_assert(terminal_wait_text(terminal, "FIXED"));
    terminal_free(terminal);
}
END_TEST

START_TEST(without_its_helper_it_says_what_is_missing)
{
    char directory[SCRATCH_PATH], command[512], program[SCRATCH_PATH + 10];
    scratch_make(directory);
    snprintf(program, sizeof program, "%s/fanlab", directory);
    snprintf(command, sizeof command, "cp " FANLAB " %s", program);
    ck_assert_int_eq(system(command), 0);
    const char *const argv[] = {program, NULL};
    struct terminal *terminal = terminal_start(&(struct terminal_options){.argv = argv});
    ck_assert(terminal_wait_text(terminal, "what is seen from outside"));
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "fanlab-lab-real"));
    terminal_type(terminal, "qq");
    expect_exit(terminal, 0);
    terminal_free(terminal);
    unlink(program);
    rmdir(directory);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

/* ---- stepping ---- */

START_TEST(from_the_lab_one_becomes_the_scheduler_and_comes_back)
{
    struct terminal *terminal = start();
    terminal_type(terminal, "4");
    ck_assert(terminal_wait_text(terminal, "BUGGY"));
    terminal_type(terminal, "s");
    ck_assert(terminal_wait_text(terminal, "can it run?"));
    ck_assert(terminal_wait_text(terminal, "buggy, 4 workers, 20 items"));
    terminal_type(terminal, "1");
    ck_assert(terminal_wait_text(terminal, "send in <- 0"));
    terminal_type(terminal, ",");
    ck_assert(terminal_wait_text(terminal, "nothing has happened yet"));
    terminal_type(terminal, "g");
    ck_assert(terminal_wait_text(terminal, "DEADLOCK"));
    terminal_type(terminal, "q");
    ck_assert(terminal_wait_text(terminal, "FREE-RUNNING"));
    terminal_type(terminal, "qq");
    expect_exit(terminal, 0);
    terminal_free(terminal);
}
END_TEST

enum { ROOM_FOR_A_LINE = 40 };

START_TEST(a_line_opens_at_its_end)
{
    static const char *const explore[] = {FANLAB, "explore",     "08",  "--variant",
                                          "rare", "--workers",   "2",   "--items",
                                          "2",    "--schedules", "500", NULL};
    static struct program_result result;
    char line[256] = "";
    program_run(explore, &result);
    const char *at = strstr(result.out, "fan1:");
    ck_assert_ptr_nonnull(at);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, " \n"), at);
    const char *const argv[] = {FANLAB, "replay", line, "--tui", NULL};
    struct terminal *terminal = terminal_start(&(struct terminal_options){.argv = argv});
    ck_assert(terminal_wait_text(terminal, "PANIC  close of closed channel out"));
    line[ROOM_FOR_A_LINE] = '\0'; /* a long one is shown in full by y only */
    ck_assert(terminal_wait_text(terminal, line));
    terminal_type(terminal, "y");
    ck_assert(terminal_wait_text(terminal, "has been"));
    terminal_type(terminal, "qq");
    expect_exit(terminal, 0);
    terminal_free(terminal);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tui");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, each_bug_is_explained_beside_its_fix, 0, COUNT(bugs));
    tcase_add_test(cases, the_current_line_stands_in_the_source);
    tcase_add_test(cases, the_detail_names_functions_and_lines);
    tcase_add_test(cases, another_run_gets_what_the_form_says);
    tcase_add_test(cases, a_pause_freezes_the_picture_but_not_the_keys);
    tcase_add_test(cases, nothing_wakes_it_when_nothing_lives);
    tcase_add_test(cases, a_live_lab_draws_at_most_20_frames_a_second);
    tcase_add_loop_test(cases, a_signal_takes_the_children_along, 0, COUNT(ends));
    tcase_add_test(cases, ctrl_c_quits_with_130);
    tcase_add_test(cases, even_a_kill_leaves_no_child);
    tcase_add_test(cases, a_lost_terminal_leaves_no_child);
    tcase_add_test(cases, leaving_the_lab_ends_the_children);
    tcase_add_test(cases, restarts_leave_only_the_last_pair);
    tcase_add_test(cases, a_child_killed_from_outside_is_told);
    tcase_add_test(cases, ctrl_z_and_fg_in_the_middle_of_a_run);
    tcase_add_test(cases, resizes_in_the_middle_of_a_run);
    tcase_add_test(cases, without_its_helper_it_says_what_is_missing);
    tcase_add_test(cases, from_the_lab_one_becomes_the_scheduler_and_comes_back);
    tcase_add_test(cases, a_line_opens_at_its_end);
    return suite_run("tui", cases);
}
