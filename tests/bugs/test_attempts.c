/* Attempts at repairs, as a learner would make them: wrong ones, and right ones that are not ours.
 * Each runs in its bug's file in place of the fixed half (app/lesson/attempt_unit.h), and is judged
 * by nothing but what judges that. */
#define _GNU_SOURCE
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "app/explore.h"
#include "sim/sanitizers.h"
#include "tests/support/suite.h"

enum { RIGHT = FAN_FINDING_KINDS, FEW = 7 };

static const struct {
    const char *name;
    int kind;             /* a finding that must be there; RIGHT = there must be none */
    const char *strategy; /* that finds it; NULL = random */
} attempts[] = {
    {"01_atomic_store", FAN_FINDING_LOST_ERROR, NULL},
    {"01_cancel_only", FAN_FINDING_LOST_ERROR, NULL},
    {"01_do_no_work", FAN_FINDING_WRONG_RESULT, NULL},
    {"01_lock_around_the_write", FAN_FINDING_LOST_ERROR, NULL},
    {"01_look_outside_the_lock", FAN_FINDING_RACE, NULL},
    {"01_pass_over_errors", FAN_FINDING_WRONG_RESULT, NULL},
    {"01_report_that_it_was_stopped", FAN_FINDING_LOST_ERROR, NULL},
    {"01_compare_and_exchange", RIGHT, NULL},
    {"01_look_under_the_lock", RIGHT, NULL},
    {"01_once_and_stop_between_items", RIGHT, NULL},
    {"02_do_no_work", FAN_FINDING_WRONG_RESULT, NULL},
    {"02_done_before_the_work", FAN_FINDING_PANIC, NULL},
    {"02_done_for_each_item", FAN_FINDING_MISUSE, NULL},
    {"02_done_twice_after_a_bad_item", FAN_FINDING_PANIC, NULL},
    {"02_sleep_before_leaving", FAN_FINDING_DEADLOCK, NULL},
    {"02_done_on_both_ways_out", RIGHT, NULL},
    {"02_pass_over_bad_items", RIGHT, NULL},
    {"03_compare_and_exchange", FAN_FINDING_IDLE_WORKERS, NULL},
    {"03_one_item_each", FAN_FINDING_WRONG_RESULT, NULL},
    {"03_sleep_before_the_mark", FAN_FINDING_IDLE_WORKERS, NULL},
    {"03_take_and_drop", FAN_FINDING_WRONG_RESULT, NULL},
    {"03_take_the_mark_back", FAN_FINDING_IDLE_WORKERS, NULL},
    {"03_no_mark", RIGHT, NULL},
    {"03_plain_mark_of_ones_own", RIGHT, NULL},
    {"04_bigger_buffer", FAN_FINDING_DEADLOCK, NULL},
    {"04_each_worker_closes", FAN_FINDING_PANIC, NULL},
    {"04_last_item_closes", FAN_FINDING_PANIC, NULL},
    {"04_sleep_and_close", FAN_FINDING_PANIC, NULL},
    {"04_start_nothing", FAN_FINDING_WRONG_RESULT, NULL},
    {"04_wait_before_collecting", FAN_FINDING_DEADLOCK, NULL},
    {"04_closer_joins", RIGHT, NULL},
    {"04_last_one_out_closes", RIGHT, NULL},
    {"05_bigger_queues", FAN_FINDING_HEAD_OF_LINE, NULL},
    {"05_blocks_in_place_of_turns", FAN_FINDING_HEAD_OF_LINE, NULL},
    {"05_deal_at_random", FAN_FINDING_HEAD_OF_LINE, NULL},
    {"05_leave_the_queue_open", FAN_FINDING_DEADLOCK, NULL},
    {"05_leave_the_slow_one_out", FAN_FINDING_WRONG_RESULT, NULL},
    {"05_small_queue_and_nobody_there", FAN_FINDING_DEADLOCK, NULL},
    {"05_feeder_and_a_small_queue", RIGHT, NULL},
    {"05_take_the_inputs", RIGHT, NULL},
    {"06_bigger_buffer", FAN_FINDING_UNBOUNDED, "pct"},
    {"06_first_items_only", FAN_FINDING_DEADLOCK, NULL},
    {"06_permit_inside_the_thread", FAN_FINDING_UNBOUNDED, NULL},
    {"06_smaller_stacks", FAN_FINDING_UNBOUNDED, NULL},
    {"06_permit_before_the_thread", RIGHT, NULL},
    {"06_two_workers", RIGHT, NULL},
    {"07_atomic_load_and_store", FAN_FINDING_WRONG_RESULT, NULL},
    {"07_lock_of_ones_own", FAN_FINDING_RACE, NULL},
    {"07_lock_the_store_only", FAN_FINDING_RACE, NULL},
    {"07_look_up_and_store_in_two_locks", FAN_FINDING_WRONG_RESULT, NULL},
    {"07_merge_without_the_lock", FAN_FINDING_RACE, NULL},
    {"07_atomic_add", RIGHT, NULL},
    {"07_lock_around_each_count", RIGHT, NULL},
    {"08_close_without_waiting", FAN_FINDING_PANIC, NULL},
    {"08_flag_outside_the_lock", FAN_FINDING_PANIC, NULL},
    {"08_nobody_closes", FAN_FINDING_DEADLOCK, NULL},
    {"08_sleep_before_the_look", FAN_FINDING_PANIC, NULL},
    {"08_last_one_out_closes", RIGHT, NULL},
    {"08_once_after_all", RIGHT, NULL},
    {"09_drop_what_comes_early", FAN_FINDING_WRONG_RESULT, NULL},
    {"09_sort_the_squares", FAN_FINDING_LOST_ORDER, NULL},
    {"09_swap_neighbours", FAN_FINDING_LOST_ORDER, NULL},
    {"09_wait_for_all_first", FAN_FINDING_DEADLOCK, NULL},
    {"09_hold_back_until_its_turn", RIGHT, NULL},
    {"09_sort_by_item", RIGHT, NULL},
    {"10_context_in_the_receive_only", FAN_FINDING_LEAK, NULL},
    {"10_context_in_the_send_only", FAN_FINDING_CANCEL_IGNORED, NULL},
    {"10_drop_what_finds_no_room", FAN_FINDING_CANCEL_IGNORED, NULL},
    {"10_look_before_each_item", FAN_FINDING_LEAK, NULL},
    {"10_both_errors_end_it", RIGHT, NULL},
    {"10_look_and_send_with_it", RIGHT, NULL},
    {"11_catch_and_forget_to_close", FAN_FINDING_DEADLOCK, NULL},
    {"11_close_first", FAN_FINDING_WRONG_RESULT, NULL},
    {"11_send_nothing", FAN_FINDING_WRONG_RESULT, NULL},
    {"11_close_before_the_bad_item_only", RIGHT, NULL},
    {"11_catch_each_item", RIGHT, NULL},
    {"11_look_before_sending", RIGHT, NULL},
    {"12_lock_around_the_buffer", FAN_FINDING_FALSE_SHARING, NULL},
    {"12_one_buffer_for_all", FAN_FINDING_RACE, NULL},
    {"12_other_half_of_the_array", FAN_FINDING_FALSE_SHARING, NULL},
    {"12_pad_to_80_bytes", FAN_FINDING_FALSE_SHARING, NULL},
    {"12_aligned_in_an_array", RIGHT, NULL},
    {"12_own_lines_from_the_heap", RIGHT, NULL},
    {"13_cancel_and_close", FAN_FINDING_PANIC, NULL},
    {"13_cancel_and_go_on", FAN_FINDING_CANCEL_IGNORED, NULL},
    {"13_close_behind_a_flag", FAN_FINDING_PANIC, NULL},
    {"13_drain_and_close", FAN_FINDING_PANIC, NULL},
    {"13_leave_and_tell_nobody", FAN_FINDING_DEADLOCK, NULL},
    {"13_cancel_before_anything", FAN_FINDING_WRONG_RESULT, NULL},
    {"13_pass_over_bad_items", FAN_FINDING_WRONG_RESULT, NULL},
    {"13_cancel_and_leave_at_once", RIGHT, NULL},
    {"13_cancel_with_a_cause", RIGHT, NULL},
};

