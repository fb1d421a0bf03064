/* fanlab replay: the same run again, told step by step; and every line that is not its own. */
#define _GNU_SOURCE
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "lab/line.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"

/* The line of what a run under the controlled scheduler finds. */
static void find_line(const char *id, const char *seed, char line[FAN_LINE_TEXT])
{
    CLI_RUN("run", id, "--variant", "buggy", "--runtime", "sim", "--workers", "3", "--items", "4",
            "--seed", seed, "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = cli_json();
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    const char *text = json_string_value(json_object_get(finding, "replay"));
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_lt(strlen(text), FAN_LINE_TEXT);
    strcpy(line, text);
    json_decref(report);
}

/* Makes a line of other fields that is in itself good. */
static void remake(const char *line, void (*change)(struct fan_line *parsed),
                   char text[FAN_LINE_TEXT])
{
    struct fan_line parsed;
    char why[96];
    ck_assert_int_eq(fan_line_parse(line, &parsed, why), 0);
    change(&parsed);
    fan_line_print(&parsed, text);
}

static void at_the_other_grain(struct fan_line *line)
{
    line->fine = !line->fine;
}

static void expect_columns(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        ck_assert_msg(length <= 80 || strstr(text, "fanlab replay") < text + length,
                      "%zu columns: %.*s", length, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static const char *const bugs[] = {"02", "03", "04", "05", "08", "09", "11", "13"};

START_TEST(a_line_gives_the_same_run_every_time)
{
    char line[FAN_LINE_TEXT], hash[32] = "";
    find_line(bugs[_i], "7", line);
    for (int i = 0; i < 50; i++) {
        CLI_RUN("replay", line, "--json");
        ck_assert_int_eq(cli_result.code, 1);
        json_t *report = cli_json();
        const char *now = json_string_value(json_object_get(report, "trace_hash"));
        ck_assert(json_is_false(json_object_get(report, "diverged")));
        ck_assert(i == 0 || strcmp(hash, now) == 0);
        snprintf(hash, sizeof hash, "%s", now);
        json_decref(report);
    }
}
END_TEST

/* Whoever changes the bug that it is about writes a new one there. */
START_TEST(the_line_in_the_readme_is_of_this_build)
{
    char line[FAN_LINE_TEXT] = "", text[256];
    FILE *readme = fopen("README.md", "r");
    ck_assert_ptr_nonnull(readme);
    while (fgets(text, sizeof text, readme) && !*line)
        sscanf(text, " fanlab replay %159s", line);
    fclose(readme);
    CLI_RUN("replay", line);
    ck_assert_msg(cli_result.code == 1, "%s: %s", line, cli_result.err);
}
END_TEST

/* What the line is replayed to: the same kind of finding, in the run that is shown. */
static void expect_finding(const char *line, const char *kind)
{
    CLI_RUN("replay", line, "--json");
    ck_assert_msg(cli_result.code == 1, "%s gave %d %s", line, cli_result.code, cli_result.err);
    ck_assert_str_eq(cli_result.err, "");
    json_t *report = cli_json();
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(finding, "kind")), kind);
    json_decref(report);
}

/* The line says at which grain it was made: its steps are others there. */
START_TEST(a_line_is_replayed_at_its_own_grain)
{
    CLI_RUN("explore", bugs[_i], "--variant", "buggy", "--grain", "fine", "--workers", "2",
            "--items", "4", "--schedules", "100", "--json");
    ck_assert_int_eq(cli_result.code, 1);
    json_t *report = cli_json();
    ck_assert_str_eq(json_string_value(json_object_get(report, "grain")), "fine");
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    char fine[FAN_LINE_TEXT], coarse[FAN_LINE_TEXT];
    strcpy(fine, json_string_value(json_object_get(finding, "replay")));
    for (int i = 0; i < 3; i++)
        expect_finding(fine, json_string_value(json_object_get(finding, "kind")));
    json_decref(report);
    remake(fine, at_the_other_grain, coarse);
    CLI_RUN("replay", coarse);
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "another build"));
}
END_TEST

/* Many lines, as they were found: to be watched adds no step to a run, at either grain. */
START_TEST(a_run_is_the_same_when_it_is_watched)
{
    static const char *const ids[] = {"04", "09", "10"};
    for (uint64_t seed = 1; seed <= 8; seed++)
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            char number[24];
            snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
            CLI_RUN("explore", ids[i], "--variant", "buggy", "--grain", _i ? "fine" : "coarse",
                    "--workers", "2", "--items", "3", "--schedules", "12", "--seed", number,
                    "--json");
            json_t *report = cli_json();
            json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
            if (finding)
                expect_finding(json_string_value(json_object_get(finding, "replay")),
                               json_string_value(json_object_get(finding, "kind")));
            json_decref(report);
        }
}
END_TEST

