#include "app/screen/lab_view.h"
#include "tests/support/half.h"
#include "tests/support/suite.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fan_grid grid;
static struct fan_lab_screen lab;
static struct half_run *runs[FAN_LAB_HALVES];
static char text[1024];

static void start(int workers)
{
    lab = fan_lab_screen_for(&half_scenario, 7);
    runs[0] = half_new("buggy", workers);
    runs[1] = half_new("fixed", workers);
}

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    ck_assert_int_eq(fan_grid_init(&grid, 24, 80, FAN_CHARSET_ASCII), 0);
    start(4);
}

static void tear_down(void)
{
    fan_grid_destroy(&grid);
    free(runs[0]);
    free(runs[1]);
}

static void draw(int rows, int cols)
{
    ck_assert_int_eq(fan_grid_resize(&grid, rows, cols), 0);
    lab.rows = rows;
    lab.cols = cols;
    for (int half = 0; half < FAN_LAB_HALVES; half++)
        lab.halves[half] = runs[half]->half;
    struct fan_pane all = fan_grid_whole(&grid);
    fan_lab_view_draw(&all, &lab);
}

static const char *row(int number)
{
    fan_grid_read_row(&grid, number, text, sizeof text);
    return text;
}

/* The first row that holds a text, -1 if none does. */
static int row_with(const char *wanted)
{
    for (int number = 0; number < grid.rows; number++) {
        if (strstr(row(number), wanted))
            return number;
    }
    return -1;
}

static void expect(const char *wanted)
{
    ck_assert_msg(row_with(wanted) >= 0, "no '%s' on the screen", wanted);
}

START_TEST(a_stuck_run_beside_its_fix)
{
    static const char *const picture[24] = {
        " fanlab  99 made up   seed 7  workers 4  items 20                  FREE-RUNNING",
        " the report never comes",
        " BUGGY ---------------------- t 0.50 s | FIXED ----------------------- t 0.50 s",
        " ! DEADLOCK  main waits on out         | = clean: 6 threads ended, 20 results",
        ">main      # blocked  recv out  0.31 s | main      = done",
        " worker 1  = done     5 tasks          | worker 1  = done     5 tasks",
        " worker 2  = done     5 tasks          | worker 2  = done     5 tasks",
        " worker 3  = done     5 tasks          | worker 3  = done     5 tasks",
        " worker 4  = done     5 tasks          | worker 4  = done     5 tasks",
        " closer    = done                      | closer    = done",
        " in      0/8 [        ] closed         | in      0/8 [        ] closed",
        " out     0/4 [    ]     open   1 waits | out     0/4 [    ]     closed",
        " workers count 0 of 4                  | workers count 0 of 4",
        " in flight 0/4     results 20/20       | in flight 0/4     results 20/20",
        "--------------------------------------------------------------------------------",
        " main       blocked at   collect  bugs/99_made_up.c:12",
        "            created at   (main thread)",
        "            could wake   a send on out, or its close",
        "            but never    worker 1 to worker 4 have ended",
        "     11  line 11();",
        " >   12  line 12();   main",
        "     13  line 13();",
        "     14  line 14();",
        " f bug/fix/both  tab pane  enter stack  r again  s step          q home  ? help",
    };
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
    draw(24, 80);
    for (int number = 0; number < 24; number++)
        ck_assert_str_eq(row(number), picture[number]);
}
END_TEST

START_TEST(a_panic_shows_both_places)
{
    half_make_panic(runs[0]);
    draw(24, 80);
    expect(" * PANIC  close of closed channel out");
    expect("closer    * panicked");
    expect("panicked at  collect  bugs/99_made_up.c:21");
    expect("first closed collect  bugs/99_made_up.c:20");
    expect(" >   21  line 21();   closer");
}
END_TEST

START_TEST(a_leaked_thread_is_called_leaked)
{
    half_make_stuck(runs[0]);
    runs[0]->verdict.findings[0].kind = FAN_FINDING_LEAK;
    draw(24, 80);
    expect("! LEAK  main waits on out");
    expect("main      ! leaked");
}
END_TEST

START_TEST(a_running_half_can_be_paused_and_a_still_one_not)
{
    draw(24, 80);
    expect("> running: 0 of 6 threads blocked");
    expect("space pause");
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
    draw(24, 80);
    ck_assert_int_eq(row_with("space pause"), -1);
}
END_TEST

