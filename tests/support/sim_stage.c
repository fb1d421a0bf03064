#include "tests/support/sim_stage.h"

#include <errno.h>
#include <string.h>

#include "run/thread.h"
#include "sim/dpor.h"
#include "tests/support/feeder.h"
#include "tests/support/suite.h"

void sim_stage_begin(struct sim_stage *stage, size_t capacity, size_t output_capacity)
{
    memset(stage, 0, sizeof *stage);
    sim_program_must(fan_group_init(&stage->pipe, &(struct fan_group_options){0}) == 0);
    for (int i = 0; i < 3; i++)
        stage->inputs[i] = fan_chan_new("input", sizeof(uint64_t), capacity);
    stage->output = fan_chan_new("output", sizeof(uint64_t), output_capacity);
}

void sim_stage_feed(struct sim_stage *stage, size_t input, uint64_t from, uint64_t to)
{
    struct feeder feeder = {.output = stage->inputs[input], .from = from, .to = to};
    sim_program_must(feeder_go(&stage->pipe, &feeder) == 0);
}

void sim_stage_fill(struct sim_stage *stage, size_t input, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        sim_program_must(fan_chan_try_send(stage->inputs[input], &i) == 0);
    fan_chan_close(stage->inputs[input]);
}

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

void sim_stage_cancel(struct sim_stage *stage)
{
    int error = fan_thread_spawn(NULL, cancel, &stage->pipe.ctx, &stage->canceller);
    sim_program_must(error == 0);
}

void sim_stage_end(struct sim_stage *stage, int error)
{
    fan_thread_join(stage->canceller);
    int got = fan_group_wait(&stage->pipe);
    sim_program_must(stage->canceller ? got == 0 || got == ECANCELED : got == error);
    sim_program_must(fan_chan_recv(stage->output, NULL, NULL) == EPIPE);
    fan_group_destroy(&stage->pipe);
    for (int i = 0; i < 3; i++)
        fan_chan_free(stage->inputs[i]);
    fan_chan_free(stage->output);
}

static void go_through_all(struct fan_sim *sim, sim_program *program, struct fan_dpor *dpor)
{
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, program);
        const struct fan_notice *notice = sim_program_notice();
        ck_assert_msg(outcome != FAN_SIM_STUCK, "run %llu is stuck",
                      (unsigned long long)fan_dpor_report(dpor).runs);
        ck_assert_msg(outcome != FAN_SIM_FAILED, "run %llu fails: %s",
                      (unsigned long long)fan_dpor_report(dpor).runs, sim_program_panic()->message);
        ck_assert_msg(!notice, "%s", notice ? notice->message : "");
    } while (fan_strategy_dpor.end(dpor, sim));
}

uint64_t sim_stage_explore(struct fan_sim *sim, sim_program *program)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    go_through_all(sim, program, dpor);
    struct fan_dpor_report report = fan_dpor_report(dpor);
    ck_assert_msg(report.complete, "not all of it was seen");
    fan_dpor_free(dpor);
    return report.finished;
}
