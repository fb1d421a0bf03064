#ifndef FAN_TESTS_SUPPORT_CHANCE_H
#define FAN_TESTS_SUPPORT_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

/* Pearson's chi-square test that `cells` counts come from equal chances. False if so uneven a
 * result has a chance below 1 in 10,000; with a fixed seed the answer is always the same. At most
 * 16 cells. */
bool chance_looks_equal(const size_t *counts, size_t cells);

#endif
