#include "tests/support/fan_in.h"

#include <check.h>

#include "run/thread.h"

void fan_in_make(struct fan_chan **inputs, size_t count, struct fan_chan **output, size_t capacity)
{
    for (size_t i = 0; i < count; i++)
        inputs[i] = fan_chan_new("input", sizeof(uint64_t), capacity);
    *output = fan_chan_new("output", sizeof(uint64_t), capacity);
}

void fan_in_end(struct fan_group *pipe, struct fan_chan **inputs, size_t count,
                struct fan_chan *output)
{
    fan_group_destroy(pipe);
    for (size_t i = 0; i < count; i++)
        fan_chan_free(inputs[i]);
    fan_chan_free(output);
    fan_thread_wait_all();
    ck_assert_uint_eq(fan_thread_count(), 0);
}
