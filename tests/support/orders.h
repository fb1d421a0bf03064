#ifndef FAN_TESTS_SUPPORT_ORDERS_H
#define FAN_TESTS_SUPPORT_ORDERS_H

#include <stdint.h>

#include "sim/strategy.h"

/* The strategy that goes through every order, depth first, and leaves nothing out: what cleverer
 * ones are held against. Its state is a struct orders; `depth` 0 begins. */
enum { ORDERS_CHOICES = 128 };

struct orders {
    uint32_t depth, passed;
    struct {
        uint32_t chosen, count;
    } choices[ORDERS_CHOICES];
};

extern const struct fan_strategy_kind orders_strategy;

#endif
