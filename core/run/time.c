#include "run/time.h"

#include "run/backend.h"

uint64_t fan_now_ns(void)
{
    return fan_backend_now_ns();
}

uint64_t fan_deadline_after(uint64_t delay_ns)
{
    uint64_t now_ns = fan_backend_now_ns();
    return delay_ns < UINT64_MAX - now_ns ? now_ns + delay_ns : UINT64_MAX;
}
