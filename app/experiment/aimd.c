/* Does the adaptive limit find how many requests at once a service bears? Beside it, a limit that
 * somebody has set four times too high. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/experiment/experiment.h"
#include "app/experiment/load.h"
#include "base/panic.h"
#include "base/random.h"
#include "flow/limiter.h"
#include "run/time.h"

/* Under the controlled scheduler threads are few, and time costs nothing. */
struct size {
    unsigned least_servers, more_servers;
    int threads;
    uint64_t requests;
};

static const struct size real_size = {20, 41, 250, 40000};
static const struct size sim_size = {8, 7, FAN_EXPERIMENT_SIM_THREADS, 50000};

enum { TOO_HIGH = 4 };

/* One request in 250 takes ten times as long as most: that is the service's own affair, and not
 * to be taken for overload. */
static const struct fan_service_times times = {
    .base_ns = 5 * FAN_MILLISECOND, .slow_each = 250, .slow_ns = 50 * FAN_MILLISECOND};

static const struct size *size(void)
{
    return fan_experiment_is_sim() ? &sim_size : &real_size;
}

static unsigned servers(uint64_t seed)
{
    struct fan_random random = {.state = seed};
    return size()->least_servers + (unsigned)fan_random_below(&random, size()->more_servers);
}

static struct fan_load *run_load(uint64_t seed, const struct fan_stream_options *options)
{
    struct fan_service service;
    fan_service_init(&service, servers(seed), &times, seed);
    struct fan_load *load = fan_load_new(&service, size()->requests, options);
    if (!load || fan_load_run(load) != 0)
        fan_panic("the load could not be run");
    fan_service_destroy(&service);
    return load;
}

static void run_adaptive(uint64_t seed, FILE *out)
{
    struct fan_limiter *limiter = malloc(sizeof *limiter);
    if (!limiter || fan_limiter_init(limiter, NULL) != 0)
        fan_panic("no limiter");
    struct fan_stream_options options = {
        .name = "adaptive", .limit = size()->threads, .limiter = limiter};
    struct fan_load *load = run_load(seed, &options);
    struct fan_limiter_state state;
    fan_limiter_look(limiter, &state);
    fprintf(out,
            "\"capacity\":%u,\"requests\":%" PRIu64 ",\"adaptive\":{\"limit\":%.2f,\"threads\":%d,"
            "\"increases\":%" PRIu64 ",\"decreases\":%" PRIu64 ",",
            servers(seed), size()->requests, load->limit_ns / load->settled_ns, size()->threads,
            state.increases, state.decreases);
    fan_load_print(load, out);
    fprintf(out, "}");
    fan_load_free(load);
    fan_limiter_destroy(limiter);
    free(limiter);
}

static void run_static(uint64_t seed, FILE *out)
{
    struct fan_stream_options options = {.name = "static", .limit = (int)servers(seed) * TOO_HIGH};
    struct fan_load *load = run_load(seed, &options);
    fprintf(out, "\"static\":{\"limit\":%d,", options.limit);
    fan_load_print(load, out);
    fprintf(out, "}");
    fan_load_free(load);
}

const struct fan_experiment fan_experiment_aimd = {
    .name = "aimd",
    .parts = {run_adaptive, run_static},
};
