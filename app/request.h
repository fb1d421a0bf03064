#ifndef FAN_APP_REQUEST_H
#define FAN_APP_REQUEST_H

#include "app/attempt.h"
#include "app/options.h"

/* What `run` and `check` have in common: how a run is asked for. */
enum {
    FAN_REQUEST_SEED = 1,
    FAN_REQUEST_ITEMS = 1000000, /* the most */
    FAN_REQUEST_TIMEOUT_S = 10,
};

/* A JSON integer has 63 bits, and a seed must come back as it was given. */
#define FAN_REQUEST_LAST_SEED INT64_MAX

/* Rows for a table of options; `settings` is its struct type, with a `uint64_t seed`. */
#define FAN_REQUEST_SEED_OPTION(settings)                                                          \
    {                                                                                              \
        .name = "seed", .argument = "N", .help = "for everything random (default 1)",              \
        .kind = FAN_OPTION_NUMBER, .high = FAN_REQUEST_LAST_SEED,                                  \
        .field = offsetof(settings, seed)                                                          \
    }

/* Stands for the scenario's own number. */
#define FAN_REQUEST_NOT_GIVEN UINT64_MAX

/* Rows for a `const char *variant`, and for `uint64_t workers, items`. */
#define FAN_REQUEST_VARIANT_OPTION(settings, or_all)                                               \
    {                                                                                              \
        .name = "variant", .argument = "NAME", .help = "buggy, fixed, rare, or " or_all,           \
        .kind = FAN_OPTION_WORD, .field = offsetof(settings, variant)                              \
    }

#define FAN_REQUEST_SIZE_OPTIONS(settings)                                                         \
    {.name = "workers",                                                                            \
     .argument = "N",                                                                              \
     .help = "workers (default: the bug's own)",                                                   \
     .kind = FAN_OPTION_NUMBER,                                                                    \
     .low = 1,                                                                                     \
     .high = FAN_CHILD_WORKERS,                                                                    \
     .limited_by = "the thread budget",                                                            \
     .field = offsetof(settings, workers)},                                                        \
    {                                                                                              \
        .name = "items", .argument = "N", .help = "items to work on (default: the bug's own)",     \
        .kind = FAN_OPTION_NUMBER, .high = FAN_REQUEST_ITEMS, .field = offsetof(settings, items)   \
    }

/* Rows for a `uint64_t timeout_s`, and for a `bool json`. */
#define FAN_REQUEST_TIMEOUT_OPTION(settings, after)                                                \
    {                                                                                              \
        .name = "timeout", .argument = "SECONDS", .help = after " (default 10)",                   \
        .kind = FAN_OPTION_NUMBER, .low = 1, .high = 3600, .field = offsetof(settings, timeout_s)  \
    }

#define FAN_REQUEST_JSON_OPTION(settings, schema)                                                  \
    {                                                                                              \
        .name = "json", .help = "one JSON object, schema " schema, .kind = FAN_OPTION_FLAG,        \
        .field = offsetof(settings, json)                                                          \
    }

/* Row for a `const char *grain`; NULL is the coarse one. */
#define FAN_REQUEST_GRAIN_OPTION(settings)                                                         \
    {                                                                                              \
        .name = "grain", .argument = "NAME",                                                       \
        .help = "a step is: coarse, a call; fine, a lock or atomic in it",                         \
        .kind = FAN_OPTION_WORD, .words = fan_request_grains, .field = offsetof(settings, grain)   \
    }

extern const char *const fan_request_grains[], *const fan_request_switch[];

/* Whether it asks for the fine grain; and the other way round. */
bool fan_request_fine(const char *grain);
const char *fan_request_grain(bool fine);

#define FAN_REQUEST_ID_HELP                                                                        \
    "ID is a bug's number or name (4, 04, never_closed), or a C file that declares\n"              \
    "scenarios: it ends in .c, and is compiled with cc, or what CC names.\n"

/* The strategies of an exploration there are. */
extern const char *const fan_request_strategies[];
#define FAN_REQUEST_STRATEGIES_HELP "random, pct, surw, delay, dpor"

/* The bug called `id`; else NULL and one line in `why`. */
const struct fan_scenario *fan_request_bug(const char *id, char why[FAN_OPTIONS_WHY]);

/* A scenario's variant by name; else NULL and one line in `why` that names those there are. */
const struct fan_variant *fan_request_variant(const struct fan_scenario *scenario, const char *name,
                                              char why[FAN_OPTIONS_WHY]);

#endif
