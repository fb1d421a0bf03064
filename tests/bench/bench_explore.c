/* What a second process gains an exploration, of the repaired bug 02: of a random walk, and of a
 * proof, which is one search that both share. One figure a line, as JSON: how many times faster two
 * are than one. They take turns, round after round; the figure is the best of two against the best
 * of one, for what disturbs them only ever adds, and beside it are the least and the most that a
 * round showed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/explore.h"
#include "bugs/table.h"
#include "tests/bench/measure.h"
#include "tests/bench/repeat.h"

enum { ROUNDS = 7 };

static const struct {
    const char *strategy;
    uint64_t workers, items, schedules;
} cases[] = {
    {"random", 4, 4, 400000},
    {"dpor", 4, 6, 1000000000},
};

struct figures {
    double one_ms, two_ms, least, most;
};

static const struct fan_variant *variant_of(const struct fan_scenario *bug, const char *name)
{
    size_t at = 0;
    while (strcmp(bug->variants[at].name, name) != 0)
        at++;
    return &bug->variants[at];
}

static double explore_ms(size_t which, unsigned children)
{
    static char helper[4096];
    struct fan_interrupt interrupt;
    const struct fan_scenario *bug = fan_bugs_find("02");
    bench_path_in_build("fanlab-lab-sim", helper);
    struct fan_explore_request request = {
        .scenario = bug,
        .variant = variant_of(bug, "fixed"),
        .helper = helper,
        .seed = 1,
        .workers = cases[which].workers,
        .items = cases[which].items,
        .strategy = cases[which].strategy,
        .schedules = cases[which].schedules,
        .children = children,
    };
    bench_must(fan_interrupt_begin(&interrupt), "signals");
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, &interrupt);
    fan_interrupt_end(&interrupt);
    if (!explore || explore->end != FAN_EXPLORE_DONE || explore->failure_count > 0) {
        fprintf(stderr, "the exploration failed: %s\n", explore ? explore->message : "memory");
        exit(1);
    }
    double ms = (double)explore->elapsed_ns / 1e6;
    free(explore);
    return ms;
}

static void add_round(size_t which, struct figures *figures)
{
    double one_ms = explore_ms(which, 1), two_ms = explore_ms(which, 2), gain = one_ms / two_ms;
    if (one_ms < figures->one_ms)
        figures->one_ms = one_ms;
    if (two_ms < figures->two_ms)
        figures->two_ms = two_ms;
    if (gain < figures->least)
        figures->least = gain;
    if (gain > figures->most)
        figures->most = gain;
}

static void measure(size_t which)
{
    struct figures figures = {1e12, 1e12, 1e12, 0};
    for (int round = 0; round < ROUNDS; round++)
        add_round(which, &figures);
    printf("{\"bench\":\"explore-%s-two-processes\",\"value\":%.2f,\"unit\":\"times\",\"goal\":1.7,"
           "\"least\":%.2f,\"most\":%.2f,\"ms\":%.0f,\"peer\":\"one process\",\"peer_value\":1,"
           "\"peer_ms\":%.0f}\n",
           cases[which].strategy, figures.one_ms / figures.two_ms, figures.least, figures.most,
           figures.two_ms, figures.one_ms);
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        measure(i);
    return 0;
}
