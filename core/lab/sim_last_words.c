#define _DEFAULT_SOURCE
#include "lab/sim_last_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/probe.h"
#include "lab/crash.h"
#include "lab/sim_memory.h"
#include "run/thread_state.h"
#include "watch/publish.h"

/* Neither snprintf nor strncpy is safe in a signal handler. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; from[i] && i + 1 < size; i++)
        to[i] = from[i];
    to[i] = '\0';
}

void fan_sim_last_words_take(struct fan_exploration *shared, const struct fan_sim *sim,
                             const struct fan_panic *panic)
{
    struct fan_last_words *words = &shared->words;
    if (words->said)
        return;
    bool is_main = fan_sim_current(sim) == 0 || !fan_thread_current;
    copy_text(words->thread, sizeof words->thread, is_main ? "main" : fan_thread_current->name);
    copy_text(words->message, sizeof words->message, panic->message);
    words->stack = panic->stack;
    if (!shared->build)
        shared->build = fan_sim_trace_hash(sim);
    __atomic_store_n(&words->said, 1, __ATOMIC_RELEASE);
}

/* Runs within exit. The scheduler's own way out is not within a run. */
static void tell_of_exit(int status, void *nothing)
{
    struct fan_panic panic = {.kind = FAN_PANIC_SIGNAL};
    (void)nothing;
    if (!fan_sim_memory_within_run())
        return;
    snprintf(panic.message, sizeof panic.message, "the program called exit with status %d", status);
    fan_crash_capture(&panic.stack);
    fan_probe_panicked(&panic);
}

int fan_sim_last_words_prepare(struct fan_exploration *shared)
{
    int error = fan_crash_install();
    if (!error)
        error = fan_crash_answer();
    if (!error && on_exit(tell_of_exit, NULL) != 0)
        error = ENOMEM;
    shared->load_base = fan_watch_load_base();
    return error;
}
