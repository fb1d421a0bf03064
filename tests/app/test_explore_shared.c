/* One proof by several children: it is the proof that one child makes, whoever of them dies. */
#define _GNU_SOURCE
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/explore.h"
#include "app/explore_shared.h"
#include "base/random.h"
#include "bugs/table.h"
#include "sim/sanitizers.h"
#include "tests/support/suite.h"

static struct fan_explore *explore(struct fan_explore_request *request)
{
    struct fan_interrupt interrupt;
    ck_assert_int_eq(fan_interrupt_begin(&interrupt), 0);
    request->seed = 1;
    if (!request->strategy)
        request->strategy = "dpor";
    if (!request->schedules)
        request->schedules = 1000000000;
    struct fan_explore *explore =
        fan_explore_make(request, &(struct fan_explore_listener){0}, &interrupt);
    fan_interrupt_end(&interrupt);
    ck_assert_ptr_nonnull(explore);
    ck_assert_msg(explore->end == FAN_EXPLORE_DONE, "%s", explore->message);
    return explore;
}

static struct fan_explore *explore_fix(const char *id, uint64_t items, unsigned children,
                                       uint64_t schedules)
{
    const struct fan_scenario *bug = fan_bugs_find(id);
    const struct fan_variant *fixed = bug->variants;
    while (strcmp(fixed->name, "fixed") != 0)
        fixed++;
    struct fan_explore_request request = {
        .scenario = bug,
        .variant = fixed,
        .helper = FAN_BUILD_DIR "/fanlab-lab-sim",
        .workers = 3,
        .items = items,
        .children = children,
        .schedules = schedules,
    };
    return explore(&request);
}

static const char *const fixes[] = {"02", "04", "08"};

START_TEST(several_children_prove_what_one_proves)
{
    struct fan_explore *alone = explore_fix(fixes[_i], 3, 1, 0);
    ck_assert(alone->complete);
    ck_assert_uint_gt(alone->classes, 1);
    for (unsigned children = 2; children <= 4; children++) {
        struct fan_explore *together = explore_fix(fixes[_i], 3, children, 0);
        ck_assert_uint_eq(together->children, children);
        ck_assert(together->complete);
        ck_assert_uint_eq(together->classes, alone->classes);
        ck_assert_uint_eq(together->schedules, alone->schedules);
        ck_assert_uint_eq(together->failure_count, 0);
        free(together);
    }
    free(alone);
}
END_TEST

START_TEST(together_they_run_as_many_schedules_as_are_wanted)
{
    for (unsigned children = 1; children <= 4; children++) {
        struct fan_explore *some = explore_fix("08", 3, children, 17);
        ck_assert_uint_eq(some->schedules, 17);
        ck_assert(!some->complete);
        free(some);
    }
}
END_TEST

static struct fan_explore *explore_by_delay(const char *variant, uint64_t bound, unsigned children)
{
    const struct fan_scenario *bug = fan_bugs_find("08");
    const struct fan_variant *chosen = bug->variants;
    while (strcmp(chosen->name, variant) != 0)
        chosen++;
    return explore(&(struct fan_explore_request){
        .scenario = bug,
        .variant = chosen,
        .helper = FAN_BUILD_DIR "/fanlab-lab-sim",
        .workers = bound ? 2 : 1,
        .items = bound ? 2 : 1,
        .children = children,
        .strategy = "delay",
        .bound = bound,
    });
}

/* The parts of a search by deviations. What each runs again is counted again. */
START_TEST(parts_of_a_search_find_what_all_of_it_finds)
{
    struct fan_explore *alone = explore_by_delay("buggy", 2, 1);
    struct fan_explore *proof = explore_by_delay("fixed", 0, 1);
    ck_assert_uint_gt(alone->failure_count, 0);
    ck_assert(!alone->complete && proof->complete);
    for (unsigned children = 2; children <= 4; children++) {
        struct fan_explore *parts = explore_by_delay("buggy", 2, children);
        struct fan_explore *whole = explore_by_delay("fixed", 0, children);
        ck_assert_uint_eq(parts->children, children);
        ck_assert_uint_eq(parts->failure_count, alone->failure_count);
        ck_assert_uint_ge(parts->schedules, alone->schedules);
        ck_assert(!parts->complete && whole->complete);
        free(parts);
        free(whole);
    }
    free(alone);
    free(proof);
}
END_TEST

/* ---- deaths ---- */

enum { KILLS = 6 };