START_TEST(a_pause_is_said)
{
    lab.paused = true;
    draw(24, 80);
    ck_assert_ptr_nonnull(strstr(row(0), "PAUSED  FREE-RUNNING"));
}
END_TEST

START_TEST(a_task_that_sleeps_is_work)
{
    half_block(runs[0], 1, FAN_OP_SLEEP, 0, 16);
    runs[0]->snapshot.threads[1].wait_count = 0;
    runs[0]->snapshot.threads[1].task = 8;
    runs[0]->snapshot.threads[1].tasks_begun = 1;
    half_block(runs[0], 0, FAN_OP_RECV, 1, 12);
    draw(24, 80);
    expect("worker 1  > working  item 8");
    expect("> running: 1 of 6 threads blocked");
}
END_TEST

START_TEST(threads_on_one_line_share_its_margin)
{
    half_block(runs[0], 2, FAN_OP_RECV, 0, 15);
    draw(24, 80);
    expect("14  line 14();   main, worker 1, worker 3-4, closer");
    expect("15  line 15();   worker 2");
}
END_TEST

static const struct {
    int length;
    uint64_t capacity;
    bool closed;
    uint32_t waits;
    const char *shown;
} channels[] = {
    {3, 8, false, 0, " in      3/8 [###     ] open"},
    {0, 0, false, 2, " in      unbuffered     open   2 wait"},
    {100, 1000, true, 12, " in      100/1000 [#  ] closed 12 wait"},
    {999999, 1000000, false, 1, " in      999999/1000000 [# ] open 1 waits"},
};

START_TEST(a_channel_shows_its_level)
{
    struct fan_object_view *in = &runs[0]->snapshot.objects[0];
    in->length = (uint64_t)channels[_i].length;
    in->capacity = channels[_i].capacity;
    in->closed = channels[_i].closed;
    in->waiting_put = channels[_i].waits;
    lab.shown = FAN_LAB_FIRST;
    draw(24, 80);
    ck_assert_str_eq(row(row_with(" in  ")), channels[_i].shown);
}
END_TEST

START_TEST(a_lock_shows_who_holds_it)
{
    runs[0]->snapshot.objects[2].kind = FAN_KIND_MUTEX;
    runs[0]->snapshot.objects[2].owner = runs[0]->snapshot.threads[2].id;
    runs[0]->snapshot.objects[2].waiting_take = 1;
    runs[1]->snapshot.objects[2] = runs[0]->snapshot.objects[2];
    runs[1]->snapshot.objects[2].waiting_take = 0;
    draw(24, 80);
    expect(" workers held by worker 2      1 waits | workers nobody waits");
    runs[0]->snapshot.objects[2].kind = FAN_KIND_RWLOCK;
    runs[0]->snapshot.objects[2].owner = 0;
    draw(24, 80);
    expect(" workers free");
}
END_TEST

START_TEST(many_threads_leave_room_and_are_counted)
{
    tear_down();
    ck_assert_int_eq(fan_grid_init(&grid, 24, 80, FAN_CHARSET_ASCII), 0);
    start(40);
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
    draw(24, 80);
    expect("36 more: 36 done");
    expect(" out     0/4");
    expect("blocked at   collect");
    expect("line 12();");
    expect("? help");
}
END_TEST

START_TEST(threads_that_were_not_seen_are_counted)
{
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
    draw(24, 80);
    ck_assert_int_eq(row_with("not seen"), -1);
    runs[0]->snapshot.unseen_threads = 2;
    runs[0]->snapshot.unread_threads = 1;
    draw(24, 80);
    expect("3 not seen");
    draw(50, 160);
    expect("3 more: 3 not seen");
}
END_TEST

START_TEST(a_larger_terminal_shows_more_of_the_same)
{
    half_make_stuck(runs[0]);
    half_make_clean(runs[1]);
    draw(50, 160);
    expect("called by    main  bugs/99_made_up.c:5");
    expect(" >   12  line 12();   main");
    expect("30  line 30();");
    ck_assert_int_eq(row_with("BUGGY"), 2);
    ck_assert_int_eq(row_with("DEADLOCK"), 3);
}
END_TEST

