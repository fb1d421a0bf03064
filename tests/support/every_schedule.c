#include "tests/support/every_schedule.h"

#include "sim/dpor.h"
#include "tests/support/suite.h"

static bool goes_wrong(enum fan_sim_outcome outcome)
{
    return (outcome != FAN_SIM_FINISHED && outcome != FAN_SIM_ABANDONED) || sim_program_notice();
}

uint64_t every_schedule_count_wrong(struct fan_sim *sim, sim_program *program)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint64_t wrong = 0;
    do
        wrong += goes_wrong(sim_program_run(&strategy, program));
    while (fan_strategy_dpor.end(dpor, sim));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    ck_assert(report.complete);
    ck_assert_uint_gt(report.runs, 1);
    fan_dpor_free(dpor);
    return wrong;
}
