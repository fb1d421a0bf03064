#include "base/random.h"
#include "sim/lines.h"

#include "tests/support/suite.h"

static _Alignas(64) char memory[4 * FAN_LINES_BYTES];
static struct fan_lines *lines;

static void begin(void)
{
    lines = fan_lines_new();
    ck_assert_ptr_nonnull(lines);
}

static void end(void)
{
    fan_lines_free(lines);
}

static void reads(uint32_t thread, size_t offset, size_t size)
{
    fan_lines_access(lines, thread, (uintptr_t)memory + offset, size, false);
}

static void writes(uint32_t thread, size_t offset, size_t size)
{
    fan_lines_access(lines, thread, (uintptr_t)memory + offset, size, true);
}

static const struct fan_lines_line *line(size_t index)
{
    ck_assert_uint_lt(index, fan_lines_count(lines));
    return fan_lines_get(lines, index);
}

static void assert_counts(uint32_t fetches, uint32_t invalidated, uint32_t falsely)
{
    ck_assert_uint_eq(line(0)->fetches, fetches);
    ck_assert_uint_eq(line(0)->invalidated, invalidated);
    ck_assert_uint_eq(line(0)->falsely_invalidated, falsely);
}

/* The states of threads 0, 1, ... as letters. */
static void assert_states(const char *letters)
{
    for (uint32_t t = 0; letters[t]; t++)
        ck_assert_int_eq("ISEM"[fan_lines_state(line(0), t)], letters[t]);
}

START_TEST(a_line_goes_through_the_states)
{
    reads(0, 0, 8);
    assert_states("EI");
    writes(0, 0, 8);
    assert_states("MI");
    reads(1, 0, 8);
    assert_states("SS");
    writes(1, 0, 8);
    assert_states("IM");
    reads(0, 0, 8);
    assert_states("SS");
    reads(2, 0, 8);
    assert_states("SSS");
    writes(2, 0, 8);
    assert_states("IIM");
    writes(3, 0, 8);
    assert_states("IIIM");
    assert_counts(5, 4, 0);
}
END_TEST

/* The only holder that has not written may write without asking anybody. */
START_TEST(one_thread_alone_invalidates_nothing)
{
    for (int i = 0; i < 10; i++) {
        reads(0, 0, 8);
        writes(0, 8, 8);
    }
    assert_counts(1, 0, 0);
}
END_TEST

START_TEST(an_access_tells_how_many_lost_the_line_for_nothing)
{
    uintptr_t at = (uintptr_t)memory;
    ck_assert_uint_eq(fan_lines_access(lines, 0, at, 8, true), 0);
    ck_assert_uint_eq(fan_lines_access(lines, 1, at + 8, 8, false), 0);
    ck_assert_uint_eq(fan_lines_access(lines, 2, at + 16, 8, true), 2);
    ck_assert_uint_eq(fan_lines_access(lines, 0, at + 16, 8, true), 0);
}
END_TEST

START_TEST(counters_side_by_side_share_falsely)
{
    for (int i = 0; i < 10; i++) {
        writes(0, 0, 8);
        writes(1, 8, 8);
    }
    assert_counts(20, 19, 19);
    ck_assert_uint_eq(line(0)->shares[0].falsely_invalidated, 10);
    ck_assert_uint_eq(line(0)->shares[1].falsely_invalidated, 9);
}
END_TEST

START_TEST(one_counter_for_all_is_true_sharing)
{
    for (int i = 0; i < 10; i++) {
        writes(0, 0, 8);
        writes(1, 0, 8);
    }
    assert_counts(20, 19, 0);
}
END_TEST

START_TEST(counters_on_lines_of_their_own_do_not_meet)
{
    for (int i = 0; i < 10; i++) {
        writes(0, 0, 8);
        writes(1, 64, 8);
    }
    ck_assert_uint_eq(fan_lines_count(lines), 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(line(i)->fetches, 1);
        ck_assert_uint_eq(line(i)->invalidated, 0);
    }
}
END_TEST

START_TEST(a_write_invalidates_each_reader_for_itself)
{
    reads(0, 0, 8);
    reads(1, 8, 8);
    reads(2, 0, 16);
    writes(3, 8, 4);
    assert_counts(4, 3, 1);
    ck_assert_uint_eq(line(0)->shares[0].falsely_invalidated, 1);
    ck_assert_uint_eq(line(0)->shares[1].invalidated, 1);
    ck_assert_uint_eq(line(0)->shares[1].falsely_invalidated, 0);
    ck_assert_uint_eq(line(0)->shares[2].falsely_invalidated, 0);
}
END_TEST

/* What a thread did with the line before it last lost it does not make the next loss a true one. */
START_TEST(only_what_was_accessed_since_the_fetch_counts)
{
    reads(0, 0, 8);
    writes(1, 0, 8);
    assert_counts(2, 1, 0);
    reads(0, 8, 8);
    writes(1, 0, 8);
    assert_counts(3, 2, 1);
    ck_assert_uint_eq(line(0)->shares[0].read, 0xffff);
    ck_assert_uint_eq(line(0)->shares[0].since_fetch, 0xff00);
}
END_TEST

START_TEST(one_byte_in_common_is_true_sharing)
{
    writes(0, 3, 5);
    writes(1, 7, 1);
    assert_counts(2, 1, 0);
    writes(0, 6, 1);
    assert_counts(3, 2, 1);
}
END_TEST

START_TEST(an_access_may_span_lines)
{
    writes(0, 60, 72);
    ck_assert_uint_eq(fan_lines_count(lines), 3);
    ck_assert_uint_eq(line(0)->shares[0].written, UINT64_C(0xf) << 60);
    ck_assert_uint_eq(line(1)->shares[0].written, UINT64_MAX);
    ck_assert_uint_eq(line(2)->shares[0].written, 0xf);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(line(i)->address, (uintptr_t)memory + 64 * i);
    reads(1, 0, 0);
    ck_assert_uint_eq(line(0)->users, 1);
}
END_TEST

