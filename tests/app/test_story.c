/* The story of a schedule as text, from steps written by hand: columns, switches, values, what is
 * folded, how it ends; and that all of it stays within 80 columns. */
#define _GNU_SOURCE
#include "app/story.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/exploration.h"
#include "sim/op.h"
#include "tests/support/suite.h"

extern const char __executable_start[];

static struct fan_attempt attempt;
static struct fan_run run;
static struct fan_story *story;
static char *text;

static void name_thread(uint32_t index, const char *label)
{
    struct fan_thread_view *thread = &run.snapshot->threads[index];
    *thread = (struct fan_thread_view){.id = index + 1, .state = FAN_STATE_DONE};
    snprintf(thread->label, sizeof thread->label, "%s", label);
}

/* main, and workers. */
static void name_threads(uint32_t count)
{
    char label[24];
    run.snapshot->thread_count = count;
    name_thread(0, "main");
    for (uint32_t i = 1; i < count; i++) {
        snprintf(label, sizeof label, "worker %u", i);
        name_thread(i, label);
    }
}

/* Object 1 of the story is channel "in". */
static void begin(void)
{
    run.snapshot = calloc(1, sizeof *run.snapshot);
    run.verdict = calloc(1, sizeof *run.verdict);
    run.exploration = calloc(1, sizeof *run.exploration);
    ck_assert(run.snapshot && run.verdict && run.exploration);
    ck_assert_int_eq(fan_symbols_open("/proc/self/exe", &run.symbols), 0);
    run.snapshot->load_base = (uintptr_t)__executable_start;
    run.snapshot->object_count = 1;
    run.snapshot->objects[0] = (struct fan_object_view){.id = 5, .kind = FAN_KIND_CHANNEL};
    strcpy(run.snapshot->objects[0].name, "in");
    attempt = (struct fan_attempt){.run = &run, .sim = true};
    story = &run.exploration->story;
    story->objects[1] = 5;
    name_threads(3);
}

static void end(void)
{
    free(run.snapshot);
    free(run.verdict);
    free(run.exploration);
    fan_symbols_close(run.symbols);
    free(text);
    text = NULL;
}

static struct fan_story_step *add(uint8_t thread, enum fan_probe_op kind)
{
    struct fan_story_step *step = &story->steps[story->count++];
    *step = (struct fan_story_step){.thread = thread, .kind = (uint8_t)kind, .object = 1};
    return step;
}

static void give_value(struct fan_story_step *step, int64_t value, uint32_t size)
{
    memcpy(step->value, &value, size);
    step->size = size;
}

static void add_with_value(uint8_t thread, enum fan_probe_op kind, int64_t value)
{
    give_value(add(thread, kind), value, 8);
}

static void print(void)
{
    size_t size;
    free(text);
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    fan_story_print(out, &attempt);
    fclose(out);
    for (const char *row = text; *row; row += strcspn(row, "\n") + 1) {
        int length = (int)strcspn(row, "\n");
        ck_assert_msg(length <= 80, "%d columns: %.*s", length, length, row);
        ck_assert_msg(length == 0 || row[length - 1] != ' ', "ends in spaces: %.*s", length, row);
    }
}

static void expect(const char *part)
{
    print();
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in\n%s", part, text);
}

static void expect_none(const char *part)
{
    print();
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in\n%s", part, text);
}

/* ---- a step ---- */

START_TEST(values_stand_in_their_threads_columns)
{
    add_with_value(0, FAN_OP_SEND, 9);
    add_with_value(1, FAN_OP_RECV, 9);
    expect("        main          worker 1\n"
           "     1  send in <- 9\n");
    expect("     2                recv in -> 9\n");
}
END_TEST

static const struct {
    int64_t value;
    uint32_t size;
    const char *words;
} values[] = {
    {-1, 8, "-> -1\n"},
    {-2, 4, "-> -2\n"},
    {-3, 1, "-> -3\n"},
    {0xfffd, 2, "-> -3\n"},
    {INT64_C(1) << 62, 8, "-> 4611686018427387904\n"},
    {0x520000001040, 8, "-> 0x520000001040\n"},
    {0x0403020100ff, 6, "-> ff000102.. (6 B)\n"},
    {0x030201, 3, "-> 010203 (3 B)\n"},
};

