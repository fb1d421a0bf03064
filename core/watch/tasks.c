#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "watch/finding.h"

/* ThreadSanitizer runs a thread of its own in every program that it has built, and one more in a
 * program that was forked. */
#if defined(__SANITIZE_THREAD__)
#define SANITIZER_THREADS 2
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZER_THREADS 2
#endif
#endif
#ifndef SANITIZER_THREADS
#define SANITIZER_THREADS 0
#endif

/* A thread that has ended is soon gone, and the kernel's number of it may then be another's; the
 * main thread alone may be shown as ended and go on. */
static bool is_registered(const struct fan_snapshot *snapshot, unsigned long os_thread)
{
    for (uint32_t i = 0; i < snapshot->thread_count; i++) {
        const struct fan_thread_view *thread = &snapshot->threads[i];
        bool lives = thread->state != FAN_STATE_DONE || thread->os_thread == snapshot->pid;
        if (lives && thread->os_thread == os_thread)
            return true;
    }
    return false;
}

static unsigned count_strangers(const struct fan_snapshot *snapshot, DIR *tasks)
{
    unsigned strangers = 0;
    for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
        if (entry->d_name[0] != '.')
            strangers += !is_registered(snapshot, strtoul(entry->d_name, NULL, 10));
    return strangers;
}

bool fan_tasks_unregistered(const struct fan_snapshot *snapshot)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%u/task", snapshot->pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return true;
    unsigned strangers = count_strangers(snapshot, tasks);
    closedir(tasks);
    return strangers > SANITIZER_THREADS;
}
