#ifndef FAN_STAGE_SPLIT_H
#define FAN_STAGE_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"
#include "sync/select.h"

/* Split: hands each element to one of several outputs: fan-out, where those that work on them are
 * to have a channel each.
 *
 *     fan_split_go(&pipe, orders, desks, DESKS,
 *                  &(struct fan_split_options){.by = FAN_SPLIT_BY_KEY, .key = customer});
 *
 * Of the rules only the last lets nobody wait for another: with the first two one full output holds
 * up all the others (head-of-line blocking), which is the price of the even share, or of the rule
 * that all elements of one key take the same way, in their order. */
enum fan_split_rule {
    FAN_SPLIT_IN_TURN, /* to one output after the other: round robin */
    FAN_SPLIT_BY_KEY,  /* to output number key(element) % count */
    FAN_SPLIT_READY,   /* to one that has room or a receiver who waits; by chance, of several */
};

struct fan_split_options {
    enum fan_split_rule by;
    /* An index, or a hash that is evenly spread in its low digits. Called by one thread. */
    uint64_t (*key)(void *argument, const void *element);
    void *argument;
};

/* Starts it from `input` to `count` outputs, which have elements of its size; the array is copied.
 * NULL options are in turn. Errors: EINVAL (a count of 0 or above FAN_SELECT_CASES, different
 * sizes, no key), and those of all stages. */
int fan_split_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *const *outputs,
                 size_t count, const struct fan_split_options *options);

#endif