enum { COUNT = sizeof attempts / sizeof attempts[0] };

static struct fan_explore *explore(int which, const char *strategy, uint64_t schedules)
{
    bool small = strcmp(strategy, "dpor") == 0;
    static struct fan_scenario scenario;
    scenario = (struct fan_scenario){
        .id = attempts[which].name, .variant_count = 1, .variants = {{.name = "fixed"}}};
    struct fan_explore_request request = {
        .scenario = &scenario,
        .variant = &scenario.variants[0],
        .helper = FAN_BUILD_DIR "/tests/bugs/child_sim_attempts",
        .seed = 1,
        .workers = small ? 2 : 3,
        .items = small ? 2 : 12,
        .strategy = strategy,
        .schedules = schedules,
    };
    struct fan_interrupt interrupt;
    ck_assert_int_eq(fan_interrupt_begin(&interrupt), 0);
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, &interrupt);
    fan_interrupt_end(&interrupt);
    ck_assert_ptr_nonnull(explore);
    ck_assert_msg(explore->end == FAN_EXPLORE_DONE, "%s", explore->message);
    return explore;
}

static bool was_found(const struct fan_explore *explore, int kind)
{
    for (uint32_t i = 0; i < explore->failure_count; i++)
        if ((int)explore->failures[i].kind == kind)
            return true;
    return false;
}

