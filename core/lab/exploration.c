#include "lab/exploration.h"

#include <string.h>

static void bound_schedule(struct fan_schedule *schedule)
{
    if (schedule->count > FAN_SCHEDULE_DEVIATIONS)
        schedule->count = FAN_SCHEDULE_DEVIATIONS;
}

static void bound_failure(struct fan_failure *failure)
{
    failure->message[sizeof failure->message - 1] = '\0';
    bound_schedule(&failure->found);
    bound_schedule(&failure->shortest);
}

static void bound_story(struct fan_story *story)
{
    for (int i = 0; i < FAN_STORY_STEPS; i++)
        story->steps[i].name[FAN_STORY_NAME - 1] = '\0';
}

static void bound_chair(struct fan_chair *chair)
{
    if (chair->thread_count > FAN_CHAIR_THREADS)
        chair->thread_count = FAN_CHAIR_THREADS;
    for (uint32_t i = 0; i < FAN_CHAIR_THREADS; i++) {
        struct fan_chair_thread *thread = &chair->threads[i];
        thread->name[FAN_STORY_NAME - 1] = '\0';
        if (thread->stack.depth > FAN_STACK_FRAMES)
            thread->stack.depth = FAN_STACK_FRAMES;
    }
}

static void bound_words(struct fan_last_words *words, uint32_t said)
{
    words->said = said;
    words->thread[sizeof words->thread - 1] = '\0';
    words->message[sizeof words->message - 1] = '\0';
    if (words->stack.depth > FAN_STACK_FRAMES)
        words->stack.depth = FAN_STACK_FRAMES;
}

/* The counts are read before what they count, and what `minimised` promises after it. */
void fan_exploration_copy(struct fan_exploration *to, const struct fan_exploration *shared)
{
    uint32_t minimised[FAN_EXPLORATION_FAILURES];
    uint32_t failures = __atomic_load_n(&shared->failure_count, __ATOMIC_ACQUIRE);
    uint32_t said = __atomic_load_n(&shared->words.said, __ATOMIC_ACQUIRE);
    uint32_t shown = __atomic_load_n(&shared->shown, __ATOMIC_ACQUIRE);
    for (int i = 0; i < FAN_EXPLORATION_FAILURES; i++)
        minimised[i] = __atomic_load_n(&shared->failures[i].minimised, __ATOMIC_ACQUIRE);
    memcpy(to, shared, sizeof *to);
    to->failure_count = failures < FAN_EXPLORATION_FAILURES ? failures : FAN_EXPLORATION_FAILURES;
    to->shown = shown;
    bound_schedule(&to->current);
    bound_story(&to->story);
    bound_chair(&to->chair);
    bound_words(&to->words, said);
    for (int i = 0; i < FAN_EXPLORATION_FAILURES; i++) {
        to->failures[i].minimised = minimised[i];
        bound_failure(&to->failures[i]);
    }
}

const struct fan_schedule *fan_failure_schedule(const struct fan_failure *failure, uint64_t *hash)
{
    *hash = failure->minimised ? failure->shortest_hash : failure->found_hash;
    return failure->minimised ? &failure->shortest : &failure->found;
}
