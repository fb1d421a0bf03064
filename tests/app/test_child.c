/* The containment: whatever a child does, its parent lives, says truly what happened, and is rid of
 * the child and its whole process group. */
#define _GNU_SOURCE
#include "app/child.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/run.h"
#include "tests/support/suite.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const struct fan_child_options hostile = {
    .helper = FAN_BUILD_DIR "/tests/app/child_hostile",
    .scenario = "04",
    .variant = "buggy",
    .seed = 1,
    .workers = 4,
    .items = 20,
};

/* Is there a process in this group, other than zombies that wait for a reaper outside of our reach?
 */
static bool group_lives(pid_t group)
{
    DIR *processes = opendir("/proc");
    bool lives = false;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char path[300], state;
        int found_group;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%*d (%*[^)]) %c %*d %d", &state, &found_group) == 2)
            lives |= found_group == group && state != 'Z' && state != 'X';
        fclose(file);
    }
    closedir(processes);
    return lives;
}

/* The kill is sent; a killed process may still be on its way out. The test's time limit bounds
 * this. */
static void expect_gone(pid_t group)
{
    while (group > 0 && group_lives(group))
        poll(NULL, 0, 1);
}

static struct fan_run *start(const struct fan_child_options *options, const char *deed)
{
    struct fan_run *run = NULL;
    char why[160] = "";
    setenv("HOSTILE", deed, 1);
    int error = fan_run_start(options, &run, why);
    ck_assert_msg(error == 0, "%s", why);
    return run;
}

static void look_until(struct fan_run *run, bool (*over)(const struct fan_run *run))
{
    for (fan_run_look(run); !over(run); fan_run_look(run))
        poll(&(struct pollfd){.fd = run->child.pidfd, .events = POLLIN}, 1, 2);
}

static bool ended(const struct fan_run *run)
{
    return run->ended;
}

static bool final(const struct fan_run *run)
{
    return run->ended || run->verdict->final;
}

static bool running(const struct fan_run *run)
{
    return run->snapshot->phase == FAN_PHASE_RUNNING;
}

static void finish(struct fan_run *run, pid_t group)
{
    fan_run_free(run);
    expect_gone(group);
}

static void expect_panic(const struct fan_run *run, const char *word)
{
    ck_assert_str_eq(run->error, "");
    ck_assert_uint_eq(run->verdict->finding_count, 1);
    ck_assert_int_eq(run->verdict->findings[0].kind, FAN_FINDING_PANIC);
    ck_assert_msg(strstr(run->verdict->findings[0].summary, word), "%s",
                  run->verdict->findings[0].summary);
}

/* Where libc crashed for us, the frames are found by a guess (lab/crash.c), which ThreadSanitizer's
 * runtime misleads: it stands between, and leaves its own words on the stack. */
static void expect_function(const struct fan_run *run, const char *function)
{
#ifndef __SANITIZE_THREAD__
    const struct fan_stack *stack = &run->verdict->findings[0].stack;
    for (uint32_t i = 0; i < stack->depth; i++)
        if (strcmp(fan_symbols_find(run->symbols, run->snapshot->load_base, stack->frames[i])
                       ->function,
                   function) == 0)
            return;
    ck_abort_msg("%s is not in the stack of %u frames", function, stack->depth);
#else
    (void)run;
    (void)function;
#endif
}

/* Runs until the child has ended by itself, and expects that the run has failed with these words.
 */
static void expect_error(const struct fan_child_options *options, const char *deed,
                         const char *words)
{
    struct fan_run *run = start(options, deed);
    pid_t group = run->child.pid;
    look_until(run, ended);
    ck_assert_msg(strstr(run->error, words), "%s", run->error);
    ck_assert_uint_eq(run->verdict->finding_count, 0);
    finish(run, group);
}

static void expect_panic_of(const struct fan_child_options *options, const char *deed,
                            const char *words, const char *function)
{
    struct fan_run *run = start(options, deed);
    pid_t group = run->child.pid;
    look_until(run, ended);
    expect_panic(run, words);
    expect_function(run, function);
    finish(run, group);
}

