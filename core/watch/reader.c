/* No locks: a reader belongs to one thread. The segment is written by another program at any time,
 * so it is only read through fan_slots_copy; a field is never looked at twice. */
#define _GNU_SOURCE
#include "watch/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "watch/crews.h"
#include "watch/slots.h"

struct fan_reader {
    const struct fan_segment *segment;
    bool mapped;    /* shared with its writer; else a copy in our memory */
    bool published; /* a valid header has been seen */
    struct fan_crews_rates rates;
};

enum {
    WHY = 128,
    TRIES = 4, /* a crew that changes all the time is shown as it was at the last of them */
};

static int refuse(char why[WHY], int error, const char *reason)
{
    snprintf(why, WHY, "%s", reason);
    return error;
}

static bool same_layout(const struct fan_segment_header *header)
{
    return header->size == sizeof(struct fan_segment) &&
           header->thread_size == sizeof(struct fan_probe_thread) &&
           header->thread_count == FAN_PROBE_THREADS &&
           header->thread_offset == offsetof(struct fan_segment, threads) &&
           header->object_size == sizeof(struct fan_probe_object) &&
           header->object_count == FAN_PROBE_OBJECTS &&
           header->object_offset == offsetof(struct fan_segment, objects) &&
           header->executor_size == sizeof(struct fan_probe_executor) &&
           header->executor_count == FAN_PROBE_EXECUTORS &&
           header->executor_offset == offsetof(struct fan_segment, executors) &&
           header->evidence_size == sizeof(struct fan_evidence) &&
           header->evidence_offset == offsetof(struct fan_segment, evidence);
}

static int check_header(const struct fan_segment_header *header, bool published, char why[WHY])
{
    if (header->magic == 0 && !published)
        return 0;
    if (header->magic != FAN_SEGMENT_MAGIC)
        return refuse(why, EINVAL, "not a segment of fanlab, or one that was written over");
    if (header->version != FAN_SEGMENT_VERSION) {
        snprintf(why, WHY, "a segment of version %u; this program reads version %u",
                 header->version, (unsigned)FAN_SEGMENT_VERSION);
        return EPROTO;
    }
    if (!same_layout(header) || header->phase > FAN_PHASE_ENDED)
        return refuse(why, EINVAL, "the segment's header is damaged");
    return 0;
}

static int look_at_header(struct fan_reader *reader, struct fan_segment_header *header,
                          char why[WHY])
{
    fan_slots_copy(header, &reader->segment->header, sizeof *header);
    int error = check_header(header, reader->published, why);
    if (error == 0 && header->magic != 0)
        reader->published = true;
    return error;
}

