#ifndef FAN_RUN_THREAD_H
#define FAN_RUN_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thread: a function that runs beside its creator. Go calls the idea a goroutine (and makes it
 * cheaper); POSIX a pthread, which is what this is underneath.
 *
 * Each one is registered from before it exists until it has ended: its name, its creator, the place
 * that spawned it and what it is blocked on can be shown at any time. A thread is either joined,
 * exactly once, or detached, and then nobody may use its pointer.
 *
 *     struct fan_thread *thread;
 *     if (fan_thread_spawn(&(struct fan_thread_options){.name = "worker"}, work, &job,
 *                          &thread) == 0)
 *         fan_thread_join(thread);
 *
 * A thread that another part of the program made with pthread_create is registered at its first
 * operation on an object of this library. */
struct fan_thread;

struct fan_thread_options {
    const char *name;  /* copied, at most 23 bytes; NULL = "thread" */
    size_t stack_size; /* bytes; 0 = 256 KiB */
};

/* Starts a thread that calls run(argument). Does not wait for it to begin. The thread belongs to
 * the caller, who joins it. Errors: EAGAIN (the thread budget or the system's limit is reached),
 * ENOMEM. */
int fan_thread_spawn(const struct fan_thread_options *options, void (*run)(void *), void *argument,
                     struct fan_thread **thread);

/* Blocks until the thread has ended, then releases it; NULL is accepted. A thread that joins itself
 * panics. */
void fan_thread_join(struct fan_thread *thread);

/* Gives up the right to join the thread: it goes on alone, and nobody may use its pointer any more.
 * Does not block. */
void fan_thread_detach(struct fan_thread *thread);

/* Starts a detached thread: Go's `go` statement. There is no error to look at: a thread that cannot
 * be had is a panic, as running out of memory is in Go. */
void fan_go(const char *name, void (*run)(void *), void *argument);

/* The calling thread. Never NULL; valid until it ends. */
struct fan_thread *fan_thread_self(void);

/* The thread's name, and its number: they count from 1 and are not used twice in a process. */
const char *fan_thread_name(const struct fan_thread *thread);
uint64_t fan_thread_id(const struct fan_thread *thread);

/* Where the thread is blocked: false if it is not, or if there is nobody who observes it. */
struct fan_stack;
bool fan_thread_blocked_at(const struct fan_thread *thread, struct fan_stack *stack);

/* Registers the calling thread under a name if it was not yet, and under a new slot of the probe if
 * that has changed. The main thread of a program that wants to be seen calls it first. */
void fan_thread_adopt(const char *name);

/* Marks the calling, adopted thread as ended while it goes on outside the observer's sight. */
void fan_thread_retire(void);

/* Limits how many spawned threads may live at once; 0 = no limit, the start. The next spawn that
 * would exceed it fails with EAGAIN. */
void fan_thread_set_budget(size_t threads);

/* How many spawned threads live now: a figure for an observer. Under the controlled scheduler it is
 * no operation, and no proof covers a program that decides by it, or by the numbers of threads. */
size_t fan_thread_count(void);

/* Blocks until no spawned thread lives. */
void fan_thread_wait_all(void);

#endif
