#define FAN_SIM
#include "tests/support/sync_programs.h"

#include <stdlib.h>

#include "tests/support/sync_objects.h"

struct sync_objects *sync_the;

const struct sync_program *sync_program(size_t which)
{
    const struct sync_program *one = sync_chan_programs;
    while (one->object && which-- > 0)
        one++;
    return one->object ? one : &sync_other_programs[which];
}

void sync_note(int thread, int value)
{
    sync_the->seen[thread] = sync_the->seen[thread] * 41 + (uint64_t)value + 1;
}

uint64_t sync_program_seen(void)
{
    uint64_t hash = 0;
    for (int i = 0; i < SYNC_THREADS; i++)
        hash = (hash ^ sync_the->seen[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return hash;
}

static void run_thread(void *function)
{
    void (*const *thread)(void) = function;
    (*thread)();
}

static void make_objects(void)
{
    sync_the = calloc(1, sizeof *sync_the);
    sync_the->unbuffered = fan_chan_new("unbuffered", sizeof(int), 0);
    sync_the->other = fan_chan_new("other", sizeof(int), 0);
    sync_the->buffered = fan_chan_new("buffered", sizeof(int), 1);
    fan_ctx_init(&sync_the->ctx, NULL);
    fan_ctx_init(&sync_the->deadline,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(SYNC_SOON_NS)});
    fan_semaphore_init(&sync_the->one, "one", 1);
    fan_semaphore_init(&sync_the->two, "two", 2);
    fan_timer_init(&sync_the->timer, "timer", fan_deadline_after(SYNC_SOON_NS), 0);
    fan_waitgroup_add(&sync_the->group, 2);
}

void sync_program_run(const struct sync_program *program)
{
    make_objects();
    for (int i = 1; i < SYNC_THREADS && program->threads[i]; i++)
        fan_go("thread", run_thread, (void *)&program->threads[i]);
    program->threads[0]();
}
