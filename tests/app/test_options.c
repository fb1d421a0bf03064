#include "app/options.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

struct settings {
    bool flag;
    uint64_t number;
    const char *word, *any;
};

static const struct fan_option options[] = {
    {.name = "flag",
     .help = "a flag",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, flag)},
    {.name = "number",
     .argument = "N",
     .help = "a number",
     .kind = FAN_OPTION_NUMBER,
     .low = 2,
     .high = 9,
     .limited_by = "a reason",
     .field = offsetof(struct settings, number)},
    {.name = "word",
     .argument = "WORD",
     .help = "a word",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"one", "two", NULL},
     .field = offsetof(struct settings, word)},
    {.name = "any",
     .argument = "TEXT",
     .help = "any text",
     .kind = FAN_OPTION_WORD,
     .field = offsetof(struct settings, any)},
    {0},
};

static struct settings settings;
static struct fan_parsed parsed;
static char why[FAN_OPTIONS_WHY];
static char *argv[10];

static int parse(const char *const *words)
{
    int argc = 1;
    argv[0] = (char *)"command";
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    argv[argc] = NULL;
    settings = (struct settings){.number = 5, .word = "one"};
    return fan_options_parse(options, argc, argv, &settings, &parsed, why);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

START_TEST(defaults_stay_where_nothing_is_given)
{
    ck_assert_int_eq(PARSE("operand"), 0);
    ck_assert(!settings.flag && settings.number == 5 && !settings.any);
    ck_assert_str_eq(settings.word, "one");
    ck_assert_int_eq(parsed.operands, 1);
}
END_TEST

START_TEST(values_are_taken_and_operands_moved_behind)
{
    ck_assert_int_eq(PARSE("4", "--flag", "--number=9", "8", "--word", "two", "--any", ""), 0);
    ck_assert(settings.flag && settings.number == 9);
    ck_assert_str_eq(settings.word, "two");
    ck_assert_str_eq(settings.any, "");
    ck_assert_str_eq(argv[parsed.operands], "4");
    ck_assert_str_eq(argv[parsed.operands + 1], "8");
}
END_TEST

START_TEST(the_last_of_several_counts)
{
    ck_assert_int_eq(PARSE("--number", "3", "--number", "4"), 0);
    ck_assert_uint_eq(settings.number, 4);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    ck_assert_int_eq(PARSE("--", "--flag"), 0);
    ck_assert(!settings.flag);
    ck_assert_str_eq(argv[parsed.operands], "--flag");
}
END_TEST

START_TEST(the_first_complaint_is_kept_and_the_rest_still_parsed)
{
    ck_assert_int_eq(PARSE("--number", "1", "--odd", "--word", "three", "--flag"), EINVAL);
    ck_assert_str_eq(why, "--number must be from 2 to 9 (a reason), not 1");
    ck_assert(settings.flag);
    ck_assert_uint_eq(settings.number, 5);
    ck_assert_str_eq(settings.word, "one");
}
END_TEST

START_TEST(help_and_version_are_known_everywhere)
{
    ck_assert_int_eq(PARSE("--help"), 0);
    ck_assert(parsed.help && !parsed.version);
    ck_assert_int_eq(PARSE("--version"), 0);
    ck_assert(parsed.version && !parsed.help);
}
END_TEST

START_TEST(long_garbage_is_cut_in_the_message)
{
    char garbage[3000];
    memset(garbage, 'x', sizeof garbage - 1);
    garbage[sizeof garbage - 1] = '\0';
    ck_assert_int_eq(PARSE("--word", garbage), EINVAL);
    ck_assert_uint_lt(strlen(why), FAN_OPTIONS_WHY);
    ck_assert(strncmp(why, "--word knows one, two, not 'xxx", 31) == 0);
    memcpy(garbage, "--", 2);
    ck_assert_int_eq(PARSE(garbage), EINVAL);
    ck_assert(strncmp(why, "no such option: --xxx", 21) == 0);
}
END_TEST

START_TEST(the_help_has_a_line_for_each)
{
    char text[1000];
    FILE *out = fmemopen(text, sizeof text, "w");
    fan_options_help(out, options);
    fclose(out);
    ck_assert_str_eq(text, "  --flag                 a flag\n"
                           "  --number N             a number\n"
                           "  --word WORD            a word\n"
                           "  --any TEXT             any text\n"
                           "  --help                 print this and leave\n"
                           "  --version              print the version and leave\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("options");
    tcase_add_test(tests, defaults_stay_where_nothing_is_given);
    tcase_add_test(tests, values_are_taken_and_operands_moved_behind);
    tcase_add_test(tests, the_last_of_several_counts);
    tcase_add_test(tests, two_dashes_end_the_options);
    tcase_add_test(tests, the_first_complaint_is_kept_and_the_rest_still_parsed);
    tcase_add_test(tests, help_and_version_are_known_everywhere);
    tcase_add_test(tests, long_garbage_is_cut_in_the_message);
    tcase_add_test(tests, the_help_has_a_line_for_each);
    return suite_run("options", tests);
}
