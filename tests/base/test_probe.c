#include "base/probe.h"

#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "tests/support/suite.h"

static struct fan_probe_thread *threads;
static struct fan_probe_object *objects;
static uint64_t unseen_threads, unseen_objects;
static struct fan_probe_tables tables;

static void nobody_asks(void *observer, const struct fan_panic *panic)
{
    (void)observer, (void)panic;
}

static void install(void)
{
    threads = aligned_alloc(64, FAN_PROBE_THREADS * sizeof *threads);
    objects = aligned_alloc(64, FAN_PROBE_OBJECTS * sizeof *objects);
    ck_assert(threads && objects);
    memset(threads, 0, FAN_PROBE_THREADS * sizeof *threads);
    memset(objects, 0, FAN_PROBE_OBJECTS * sizeof *objects);
    tables = (struct fan_probe_tables){.threads = threads,
                                       .objects = objects,
                                       .unseen_threads = &unseen_threads,
                                       .unseen_objects = &unseen_objects,
                                       .panicked = nobody_asks};
    fan_probe_install(&tables);
}

static void take_away(void)
{
    fan_probe_install(NULL);
    free(threads);
    free(objects);
}

static struct fan_probe_thread *add_thread(const char *name, uint64_t id)
{
    return fan_probe_thread_add(name, id, 1);
}

static void end_thread(struct fan_probe_thread *thread, uint64_t when_ns)
{
    fan_probe_thread_done(thread);
    thread->since_ns = when_ns;
}

static bool is_user(const uint64_t *users, uint16_t slot)
{
    return users[slot / 64] >> (slot % 64) & 1;
}

START_TEST(without_an_observer_there_are_no_slots)
{
    fan_probe_install(NULL);
    ck_assert_ptr_null(add_thread("thread", 1));
    ck_assert_ptr_null(fan_probe_object_add(FAN_KIND_MUTEX, "mutex", 1, 1));
    ck_assert(!fan_probe_panicked(&(struct fan_panic){0}));
    fan_probe_thread_done(NULL);
    fan_probe_thread_drop(NULL);
    fan_probe_object_drop(NULL);
    ck_assert_uint_eq(fan_probe_thread_slot(NULL), FAN_PROBE_NO_SLOT);
    ck_assert_uint_eq(fan_probe_object_slot(NULL), FAN_PROBE_NO_SLOT);
}
END_TEST

START_TEST(a_thread_slot_tells_who_it_is)
{
    struct fan_stack here;
    fan_stack_set_bounds(
        (struct fan_stack_bounds){(uintptr_t)&here - 4096, (uintptr_t)&here + 8192});
    fan_stack_capture(&here, 0);
    struct fan_probe_thread *slot = fan_probe_thread_add("worker", 12, 3);
    ck_assert_ptr_eq(slot, &threads[0]);
    ck_assert_uint_eq(slot->id, 12);
    ck_assert_uint_eq(slot->creator, 3);
    ck_assert_str_eq(slot->name, "worker");
    ck_assert_uint_eq(slot->state, FAN_STATE_RUNNABLE);
    ck_assert_uint_gt(here.depth, 1);
    ck_assert_uint_eq(slot->created.depth, here.depth);
    ck_assert_uint_eq(slot->created.frames[1], here.frames[1]);
    ck_assert_uint_ne(slot->created_ns, 0);
}
END_TEST

START_TEST(an_object_slot_tells_what_it_is)
{
    struct fan_probe_object *slot = fan_probe_object_add(FAN_KIND_CHANNEL, "jobs", 16, 5);
    ck_assert_ptr_eq(slot, &objects[0]);
    ck_assert_uint_eq(slot->kind, FAN_KIND_CHANNEL);
    ck_assert_str_eq(slot->name, "jobs");
    ck_assert_uint_eq(slot->capacity, 16);
    ck_assert_uint_eq(slot->creator, 5);
}
END_TEST

START_TEST(a_long_name_is_cut_off_and_no_name_is_empty)
{
    ck_assert_str_eq(add_thread("abcdefghijklmnopqrstuvwxyz", 1)->name, "abcdefghijklmnopqrstuvw");
    ck_assert_str_eq(fan_probe_object_add(FAN_KIND_MUTEX, NULL, 1, 1)->name, "");
}
END_TEST

