#include "app/experiment/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/atomic.h"
#include "run/time.h"

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct fan_load *load = state;
    (void)ctx;
    if (load->given == load->requests)
        return ENODATA;
    memcpy(task, &load->given, sizeof load->given);
    load->given++;
    return 0;
}

/* The limit's mean over time is taken once half of the requests have ended: first it has to be
 * found. */
static void look_at_limit(struct fan_load *load, uint64_t now_ns)
{
    struct fan_limiter_state state = {.limit = load->options.limit};
    if (load->ended * 2 < load->requests)
        return;
    if (load->options.limiter)
        fan_limiter_look(load->options.limiter, &state);
    if (load->looked_ns) {
        load->limit_ns += state.limit * (double)(now_ns - load->looked_ns);
        load->settled_ns += (double)(now_ns - load->looked_ns);
    }
    load->looked_ns = now_ns;
}

static void note(struct fan_load *load, uint64_t number, uint64_t attempt_began_ns, int error)
{
    uint64_t now_ns = fan_now_ns();
    fan_mutex_lock(&load->lock);
    load->attempts++;
    load->busy_ns += now_ns - attempt_began_ns;
    if (!error && load->began_ns[number]) {
        fan_histogram_record(&load->taken, now_ns - load->began_ns[number]);
        load->began_ns[number] = 0;
        load->ended++;
        look_at_limit(load, now_ns);
    }
    fan_mutex_unlock(&load->lock);
}

/* A request's second copy, if there is one, is told from the first by who comes first. */
static int send(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct fan_load *load = state;
    uint64_t number, now_ns = fan_now_ns();
    (void)result;
    memcpy(&number, task, sizeof number);
    unsigned attempt = fan_atomic_fetch_add(&load->tries[number], 1, FAN_RELAXED);
    if (attempt == 0) {
        fan_mutex_lock(&load->lock);
        load->began_ns[number] = now_ns;
        fan_mutex_unlock(&load->lock);
    }
    int error = fan_service_call(load->service, number, attempt, ctx);
    note(load, number, now_ns, error);
    return error;
}

static int forget(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    return 0;
}

int fan_load_run(struct fan_load *load)
{
    uint64_t began_ns = fan_now_ns();
    int error = fan_out_stream(
        NULL, &(struct fan_source){.next = give, .state = load},
        &(struct fan_work){.run = send, .argument = load, .task_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = forget}, &load->options, NULL);
    load->took_ns = fan_now_ns() - began_ns;
    return error;
}

struct fan_load *fan_load_new(struct fan_service *service, uint64_t requests,
                              const struct fan_stream_options *options)
{
    struct fan_load *load = calloc(1, sizeof *load);
    if (!load)
        return NULL;
    load->service = service;
    load->requests = requests;
    load->options = *options;
    load->lock.name = "load";
    load->tries = calloc(requests, sizeof *load->tries);
    load->began_ns = calloc(requests, sizeof *load->began_ns);
    if (load->tries && load->began_ns)
        return load;
    fan_load_free(load);
    return NULL;
}

void fan_load_free(struct fan_load *load)
{
    if (!load)
        return;
    fan_mutex_destroy(&load->lock);
    free(load->tries);
    free(load->began_ns);
    free(load);
}

static void print_percentile(const struct fan_load *load, const char *name, double percent,
                             FILE *out)
{
    fprintf(out, "\"%s\":%.3f,", name,
            (double)fan_histogram_percentile(&load->taken, percent) / FAN_MILLISECOND);
}

void fan_load_print(const struct fan_load *load, FILE *out)
{
    print_percentile(load, "p50_ms", 50, out);
    print_percentile(load, "p99_ms", 99, out);
    print_percentile(load, "p99_9_ms", 99.9, out);
    fprintf(out, "\"per_s\":%.1f", (double)load->requests * FAN_SECOND / (double)load->took_ns);
}
