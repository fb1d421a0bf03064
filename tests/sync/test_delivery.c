/* Many senders and receivers: every element arrives, once, and in its sender's order. */
#include <errno.h>
#include <stdlib.h>

#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "sync/waitgroup.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static const size_t capacities[] = {0, 1, 2, 7, 1024};
enum { CAPACITIES = 5, SHAPES = 4, MODES = 3, MOST = 4, ELEMENTS = 2400 };

enum mode {
    PLAIN,
    SELECTING, /* over two channels */
    IMPATIENT, /* with deadlines that often pass */
};

struct delivery {
    enum mode mode;
    int senders, receivers, each; /* elements a sender sends */
    struct fan_chan *chans[2];
    struct fan_waitgroup sending;
    unsigned char *arrivals; /* atomic; of element n of sender s at s * each + n */
};

struct party {
    struct delivery *delivery;
    int number;
    struct fan_thread *thread;
};

struct element {
    int sender, number;
};

static struct delivery begin(int i)
{
    static const int shapes[SHAPES][2] = {{1, 1}, {1, MOST}, {MOST, 1}, {MOST, MOST}};
    size_t capacity = capacities[i % CAPACITIES];
    struct delivery delivery = {.mode = (enum mode)(i / CAPACITIES / SHAPES),
                                .senders = shapes[i / CAPACITIES % SHAPES][0],
                                .receivers = shapes[i / CAPACITIES % SHAPES][1]};
    delivery.each = ELEMENTS / delivery.senders;
    delivery.arrivals = calloc(ELEMENTS, 1);
    for (int c = 0; c < 2; c++)
        delivery.chans[c] = fan_chan_new("chan", sizeof(struct element), capacity);
    return delivery;
}

static void init_brief(struct fan_ctx *ctx, int turn)
{
    uint64_t patience_ns = (uint64_t)(turn % 4) * FAN_MICROSECOND;
    fan_ctx_init(ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(patience_ns)});
}

static int send_impatiently(struct fan_chan *chan, const struct element *element)
{
    int error, turn = element->number;
    do {
        struct fan_ctx ctx;
        init_brief(&ctx, turn++);
        error = fan_chan_send(chan, element, turn % 8 ? &ctx : NULL);
        fan_ctx_destroy(&ctx);
    } while (error == ETIMEDOUT);
    return error;
}

static int receive_impatiently(struct fan_chan *chan, struct element *element)
{
    int error, turn = 0;
    do {
        struct fan_ctx ctx;
        init_brief(&ctx, turn++);
        error = fan_chan_recv(chan, element, turn % 8 ? &ctx : NULL);
        fan_ctx_destroy(&ctx);
    } while (error == ETIMEDOUT);
    return error;
}

static void send_one(struct delivery *delivery, const struct element *element)
{
    size_t chosen;
    struct fan_select_case cases[] = {FAN_SEND(delivery->chans[0], element),
                                      FAN_SEND(delivery->chans[1], element)};
    if (delivery->mode == PLAIN)
        ASSERT_OFTEN(fan_chan_send(delivery->chans[0], element, NULL) == 0);
    else if (delivery->mode == SELECTING)
        ASSERT_OFTEN(fan_select(cases, 2, NULL, &chosen) == 0);
    else
        ASSERT_OFTEN(send_impatiently(delivery->chans[0], element) == 0);
}

static void send_all(void *argument)
{
    struct party *sender = argument;
    struct element element = {.sender = sender->number};
    for (; element.number < sender->delivery->each; element.number++)
        send_one(sender->delivery, &element);
    fan_waitgroup_done(&sender->delivery->sending);
}

/* Receives from the channels that are not NULL, and makes NULL what is closed; returns false when
 * none is left. */
static bool receive_selecting(struct fan_chan **chans, struct element *element, size_t *from)
{
    while (chans[0] || chans[1]) {
        struct fan_select_case cases[] = {FAN_RECV(chans[0], element), FAN_RECV(chans[1], element)};
        ASSERT_OFTEN(fan_select(cases, 2, NULL, from) == 0);
        if (cases[*from].result == 0)
            return true;
        ASSERT_OFTEN(cases[*from].result == EPIPE);
        chans[*from] = NULL;
    }
    return false;
}

static bool receive_one(struct delivery *delivery, struct fan_chan **chans, struct element *element,
                        size_t *from)
{
    *from = 0;
    if (delivery->mode == SELECTING)
        return receive_selecting(chans, element, from);
    int error = delivery->mode == PLAIN ? fan_chan_recv(chans[0], element, NULL)
                                        : receive_impatiently(chans[0], element);
    ASSERT_OFTEN(error == 0 || error == EPIPE);
    return error == 0;
}

static void receive_all(void *argument)
{
    struct delivery *delivery = ((struct party *)argument)->delivery;
    struct fan_chan *chans[2] = {delivery->chans[0], delivery->chans[1]};
    int next[2][MOST] = {{0}};
    struct element element;
    size_t from;
    while (receive_one(delivery, chans, &element, &from)) {
        ASSERT_OFTEN(element.number >= next[from][element.sender]);
        next[from][element.sender] = element.number + 1;
        __atomic_fetch_add(&delivery->arrivals[element.sender * delivery->each + element.number], 1,
                           __ATOMIC_RELAXED);
    }
}

static void start(struct party *parties, int count, struct delivery *delivery, void (*run)(void *))
{
    for (int i = 0; i < count; i++) {
        parties[i] = (struct party){.delivery = delivery, .number = i};
        parties[i].thread = watch_spawn("party", run, &parties[i]);
    }
}

static void join(struct party *parties, int count)
{
    for (int i = 0; i < count; i++)
        fan_thread_join(parties[i].thread);
}

static void check_and_end(struct delivery *delivery)
{
    for (int i = 0; i < ELEMENTS; i++)
        if (delivery->arrivals[i] != 1)
            ck_abort_msg("element %d arrived %d times", i, delivery->arrivals[i]);
    fan_chan_free(delivery->chans[0]);
    fan_chan_free(delivery->chans[1]);
    free(delivery->arrivals);
}

START_TEST(every_element_arrives_once_and_in_its_senders_order)
{
    struct delivery delivery = begin(_i);
    struct party senders[MOST] = {{0}}, receivers[MOST] = {{0}};
    fan_waitgroup_add(&delivery.sending, delivery.senders);
    start(receivers, delivery.receivers, &delivery, receive_all);
    start(senders, delivery.senders, &delivery, send_all);
    ck_assert_int_eq(fan_waitgroup_wait(&delivery.sending, NULL), 0);
    fan_chan_close(delivery.chans[0]);
    fan_chan_close(delivery.chans[1]);
    join(senders, delivery.senders);
    join(receivers, delivery.receivers);
    check_and_end(&delivery);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("delivery");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_loop_test(cases, every_element_arrives_once_and_in_its_senders_order, 0,
                        CAPACITIES * SHAPES * MODES);
    return suite_run("delivery", cases);
}