START_TEST(the_story_is_told_within_80_columns)
{
    char line[FAN_LINE_TEXT];
    find_line("08", "3", line);
    CLI_RUN("replay", line);
    ck_assert_int_eq(cli_result.code, 1);
    expect_columns(cli_result.out);
    ck_assert(strstr(cli_result.out, "main"));
    ck_assert(strstr(cli_result.out, "worker 1"));
    ck_assert(strstr(cli_result.out, "close out"));
    ck_assert(strstr(cli_result.out, "08_double_close.c:"));
    ck_assert(strstr(cli_result.out, "  ----  "));
    ck_assert(strstr(cli_result.out, "! PANIC  close of closed channel out"));
}
END_TEST

START_TEST(the_story_has_values_and_an_end)
{
    char line[FAN_LINE_TEXT];
    find_line("08", "3", line);
    CLI_RUN("replay", line);
    ck_assert(strstr(cli_result.out, "send in <- 0"));
    ck_assert(strstr(cli_result.out, "recv in -> closed"));
    ck_assert(strstr(cli_result.out, "done working"));
    ck_assert(strstr(cli_result.out, "\n  ====  PANIC: close of closed channel out\n"));
    CLI_RUN("replay", line, "--json");
    json_t *report = cli_json();
    const json_t *first = json_array_get(json_object_get(report, "story"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "object")), "in");
    ck_assert_int_eq(json_integer_value(json_object_get(first, "value")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(first, "size")), 8);
    json_decref(report);
}
END_TEST

START_TEST(what_repeats_is_folded)
{
    CLI_RUN("explore", "04", "--variant", "buggy", "--schedules", "50", "--json");
    json_t *report = cli_json();
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    CLI_RUN("replay", json_string_value(json_object_get(finding, "replay")));
    ck_assert(strstr(cli_result.out, "...  the same 19 times more"));
    json_decref(report);
}
END_TEST

START_TEST(a_run_that_finds_nothing_replays_as_clean)
{
    char line[FAN_LINE_TEXT];
    struct fan_line none = {.scenario = "04", .variant = 'f', .workers = 2, .items = 2, .seed = 1};
    fan_line_print(&none, line);
    CLI_RUN("replay", line);
    ck_assert_int_eq(cli_result.code, 2); /* of another build: none is 0000 */
    ck_assert(strstr(cli_result.err, "another build"));
    unsigned build = 0;
    ck_assert_int_eq(sscanf(strstr(cli_result.err, "here ("), "here (%4x", &build), 1);
    none.build = (uint16_t)build;
    fan_line_print(&none, line);
    CLI_RUN("replay", line, "--json");
    json_t *report = cli_json();
    ck_assert_uint_eq(json_array_size(json_object_get(report, "findings")), 0);
    json_decref(report);
}
END_TEST

static void of_another_build(struct fan_line *line)
{
    line->build ^= 1;
}

static void of_another_bug(struct fan_line *line)
{
    strcpy(line->scenario, "99");
}

static void of_another_variant(struct fan_line *line)
{
    line->variant = 'z';
}

static void of_too_many(struct fan_line *line)
{
    line->workers = 100000;
}

static const struct {
    void (*change)(struct fan_line *line);
    const char *words;
} foreign[] = {
    {of_another_build, "of another build"},
    {of_another_bug, "bug 99, which this build does not have"},
    {of_another_variant, "begins with 'z'"},
    {of_too_many, "100000 workers"},
};

START_TEST(a_line_that_is_not_of_this_program_is_refused_with_2)
{
    char line[FAN_LINE_TEXT], other[FAN_LINE_TEXT];
    find_line("02", "1", line);
    remake(line, foreign[_i].change, other);
    CLI_RUN("replay", other);
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert_str_eq(cli_result.out, "");
    ck_assert_msg(strstr(cli_result.err, foreign[_i].words), "%s", cli_result.err);
    CLI_RUN("replay", other, "--json");
    ck_assert_int_eq(cli_result.code, 2);
    json_t *report = cli_json();
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "error");
    json_decref(report);
}
END_TEST

static void with_another_check(struct fan_line *line)
{
    line->check ^= 1;
}

/* Thread 40 is never there. */
static void with_a_wrong_thread(struct fan_line *line)
{
    line->schedule.deviations[0].chosen = 40;
}

static const struct {
    void (*change)(struct fan_line *line);
    const char *words;
} divergences[] = {
    {with_another_check, "diverged: the line's steps were taken"},
    {with_a_wrong_thread, "then thread 40 was not to be had at operation"},
};

