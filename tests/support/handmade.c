#define _GNU_SOURCE
#include "tests/support/handmade.h"

#include <check.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "watch/publish.h"

void handmade_write_header(struct handmade *made)
{
    made->segment->header = (struct fan_segment_header){
        .magic = FAN_SEGMENT_MAGIC,
        .version = FAN_SEGMENT_VERSION,
        .size = sizeof(struct fan_segment),
        .thread_size = sizeof(struct fan_probe_thread),
        .thread_count = FAN_PROBE_THREADS,
        .thread_offset = offsetof(struct fan_segment, threads),
        .object_size = sizeof(struct fan_probe_object),
        .object_count = FAN_PROBE_OBJECTS,
        .object_offset = offsetof(struct fan_segment, objects),
        .executor_size = sizeof(struct fan_probe_executor),
        .executor_count = FAN_PROBE_EXECUTORS,
        .executor_offset = offsetof(struct fan_segment, executors),
        .evidence_size = sizeof(struct fan_evidence),
        .evidence_offset = offsetof(struct fan_segment, evidence),
        .pid = 1,
        .phase = FAN_PHASE_RUNNING,
    };
}

void handmade_begin(struct handmade *made)
{
    int fd;
    char why[128];
    ck_assert_int_eq(fan_segment_create(&fd), 0);
    made->segment = mmap(NULL, sizeof *made->segment, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(made->segment, MAP_FAILED);
    handmade_write_header(made);
    ck_assert_int_eq(fan_reader_open(fd, &made->reader, why), 0);
    close(fd);
}

void handmade_end(struct handmade *made)
{
    fan_reader_close(made->reader);
    munmap(made->segment, sizeof *made->segment);
}

struct fan_probe_thread *handmade_thread(struct handmade *made, unsigned id, const char *name)
{
    struct fan_probe_thread *slot = &made->segment->threads[id];
    *slot = (struct fan_probe_thread){.seq = 2, .state = FAN_STATE_RUNNING, .id = id};
    strncpy(slot->name, name, sizeof slot->name - 1);
    return slot;
}

static void add_wait(struct fan_probe_thread *thread, struct fan_probe_wait wait)
{
    thread->state = FAN_STATE_BLOCKED;
    thread->op = thread->wait_count ? FAN_OP_SELECT : wait.op;
    thread->waits[thread->wait_count++] = wait;
    thread->seq += 2;
}

void handmade_block(struct fan_probe_thread *thread, enum fan_probe_op op,
                    const struct fan_probe_object *object)
{
    add_wait(thread,
             (struct fan_probe_wait){(uint16_t)object->id, (uint8_t)op, (uint8_t)object->kind});
}

void handmade_end_thread(struct fan_probe_thread *thread)
{
    thread->state = FAN_STATE_DONE;
    thread->seq += 2;
}

void handmade_join(struct fan_probe_thread *thread, unsigned id)
{
    add_wait(thread, (struct fan_probe_wait){(uint16_t)id, FAN_OP_JOIN, FAN_KIND_THREAD});
}

struct fan_probe_object *handmade_object(struct handmade *made, unsigned id,
                                         enum fan_probe_kind kind, const char *name)
{
    struct fan_probe_object *slot = &made->segment->objects[id];
    *slot = (struct fan_probe_object){.seq = 2, .kind = kind, .id = id};
    strncpy(slot->name, name, sizeof slot->name - 1);
    return slot;
}

void handmade_users(uint64_t *users, unsigned first, unsigned last)
{
    for (unsigned id = first; id <= last; id++)
        users[id / 64] |= UINT64_C(1) << (id % 64);
}
