/* The command line over children that misbehave, that are killed, or that are not there, and under
 * signals: the message is true, the exit code right, and nothing is left behind. */
#define _GNU_SOURCE
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

static struct program_result result;

/* A place of its own for fanlab, with a helper beside it that does what HOSTILE says. */
static char place[200], fanlab[220], helper[240];

static void copy_program(const char *from, const char *to)
{
    char command[600];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    ck_assert_int_eq(system(command), 0);
}

static void set_up(void)
{
    snprintf(place, sizeof place, "%s/tests/app/hostile-XXXXXX", FAN_BUILD_DIR);
    ck_assert_ptr_nonnull(mkdtemp(place));
    snprintf(fanlab, sizeof fanlab, "%s/fanlab", place);
    snprintf(helper, sizeof helper, "%s/fanlab-lab-real", place);
    copy_program(FAN_BUILD_DIR "/fanlab", fanlab);
    copy_program(FAN_BUILD_DIR "/tests/app/child_hostile", helper);
}

static void tear_down(void)
{
    unlink(fanlab);
    unlink(helper);
    ck_assert_int_eq(rmdir(place), 0);
}

static void start(struct program *program, const char *deed, const char *const *argv)
{
    setenv("HOSTILE", deed, 1);
    program_start(&(struct program_options){.argv = argv}, program);
}

/* Killed processes may be on their way out still. The test's time limit bounds this. */
static void expect_nobody(void)
{
    while (program_alive(helper, 0))
        poll(NULL, 0, 1);
}

static void expect(int code, const char *words)
{
    ck_assert_msg(result.code == code, "%d\n%s%s", result.code, result.out, result.err);
    ck_assert_msg(strstr(result.out, words) || strstr(result.err, words), "%s%s", result.out,
                  result.err);
    expect_nobody();
}

static void run(const char *deed, const char *const *argv)
{
    struct program program;
    start(&program, deed, argv);
    program_finish(&program, &result);
}

static pid_t wait_for_child(void)
{
    pid_t child;
    while ((child = program_alive(helper, 0)) == 0)
        poll(NULL, 0, 1);
    return child;
}

/* Of ours, for others use the place as well. */
static size_t count_shared_memory(void)
{
    size_t count = 0;
    DIR *directory = opendir("/dev/shm");
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        count += strncmp(entry->d_name, "fan", 3) == 0;
    if (directory)
        closedir(directory);
    return count;
}

#define ARGUMENTS(...) ((const char *const[]){fanlab, __VA_ARGS__, NULL})

START_TEST(a_slow_child_is_called_slow)
{
    run("dawdle", ARGUMENTS("run", "4", "--variant", "buggy", "--timeout", "1", "--json"));
    expect(1, "\"reason\": \"slow\"");
    expect(1, ", sleep\"");
    expect(1, "\"findings\": []");
    expect(1, "\"outcome\": \"error\"");
    run("dawdle", ARGUMENTS("run", "4", "--variant", "buggy", "--timeout", "1"));
    expect(1, "buggy  ? slow: no verdict after 1.0 s");
    expect(1, "seen          main: blocked ");
    expect(1, ", sleep\n");
}
END_TEST

START_TEST(a_child_killed_from_outside_is_told)
{
    struct program program;
    start(&program, "hang", ARGUMENTS("run", "4", "--variant", "buggy", "--json"));
    kill(wait_for_child(), SIGKILL);
    program_finish(&program, &result);
    expect(1, "killed from outside");
    expect(1, "\"reason\": \"broken\"");
}
END_TEST

START_TEST(a_damaged_segment_is_told)
{
    run("scribble", ARGUMENTS("run", "4", "--json"));
    expect(1, "\"reason\": \"broken\"");
}
END_TEST

START_TEST(an_exit_status_is_told)
{
    run("exit7", ARGUMENTS("run", "4"));
    expect(1, "exit status 7");
}
END_TEST

