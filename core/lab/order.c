#define _GNU_SOURCE
#include "lab/order.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "lab/child.h"
#include "sim/frontier.h"

static const struct option names[] = {
    {"seed", required_argument, NULL, FAN_ORDER_SEED},
    {"workers", required_argument, NULL, FAN_ORDER_WORKERS},
    {"items", required_argument, NULL, FAN_ORDER_ITEMS},
    {"pace", required_argument, NULL, FAN_ORDER_PACE},
    {"budget", required_argument, NULL, FAN_ORDER_BUDGET},
    {"memory", required_argument, NULL, FAN_ORDER_MEMORY},
    {"cpu", required_argument, NULL, FAN_ORDER_CPU},
    {"segment", required_argument, NULL, FAN_ORDER_SEGMENT},
    {"parent", required_argument, NULL, FAN_ORDER_PARENT},
    {"schedules", required_argument, NULL, FAN_ORDER_SCHEDULES},
    {"bound", required_argument, NULL, FAN_ORDER_BOUND},
    {"exploration", required_argument, NULL, FAN_ORDER_EXPLORATION},
    {"walk", required_argument, NULL, FAN_ORDER_WALK},
    {"shown", required_argument, NULL, FAN_ORDER_SHOWN},
    {"fine", required_argument, NULL, FAN_ORDER_FINE},
    {"pass-marks", required_argument, NULL, FAN_ORDER_PASS_MARKS},
    {"frontier", required_argument, NULL, FAN_ORDER_FRONTIER},
    {"place", required_argument, NULL, FAN_ORDER_PLACE},
    {"places", required_argument, NULL, FAN_ORDER_PLACES},
    {"stop", required_argument, NULL, FAN_ORDER_STOP},
    {"scenario", required_argument, NULL, FAN_ORDER_SCENARIO},
    {"variant", required_argument, NULL, FAN_ORDER_VARIANT},
    {"strategy", required_argument, NULL, FAN_ORDER_STRATEGY},
    {"schedule", required_argument, NULL, FAN_ORDER_SCHEDULE},
    {0},
};

static const struct {
    uint64_t low, high;
} ranges[FAN_ORDER_NUMBERS] = {
    [FAN_ORDER_SEED] = {0, UINT64_MAX},
    [FAN_ORDER_WORKERS] = {1, UINT32_MAX},
    [FAN_ORDER_ITEMS] = {0, UINT32_MAX},
    [FAN_ORDER_PACE] = {0, UINT32_MAX},
    [FAN_ORDER_BUDGET] = {1, UINT32_MAX},
    [FAN_ORDER_MEMORY] = {1, UINT64_MAX},
    [FAN_ORDER_CPU] = {1, UINT32_MAX},
    [FAN_ORDER_SEGMENT] = {0, INT32_MAX},
    [FAN_ORDER_PARENT] = {1, INT32_MAX},
    [FAN_ORDER_SCHEDULES] = {1, UINT64_MAX},
    [FAN_ORDER_BOUND] = {0, UINT32_MAX},
    [FAN_ORDER_EXPLORATION] = {0, INT32_MAX},
    [FAN_ORDER_WALK] = {0, UINT64_MAX},
    [FAN_ORDER_SHOWN] = {0, 1},
    [FAN_ORDER_FINE] = {0, 1},
    [FAN_ORDER_PASS_MARKS] = {0, 1},
    [FAN_ORDER_FRONTIER] = {0, INT32_MAX},
    [FAN_ORDER_PLACE] = {0, FAN_FRONTIER_PLACES - 1},
    [FAN_ORDER_PLACES] = {1, FAN_FRONTIER_PLACES},
    [FAN_ORDER_STOP] = {0, UINT32_MAX},
};

static int refuse(const char *what, const char *which)
{
    fprintf(stderr, "fanlab's child: %s%s\n", what, which);
    return FAN_CHILD_USAGE;
}

static bool may_be_left_out(int parameter)
{
    return (parameter >= FAN_ORDER_SCHEDULES && parameter < FAN_ORDER_NUMBERS) ||
           parameter == FAN_ORDER_STRATEGY || parameter == FAN_ORDER_SCHEDULE;
}

static int parse_numbers(struct fan_order *order)
{
    for (int i = 0; i < FAN_ORDER_PARAMETERS; i++) {
        if (!order->texts[i] && may_be_left_out(i))
            continue;
        if (!order->texts[i])
            return refuse("it needs --", names[i].name);
        if (i < FAN_ORDER_NUMBERS && fan_number_parse(order->texts[i], ranges[i].low,
                                                      ranges[i].high, &order->numbers[i]) != 0)
            return refuse("a bad number for --", names[i].name);
    }
    return 0;
}

int fan_order_parse(int argc, char **argv, struct fan_order *order)
{
    int parameter;
    memset(order, 0, sizeof *order);
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

struct fan_lab fan_order_lab(const struct fan_order *order)
{
    return (struct fan_lab){
        .workers = order->numbers[FAN_ORDER_WORKERS],
        .items = order->numbers[FAN_ORDER_ITEMS],
        .seed = order->numbers[FAN_ORDER_SEED],
        .pace_ns = order->numbers[FAN_ORDER_PACE],
    };
}

int fan_order_broken(const char *step, int error)
{
    fprintf(stderr, "fanlab's child: cannot %s: %s\n", step, strerror(error));
    return FAN_CHILD_BROKEN;
}
