#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/userfile.h"
#include "tests/support/suite.h"

static char path[64];
static struct fan_userfile file;
static char why[160];

static const char two_scenarios[] = "#include <fan/fan.h>\n"
                                    "static void one(struct fan_lab *lab) { (void)lab; }\n"
                                    "static void two(struct fan_lab *lab) { (void)lab; }\n"
                                    "FAN_SCENARIO(one);\n"
                                    "FAN_SCENARIO(two, .symptom = \"x\");\n";

static void write_file(const char *text)
{
    snprintf(path, sizeof path, "/tmp/fanlab-test-%d.c", (int)getpid());
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

static enum fan_userfile_error open_text(const char *text)
{
    write_file(text);
    enum fan_userfile_error error = fan_userfile_open(path, &file, why);
    unlink(path);
    return error;
}

START_TEST(a_c_file_is_told_from_an_id)
{
    ck_assert(fan_userfile_is_one("mine.c"));
    ck_assert(!fan_userfile_is_one("04"));
    ck_assert(!fan_userfile_is_one(".c"));
    ck_assert(!fan_userfile_is_one("never_closed"));
}
END_TEST

START_TEST(what_a_file_declares_is_read)
{
    ck_assert_msg(open_text(two_scenarios) == FAN_USERFILE_FINE, "%s", why);
    ck_assert_uint_eq(file.scenario_count, 2);
    ck_assert_str_eq(file.scenarios[0].id, "one");
    ck_assert_str_eq(file.scenarios[1].id, "two");
    ck_assert_uint_eq(file.scenarios[0].workers, 2);
    ck_assert_uint_eq(file.scenarios[0].variant_count, 1);
    ck_assert_str_eq(file.scenarios[0].variants[0].name, "program");
    ck_assert_str_eq(file.scenarios[0].source, two_scenarios);
    ck_assert_int_eq(access(file.sim, X_OK), 0);
}
END_TEST

START_TEST(closing_leaves_nothing_behind)
{
    char directory[128];
    ck_assert_msg(open_text(two_scenarios) == FAN_USERFILE_FINE, "%s", why);
    strcpy(directory, file.directory);
    fan_userfile_close(&file);
    ck_assert_int_ne(access(directory, F_OK), 0);
    fan_userfile_close(&file);
}
END_TEST

START_TEST(a_file_that_does_not_compile_is_the_users_to_mend)
{
    ck_assert_int_eq(open_text("int main(void) { return nothing; }\n"), FAN_USERFILE_UNUSABLE);
    ck_assert_ptr_nonnull(strstr(why, "does not compile"));
}
END_TEST

START_TEST(a_file_without_a_scenario_says_what_it_needs)
{
    ck_assert_int_eq(open_text("#include <fan/fan.h>\n"), FAN_USERFILE_UNUSABLE);
    ck_assert_ptr_nonnull(strstr(why, "FAN_SCENARIO"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_said_so)
{
    ck_assert_int_eq(fan_userfile_open("/nowhere/mine.c", &file, why), FAN_USERFILE_UNUSABLE);
    ck_assert_ptr_nonnull(strstr(why, "No such file"));
}
END_TEST

START_TEST(a_missing_compiler_is_the_environments)
{
    setenv("CC", "/nowhere/cc", 1);
    ck_assert_int_eq(open_text(two_scenarios), FAN_USERFILE_NO_CC);
    ck_assert_ptr_nonnull(strstr(why, "/nowhere/cc"));
}
END_TEST

static void tear_down(void)
{
    fan_userfile_close(&file);
}

int main(void)
{
    TCase *userfile = tcase_create("userfile");
    tcase_add_checked_fixture(userfile, NULL, tear_down);
    tcase_set_timeout(userfile, 60);
    tcase_add_test(userfile, a_c_file_is_told_from_an_id);
    tcase_add_test(userfile, what_a_file_declares_is_read);
    tcase_add_test(userfile, closing_leaves_nothing_behind);
    tcase_add_test(userfile, a_file_that_does_not_compile_is_the_users_to_mend);
    tcase_add_test(userfile, a_file_without_a_scenario_says_what_it_needs);
    tcase_add_test(userfile, a_file_that_is_not_there_is_said_so);
    tcase_add_test(userfile, a_missing_compiler_is_the_environments);
    return suite_run("userfile", userfile);
}
