/* Programs as sequences of events, with the verdict that C's memory model gives them. That the
 * detector agrees with the definition on any sequence is for test_race_random.c. */
#include "sim/race.h"

#include "tests/support/suite.h"

enum { LOCK = 1, QUEUE = 2, FLAG = 3 };

static uint64_t memory[8];
static struct fan_race *race;

static void begin(void)
{
    race = fan_race_new();
    ck_assert_ptr_nonnull(race);
    fan_race_fork(race, 0, 1);
    fan_race_fork(race, 0, 2);
}

static void end(void)
{
    fan_race_free(race);
}

static struct fan_race_access at(uint32_t thread, enum fan_race_kind kind, const void *address,
                                 size_t size, uintptr_t pc)
{
    return (struct fan_race_access){
        .address = (uintptr_t)address,
        .size = size,
        .thread = thread,
        .kind = kind,
        .pc = pc,
    };
}

static bool reads(uint32_t thread, const void *address, size_t size)
{
    struct fan_race_access access = at(thread, FAN_RACE_READ, address, size, 0x100 + thread);
    return fan_race_access(race, &access);
}

static bool writes(uint32_t thread, const void *address, size_t size)
{
    struct fan_race_access access = at(thread, FAN_RACE_WRITE, address, size, 0x200 + thread);
    return fan_race_access(race, &access);
}

static bool atomically(uint32_t thread, enum fan_race_kind kind, int order)
{
    struct fan_race_access access = at(thread, kind, &memory[7], 8, 0x300 + thread);
    return fan_race_atomic(race, &access, FLAG, order);
}

static void locks(uint32_t thread)
{
    fan_race_acquire(race, thread, LOCK);
}

static void unlocks(uint32_t thread)
{
    fan_race_release(race, thread, LOCK);
}

static size_t report_count(void)
{
    size_t count;
    fan_race_reports(race, &count);
    return count;
}

static void assert_nothing_lost(void)
{
    struct fan_race_lost lost = fan_race_lost(race), nothing = {0};
    ck_assert_mem_eq(&lost, &nothing, sizeof lost);
}

/* ---- plain accesses ---- */

START_TEST(two_writes_that_nothing_orders_race)
{
    ck_assert(!writes(1, &memory[0], 8));
    ck_assert(writes(2, &memory[0], 8));
}
END_TEST

START_TEST(a_read_and_a_write_that_nothing_orders_race)
{
    ck_assert(!reads(1, &memory[0], 8));
    ck_assert(writes(2, &memory[0], 8));
    ck_assert(!writes(1, &memory[1], 8));
    ck_assert(reads(2, &memory[1], 8));
}
END_TEST

START_TEST(reads_do_not_race)
{
    ck_assert(!reads(1, &memory[0], 8));
    ck_assert(!reads(2, &memory[0], 8));
    ck_assert(!reads(0, &memory[0], 8));
}
END_TEST

START_TEST(a_thread_does_not_race_with_itself)
{
    for (int i = 0; i < 3; i++) {
        ck_assert(!writes(1, &memory[0], 8));
        ck_assert(!reads(1, &memory[0], 8));
        fan_race_release(race, 1, QUEUE);
    }
}
END_TEST

START_TEST(a_lock_orders)
{
    for (uint32_t i = 0; i < 6; i++) {
        locks(i % 3);
        ck_assert(!reads(i % 3, &memory[0], 8));
        ck_assert(!writes(i % 3, &memory[0], 8));
        unlocks(i % 3);
    }
}
END_TEST

/* That the threads took the lock one after the other is chance where the access is outside. */
START_TEST(an_access_after_the_unlock_is_not_ordered)
{
    locks(1);
    unlocks(1);
    ck_assert(!writes(1, &memory[0], 8));
    locks(2);
    ck_assert(writes(2, &memory[0], 8));
    unlocks(2);
}
END_TEST

START_TEST(another_lock_does_not_order)
{
    fan_race_acquire(race, 1, LOCK);
    ck_assert(!writes(1, &memory[0], 8));
    fan_race_release(race, 1, LOCK);
    fan_race_acquire(race, 2, QUEUE);
    ck_assert(writes(2, &memory[0], 8));
}
END_TEST

START_TEST(what_is_sent_is_ordered_before_what_receives_it)
{
    ck_assert(!writes(1, &memory[0], 8));
    fan_race_release(race, 1, QUEUE);
    ck_assert(!writes(1, &memory[1], 8));
    fan_race_acquire(race, 2, QUEUE);
    ck_assert(!reads(2, &memory[0], 8));
    ck_assert_msg(reads(2, &memory[1], 8), "what the sender does after the send is not");
}
END_TEST