START_TEST(check_fails_where_nothing_is_found)
{
    run("behave", ARGUMENTS("check", "4"));
    expect(1, "FAILED 04 never closed, buggy: deadlock expected, not found");
    expect(1, "ok     04 never closed, fixed");
    expect(1, "2 checked, 1 failed");
}
END_TEST

START_TEST(check_fails_where_something_else_is_found)
{
    run("segv", ARGUMENTS("check", "4", "--format", "tap"));
    expect(1, "not ok 1 - 04 never_closed buggy");
    expect(1, "not ok 2 - 04 never_closed fixed\n# panic found, not declared: segmentation fault");
}
END_TEST

START_TEST(a_missing_helper_is_told_with_3)
{
    unlink(helper);
    run("", ARGUMENTS("run", "4", "--json"));
    expect(3, "fanlab-lab-real");
    expect(3, "\"reason\": \"environment\"");
    run("", ARGUMENTS("run", "4"));
    expect(3, "fanlab run: cannot start a run: fanlab-lab-real, which belongs beside fanlab");
    ck_assert_str_eq(result.out, "");
    run("", ARGUMENTS("check", "--format", "json"));
    expect(3, "\"outcome\": \"error\"");
    copy_program(FAN_BUILD_DIR "/tests/app/child_hostile", helper);
}
END_TEST

static const struct {
    int number, code;
} stops[] = {{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}};

START_TEST(a_signal_ends_the_child_and_the_run)
{
    struct program program;
    start(&program, "ignore", ARGUMENTS("run", "4", "--json"));
    wait_for_child();
    kill(program.pid, stops[_i].number);
    program_finish(&program, &result);
    expect(stops[_i].code, "\"reason\": \"interrupted\"");
}
END_TEST

START_TEST(a_signal_ends_the_child_and_the_check)
{
    struct program program;
    start(&program, "hang", ARGUMENTS("check", "--format", "json"));
    wait_for_child();
    kill(program.pid, stops[_i].number);
    program_finish(&program, &result);
    expect(stops[_i].code, "\"reason\": \"interrupted\"");
}
END_TEST

START_TEST(sigkill_leaves_no_child)
{
    struct program program;
    start(&program, "ignore", ARGUMENTS("run", "4"));
    wait_for_child();
    kill(program.pid, SIGKILL);
    program_finish(&program, &result);
    expect(128 + SIGKILL, "");
}
END_TEST

/* The moments are chosen by chance over the whole life of a run; none of them may leave anything.
 */
START_TEST(a_signal_at_any_moment_leaves_nothing)
{
    struct fan_random random = {.state = (uint64_t)_i + 1};
    size_t before = count_shared_memory();
    for (int i = 0; i < 60; i++) {
        struct program program;
        start(&program, i % 2 ? "fork" : "block", ARGUMENTS("run", "4"));
        struct timespec moment = {.tv_nsec = (long)fan_random_below(&random, 8000000)};
        nanosleep(&moment, NULL);
        kill(program.pid, stops[_i].number);
        program_finish(&program, &result);
        ck_assert_msg(result.code == stops[_i].code || result.code == 1, "%d\n%s", result.code,
                      result.err);
    }
    expect_nobody();
    ck_assert_uint_eq(count_shared_memory(), before);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fanlab");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_slow_child_is_called_slow);
    tcase_add_test(tests, a_child_killed_from_outside_is_told);
    tcase_add_test(tests, a_damaged_segment_is_told);
    tcase_add_test(tests, an_exit_status_is_told);
    tcase_add_test(tests, check_fails_where_nothing_is_found);
    tcase_add_test(tests, check_fails_where_something_else_is_found);
    tcase_add_test(tests, a_missing_helper_is_told_with_3);
    tcase_add_loop_test(tests, a_signal_ends_the_child_and_the_run, 0, 3);
    tcase_add_loop_test(tests, a_signal_ends_the_child_and_the_check, 0, 3);
    tcase_add_test(tests, sigkill_leaves_no_child);
    tcase_add_loop_test(tests, a_signal_at_any_moment_leaves_nothing, 0, 3);
    return suite_run("command line, hostile", tests);
}
