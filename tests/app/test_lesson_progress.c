/* The learner's progress on disk: kept, found again, and never lost to another lesson's damage. */
#define _GNU_SOURCE
#include "app/lesson/course.h"
#include "tests/support/scratch.h"
#include "tests/support/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[200];
static struct fan_course course;
static int first, second; /* two lessons of it, on bugs 04 and 02 */

static void open_course(void)
{
    fan_course_close(&course);
    fan_course_open(&course, directory);
    first = fan_course_find(&course, "04");
    second = fan_course_find(&course, "02");
    ck_assert(first >= 0 && second >= 0);
}

static void set_up(void)
{
    char scratch[SCRATCH_PATH];
    scratch_make(scratch);
    snprintf(directory, sizeof directory, "%s/a/b", scratch);
    open_course();
}

static void tear_down(void)
{
    char command[300];
    fan_course_close(&course);
    *strstr(directory, "/a/b") = '\0';
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void answer(int lesson, int number)
{
    struct fan_progress *progress = &course.progress[lesson];
    int predict = course.lessons[lesson].predict;
    progress->chosen[predict][0] = progress->first[predict][0] = number;
    progress->stage = progress->furthest = predict + 1;
}

static void write_file(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

static bool exists(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

START_TEST(nothing_kept_is_a_fresh_start)
{
    ck_assert_str_eq(course.told, "");
    ck_assert_int_eq(course.progress[first].furthest, 0);
    ck_assert(!fan_progress_predicted(&course.lessons[first], &course.progress[first]));
    ck_assert_str_eq(fan_course_name(&course, first), course.lessons[first].bug->symptom);
}
END_TEST

START_TEST(what_is_kept_is_found_again)
{
    answer(first, 3);
    fan_course_keep(&course, first);
    ck_assert_str_eq(course.told, "");
    open_course();
    const struct fan_progress *progress = &course.progress[first];
    int predict = course.lessons[first].predict;
    ck_assert_int_eq(progress->chosen[predict][0], 3);
    ck_assert_int_eq(progress->first[predict][0], 3);
    ck_assert_int_eq(progress->stage, predict + 1);
    ck_assert(fan_progress_predicted(&course.lessons[first], progress));
    ck_assert(!fan_progress_done(&course.lessons[first], progress));
    ck_assert_str_eq(fan_course_name(&course, first), course.lessons[first].title);
    ck_assert_int_eq(course.progress[second].furthest, 0);
}
END_TEST

static const char *const damaged[] = {"",
                                      "{\"schema\":\"fanlab.progress/1\",\"lesson\":\"04\"",
                                      "[]",
                                      "{}",
                                      "{\"schema\":\"fanlab.progress/9\",\"lesson\":\"04\"}",
                                      "{\"schema\":\"fanlab.progress/1\",\"lesson\":\"02\"}",
                                      "\xff\xfe"};

START_TEST(a_damaged_file_is_set_aside_and_costs_no_other)
{
    answer(first, 3);
    answer(second, 1);
    fan_course_keep(&course, first);
    fan_course_keep(&course, second);
    write_file("04.json", damaged[_i]);
    open_course();
    ck_assert_msg(strstr(course.told, "04.json.damaged") != NULL, "%s", course.told);
    ck_assert(exists("04.json.damaged") && !exists("04.json"));
    ck_assert_int_eq(course.progress[first].furthest, 0);
    ck_assert_int_eq(course.progress[second].chosen[course.lessons[second].predict][0], 1);
}
END_TEST

START_TEST(what_the_lesson_no_longer_has_is_passed_over)
{
    answer(first, 3);
    fan_course_keep(&course, first);
    write_file("04.json", "{\"schema\":\"fanlab.progress/1\",\"lesson\":\"04\",\"stage\":\"gone\","
                          "\"furthest\":\"quiz\",\"chosen\":{\"predict\":[77,2],\"gone\":[1]}}");
    open_course();
    ck_assert_str_eq(course.told, "");
    ck_assert_int_eq(course.progress[first].stage, 0);
    /* Nobody gets behind the prediction without one. */
    ck_assert_int_eq(course.progress[first].furthest, course.lessons[first].predict);
}
END_TEST

START_TEST(a_disk_that_is_full_is_told_and_costs_nothing)
{
    answer(first, 3);
    fan_course_keep(&course, first);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 64, .rlim_max = RLIM_INFINITY});
    answer(first, 1);
    fan_course_keep(&course, first);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert_msg(strstr(course.told, "not kept") && strstr(course.told, strerror(EFBIG)), "%s",
                  course.told);
    open_course();
    ck_assert_int_eq(course.progress[first].chosen[course.lessons[first].predict][0], 3);
}
END_TEST

START_TEST(a_place_that_is_no_directory_is_told)
{
    answer(first, 3);
    snprintf(course.directory, sizeof course.directory, "/dev/null/fanlab");
    fan_course_keep(&course, first);
    ck_assert_msg(strstr(course.told, strerror(ENOTDIR)) != NULL, "%s", course.told);
    course.directory[0] = '\0';
    fan_course_keep(&course, first);
    ck_assert_msg(strstr(course.told, "XDG_STATE_HOME") != NULL, "%s", course.told);
}
END_TEST

START_TEST(the_place_is_that_of_the_XDG_rules)
{
    char path[FAN_PROGRESS_PATH];
    setenv("HOME", "/home/x", 1);
    setenv("XDG_STATE_HOME", "/state", 1);
    ck_assert(fan_progress_directory(path));
    ck_assert_str_eq(path, "/state/fanlab");
    setenv("XDG_STATE_HOME", "relative", 1);
    ck_assert(fan_progress_directory(path));
    ck_assert_str_eq(path, "/home/x/.local/state/fanlab");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    ck_assert(!fan_progress_directory(path));
}
END_TEST

START_TEST(practice_that_was_kept_meanwhile_stays)
{
    answer(first, 1);
    fan_course_keep(&course, first);
    ck_assert(!course.progress[first].practised);
    struct fan_progress elsewhere = course.progress[first];
    elsewhere.practised = true;
    ck_assert_int_eq(fan_progress_save(directory, &course.lessons[first], &elsewhere, course.told),
                     0);
    fan_course_keep(&course, first); /* knows nothing of it */
    open_course();
    ck_assert(course.progress[first].practised);
    ck_assert(!course.progress[second].practised);
}
END_TEST

START_TEST(a_lesson_is_done_when_all_is_seen_and_right)
{
    const struct fan_lesson *lesson = &course.lessons[first];
    struct fan_progress *progress = &course.progress[first];
    for (int stage = 0; stage < lesson->stage_count; stage++)
        for (int i = 0; i < lesson->stages[stage].questions; i++)
            progress->chosen[stage][i] = fan_lesson_right_answer(lesson, stage, i);
    ck_assert(!fan_progress_done(lesson, progress));
    progress->furthest = lesson->stage_count - 1;
    ck_assert(fan_progress_done(lesson, progress));
    progress->chosen[lesson->stage_count - 1][0] = 0;
    ck_assert(!fan_progress_done(lesson, progress));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lesson progress");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, nothing_kept_is_a_fresh_start);
    tcase_add_test(cases, what_is_kept_is_found_again);
    tcase_add_loop_test(cases, a_damaged_file_is_set_aside_and_costs_no_other, 0,
                        sizeof damaged / sizeof damaged[0]);
    tcase_add_test(cases, what_the_lesson_no_longer_has_is_passed_over);
    tcase_add_test(cases, a_disk_that_is_full_is_told_and_costs_nothing);
    tcase_add_test(cases, a_place_that_is_no_directory_is_told);
    tcase_add_test(cases, the_place_is_that_of_the_XDG_rules);
    tcase_add_test(cases, practice_that_was_kept_meanwhile_stays);
    tcase_add_test(cases, a_lesson_is_done_when_all_is_seen_and_right);
    return suite_run("lesson progress", cases);
}