START_TEST(a_child_that_behaves_ends_clean)
{
    struct fan_run *run = start(&hostile, "behave");
    look_until(run, ended);
    ck_assert_str_eq(run->error, "");
    ck_assert_int_eq(run->verdict->outcome, FAN_OUTCOME_CLEAN);
    ck_assert_int_eq(run->child.status, 0);
    fan_run_free(run);
}
END_TEST

START_TEST(a_hanging_child_is_ended)
{
    struct fan_run *run = start(&hostile, "hang");
    pid_t group = run->child.pid;
    look_until(run, running);
    ck_assert(!fan_child_ended(&run->child));
    ck_assert_uint_eq(run->verdict->finding_count, 0);
    finish(run, group);
}
END_TEST

START_TEST(a_child_that_ignores_signals_is_ended)
{
    struct fan_run *run = start(&hostile, "ignore");
    pid_t group = run->child.pid;
    look_until(run, running);
    kill(group, SIGTERM);
    finish(run, group);
}
END_TEST

START_TEST(a_stopped_child_is_ended)
{
    struct fan_run *run = start(&hostile, "hang");
    pid_t group = run->child.pid;
    look_until(run, running);
    kill(group, SIGSTOP);
    finish(run, group);
}
END_TEST

START_TEST(a_blocked_child_is_deadlocked_and_then_ended)
{
    struct fan_run *run = start(&hostile, "block");
    pid_t group = run->child.pid;
    look_until(run, final);
    ck_assert_uint_eq(run->verdict->finding_count, 1);
    ck_assert_int_eq(run->verdict->findings[0].kind, FAN_FINDING_DEADLOCK);
    ck_assert(!run->ended);
    finish(run, group);
}
END_TEST

START_TEST(a_child_without_descriptors_is_still_seen)
{
    struct fan_run *run = start(&hostile, "close");
    pid_t group = run->child.pid;
    look_until(run, final);
    ck_assert_uint_eq(run->verdict->finding_count, 1);
    ck_assert_int_eq(run->verdict->findings[0].kind, FAN_FINDING_DEADLOCK);
    finish(run, group);
}
END_TEST

START_TEST(an_abort_is_told_with_its_stack)
{
    expect_panic_of(&hostile, "abort", "abort", "abort_at_once");
}
END_TEST

START_TEST(a_segmentation_fault_is_told_with_its_stack)
{
    expect_panic_of(&hostile, "segv", "segmentation fault at address 0x8", "touch_nothing");
}
END_TEST

START_TEST(a_stack_overflow_is_told_with_its_stack)
{
    expect_panic_of(&hostile, "overflow", "stack overflow", "descend");
}
END_TEST

/* A sanitizer gives every thread a stack for its handler, so there the words are left. */
START_TEST(a_stack_overflow_of_another_thread_is_told)
{
    struct fan_run *run = start(&hostile, "overflow-elsewhere");
    pid_t group = run->child.pid;
    look_until(run, ended);
    if (run->verdict->finding_count > 0)
        expect_panic(run, "stack overflow");
    else
        ck_assert_msg(strstr(run->error, "signal 11"), "%s", run->error);
    finish(run, group);
}
END_TEST

START_TEST(eating_memory_ends_at_the_limit)
{
    struct fan_child_options little = hostile;
    little.memory_bytes = 200u << 20;
    expect_panic_of(&little, "memory", "out of memory", "eat_memory");
}
END_TEST

START_TEST(threads_past_the_budget_end_at_the_address_space)
{
    expect_panic_of(&hostile, "pthreads", "no more threads", "spawn_past_the_budget");
}
END_TEST

START_TEST(threads_without_end_end_at_the_budget)
{
    struct fan_run *run = start(&hostile, "threads");
    pid_t group = run->child.pid;
    look_until(run, ended);
    expect_panic(run, "cannot start thread");
    expect_function(run, "spawn_without_end");
    /* The abort may have come while some were writing their slots. */
    ck_assert_uint_eq(run->snapshot->thread_count + run->snapshot->unread_threads,
                      1 + FAN_CHILD_THREADS);
    finish(run, group);
}
END_TEST

START_TEST(processor_time_ends)
{
    struct fan_child_options brief = hostile;
    brief.cpu_s = 1;
    expect_error(&brief, "hang", "1 s of processor time");
}
END_TEST

START_TEST(the_children_of_a_hanging_child_are_ended)
{
    struct fan_run *run = start(&hostile, "fork");
    pid_t group = run->child.pid;
    look_until(run, running);
    finish(run, group);
}
END_TEST

