/* The reader against segments that are no segments, damaged ones, and ones under change. */
#define _GNU_SOURCE
#include "watch/reader.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/support/handmade.h"
#include "tests/support/suite.h"
#include "watch/detector.h"
#include "watch/publish.h"

static struct fan_snapshot snapshot;
static struct handmade made;
static struct fan_reader *reader;
static struct fan_segment *segment; /* the writer's view, to damage it */
static char why[128];

static void set_up(void)
{
    handmade_begin(&made);
    segment = made.segment;
    reader = made.reader;
}

static void tear_down(void)
{
    handmade_end(&made);
}

static void look(void)
{
    ck_assert_int_eq(fan_reader_look(reader, &snapshot), 0);
}

static void show_thread(int slot, uint64_t id, const char *name)
{
    segment->threads[slot].state = FAN_STATE_RUNNING;
    segment->threads[slot].id = id;
    memcpy(segment->threads[slot].name, name, strlen(name) + 1);
}

static int open_bytes(int fd, const void *bytes, size_t size)
{
    struct fan_reader *opened;
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    int error = fan_reader_open(fd, &opened, why);
    if (error == 0)
        fan_reader_close(opened);
    close(fd);
    return error;
}

static int open_file_of(const void *bytes, size_t size)
{
    char path[] = "/tmp/fan-reader-XXXXXX";
    int fd = mkstemp(path);
    int error = open_bytes(fd, bytes, size);
    unlink(path);
    return error;
}

START_TEST(a_new_segment_is_starting)
{
    int fd;
    struct fan_reader *fresh;
    ck_assert_int_eq(fan_segment_create(&fd), 0);
    ck_assert_int_eq(fan_reader_open(fd, &fresh, why), 0);
    ck_assert_int_eq(fan_reader_look(fresh, &snapshot), 0);
    ck_assert_int_eq(snapshot.phase, FAN_PHASE_STARTING);
    ck_assert_uint_eq(snapshot.thread_count, 0);
    ck_assert_uint_eq(snapshot.unread_threads + snapshot.unread_objects, 0);
    fan_reader_close(fresh);
    close(fd);
}
END_TEST

START_TEST(a_published_segment_does_not_become_new_again)
{
    segment->header.magic = 0;
    ck_assert_int_eq(fan_reader_look(reader, &snapshot), EINVAL);
}
END_TEST

START_TEST(a_segment_cut_short_is_refused)
{
    ck_assert_int_eq(open_file_of(segment, sizeof *segment - 1), EINVAL);
    ck_assert_str_eq(why, "the segment is cut short");
    ck_assert_int_eq(open_file_of(segment, 0), EINVAL);
    ck_assert_int_eq(open_file_of(segment, 8), EINVAL);
}
END_TEST

START_TEST(a_kept_file_is_read)
{
    show_thread(0, 1, "main");
    ck_assert_int_eq(open_file_of(segment, sizeof *segment), 0);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    int ends[2];
    struct fan_reader *opened;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fan_reader_open(ends[0], &opened, why), EINVAL);
    ck_assert_int_eq(fan_reader_open(-1, &opened, why), EIO);
}
END_TEST

START_TEST(an_unsealed_memfd_is_refused)
{
    int sealable = memfd_create("test", MFD_ALLOW_SEALING);
    ck_assert_int_eq(open_bytes(sealable, segment, sizeof *segment), EINVAL);
    ck_assert_str_eq(why, "the segment is not sealed against shrinking");
    ck_assert_int_eq(open_bytes(memfd_create("test", 0), segment, sizeof *segment), EINVAL);
}
END_TEST

START_TEST(another_version_is_named)
{
    segment->header.version = FAN_SEGMENT_VERSION + 1;
    ck_assert_int_eq(open_file_of(segment, sizeof *segment), EPROTO);
    ck_assert_ptr_nonnull(strstr(why, "reads version 6"));
}
END_TEST

START_TEST(a_damaged_header_is_refused)
{
    static const size_t fields[] = {
        offsetof(struct fan_segment_header, magic),
        offsetof(struct fan_segment_header, size),
        offsetof(struct fan_segment_header, thread_size),
        offsetof(struct fan_segment_header, thread_count),
        offsetof(struct fan_segment_header, thread_offset),
        offsetof(struct fan_segment_header, object_size),
        offsetof(struct fan_segment_header, object_count),
        offsetof(struct fan_segment_header, object_offset),
        offsetof(struct fan_segment_header, executor_size),
        offsetof(struct fan_segment_header, executor_count),
        offsetof(struct fan_segment_header, executor_offset),
        offsetof(struct fan_segment_header, phase),
    };
    uint32_t *damaged = (uint32_t *)((char *)segment + fields[_i]);
    *damaged ^= 0x80000000u;
    ck_assert_int_eq(open_file_of(segment, sizeof *segment), EINVAL);
    ck_assert_int_eq(fan_reader_look(reader, &snapshot), EINVAL);
    *damaged ^= 0x80000000u;
    look();
}
END_TEST

