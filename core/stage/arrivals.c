#include "stage/arrivals.h"

#include <errno.h>
#include <stdlib.h>

int fan_arrivals_init(struct fan_arrivals *arrivals, size_t held)
{
    *arrivals = (struct fan_arrivals){.room = 2 * held};
    arrivals->list = calloc(held, 2 * sizeof *arrivals->list);
    return arrivals->list ? 0 : ENOMEM;
}

void fan_arrivals_destroy(struct fan_arrivals *arrivals)
{
    free(arrivals->list);
}

static struct fan_arrival *at(const struct fan_arrivals *arrivals, size_t i)
{
    return &arrivals->list[(arrivals->first + i) % arrivals->room];
}

/* At least half of a full list is of no use, so that this costs each arrival two steps at most. */
static void forget(struct fan_arrivals *arrivals, uint64_t next)
{
    size_t kept = 0;
    for (size_t i = 0; i < arrivals->count; i++)
        if (at(arrivals, i)->number >= next)
            *at(arrivals, kept++) = *at(arrivals, i);
    arrivals->count = kept;
}

void fan_arrivals_add(struct fan_arrivals *arrivals, uint64_t next, struct fan_arrival arrival)
{
    if (arrivals->count == arrivals->room)
        forget(arrivals, next);
    *at(arrivals, arrivals->count++) = arrival;
}

bool fan_arrivals_oldest(struct fan_arrivals *arrivals, uint64_t next, struct fan_arrival *oldest)
{
    while (arrivals->count > 0 && at(arrivals, 0)->number < next) {
        arrivals->first = (arrivals->first + 1) % arrivals->room;
        arrivals->count--;
    }
    if (arrivals->count == 0)
        return false;
    *oldest = *at(arrivals, 0);
    return true;
}
