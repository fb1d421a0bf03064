#include "watch.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static struct fan_probe_thread threads[FAN_PROBE_THREADS];
static struct fan_probe_object objects[FAN_PROBE_OBJECTS];
static uint64_t unseen_threads, unseen_objects;

static void tell_panic(void *observer, const struct fan_panic *panic)
{
    (void)observer;
    fprintf(stderr, "panic: %s\n", panic->message);
}

void watch_begin(void)
{
    static const struct fan_probe_tables tables = {.threads = threads,
                                                   .objects = objects,
                                                   .unseen_threads = &unseen_threads,
                                                   .unseen_objects = &unseen_objects,
                                                   .panicked = tell_panic};
    fan_probe_install(&tables);
    fan_thread_adopt("main");
}

struct fan_thread *watch_spawn(const char *name, void (*run)(void *), void *argument)
{
    struct fan_thread *thread = NULL;
    int error =
        fan_thread_spawn(&(struct fan_thread_options){.name = name}, run, argument, &thread);
    ck_assert_int_eq(error, 0);
    return thread;
}

/* Copies a slot, whose first member is its sequence number; only a copy that nobody wrote into in
 * the meantime counts. */
static void copy_slot(void *to, const void *slot, size_t size)
{
    const uint32_t *seq = slot;
    const uint64_t *words = slot;
    for (;;) {
        uint32_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);
        for (size_t i = 0; i < size / sizeof *words; i++) {
            uint64_t word = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
            memcpy((uint64_t *)to + i, &word, sizeof word);
        }
        if (before % 2 == 0 && before == __atomic_load_n(seq, __ATOMIC_RELAXED))
            return;
        sched_yield();
    }
}

bool watch_thread(const char *name, struct fan_probe_thread *seen)
{
    for (size_t i = 0; i < FAN_PROBE_THREADS; i++) {
        if (FAN_PROBE_GET(threads[i].state) == FAN_STATE_FREE)
            continue;
        copy_slot(seen, &threads[i], sizeof *seen);
        if (seen->state != FAN_STATE_FREE && strcmp(seen->name, name) == 0)
            return true;
    }
    return false;
}

bool watch_object(const char *name, struct fan_probe_object *seen)
{
    for (size_t i = 0; i < FAN_PROBE_OBJECTS; i++) {
        if (FAN_PROBE_GET(objects[i].kind) == FAN_KIND_FREE)
            continue;
        copy_slot(seen, &objects[i], sizeof *seen);
        if (seen->kind != FAN_KIND_FREE && strcmp(seen->name, name) == 0)
            return true;
    }
    return false;
}

void watch_until_blocked(const char *thread, enum fan_probe_op op)
{
    struct fan_probe_thread seen;
    while (!watch_thread(thread, &seen) || seen.state != FAN_STATE_BLOCKED || seen.op != op)
        sched_yield();
}

static size_t count_blocked(enum fan_probe_op op)
{
    size_t count = 0;
    struct fan_probe_thread seen;
    for (size_t i = 0; i < FAN_PROBE_THREADS; i++) {
        if (FAN_PROBE_GET(threads[i].state) != FAN_STATE_BLOCKED)
            continue;
        copy_slot(&seen, &threads[i], sizeof seen);
        count += seen.state == FAN_STATE_BLOCKED && seen.op == op;
    }
    return count;
}

void watch_until_so_many_blocked(size_t count, enum fan_probe_op op)
{
    while (count_blocked(op) < count)
        sched_yield();
}

void watch_until_done(const char *thread)
{
    struct fan_probe_thread seen;
    while (!watch_thread(thread, &seen) || seen.state != FAN_STATE_DONE)
        sched_yield();
}
