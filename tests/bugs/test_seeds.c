/* Whatever the seed, a bug is found within 1,000 random schedules and 50 ms. */
#define _GNU_SOURCE
#include <stdio.h>

#include "bugs/table.h"
#include "sim/sanitizers.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"

enum { MOST_SCHEDULES = 1000, MOST_US = 50000 };

#define SANITIZED (FAN_UNDER_ASAN || FAN_UNDER_TSAN)

static const char *const seeds = SANITIZED ? "20" : "1000";

static struct program_result result;

START_TEST(a_bug_is_found_whatever_the_seed)
{
    unsigned schedules, us, without;
    program_run((const char *const[]){FAN_BUILD_DIR "/tests/bugs/child_sim_seeds", fan_bugs[_i]->id,
                                      seeds, NULL},
                &result);
    ck_assert_int_eq(result.code, 0);
    ck_assert_int_eq(
        sscanf(result.out, "%u schedules, %u us, %u seeds without", &schedules, &us, &without), 3);
    ck_assert_msg(without == 0 && schedules <= MOST_SCHEDULES, "%s: %s", fan_bugs[_i]->id,
                  result.out);
    ck_assert_msg(us <= MOST_US || SANITIZED, "%s: %s", fan_bugs[_i]->id, result.out);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("seeds");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_bug_is_found_whatever_the_seed, 0, (int)fan_bugs_count);
    return suite_run("seeds", tests);
}
