#include "watch/enabled.h"

/* A select may wait at both ends of a channel; it is not its own partner. */
static uint32_t own_waits(const struct fan_thread_view *thread, int object, enum fan_probe_op op)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < thread->wait_count && i < FAN_PROBE_WAITS; i++)
        count += thread->waits[i].op == op && thread->waits[i].kind == FAN_KIND_CHANNEL &&
                 thread->waits[i].index == object;
    return count;
}

static bool recv_ready(const struct fan_object_view *chan, uint32_t own_sends)
{
    return chan->closed || chan->length > 0 || chan->waiting_put > own_sends;
}

static bool send_ready(const struct fan_object_view *chan, uint32_t own_recvs)
{
    return chan->closed || chan->length < chan->capacity || chan->waiting_take > own_recvs;
}

static bool object_ready(const struct fan_object_view *object)
{
    switch (object->kind) {
    case FAN_KIND_MUTEX:
        return object->owner == 0;
    case FAN_KIND_RWLOCK:
        return object->owner == 0 && object->length == 0;
    case FAN_KIND_WAIT_GROUP:
    case FAN_KIND_SEMAPHORE:
        return object->length == 0;
    case FAN_KIND_ONCE:
        return object->closed || object->owner == 0;
    case FAN_KIND_CONTEXT:
        return object->closed;
    default:
        return false;
    }
}

static bool wait_ready(const struct fan_snapshot *snapshot, const struct fan_thread_view *thread,
                       const struct fan_wait_view *wait)
{
    if (wait->index == FAN_NO_INDEX)
        return false;
    if (wait->kind == FAN_KIND_THREAD)
        return snapshot->threads[wait->index].state == FAN_STATE_DONE;
    const struct fan_object_view *object = &snapshot->objects[wait->index];
    if (wait->op == FAN_OP_RECV)
        return recv_ready(object, own_waits(thread, wait->index, FAN_OP_SEND));
    if (wait->op == FAN_OP_SEND)
        return send_ready(object, own_waits(thread, wait->index, FAN_OP_RECV));
    return object_ready(object);
}

bool fan_enabled_thread(const struct fan_snapshot *snapshot, const struct fan_thread_view *thread)
{
    for (uint32_t i = 0; i < thread->wait_count && i < FAN_PROBE_WAITS; i++)
        if (wait_ready(snapshot, thread, &thread->waits[i]))
            return true;
    return false;
}
