#include "app/experiment/service.h"

#include "base/random.h"
#include "sync/timer.h"

void fan_service_init(struct fan_service *service, unsigned servers,
                      const struct fan_service_times *times, uint64_t seed)
{
    fan_semaphore_init(&service->servers, "servers", servers);
    service->times = *times;
    service->seed = seed;
}

void fan_service_destroy(struct fan_service *service)
{
    fan_semaphore_destroy(&service->servers);
}

uint64_t fan_service_time_ns(const struct fan_service *service, uint64_t number, unsigned attempt)
{
    const struct fan_service_times *times = &service->times;
    struct fan_random mix = {.state = service->seed};
    struct fan_random random = {.state = fan_random_next(&mix) ^ (number << 8) ^ attempt};
    fan_random_next(&random);
    if (times->worst_each && fan_random_below(&random, times->worst_each) == 0)
        return times->worst_ns;
    if (times->slow_each && fan_random_below(&random, times->slow_each) == 0)
        return times->slow_ns;
    return times->base_ns * 6 / 10 + fan_random_below(&random, times->base_ns * 8 / 10);
}

int fan_service_call(struct fan_service *service, uint64_t number, unsigned attempt,
                     struct fan_ctx *ctx)
{
    int error = fan_semaphore_acquire(&service->servers, 1, ctx);
    if (error)
        return error;
    error = fan_sleep(fan_service_time_ns(service, number, attempt), ctx);
    fan_semaphore_release(&service->servers, 1);
    return error;
}