START_TEST(a_line_tells_who_used_which_bytes)
{
    reads(5, 0, 4);
    writes(63, 4, 4);
    ck_assert_uint_eq(line(0)->users, UINT64_C(1) << 5 | UINT64_C(1) << 63);
    ck_assert_uint_eq(line(0)->holders, UINT64_C(1) << 63);
    ck_assert_uint_eq(line(0)->shares[5].read, 0x0f);
    ck_assert_uint_eq(line(0)->shares[5].written, 0);
    ck_assert_uint_eq(line(0)->shares[63].read, 0);
    ck_assert_uint_eq(line(0)->shares[63].written, 0xf0);
}
END_TEST

START_TEST(the_next_run_knows_nothing_of_this_one)
{
    for (int run = 0; run < 3; run++) {
        writes(0, 0, 8);
        writes(1, 8, 8);
        reads(2, 64, 8);
        assert_counts(2, 1, 1);
        ck_assert_uint_eq(line(0)->shares[0].written, 0xff);
        ck_assert_uint_eq(line(0)->shares[0].invalidated, 1);
        fan_lines_reset(lines);
        ck_assert_uint_eq(fan_lines_count(lines), 0);
    }
}
END_TEST

START_TEST(lines_beyond_the_last_are_counted_and_the_others_still_followed)
{
    for (uintptr_t i = 0; i < FAN_LINES_MAX + 5; i++)
        fan_lines_access(lines, 0, 64 * i, 64, true);
    ck_assert_uint_eq(fan_lines_lost(lines), 5);
    ck_assert_uint_eq(fan_lines_count(lines), FAN_LINES_MAX);
    fan_lines_access(lines, 1, 64, 8, true);
    ck_assert_uint_eq(line(1)->invalidated, 1);
    ck_assert_uint_eq(fan_lines_lost(lines), 5);
    fan_lines_reset(lines);
    ck_assert_uint_eq(fan_lines_lost(lines), 0);
    fan_lines_access(lines, 1, 64 * (FAN_LINES_MAX + 1), 8, true);
    ck_assert_uint_eq(fan_lines_count(lines), 1);
}
END_TEST

/* ---- against the model written down a second time, a byte at a time ---- */

enum { THREADS = 5, STEPS = 200, RUNS = 2000 };

struct naive {
    bool holds[THREADS];
    bool touched[THREADS][FAN_LINES_BYTES]; /* since the fetch */
    uint32_t fetches, invalidated, falsely_invalidated;
};

static void naive_lose(struct naive *naive, int loser, size_t first, size_t size)
{
    bool overlap = false;
    for (size_t byte = first; byte < first + size; byte++)
        overlap |= naive->touched[loser][byte];
    naive->holds[loser] = false;
    naive->invalidated++;
    naive->falsely_invalidated += !overlap;
    for (int byte = 0; byte < FAN_LINES_BYTES; byte++)
        naive->touched[loser][byte] = false;
}

static void naive_access(struct naive *naive, int thread, size_t first, size_t size, bool is_write)
{
    naive->fetches += !naive->holds[thread];
    naive->holds[thread] = true;
    for (size_t byte = first; byte < first + size; byte++)
        naive->touched[thread][byte] = true;
    for (int other = 0; other < THREADS && is_write; other++)
        if (other != thread && naive->holds[other])
            naive_lose(naive, other, first, size);
}

START_TEST(random_accesses_are_counted_as_the_model_says)
{
    struct fan_random random = {.state = 3};
    for (int run = 0; run < RUNS; run++) {
        struct naive naive = {0};
        fan_lines_reset(lines);
        for (int step = 0; step < STEPS; step++) {
            uint32_t thread = (uint32_t)fan_random_below(&random, THREADS);
            size_t size = 1 + fan_random_below(&random, 8);
            size_t first = fan_random_below(&random, FAN_LINES_BYTES - size + 1);
            bool is_write = fan_random_below(&random, 3) == 0;
            fan_lines_access(lines, thread, (uintptr_t)memory + first, size, is_write);
            naive_access(&naive, (int)thread, first, size, is_write);
        }
        assert_counts(naive.fetches, naive.invalidated, naive.falsely_invalidated);
        ck_assert_uint_gt(naive.falsely_invalidated, 0);
        ck_assert_uint_lt(naive.falsely_invalidated, naive.invalidated);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lines");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, a_line_goes_through_the_states);
    tcase_add_test(cases, one_thread_alone_invalidates_nothing);
    tcase_add_test(cases, counters_side_by_side_share_falsely);
    tcase_add_test(cases, an_access_tells_how_many_lost_the_line_for_nothing);
    tcase_add_test(cases, one_counter_for_all_is_true_sharing);
    tcase_add_test(cases, counters_on_lines_of_their_own_do_not_meet);
    tcase_add_test(cases, a_write_invalidates_each_reader_for_itself);
    tcase_add_test(cases, only_what_was_accessed_since_the_fetch_counts);
    tcase_add_test(cases, one_byte_in_common_is_true_sharing);
    tcase_add_test(cases, an_access_may_span_lines);
    tcase_add_test(cases, a_line_tells_who_used_which_bytes);
    tcase_add_test(cases, the_next_run_knows_nothing_of_this_one);
    tcase_add_test(cases, lines_beyond_the_last_are_counted_and_the_others_still_followed);
    tcase_add_test(cases, random_accesses_are_counted_as_the_model_says);
    return suite_run("lines", cases);
}