static void expect_rejected(int which)
{
    const char *strategy = attempts[which].strategy ? attempts[which].strategy : "random";
    struct fan_explore *made = explore(which, strategy, 100);
    ck_assert_msg(was_found(made, attempts[which].kind), "%s: %s not found, but %s",
                  attempts[which].name,
                  fan_finding_name((enum fan_finding_kind)attempts[which].kind),
                  made->failure_count ? made->failures[0].message : "nothing");
    free(made);
}

static void expect_silent(int which, const struct fan_explore *made)
{
    ck_assert_msg(made->failure_count == 0, "%s: %s %s", attempts[which].name,
                  fan_finding_name(made->failures[0].kind), made->failures[0].message);
}

static void expect_accepted(int which)
{
    struct fan_explore *sample =
        explore(which, "random", FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 50 : 500);
    expect_silent(which, sample);
    free(sample);
    struct fan_explore *proof = explore(which, "dpor", 1000000);
    expect_silent(which, proof);
    ck_assert_msg(proof->complete, "%s", attempts[which].name);
    free(proof);
}

START_TEST(an_attempt_gets_what_it_deserves)
{
    if (attempts[_i].kind == RIGHT)
        expect_accepted(_i);
    else
        expect_rejected(_i);
}
END_TEST

START_TEST(every_attempt_is_judged)
{
    struct dirent *entry;
    int files = 0;
    DIR *directory = opendir("tests/bugs/attempts");
    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory)))
        files += strstr(entry->d_name, ".c") != NULL;
    closedir(directory);
    ck_assert_int_eq(files, COUNT);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("attempts");
    tcase_set_timeout(tests, 60);
    /* A sanitizer slows the schedules twentyfold, and judges nothing here: a few will do. */
    tcase_add_loop_test(tests, an_attempt_gets_what_it_deserves, 0,
                        FAN_UNDER_ASAN || FAN_UNDER_TSAN ? FEW : COUNT);
    tcase_add_test(tests, every_attempt_is_judged);
    return suite_run("attempts at repairs", tests);
}