START_TEST(crews_are_numbered_in_the_order_of_their_ids)
{
    show_thread(9, 2, "worker");
    show_thread(3, 7, "worker");
    show_thread(4, 4, "worker");
    show_thread(5, 1, "main");
    look();
    ck_assert_uint_eq(snapshot.thread_count, 4);
    static const char *const labels[] = {"main", "worker 1", "worker 2", "worker 3"};
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(snapshot.threads[i].label, labels[i]);
    ck_assert_int_eq(fan_snapshot_thread(&snapshot, 7), 3);
    ck_assert_int_eq(fan_snapshot_thread(&snapshot, 8), FAN_NO_INDEX);
}
END_TEST

START_TEST(names_come_out_printable_and_ended)
{
    show_thread(0, 1, "a\033[2Jb");
    show_thread(1, 2, "");
    memset(segment->threads[1].name, 'x', FAN_PROBE_NAME);
    segment->objects[2].kind = FAN_KIND_CHANNEL;
    segment->objects[2].id = 3;
    look();
    ck_assert_str_eq(snapshot.threads[0].label, "a?[2Jb");
    ck_assert_uint_eq(strlen(snapshot.threads[1].label), FAN_PROBE_NAME - 1);
    ck_assert_str_eq(snapshot.objects[0].name, "channel 3");
}
END_TEST

START_TEST(a_slot_that_never_settles_is_left_out_and_told)
{
    show_thread(0, 1, "main");
    show_thread(1, 2, "worker");
    segment->threads[1].seq = 7;
    look();
    ck_assert_uint_eq(snapshot.unread_threads, 1);
    ck_assert_uint_eq(snapshot.thread_count, 1);
    segment->threads[1].seq = 8;
    look();
    ck_assert_uint_eq(snapshot.unread_threads, 0);
    ck_assert_uint_eq(snapshot.threads[1].epoch, 8);
}
END_TEST

START_TEST(indexes_and_counts_out_of_range_are_clipped)
{
    struct fan_probe_thread *slot = &segment->threads[0];
    show_thread(0, 1, "main");
    slot->state = FAN_STATE_BLOCKED;
    slot->op = 77;
    slot->wait_count = 1000000;
    slot->waits[0] = (struct fan_probe_wait){.slot = 9999, .op = 200, .kind = 200};
    slot->waits[1] = (struct fan_probe_wait){.slot = 9999, .kind = FAN_KIND_THREAD};
    slot->waits[2] = (struct fan_probe_wait){.slot = 5, .kind = FAN_KIND_CHANNEL};
    slot->stack.depth = 1u << 31;
    slot->last = UINT64_MAX;
    slot->since_ns = UINT64_MAX;
    slot->tasks_ended = 3;
    look();
    const struct fan_thread_view *view = &snapshot.threads[0];
    ck_assert_int_eq(view->op, FAN_OP_NONE);
    ck_assert_int_eq(view->waits[0].kind, FAN_KIND_FREE);
    for (int i = 0; i < FAN_PROBE_WAITS; i++)
        ck_assert_int_eq(view->waits[i].index, FAN_NO_INDEX);
    ck_assert_uint_eq(view->stack.depth, FAN_STACK_FRAMES);
    ck_assert_int_eq(view->last_op, FAN_OP_NONE);
    ck_assert_uint_eq(view->since_ns, snapshot.taken_ns);
    ck_assert_uint_eq(snapshot.in_flight, 0);
}
END_TEST

START_TEST(a_slot_of_an_unknown_state_or_kind_is_unread)
{
    segment->threads[0].state = 99;
    look();
    ck_assert_uint_eq(snapshot.unread_threads, 1);
    ck_assert_uint_eq(snapshot.thread_count, 0);
    segment->threads[0].state = FAN_STATE_FREE;
    segment->objects[0].kind = FAN_KIND_THREAD;
    look();
    ck_assert_uint_eq(snapshot.unread_objects, 1);
}
END_TEST

