#ifndef FAN_FLOW_BLOCK_H
#define FAN_FLOW_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* A block: memory for a structure and for what belongs to it, each part on cache lines of its own,
 * so that a thread that writes to one disturbs none that reads another.
 *
 *     size_t total = 0, head, values;
 *     if (fan_block_add(&total, 1, sizeof(struct head), &head) &&
 *         fan_block_add(&total, count, value_size, &values))
 *         block = fan_block_new(total);
 *
 * The first part begins at 0. */

enum { FAN_BLOCK_LINE = 64 /* bytes of a cache line */ };

/* Adds room for `count` elements of `size` bytes, and tells where it begins. Returns false if so
 * much cannot be. */
bool fan_block_add(size_t *total, size_t count, size_t size, size_t *begin);

/* A block of that many bytes, undefined ones, at the beginning of a cache line. free() gives it
 * back. NULL: no memory. */
void *fan_block_new(size_t total);

#endif