START_TEST(a_short_name_leaves_nothing_of_the_name_before)
{
    struct fan_probe_object *slot = fan_probe_object_add(FAN_KIND_MUTEX, "a long name", 1, 1);
    fan_probe_object_drop(slot);
    ck_assert_ptr_eq(fan_probe_object_add(FAN_KIND_MUTEX, "b", 1, 1), slot);
    ck_assert_mem_eq(slot->name, "b\0\0\0\0\0\0\0\0\0\0", 11);
}
END_TEST

START_TEST(a_dropped_slot_is_free_for_the_next)
{
    struct fan_probe_thread *first = add_thread("first", 1), *second = add_thread("second", 2);
    fan_probe_thread_drop(first);
    ck_assert_uint_eq(first->state, FAN_STATE_FREE);
    ck_assert_ptr_eq(add_thread("third", 3), first);
    ck_assert_ptr_ne(first, second);
}
END_TEST

START_TEST(an_objects_number_is_not_used_again)
{
    struct fan_probe_object *slot = fan_probe_object_add(FAN_KIND_MUTEX, "first", 1, 1);
    uint64_t first = slot->id;
    fan_probe_object_drop(slot);
    ck_assert_uint_gt(fan_probe_object_add(FAN_KIND_MUTEX, "second", 1, 1)->id, first);
}
END_TEST

START_TEST(a_new_object_has_nothing_of_the_one_before)
{
    struct fan_probe_object *slot = fan_probe_object_add(FAN_KIND_CHANNEL, "first", 8, 1);
    slot->closed = slot->cause = slot->waiting_put = slot->waiting_take = 1;
    slot->closer = slot->owner = slot->put = slot->taken = 1;
    slot->closed_at.depth = 3;
    fan_probe_user(slot->put_users, 200);
    fan_probe_user(slot->take_users, 3);
    fan_probe_object_drop(slot);
    ck_assert_ptr_eq(fan_probe_object_add(FAN_KIND_CHANNEL, "second", 0, 1), slot);
    ck_assert_uint_eq(slot->closed + slot->cause + slot->waiting_put + slot->waiting_take, 0);
    ck_assert_uint_eq(slot->closer + slot->owner + slot->put + slot->taken + slot->capacity, 0);
    ck_assert_uint_eq(slot->closed_at.depth, 0);
    ck_assert(!is_user(slot->put_users, 200));
    ck_assert(!is_user(slot->take_users, 3));
}
END_TEST

START_TEST(an_ended_thread_keeps_its_slot_while_there_are_free_ones)
{
    struct fan_probe_thread *ended = add_thread("ended", 1);
    end_thread(ended, 100);
    for (int i = 1; i < FAN_PROBE_THREADS; i++)
        ck_assert_ptr_ne(add_thread("next", 2), ended);
    ck_assert_str_eq(ended->name, "ended");
}
END_TEST

START_TEST(the_slot_that_ended_first_is_used_again_first)
{
    for (int i = 0; i < FAN_PROBE_THREADS; i++)
        add_thread("thread", (uint64_t)i + 1);
    end_thread(&threads[10], 300);
    end_thread(&threads[20], 100);
    end_thread(&threads[30], 200);
    ck_assert_ptr_eq(add_thread("first", 1001), &threads[20]);
    ck_assert_ptr_eq(add_thread("second", 1002), &threads[30]);
    ck_assert_ptr_eq(add_thread("third", 1003), &threads[10]);
    ck_assert_ptr_null(add_thread("fourth", 1004));
}
END_TEST

START_TEST(who_takes_over_a_slot_does_not_pass_for_a_user)
{
    struct fan_probe_object *jobs = fan_probe_object_add(FAN_KIND_CHANNEL, "jobs", 1, 1);
    for (int i = 0; i < FAN_PROBE_THREADS; i++)
        add_thread("thread", (uint64_t)i + 1);
    for (int i = 0; i < FAN_PROBE_THREADS; i++) {
        fan_probe_user(jobs->put_users, (uint16_t)i);
        fan_probe_user(jobs->take_users, (uint16_t)i);
    }
    end_thread(&threads[77], 100);
    ck_assert_ptr_eq(add_thread("heir", 1001), &threads[77]);
    for (int i = 0; i < FAN_PROBE_THREADS; i++) {
        ck_assert_int_eq(is_user(jobs->put_users, (uint16_t)i), i != 77);
        ck_assert_int_eq(is_user(jobs->take_users, (uint16_t)i), i != 77);
    }
}
END_TEST

