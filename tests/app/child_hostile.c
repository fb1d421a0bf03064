/* A child whose variants do what no program should. They are scenario "04", so that `fanlab run 04`
 * meets it as well; the environment variable HOSTILE names the deed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/panic.h"
#include "base/random.h"
#include "lab/child.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"

enum {
    SEGMENT = 3, /* where app/child.c puts it */
};

static void hang(struct fan_lab *lab)
{
    (void)lab;
    for (volatile uint64_t turns = 0;; turns++)
        ;
}

static void block(struct fan_lab *lab)
{
    struct fan_chan *chan = fan_chan_new("silence", sizeof(int), 0);
    int element;
    (void)lab;
    fan_chan_recv(chan, &element, NULL);
}

/* Its thread wakes by itself in the end, so it is never stuck. */
static void dawdle(struct fan_lab *lab)
{
    (void)lab;
    fan_sleep(3600 * FAN_SECOND, NULL);
}

static void abort_at_once(struct fan_lab *lab)
{
    (void)lab;
    abort();
}

static void touch_nothing(struct fan_lab *lab)
{
    int *volatile nothing = (int *)(uintptr_t)8;
    (void)lab;
    *nothing = 1;
}

/* Ends in theory only: the compiler knows an endless descent when it sees one. */
__attribute__((noinline)) static int descend(volatile char *above, uint64_t depth)
{
    volatile char frame[4096];
    frame[0] = above[0];
    return depth == UINT64_MAX ? 0 : descend(frame, depth + 1) + frame[0];
}

static void overflow(struct fan_lab *lab)
{
    (void)lab;
    descend((char[]){1}, 0);
}

static void overflow_in_thread(void *nothing)
{
    (void)nothing;
    descend((char[]){1}, 0);
}

static void overflow_elsewhere(struct fan_lab *lab)
{
    (void)lab;
    fan_go("deep", overflow_in_thread, NULL);
    fan_thread_wait_all();
}

static void eat_memory(struct fan_lab *lab)
{
    (void)lab;
    for (;;) {
        char *volatile eaten = malloc(1 << 20); /* else clang sees that nobody needs it */
        if (!eaten)
            fan_panic("out of memory");
        memset(eaten, 1, 1 << 20);
    }
}

static void wait_for_ever(void *nothing)
{
    block(nothing);
}

static void spawn_without_end(struct fan_lab *lab)
{
    (void)lab;
    for (;;)
        fan_go("more", wait_for_ever, NULL);
}

static void *pause_for_ever(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

/* Past the library's budget: only the address space ends it. */
static void spawn_past_the_budget(struct fan_lab *lab)
{
    pthread_t thread;
    (void)lab;
    while (pthread_create(&thread, NULL, pause_for_ever, NULL) == 0)
        ;
    fan_panic("no more threads");
}

static void leave_processes(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0)
            pause_for_ever(NULL);
}

static void fork_and_hang(struct fan_lab *lab)
{
    leave_processes();
    hang(lab);
}

static void fork_and_return(struct fan_lab *lab)
{
    (void)lab;
    leave_processes();
}

static void ignore_signals(struct fan_lab *lab)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    hang(lab);
}

static void scribble(struct fan_lab *lab)
{
    struct fan_random random = {.state = fan_lab_seed(lab)};
    struct stat status;
    if (fstat(SEGMENT, &status) != 0)
        exit(99);
    uint64_t *words =
        mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, SEGMENT, 0);
    if (words == MAP_FAILED)
        exit(99);
    for (;;)
        for (size_t i = 0; i < (size_t)status.st_size / sizeof *words; i++)
            words[i] = fan_random_next(&random);
}

static void exit_with_7(struct fan_lab *lab)
{
    (void)lab;
    fprintf(stderr, "seven \033[31m it is\n");
    exit(7);
}

static void exit_too_early(struct fan_lab *lab)
{
    (void)lab;
    exit(0);
}

static void close_descriptors(struct fan_lab *lab)
{
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    block(lab);
}

static void shout(struct fan_lab *lab)
{
    char line[1000];
    (void)lab;
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 1000; i++)
        if (write(STDERR_FILENO, line, sizeof line) < 0)
            exit(99);
}

static void behave(struct fan_lab *lab)
{
    (void)lab;
}

static const struct {
    const char *name;
    void (*run)(struct fan_lab *lab);
} deeds[] = {
    {"hang", hang},
    {"block", block},
    {"dawdle", dawdle},
    {"abort", abort_at_once},
    {"segv", touch_nothing},
    {"overflow", overflow},
    {"overflow-elsewhere", overflow_elsewhere},
    {"memory", eat_memory},
    {"threads", spawn_without_end},
    {"pthreads", spawn_past_the_budget},
    {"fork", fork_and_hang},
    {"fork-return", fork_and_return},
    {"ignore", ignore_signals},
    {"scribble", scribble},
    {"exit7", exit_with_7},
    {"exit0", exit_too_early},
    {"close", close_descriptors},
    {"shout", shout},
    {"behave", behave},
};

static void do_the_deed(struct fan_lab *lab)
{
    const char *asked = getenv("HOSTILE");
    for (size_t i = 0; asked && i < sizeof deeds / sizeof deeds[0]; i++)
        if (strcmp(deeds[i].name, asked) == 0)
            deeds[i].run(lab);
}

static const struct fan_scenario any_deed = {
    .id = "04",
    .variant_count = 2,
    .variants = {{.name = "buggy", .run = do_the_deed}, {.name = "fixed", .run = do_the_deed}},
};

int main(int argc, char **argv)
{
    static const struct fan_scenario *const scenarios[] = {&any_deed};
    return fan_child_main(argc, argv, scenarios, 1);
}