START_TEST(a_value_is_a_number_where_it_may_be_one)
{
    give_value(add(0, FAN_OP_RECV), values[_i].value, values[_i].size);
    expect(values[_i].words);
}
END_TEST

START_TEST(errors_have_names)
{
    add(0, FAN_OP_RECV)->error = EPIPE;
    add(0, FAN_OP_RECV)->error = ECANCELED;
    add(0, FAN_OP_RECV)->error = ETIMEDOUT;
    add(0, FAN_OP_RECV)->error = EAGAIN;
    expect("recv in -> closed\n");
    expect("recv in -> cancelled\n");
    expect("recv in -> timed out\n");
    expect("recv in -> not ready\n");
}
END_TEST

START_TEST(a_select_says_what_it_took)
{
    struct fan_story_step *taken = add(0, FAN_OP_SELECT);
    taken->taken = FAN_OP_RECV;
    taken->taken_object = 5;
    give_value(taken, 3, 8);
    add(0, FAN_OP_SELECT)->error = EAGAIN;
    add(0, FAN_OP_SELECT)->error = ECANCELED;
    expect("select: recv in -> 3\n");
    expect("select: default\n");
    expect("select -> cancelled\n");
}
END_TEST

START_TEST(what_waits_for_a_partner_goes_on_later)
{
    add(0, FAN_OP_RECV);
    add_with_value(1, FAN_OP_SEND, 6);
    struct fan_story_step *rest = add(0, FAN_OP_RECV);
    rest->stage = FAN_STAGE_RESUME;
    give_value(rest, 6, 8);
    expect("recv in ...\n");
    expect("... recv in -> 6\n");
}
END_TEST

START_TEST(the_fine_grain_says_where_an_operation_ends)
{
    struct fan_story_step *last = add(0, FAN_OP_UNLOCK);
    last->taken = FAN_OP_RECV;
    last->taken_object = 5;
    give_value(last, 2, 8);
    expect("unlock; recv in -> 2\n");
}
END_TEST

START_TEST(marked_memory_has_its_name)
{
    struct fan_story_step *mark = add(0, FAN_OP_READ);
    strcpy(mark->name, "totals->count");
    give_value(mark, 12, 4);
    expect("read totals->count -> 12\n");
}
END_TEST

/* ---- switches ---- */

START_TEST(a_switch_says_why)
{
    add(0, FAN_OP_SEND);
    add(1, FAN_OP_NONE)->preempts = 1;
    add(0, FAN_OP_RECV);
    add(1, FAN_OP_END);
    add(2, FAN_OP_SEND);
    expect("  ----  worker 1 goes on, though main could\n");
    expect("  ----  worker 1 waits: end in; main goes on\n");
    expect("  ----  main has ended; worker 1 goes on\n");
    expect("  ----  worker 1 has ended; worker 2 goes on\n");
}
END_TEST

START_TEST(who_never_went_on_has_not_ended)
{
    add(0, FAN_OP_SEND);
    add(1, FAN_OP_SEND);
    run.snapshot->threads[0].state = FAN_STATE_RUNNING;
    expect("  ----  main cannot go on; worker 1 goes on\n");
    struct fan_thread_view *main_thread = &run.snapshot->threads[0];
    main_thread->state = FAN_STATE_BLOCKED;
    main_thread->op = FAN_OP_RECV;
    main_thread->wait_count = 1;
    main_thread->waits[0] =
        (struct fan_wait_view){.op = FAN_OP_RECV, .kind = FAN_KIND_CHANNEL, .index = 0};
    expect("  ----  main waits: recv on channel in; worker 1 goes on\n");
}
END_TEST

/* ---- folding ---- */

START_TEST(one_step_that_repeats_is_folded_with_its_values)
{
    for (int i = 0; i < 5; i++)
        add_with_value(0, FAN_OP_SEND, 10 + i);
    expect("     1  send in <- 10\n"
           "   ...  the same 4 times more: 11, 12, 13, 14\n"
           "  ====");
}
END_TEST

START_TEST(of_many_values_the_last_is_told_too)
{
    for (int i = 0; i < 500; i++)
        add_with_value(0, FAN_OP_SEND, i);
    expect("the same 499 times more: 1, 2, 3, ");
    expect(", ... 499\n");
}
END_TEST

