/* A C file of the user's whose scenarios use the executor: what a run tells of it, with real
 * threads and under the controlled scheduler; and that one which waits for ever is proven to. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

/* The tasks' numbers come through a channel; every tenth fails. Who leaves the channel open waits
 * for ever, at the source; who takes his time does not. Tasks whose tokens are lost are in flight
 * for ever. */
static const char mine[] =
    "#include <errno.h>\n"
    "#include <fan/fan.h>\n"
    "static int next(void *in, struct fan_ctx *ctx, void *task)\n"
    "{\n"
    "    return fan_chan_recv(in, task, ctx) == 0 ? 0 : ENODATA;\n"
    "}\n"
    "static int work(void *slowly, struct fan_ctx *ctx, const void *task, void *result)\n"
    "{\n"
    "    uint64_t number = *(const uint64_t *)task;\n"
    "    if (slowly)\n"
    "        fan_sleep(20000000, ctx);\n"
    "    *(uint64_t *)result = number;\n"
    "    return number % 10 == 9 ? EIO : 0;\n"
    "}\n"
    "static int put(void *lab, struct fan_ctx *ctx, const struct fan_task_result *result)\n"
    "{\n"
    "    (void)ctx, (void)result;\n"
    "    fan_lab_result(lab);\n"
    "    return 0;\n"
    "}\n"
    "static void run(struct fan_lab *lab, struct fan_chan *in, void *slowly)\n"
    "{\n"
    "    struct fan_stream_options options = {\n"
    "        .name = \"resize\", .limit = 3, .policy = FAN_BEST_EFFORT};\n"
    "    fan_out_stream(NULL, &(struct fan_source){.next = next, .state = in, .blocks = true},\n"
    "                   &(struct fan_work){.run = work, .argument = slowly, .task_size = 8,\n"
    "                                      .result_size = 8},\n"
    "                   &(struct fan_sink){.put = put, .state = lab}, &options, NULL);\n"
    "}\n"
    "static void closed(struct fan_lab *lab)\n"
    "{\n"
    "    run(lab, fan_lab_inputs(lab), NULL);\n"
    "}\n"
    "static void slow(struct fan_lab *lab)\n"
    "{\n"
    "    run(lab, fan_lab_inputs(lab), lab);\n"
    "}\n"
    "static void open(struct fan_lab *lab)\n"
    "{\n"
    "    struct fan_chan *in = fan_lab_chan(lab, \"in\", 8, 64);\n"
    "    for (uint64_t i = 0; i < fan_lab_items(lab); i++)\n"
    "        fan_chan_send(in, &i, NULL);\n"
    "    run(lab, in, NULL);\n"
    "}\n"
    "static int begin(void *argument, struct fan_ctx *ctx, const void *task, void *result,\n"
    "                 struct fan_token token)\n"
    "{\n"
    "    (void)argument, (void)ctx, (void)task, (void)result, (void)token;\n"
    "    return 0;\n"
    "}\n"
    "static void lost(struct fan_lab *lab)\n"
    "{\n"
    "    fan_out_stream(NULL, &(struct fan_source){.next = next, .state = fan_lab_inputs(lab)},\n"
    "                   &(struct fan_work){.start = begin, .task_size = 8, .result_size = 8},\n"
    "                   &(struct fan_sink){.put = put, .state = lab},\n"
    "                   &(struct fan_stream_options){.limit = 3}, NULL);\n"
    "}\n"
    "static void many(struct fan_lab *lab)\n"
    "{\n"
    "    struct fan_group group;\n"
    "    for (int i = 0; i < 20; i++) {\n"
    "        fan_group_init(&group, NULL);\n"
    "        fan_group_wait(&group);\n"
    "        fan_group_destroy(&group);\n"
    "    }\n"
    "    (void)lab;\n"
    "}\n"
    "FAN_SCENARIO(many);\n"
    "FAN_SCENARIO(lost, .items = 40);\n"
    "FAN_SCENARIO(closed, .items = 40);\n"
    "FAN_SCENARIO(slow, .items = 40);\n"
    "FAN_SCENARIO(open, .items = 40);\n";

static const char *const runtimes[] = {"real", "sim"};

static json_t *run_all(const char *runtime)
{
    json_error_t error;
    cli_run_mine(mine, runtime, "--json");
    json_t *report = json_loads(cli_result.out, 0, &error);
    ck_assert_msg(report != NULL, "%s in\n%s%s", error.text, cli_result.out, cli_result.err);
    return report;
}

static const json_t *run_of(const json_t *report, const char *scenario)
{
    const json_t *runs = json_object_get(report, "runs"), *run;
    size_t i;
    json_array_foreach(runs, i, run)
    {
        if (strcmp(json_string_value(json_object_get(run, "scenario")), scenario) == 0)
            return run;
    }
    ck_abort_msg("no run of %s in\n%s", scenario, cli_result.out);
}

static json_int_t number(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    ck_assert_msg(json_is_integer(value), "no number %s in\n%s", member, cli_result.out);
    return json_integer_value(value);
}

static const json_t *only_executor(const json_t *run)
{
    const json_t *executors = json_object_get(run, "executors");
    ck_assert_uint_eq(json_array_size(executors), 1);
    ck_assert_int_eq(number(run, "executors_left_out"), 0);
    return json_array_get(executors, 0);
}

