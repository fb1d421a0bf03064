#include "flow/token.h"

#include "flow/async.h"

void fan_token_complete(struct fan_token token, int error)
{
    if (fan_flight_completed(token, error))
        fan_async_land(token.flight);
}

struct fan_ctx *fan_token_ctx(struct fan_token token)
{
    return token.flight->pass.inner;
}