START_TEST(a_loop_of_two_threads_is_folded)
{
    for (int i = 0; i < 7; i++) {
        add_with_value(0, FAN_OP_SEND, i);
        add_with_value(1, FAN_OP_RECV, i);
    }
    expect("   ...  these 2 steps 6 times more: <- 1 -> 1, <- 2 -> 2");
}
END_TEST

/* A loop in a loop: twelve steps that hold four of the same. */
START_TEST(loops_within_loops_are_folded)
{
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 8; i++)
            add_with_value(0, FAN_OP_SEND, i);
        for (int i = 0; i < 8; i++)
            add_with_value(1, FAN_OP_RECV, i);
    }
    expect("the same 7 times more: 1, 2, 3, 4, 5, 6, 7\n");
    expect("   ...  these 16 steps 3 times more\n");
}
END_TEST

START_TEST(what_differs_is_not_folded)
{
    for (int i = 0; i < 6; i++)
        add(0, FAN_OP_RECV)->error = i ? EPIPE : ECANCELED;
    add_with_value(0, FAN_OP_RECV, 1);
    expect("     1  recv in -> cancelled\n"
           "     2  recv in -> closed\n"
           "   ...  the same 4 times more\n"
           "     7  recv in -> 1\n");
}
END_TEST

START_TEST(two_of_a_kind_are_not_folded)
{
    add(0, FAN_OP_RECV);
    add(0, FAN_OP_RECV);
    expect_none("...");
}
END_TEST

START_TEST(a_story_that_is_too_long_says_so)
{
    for (uint32_t i = 0; i < FAN_STORY_STEPS; i++)
        add((uint8_t)(i * i % 7 % 3), i % 3 ? FAN_OP_SEND : FAN_OP_RECV);
    story->count += 10;
    expect("   ...  and 10 steps more\n");
}
END_TEST

/* ---- many threads ---- */

START_TEST(six_threads_have_a_column_each)
{
    name_threads(6);
    for (uint8_t i = 0; i < 6; i++)
        add_with_value(i, FAN_OP_RECV, i);
    expect("        main       worker 1   worker 2   worker 3   worker 4   worker 5\n");
}
END_TEST

static void accuse(uint32_t thread)
{
    struct fan_finding *finding = &run.verdict->findings[0];
    run.verdict->finding_count = 1;
    finding->kind = FAN_FINDING_DEADLOCK;
    strcpy(finding->summary, "all wait");
    struct fan_culprit *culprit = &finding->culprits[finding->culprit_count++];
    culprit->thread = run.snapshot->threads[thread];
    strcpy(culprit->waits_for, "recv on channel in");
}

/* Those in the finding stand apart; the others share a column, each with its name. */
START_TEST(of_many_threads_those_of_the_finding_stand_apart)
{
    name_threads(40);
    for (uint8_t i = 0; i < 40; i++) {
        add_with_value(i, FAN_OP_RECV, i);
        add(i, FAN_OP_SEND);
    }
    accuse(20);
    accuse(33);
    print();
    char *header_end = strchr(text, '\n');
    ck_assert_ptr_nonnull(strstr(text, "worker 20"));
    ck_assert(strstr(text, "worker 20") < header_end);
    ck_assert(strstr(text, "worker 33") < header_end);
    ck_assert(strstr(text, "others") < header_end);
    expect("worker 7: recv in -> 7");
    expect_none("worker 33: recv");
}
END_TEST

START_TEST(a_long_name_keeps_its_number)
{
    name_thread(1, "a-producer-of-orders 12");
    add(0, FAN_OP_RECV);
    add(1, FAN_OP_RECV);
    add(2, FAN_OP_RECV);
    expect("        main          a-producer-12 worker 2\n");
}
END_TEST

/* ---- places ---- */

static void somewhere(void)
{
    free(NULL);
}

START_TEST(the_place_stands_at_the_right_edge)
{
    add(0, FAN_OP_RECV)->pc = (uintptr_t)somewhere + 1;
    print();
    const char *place = strstr(text, "test_story.c:");
    ck_assert_ptr_nonnull(place);
    const char *row = strstr(text, "     1  ");
    ck_assert_int_eq(strcspn(row, "\n"), 80);
}
END_TEST