START_TEST(a_wait_finds_its_object_only_if_the_kinds_agree)
{
    show_thread(6, 1, "main");
    segment->threads[6].state = FAN_STATE_BLOCKED;
    segment->threads[6].wait_count = 2;
    segment->threads[6].waits[0] = (struct fan_probe_wait){5, FAN_OP_RECV, FAN_KIND_CHANNEL};
    segment->threads[6].waits[1] = (struct fan_probe_wait){6, FAN_OP_JOIN, FAN_KIND_THREAD};
    segment->objects[5].kind = FAN_KIND_CHANNEL;
    look();
    ck_assert_int_eq(snapshot.threads[0].waits[0].index, 0);
    ck_assert_int_eq(snapshot.threads[0].waits[1].index, 0);
    segment->objects[5].kind = FAN_KIND_MUTEX;
    look();
    ck_assert_int_eq(snapshot.threads[0].waits[0].index, FAN_NO_INDEX);
}
END_TEST

START_TEST(lengths_never_exceed_what_can_be)
{
    static const struct {
        enum fan_probe_kind kind;
        uint64_t put, taken, length;
    } cases[] = {
        {FAN_KIND_CHANNEL, 5, 3, 2},    {FAN_KIND_CHANNEL, 3, 5, 0},
        {FAN_KIND_CHANNEL, 1000, 1, 4}, {FAN_KIND_WAIT_GROUP, 1000, 1, 999},
        {FAN_KIND_SEMAPHORE, 3, 5, 2},  {FAN_KIND_SEMAPHORE, 5, 3, 0},
    };
    segment->objects[0].kind = cases[_i].kind;
    segment->objects[0].capacity = 4;
    segment->objects[0].put = cases[_i].put;
    segment->objects[0].taken = cases[_i].taken;
    look();
    ck_assert_uint_eq(snapshot.objects[0].length, cases[_i].length);
}
END_TEST

static void check_text(const char *text, size_t size)
{
    size_t printable = 0;
    while (printable < size && text[printable] >= ' ' && text[printable] <= '~')
        printable++;
    ck_assert(printable < size && text[printable] == '\0');
}

static void check_thread(const struct fan_thread_view *thread)
{
    check_text(thread->name, sizeof thread->name);
    check_text(thread->label, sizeof thread->label);
    ck_assert_uint_lt(thread->slot, FAN_PROBE_THREADS);
    ck_assert(thread->state > FAN_STATE_FREE && thread->state <= FAN_STATE_DONE);
    ck_assert(thread->op < FAN_OP_COUNT && thread->last_op < FAN_OP_COUNT);
    ck_assert_uint_le(thread->stack.depth, FAN_STACK_FRAMES);
    ck_assert_uint_le(thread->created.depth, FAN_STACK_FRAMES);
    ck_assert_uint_le(thread->since_ns, snapshot.taken_ns);
    ck_assert_uint_le(thread->post.since_ns, snapshot.taken_ns);
    ck_assert(thread->post.at < FAN_AT_COUNT);
    for (uint32_t i = 0; i < thread->wait_count && i < FAN_PROBE_WAITS; i++) {
        const struct fan_wait_view *wait = &thread->waits[i];
        uint32_t count =
            wait->kind == FAN_KIND_THREAD ? snapshot.thread_count : snapshot.object_count;
        ck_assert(wait->index >= FAN_NO_INDEX && wait->index < (int)count);
        ck_assert(wait->op < FAN_OP_COUNT && wait->kind < FAN_KIND_COUNT);
    }
}

static void check_executor(const struct fan_executor_view *executor)
{
    check_text(executor->name, sizeof executor->name);
    ck_assert_uint_lt(executor->slot, FAN_PROBE_EXECUTORS);
    ck_assert(executor->kind > FAN_EXECUTOR_FREE && executor->kind < FAN_EXECUTOR_KINDS);
    ck_assert_uint_le(executor->created.depth, FAN_STACK_FRAMES);
    ck_assert(executor->limit == 0 || executor->in_flight <= executor->limit);
    ck_assert_uint_le(executor->created_ns, snapshot.taken_ns);
    ck_assert_uint_le(executor->ended_ns, snapshot.taken_ns);
    ck_assert_uint_le(executor->oldest_ns, snapshot.taken_ns);
    ck_assert(executor->per_second >= 0);
}

