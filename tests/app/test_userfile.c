/* A C file in place of an id: what it declares is read, and what is wrong with it is told. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/subject.h"
#include "app/userfile.h"
#include "tests/support/scratch.h"
#include "tests/support/suite.h"

static char directory[SCRATCH_PATH], path[SCRATCH_PATH + 10];
static struct fan_interrupt interrupt;
static struct fan_userfile file;
static char why[FAN_USERFILE_WHY];

static const char two_scenarios[] =
    "#include <fan/fan.h>\n"
    "static void two(struct fan_lab *lab) { (void)lab; }\n"
    "static void one(struct fan_lab *lab) { (void)lab; }\n"
    "FAN_SCENARIO(two, .workers = 3, .items = 5, .variant_count = 2, .variants = {\n"
    "    {.name = \"buggy\", .run = one, .expected_count = 1,\n"
    "     .expected = {FAN_FINDING_DEADLOCK}, .also_count = 1, .also = {FAN_FINDING_LEAK}},\n"
    "    {.name = \"fixed\", .run = two}});\n"
    "FAN_SCENARIO(one);\n";

static void set_up(void)
{
    scratch_make(directory);
    snprintf(path, sizeof path, "%s/mine.c", directory);
    ck_assert_int_eq(fan_interrupt_begin(&interrupt), 0);
}

static void tear_down(void)
{
    fan_userfile_close(&file);
    fan_interrupt_end(&interrupt);
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* so nothing else lies in it */
}

static enum fan_userfile_error open_path(int runtimes)
{
    int signal = 0;
    return fan_userfile_open(path, runtimes, &interrupt, &file, &signal, why);
}

static enum fan_userfile_error open_text(const char *text)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    return open_path(FAN_USERFILE_SIM);
}

START_TEST(a_c_file_is_told_from_an_id)
{
    ck_assert(fan_userfile_is_one("mine.c"));
    ck_assert(fan_userfile_is_one("./x/02.c"));
    ck_assert(!fan_userfile_is_one("04"));
    ck_assert(!fan_userfile_is_one(".c"));
    ck_assert(!fan_userfile_is_one("never_closed"));
}
END_TEST

START_TEST(what_a_file_declares_is_read)
{
    ck_assert_msg(open_text(two_scenarios) == FAN_USERFILE_FINE, "%s", why);
    ck_assert_uint_eq(file.scenario_count, 2);
    const struct fan_scenario *one = &file.scenarios[0], *two = &file.scenarios[1];
    ck_assert_str_eq(one->id, "one");
    ck_assert_uint_eq(one->workers, 2);
    ck_assert_uint_eq(one->variant_count, 1);
    ck_assert_str_eq(one->variants[0].name, "program");
    ck_assert_uint_eq(one->variants[0].expected_count, 0);
    ck_assert_str_eq(one->source, two_scenarios);
    ck_assert_str_eq(one->file, path);
    ck_assert_str_eq(two->id, "two");
    ck_assert_uint_eq(two->workers, 3);
    ck_assert_uint_eq(two->items, 5);
    ck_assert_uint_eq(two->variant_count, 2);
    ck_assert_str_eq(two->variants[0].name, "buggy");
    ck_assert_uint_eq(two->variants[0].expected_count, 1);
    ck_assert_int_eq(two->variants[0].expected[0], FAN_FINDING_DEADLOCK);
    ck_assert_uint_eq(two->variants[0].also_count, 1);
    ck_assert_int_eq(two->variants[0].also[0], FAN_FINDING_LEAK);
    ck_assert_uint_eq(two->variants[1].expected_count, 0);
}
END_TEST

START_TEST(only_what_is_asked_for_is_compiled)
{
    ck_assert_int_eq(open_text(two_scenarios), FAN_USERFILE_FINE);
    ck_assert_int_eq(access(file.sim, X_OK), 0);
    ck_assert_ptr_null(file.real);
    fan_userfile_close(&file);
    ck_assert_int_eq(open_path(FAN_USERFILE_REAL | FAN_USERFILE_SIM), FAN_USERFILE_FINE);
    ck_assert_int_eq(access(file.sim, X_OK), 0);
    ck_assert_int_eq(access(file.real, X_OK), 0);
}
END_TEST