/* A process of ours: some child of the explorer, whichever it is at the moment. */
static pid_t find_child(pid_t parent, struct fan_random *random)
{
    char path[64];
    pid_t pids[16];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *children = fopen(path, "r");
    while (children && count < 16 && fscanf(children, "%d", &pids[count]) == 1)
        count += pids[count] != getpid();
    if (children)
        fclose(children);
    return count ? pids[fan_random_below(random, (uint64_t)count)] : 0;
}

static void kill_now_and_then(pid_t parent)
{
    struct fan_random random = {.state = (uint64_t)parent};
    for (int kills = 0; kills < KILLS;) {
        long wait_ns = 2000000 + (long)fan_random_below(&random, 20000000);
        nanosleep(&(struct timespec){.tv_nsec = wait_ns}, NULL);
        pid_t victim = find_child(parent, &random);
        kills += victim > 0 && kill(victim, SIGKILL) == 0;
    }
}

START_TEST(nothing_is_lost_when_children_are_killed)
{
    uint64_t items = FAN_UNDER_ASAN ? 4 : 6;
    struct fan_explore *alone = explore_fix("02", items, 1, 0);
    pid_t test = getpid(), killer = fork();
    if (killer == 0) {
        kill_now_and_then(test);
        _exit(0);
    }
    struct fan_explore *killed = explore_fix("02", items, 3, 0);
    kill(killer, SIGKILL);
    waitpid(killer, NULL, 0);
    ck_assert_uint_gt(killed->deaths, 0);
    ck_assert(killed->complete);
    ck_assert_uint_eq(killed->classes, alone->classes);
    ck_assert_uint_eq(killed->failure_count, 0);
    free(killed);
    free(alone);
}
END_TEST

/* Before its run began, or for the first time in it, a kill says nothing of the schedule. */
START_TEST(a_schedule_answers_for_the_second_kill_within_its_run)
{
    enum { TICKETS = 100 };
    struct fan_explore_shared shared;
    ck_assert_int_eq(fan_explore_shared_open(&shared, 2, TICKETS), 0);
    ck_assert(!fan_explore_shared_death(&shared, 1, true));
    shared.frontier->place[1].stage = FAN_FRONTIER_RUNNING;
    ck_assert(!fan_explore_shared_death(&shared, 1, true));
    ck_assert(!fan_explore_shared_death(&shared, 1, true));
    ck_assert_int_eq(shared.frontier->tickets, TICKETS + 1);
    shared.frontier->place[1].stage = FAN_FRONTIER_RUNNING;
    ck_assert(fan_explore_shared_death(&shared, 1, true));
    fan_explore_shared_close(&shared);
}
END_TEST

static const char *const deadly[] = {"wild", "leaves", "killed"};

/* Each of the schedules in which the first thread is early kills its child. */
START_TEST(a_schedule_that_kills_is_told_of_and_the_others_are_seen)
{
    const struct fan_scenario scenario = {
        .id = deadly[_i], .variant_count = 1, .variants = {{.name = "program"}}};
    struct fan_explore_request request = {
        .scenario = &scenario,
        .variant = &scenario.variants[0],
        .helper = FAN_BUILD_DIR "/tests/lab/child_sim_hostile",
        .workers = 2,
        .items = 2,
        .children = 2,
    };
    struct fan_explore *some = explore(&request);
    ck_assert_uint_eq(some->failure_count, 1);
    ck_assert(some->failures[0].killed);
    ck_assert_uint_gt(some->deaths, 0);
    ck_assert_uint_gt(some->classes, 0);
    ck_assert_msg(some->complete, "%s", some->message);
    free(some);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("explore shared");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, several_children_prove_what_one_proves, 0,
                        sizeof fixes / sizeof fixes[0]);
    tcase_add_test(tests, together_they_run_as_many_schedules_as_are_wanted);
    tcase_add_test(tests, parts_of_a_search_find_what_all_of_it_finds);
    tcase_add_test(tests, nothing_is_lost_when_children_are_killed);
    tcase_add_test(tests, a_schedule_answers_for_the_second_kill_within_its_run);
    /* A sanitizer ends such a child in its own way, before the program's would come. */
    if (!FAN_UNDER_ASAN && !FAN_UNDER_TSAN)
        tcase_add_loop_test(tests, a_schedule_that_kills_is_told_of_and_the_others_are_seen, 0,
                            sizeof deadly / sizeof deadly[0]);
    return suite_run("explore shared", tests);
}
