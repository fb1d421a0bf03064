/* One segment in a process, since the probe is one. It is set up while one thread exists; after
 * that `published` does not change, and what many threads write in the header is atomic. */
#define _GNU_SOURCE
#include "watch/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/evidence.h"
#include "run/thread.h"
#include "run/thread_state.h"

static struct {
    struct fan_segment *segment; /* NULL = nothing is published */
    struct fan_probe_tables tables;
    struct fan_lock notices; /* for writing them */
} published;

int fan_segment_create(int *fd)
{
    int created = memfd_create("fanlab", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (created < 0)
        return errno;
    if (ftruncate(created, sizeof(struct fan_segment)) != 0 ||
        fcntl(created, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        int error = errno;
        close(created);
        return error;
    }
    *fd = created;
    return 0;
}

/* NULL with errno set if that cannot be. */
static struct fan_segment *map_segment(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return NULL;
    if (status.st_size != sizeof(struct fan_segment)) {
        errno = EINVAL;
        return NULL;
    }
    void *mapped =
        mmap(NULL, sizeof(struct fan_segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

/* The loader lists the executable first. */
static int note_load_base(struct dl_phdr_info *first, size_t size, void *base)
{
    (void)size;
    *(uint64_t *)base = first->dlpi_addr;
    return 1;
}

uint64_t fan_watch_load_base(void)
{
    uint64_t base = 0;
    dl_iterate_phdr(note_load_base, &base);
    return base;
}

static void describe_layout(struct fan_segment_header *header)
{
    header->version = FAN_SEGMENT_VERSION;
    header->size = sizeof(struct fan_segment);
    header->thread_size = sizeof(struct fan_probe_thread);
    header->thread_count = FAN_PROBE_THREADS;
    header->thread_offset = offsetof(struct fan_segment, threads);
    header->object_size = sizeof(struct fan_probe_object);
    header->object_count = FAN_PROBE_OBJECTS;
    header->object_offset = offsetof(struct fan_segment, objects);
    header->executor_size = sizeof(struct fan_probe_executor);
    header->executor_count = FAN_PROBE_EXECUTORS;
    header->executor_offset = offsetof(struct fan_segment, executors);
    header->evidence_size = sizeof(struct fan_evidence);
    header->evidence_offset = offsetof(struct fan_segment, evidence);
}

static void describe_process(struct fan_segment_header *header)
{
    header->pid = (uint32_t)getpid();
    header->started_ns = fan_clock_ns();
    header->load_base = fan_watch_load_base();
    header->phase = FAN_PHASE_RUNNING;
    header->phase_ns = header->started_ns;
}

/* snprintf may not be called from a signal handler, and last words often come from one. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; from && from[i] && i + 1 < size; i++)
        to[i] = from[i];
    to[i] = '\0';
}

static void write_last_words(void *observer, const struct fan_panic *panic)
{
    struct fan_segment_panic *words = &((struct fan_segment *)observer)->header.panic;
    if (__atomic_exchange_n(&words->claimed, 1, __ATOMIC_RELAXED))
        return;
    words->kind = panic->kind;
    words->when_ns = fan_clock_ns();
    words->thread = fan_thread_current ? fan_thread_current->id : 0;
    words->object = panic->object;
    copy_text(words->message, sizeof words->message, panic->message);
    copy_text(words->earlier_what, sizeof words->earlier_what, panic->earlier_what);
    words->stack = panic->stack;
    if (panic->earlier_what)
        words->earlier = panic->earlier;
    __atomic_store_n(&words->written, 1, __ATOMIC_RELEASE);
}

/* With the lock. */
static void add_notice(struct fan_segment_header *header, const struct fan_notice *notice)
{
    if (header->notice_count == FAN_SEGMENT_NOTICES)
        return;
    struct fan_segment_notice *words = &header->notices[header->notice_count];
    words->kind = notice->kind;
    words->when_ns = fan_clock_ns();
    memcpy(words->threads, notice->threads, sizeof words->threads);
    copy_text(words->message, sizeof words->message, notice->message);
    copy_text(words->earlier_what, sizeof words->earlier_what, notice->earlier_what);
    words->stack = notice->stack;
    if (notice->earlier_what)
        words->earlier = notice->earlier;
    __atomic_store_n(&header->notice_count, header->notice_count + 1, __ATOMIC_RELEASE);
}

static void write_notice(void *observer, const struct fan_notice *notice)
{
    fan_lock_acquire_to_show(&published.notices);
    add_notice(&((struct fan_segment *)observer)->header, notice);
    fan_lock_release_to_show(&published.notices);
}

static void connect_probe(struct fan_segment *segment)
{
    published.segment = segment;
    published.tables = (struct fan_probe_tables){
        .threads = segment->threads,
        .objects = segment->objects,
        .executors = segment->executors,
        .unseen_threads = &segment->header.unseen_threads,
        .unseen_objects = &segment->header.unseen_objects,
        .unseen_executors = &segment->header.unseen_executors,
        .panicked = write_last_words,
        .noticed = write_notice,
        .observer = segment,
    };
    fan_probe_install(&published.tables);
    fan_thread_adopt("main");
}

int fan_watch_publish(int fd)
{
    struct fan_segment *segment = map_segment(fd);
    if (!segment)
        return errno;
    describe_layout(&segment->header);
    describe_process(&segment->header);
    connect_probe(segment);
    __atomic_store_n(&segment->header.magic, FAN_SEGMENT_MAGIC, __ATOMIC_RELEASE);
    return 0;
}

/* The descriptor stays open: it is how another process finds the segment. */
int fan_watch_start(void)
{
    int fd = -1;
    int error = fan_segment_create(&fd);
    if (error)
        return error;
    error = fan_watch_publish(fd);
    if (error)
        close(fd);
    return error;
}

void fan_watch_freeze(void)
{
    fan_probe_install(NULL);
}

void fan_watch_phase(enum fan_phase phase)
{
    if (!published.segment)
        return;
    FAN_PROBE_SET(published.segment->header.phase_ns, fan_clock_ns());
    FAN_PROBE_SET(published.segment->header.phase, phase);
}

void fan_watch_expect(uint64_t inputs, uint64_t limit)
{
    if (!published.segment)
        return;
    FAN_PROBE_SET(published.segment->header.inputs, inputs);
    FAN_PROBE_SET(published.segment->header.limit, limit);
}

void fan_watch_output(void)
{
    if (published.segment)
        __atomic_fetch_add(&published.segment->header.outputs, 1, __ATOMIC_RELAXED);
}

void fan_watch_contract(const struct fan_contract *contract, bool virtual_time)
{
    if (!published.segment)
        return;
    published.segment->evidence.contract = *contract;
    published.segment->evidence.items = published.segment->header.inputs;
    published.segment->evidence.workers = published.segment->header.limit;
    published.segment->evidence.virtual_time = virtual_time;
    fan_evidence_collect(&published.segment->evidence);
}
