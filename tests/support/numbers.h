#ifndef FAN_TESTS_SUPPORT_NUMBERS_H
#define FAN_TESTS_SUPPORT_NUMBERS_H

#include "flow/group.h"
#include "sync/chan.h"

/* For tests of one stage: an input that is full of numbers and closed, and an output that is read
 * when the stage is done, so that no other thread is needed. */

/* A closed channel with `from`, from + 1, ... as uint64_t, `count` of them. */
struct fan_chan *numbers_from(uint64_t from, size_t count);

/* An open channel that has room for so many. */
struct fan_chan *numbers_room(size_t count);

/* Receives until the channel is closed; returns how many there were, at most `most`. */
size_t numbers_take(struct fan_chan *chan, uint64_t *numbers, size_t most);

/* Fails unless the channel gives exactly these, and then its close. Each list ends with
 * NUMBERS_END. */
#define NUMBERS_END UINT64_MAX
void numbers_must_be(struct fan_chan *chan, const uint64_t *numbers);
#define NUMBERS(...) ((const uint64_t[]){__VA_ARGS__, NUMBERS_END})

#endif