START_TEST(threads_beyond_the_table_are_counted)
{
    for (int i = 0; i < FAN_PROBE_THREADS; i++)
        ck_assert_ptr_nonnull(add_thread("seen", (uint64_t)i + 1));
    ck_assert_uint_eq(unseen_threads, 0);
    ck_assert_ptr_null(add_thread("unseen", 1001));
    ck_assert_ptr_null(add_thread("unseen", 1002));
    ck_assert_uint_eq(unseen_threads, 2);
}
END_TEST

START_TEST(objects_beyond_the_table_are_counted)
{
    for (int i = 0; i < FAN_PROBE_OBJECTS; i++)
        ck_assert_ptr_nonnull(fan_probe_object_add(FAN_KIND_MUTEX, "seen", 1, 1));
    ck_assert_ptr_null(fan_probe_object_add(FAN_KIND_MUTEX, "unseen", 1, 1));
    ck_assert_uint_eq(unseen_objects, 1);
    fan_probe_object_drop(&objects[9]);
    ck_assert_ptr_eq(fan_probe_object_add(FAN_KIND_MUTEX, "next", 1, 1), &objects[9]);
}
END_TEST

START_TEST(a_slot_is_odd_while_it_is_written)
{
    uint32_t seq = 6;
    fan_probe_open(&seq);
    ck_assert_uint_eq(seq, 7);
    fan_probe_shut(&seq);
    ck_assert_uint_eq(seq, 8);
}
END_TEST

START_TEST(every_change_of_a_slot_is_a_new_epoch)
{
    struct fan_probe_thread *slot = add_thread("first", 1);
    uint32_t begun = slot->seq;
    fan_probe_thread_drop(slot);
    ck_assert_uint_gt(slot->seq, begun);
    ck_assert_uint_eq(slot->seq % 2, 0);
}
END_TEST

static void add_and_drop_objects(void *unused)
{
    (void)unused;
    for (int i = 0; i < 30000; i++)
        fan_probe_object_drop(fan_probe_object_add(FAN_KIND_MUTEX, "brief", 1, 1));
}

/* All but one are in use, so that everybody is after the same slot. */
START_TEST(a_slot_that_changes_hands_stays_whole)
{
    struct fan_thread *others[3];
    for (int i = 1; i < FAN_PROBE_OBJECTS; i++)
        fan_probe_object_add(FAN_KIND_MUTEX, "lasting", 1, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, add_and_drop_objects, NULL, &others[i]), 0);
    for (int i = 0; i < 3; i++)
        fan_thread_join(others[i]);
    fan_thread_wait_all();
    for (int i = 0; i < FAN_PROBE_OBJECTS; i++)
        ck_assert_uint_eq(objects[i].seq % 2, 0);
    ck_assert_uint_eq(objects[FAN_PROBE_OBJECTS - 1].kind, FAN_KIND_FREE);
}
END_TEST

START_TEST(an_unseen_thread_is_no_user)
{
    struct fan_probe_object *slot = fan_probe_object_add(FAN_KIND_MUTEX, "mutex", 1, 1);
    fan_probe_user(slot->put_users, FAN_PROBE_NO_SLOT);
    for (int i = 0; i < FAN_PROBE_USER_WORDS; i++)
        ck_assert_uint_eq(slot->put_users[i], 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("probe");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, install, take_away);
    tcase_add_test(cases, without_an_observer_there_are_no_slots);
    tcase_add_test(cases, a_thread_slot_tells_who_it_is);
    tcase_add_test(cases, an_object_slot_tells_what_it_is);
    tcase_add_test(cases, a_long_name_is_cut_off_and_no_name_is_empty);
    tcase_add_test(cases, a_short_name_leaves_nothing_of_the_name_before);
    tcase_add_test(cases, a_dropped_slot_is_free_for_the_next);
    tcase_add_test(cases, an_objects_number_is_not_used_again);
    tcase_add_test(cases, a_new_object_has_nothing_of_the_one_before);
    tcase_add_test(cases, an_ended_thread_keeps_its_slot_while_there_are_free_ones);
    tcase_add_test(cases, the_slot_that_ended_first_is_used_again_first);
    tcase_add_test(cases, who_takes_over_a_slot_does_not_pass_for_a_user);
    tcase_add_test(cases, threads_beyond_the_table_are_counted);
    tcase_add_test(cases, objects_beyond_the_table_are_counted);
    tcase_add_test(cases, a_slot_is_odd_while_it_is_written);
    tcase_add_test(cases, every_change_of_a_slot_is_a_new_epoch);
    tcase_add_test(cases, a_slot_that_changes_hands_stays_whole);
    tcase_add_test(cases, an_unseen_thread_is_no_user);
    return suite_run("probe", cases);
}
