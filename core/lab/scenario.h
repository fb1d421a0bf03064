#ifndef FAN_LAB_SCENARIO_H
#define FAN_LAB_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

#include "base/contract.h"
#include "sync/chan.h"
#include "watch/finding.h"

/* A scenario: a small program that can be run again and again with chosen parameters, in variants
 * that differ in one function. The 13 bugs are scenarios; so is what a user writes to have his own
 * code run, checked and explored.
 *
 * It is one const table. Its variants have one signature, feed the same inputs and take the same
 * results, so that what differs is the function under study. */
struct fan_lab;

enum {
    FAN_LAB_VARIANTS = 4,
    FAN_LAB_EXPECTED = 4,
};

struct fan_variant {
    const char *name; /* "buggy", "fixed", "rare" */
    void (*run)(struct fan_lab *lab);
    /* What must be found, and what may be found beside it. Both empty: nothing may be found. */
    size_t expected_count, also_count;
    enum fan_finding_kind expected[FAN_LAB_EXPECTED];
    enum fan_finding_kind also[FAN_LAB_EXPECTED];
};

struct fan_scenario {
    const char *id;               /* "04" */
    const char *name;             /* "never_closed" */
    const char *title;            /* "never closed" */
    const char *symptom;          /* one line, as somebody would report it; names no cause */
    const char *file;             /* "bugs/04_never_closed.c" */
    const char *source;           /* the file's text, see FAN_EMBED_SOURCE; ends with a 0 byte */
    uint64_t workers, items;      /* defaults */
    struct fan_contract contract; /* of all variants; left out, they only have to end well */
    size_t variant_count;
    struct fan_variant variants[FAN_LAB_VARIANTS];
};

/* A run's parameters and its owner, given to a variant. */
uint64_t fan_lab_workers(const struct fan_lab *lab);
uint64_t fan_lab_items(const struct fan_lab *lab);
uint64_t fan_lab_seed(const struct fan_lab *lab);

/* Memory that is zeroed and lives as long as the lab: what threads share that may outlive the
 * function which started them. Running out is a panic. */
void *fan_lab_alloc(struct fan_lab *lab, size_t size);

/* A channel that lives as long as the lab; see fan_chan_new. Running out of memory is a panic. */
struct fan_chan *fan_lab_chan(struct fan_lab *lab, const char *name, size_t element_size,
                              size_t capacity);

/* The inputs: a channel "in" that holds the items 0, 1, 2 ... as uint64_t, and is closed. */
struct fan_chan *fan_lab_inputs(struct fan_lab *lab);

/* Does a task's work on an item: marks its begin and end for observers, and takes the time that the
 * lab is paced at, more or less by item and seed: hardly any when run headless, long enough to
 * watch on a screen. Blocks for that time. */
void fan_lab_work(struct fan_lab *lab, uint64_t item);

/* The same for an item that takes long: as long as ten others, and never less than 20 ms. */
void fan_lab_work_slowly(struct fan_lab *lab, uint64_t item);

/* What a contract is judged by. The scenario says what it gives to the function under study and
 * what that returns, in both variants alike; these are without effect where the contract is silent.
 *
 *     for (uint64_t i = 0; i < items; i++)
 *         fan_lab_expect(lab, i, square(i));           // before
 *     ...
 *     for (uint64_t i = 0; i < count; i++)
 *         fan_lab_output(lab, i, results[i]);          // after
 *
 * `position` counts from 0. Where any order will do, it only counts. */
void fan_lab_expect(struct fan_lab *lab, uint64_t position, uint64_t value);
void fan_lab_output(struct fan_lab *lab, uint64_t position, uint64_t value);

/* The task on an item has failed with an error, and the program has taken note of that: to be
 * called by the thread that did the work, once whoever started it could know. An error is any
 * number but 0; one that tells which item it comes from can be told from another. */
void fan_lab_failed(struct fan_lab *lab, uint64_t item, int error);

/* The function under study has returned an error, or 0. */
void fan_lab_returned(struct fan_lab *lab, int error);

/* Counts one result that the scenario has taken. */
void fan_lab_result(struct fan_lab *lab);

/* Declares a scenario in a C file of one's own: a function to be run, checked, explored and
 * replayed, as `fanlab run FILE.c` and its like do. A file may declare several, and has no main
 * function.
 *
 *     static void transfer(struct fan_lab *lab)
 *     {
 *         ...
 *     }
 *     FAN_SCENARIO(transfer, .workers = 3);
 *
 * More members of struct fan_scenario may follow, as here; without them a scenario has 2 workers, 2
 * items and one variant, called "program", in which nothing may be found. Variants to be held
 * against each other, and what must be found in one, are declared as the bugs do it:
 *
 *     FAN_SCENARIO(transfer, .variant_count = 2, .variants = {
 *         {.name = "buggy", .run = transfer,
 *          .expected_count = 1, .expected = {FAN_FINDING_DEADLOCK}},
 *         {.name = "fixed", .run = transfer_fixed}});
 * / */
#define FAN_SCENARIO(function, ...)                                                                \
    FAN_LAB_LATER_MEMBERS_WIN static const struct fan_scenario fan_scenario_##function = {         \
        .id = #function,                                                                           \
        .name = #function,                                                                         \
        .title = #function,                                                                        \
        .symptom = "",                                                                             \
        .file = __FILE__,                                                                          \
        .source = "",                                                                              \
        .workers = 2,                                                                              \
        .items = 2,                                                                                \
        .variant_count = 1,                                                                        \
        .variants = {{.name = "program", .run = function}},                                        \
        __VA_ARGS__};                                                                              \
    static const struct fan_scenario *const fan_listed_##function                                  \
        __attribute__((used, section("fan_scenarios"))) = &fan_scenario_##function;                \
    _Pragma("GCC diagnostic pop") struct fan_scenario

/* The defaults above are meant to be overridden. (What is declared last takes the semicolon.) */
#define FAN_LAB_LATER_MEMBERS_WIN                                                                  \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")

/* Embeds the text of the file it stands in, so that the code that is shown is the code that is run.
 * The build passes the file's path as FAN_SOURCE_FILE. */
#define FAN_EMBED_SOURCE(symbol)                                                                   \
    extern const char symbol[];                                                                    \
    __asm__(".pushsection .rodata\n.balign 16\n" #symbol ":\n.incbin \"" FAN_SOURCE_FILE           \
            "\"\n.byte 0\n.popsection\n")

#endif
