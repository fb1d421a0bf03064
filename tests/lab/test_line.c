/* Replay lines: what is written is read again, and each slip has its own words. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "lab/line.h"
#include "tests/support/suite.h"

static struct fan_line line;
static char text[FAN_LINE_TEXT], why[96];

static void set_up(void)
{
    line = (struct fan_line){.scenario = "02",
                             .variant = 'b',
                             .workers = 4,
                             .items = 20,
                             .seed = 1,
                             .build = 0x7c1e,
                             .check = 0x9a3f};
    ck_assert_int_eq(fan_schedule_parse("2.5.0-1.3v1", &line.schedule), 0);
    fan_line_print(&line, text);
}

static void expect_same(const struct fan_line *a, const struct fan_line *b)
{
    char schedules[2][FAN_SCHEDULE_TEXT];
    ck_assert_str_eq(a->scenario, b->scenario);
    ck_assert_int_eq(a->variant, b->variant);
    ck_assert_uint_eq(a->workers, b->workers);
    ck_assert_uint_eq(a->items, b->items);
    ck_assert_uint_eq(a->seed, b->seed);
    ck_assert_int_eq(a->fine, b->fine);
    ck_assert_uint_eq(a->build, b->build);
    ck_assert_uint_eq(a->check, b->check);
    fan_schedule_print(&a->schedule, schedules[0], FAN_SCHEDULE_TEXT);
    fan_schedule_print(&b->schedule, schedules[1], FAN_SCHEDULE_TEXT);
    ck_assert_str_eq(schedules[0], schedules[1]);
}

static void expect_refused(const char *bad, const char *words)
{
    struct fan_line untouched = line;
    ck_assert_int_eq(fan_line_parse(bad, &line, why), EINVAL);
    ck_assert_msg(strstr(why, words), "%s: %s", bad, why);
    expect_same(&line, &untouched);
}

START_TEST(what_is_written_is_read)
{
    struct fan_line read;
    ck_assert_msg(strncmp(text, "fan1:02b.w4n20s1:7c1e:2.5.0-1.3v1:9a3f", 38) == 0, "%s", text);
    ck_assert_int_eq(fan_line_parse(text, &read, why), 0);
    expect_same(&read, &line);
}
END_TEST

START_TEST(the_grain_is_written_and_read)
{
    struct fan_line read;
    line.fine = true;
    fan_line_print(&line, text);
    ck_assert_msg(strncmp(text, "fan1:02b.w4n20s1f:7c1e:2.5.0-1.3v1:9a3f", 39) == 0, "%s", text);
    ck_assert_int_eq(fan_line_parse(text, &read, why), 0);
    expect_same(&read, &line);
}
END_TEST

START_TEST(the_largest_line_is_read)
{
    struct fan_line read;
    line.fine = true;
    line.workers = line.items = line.seed = UINT64_MAX;
    strcpy(line.scenario, "a_name_of_thirty-one_characters");
    line.schedule.count = FAN_SCHEDULE_DEVIATIONS;
    for (int i = 0; i < FAN_SCHEDULE_DEVIATIONS; i++)
        line.schedule.deviations[i] = (struct fan_deviation){UINT16_MAX, 63, UINT8_MAX, UINT8_MAX};
    fan_line_print(&line, text);
    ck_assert_int_eq(fan_line_parse(text, &read, why), 0);
    expect_same(&read, &line);
}
END_TEST

START_TEST(only_what_a_shell_leaves_alone_occurs)
{
    line.schedule.count = 0;
    fan_line_print(&line, text);
    ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789:._-"),
                      strlen(text));
}
END_TEST

START_TEST(a_line_that_was_cut_is_refused_wherever_it_was)
{
    char cut[FAN_LINE_TEXT];
    for (size_t length = strlen(text) - 1; length > 0; length--) {
        memcpy(cut, text, length);
        cut[length] = '\0';
        ck_assert_msg(fan_line_parse(cut, &line, why) == EINVAL, "%s", cut);
    }
    expect_refused("fan1:02b.w4n20s1:7c1e", "cut");
    expect_refused("fan1:02b.w4n20s1:7c1e:-:9a3", "cut or edited");
}
END_TEST

START_TEST(a_digit_that_was_changed_is_told_as_an_edit)
{
    char *at = strstr(text, "2.5.0");
    *at = '3';
    expect_refused(text, "edited: its last two digits");
}
END_TEST

/* Whatever is put in, what is read is a line within its bounds, or an error with its reason. */
START_TEST(a_line_of_noise_is_refused_or_within_bounds)
{
    struct fan_random random = {.state = 7};
    struct fan_line read;
    char noise[FAN_LINE_TEXT];
    int refused = 0;
    for (int i = 0; i < 20000; i++) {
        strcpy(noise, text);
        for (uint64_t edits = 1 + fan_random_below(&random, 8); edits > 0; edits--)
            noise[fan_random_below(&random, strlen(text))] =
                (char)(1 + fan_random_below(&random, 255));
        why[0] = '\0';
        bool good = fan_line_parse(noise, &read, why) == 0;
        ck_assert(good || *why);
        ck_assert(!good || read.schedule.count <= FAN_SCHEDULE_DEVIATIONS);
        refused += !good;
    }
    ck_assert_int_gt(refused, 19000);
}
END_TEST

