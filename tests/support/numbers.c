#include "tests/support/numbers.h"

#include <check.h>
#include <errno.h>

struct fan_chan *numbers_room(size_t count)
{
    struct fan_chan *chan = fan_chan_new("numbers", sizeof(uint64_t), count);
    ck_assert_ptr_nonnull(chan);
    return chan;
}

struct fan_chan *numbers_from(uint64_t from, size_t count)
{
    struct fan_chan *chan = numbers_room(count);
    for (uint64_t i = from; i < from + count; i++)
        fan_chan_send(chan, &i, NULL);
    fan_chan_close(chan);
    return chan;
}

size_t numbers_take(struct fan_chan *chan, uint64_t *numbers, size_t most)
{
    size_t count = 0;
    while (count < most && fan_chan_recv(chan, &numbers[count], NULL) == 0)
        count++;
    return count;
}

void numbers_must_be(struct fan_chan *chan, const uint64_t *numbers)
{
    uint64_t number = 0;
    for (; *numbers != NUMBERS_END; numbers++) {
        ck_assert_int_eq(fan_chan_recv(chan, &number, NULL), 0);
        ck_assert_uint_eq(number, *numbers);
    }
    ck_assert_int_eq(fan_chan_recv(chan, &number, NULL), EPIPE);
}
