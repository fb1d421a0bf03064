#include "lab/child.h"

#include <stdio.h>
#include <string.h>

#include "lab/contain.h"
#include "lab/listing.h"
#include "lab/order.h"

/* The order is for the scenario's contract as well. */
static const struct fan_variant *
find_variant(struct fan_order *order, const struct fan_scenario *const *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < scenarios[i]->variant_count; j++)
            if (strcmp(scenarios[i]->id, order->texts[FAN_ORDER_SCENARIO]) == 0 &&
                strcmp(scenarios[i]->variants[j].name, order->texts[FAN_ORDER_VARIANT]) == 0) {
                order->contract = &scenarios[i]->contract;
                return &scenarios[i]->variants[j];
            }
    return NULL;
}

int fan_child_main(int argc, char **argv, const struct fan_scenario *const *scenarios, size_t count)
{
    struct fan_order order;
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return fan_listing_print(scenarios, count);
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