START_TEST(the_children_that_a_child_leaves_are_ended)
{
    struct fan_run *run = start(&hostile, "fork-return");
    pid_t group = run->child.pid;
    look_until(run, ended);
    expect_gone(group);
    fan_run_free(run);
}
END_TEST

START_TEST(random_bytes_in_the_segment_are_told_or_survived)
{
    struct fan_child_options options = hostile;
    for (options.seed = 1; options.seed <= 5; options.seed++) {
        struct fan_run *run = start(&options, "scribble");
        pid_t group = run->child.pid;
        look_until(run, ended);
        ck_assert_msg(strstr(run->error, "written over its own telemetry") ||
                          strstr(run->error, "cannot be watched"),
                      "%s", run->error);
        finish(run, group);
    }
}
END_TEST

START_TEST(an_exit_status_is_told_without_what_a_terminal_acts_on)
{
    expect_error(&hostile, "exit7", "exit status 7: seven ?[31m it is");
}
END_TEST

START_TEST(an_early_exit_is_no_clean_end)
{
    expect_error(&hostile, "exit0", "before its scenario was finished");
}
END_TEST

START_TEST(a_child_that_shouts_is_not_held_up)
{
    struct fan_run *run = start(&hostile, "shout");
    look_until(run, ended);
    ck_assert_str_eq(run->error, "");
    ck_assert_int_eq(run->child.status, 0);
    fan_run_free(run);
}
END_TEST

START_TEST(a_kill_from_outside_is_told)
{
    static const struct {
        int number;
        const char *words;
    } kills[] = {{SIGKILL, "killed from outside"},
                 {SIGTERM, "killed from outside (signal 15"},
                 {SIGSEGV, "signal 11"}};
    for (size_t i = 0; i < 3; i++) {
        struct fan_run *run = start(&hostile, "hang");
        look_until(run, running);
        kill(run->child.pid, kills[i].number);
        look_until(run, ended);
        ck_assert_msg(strstr(run->error, kills[i].words), "%s", run->error);
        fan_run_free(run);
    }
}
END_TEST

START_TEST(an_unknown_scenario_is_told)
{
    struct fan_child_options unknown = hostile;
    unknown.scenario = "99";
    expect_error(&unknown, "behave", "no such scenario or variant, 99");
}
END_TEST

START_TEST(a_missing_helper_is_told)
{
    struct fan_child_options lost = hostile;
    struct fan_run *run;
    char why[160];
    lost.helper = FAN_BUILD_DIR "/nowhere";
    ck_assert_int_eq(fan_run_start(&lost, &run, why), ENOENT);
    ck_assert_msg(strstr(why, "fanlab-lab-real") && strstr(why, "nowhere"), "%s", why);
    lost.helper = NULL; /* beside this test there is none either */
    ck_assert_int_eq(fan_run_start(&lost, &run, why), ENOENT);
}
END_TEST

START_TEST(a_helper_that_is_no_program_is_told)
{
    struct fan_child_options text = hostile;
    struct fan_run *run;
    char path[] = "/tmp/fanlab-test-XXXXXX", why[160];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fchmod(fd, 0700), 0);
    close(fd);
    text.helper = path;
    int error = fan_run_start(&text, &run, why);
    unlink(path);
    ck_assert_int_eq(error, ENOEXEC);
    ck_assert_msg(strstr(why, "Exec format error"), "%s", why);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* With room for 0, 1, 2, ... more descriptors, until there is room enough. */
START_TEST(running_out_of_descriptors_is_told_and_leaves_none_open)
{
    struct rlimit before, tight;
    struct fan_run *run = NULL;
    char why[160];
    int open_before = count_descriptors(), error = EMFILE;
    getrlimit(RLIMIT_NOFILE, &before);
    for (rlim_t room = 0; error != 0 && room < 30; room++) {
        tight = before;
        tight.rlim_cur = 3 + room;
        setrlimit(RLIMIT_NOFILE, &tight);
        setenv("HOSTILE", "behave", 1);
        error = fan_run_start(&hostile, &run, why);
        setrlimit(RLIMIT_NOFILE, &before);
        if (error)
            ck_assert_int_eq(count_descriptors(), open_before);
        if (error)
            ck_assert_msg(strlen(why) > 0, "no reason for %s", strerror(error));
    }
    ck_assert_int_eq(error, 0);
    fan_run_free(run);
    ck_assert_int_eq(count_descriptors(), open_before);
}
END_TEST

