#include "flow/group.h"

#include <errno.h>
#include <stdlib.h>

#include "base/panic.h"
#include "run/thread.h"
#include "run/time.h"

struct task {
    struct fan_group *group;
    int (*run)(void *argument, struct fan_ctx *ctx);
    void *argument;
    int error;
};

int fan_group_init(struct fan_group *group, const struct fan_group_options *options)
{
    static const struct fan_group_options none;
    options = options ? options : &none;
    if (options->limit < 0)
        return EINVAL;
    *group = (struct fan_group){
        .name = options->name ? options->name : "task",
        .limit = options->limit,
        .running.name = "group",
        .lock.name = "group",
    };
    fan_ctx_init(&group->ctx,
                 &(struct fan_ctx_options){.name = group->name, .parent = options->parent});
    if (group->limit)
        fan_semaphore_init(&group->room, "group", (uint64_t)group->limit);
    group->shown = fan_probe_executor_add(FAN_EXECUTOR_GROUP, FAN_POLICY_FAIL_FAST, group->name,
                                          (uint64_t)group->limit, fan_thread_id(fan_thread_self()));
    return 0;
}

void fan_group_destroy(struct fan_group *group)
{
    if (group->limit)
        fan_semaphore_destroy(&group->room);
    fan_waitgroup_destroy(&group->running);
    fan_mutex_destroy(&group->lock);
    fan_ctx_destroy(&group->ctx);
    fan_probe_executor_end(group->shown);
}

void fan_group_fail(struct fan_group *group, int error)
{
    fan_mutex_lock(&group->lock);
    bool first = group->error == 0;
    if (first)
        group->error = error;
    fan_mutex_unlock(&group->lock);
    if (first)
        fan_ctx_cancel(&group->ctx, error);
}

static void run_task(void *argument)
{
    struct task *task = argument;
    task->error = task->run(task->argument, &task->group->ctx);
}

/* After the done nobody may touch the group: who waited may have given it up. */
static void leave(struct fan_group *group)
{
    if (group->limit)
        fan_semaphore_release(&group->room, 1);
    fan_waitgroup_done(&group->running);
}

static void run_and_leave(void *argument)
{
    struct task *task = argument;
    struct fan_group *group = task->group;
    uint64_t began_ns = fan_now_ns();
    fan_probe_group_started(group->shown);
    if (!fan_recover(run_task, task, NULL))
        task->error = ENOTRECOVERABLE;
    if (task->error)
        fan_group_fail(group, task->error);
    fan_probe_group_ended(group->shown, task->error, fan_now_ns() - began_ns);
    free(task);
    leave(group);
}

static int start(struct fan_group *group, int (*run)(void *, struct fan_ctx *), void *argument)
{
    struct fan_thread *thread;
    struct task *task = malloc(sizeof *task);
    int error = task ? 0 : ENOMEM;
    fan_waitgroup_add(&group->running, 1);
    if (task) {
        *task = (struct task){.group = group, .run = run, .argument = argument};
        error = fan_thread_spawn(&(struct fan_thread_options){.name = group->name}, run_and_leave,
                                 task, &thread);
    }
    if (!error) {
        fan_thread_detach(thread);
        return 0;
    }
    free(task);
    leave(group);
    return error;
}

int fan_group_go(struct fan_group *group, int (*run)(void *argument, struct fan_ctx *ctx),
                 void *argument)
{
    if (!run)
        return EINVAL;
    int error = group->limit ? fan_semaphore_acquire(&group->room, 1, &group->ctx)
                             : fan_ctx_error(&group->ctx);
    return error ? error : start(group, run, argument);
}

int fan_group_try_go(struct fan_group *group, int (*run)(void *argument, struct fan_ctx *ctx),
                     void *argument)
{
    int error = run ? fan_ctx_error(&group->ctx) : EINVAL;
    if (!error && group->limit && fan_semaphore_try_acquire(&group->room, 1) != 0)
        error = EBUSY;
    return error ? error : start(group, run, argument);
}

int fan_group_wait(struct fan_group *group)
{
    fan_waitgroup_wait(&group->running, NULL);
    fan_mutex_lock(&group->lock);
    int error = group->error;
    fan_mutex_unlock(&group->lock);
    if (!error)
        error = fan_ctx_error(&group->ctx);
    fan_ctx_cancel(&group->ctx, error);
    return error;
}
