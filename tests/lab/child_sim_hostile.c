/* A child of the controlled scheduler whose variants do what no program should: in some schedules,
 * not in all. Those in which the first thread goes before main. */
#include <signal.h>
#include <stdlib.h>

#include "lab/child.h"
#include "run/thread.h"
#include "sync/chan.h"

static int early;
static struct fan_chan *chan;

static void go_first(void *argument)
{
    (void)argument;
    fan_chan_send(chan, &(int){1}, NULL);
    early = 1;
}

static int is_early(struct fan_lab *lab)
{
    chan = fan_lab_chan(lab, "c", sizeof(int), 4);
    fan_go("first", go_first, NULL);
    fan_chan_send(chan, &(int){0}, NULL);
    return early;
}

static void write_wildly(struct fan_lab *lab)
{
    static volatile int *volatile nowhere = (int *)8;
    if (is_early(lab))
        *nowhere = 1;
}

static void leave(struct fan_lab *lab)
{
    if (is_early(lab))
        exit(3);
}

static void be_killed(struct fan_lab *lab)
{
    if (is_early(lab))
        raise(SIGKILL);
}

static int dig(int depth)
{
    volatile char ballast[4096];
    ballast[0] = 1;
    return depth > 9999 ? 0 : dig(depth + 1) + ballast[0];
}

static void overflow(struct fan_lab *lab)
{
    if (is_early(lab))
        dig(0);
}

static void free_twice(struct fan_lab *lab)
{
    static void *volatile block;
    block = malloc(9);
    if (is_early(lab))
        free(block);
    free(block); /* NOLINT(clang-analyzer-unix.Malloc): the fault that is to be contained */
}

static void loop(struct fan_lab *lab)
{
    if (is_early(lab))
        for (volatile unsigned turns = 0;; turns++)
            ;
}

/* Its state is put back: every schedule finds 0. */
static void count_calls(struct fan_lab *lab)
{
    static int calls;
    if (calls++ > 0)
        abort();
    is_early(lab);
}

static void leak(struct fan_lab *lab)
{
    static void *volatile last;
    last = malloc(1024);
    if (!last)
        abort();
    is_early(lab);
}

#define SCENARIO(is_called, runs)                                                                  \
    {                                                                                              \
        .id = is_called, .workers = 2, .items = 2, .variant_count = 1, .variants = {               \
            {.name = "program", .run = runs}                                                       \
        }                                                                                          \
    }

static const struct fan_scenario hostile[] = {
    SCENARIO("loops", loop),
    SCENARIO("wild", write_wildly),
    SCENARIO("leaves", leave),
    SCENARIO("killed", be_killed),
    SCENARIO("overflows", overflow),
    SCENARIO("frees_twice", free_twice),
    SCENARIO("counts_calls", count_calls),
    SCENARIO("leaks", leak),
};

enum { COUNT = sizeof hostile / sizeof hostile[0] };

int main(int argc, char **argv)
{
    const struct fan_scenario *scenarios[COUNT];
    for (int i = 0; i < COUNT; i++)
        scenarios[i] = &hostile[i];
    return fan_child_main(argc, argv, scenarios, COUNT);
}