START_TEST(nothing_of_the_parents_reaches_the_child)
{
    char path[64], target[256];
    int count = 0;
    int secret = open("/dev/zero", O_RDONLY); /* without close-on-exec */
    struct fan_run *run = start(&hostile, "hang");
    look_until(run, running);
    for (int fd = 0; fd < 256; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)run->child.pid, fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        ck_assert_msg(!strstr(target, "/dev/zero"), "%d is %s", fd, target);
        count++;
    }
    ck_assert_int_eq(count, 4);
    ck_assert_int_eq(getpgid(run->child.pid), run->child.pid);
    close(secret);
    fan_run_free(run);
}
END_TEST

/* A parent that is killed cannot clean up; the child must go by itself. */
START_TEST(the_child_dies_with_its_parent)
{
    int report[2];
    pid_t group = 0;
    ck_assert_int_eq(pipe(report), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct fan_run *run = start(&hostile, "ignore");
        look_until(run, running);
        if (write(report[1], &run->child.pid, sizeof run->child.pid) < 0)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(report[0], &group, sizeof group), sizeof group);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    expect_gone(group);
    close(report[0]);
    close(report[1]);
}
END_TEST

START_TEST(closing_twice_or_nothing_is_harmless)
{
    struct fan_child nothing = {0}, child;
    char why[160];
    fan_child_close(&nothing);
    setenv("HOSTILE", "hang", 1);
    ck_assert_int_eq(fan_child_start(&hostile, &child, why), 0);
    fan_child_close(&child);
    fan_child_close(&child);
    fan_run_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("containment");
    tcase_set_timeout(
        tests, 60); /* one test wants a second of a processor, of a machine that may be busy */
    tcase_add_test(tests, a_child_that_behaves_ends_clean);
    tcase_add_test(tests, a_hanging_child_is_ended);
    tcase_add_test(tests, a_child_that_ignores_signals_is_ended);
    tcase_add_test(tests, a_stopped_child_is_ended);
    tcase_add_test(tests, a_blocked_child_is_deadlocked_and_then_ended);
    tcase_add_test(tests, a_child_without_descriptors_is_still_seen);
    tcase_add_test(tests, an_abort_is_told_with_its_stack);
    tcase_add_test(tests, a_segmentation_fault_is_told_with_its_stack);
    tcase_add_test(tests, a_stack_overflow_is_told_with_its_stack);
    tcase_add_test(tests, a_stack_overflow_of_another_thread_is_told);
    if (!SANITIZED) { /* its builds get no limit of addresses, see lab/contain.h */
        tcase_add_test(tests, eating_memory_ends_at_the_limit);
        tcase_add_test(tests, threads_past_the_budget_end_at_the_address_space);
    }
    tcase_add_test(tests, threads_without_end_end_at_the_budget);
    tcase_add_test(tests, processor_time_ends);
    tcase_add_test(tests, the_children_of_a_hanging_child_are_ended);
    tcase_add_test(tests, the_children_that_a_child_leaves_are_ended);
    tcase_add_test(tests, random_bytes_in_the_segment_are_told_or_survived);
    tcase_add_test(tests, an_exit_status_is_told_without_what_a_terminal_acts_on);
    tcase_add_test(tests, an_early_exit_is_no_clean_end);
    tcase_add_test(tests, a_child_that_shouts_is_not_held_up);
    tcase_add_test(tests, a_kill_from_outside_is_told);
    tcase_add_test(tests, an_unknown_scenario_is_told);
    tcase_add_test(tests, a_missing_helper_is_told);
    tcase_add_test(tests, a_helper_that_is_no_program_is_told);
    tcase_add_test(tests, running_out_of_descriptors_is_told_and_leaves_none_open);
    tcase_add_test(tests, nothing_of_the_parents_reaches_the_child);
    tcase_add_test(tests, the_child_dies_with_its_parent);
    tcase_add_test(tests, closing_twice_or_nothing_is_harmless);
    return suite_run("child", tests);
}
