/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Every kind of stage in every schedule there is, with a few elements; and those with an executor
 * in them in many. */
#define FAN_SIM
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/sim_backend.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "sim/pct.h"
#include "sim/random.h"
#include "tests/support/pipelines.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 500, MOST = 5000 };

static struct fan_sim *sim;
static const struct pipeline_kind *kind;
static uint64_t elements;
static bool cancelled, alone;

static void set_up(void)
{
    sim = sim_program_begin();
    cancelled = alone = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static void run_pipeline(void *unused)
{
    (void)unused;
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    pipeline->elements = elements;
    pipeline->cancel_at_once = cancelled;
    pipeline->alone = alone;
    int error = pipeline_run(pipeline, kind);
    sim_program_must(error == 0 || (cancelled && error == ECANCELED));
    const char *complaint = pipeline_complaint(pipeline, kind, error == 0);
    if (complaint)
        fan_panic("%s: %s", kind->name, complaint);
    sim_program_must(!pipeline->started || pipeline_is_closed(pipeline));
    pipeline_clear(pipeline);
    free(pipeline);
}

static void finished(enum fan_sim_outcome outcome)
{
    const struct fan_notice *notice = sim_program_notice();
    const char *why = outcome == FAN_SIM_FAILED ? sim_program_panic()->message : "";
    ck_assert_msg(outcome == FAN_SIM_FINISHED, "%s: outcome %d: %s", kind->name, (int)outcome, why);
    ck_assert_msg(!notice, "%s: %s", kind->name, notice ? notice->message : "");
}

/* Every schedule, or only the first ones. */
static void see_all(bool without_limit)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint64_t runs = 0;
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, run_pipeline);
        if (outcome != FAN_SIM_ABANDONED)
            finished(outcome);
    } while (fan_strategy_dpor.end(dpor, sim) && (without_limit || ++runs < MOST));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    printf("%s%s, %d elements%s: %llu schedules%s\n", kind->name, alone ? " alone" : "",
           (int)elements, cancelled ? ", cancelled" : "", (unsigned long long)report.classes,
           report.complete ? ", complete" : "");
    fflush(stdout);
    ck_assert(report.complete || !without_limit);
    fan_dpor_free(dpor);
}

static void see_some(void)
{
    for (int grain = 0; grain < 2; grain++) {
        struct fan_random random = {.state = 5};
        struct fan_strategy strategy = {&fan_strategy_random, &random};
        sim_program_grain(grain ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
        for (int i = 0; i < SCHEDULES; i++)
            finished(sim_program_run(&strategy, run_pipeline));
    }
}

/* Two inputs, each with a thread that sends to it, go together in too many ways. */
START_TEST(nothing_is_lost_or_doubled_in_any_schedule)
{
    kind = pipeline_kind(_i);
    for (elements = 1; elements <= 2; elements++)
        if (!kind->executor)
            see_all(elements == 1 && !kind->join);
    elements = 3;
    see_some();
}
END_TEST

/* Alone, it waits for its input, for one who takes more than the first from it, or for its input's
 * end. */
START_TEST(a_cancel_at_any_moment_leaves_nothing_behind)
{
    kind = pipeline_kind(_i);
    cancelled = true;
    alone = !kind->whole;
    for (elements = 0; elements <= 2; elements++)
        if (!kind->executor)
            see_all(alone);
    alone = false;
    elements = 2;
    see_some();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stages");
    int kinds = pipeline_all_kinds();
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, nothing_is_lost_or_doubled_in_any_schedule, 0, kinds);
    tcase_add_loop_test(cases, a_cancel_at_any_moment_leaves_nothing_behind, 0, kinds);
    return suite_run("stages", cases);
}
