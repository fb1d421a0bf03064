#define _GNU_SOURCE
#include "app/explore_failures.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "app/last_words.h"
#include "app/replay_line.h"

static struct fan_explore_failure *known_failure(struct fan_explore *explore,
                                                 enum fan_finding_kind kind, uint64_t place)
{
    for (uint32_t i = 0; i < explore->failure_count; i++)
        if (explore->failures[i].kind == kind && explore->failures[i].place == place)
            return &explore->failures[i];
    return NULL;
}

void fan_explore_failures_write(struct fan_exploring *all, struct fan_explore_failure *failure,
                                const struct fan_schedule *schedule, uint64_t hash, uint64_t build)
{
    const struct fan_explore_request *request = &all->explore->request;
    struct fan_replay_source source = {
        .scenario = request->scenario,
        .variant = request->variant,
        .workers = request->workers,
        .items = request->items,
        .seed = request->seed,
        .fine = request->fine,
        .build = build,
    };
    fan_schedule_print(schedule, failure->schedule, sizeof failure->schedule);
    fan_replay_line(&source, schedule, hash, failure->replay);
}

/* Keeps the shorter one of two schedules that fail in the same way. */
static void take_shorter(struct fan_exploring *all, struct fan_explore_failure *failure,
                         const struct fan_schedule *schedule, uint64_t hash, uint64_t build)
{
    char text[FAN_SCHEDULE_TEXT];
    fan_schedule_print(schedule, text, sizeof text);
    if (!schedule->overflowed && (!*failure->replay || strlen(text) < strlen(failure->schedule)))
        fan_explore_failures_write(all, failure, schedule, hash, build);
}

static struct fan_explore_failure *new_failure(struct fan_explore *explore,
                                               const struct fan_explore_failure *like)
{
    if (explore->failure_count == FAN_EXPLORE_FAILURES)
        return NULL;
    struct fan_explore_failure *failure = &explore->failures[explore->failure_count++];
    *failure = *like;
    return failure;
}

static void tell_of(struct fan_exploring *all, const struct fan_explore_failure *failure)
{
    if (all->listener->found)
        all->listener->found(all->listener->listener, failure);
}

void fan_explore_failures_take(struct fan_exploring *all, struct fan_explore_child *one,
                               uint32_t which)
{
    const struct fan_failure *told = &one->told->failures[which];
    uint64_t hash, place = told->place, new = told->schedules - one->counted[which];
    const struct fan_schedule *schedule = fan_failure_schedule(told, &hash);
    struct fan_explore_failure *failure = known_failure(all->explore, told->kind, place);
    bool first = !failure;
    if (first) {
        struct fan_explore_failure fresh = {.kind = told->kind, .place = place};
        fresh.first = all->ended.schedules + told->first;
        memcpy(fresh.message, told->message, sizeof fresh.message);
        failure = new_failure(all->explore, &fresh);
    }
    if (!failure)
        return;
    one->counted[which] = told->schedules;
    failure->schedules += new;
    if (told->minimised > failure->minimised)
        failure->minimised = told->minimised;
    if (first)
        fan_explore_failures_write(all, failure, schedule, hash, one->told->build);
    else
        take_shorter(all, failure, schedule, hash, one->told->build);
    if (first)
        tell_of(all, failure);
}

static void say_how_it_died(const struct fan_explore_child *one, char message[160])
{
    int status = one->child.status;
    if (one->told->words.said)
        snprintf(message, 160, "%s", one->told->words.message);
    else if (WIFSIGNALED(status))
        snprintf(message, 160, "the program died by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(message, 160, "the program ended itself with status %d", WEXITSTATUS(status));
}

void fan_explore_failures_take_death(struct fan_exploring *all, struct fan_explore_child *one)
{
    struct fan_explore_failure fresh = {
        .kind = FAN_FINDING_PANIC,
        .killed = true,
        .schedules = 1,
        .place = (uint64_t)one->child.status + fan_last_words_place(one->told),
        .first = all->ended.schedules + 1,
    };
    all->ended.schedules++;
    all->ended.failing++;
    say_how_it_died(one, fresh.message);
    struct fan_explore_failure *failure = known_failure(all->explore, fresh.kind, fresh.place);
    if (failure) {
        failure->schedules++;
        take_shorter(all, failure, &one->told->current, 0, one->told->build);
        return;
    }
    failure = new_failure(all->explore, &fresh);
    if (!failure)
        return;
    fan_explore_failures_write(all, failure, &one->told->current, 0, one->told->build);
    tell_of(all, failure);
}

static int compare(const void *left, const void *right)
{
    const struct fan_explore_failure *a = left, *b = right;
    size_t a_length = strlen(a->schedule), b_length = strlen(b->schedule);
    if (a->schedules != b->schedules)
        return a->schedules > b->schedules ? -1 : 1;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a->schedule, b->schedule);
}

void fan_explore_failures_order(struct fan_explore *explore)
{
    qsort(explore->failures, explore->failure_count, sizeof explore->failures[0], compare);
}