START_TEST(a_small_terminal_says_so_and_shows_one_half)
{
    half_make_stuck(runs[0]);
    draw(20, 60);
    expect("60x20 is too small for both: one half shown");
    expect("BUGGY");
    expect("DEADLOCK");
    expect("? help");
    ck_assert_int_eq(row_with("FIXED"), -1);
}
END_TEST

START_TEST(no_size_breaks_the_picture)
{
    half_make_stuck(runs[0]);
    half_make_panic(runs[1]);
    for (int overlay = FAN_LAB_PLAIN; overlay <= FAN_LAB_FORM; overlay++) {
        lab.overlay = (enum fan_lab_overlay)overlay;
        lab.focus = overlay == FAN_LAB_DETAIL;
        for (int rows = 1; rows < 30; rows++)
            for (int cols = 1; cols < 100; cols += 3)
                draw(rows, cols);
    }
    draw(1, 10);
    expect("? help");
}
END_TEST

START_TEST(before_the_first_look_nothing_is_claimed)
{
    runs[0]->half.snapshot = NULL;
    runs[0]->half.verdict = NULL;
    draw(24, 80);
    expect(". not started");
    ck_assert_ptr_null(strstr(row(23), "enter stack"));
}
END_TEST

START_TEST(a_broken_run_says_why)
{
    runs[0]->half.error = "the child was killed by signal 9";
    draw(24, 80);
    expect("* the child was killed by signal 9");
}
END_TEST

START_TEST(hostile_names_stay_in_their_cells)
{
    strcpy(runs[0]->snapshot.threads[0].label, "\033[2J\007\xff\xfe evil name");
    strcpy(runs[0]->snapshot.objects[0].name, "a very long channel");
    draw(24, 80);
    expect("?[2J??? ~");
    expect(" a very~ 0/8");
    ck_assert_ptr_nonnull(strstr(row(5), "| worker 1"));
}
END_TEST

START_TEST(wrong_indexes_of_waits_are_named_by_kind)
{
    half_block(runs[0], 1, FAN_OP_RECV, 0, 12);
    runs[0]->snapshot.threads[1].waits[0].index = FAN_NO_INDEX;
    half_block(runs[0], 2, FAN_OP_RECV, 0, 12);
    runs[0]->snapshot.threads[2].waits[0].index = 200;
    draw(24, 80);
    ck_assert_ptr_nonnull(strstr(row(5), "# blocked  recv channel"));
    ck_assert_ptr_nonnull(strstr(row(6), "# blocked  recv channel"));
}
END_TEST

START_TEST(the_detail_tells_proof_and_full_stacks)
{
    half_make_stuck(runs[0]);
    lab.overlay = FAN_LAB_DETAIL;
    draw(24, 80);
    expect("proof        quiescence: two looks in a row saw every thread blocked and");
    expect("but never    worker 1 to worker 4 have ended");
    expect("fan_chan_recv  core/sync/chan.c:77");
    expect("collect  bugs/99_made_up.c:12");
    ck_assert_int_eq(row_with("lines 1 to 20 of"), 2);
    ck_assert_int_gt(fan_lab_view_detail_lines(&lab), 20);
}
END_TEST

static void show_executor(struct half_run *run)
{
    struct fan_snapshot *snapshot = &run->snapshot;
    snapshot->executors[snapshot->executor_count++] = (struct fan_executor_view){
        .id = snapshot->executor_count + 1,
        .name = "resize",
        .kind = FAN_EXECUTOR_STREAM,
        .policy = FAN_POLICY_BEST_EFFORT,
        .limit = 4,
        .in_flight = 3,
        .waiting = 12,
        .oldest_ns = snapshot->taken_ns - 31000000,
        .tally = {.submitted = 12360, .done = 12345, .failed = 7},
        .per_second = 1204.4,
        .timed = 900,
        .p50_ns = 850,
        .p99_ns = 12345,
        .most_ns = 2000000000,
    };
    snapshot->threads[1].post =
        (struct fan_post_view){.executor = 2, .at = FAN_AT_TASKS, .task = 1234567};
    snapshot->threads[2].post = (struct fan_post_view){.executor = 2, .at = FAN_AT_SINK};
}