static void expect_all_done(const json_t *run)
{
    const json_t *executor = only_executor(run);
    ck_assert_str_eq(json_string_value(json_object_get(run, "outcome")), "clean");
    ck_assert_str_eq(json_string_value(json_object_get(executor, "kind")), "executor");
    ck_assert_str_eq(json_string_value(json_object_get(executor, "name")), "resize");
    ck_assert(json_is_true(json_object_get(executor, "ended")));
    ck_assert_str_eq(json_string_value(json_object_get(executor, "policy")), "best effort");
    ck_assert_int_eq(number(executor, "limit"), 3);
    ck_assert_int_eq(number(executor, "submitted"), 40);
    ck_assert_int_eq(number(executor, "done"), 36);
    ck_assert_int_eq(number(executor, "failed"), 4);
    ck_assert_int_eq(number(executor, "in_flight") + number(executor, "waiting"), 0);
    ck_assert_int_eq(number(run, "results"), 36);
}

/* One that waits for ever has done what it could, which is shown too. */
static void expect_stuck_at_source(const json_t *run)
{
    const json_t *executor = only_executor(run), *threads = json_object_get(run, "threads"),
                 *thread;
    size_t i, at_source = 0;
    ck_assert_str_eq(json_string_value(json_object_get(run, "outcome")), "findings");
    ck_assert(json_is_false(json_object_get(executor, "ended")));
    ck_assert_int_eq(number(executor, "submitted"), 40);
    ck_assert_int_eq(number(executor, "done"), 36);
    ck_assert_int_eq(number(executor, "in_flight") + number(executor, "waiting"), 0);
    json_array_foreach(threads, i, thread)
    {
        const char *at = json_string_value(json_object_get(thread, "at"));
        at_source += at && strcmp(at, "source") == 0;
    }
    ck_assert_int_eq((json_int_t)at_source, number(executor, "threads"));
}

static void expect_in_flight_for_ever(const json_t *run)
{
    const json_t *executor = only_executor(run);
    ck_assert_str_eq(json_string_value(json_object_get(run, "outcome")), "findings");
    ck_assert_int_eq(number(executor, "limit"), 3);
    ck_assert_int_eq(number(executor, "submitted"), 3);
    ck_assert_int_eq(number(executor, "in_flight"), 3);
}

static void expect_deadlock_of(const json_t *findings, size_t index, const char *scenario)
{
    const json_t *finding = json_array_get(findings, index);
    ck_assert_str_eq(json_string_value(json_object_get(finding, "kind")), "deadlock");
    ck_assert_str_eq(json_string_value(json_object_get(finding, "scenario")), scenario);
}

START_TEST(a_run_tells_of_its_executors_and_proves_that_one_is_stuck)
{
    json_t *report = run_all(runtimes[_i]);
    expect_all_done(run_of(report, "closed"));
    expect_all_done(run_of(report, "slow"));
    expect_stuck_at_source(run_of(report, "open"));
    expect_in_flight_for_ever(run_of(report, "lost"));
    const json_t *findings = json_object_get(report, "findings");
    ck_assert_uint_eq(json_array_size(findings), 2);
    expect_deadlock_of(findings, 0, "lost");
    expect_deadlock_of(findings, 1, "open");
    json_decref(report);
}
END_TEST

/* All in the columns of a terminal, but for lines to be copied. */
static void expect_narrow(const char *text)
{
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        ck_assert_msg(end - line <= 80 || strncmp(line, "    run it again", 16) == 0,
                      "too wide: %.*s", (int)(end - line), line);
}

/* Tasks so short take no time under the scheduler, and with real threads nobody knows how much. */
START_TEST(the_text_tells_of_them_too)
{
    static const char *const told[] = {
        "    executor      resize, limit 3, best effort, ended\n"
        "                  40 tasks: 36 done, 4 failed",
        "    executor      resize, limit 3, best effort, 0 running\n"
        "                  40 tasks: 36 done, 4 failed",
        "    executor      stream, limit 3, fail fast, 3 running\n"
        "                  3 tasks\n",
        "    task group    task, no limit, fail fast, ended\n"
        "                  no tasks\n"
        "                  (and 12 more)\n",
    };
    cli_run_mine(mine, runtimes[_i], NULL);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        ck_assert_msg(strstr(cli_result.out, told[i]), "no\n%s\nin\n%s", told[i], cli_result.out);
    expect_narrow(cli_result.out);
}
END_TEST

/* Each of them is timed, for they take longer than it takes until the next one is due. */
START_TEST(long_tasks_are_all_timed)
{
    json_t *report = run_all("real");
    const json_t *latency = json_object_get(only_executor(run_of(report, "slow")), "latency");
    ck_assert_int_eq(number(latency, "timed"), 40);
    ck_assert(json_real_value(json_object_get(latency, "p50_us")) >= 20000 * 63 / 64.0);
    ck_assert(json_real_value(json_object_get(latency, "max_us")) >= 20000);
    json_decref(report);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cli executors");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, workplace_begin, workplace_end);
    tcase_add_loop_test(cases, a_run_tells_of_its_executors_and_proves_that_one_is_stuck, 0, 2);
    tcase_add_loop_test(cases, the_text_tells_of_them_too, 0, 2);
    tcase_add_test(cases, long_tasks_are_all_timed);
    return suite_run("cli_executors", cases);
}
