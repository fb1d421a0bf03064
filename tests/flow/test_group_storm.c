/* Seeded runs of task groups in which everything goes wrong that can: tasks wait, fail and panic,
 * the limit is met, threads run out, and the group or its parent is cancelled at any operation's
 * number. FAN_RUNS=100000 makes more of them. */
#include "tests/support/group_storm.h"

#include <stdlib.h>

#include "tests/support/suite.h"

enum { RUNS = 3000 };

START_TEST(whatever_happens_the_group_waits_for_all_and_says_why_it_ended)
{
    const char *runs = getenv("FAN_RUNS");
    for (uint64_t seed = 0; seed < (runs ? strtoull(runs, NULL, 10) : RUNS); seed++) {
        const char *complaint = group_storm_run(seed);
        ck_assert_msg(!complaint, "%s with seed %llu", complaint, (unsigned long long)seed);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("group storm");
    tcase_set_timeout(cases, getenv("FAN_RUNS") ? 0 : 60);
    tcase_add_test(cases, whatever_happens_the_group_waits_for_all_and_says_why_it_ended);
    return suite_run("group_storm", cases);
}
