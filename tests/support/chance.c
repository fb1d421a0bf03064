#include "chance.h"

/* The chi-square distribution's 99.99 % quantiles, by degrees of freedom. */
static const double limits[] = {0,     15.14, 18.42, 21.11, 23.51, 25.74, 27.86, 29.88,
                                31.83, 33.72, 35.56, 37.37, 39.13, 40.87, 42.58, 44.26};

bool chance_looks_equal(const size_t *counts, size_t cells)
{
    if (cells == 0 || cells > sizeof limits / sizeof limits[0])
        return false;
    double total = 0, distance = 0;
    for (size_t i = 0; i < cells; i++)
        total += (double)counts[i];
    double expected = total / (double)cells;
    for (size_t i = 0; i < cells; i++)
        distance += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return distance <= limits[cells - 1];
}
