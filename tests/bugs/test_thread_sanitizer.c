/* ThreadSanitizer, which knows nothing of the controlled scheduler, holds those halves for racy
 * that declare a race, and no others; and so does the scheduler, which knows nothing of it. In a
 * build without it, it must not be heard of; in one with it, there is no scheduler to ask. */
#include <stdio.h>
#include <string.h>

#include "bugs/table.h"
#include "sim/sanitizers.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

/* It reports what real threads run into, so they must come to it without anything in between that
 * orders them: where there are many items, some of them do; where there are few, all soon do. The
 * early exit's do in one of 5 to 20 runs, the fewer the busier the machine is, so there are enough
 * runs that all but never all of them miss; the first that does not is the last. */
static const char *const sizes[] = {"5000", "20", "200"};

enum { SIZES = sizeof sizes / sizeof sizes[0], SEEDS = 100 };

static struct program_result result;

static bool declares_race(const struct fan_variant *variant)
{
    for (size_t i = 0; i < variant->expected_count; i++)
        if (variant->expected[i] == FAN_FINDING_RACE)
            return true;
    return false;
}

static bool is_reported(const struct fan_scenario *bug, const struct fan_variant *variant,
                        const char *items, int number)
{
    char seed[8];
    snprintf(seed, sizeof seed, "%d", number);
    program_run((const char *const[]){FAN_BUILD_DIR "/fanlab", "run", bug->id, "--variant",
                                      variant->name, "--items", items, "--seed", seed, NULL},
                &result);
    return strstr(result.out, "ThreadSanitizer: data race") != NULL;
}

/* A race has to be reported once in all runs; where there is none, each size is run once. */
static void expect_agreement(const struct fan_scenario *bug, const struct fan_variant *variant)
{
    bool expected = FAN_UNDER_TSAN && declares_race(variant), reported = false;
    int seeds = expected ? SEEDS : 1;
    for (int run = 0; run < SIZES * seeds && !reported; run++)
        reported = is_reported(bug, variant, sizes[run % SIZES], run / SIZES + 1);
    ck_assert_msg(reported == expected, "%s %s: %s", bug->id, variant->name, result.out);
}

START_TEST(thread_sanitizer_agrees)
{
    for (size_t i = 0; i < fan_bugs[_i]->variant_count; i++)
        expect_agreement(fan_bugs[_i], &fan_bugs[_i]->variants[i]);
}
END_TEST

/* In any of these schedules. */
static bool is_found_racy(const struct fan_scenario *bug, const struct fan_variant *variant)
{
    program_run((const char *const[]){FAN_BUILD_DIR "/fanlab", "explore", bug->id, "--variant",
                                      variant->name, "--schedules", "1000", NULL},
                &result);
    ck_assert_msg(result.code == 0 || result.code == 1, "%s", result.err);
    return strstr(result.out, ": race, ") != NULL;
}

START_TEST(the_scheduler_agrees)
{
    for (size_t i = 0; i < fan_bugs[_i]->variant_count && !FAN_UNDER_TSAN; i++) {
        const struct fan_variant *variant = &fan_bugs[_i]->variants[i];
        bool found = is_found_racy(fan_bugs[_i], variant);
        ck_assert_msg(found == declares_race(variant), "%s %s: %s", fan_bugs[_i]->id, variant->name,
                      result.out);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bugs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, thread_sanitizer_agrees, 0, (int)fan_bugs_count);
    tcase_add_loop_test(tests, the_scheduler_agrees, 0, (int)fan_bugs_count);
    return suite_run("ThreadSanitizer and the bugs", tests);
}