static void check_snapshot(void)
{
    ck_assert_uint_le(snapshot.thread_count, FAN_PROBE_THREADS);
    ck_assert_uint_le(snapshot.object_count, FAN_PROBE_OBJECTS);
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        check_thread(&snapshot.threads[i]);
    for (uint32_t i = 0; i < snapshot.object_count; i++) {
        check_text(snapshot.objects[i].name, sizeof snapshot.objects[i].name);
        ck_assert_uint_le(snapshot.objects[i].created.depth, FAN_STACK_FRAMES);
        ck_assert_uint_le(snapshot.objects[i].closed_at.depth, FAN_STACK_FRAMES);
    }
    ck_assert_uint_le(snapshot.executor_count, FAN_PROBE_EXECUTORS);
    for (uint32_t i = 0; i < snapshot.executor_count; i++)
        check_executor(&snapshot.executors[i]);
    if (snapshot.panicked) {
        check_text(snapshot.panic.message, sizeof snapshot.panic.message);
        check_text(snapshot.panic_earlier_what, sizeof snapshot.panic_earlier_what);
        ck_assert_uint_le(snapshot.panic.stack.depth, FAN_STACK_FRAMES);
        ck_assert_uint_le(snapshot.panic.earlier.depth, FAN_STACK_FRAMES);
    }
    ck_assert(snapshot.phase <= FAN_PHASE_ENDED);
}

static void randomise(void *bytes, size_t size, struct fan_random *random)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        ((uint64_t *)bytes)[i] = fan_random_next(random);
}

/* Random slots are hardly ever settled and in a known state, so that is helped along. */
static void make_slots_plausible(struct fan_random *random)
{
    for (int i = 0; i < FAN_PROBE_THREADS; i++) {
        segment->threads[i].seq &= ~1u;
        segment->threads[i].state = (uint32_t)fan_random_below(random, FAN_STATE_DONE + 1);
        segment->objects[i].seq &= ~1u;
        segment->objects[i].kind = (uint32_t)fan_random_below(random, FAN_KIND_COUNT);
        for (int k = 0; k < FAN_PROBE_WAITS; k++) {
            segment->threads[i].waits[k].slot %= 300;
            segment->threads[i].waits[k].kind %= FAN_KIND_COUNT + 1;
        }
        segment->threads[i].post.executor %= 20;
        segment->threads[i].post.at %= FAN_AT_COUNT;
    }
    for (int i = 0; i < FAN_PROBE_EXECUTORS; i++) {
        segment->executors[i].seq &= ~1u;
        segment->executors[i].kind = (uint32_t)fan_random_below(random, FAN_EXECUTOR_KINDS);
        segment->executors[i].id %= 20;
    }
}

START_TEST(random_bytes_are_refused)
{
    struct fan_random random = {.state = 1};
    for (int round = 0; round < 50; round++) {
        randomise(segment, sizeof *segment, &random);
        ck_assert_int_eq(fan_reader_look(reader, &snapshot), EINVAL);
    }
}
END_TEST

START_TEST(random_slots_never_lead_the_reader_astray)
{
    struct fan_random random = {.state = 2};
    for (int round = 0; round < 60; round++) {
        randomise(segment->threads, sizeof segment->threads, &random);
        randomise(segment->objects, sizeof segment->objects, &random);
        randomise(segment->executors, sizeof segment->executors, &random);
        randomise(&segment->header.panic, sizeof segment->header.panic, &random);
        if (round % 4)
            make_slots_plausible(&random);
        look();
        check_snapshot();
    }
}
END_TEST

static void fill_plausibly(void)
{
    for (int i = 0; i < 12; i++) {
        show_thread(i, (uint64_t)i + 1, i ? "worker" : "main");
        segment->threads[i].state = FAN_STATE_BLOCKED;
        segment->threads[i].wait_count = 1;
        segment->threads[i].waits[0] = (struct fan_probe_wait){
            .slot = (uint16_t)(i % 4), .op = FAN_OP_RECV, .kind = FAN_KIND_CHANNEL};
        segment->threads[i].stack.depth = 5;
        segment->objects[i].kind = FAN_KIND_CHANNEL;
    }
}

START_TEST(flipped_bits_never_lead_the_reader_astray)
{
    struct fan_random random = {.state = 3};
    size_t used = offsetof(struct fan_segment, threads) + 12 * sizeof segment->threads[0];
    for (int round = 0; round < 5000; round++) {
        if (round % 64 == 0) {
            memset(segment, 0, sizeof *segment);
            handmade_write_header(&made);
            fill_plausibly();
        }
        ((unsigned char *)segment)[fan_random_below(&random, used)] ^=
            (unsigned char)(1u << fan_random_below(&random, 8));
        if (fan_reader_look(reader, &snapshot) == 0)
            check_snapshot();
    }
}
END_TEST