/* Of all lines that differ in one character, the mark tells 254 of 255. */
START_TEST(a_single_character_is_told_nearly_always)
{
    struct fan_line read;
    char edited[FAN_LINE_TEXT];
    int tried = 0, read_well = 0;
    for (size_t at = 0; text[at]; at++)
        for (int letter = 1; letter < 256; letter++) {
            strcpy(edited, text);
            edited[at] = (char)letter;
            if (edited[at] == text[at])
                continue;
            tried++;
            read_well += fan_line_parse(edited, &read, why) == 0;
        }
    ck_assert_int_lt(read_well * 255, tried);
}
END_TEST

/* Their marks fit, so what is wrong in them is seen. */
static const struct {
    const char *body, *words;
} misfits[] = {
    {"fan1:b.w4n20s1:7c1e:-:9a3f", "second part"},
    {"fan1:02b:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w4n20:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w-4n20s1:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w4n20s1x:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w4n20s1ff:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w4n20fs1:7c1e:-:9a3f", "second part"},
    {"fan1:02b.w4n20s99999999999999999999:7c1e:-:9a3f", "second part"},
    {"fan1:an_identifier_that_is_longer_than_what_any_programmer_should_ever_writeb.w4n20s1:7c1e:-:"
     "9a3f",
     "second part"},
    {"fan1:02b.w4n20s1:7C1E:-:9a3f", "third part"},
    {"fan1:02b.w4n20s1:7c1:-:9a3f", "third part"},
    {"fan1:02b.w4n20s1:7c1e::9a3f", "fourth part"},
    {"fan1:02b.w4n20s1:7c1e:1.2:9a3f", "fourth part"},
    {"fan1:02b.w4n20s1:7c1e:64.2.1:9a3f", "fourth part"},
    {"fan1:02b.w4n20s1:7c1e:1.2.3-:9a3f", "fourth part"},
};

START_TEST(parts_that_make_no_sense_are_named)
{
    char whole[128];
    for (unsigned mark = 0; mark < 256; mark++) {
        snprintf(whole, sizeof whole, "%s%02x", misfits[_i].body, mark);
        ck_assert_int_eq(fan_line_parse(whole, &line, why), EINVAL);
        if (!strstr(why, "last two digits"))
            break;
    }
    ck_assert_msg(strstr(why, misfits[_i].words), "%s: %s", misfits[_i].body, why);
}
END_TEST

START_TEST(what_is_no_line_of_this_version_is_said_so)
{
    static char long_one[2 * FAN_LINE_TEXT];
    expect_refused("", "no replay line");
    expect_refused("04", "no replay line");
    expect_refused("fan1", "no replay line");
    expect_refused("fan2:02b.w4n20s1:7c1e:-:9a3f00", "another version");
    expect_refused("fan1:02b.w4n20s1:7c1e:-:9a3f:00", "cut or edited");
    memset(long_one, 'x', sizeof long_one - 1);
    for (int i = 0; i < 5; i++)
        long_one[i] = "fan1:"[i];
    expect_refused(long_one, "too long");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("line");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, the_grain_is_written_and_read);
    tcase_add_test(tests, the_largest_line_is_read);
    tcase_add_test(tests, only_what_a_shell_leaves_alone_occurs);
    tcase_add_test(tests, a_line_that_was_cut_is_refused_wherever_it_was);
    tcase_add_test(tests, a_digit_that_was_changed_is_told_as_an_edit);
    tcase_add_test(tests, a_line_of_noise_is_refused_or_within_bounds);
    tcase_add_test(tests, a_single_character_is_told_nearly_always);
    tcase_add_loop_test(tests, parts_that_make_no_sense_are_named, 0,
                        sizeof misfits / sizeof misfits[0]);
    tcase_add_test(tests, what_is_no_line_of_this_version_is_said_so);
    return suite_run("replay line", tests);
}
