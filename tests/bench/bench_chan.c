/* The channel and select cases, on the library. */
#include "tests/bench/measure.h"

#include "run/thread.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "watch/publish.h"

#include <errno.h>
#include <stdlib.h>

struct part {
    struct fan_chan *chan;
    struct fan_chan *other; /* of a select: the second channel */
    struct fan_thread *thread;
    uint64_t first;
    uint64_t step;
    uint64_t end;
    uint64_t sum;
};

static void send_part(void *argument)
{
    struct part *part = argument;
    for (uint64_t value = part->first; value < part->end; value += part->step)
        fan_chan_send(part->chan, &value, NULL);
}

static void send_part_and_close(void *argument)
{
    struct part *part = argument;
    send_part(part);
    fan_chan_close(part->chan);
}

static void receive_part(void *argument)
{
    struct part *part = argument;
    uint64_t value, sum = 0;
    while (fan_chan_recv(part->chan, &value, NULL) == 0)
        sum += value;
    part->sum = sum;
}

static void receive_from_both(void *argument)
{
    struct part *part = argument;
    uint64_t a, b, sum = 0;
    struct fan_select_case cases[] = {FAN_RECV(part->chan, &a), FAN_RECV(part->other, &b)};
    size_t chosen;
    while (cases[0].chan || cases[1].chan) {
        bench_must(fan_select(cases, 2, NULL, &chosen), "fan_select");
        if (cases[chosen].result == EPIPE)
            cases[chosen].chan = NULL;
        else
            sum += chosen == 0 ? a : b;
    }
    part->sum = sum;
}

static void start(struct part *part, void (*run)(void *))
{
    bench_must(fan_thread_spawn(NULL, run, part, &part->thread), "fan_thread_spawn");
}

static struct fan_chan *new_channel(const struct bench_run *run)
{
    struct fan_chan *chan = fan_chan_new("bench", sizeof(uint64_t), run->which->capacity);
    bench_must(chan ? 0 : ENOMEM, "fan_chan_new");
    return chan;
}

static uint64_t run_shared(const struct bench_run *run)
{
    const struct bench_case *which = run->which;
    struct fan_chan *shared = new_channel(run);
    struct part senders[2], receivers[2];
    uint64_t sum = 0;
    for (int i = 0; i < which->receivers; i++) {
        receivers[i] = (struct part){.chan = shared};
        start(&receivers[i], receive_part);
    }
    for (int i = 0; i < which->senders; i++) {
        senders[i] = (struct part){.chan = shared,
                                   .first = (uint64_t)i,
                                   .step = (uint64_t)which->senders,
                                   .end = run->count};
        start(&senders[i], send_part);
    }
    for (int i = 0; i < which->senders; i++)
        fan_thread_join(senders[i].thread);
    fan_chan_close(shared);
    for (int i = 0; i < which->receivers; i++) {
        fan_thread_join(receivers[i].thread);
        sum += receivers[i].sum;
    }
    fan_chan_free(shared);
    return sum;
}

static uint64_t run_select(const struct bench_run *run)
{
    struct fan_chan *a = new_channel(run), *b = new_channel(run);
    struct part receiver = {.chan = a, .other = b};
    struct part senders[2] = {
        {.chan = a, .first = 0, .step = 2, .end = run->count},
        {.chan = b, .first = 1, .step = 2, .end = run->count},
    };
    start(&receiver, receive_from_both);
    for (int i = 0; i < 2; i++)
        start(&senders[i], send_part_and_close);
    for (int i = 0; i < 2; i++)
        fan_thread_join(senders[i].thread);
    fan_thread_join(receiver.thread);
    fan_chan_free(a);
    fan_chan_free(b);
    return receiver.sum;
}

int main(int argc, char **argv)
{
    struct bench_run run = bench_begin(argc, argv);
    if (run.telemetry)
        bench_must(fan_watch_start(), "fan_watch_start");
    bench_end(&run, run.which->way == BENCH_SELECT ? run_select(&run) : run_shared(&run));
    return 0;
}
