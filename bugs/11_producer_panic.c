/* 11 producer panic
 *
 * Symptom    One bad request fails, as it should. But with each of them the server has more
 *            threads.
 * Cause      The producer panics on a bad item, past the line that closes the input. A scope around
 *            the request catches the panic, and so the program goes on; the workers of that request
 *            wait for a next item that nobody will send.
 * Schedule   Any. With a bad item in the request, every order of steps leaves all its workers.
 * Fix        One way out: what may panic runs in a scope of its own, and the input is closed
 *            whichever way that ended; then the panic goes on. (Go: defer.)
 */
#include <fan/fan.h>

struct request {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_waitgroup working;
    uint64_t bad; /* this item is */
};

static void send_item(struct request *request, uint64_t item)
{
    if (item == request->bad)
        fan_panic("item %d cannot be read", (int)item);
    fan_chan_send(request->in, &item, NULL);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void produce_buggy(void *argument)
{
    struct request *request = argument;
    for (uint64_t item = 0; item < fan_lab_items(request->lab); item++)
        send_item(request, item);
    fan_chan_close(request->in);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void send_all(void *argument)
{
    struct request *request = argument;
    for (uint64_t item = 0; item < fan_lab_items(request->lab); item++)
        send_item(request, item);
}

static void produce_fixed(void *argument)
{
    struct request *request = argument;
    struct fan_panic panic;
    bool sent = fan_recover(send_all, request, &panic);
    fan_chan_close(request->in);
    if (!sent)
        fan_panic_again(&panic);
}

/* ---- scenario ------------------------------------------------------------------------------- */

static void work(void *argument)
{
    struct request *request = argument;
    uint64_t item;
    while (fan_chan_recv(request->in, &item, NULL) == 0) {
        fan_lab_work(request->lab, item);
        fan_lab_output(request->lab, item, item);
        fan_lab_result(request->lab);
    }
    fan_waitgroup_done(&request->working);
}

/* Any but the first; the seed says which. */
static uint64_t bad_one(uint64_t items, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    return items < 2 ? 0 : 1 + fan_random_below(&random, items - 1);
}

/* As a server does it: a request that panics is one that failed, and the next one is served. */
static void serve(struct fan_lab *lab, void (*produce)(void *))
{
    struct request *request = fan_lab_alloc(lab, sizeof *request);
    *request = (struct request){.lab = lab,
                                .in = fan_lab_chan(lab, "in", sizeof(uint64_t), 4),
                                .working = {.name = "working"},
                                .bad = bad_one(fan_lab_items(lab), fan_lab_seed(lab))};
    for (uint64_t item = 0; item < request->bad; item++)
        fan_lab_expect(lab, item, item);
    fan_waitgroup_add(&request->working, (int64_t)fan_lab_workers(lab));
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        fan_go("worker", work, request);
    if (fan_recover(produce, request, NULL))
        fan_waitgroup_wait(&request->working, NULL);
}

static void buggy(struct fan_lab *lab)
{
    serve(lab, produce_buggy);
}

static void fixed(struct fan_lab *lab)
{
    serve(lab, produce_fixed);
}

FAN_EMBED_SOURCE(fan_bug_11_source);

extern const struct fan_scenario fan_bug_11;
const struct fan_scenario fan_bug_11 = {
    .id = "11",
    .name = "producer_panic",
    .title = "producer panic",
    .symptom = "a bad request fails as it should, and leaves threads",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_11_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER},
    .variant_count = 2,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_LEAK}},
         {.name = "fixed", .run = fixed}},
};