START_TEST(a_place_without_room_keeps_its_line)
{
    name_threads(6);
    for (uint8_t i = 0; i < 6; i++) {
        struct fan_story_step *step = add(i, FAN_OP_RECV);
        step->pc = (uintptr_t)somewhere + 1;
        step->error = ECANCELED;
    }
    print();
    const char *last = strstr(text, "     6  ");
    size_t length = strcspn(last, "\n");
    const char *line = memrchr(last, ':', length);
    ck_assert_msg(line && line[1] >= '1' && line[1] <= '9', "%s", last);
    ck_assert_uint_eq(length, 80);
}
END_TEST

/* ---- the end ---- */

START_TEST(the_last_rows_say_who_is_stuck_and_what_was_found)
{
    add(0, FAN_OP_SEND);
    add(1, FAN_OP_SEND);
    accuse(1);
    print();
    const char *stuck = strstr(text, " stuck                recv on channel in\n"
                                     "  ====  DEADLOCK: all wait\n");
    ck_assert_msg(stuck && strchr(strchr(stuck, '\n') + 1, '\n')[1] == '\0', "%s", text);
}
END_TEST

START_TEST(a_clean_end_is_told_too)
{
    add(0, FAN_OP_SEND);
    expect("  ====  every thread has ended, and nothing was found\n");
    attempt.end = FAN_ATTEMPT_BROKEN;
    strcpy(attempt.message, "the child was killed");
    expect("  ====  the child was killed\n");
    expect_none("nothing was found");
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_has_the_values)
{
    add_with_value(0, FAN_OP_SEND, -4);
    give_value(add(0, FAN_OP_RECV), 0x0201, 3);
    add(0, FAN_OP_RECV)->error = EPIPE;
    json_t *array = fan_story_json(&attempt);
    const json_t *number = json_array_get(array, 0), *bytes = json_array_get(array, 1);
    ck_assert_int_eq(json_integer_value(json_object_get(number, "value")), -4);
    ck_assert_ptr_null(json_object_get(bytes, "value"));
    ck_assert_str_eq(json_string_value(json_object_get(bytes, "bytes")), "010200");
    ck_assert_int_eq(json_integer_value(json_object_get(bytes, "size")), 3);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(array, 2), "error")),
                     "closed");
    ck_assert_ptr_null(json_object_get(json_array_get(array, 2), "bytes"));
    json_decref(array);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("story");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, values_stand_in_their_threads_columns);
    tcase_add_loop_test(tests, a_value_is_a_number_where_it_may_be_one, 0,
                        sizeof values / sizeof values[0]);
    tcase_add_test(tests, errors_have_names);
    tcase_add_test(tests, a_select_says_what_it_took);
    tcase_add_test(tests, what_waits_for_a_partner_goes_on_later);
    tcase_add_test(tests, the_fine_grain_says_where_an_operation_ends);
    tcase_add_test(tests, marked_memory_has_its_name);
    tcase_add_test(tests, a_switch_says_why);
    tcase_add_test(tests, who_never_went_on_has_not_ended);
    tcase_add_test(tests, one_step_that_repeats_is_folded_with_its_values);
    tcase_add_test(tests, of_many_values_the_last_is_told_too);
    tcase_add_test(tests, a_loop_of_two_threads_is_folded);
    tcase_add_test(tests, loops_within_loops_are_folded);
    tcase_add_test(tests, what_differs_is_not_folded);
    tcase_add_test(tests, two_of_a_kind_are_not_folded);
    tcase_add_test(tests, a_story_that_is_too_long_says_so);
    tcase_add_test(tests, six_threads_have_a_column_each);
    tcase_add_test(tests, of_many_threads_those_of_the_finding_stand_apart);
    tcase_add_test(tests, a_long_name_keeps_its_number);
    tcase_add_test(tests, the_place_stands_at_the_right_edge);
    tcase_add_test(tests, a_place_without_room_keeps_its_line);
    tcase_add_test(tests, the_last_rows_say_who_is_stuck_and_what_was_found);
    tcase_add_test(tests, a_clean_end_is_told_too);
    tcase_add_test(tests, json_has_the_values);
    return suite_run("story", tests);
}
