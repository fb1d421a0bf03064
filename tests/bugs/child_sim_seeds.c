/* child_sim_seeds ID SEEDS: looks for a bug's declared findings with each of so many seeds, in
 * random schedules, and prints the most schedules and microseconds (of the processor) that it took,
 * and with how many seeds MOST schedules were not enough. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "bugs/table.h"
#include "lab/sim_explorer.h"
#include "sim/random.h"

enum { MOST = 1000, BUDGET = 144 };

/* Not static data: that is put back between schedules. */
struct search {
    struct fan_order order;
    struct fan_explorer explorer;
    const struct fan_variant *variant;
};

static uint64_t processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool shows(const struct fan_explorer *explorer, enum fan_finding_kind kind)
{
    struct fan_failure failure;
    for (uint32_t i = 0; fan_explorer_failure(explorer, i, &failure); i++)
        if (failure.kind == (uint32_t)kind)
            return true;
    return false;
}

/* How many schedules until each of the declared findings has been seen; MOST + 1 if that is not
 * enough. */
static uint64_t schedules_until_found(struct search *search)
{
    struct fan_random random = {.state = search->order.numbers[FAN_ORDER_SEED]};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    unsigned missing = (1u << search->variant->expected_count) - 1;
    uint64_t schedules = 0;
    while (missing && schedules++ < MOST) {
        fan_explorer_run(&search->explorer, &strategy);
        for (size_t i = 0; i < search->variant->expected_count; i++)
            if (shows(&search->explorer, search->variant->expected[i]))
                missing &= ~(1u << i);
    }
    return schedules;
}

static void search_all(struct search *search, uint64_t seeds)
{
    uint64_t most_schedules = 0, most_us = 0, misses = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        search->order.numbers[FAN_ORDER_SEED] = seed;
        uint64_t began_us = processor_us(), schedules = schedules_until_found(search);
        uint64_t us = processor_us() - began_us;
        most_us = us > most_us ? us : most_us;
        misses += schedules > MOST;
        most_schedules = schedules > most_schedules ? schedules : most_schedules;
    }
    printf("%" PRIu64 " schedules, %" PRIu64 " us, %" PRIu64 " seeds without\n", most_schedules,
           most_us, misses);
}

int main(int argc, char **argv)
{
    const struct fan_scenario *bug = argc == 3 ? fan_bugs_find(argv[1]) : NULL;
    struct search *search = calloc(1, sizeof *search);
    struct fan_exploration *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!bug || !search || shared == MAP_FAILED) {
        free(search);
        return 1;
    }
    search->variant = &bug->variants[0];
    search->order.contract = &bug->contract;
    search->order.numbers[FAN_ORDER_WORKERS] = bug->workers;
    search->order.numbers[FAN_ORDER_ITEMS] = bug->items;
    search->order.numbers[FAN_ORDER_BUDGET] = BUDGET;
    if (fan_explorer_init(&search->explorer, &search->order, search->variant, shared) != 0)
        return 1;
    search_all(search, strtoull(argv[2], NULL, 10));
    return 0;
}