/* Facts that could be, of threads and queues that could not. */
static void make_evidence_plausible(struct fan_random *random)
{
    struct fan_evidence *evidence = &segment->evidence;
    evidence->contract = (struct fan_contract){.outputs = FAN_OUTPUTS_IN_ORDER,
                                               .errors = FAN_ERRORS_FIRST,
                                               .work = FAN_WORK_FOR_ANY_WORKER};
    evidence->claimed = 600;
    evidence->unseen = 0;
    evidence->queues = (uint32_t)fan_random_below(random, FAN_EVIDENCE_QUEUES);
    for (uint32_t i = 0; i < evidence->claimed; i++) {
        struct fan_fact *fact = &evidence->facts[i];
        fact->kind = 1 + (uint32_t)fan_random_below(random, FAN_FACT_KINDS - 1);
        fact->thread %= FAN_EVIDENCE_THREADS;
        fact->object %= evidence->queues + 1;
        fact->position %= 50;
        fact->value %= 50;
        fact->at_ns = i * 1000000;
    }
}

START_TEST(random_evidence_never_leads_the_detectors_astray)
{
    struct fan_random random = {.state = 4};
    struct fan_evidence *evidence = malloc(sizeof *evidence);
    struct fan_breaches found;
    size_t used = offsetof(struct fan_evidence, facts) + 700 * sizeof evidence->facts[0];
    uint32_t said = 0;
    ck_assert_ptr_nonnull(evidence);
    for (int round = 0; round < 200; round++) {
        randomise(&segment->evidence, used, &random);
        if (round % 4)
            make_evidence_plausible(&random);
        ck_assert_int_eq(fan_reader_evidence(reader, evidence), 0);
        fan_detect(evidence, &found);
        said += found.count > 0;
        for (uint32_t i = 0; i < fan_evidence_count(evidence); i++)
            ck_assert_uint_lt(evidence->facts[i].kind, FAN_FACT_KINDS);
    }
    ck_assert_uint_gt(said, 0);
    free(evidence);
}
END_TEST

/* What was left out counts as lost. */
START_TEST(a_fact_that_cannot_be_is_left_out_and_told)
{
    struct fan_evidence *evidence = malloc(sizeof *evidence);
    ck_assert_ptr_nonnull(evidence);
    segment->evidence.claimed = 2;
    segment->evidence.facts[0].kind = FAN_FACT_BEGIN;
    segment->evidence.facts[1].kind = FAN_FACT_BEGIN;
    ck_assert_int_eq(fan_reader_evidence(reader, evidence), 0);
    ck_assert(fan_evidence_is_whole(evidence));
    segment->evidence.facts[0].object = 1;
    ck_assert_int_eq(fan_reader_evidence(reader, evidence), 0);
    ck_assert(!fan_evidence_is_whole(evidence));
    free(evidence);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("reader");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_new_segment_is_starting);
    tcase_add_test(cases, a_published_segment_does_not_become_new_again);
    tcase_add_test(cases, a_segment_cut_short_is_refused);
    tcase_add_test(cases, a_kept_file_is_read);
    tcase_add_test(cases, what_is_no_file_is_refused);
    tcase_add_test(cases, an_unsealed_memfd_is_refused);
    tcase_add_test(cases, another_version_is_named);
    tcase_add_loop_test(cases, a_damaged_header_is_refused, 0, 12);
    tcase_add_test(cases, crews_are_numbered_in_the_order_of_their_ids);
    tcase_add_test(cases, names_come_out_printable_and_ended);
    tcase_add_test(cases, a_slot_that_never_settles_is_left_out_and_told);
    tcase_add_test(cases, indexes_and_counts_out_of_range_are_clipped);
    tcase_add_test(cases, a_slot_of_an_unknown_state_or_kind_is_unread);
    tcase_add_test(cases, a_wait_finds_its_object_only_if_the_kinds_agree);
    tcase_add_loop_test(cases, lengths_never_exceed_what_can_be, 0, 6);
    tcase_add_test(cases, random_bytes_are_refused);
    tcase_add_test(cases, random_slots_never_lead_the_reader_astray);
    tcase_add_test(cases, flipped_bits_never_lead_the_reader_astray);
    tcase_add_test(cases, random_evidence_never_leads_the_detectors_astray);
    tcase_add_test(cases, a_fact_that_cannot_be_is_left_out_and_told);
    return suite_run("reader", cases);
}
