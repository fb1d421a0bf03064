#include "watch/snapshot.h"

#include <stddef.h>

static const char *const state_names[] = {
    [FAN_STATE_FREE] = "free",         [FAN_STATE_RUNNABLE] = "runnable",
    [FAN_STATE_RUNNING] = "running",   [FAN_STATE_BLOCKED] = "blocked",
    [FAN_STATE_EXTERNAL] = "external", [FAN_STATE_DONE] = "done",
};

static const char *const op_names[FAN_OP_COUNT] = {
    [FAN_OP_NONE] = "none",
    [FAN_OP_SEND] = "send",
    [FAN_OP_RECV] = "recv",
    [FAN_OP_CLOSE] = "close",
    [FAN_OP_SELECT] = "select",
    [FAN_OP_LOCK] = "lock",
    [FAN_OP_LOCK_SHARED] = "read lock",
    [FAN_OP_COND_WAIT] = "wait",
    [FAN_OP_GROUP_WAIT] = "wait",
    [FAN_OP_GROUP_DONE] = "done",
    [FAN_OP_ACQUIRE] = "acquire",
    [FAN_OP_ONCE] = "once",
    [FAN_OP_JOIN] = "join",
    [FAN_OP_SLEEP] = "sleep",
    [FAN_OP_TIMER_WAIT] = "tick",
    [FAN_OP_CONTEXT_WAIT] = "wait",
    [FAN_OP_CONTEXT_LOOK] = "look",
    [FAN_OP_CANCEL] = "cancel",
    [FAN_OP_UNLOCK] = "unlock",
    [FAN_OP_SIGNAL] = "signal",
    [FAN_OP_GROUP_ADD] = "add",
    [FAN_OP_RELEASE] = "release",
    [FAN_OP_TIMER_SET] = "set",
    [FAN_OP_START] = "start",
    [FAN_OP_END] = "end",
    [FAN_OP_READ] = "read",
    [FAN_OP_WRITE] = "write",
    [FAN_OP_LOAD] = "load",
    [FAN_OP_STORE] = "store",
    [FAN_OP_TASK] = "task",
    [FAN_OP_DESTROY] = "destroy",
};

static const char *const kind_names[FAN_KIND_COUNT] = {
    [FAN_KIND_FREE] = "object",         [FAN_KIND_CHANNEL] = "channel",
    [FAN_KIND_MUTEX] = "mutex",         [FAN_KIND_CONDITION] = "condition",
    [FAN_KIND_RWLOCK] = "rwlock",       [FAN_KIND_WAIT_GROUP] = "wait group",
    [FAN_KIND_SEMAPHORE] = "semaphore", [FAN_KIND_ONCE] = "once",
    [FAN_KIND_CONTEXT] = "context",     [FAN_KIND_TIMER] = "timer",
    [FAN_KIND_THREAD] = "thread",
};

static const char *const executor_kind_names[FAN_EXECUTOR_KINDS] = {
    [FAN_EXECUTOR_FREE] = "none",
    [FAN_EXECUTOR_STREAM] = "executor",
    [FAN_EXECUTOR_GROUP] = "task group",
};

static const char *const policy_names[FAN_POLICY_COUNT] = {
    [FAN_POLICY_FAIL_FAST] = "fail fast",
    [FAN_POLICY_COLLECT_ALL] = "collect all",
    [FAN_POLICY_BEST_EFFORT] = "best effort",
};

static const char *const post_names[FAN_AT_COUNT] = {
    [FAN_AT_NOTHING] = "nothing", [FAN_AT_SOURCE] = "source", [FAN_AT_TASKS] = "tasks",
    [FAN_AT_SINK] = "sink",       [FAN_AT_HELP] = "helping",
};

int fan_snapshot_thread(const struct fan_snapshot *snapshot, uint64_t id)
{
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        if (snapshot->threads[i].id == id)
            return (int)i;
    return FAN_NO_INDEX;
}

int fan_snapshot_object(const struct fan_snapshot *snapshot, uint64_t id)
{
    for (uint32_t i = 0; i < snapshot->object_count; i++)
        if (snapshot->objects[i].id == id)
            return (int)i;
    return FAN_NO_INDEX;
}

const struct fan_executor_view *fan_snapshot_executor(const struct fan_snapshot *snapshot,
                                                      uint64_t id)
{
    for (uint32_t i = 0; i < snapshot->executor_count; i++)
        if (snapshot->executors[i].id == id)
            return &snapshot->executors[i];
    return NULL;
}

uint64_t fan_snapshot_executors_left_out(const struct fan_snapshot *snapshot)
{
    return snapshot->unseen_executors + snapshot->unread_executors;
}

uint64_t fan_snapshot_threads_left_out(const struct fan_snapshot *snapshot)
{
    return snapshot->unseen_threads + snapshot->unread_threads;
}

uint64_t fan_snapshot_objects_left_out(const struct fan_snapshot *snapshot)
{
    return snapshot->unseen_objects + snapshot->unread_objects;
}

const char *fan_state_name(enum fan_probe_state state)
{
    return (unsigned)state <= FAN_STATE_DONE ? state_names[state] : "?";
}

const char *fan_op_name(enum fan_probe_op op)
{
    return (unsigned)op < FAN_OP_COUNT ? op_names[op] : "?";
}

const char *fan_kind_name(enum fan_probe_kind kind)
{
    return (unsigned)kind < FAN_KIND_COUNT ? kind_names[kind] : "?";
}

const char *fan_executor_kind_name(enum fan_probe_executor_kind kind)
{
    return (unsigned)kind < FAN_EXECUTOR_KINDS ? executor_kind_names[kind] : "?";
}

const char *fan_policy_name(enum fan_probe_policy policy)
{
    return (unsigned)policy < FAN_POLICY_COUNT ? policy_names[policy] : "?";
}

const char *fan_post_name(enum fan_probe_post_at at)
{
    return (unsigned)at < FAN_AT_COUNT ? post_names[at] : "?";
}