START_TEST(no_program_has_a_name)
{
    setenv("TMPDIR", directory, 1);
    ck_assert_int_eq(open_text(two_scenarios), FAN_USERFILE_FINE);
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(access(file.sim, X_OK), 0);
    char program[64];
    strcpy(program, file.sim);
    fan_userfile_close(&file);
    ck_assert_int_ne(access(program, F_OK), 0);
    unsetenv("TMPDIR");
    scratch_make(directory);
}
END_TEST

#define DECLARE(declaration)                                                                       \
    "#include <fan/fan.h>\n"                                                                       \
    "static void one(struct fan_lab *lab) { (void)lab; }\n" declaration

static const struct {
    const char *text, *words;
} refused[] = {
    {"int nothing(void) { return nothing_at_all; }\n", "does not compile"},
    {DECLARE("FAN_SCENARIO(one); int main(void) { return 0; }\n"), "does not compile"},
    {"#include <fan/fan.h>\n", "FAN_SCENARIO"},
    {"", "FAN_SCENARIO"},
    {DECLARE("FAN_SCENARIO(one, .id = \"two words\");\n"), "cannot be used"},
    {DECLARE("FAN_SCENARIO(one, .variant_count = 0);\n"), "cannot be used"},
    {DECLARE("FAN_SCENARIO(one, .variant_count = 2);\n"), "cannot be used"},
    {DECLARE("FAN_SCENARIO(one, .variant_count = 2, .variants = {{.name = \"a\", .run = one},\n"
             "    {.name = \"ab\", .run = one}});\n"),
     "cannot be used"},
};

START_TEST(what_cannot_be_used_is_the_users_to_mend)
{
    ck_assert_int_eq(open_text(refused[_i].text), FAN_USERFILE_UNUSABLE);
    ck_assert_msg(strstr(why, refused[_i].words) != NULL, "%s", why);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_said_so)
{
    ck_assert_int_eq(open_path(FAN_USERFILE_SIM), FAN_USERFILE_UNUSABLE);
    ck_assert_ptr_nonnull(strstr(why, "No such file"));
}
END_TEST

START_TEST(a_directory_is_said_so)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(open_path(FAN_USERFILE_SIM), FAN_USERFILE_UNUSABLE);
    ck_assert_ptr_nonnull(strstr(why, "Is a directory"));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_missing_compiler_is_the_environments)
{
    setenv("CC", "/nowhere/cc", 1);
    ck_assert_int_eq(open_text(two_scenarios), FAN_USERFILE_LACKING);
    ck_assert_ptr_nonnull(strstr(why, "/nowhere/cc"));
    ck_assert_ptr_nonnull(strstr(why, "apt-get install gcc"));
}
END_TEST

static const struct {
    const char *file, *word;
} words[] = {
    {"mine.c", "mine.c"},       {"./x/02.c", "./x/02.c"}, {"two words.c", "'two words.c'"},
    {"it's.c", "'it'\\''s.c'"}, {"-x.c", "./-x.c"},       {"$(reboot).c", "'$(reboot).c'"},
};

START_TEST(a_path_is_quoted_for_the_shell)
{
    const struct fan_scenario scenario = {.id = "one", .file = words[_i].file};
    char word[FAN_SUBJECT_WORD], command[FAN_SUBJECT_COMMAND], expected[128];
    fan_subject_word(&scenario, word);
    ck_assert_str_eq(word, words[_i].word);
    fan_subject_replay(&scenario, "fan1:x", command);
    snprintf(expected, sizeof expected, "fanlab replay fan1:x %s", words[_i].word);
    ck_assert_str_eq(command, expected);
}
END_TEST

int main(void)
{
    TCase *userfile = tcase_create("userfile");
    tcase_add_checked_fixture(userfile, set_up, tear_down);
    tcase_set_timeout(userfile, 60);
    tcase_add_test(userfile, a_c_file_is_told_from_an_id);
    tcase_add_test(userfile, what_a_file_declares_is_read);
    tcase_add_test(userfile, only_what_is_asked_for_is_compiled);
    tcase_add_test(userfile, no_program_has_a_name);
    tcase_add_loop_test(userfile, what_cannot_be_used_is_the_users_to_mend, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(userfile, a_file_that_is_not_there_is_said_so);
    tcase_add_test(userfile, a_directory_is_said_so);
    tcase_add_test(userfile, a_missing_compiler_is_the_environments);
    tcase_add_loop_test(userfile, a_path_is_quoted_for_the_shell, 0,
                        sizeof words / sizeof words[0]);
    return suite_run("userfile", userfile);
}
