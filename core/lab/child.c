#include "lab/child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lab/contain.h"
#include "lab/order.h"

static const struct fan_variant *find_variant(const struct fan_order *order,
                                              const struct fan_scenario *const *scenarios,
                                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < scenarios[i]->variant_count; j++)
            if (strcmp(scenarios[i]->id, order->texts[FAN_ORDER_SCENARIO]) == 0 &&
                strcmp(scenarios[i]->variants[j].name, order->texts[FAN_ORDER_VARIANT]) == 0)
                return &scenarios[i]->variants[j];
    return NULL;
}

/* One line each: id, workers, items, then the variants. */
static int list(const struct fan_scenario *const *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fan_scenario *one = scenarios[i];
        printf("%s %" PRIu64 " %" PRIu64, one->id, one->workers, one->items);
        for (size_t j = 0; j < one->variant_count; j++)
            printf(" %s", one->variants[j].name);
        printf("\n");
    }
    return fflush(stdout) == 0 ? 0 : fan_order_broken("list its scenarios", errno);
}

int fan_child_main(int argc, char **argv, const struct fan_scenario *const *scenarios, size_t count)
{
    struct fan_order order;
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list(scenarios, count);
    int status = fan_order_parse(argc, argv, &order);
    if (status)
        return status;
    const struct fan_variant *variant = find_variant(&order, scenarios, count);
    if (!variant) {
        fprintf(stderr, "fanlab's child: no such scenario or variant, %s\n",
                order.texts[FAN_ORDER_SCENARIO]);
        return FAN_CHILD_USAGE;
    }
    int error = fan_contain_self(&(struct fan_containment){
        .parent = (pid_t)order.numbers[FAN_ORDER_PARENT],
        .memory_bytes = order.numbers[FAN_ORDER_MEMORY],
        .cpu_s = order.numbers[FAN_ORDER_CPU],
    });
    return error ? fan_order_broken("contain itself", error) : fan_order_run(&order, variant);
}
