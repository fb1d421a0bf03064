#include "app/experiment/experiment.h"

#include "run/thread.h"

int fan_experiment_host(void (*part)(uint64_t seed, FILE *out), uint64_t seed, FILE *out)
{
    fan_thread_adopt("main");
    part(seed, out);
    fan_thread_wait_all();
    return 0;
}

bool fan_experiment_is_sim(void)
{
    return false;
}
