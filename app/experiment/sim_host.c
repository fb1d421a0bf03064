/* One run of the random walk: the seed decides which thread goes on at each step, besides what the
 * experiment draws from it. */
#include <errno.h>
#include <string.h>

#include "app/experiment/experiment.h"
#include "base/random.h"
#include "run/sim_backend.h"
#include "run/sim_watch.h"
#include "sim/random.h"
#include "sim/sim.h"

enum {
    STEPS = 12000000, /* more than any experiment takes */
    STACK_BYTES = 128 * 1024,
};

struct job {
    void (*part)(uint64_t seed, FILE *out);
    uint64_t seed;
    FILE *out;
};

static void run(void *argument)
{
    struct job *job = argument;
    job->part(job->seed, job->out);
}

static int run_in(struct fan_sim *sim, struct job *job)
{
    struct fan_random random = {.state = job->seed};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    fan_sim_watch_begin(NULL, sim);
    fan_sim_backend_use(sim, FAN_GRAIN_COARSE);
    enum fan_sim_outcome outcome = fan_sim_run(sim, &strategy, run, job);
    if (outcome == FAN_SIM_FINISHED)
        return 0;
    fprintf(stderr, "the experiment did not come to its end under the scheduler (outcome %d)\n",
            (int)outcome);
    return EIO;
}

int fan_experiment_host(void (*part)(uint64_t seed, FILE *out), uint64_t seed, FILE *out)
{
    struct job job = {part, seed, out};
    struct fan_sim *sim =
        fan_sim_new(&(struct fan_sim_options){.stack_size = STACK_BYTES, .step_limit = STEPS});
    if (!sim) {
        fprintf(stderr, "cannot prepare the scheduler: %s\n", strerror(ENOMEM));
        return ENOMEM;
    }
    int error = run_in(sim, &job);
    fan_sim_free(sim);
    return error;
}

bool fan_experiment_is_sim(void)
{
    return true;
}
