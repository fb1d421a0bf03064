#include "app/step_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fan_step_search_begin(struct fan_step_search *search, const struct fan_child_options *options,
                           const struct fan_variant *variant)
{
    struct fan_child_options wanted = *options;
    bool shortest = search->shortest;
    fan_step_search_end(search);
    wanted.schedules = (struct fan_child_schedules){.strategy = "random",
                                                    .count = FAN_STEP_SEARCHED,
                                                    .walk = options->seed,
                                                    .fine = options->schedules.fine};
    *search = (struct fan_step_search){.variant = variant, .shortest = shortest};
    bool started = fan_child_start(&wanted, &search->child, search->why) == 0;
    search->state = started ? FAN_STEP_SEARCHING : FAN_STEP_SEARCH_BROKEN;
}

static bool is_expected(const struct fan_variant *variant, uint32_t kind)
{
    for (size_t i = 0; i < variant->expected_count; i++)
        if (variant->expected[i] == kind)
            return true;
    return false;
}

/* The failure that is looked for, else the first that can be shown. */
static const struct fan_failure *choose_failure(const struct fan_step_search *search,
                                                const struct fan_exploration *told)
{
    const struct fan_failure *any = NULL;
    for (uint32_t i = 0; i < told->failure_count; i++) {
        const struct fan_failure *failure = &told->failures[i];
        if (failure->found.overflowed || failure->kind >= FAN_FINDING_KINDS)
            continue;
        if (is_expected(search->variant, failure->kind))
            return failure;
        any = any ? any : failure;
    }
    return any;
}

static void take_failure(struct fan_step_search *search, const struct fan_failure *failure)
{
    search->found = failure != NULL;
    if (!failure)
        return;
    search->kind = failure->kind;
    search->certified = failure->minimised == 2;
    fan_schedule_copy(&search->first, &failure->found);
    fan_schedule_copy(&search->short_one,
                      failure->minimised ? &failure->shortest : &failure->found);
}

/* A schedule that kills the child is what was looked for. */
static void take_death(struct fan_step_search *search, const struct fan_exploration *told)
{
    if (told->ended)
        return;
    if (search->found || told->runs == 0) {
        snprintf(search->why, sizeof search->why, "the child that searched has died");
        search->state = search->found ? FAN_STEP_SEARCHED_ALL : FAN_STEP_SEARCH_BROKEN;
        return;
    }
    search->found = true;
    search->failing++;
    search->kind = FAN_FINDING_PANIC;
    fan_schedule_copy(&search->first, &told->current);
    fan_schedule_copy(&search->short_one, &told->current);
}

static void finish(struct fan_step_search *search, const struct fan_exploration *told)
{
    search->state = FAN_STEP_SEARCHED_ALL;
    take_failure(search, choose_failure(search, told));
    take_death(search, told);
    fan_child_close(&search->child);
}

bool fan_step_search_look(struct fan_step_search *search)
{
    if (search->state != FAN_STEP_SEARCHING)
        return false;
    struct fan_exploration *told = malloc(sizeof *told);
    if (!told)
        return false;
    bool ended = fan_child_ended(&search->child);
    uint64_t before = search->schedules;
    fan_exploration_copy(told, search->child.exploration);
    search->schedules = told->schedules;
    search->failing = told->failing;
    if (ended)
        finish(search, told);
    free(told);
    return ended || search->schedules != before;
}

void fan_step_search_end(struct fan_step_search *search)
{
    fan_child_close(&search->child);
    *search = (struct fan_step_search){0};
}