START_TEST(an_executor_shows_what_it_does_and_its_threads_what_they_are_at)
{
    show_executor(runs[0]);
    draw(24, 80);
    expect(" resize  3/4 [### ] 12 wait 31.0 ms    |");
    expect("         1204/s 12.3k done 7 failed    |");
    expect(" worker 1  > running  task 1234567     |");
    expect(" worker 2  > running  sink             |");
    ck_assert_int_eq(row_with("p50"), -1);
    draw(50, 160);
    expect(" resize  3/4 [### ] 12 wait 31.0 ms best effort ");
    expect("12.3k done 7 failed 900 timed: p50 850 ns p99 12.3 us     ");
    draw(50, 180);
    expect("7 failed 900 timed: p50 850 ns p99 12.3 us max 2.0 s");
}
END_TEST

START_TEST(those_that_go_on_come_before_those_that_have_ended)
{
    show_executor(runs[0]);
    show_executor(runs[0]);
    runs[0]->snapshot.executors[1].ended_ns = runs[0]->snapshot.taken_ns;
    draw(24, 80);
    expect(" resize  3/4");
    ck_assert_int_eq(row_with(" resize  ended"), -1);
    draw(50, 160);
    ck_assert_int_eq(row_with(" resize  ended"), row_with(" resize  3/4") + 2);
}
END_TEST

/* Both figures in full as long as they fit; then in short, and never one over the other. */
START_TEST(how_many_results_there_are_is_never_cut)
{
    runs[0]->snapshot.in_flight = 4;
    runs[0]->snapshot.outputs = 1234;
    runs[0]->snapshot.inputs = 20000;
    draw(24, 80);
    expect(" in flight 4/4     results 1234/20000  |");
    runs[0]->snapshot.outputs = 123456;
    runs[0]->snapshot.inputs = 200000;
    draw(24, 80);
    expect(" in flight 4/4     results 123k/200k   |");
    runs[0]->snapshot.in_flight = 99999;
    runs[0]->snapshot.limit = 100000;
    draw(24, 80);
    expect(" in flight 99999/100000                |");
    draw(50, 160);
    expect(" in flight 99999/100000 results 123456/200000 ");
}
END_TEST

/* Cut short it would be another number. */
START_TEST(a_number_without_room_is_left_out)
{
    show_executor(runs[0]);
    runs[0]->snapshot.executors[0].tally.cancelled = 98765;
    runs[0]->snapshot.executors[0].limit = 100000;
    runs[0]->snapshot.executors[0].in_flight = 99999;
    draw(24, 80);
    expect(" resize  99999/100000 [### ] 12 wait   |");
    expect("         1204/s 12.3k done 7 failed    |");
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
    TCase *cases = tcase_create("lab view");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_stuck_run_beside_its_fix);
    tcase_add_test(cases, a_panic_shows_both_places);
    tcase_add_test(cases, a_leaked_thread_is_called_leaked);
    tcase_add_test(cases, a_running_half_can_be_paused_and_a_still_one_not);
    tcase_add_test(cases, a_pause_is_said);
    tcase_add_test(cases, a_task_that_sleeps_is_work);
    tcase_add_test(cases, threads_on_one_line_share_its_margin);
    tcase_add_loop_test(cases, a_channel_shows_its_level, 0, COUNT(channels));
    tcase_add_test(cases, a_lock_shows_who_holds_it);
    tcase_add_test(cases, many_threads_leave_room_and_are_counted);
    tcase_add_test(cases, threads_that_were_not_seen_are_counted);
    tcase_add_test(cases, a_larger_terminal_shows_more_of_the_same);
    tcase_add_test(cases, a_small_terminal_says_so_and_shows_one_half);
    tcase_add_test(cases, no_size_breaks_the_picture);
    tcase_add_test(cases, before_the_first_look_nothing_is_claimed);
    tcase_add_test(cases, a_broken_run_says_why);
    tcase_add_test(cases, hostile_names_stay_in_their_cells);
    tcase_add_test(cases, wrong_indexes_of_waits_are_named_by_kind);
    tcase_add_test(cases, the_detail_tells_proof_and_full_stacks);
    tcase_add_test(cases, an_executor_shows_what_it_does_and_its_threads_what_they_are_at);
    tcase_add_test(cases, those_that_go_on_come_before_those_that_have_ended);
    tcase_add_test(cases, how_many_results_there_are_is_never_cut);
    tcase_add_test(cases, a_number_without_room_is_left_out);
    return suite_run("lab view", cases);
}
