/* How soon a deadlock is found: from the last progress of a program that is stuck until the
 * verdict, looked at as often as the headless commands look. */
#include <errno.h>
#include <poll.h>

#include "app/run.h"
#include "tests/bench/measure.h"
#include "tests/bench/repeat.h"

enum {
    LOOK_MS = 2,
    GOAL_MS = 100,
};

static double find(const char *scenario)
{
    char helper[4096], why[160];
    struct fan_run *run;
    bench_path_in_build("fanlab-lab-real", helper);
    const struct fan_child_options options = {
        .helper = helper, .scenario = scenario, .variant = "buggy", .workers = 4, .items = 20};
    bench_must(fan_run_start(&options, &run, why), why);
    for (fan_run_look(run); !run->ended && !run->verdict->final; fan_run_look(run))
        poll(NULL, 0, LOOK_MS);
    bench_must(run->verdict->finding_count == 1 ? 0 : ENODATA, "no verdict");
    uint64_t after_ns = run->verdict->reached_ns - run->verdict->last_progress_ns;
    fan_run_free(run);
    return (double)after_ns / 1e6;
}

static double find_in_02(void)
{
    return find("02");
}

static double find_in_04(void)
{
    return find("04");
}

int main(void)
{
    bench_repeat("verdict-02", GOAL_MS, find_in_02);
    bench_repeat("verdict-04", GOAL_MS, find_in_04);
    return 0;
}
