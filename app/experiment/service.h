#ifndef FAN_APP_EXPERIMENT_SERVICE_H
#define FAN_APP_EXPERIMENT_SERVICE_H

#include <stdint.h>

#include "sync/ctx.h"
#include "sync/semaphore.h"

/* A service downstream, simulated: so many servers, each with one request at a time, and one queue
 * before them, first come, first served. How long a request takes is drawn by its number and the
 * seed, whenever and wherever it runs. */
struct fan_service_times {
    uint64_t base_ns;    /* most take that long, 40 % more or less */
    unsigned slow_each;  /* one in so many takes */
    uint64_t slow_ns;    /* that long instead */
    unsigned worst_each; /* and one in so many */
    uint64_t worst_ns;   /* that; each 0 = none */
};

struct fan_service {
    struct fan_semaphore servers;
    struct fan_service_times times;
    uint64_t seed;
};

void fan_service_init(struct fan_service *service, unsigned servers,
                      const struct fan_service_times *times, uint64_t seed);
void fan_service_destroy(struct fan_service *service);

/* How long the `attempt`-th request with this number takes. */
uint64_t fan_service_time_ns(const struct fan_service *service, uint64_t number, unsigned attempt);

/* Sends that request, and blocks until it is answered. Errors: ECANCELED, ETIMEDOUT; the server is
 * free then. */
int fan_service_call(struct fan_service *service, uint64_t number, unsigned attempt,
                     struct fan_ctx *ctx);

#endif