static int map_shared(int fd, struct fan_reader *reader, char why[WHY])
{
    void *mapped = mmap(NULL, sizeof(struct fan_segment), PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return refuse(why, errno == ENOMEM ? ENOMEM : EIO, strerror(errno));
    reader->segment = mapped;
    reader->mapped = true;
    return 0;
}

static int read_fully(int fd, char *to, size_t size, char why[WHY])
{
    for (size_t got = 0; got < size;) {
        ssize_t count = pread(fd, to + got, size - got, (off_t)got);
        if (count == 0)
            return refuse(why, EINVAL, "the segment is cut short");
        if (count < 0 && errno != EINTR)
            return refuse(why, EIO, strerror(errno));
        got += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static int copy_file(int fd, struct fan_reader *reader, char why[WHY])
{
    struct fan_segment *copy = aligned_alloc(_Alignof(struct fan_segment), sizeof *copy);
    if (!copy)
        return refuse(why, ENOMEM, "out of memory");
    int error = read_fully(fd, (char *)copy, sizeof *copy, why);
    if (error)
        free(copy);
    else
        reader->segment = copy;
    return error;
}

/* A mapped file that shrinks kills its reader (SIGBUS), so only what cannot shrink is mapped. A
 * memfd has no link in any directory; a file that is kept somewhere is read once instead. */
static int attach(int fd, struct fan_reader *reader, char why[WHY])
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return refuse(why, EIO, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse(why, EINVAL, "not a file");
    if (status.st_size < (off_t)sizeof(struct fan_segment))
        return refuse(why, EINVAL, "the segment is cut short");
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals >= 0 && (seals & F_SEAL_SHRINK))
        return map_shared(fd, reader, why);
    if (seals >= 0 && status.st_nlink == 0)
        return refuse(why, EINVAL, "the segment is not sealed against shrinking");
    return copy_file(fd, reader, why);
}

int fan_reader_open(int fd, struct fan_reader **opened, char why[WHY])
{
    struct fan_segment_header header;
    struct fan_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return refuse(why, ENOMEM, "out of memory");
    int error = attach(fd, reader, why);
    if (error == 0)
        error = look_at_header(reader, &header, why);
    if (error)
        fan_reader_close(reader);
    else
        *opened = reader;
    return error;
}

void fan_reader_close(struct fan_reader *reader)
{
    if (!reader)
        return;
    if (reader->mapped)
        munmap((void *)reader->segment, sizeof *reader->segment);
    else
        free((void *)reader->segment);
    free(reader);
}

static void view_panic(const struct fan_segment_panic *words, struct fan_snapshot *snapshot)
{
    snapshot->panicked = words->written != 0;
    if (!snapshot->panicked)
        return;
    struct fan_panic *panic = &snapshot->panic;
    panic->kind =
        words->kind <= FAN_PANIC_SIGNAL ? (enum fan_panic_kind)words->kind : FAN_PANIC_PLAIN;
    fan_slots_clean_text(panic->message, words->message, sizeof panic->message);
    fan_slots_clean_stack(&panic->stack, &words->stack);
    fan_slots_clean_stack(&panic->earlier, &words->earlier);
    panic->earlier_what = NULL;
    panic->object = words->object;
    fan_slots_clean_text(snapshot->panic_earlier_what, words->earlier_what,
                         sizeof snapshot->panic_earlier_what);
    snapshot->panic_thread = words->thread;
    snapshot->panic_ns = words->when_ns;
}

static void clean_notice(struct fan_segment_notice *to, const struct fan_segment_notice *from)
{
    to->kind = from->kind < FAN_NOTICE_KINDS ? from->kind : FAN_NOTICE_RACE;
    to->when_ns = from->when_ns;
    memcpy(to->threads, from->threads, sizeof to->threads);
    fan_slots_clean_text(to->message, from->message, sizeof to->message);
    fan_slots_clean_text(to->earlier_what, from->earlier_what, sizeof to->earlier_what);
    fan_slots_clean_stack(&to->stack, &from->stack);
    fan_slots_clean_stack(&to->earlier, &from->earlier);
}

/* To be looked at after the phase: a program that has ended has written all of them. */
static void view_notices(const struct fan_segment_header *header, struct fan_snapshot *snapshot)
{
    uint32_t count = __atomic_load_n(&header->notice_count, __ATOMIC_ACQUIRE);
    snapshot->notice_count = count < FAN_SEGMENT_NOTICES ? count : FAN_SEGMENT_NOTICES;
    for (uint32_t i = 0; i < snapshot->notice_count; i++)
        clean_notice(&snapshot->notices[i], &header->notices[i]);
}

static void view_header(const struct fan_segment_header *header, struct fan_snapshot *snapshot)
{
    snapshot->pid = header->pid;
    snapshot->started_ns = header->started_ns;
    snapshot->load_base = header->load_base;
    snapshot->unseen_threads = header->unseen_threads;
    snapshot->unseen_objects = header->unseen_objects;
    snapshot->unseen_executors = header->unseen_executors;
    snapshot->phase = (enum fan_phase)header->phase;
    snapshot->phase_ns = header->phase_ns;
    snapshot->limit = header->limit;
    snapshot->inputs = header->inputs;
    snapshot->outputs = header->outputs;
    view_panic(&header->panic, snapshot);
}

static void show_nothing_yet(struct fan_snapshot *snapshot)
{
    view_header(&(struct fan_segment_header){.phase = FAN_PHASE_STARTING}, snapshot);
    snapshot->thread_count = snapshot->object_count = snapshot->executor_count = 0;
    snapshot->unread_threads = snapshot->unread_objects = snapshot->unread_executors = 0;
    snapshot->notice_count = 0;
    snapshot->in_flight = 0;
    snapshot->taken_ns = fan_clock_ns();
}

static void read_threads_and_crews(const struct fan_segment *segment, struct fan_snapshot *snapshot)
{
    for (int i = 0; i < TRIES; i++) {
        fan_crews_read(segment->executors, snapshot);
        fan_slots_read_threads(segment->threads, snapshot);
        if (fan_crews_stand_still(segment->executors, snapshot))
            return;
    }
}

static void clip_header_times(struct fan_snapshot *snapshot)
{
    uint64_t *const times_ns[] = {&snapshot->started_ns, &snapshot->phase_ns, &snapshot->panic_ns};
    for (size_t i = 0; i < sizeof times_ns / sizeof times_ns[0]; i++)
        if (*times_ns[i] > snapshot->taken_ns)
            *times_ns[i] = snapshot->taken_ns;
}

int fan_reader_look(struct fan_reader *reader, struct fan_snapshot *snapshot)
{
    struct fan_segment_header header;
    char why[WHY];
    int error = look_at_header(reader, &header, why);
    if (error)
        return EINVAL;
    if (!reader->published) {
        show_nothing_yet(snapshot);
        return 0;
    }
    view_header(&header, snapshot);
    view_notices(&reader->segment->header, snapshot);
    read_threads_and_crews(reader->segment, snapshot);
    fan_slots_read_objects(reader->segment->objects, snapshot);
    snapshot->taken_ns = fan_clock_ns();
    clip_header_times(snapshot);
    fan_slots_connect(snapshot);
    fan_crews_add_up(snapshot);
    fan_crews_set_rates(&reader->rates, snapshot);
    return 0;
}

/* ---- evidence ---- */

static void clean_contract(struct fan_contract *contract)
{
    if (contract->outputs > FAN_OUTPUTS_IN_ORDER)
        contract->outputs = FAN_OUTPUTS_UNJUDGED;
    if (contract->errors > FAN_ERRORS_FIRST)
        contract->errors = FAN_ERRORS_UNJUDGED;
    if (contract->work > FAN_WORK_FOR_ANY_WORKER)
        contract->work = FAN_WORK_UNJUDGED;
    unsigned char stops;
    memcpy(&stops, &contract->stops_with_context, sizeof stops);
    contract->stops_with_context = stops == 1;
    memcpy(&stops, &contract->apart, sizeof stops);
    contract->apart = stops == 1;
}

static bool is_believable(const struct fan_evidence *evidence, const struct fan_fact *fact)
{
    return fact->kind > FAN_FACT_NONE && fact->kind < FAN_FACT_KINDS &&
           fact->thread < FAN_EVIDENCE_THREADS && fact->object <= evidence->queues &&
           fact->object < FAN_EVIDENCE_QUEUES;
}

/* Those that are left out make the log seem to have more than fit. */
static void clean_facts(struct fan_evidence *evidence)
{
    uint32_t kept = 0, count = evidence->claimed;
    if (count > FAN_EVIDENCE_FACTS)
        count = FAN_EVIDENCE_FACTS;
    for (uint32_t i = 0; i < count; i++)
        if (is_believable(evidence, &evidence->facts[i]))
            evidence->facts[kept++] = evidence->facts[i];
    if (kept == count)
        return;
    memset(&evidence->facts[kept], 0, (count - kept) * sizeof evidence->facts[0]);
    evidence->claimed = UINT32_MAX;
}

static void clean_names(struct fan_evidence *evidence)
{
    char name[FAN_PROBE_NAME];
    for (uint32_t i = 0; i < FAN_EVIDENCE_THREADS; i++) {
        memcpy(name, evidence->threads[i].name, sizeof name);
        fan_slots_clean_text(evidence->threads[i].name, name, sizeof name);
    }
    for (uint32_t i = 0; i < FAN_EVIDENCE_QUEUES; i++) {
        memcpy(name, evidence->queue[i].name, sizeof name);
        fan_slots_clean_text(evidence->queue[i].name, name, sizeof name);
    }
    if (evidence->last_thread >= FAN_EVIDENCE_THREADS)
        evidence->last_thread = FAN_EVIDENCE_THREADS - 1;
}

int fan_reader_evidence(struct fan_reader *reader, struct fan_evidence *evidence)
{
    if (!reader->published)
        return EINVAL;
    fan_slots_copy(evidence, &reader->segment->evidence, sizeof *evidence);
    clean_contract(&evidence->contract);
    clean_facts(evidence);
    clean_names(evidence);
    return 0;
}
