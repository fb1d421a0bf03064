/* The joined errors of a call: each in its place, and found again. */
#include "flow/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/chunk.h"
#include "tests/support/suite.h"

static struct fan_report report;
static char text[64 * FAN_REPORT_ERRORS];

static void set_up(void)
{
    report = (struct fan_report){0};
    memset(text, '#', sizeof text);
}

static void tear_down(void)
{
    fan_report_free(&report);
}

/* What a call does with a chunk. */
static void note(uint64_t first, const int *errors, size_t count)
{
    fan_report_errors(&report, first, errors, count);
    for (size_t i = 0; i < count; i++) {
        report.failed += fan_chunk_has_failed(errors[i]);
        report.late += errors[i] == FAN_TOO_LATE;
    }
}

static void note_some(void)
{
    const struct fan_panic panic = {.message = "division by zero"};
    fan_report_panic(&report, 300, &panic);
    note(298, (int[]){0, 0, ENOTRECOVERABLE, FAN_NOT_BEGUN, 99999}, 5);
    note(10, (int[]){FAN_TOO_LATE, 0, ERANGE, EIO}, 4);
}

START_TEST(failures_are_walked_through_in_the_order_of_their_tasks)
{
    static const uint64_t expected[] = {10, 12, 13, 300, 302};
    size_t i = 0;
    note_some();
    for (const struct fan_task_error *e = NULL; (e = fan_report_find(&report, 0, e)); i++)
        ck_assert_uint_eq(e->index, expected[i]);
    ck_assert_uint_eq(i, 5);
}
END_TEST

START_TEST(an_error_is_found_if_it_is_among_them)
{
    note_some();
    ck_assert_uint_eq(fan_report_find(&report, EIO, NULL)->index, 13);
    ck_assert_uint_eq(fan_report_find(&report, ETIMEDOUT, NULL)->index, 10);
    ck_assert_ptr_null(fan_report_find(&report, EIO, fan_report_find(&report, EIO, NULL)));
    ck_assert_ptr_null(fan_report_find(&report, EPIPE, NULL));
    ck_assert_ptr_null(fan_report_find(&(struct fan_report){0}, 0, NULL));
}
END_TEST

START_TEST(the_text_has_a_line_for_each)
{
    static const char expected[] = "task 10: Connection timed out\n"
                                   "task 12: Numerical result out of range\n"
                                   "task 13: Input/output error\n"
                                   "task 300: panic: division by zero\n"
                                   "task 302: error 99999";
    note_some();
    ck_assert_uint_eq(fan_report_describe(&report, text, sizeof text), sizeof expected - 1);
    ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(a_report_without_failures_has_no_text)
{
    ck_assert_uint_eq(fan_report_describe(&report, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

/* Whatever room there is, no more is written, and what is written is the text's beginning. */
START_TEST(the_text_is_cut_to_the_room_there_is)
{
    char whole[sizeof text];
    note_some();
    size_t length = fan_report_describe(&report, whole, sizeof whole);
    for (size_t size = 0; size <= length + 1; size++) {
        memset(text, '#', sizeof text);
        ck_assert_uint_eq(fan_report_describe(&report, text, size), length);
        ck_assert_int_eq(text[size], '#');
        ck_assert(size == 0 || (strlen(text) == size - 1 && !strncmp(text, whole, size - 1)));
    }
    ck_assert_uint_eq(fan_report_describe(&report, NULL, 0), length);
}
END_TEST

START_TEST(those_that_are_not_listed_are_counted)
{
    int errors[100];
    for (size_t i = 0; i < 100; i++)
        errors[i] = EIO;
    for (uint64_t first = 0; first < FAN_REPORT_ERRORS + 5; first += 100)
        note(first, errors, 100);
    fan_report_describe(&report, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "task 1023: Input/output error\nand 76 more"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("report");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, failures_are_walked_through_in_the_order_of_their_tasks);
    tcase_add_test(cases, an_error_is_found_if_it_is_among_them);
    tcase_add_test(cases, the_text_has_a_line_for_each);
    tcase_add_test(cases, a_report_without_failures_has_no_text);
    tcase_add_test(cases, the_text_is_cut_to_the_room_there_is);
    tcase_add_test(cases, those_that_are_not_listed_are_counted);
    return suite_run("report", cases);
}
