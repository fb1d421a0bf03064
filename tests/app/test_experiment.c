#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/program.h"
#include "tests/support/suite.h"

static struct program_result result, again;

static void run_into(struct program_result *into, const char *const *arguments)
{
    const char *argv[12] = {FAN_BUILD_DIR "/fanlab", "experiment"};
    for (int i = 0; arguments[i]; i++)
        argv[i + 2] = arguments[i];
    program_run(argv, into);
}

#define RUN(...) run_into(&result, (const char *const[]){__VA_ARGS__, NULL})

static json_t *parse(void)
{
    json_error_t error;
    json_t *report = json_loads(result.out, 0, &error);
    ck_assert_msg(report != NULL, "line %d: %s in\n%s", error.line, error.text, result.out);
    ck_assert_str_eq(json_string_value(json_object_get(report, "schema")), "fanlab.experiment/1");
    return report;
}

static double figure(const json_t *report, const char *part, const char *name)
{
    const json_t *figures = json_object_get(report, "figures");
    const json_t *value = json_object_get(json_object_get(figures, part), name);
    ck_assert_msg(json_is_number(value), "no %s in %s", name, part);
    return json_number_value(value);
}

static void expect_goals_met(const json_t *report)
{
    size_t index;
    json_t *goal;
    ck_assert_uint_gt(json_array_size(json_object_get(report, "goals")), 0);
    json_array_foreach(json_object_get(report, "goals"), index, goal)
    {
        ck_assert_msg(json_is_true(json_object_get(goal, "met")), "%s: %s",
                      json_string_value(json_object_get(goal, "goal")),
                      json_string_value(json_object_get(goal, "found")));
    }
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "clean");
}

static void expect_narrow_lines(char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 80, "%zu columns: %s", strlen(line), line);
}

START_TEST(the_adaptive_limit_finds_the_capacity)
{
    RUN("aimd", "--seed", "7", "--json");
    json_t *report = parse();
    expect_goals_met(report);
    ck_assert_int_eq(result.code, 0);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "seed")), 7);
    ck_assert_str_eq(json_string_value(json_object_get(report, "runtime")), "sim");
    double capacity =
        json_number_value(json_object_get(json_object_get(report, "figures"), "capacity"));
    ck_assert(figure(report, "static", "limit") == 4 * capacity);
    ck_assert(figure(report, "adaptive", "limit") < 1.1 * capacity);
    json_decref(report);
}
END_TEST

START_TEST(a_second_copy_cuts_the_tail_off)
{
    RUN("hedge", "--seed", "7", "--json");
    json_t *report = parse();
    expect_goals_met(report);
    ck_assert_int_eq(result.code, 0);
    double extra = figure(report, "hedged", "attempts") - figure(report, "plain", "attempts");
    ck_assert(extra > 0 && extra == figure(report, "hedged", "hedges"));
    ck_assert(figure(report, "hedged", "p99_9_ms") < figure(report, "plain", "p99_9_ms") / 2);
    json_decref(report);
}
END_TEST

START_TEST(in_virtual_time_equal_seeds_give_equal_figures)
{
    const char *name = _i == 0 ? "aimd" : "hedge";
    RUN(name, "--seed", "3");
    run_into(&again, (const char *const[]){name, "--seed", "3", NULL});
    ck_assert_str_eq(result.out, again.out);
    ck_assert_int_eq(result.code, again.code);
    run_into(&again, (const char *const[]){name, "--seed", "4", NULL});
    ck_assert_str_ne(result.out, again.out);
    expect_narrow_lines(result.out);
}
END_TEST

START_TEST(threads_without_a_bound_are_stopped_by_the_budget)
{
    RUN("unbounded", "--json");
    json_t *report = parse();
    double budget =
        json_number_value(json_object_get(json_object_get(report, "figures"), "budget_threads"));
    const json_t *figures = json_object_get(report, "figures");
    const json_t *curve = json_object_get(json_object_get(figures, "unbounded"), "curve");
    const json_t *end = json_array_get(curve, json_array_size(curve) - 1);
    ck_assert(json_number_value(json_object_get(end, "threads")) == budget);
    ck_assert_uint_gt(json_array_size(curve), 5);
    json_decref(report);
}
END_TEST

START_TEST(each_way_to_fan_out_is_measured_and_right)
{
    static const char *const ways[] = {"channels", "group", "semaphore", "fan_out"};
    RUN("ways", "--json");
    ck_assert_int_eq(result.code, 0);
    json_t *report = parse();
    const json_t *figures = json_object_get(report, "figures");
    json_int_t tasks = json_integer_value(json_object_get(figures, "tasks"));
    ck_assert_int_gt(tasks, 0);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const json_t *one = json_object_get(figures, ways[i]);
        ck_assert_int_eq(json_integer_value(json_object_get(one, "right")), tasks);
        ck_assert(json_number_value(json_object_get(one, "ns_per_task")) > 0);
    }
    json_decref(report);
}
END_TEST

START_TEST(what_is_not_there_is_refused_with_a_list)
{
    RUN("perpetuum-mobile");
    ck_assert_int_eq(result.code, 2);
    ck_assert_str_eq(result.out, "");
    ck_assert_ptr_nonnull(strstr(result.err, "no such experiment: 'perpetuum-mobile'"));
    ck_assert_ptr_nonnull(strstr(result.err, "aimd"));
    ck_assert_ptr_nonnull(strstr(result.err, "unbounded"));
}
END_TEST

START_TEST(a_refusal_is_json_too)
{
    RUN("perpetuum-mobile", "--json", "--seed", "5");
    ck_assert_int_eq(result.code, 2);
    json_t *report = parse();
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "error");
    ck_assert_str_eq(json_string_value(json_object_get(report, "reason")), "usage");
    ck_assert_int_eq(json_integer_value(json_object_get(report, "seed")), 5);
    json_decref(report);
}
END_TEST

START_TEST(one_name_is_needed)
{
    run_into(&result, (const char *const[]){NULL});
    ck_assert_int_eq(result.code, 2);
    RUN("aimd", "unbounded");
    ck_assert_int_eq(result.code, 2);
    RUN("unbounded", "--runtime", "sim");
    ck_assert_int_eq(result.code, 2);
}
END_TEST

START_TEST(help_fits_the_screen_and_names_them)
{
    RUN("--help");
    ck_assert_int_eq(result.code, 0);
    ck_assert_ptr_nonnull(strstr(result.out, "aimd"));
    expect_narrow_lines(result.out);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("experiment");
    tcase_set_timeout(cases, 120);
#ifndef __SANITIZE_THREAD__ /* one thread runs a simulation; and thousands take it minutes */
    tcase_add_test(cases, the_adaptive_limit_finds_the_capacity);
    tcase_add_test(cases, a_second_copy_cuts_the_tail_off);
    tcase_add_loop_test(cases, in_virtual_time_equal_seeds_give_equal_figures, 0, 2);
    tcase_add_test(cases, threads_without_a_bound_are_stopped_by_the_budget);
    tcase_add_test(cases, each_way_to_fan_out_is_measured_and_right);
#endif
    tcase_add_test(cases, what_is_not_there_is_refused_with_a_list);
    tcase_add_test(cases, a_refusal_is_json_too);
    tcase_add_test(cases, one_name_is_needed);
    tcase_add_test(cases, help_fits_the_screen_and_names_them);
    return suite_run("experiment", cases);
}