START_TEST(a_divergence_is_told_with_1)
{
    char line[FAN_LINE_TEXT], other[FAN_LINE_TEXT];
    find_line("02", "1", line);
    remake(line, divergences[_i].change, other);
    CLI_RUN("replay", other, "--json");
    ck_assert_int_eq(cli_result.code, 1);
    ck_assert_msg(strstr(cli_result.err, divergences[_i].words), "%s", cli_result.err);
    json_t *report = cli_json();
    ck_assert(json_is_true(json_object_get(report, "diverged")));
    ck_assert_str_eq(json_string_value(json_object_get(report, "outcome")), "error");
    json_decref(report);
}
END_TEST

/* Changes, adds, or takes away one to three characters. */
static void edit(struct fan_random *random, const char *line, char text[FAN_LINE_TEXT])
{
    static const char letters[] = "0123456789abcdefnsvw.:-_";
    strcpy(text, line);
    for (uint64_t edits = 1 + fan_random_below(random, 3); edits > 0; edits--) {
        size_t length = strlen(text), at = fan_random_below(random, length);
        char letter = letters[fan_random_below(random, sizeof letters - 1)];
        uint64_t how = fan_random_below(random, 4);
        if (how == 0 && length > 8)
            memmove(text + at, text + at + 1, length - at);
        else if (how == 1 && length + 2 < FAN_LINE_TEXT)
            memmove(text + at + 1, text + at, length - at + 1);
        if (how != 0)
            text[at] = letter;
    }
}

/* Refused with 2; or said to diverge, with 1; or it is the same run, by every operation of it (that
 * of another seed, which makes no difference to it). */
static void expect_no_drift(const char *text, const char *hash)
{
    CLI_RUN("replay", text, "--json");
    json_t *report = cli_json();
    const char *now = json_string_value(json_object_get(report, "trace_hash"));
    bool same = now && strcmp(now, hash) == 0;
    bool refused = cli_result.code == 2 && *cli_result.err;
    bool diverged = cli_result.code == 1 && strstr(cli_result.err, "diverged") != NULL;
    ck_assert_msg(refused || diverged || (cli_result.code == 1 && same), "%s gave %d %s", text,
                  cli_result.code, cli_result.err);
    json_decref(report);
}

/* Two of three hundred edits have a mark that fits by chance; those go further, and are run. */
START_TEST(an_edited_line_never_drifts)
{
    enum { EDITS = 4000 };
    char line[FAN_LINE_TEXT], text[FAN_LINE_TEXT], hash[32], why[96];
    struct fan_random random = {.state = 5};
    struct fan_line parsed;
    int run = 0;
    find_line("02", "1", line);
    CLI_RUN("replay", line, "--json");
    json_t *report = cli_json();
    strcpy(hash, json_string_value(json_object_get(report, "trace_hash")));
    json_decref(report);
    for (int i = 0; i < EDITS; i++) {
        edit(&random, line, text);
        if (strcmp(text, line) == 0 || fan_line_parse(text, &parsed, why) != 0)
            continue;
        expect_no_drift(text, hash);
        run++;
    }
    ck_assert_int_gt(run, 0); /* else this has shown nothing */
}
END_TEST

START_TEST(each_character_matters)
{
    char line[FAN_LINE_TEXT], text[FAN_LINE_TEXT], hash[32] = "";
    find_line("08", "1", line);
    for (size_t i = 0; line[i]; i++) {
        strcpy(text, line);
        text[i] = text[i] == '1' ? '2' : '1';
        expect_no_drift(text, hash);
    }
}
END_TEST

START_TEST(what_is_no_line_is_refused_with_2)
{
    CLI_RUN("replay", "04");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "no replay line"));
    CLI_RUN("replay");
    ck_assert_int_eq(cli_result.code, 2);
    ck_assert(strstr(cli_result.err, "it takes one replay line"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("replay");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_line_gives_the_same_run_every_time, 0,
                        sizeof bugs / sizeof bugs[0]);
    tcase_add_test(tests, the_line_in_the_readme_is_of_this_build);
    tcase_add_loop_test(tests, a_run_is_the_same_when_it_is_watched, 0, 2);
    tcase_add_loop_test(tests, a_line_is_replayed_at_its_own_grain, 0,
                        sizeof bugs / sizeof bugs[0]);
    tcase_add_test(tests, the_story_is_told_within_80_columns);
    tcase_add_test(tests, the_story_has_values_and_an_end);
    tcase_add_test(tests, what_repeats_is_folded);
    tcase_add_test(tests, a_run_that_finds_nothing_replays_as_clean);
    tcase_add_loop_test(tests, a_line_that_is_not_of_this_program_is_refused_with_2, 0,
                        sizeof foreign / sizeof foreign[0]);
    tcase_add_loop_test(tests, a_divergence_is_told_with_1, 0,
                        sizeof divergences / sizeof divergences[0]);
    tcase_add_test(tests, an_edited_line_never_drifts);
    tcase_add_test(tests, each_character_matters);
    tcase_add_test(tests, what_is_no_line_is_refused_with_2);
    return suite_run("replay", tests);
}
