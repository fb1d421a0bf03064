#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/experiment/experiment.h"
#include "base/number.h"
#include "lab/child.h"
#include "lab/contain.h"

enum { CPU_S = 120 };

static const uint64_t memory_bytes = UINT64_C(4) << 30;

static int contain(uint64_t parent)
{
    int error = fan_contain_self(&(struct fan_containment){
        .parent = (pid_t)parent, .memory_bytes = memory_bytes, .cpu_s = CPU_S});
    if (error)
        fprintf(stderr, "cannot contain itself: %s\n", strerror(error));
    return error;
}

static int run(const struct fan_experiment *experiment, uint64_t seed)
{
    int error = 0;
    for (int i = 0; experiment->parts[i] && !error; i++) {
        fputs(i == 0 ? "{" : ",", stdout);
        error = fan_experiment_host(experiment->parts[i], seed, stdout);
    }
    puts("}");
    return error;
}

int main(int argc, char **argv)
{
    uint64_t seed, parent;
    const struct fan_experiment *experiment = argc == 4 ? fan_experiment_find(argv[1]) : NULL;
    if (!experiment || fan_number_parse(argv[2], 0, UINT64_MAX, &seed) != 0 ||
        fan_number_parse(argv[3], 1, INT32_MAX, &parent) != 0) {
        fprintf(stderr, "this is a helper of 'fanlab experiment'\n");
        return FAN_CHILD_USAGE;
    }
    if (contain(parent) != 0 || run(experiment, seed) != 0)
        return FAN_CHILD_BROKEN;
    return fflush(stdout) == 0 ? 0 : FAN_CHILD_BROKEN;
}