START_TEST(order_passes_through_a_third_thread)
{
    ck_assert(!writes(1, &memory[0], 8));
    fan_race_release(race, 1, QUEUE);
    fan_race_acquire(race, 0, QUEUE);
    fan_race_release(race, 0, LOCK);
    fan_race_acquire(race, 2, LOCK);
    ck_assert(!writes(2, &memory[0], 8));
}
END_TEST

START_TEST(fork_orders_what_came_before_it)
{
    ck_assert(!writes(0, &memory[0], 8));
    fan_race_fork(race, 0, 3);
    ck_assert(!writes(3, &memory[0], 8));
    ck_assert(!writes(0, &memory[1], 8));
    ck_assert_msg(writes(3, &memory[1], 8), "what the parent does after the fork is not");
}
END_TEST

START_TEST(join_orders_all_that_the_child_did)
{
    ck_assert(!writes(1, &memory[0], 8));
    fan_race_join(race, 0, 1);
    ck_assert(!writes(0, &memory[0], 8));
    ck_assert_msg(writes(2, &memory[0], 8), "only for the one who joins");
}
END_TEST

START_TEST(a_write_must_come_after_every_one_of_many_reads)
{
    for (uint32_t t = 3; t < 20; t++)
        fan_race_fork(race, 0, t);
    for (uint32_t t = 1; t < 20; t++)
        ck_assert(!reads(t, &memory[0], 8));
    for (uint32_t t = 1; t < 19; t++)
        fan_race_join(race, 0, t);
    ck_assert_msg(writes(0, &memory[0], 8), "one reader was not waited for");
    size_t count;
    const struct fan_race_report *report = fan_race_reports(race, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(report->earlier.thread, 19);
    assert_nothing_lost();
}
END_TEST

START_TEST(a_write_after_all_of_many_reads_is_ordered)
{
    ck_assert(!reads(1, &memory[0], 8));
    ck_assert(!reads(2, &memory[0], 8));
    fan_race_join(race, 0, 1);
    fan_race_join(race, 0, 2);
    ck_assert(!writes(0, &memory[0], 8));
}
END_TEST

START_TEST(a_number_may_serve_a_second_thread)
{
    ck_assert(!writes(1, &memory[0], 8));
    fan_race_join(race, 0, 1);
    fan_race_fork(race, 0, 1);
    ck_assert(!writes(1, &memory[0], 8));
    ck_assert(writes(2, &memory[0], 8));
}
END_TEST

/* ---- bytes ---- */

START_TEST(neighbours_in_a_word_do_not_race)
{
    char *bytes = (char *)memory;
    for (uint32_t t = 0; t < 3; t++)
        ck_assert(!writes(t, bytes + 2 * t, 2));
    for (uint32_t t = 0; t < 3; t++)
        ck_assert(!reads(t, bytes + 2 * t, 2));
}
END_TEST

START_TEST(one_byte_in_common_is_a_race)
{
    char *bytes = (char *)memory;
    ck_assert(!writes(1, bytes, 4));
    ck_assert(!writes(2, bytes + 4, 8));
    ck_assert(writes(0, bytes + 3, 1));
    ck_assert(!writes(0, bytes + 12, 4));
    ck_assert(reads(1, bytes + 11, 1));
}
END_TEST

START_TEST(a_split_word_keeps_the_history_of_each_byte)
{
    char *bytes = (char *)memory;
    ck_assert(!writes(1, bytes, 8));
    fan_race_release(race, 1, QUEUE);
    fan_race_acquire(race, 2, QUEUE);
    ck_assert(!writes(2, bytes + 2, 3));
    ck_assert(!writes(1, bytes, 2));
    ck_assert(!writes(1, bytes + 5, 3));
    ck_assert(writes(1, bytes + 4, 1));
}
END_TEST

START_TEST(a_range_is_all_its_bytes)
{
    char *bytes = (char *)memory;
    ck_assert(!writes(1, bytes + 3, 40));
    ck_assert(!reads(2, bytes, 3));
    ck_assert(!reads(2, bytes + 43, 5));
    ck_assert(writes(0, bytes + 43, 1));
    ck_assert(reads(2, bytes + 42, 1));
}
END_TEST

START_TEST(no_bytes_are_no_access)
{
    ck_assert(!writes(1, &memory[0], 0));
    ck_assert(!writes(2, &memory[0], 0));
    ck_assert(!writes(1, NULL, 0));
    ck_assert(!writes(2, &memory[0], 8));
}
END_TEST

START_TEST(memory_that_was_given_back_is_forgotten)
{
    char *bytes = (char *)memory;
    ck_assert(!writes(1, bytes, 64));
    fan_race_forget(race, (uintptr_t)bytes + 4, 40);
    ck_assert(!writes(2, bytes + 4, 40));
    ck_assert(writes(2, bytes + 3, 1));
    ck_assert(!writes(1, bytes, 3));
    fan_race_forget(race, 0, SIZE_MAX);
    ck_assert(!writes(0, bytes, 64));
}
END_TEST

/* ---- atomics ---- */

START_TEST(atomic_accesses_do_not_race_with_each_other)
{
    ck_assert(!atomically(1, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELAXED));
    ck_assert(!atomically(2, FAN_RACE_ATOMIC_RMW, __ATOMIC_RELAXED));
    ck_assert(!atomically(0, FAN_RACE_ATOMIC_LOAD, __ATOMIC_RELAXED));
}
END_TEST

START_TEST(a_plain_access_races_with_an_atomic_one)
{
    ck_assert(!atomically(1, FAN_RACE_ATOMIC_STORE, __ATOMIC_SEQ_CST));
    ck_assert(reads(2, &memory[7], 8));
    end();
    begin();
    ck_assert(!atomically(1, FAN_RACE_ATOMIC_LOAD, __ATOMIC_SEQ_CST));
    ck_assert(!reads(2, &memory[7], 8));
    ck_assert(writes(0, &memory[7], 8));
}
END_TEST

/* Both stores must be waited for, not only the last. */
START_TEST(a_plain_access_races_with_any_of_several_atomic_ones)
{
    ck_assert(!atomically(1, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELAXED));
    ck_assert(!atomically(2, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELAXED));
    fan_race_join(race, 0, 2);
    ck_assert(reads(0, &memory[7], 8));
}
END_TEST

struct publication {
    enum fan_race_kind store;
    int store_order;
    enum fan_race_kind load;
    int load_order;
    bool ordered;
};

static const struct publication publications[] = {
    {FAN_RACE_ATOMIC_STORE, __ATOMIC_RELEASE, FAN_RACE_ATOMIC_LOAD, __ATOMIC_ACQUIRE, true},
    {FAN_RACE_ATOMIC_STORE, __ATOMIC_SEQ_CST, FAN_RACE_ATOMIC_LOAD, __ATOMIC_SEQ_CST, true},
    {FAN_RACE_ATOMIC_RMW, __ATOMIC_ACQ_REL, FAN_RACE_ATOMIC_RMW, __ATOMIC_ACQ_REL, true},
    {FAN_RACE_ATOMIC_RMW, __ATOMIC_RELEASE, FAN_RACE_ATOMIC_LOAD, __ATOMIC_CONSUME, true},
    {FAN_RACE_ATOMIC_STORE, __ATOMIC_RELAXED, FAN_RACE_ATOMIC_LOAD, __ATOMIC_ACQUIRE, false},
    {FAN_RACE_ATOMIC_STORE, __ATOMIC_RELEASE, FAN_RACE_ATOMIC_LOAD, __ATOMIC_RELAXED, false},
    {FAN_RACE_ATOMIC_RMW, __ATOMIC_ACQUIRE, FAN_RACE_ATOMIC_RMW, __ATOMIC_ACQUIRE, false},
    {FAN_RACE_ATOMIC_RMW, __ATOMIC_RELEASE, FAN_RACE_ATOMIC_RMW, __ATOMIC_RELEASE, false},
    {FAN_RACE_ATOMIC_LOAD, __ATOMIC_SEQ_CST, FAN_RACE_ATOMIC_STORE, __ATOMIC_SEQ_CST, false},
};
enum { PUBLICATIONS = sizeof publications / sizeof publications[0] };

START_TEST(publication_orders_if_it_releases_and_acquires)
{
    const struct publication *by = &publications[_i];
    ck_assert(!writes(1, &memory[0], 8));
    ck_assert(!atomically(1, by->store, by->store_order));
    ck_assert(!atomically(2, by->load, by->load_order));
    ck_assert_int_eq(reads(2, &memory[0], 8), !by->ordered);
}
END_TEST

START_TEST(a_release_sequence_goes_on_through_read_modify_writes_only)
{
    ck_assert(!writes(1, &memory[0], 8));
    atomically(1, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELEASE);
    atomically(0, FAN_RACE_ATOMIC_RMW, __ATOMIC_RELAXED);
    atomically(2, FAN_RACE_ATOMIC_LOAD, __ATOMIC_ACQUIRE);
    ck_assert(!reads(2, &memory[0], 8));
    atomically(0, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELAXED);
    fan_race_fork(race, 0, 4);
    atomically(4, FAN_RACE_ATOMIC_LOAD, __ATOMIC_ACQUIRE);
    ck_assert(reads(4, &memory[0], 8));
}
END_TEST

/* ---- reports ---- */

static const struct fan_race_report *only_report(void)
{
    size_t count;
    const struct fan_race_report *report = fan_race_reports(race, &count);
    ck_assert_uint_eq(count, 1);
    return report;
}

START_TEST(a_report_has_both_accesses_whole)
{
    struct fan_race_access first = at(1, FAN_RACE_WRITE, (char *)memory + 5, 30, 0xabc);
    struct fan_race_access second = at(2, FAN_RACE_READ, (char *)memory + 32, 4, 0xdef);
    ck_assert(!fan_race_access(race, &first));
    ck_assert(fan_race_access(race, &second));
    const struct fan_race_report *report = only_report();
    ck_assert_uint_eq(report->earlier.thread, 1);
    ck_assert_int_eq(report->earlier.kind, FAN_RACE_WRITE);
    ck_assert_uint_eq(report->earlier.address, first.address);
    ck_assert_uint_eq(report->earlier.size, 30);
    ck_assert_uint_eq(report->earlier.stack.depth, 1);
    ck_assert_uint_eq(report->earlier.stack.frames[0], 0xabc);
    ck_assert_uint_eq(report->later.thread, 2);
    ck_assert_int_eq(report->later.kind, FAN_RACE_READ);
    ck_assert_uint_eq(report->later.address, second.address);
    ck_assert_uint_eq(report->later.size, 4);
    ck_assert_uint_eq(report->later.stack.frames[0], 0xdef);
}
END_TEST

struct frame {
    const struct frame *caller;
    uintptr_t return_address;
};

START_TEST(a_report_has_both_stacks)
{
    struct frame frames[FAN_STACK_FRAMES];
    for (uintptr_t i = 0; i < FAN_STACK_FRAMES; i++)
        frames[i] = (struct frame){&frames[i + 1], 0x1000 + i};
    frames[2].caller = NULL;
    fan_stack_set_bounds((struct fan_stack_bounds){(uintptr_t)frames, (uintptr_t)(frames + 20)});
    struct fan_race_access first = at(1, FAN_RACE_WRITE, memory, 8, 0xabc);
    first.frame = (uintptr_t)&frames[0];
    struct fan_race_access second = at(2, FAN_RACE_WRITE, memory, 8, 0xdef);
    second.frame = (uintptr_t)&frames[3];
    ck_assert(!fan_race_access(race, &first));
    ck_assert(fan_race_access(race, &second));
    const struct fan_race_report *report = only_report();
    static const uintptr_t short_stack[] = {0xabc, 0x1000, 0x1001, 0x1002};
    ck_assert_uint_eq(report->earlier.stack.depth, 4);
    ck_assert_mem_eq(report->earlier.stack.frames, short_stack, sizeof short_stack);
    ck_assert_uint_eq(report->later.stack.depth, 8);
    ck_assert_uint_eq(report->later.stack.frames[7], 0x1009);
}
END_TEST

START_TEST(a_pair_of_places_is_reported_once_a_run)
{
    for (int i = 0; i < 4; i++) {
        bool first = i == 0;
        ck_assert(!writes(1, &memory[i], 8));
        ck_assert_int_eq(writes(2, &memory[i], 8), first);
    }
    ck_assert(!writes(2, &memory[5], 8));
    ck_assert(!writes(1, &memory[5], 8));
    ck_assert(reads(0, &memory[5], 8));
    ck_assert_uint_eq(report_count(), 3);
}
END_TEST

START_TEST(the_next_run_knows_nothing_of_this_one)
{
    char *bytes = (char *)memory;
    for (int run = 0; run < 3; run++) {
        ck_assert(!writes(1, bytes, 4));
        ck_assert(!writes(1, bytes + 4, 4));
        ck_assert(!atomically(1, FAN_RACE_ATOMIC_STORE, __ATOMIC_RELEASE));
        fan_race_release(race, 1, LOCK);
        ck_assert(writes(2, bytes, 8));
        fan_race_reset(race);
        ck_assert_uint_eq(report_count(), 0);
        fan_race_fork(race, 0, 2);
        fan_race_fork(race, 0, 1);
        ck_assert(!writes(2, bytes, 4));
        fan_race_acquire(race, 2, LOCK);
        ck_assert(!writes(0, bytes + 4, 4));
        ck_assert_msg(writes(1, bytes, 4), "the lock still knows of the last run");
        fan_race_reset(race);
        fan_race_fork(race, 0, 1);
        fan_race_fork(race, 0, 2);
    }
}
END_TEST

/* ---- limits ---- */

static struct fan_race_access in_space(uint32_t thread, uintptr_t word, uintptr_t pc)
{
    return at(thread, FAN_RACE_WRITE, (void *)(0x100000 + 8 * word), 8, pc);
}

START_TEST(words_beyond_the_last_are_counted_and_the_others_still_watched)
{
    enum { WORDS = 60000 };
    for (uintptr_t i = 0; i < WORDS; i++) {
        struct fan_race_access access = in_space(1, i, 1);
        ck_assert(!fan_race_access(race, &access));
    }
    uint64_t lost = fan_race_lost(race).accesses;
    ck_assert_uint_eq(lost, WORDS - 65536 / 4 * 3);
    struct fan_race_access last = in_space(2, WORDS - 1, 2), first = in_space(2, 0, 3);
    ck_assert(!fan_race_access(race, &last));
    ck_assert_uint_eq(fan_race_lost(race).accesses, lost + 1);
    ck_assert(fan_race_access(race, &first));
    fan_race_reset(race);
    assert_nothing_lost();
}
END_TEST

START_TEST(words_in_parts_beyond_the_last_are_counted)
{
    for (uintptr_t i = 0; i < 20000; i++) {
        struct fan_race_access access = in_space(1, i, 1);
        fan_race_access(race, &access);
        access.size = 4;
        ck_assert(!fan_race_access(race, &access));
    }
    ck_assert_uint_eq(fan_race_lost(race).accesses, 20000 - (1 << 14));
    fan_race_forget(race, 0x100000 + 8 * 19999 + 1, 2);
    struct fan_race_access intact = in_space(2, 19998, 3);
    ck_assert(fan_race_access(race, &intact));
}
END_TEST

START_TEST(an_access_that_is_too_large_is_counted)
{
    struct fan_race_access huge = at(1, FAN_RACE_WRITE, (void *)64, SIZE_MAX, 1);
    fan_race_access(race, &huge);
    ck_assert_uint_gt(fan_race_lost(race).accesses, 0);
    struct fan_race_access inside = at(2, FAN_RACE_READ, (void *)128, 1, 2);
    ck_assert(fan_race_access(race, &inside));
}
END_TEST

START_TEST(stacks_beyond_the_last_are_counted_and_the_races_still_found)
{
    for (uintptr_t i = 0; i < 4096; i++) {
        struct fan_race_access access = in_space(1, i, i + 1);
        fan_race_access(race, &access);
    }
    assert_nothing_lost();
    struct fan_race_access further = in_space(2, 0, 0x10000);
    ck_assert(fan_race_access(race, &further));
    ck_assert_uint_eq(fan_race_lost(race).stacks, 1);
    ck_assert_uint_eq(only_report()->later.stack.depth, 0);
    ck_assert_uint_eq(only_report()->earlier.stack.frames[0], 1);
    fan_race_reset(race);
    struct fan_race_access again = in_space(0, 0, 0x10000);
    fan_race_access(race, &again);
    assert_nothing_lost();
}
END_TEST

START_TEST(reports_beyond_the_last_are_counted)
{
    for (uintptr_t i = 0; i < FAN_RACE_REPORTS + 3; i++) {
        struct fan_race_access first = in_space(1, i, i + 1), second = in_space(2, i, 0x1000 + i);
        ck_assert(!fan_race_access(race, &first));
        ck_assert_int_eq(fan_race_access(race, &second), i < FAN_RACE_REPORTS);
    }
    ck_assert_uint_eq(report_count(), FAN_RACE_REPORTS);
    ck_assert_uint_eq(fan_race_lost(race).reports, 3);
}
END_TEST

/* An edge that is not known of must not become a false alarm. */
START_TEST(after_a_lost_edge_nothing_is_reported)
{
    ck_assert(!writes(1, &memory[0], 8));
    if (_i == 0)
        fan_race_release(race, 1, FAN_RACE_OBJECTS);
    else if (_i == 1)
        fan_race_fork(race, 1, 64);
    else if (_i == 2)
        fan_race_join(race, 1, 9);
    else if (_i == 3)
        fan_race_fork(race, 0, 1);
    else
        ck_assert(!writes(50, &memory[1], 8));
    ck_assert_uint_eq(fan_race_lost(race).edges, 1);
    ck_assert(!writes(2, &memory[0], 8));
    fan_race_reset(race);
    fan_race_fork(race, 0, 1);
    ck_assert(!writes(1, &memory[0], 8));
    ck_assert(writes(0, &memory[0], 8));
}
END_TEST

START_TEST(all_threads_and_objects_serve)
{
    for (uint32_t t = 3; t < 64; t++)
        fan_race_fork(race, 0, t);
    for (uint32_t t = 0; t < 64; t++)
        ck_assert(!reads(t, &memory[0], 8));
    for (uint32_t t = 1; t < 64; t++) {
        fan_race_release(race, t, FAN_RACE_OBJECTS - t);
        fan_race_acquire(race, 0, FAN_RACE_OBJECTS - t);
    }
    ck_assert(!writes(0, &memory[0], 8));
    assert_nothing_lost();
}
END_TEST

static TCase *orders(void)
{
    TCase *cases = tcase_create("orders");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, two_writes_that_nothing_orders_race);
    tcase_add_test(cases, a_read_and_a_write_that_nothing_orders_race);
    tcase_add_test(cases, reads_do_not_race);
    tcase_add_test(cases, a_thread_does_not_race_with_itself);
    tcase_add_test(cases, a_lock_orders);
    tcase_add_test(cases, an_access_after_the_unlock_is_not_ordered);
    tcase_add_test(cases, another_lock_does_not_order);
    tcase_add_test(cases, what_is_sent_is_ordered_before_what_receives_it);
    tcase_add_test(cases, order_passes_through_a_third_thread);
    tcase_add_test(cases, fork_orders_what_came_before_it);
    tcase_add_test(cases, join_orders_all_that_the_child_did);
    tcase_add_test(cases, a_write_must_come_after_every_one_of_many_reads);
    tcase_add_test(cases, a_write_after_all_of_many_reads_is_ordered);
    tcase_add_test(cases, a_number_may_serve_a_second_thread);
    tcase_add_test(cases, atomic_accesses_do_not_race_with_each_other);
    tcase_add_test(cases, a_plain_access_races_with_an_atomic_one);
    tcase_add_test(cases, a_plain_access_races_with_any_of_several_atomic_ones);
    tcase_add_loop_test(cases, publication_orders_if_it_releases_and_acquires, 0, PUBLICATIONS);
    tcase_add_test(cases, a_release_sequence_goes_on_through_read_modify_writes_only);
    tcase_add_test(cases, neighbours_in_a_word_do_not_race);
    tcase_add_test(cases, one_byte_in_common_is_a_race);
    tcase_add_test(cases, a_split_word_keeps_the_history_of_each_byte);
    tcase_add_test(cases, a_range_is_all_its_bytes);
    tcase_add_test(cases, no_bytes_are_no_access);
    tcase_add_test(cases, memory_that_was_given_back_is_forgotten);
    tcase_add_test(cases, a_report_has_both_accesses_whole);
    tcase_add_test(cases, a_report_has_both_stacks);
    tcase_add_test(cases, a_pair_of_places_is_reported_once_a_run);
    tcase_add_test(cases, the_next_run_knows_nothing_of_this_one);
    tcase_add_test(cases, words_beyond_the_last_are_counted_and_the_others_still_watched);
    tcase_add_test(cases, words_in_parts_beyond_the_last_are_counted);
    tcase_add_test(cases, an_access_that_is_too_large_is_counted);
    tcase_add_test(cases, stacks_beyond_the_last_are_counted_and_the_races_still_found);
    tcase_add_test(cases, reports_beyond_the_last_are_counted);
    tcase_add_loop_test(cases, after_a_lost_edge_nothing_is_reported, 0, 5);
    tcase_add_test(cases, all_threads_and_objects_serve);
    return cases;
}

int main(void)
{
    return suite_run("race", orders());
}
