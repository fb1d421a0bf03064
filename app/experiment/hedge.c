/* What does a second copy of the slow requests bring, and what does it cost? */
#include <inttypes.h>
#include <stdlib.h>

#include "app/experiment/experiment.h"
#include "app/experiment/load.h"
#include "base/panic.h"
#include "flow/hedger.h"
#include "run/time.h"

enum { REQUESTS = 40000, AT_ONCE = 24 };

/* A base of 5 ms, one in eighty takes 200 ms, one in a thousand 2 s. */
static const struct fan_service_times times = {.base_ns = 5 * FAN_MILLISECOND,
                                               .slow_each = 80,
                                               .slow_ns = 200 * FAN_MILLISECOND,
                                               .worst_each = 1000,
                                               .worst_ns = 2 * FAN_SECOND};

/* The service has room for all: what is slow is slow by itself. */
static void run_load(uint64_t seed, struct fan_hedger *hedger, FILE *out)
{
    struct fan_service service;
    struct fan_stream_options options = {.name = "requests", .limit = AT_ONCE, .hedger = hedger};
    fan_service_init(&service, 2 * AT_ONCE, &times, seed);
    struct fan_load *load = fan_load_new(&service, REQUESTS, &options);
    if (!load || fan_load_run(load) != 0)
        fan_panic("the load could not be run");
    fprintf(out, "\"attempts\":%" PRIu64 ",\"busy_ms\":%.3f,", load->attempts,
            (double)load->busy_ns / FAN_MILLISECOND);
    fan_load_print(load, out);
    fan_load_free(load);
    fan_service_destroy(&service);
}

static void run_hedged(uint64_t seed, FILE *out)
{
    struct fan_hedger *hedger = malloc(sizeof *hedger);
    struct fan_hedger_state state;
    if (!hedger || fan_hedger_init(hedger, NULL) != 0)
        fan_panic("no hedger");
    fprintf(out, "\"hedged\":{");
    run_load(seed, hedger, out);
    fan_hedger_look(hedger, &state);
    fprintf(out, ",\"hedges\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"delay_ms\":%.3f}", state.hedges,
            state.refused, (double)state.delay_ns / FAN_MILLISECOND);
    fan_hedger_destroy(hedger);
    free(hedger);
}

static void run_plain(uint64_t seed, FILE *out)
{
    fprintf(out, "\"requests\":%d,\"plain\":{", REQUESTS);
    run_load(seed, NULL, out);
    fprintf(out, "}");
}

const struct fan_experiment fan_experiment_hedge = {
    .name = "hedge",
    .parts = {run_plain, run_hedged},
};
