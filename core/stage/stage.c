#include "stage/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

struct stage {
    int (*run)(void *state, struct fan_ctx *ctx);
    void (*end)(void *state);
    struct fan_ctx *ctx;
    int error;
    _Alignas(max_align_t) char state[];
};

static void run_inner(void *argument)
{
    struct stage *stage = argument;
    stage->error = stage->run(stage->state, stage->ctx);
}

/* A panic is the stage's error, once its outputs are closed. */
static int run_and_end(void *argument, struct fan_ctx *ctx)
{
    struct stage *stage = argument;
    stage->ctx = ctx;
    if (!fan_recover(run_inner, stage, NULL))
        stage->error = ENOTRECOVERABLE;
    int error = stage->error;
    stage->end(stage->state);
    free(stage);
    return error;
}

static struct stage *new_stage(const void *state, size_t size, size_t more)
{
    size_t total;
    if (__builtin_add_overflow(sizeof(struct stage) + size, more, &total))
        return NULL;
    struct stage *stage = calloc(1, total);
    if (stage)
        memcpy(stage->state, state, size);
    return stage;
}

int fan_stage_go_with(struct fan_group *group, int (*run)(void *state, struct fan_ctx *ctx),
                      void (*end)(void *state), const void *state, size_t size, size_t more)
{
    struct stage *stage = new_stage(state, size, more);
    if (!stage)
        return fan_stage_fail(group, ENOMEM);
    stage->run = run;
    stage->end = end;
    int error = fan_group_go(group, run_and_end, stage);
    if (!error)
        return 0;
    free(stage);
    return fan_stage_fail(group, error);
}

int fan_stage_go(struct fan_group *group, int (*run)(void *state, struct fan_ctx *ctx),
                 void (*end)(void *state), const void *state, size_t size)
{
    return fan_stage_go_with(group, run, end, state, size, 0);
}

int fan_stage_fail(struct fan_group *group, int error)
{
    fan_group_fail(group, error);
    return error;
}
