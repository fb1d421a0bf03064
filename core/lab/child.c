#define _GNU_SOURCE
#include "lab/child.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "lab/contain.h"
#include "lab/crash.h"
#include "lab/scenario_state.h"
#include "run/thread.h"
#include "watch/publish.h"

enum parameter {
    SEED,
    WORKERS,
    ITEMS,
    PACE,
    BUDGET,
    MEMORY,
    CPU,
    SEGMENT,
    PARENT,
    NUMBERS,
    SCENARIO = NUMBERS,
    VARIANT,
    PARAMETERS
};

static const struct option names[] = {
    {"seed", required_argument, NULL, SEED},       {"workers", required_argument, NULL, WORKERS},
    {"items", required_argument, NULL, ITEMS},     {"pace", required_argument, NULL, PACE},
    {"budget", required_argument, NULL, BUDGET},   {"memory", required_argument, NULL, MEMORY},
    {"cpu", required_argument, NULL, CPU},         {"segment", required_argument, NULL, SEGMENT},
    {"parent", required_argument, NULL, PARENT},   {"scenario", required_argument, NULL, SCENARIO},
    {"variant", required_argument, NULL, VARIANT}, {0},
};

static const struct {
    uint64_t low, high;
} ranges[NUMBERS] = {
    [SEED] = {0, UINT64_MAX}, [WORKERS] = {1, UINT32_MAX}, [ITEMS] = {0, UINT32_MAX},
    [PACE] = {0, UINT32_MAX}, [BUDGET] = {1, UINT32_MAX},  [MEMORY] = {1, UINT64_MAX},
    [CPU] = {1, UINT32_MAX},  [SEGMENT] = {0, INT32_MAX},  [PARENT] = {1, INT32_MAX},
};

struct order {
    uint64_t numbers[NUMBERS];
    const char *texts[PARAMETERS]; /* as given */
};

static int refuse(const char *what, const char *which)
{
    fprintf(stderr, "fanlab's child: %s%s\n", what, which);
    return FAN_CHILD_USAGE;
}

static int parse_numbers(struct order *order)
{
    for (int i = 0; i < PARAMETERS; i++) {
        if (!order->texts[i])
            return refuse("it needs --", names[i].name);
        if (i < NUMBERS && fan_number_parse(order->texts[i], ranges[i].low, ranges[i].high,
                                            &order->numbers[i]) != 0)
            return refuse("a bad number for --", names[i].name);
    }
    return 0;
}

static int parse(int argc, char **argv, struct order *order)
{
    int parameter;
    opterr = 0;
    while ((parameter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (parameter == '?')
            return refuse("an unknown parameter, ", argv[optind - 1]);
        order->texts[parameter] = optarg;
    }
    if (optind != argc)
        return refuse("an unknown parameter, ", argv[optind]);
    return parse_numbers(order);
}

static const struct fan_variant *
find_variant(const struct order *order, const struct fan_scenario *const *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < scenarios[i]->variant_count; j++)
            if (strcmp(scenarios[i]->id, order->texts[SCENARIO]) == 0 &&
                strcmp(scenarios[i]->variants[j].name, order->texts[VARIANT]) == 0)
                return &scenarios[i]->variants[j];
    return NULL;
}

static int prepare(const struct order *order)
{
    const char *step = "contain itself";
    int error = fan_contain_self(&(struct fan_containment){
        .parent = (pid_t)order->numbers[PARENT],
        .memory_bytes = order->numbers[MEMORY],
        .cpu_s = order->numbers[CPU],
    });
    if (!error) {
        step = "publish its telemetry";
        error = fan_watch_publish((int)order->numbers[SEGMENT]);
    }
    if (!error) {
        step = "listen for crashes";
        error = fan_crash_install();
    }
    if (error) {
        fprintf(stderr, "fanlab's child: cannot %s: %s\n", step, strerror(error));
        return FAN_CHILD_BROKEN;
    }
    fan_thread_set_budget(order->numbers[BUDGET]);
    fan_watch_expect(order->numbers[ITEMS], order->numbers[WORKERS]);
    return 0;
}

/* The main thread retires before it waits: it would otherwise be shown as a running thread, and a
 * program that is stuck in all others would never be called stuck. */
static void run(const struct fan_variant *variant, struct fan_lab *lab)
{
    fan_watch_phase(FAN_PHASE_RUNNING);
    variant->run(lab);
    fan_watch_phase(FAN_PHASE_RETURNED);
    fan_thread_retire();
    fan_thread_wait_all();
    fan_watch_phase(FAN_PHASE_ENDED);
    fan_watch_freeze();
    fan_lab_release(lab);
}

int fan_child_main(int argc, char **argv, const struct fan_scenario *const *scenarios, size_t count)
{
    struct order order = {0};
    int error = parse(argc, argv, &order);
    if (error)
        return error;
    const struct fan_variant *variant = find_variant(&order, scenarios, count);
    if (!variant)
        return refuse("no such scenario or variant, ", order.texts[SCENARIO]);
    error = prepare(&order);
    if (error)
        return error;
    struct fan_lab lab = {
        .workers = order.numbers[WORKERS],
        .items = order.numbers[ITEMS],
        .seed = order.numbers[SEED],
        .pace_ns = order.numbers[PACE],
    };
    run(variant, &lab);
    return 0;
}
