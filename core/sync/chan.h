#ifndef FAN_SYNC_CHAN_H
#define FAN_SYNC_CHAN_H

#include <stddef.h>
#include <stdint.h>

#include "sync/ctx.h"

/* A channel: a queue through which threads hand elements to each other, first in first out. Go:
 * chan; the nearest thing in POSIX is a queue guarded by a mutex and two conditions.
 *
 * Elements have one size and are copied in and out. A channel holds up to `capacity` of them. With
 * capacity 0 it is unbuffered: a send and a receive meet, and neither returns before the other is
 * there.
 *
 * Closing says that no more will be sent. It wakes everybody; receivers get what is left and then
 * EPIPE. Sending on a closed channel and closing it twice are panics, so closing is the sender's
 * affair, and with several senders that of somebody who knows that all have ended.
 *
 *     struct fan_chan *squares = fan_chan_new("squares", sizeof(int), 4);
 *     fan_go("producer", produce, squares);
 *     int square;
 *     while (fan_chan_recv(squares, &square, NULL) == 0)
 *         total += square;
 *
 * NULL is a channel on which every operation blocks for ever (Go's nil channel), which is of use in
 * a select: a case that is out of the game. */
struct fan_chan;

/* Makes an open, empty channel that belongs to the caller. `name` is copied, for observers; NULL
 * will do. Returns NULL if there is no memory. */
struct fan_chan *fan_chan_new(const char *name, size_t element_size, size_t capacity);

/* Releases a channel. Elements that are left in it are dropped. NULL is accepted. Panics if a
 * thread is blocked on it. Nobody may use it any more, but who has received the last element, or
 * the close, may free it at once: a send or close that is just returning there is waited for. */
void fan_chan_free(struct fan_chan *chan);

/* Sends a copy of *element. Blocks while the channel is full (unbuffered: until a receiver takes
 * it). Errors: ECANCELED, ETIMEDOUT; then nothing was sent. Panics if the channel is or gets
 * closed. */
int fan_chan_send(struct fan_chan *chan, const void *element, struct fan_ctx *ctx);

/* Receives the oldest element into *element, which may be NULL to drop it. Blocks while the channel
 * is empty and open. Errors: EPIPE (closed, and nothing is left), ECANCELED, ETIMEDOUT; then
 * *element is unchanged. */
int fan_chan_recv(struct fan_chan *chan, void *element, struct fan_ctx *ctx);

/* The same, if it is possible at once; EAGAIN otherwise, without blocking. */
int fan_chan_try_send(struct fan_chan *chan, const void *element);
int fan_chan_try_recv(struct fan_chan *chan, void *element);

/* Closes the channel and wakes all that are blocked on it: receivers, and senders, who panic. Does
 * not block. Panics if the channel is closed already, with the place of the first close, or NULL.
 */
void fan_chan_close(struct fan_chan *chan);

/* How many elements are in the buffer (a moment ago), how many fit, and the bytes of one. 0 for
 * NULL. */
size_t fan_chan_length(const struct fan_chan *chan);
size_t fan_chan_capacity(const struct fan_chan *chan);
size_t fan_chan_element_size(const struct fan_chan *chan);

#endif
