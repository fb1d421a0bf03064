#include "sync/select.h"

#include <errno.h>

#include "run/thread.h"
#include "run/thread_state.h"
#include "run/time.h"
#include "tests/support/chance.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { CHANS = 8, TIMES = 20000 };

static struct fan_chan *chans[CHANS];
static int elements[FAN_SELECT_CASES + 1];
static struct fan_ctx ctx, done_ctx;

static void set_up(void)
{
    watch_begin();
    fan_thread_here()->random.state = 42;
    fan_ctx_init(&ctx, NULL);
    fan_ctx_init(&done_ctx, NULL);
    fan_ctx_cancel(&done_ctx, 0);
}

static void make_chans(int count, size_t capacity)
{
    for (int i = 0; i < count; i++)
        chans[i] = fan_chan_new("chan", sizeof(int), capacity);
}

static void free_chans(void)
{
    for (int i = 0; i < CHANS; i++)
        fan_chan_free(chans[i]);
}

/* ---- which case ------------------------------------------------------------------------------ */

START_TEST(the_only_ready_case_is_taken)
{
    size_t chosen = 99;
    make_chans(3, 1);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_RECV(chans[1], &elements[1]),
                                      FAN_RECV(chans[2], &elements[2])};
    for (int ready = 0; ready < 3; ready++) {
        ck_assert_int_eq(fan_chan_try_send(chans[ready], &(int){10 + ready}), 0);
        ck_assert_int_eq(fan_select(cases, 3, NULL, &chosen), 0);
        ck_assert_uint_eq(chosen, (size_t)ready);
        ck_assert_int_eq(cases[chosen].result, 0);
        ck_assert_int_eq(elements[ready], 10 + ready);
    }
    free_chans();
}
END_TEST

static void refill(const struct fan_select_case *one)
{
    if (one->kind == FAN_CASE_RECV)
        ASSERT_OFTEN(fan_chan_try_send(one->chan, &(int){1}) == 0);
    else if (one->kind == FAN_CASE_SEND)
        ASSERT_OFTEN(fan_chan_try_recv(one->chan, NULL) == 0);
    else if (one->kind == FAN_CASE_TIMER)
        fan_timer_reset(one->timer, 1, 0);
}

/* Selects often, makes ready again what was taken, and counts. */
static void count_choices(struct fan_select_case *cases, size_t count, size_t *counts)
{
    for (int i = 0; i < TIMES; i++) {
        size_t chosen;
        int error =
            i % 2 ? fan_select_try(cases, count, &chosen) : fan_select(cases, count, NULL, &chosen);
        ASSERT_OFTEN(error == 0);
        counts[chosen]++;
        if (cases[chosen].result != EPIPE)
            refill(&cases[chosen]);
    }
}

START_TEST(ready_cases_have_equal_chances)
{
    size_t count = (size_t)_i, counts[CHANS] = {0};
    struct fan_select_case cases[CHANS];
    make_chans(_i, 1);
    for (size_t i = 0; i < count; i++) {
        cases[i] = (struct fan_select_case)FAN_RECV(chans[i], &elements[i]);
        refill(&cases[i]);
    }
    count_choices(cases, count, counts);
    ck_assert(chance_looks_equal(counts, count));
    free_chans();
}
END_TEST

START_TEST(cases_of_all_kinds_have_equal_chances)
{
    size_t counts[4] = {0};
    struct fan_timer timer;
    make_chans(2, 1);
    fan_timer_init(&timer, NULL, 1, 0);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_SEND(chans[1], &elements[1]), FAN_DONE(&done_ctx),
                                      FAN_TICK(&timer)};
    refill(&cases[0]);
    count_choices(cases, 4, counts);
    ck_assert(chance_looks_equal(counts, 4));
    free_chans();
}
END_TEST

START_TEST(a_closed_channel_and_a_busy_one_do_not_starve_each_other)
{
    size_t counts[2] = {0};
    make_chans(2, 1);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_RECV(chans[1], &elements[1])};
    fan_chan_close(chans[0]);
    refill(&cases[1]);
    count_choices(cases, 2, counts);
    ck_assert(chance_looks_equal(counts, 2));
    free_chans();
}
END_TEST

START_TEST(the_same_channel_twice_is_two_cases_and_one_element)
{
    size_t counts[2] = {0};
    make_chans(1, 1);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_RECV(chans[0], &elements[1])};
    refill(&cases[0]);
    count_choices(cases, 2, counts);
    ck_assert(chance_looks_equal(counts, 2));
    ck_assert_uint_eq(fan_chan_length(chans[0]), 1);
    free_chans();
}
END_TEST

START_TEST(a_null_case_is_never_taken)
{
    make_chans(1, 1);
    struct fan_select_case cases[] = {FAN_RECV(NULL, &elements[0]), FAN_SEND(NULL, &elements[1]),
                                      FAN_DONE(NULL), FAN_TICK(NULL),
                                      FAN_SEND(chans[0], &elements[2])};
    for (int i = 0; i < 100; i++) {
        size_t chosen = 99;
        ck_assert_int_eq(fan_select(cases, 5, NULL, &chosen), 0);
        ck_assert_uint_eq(chosen, 4);
        refill(&cases[4]);
    }
    free_chans();
}
END_TEST

START_TEST(if_the_first_wins_a_later_case_is_taken_only_without_it)
{
    size_t chosen = 99;
    struct fan_timer due;
    make_chans(2, 2);
    fan_timer_init(&due, NULL, 1, 0);
    struct fan_select_case cases[] = {FAN_RECV(NULL, NULL), FAN_RECV(chans[1], &elements[1]),
                                      FAN_RECV(chans[0], &elements[0]), FAN_TICK(&due)};
    for (int i = 0; i < 4; i++)
        refill(&cases[1 + i % 2]);
    const size_t expected[] = {1, 1, 2, 2, 3};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(fan_select_first(cases, 4, NULL, &chosen), 0);
        ck_assert_uint_eq(chosen, expected[i]);
    }
    ck_assert_int_eq(fan_select_first(cases, 4, &done_ctx, &chosen), ECANCELED);
    ck_assert_int_eq(fan_select_first(cases, FAN_SELECT_CASES + 1, NULL, &chosen), EINVAL);
    free_chans();
}
END_TEST

START_TEST(if_nothing_is_ready_a_try_does_not_wait)
{
    size_t chosen = 99;
    struct fan_timer timer;
    make_chans(2, 0);
    fan_timer_init(&timer, NULL, 0, 0);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_SEND(chans[1], &elements[1]), FAN_DONE(&ctx),
                                      FAN_TICK(&timer)};
    ck_assert_int_eq(fan_select_try(cases, 4, &chosen), EAGAIN);
    ck_assert_int_eq(fan_select_try(NULL, 0, &chosen), EAGAIN);
    ck_assert_uint_eq(chosen, 99);
    free_chans();
}
END_TEST

START_TEST(a_done_context_wins_over_ready_cases)
{
    size_t chosen = 99;
    make_chans(2, 1);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_SEND(chans[1], &elements[1])};
    refill(&cases[0]);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(fan_select(cases, 2, &done_ctx, &chosen), ECANCELED);
    ck_assert_uint_eq(chosen, 99);
    ck_assert_uint_eq(fan_chan_length(chans[0]), 1);
    ck_assert_uint_eq(fan_chan_length(chans[1]), 0);
    free_chans();
}
END_TEST

START_TEST(there_is_a_limit_of_cases)
{
    size_t chosen;
    struct fan_select_case cases[FAN_SELECT_CASES + 1];
    make_chans(1, 1);
    for (int i = 0; i <= FAN_SELECT_CASES; i++)
        cases[i] = (struct fan_select_case)FAN_RECV(NULL, &elements[i]);
    cases[FAN_SELECT_CASES - 1].chan = chans[0];
    refill(&cases[FAN_SELECT_CASES - 1]);
    ck_assert_int_eq(fan_select(cases, FAN_SELECT_CASES + 1, NULL, &chosen), EINVAL);
    ck_assert_int_eq(fan_select_try(cases, FAN_SELECT_CASES + 1, &chosen), EINVAL);
    ck_assert_int_eq(fan_select(cases, FAN_SELECT_CASES, NULL, &chosen), 0);
    ck_assert_uint_eq(chosen, FAN_SELECT_CASES - 1);
    free_chans();
}
END_TEST

/* ---- waiting --------------------------------------------------------------------------------- */

struct blocked {
    struct fan_select_case cases[12];
    size_t count;
    struct fan_ctx *ctx;
    size_t chosen;
    int error;
    struct fan_thread *thread;
};

static void select_blocked(void *argument)
{
    struct blocked *blocked = argument;
    blocked->error = fan_select(blocked->cases, blocked->count, blocked->ctx, &blocked->chosen);
}

static void start(struct blocked *blocked)
{
    blocked->error = -1;
    blocked->chosen = 99;
    blocked->thread = watch_spawn("selecter", select_blocked, blocked);
    watch_until_blocked("selecter", FAN_OP_SELECT);
}

/* Joins it and returns which case it took. */
static size_t finish(struct blocked *blocked)
{
    fan_thread_join(blocked->thread);
    ck_assert_int_eq(blocked->error, 0);
    return blocked->chosen;
}

/* One case of each kind, none of them ready. */
static struct blocked block_on_all_kinds(struct fan_timer *timer, size_t capacity)
{
    make_chans(2, capacity);
    for (size_t i = 0; i < capacity; i++)
        ck_assert_int_eq(fan_chan_try_send(chans[1], &(int){0}), 0);
    fan_timer_init(timer, "timer", 0, 0);
    elements[1] = 42;
    return (struct blocked){.cases = {FAN_RECV(chans[0], &elements[0]),
                                      FAN_SEND(chans[1], &elements[1]), FAN_DONE(&ctx),
                                      FAN_TICK(timer)},
                            .count = 4};
}

/* Nothing of a select that has gone on may be left in a queue: nobody else finds a partner there.
 */
static void check_nobody_waits(struct fan_timer *timer)
{
    struct fan_probe_object seen;
    ck_assert(watch_object("chan", &seen));
    ck_assert_uint_eq(seen.waiting_put + seen.waiting_take, 0);
    ck_assert_uint_eq(timer->waiters.length, 0);
    ck_assert_uint_eq(ctx.waiters.length, 0);
    fan_timer_destroy(timer);
    fan_ctx_destroy(&ctx);
    free_chans();
}

START_TEST(an_element_wakes_it)
{
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    start(&blocked);
    ck_assert_int_eq(fan_chan_try_send(chans[0], &(int){7}), 0);
    ck_assert_uint_eq(finish(&blocked), 0);
    ck_assert_int_eq(elements[0], 7);
    ck_assert_uint_eq(fan_chan_length(chans[1]), (size_t)_i);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(room_wakes_it)
{
    int element = -1;
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    start(&blocked);
    for (int i = 0; i <= _i; i++)
        ck_assert_int_eq(fan_chan_recv(chans[1], &element, NULL), 0);
    ck_assert_int_eq(element, 42);
    ck_assert_uint_eq(finish(&blocked), 1);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(a_close_wakes_it)
{
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    start(&blocked);
    fan_chan_close(chans[0]);
    ck_assert_uint_eq(finish(&blocked), 0);
    ck_assert_int_eq(blocked.cases[0].result, EPIPE);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(the_end_of_a_context_that_is_a_case_wakes_it)
{
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    start(&blocked);
    fan_ctx_cancel(&ctx, 0);
    ck_assert_uint_eq(finish(&blocked), 2);
    ck_assert_int_eq(blocked.cases[2].result, ECANCELED);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(a_tick_wakes_it)
{
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    start(&blocked);
    fan_timer_reset(&timer, fan_deadline_after(FAN_MILLISECOND), 0);
    ck_assert_uint_eq(finish(&blocked), 3);
    ck_assert_int_eq(blocked.cases[3].result, 0);
    ck_assert_uint_eq(fan_timer_due(&timer), 0);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(a_deadline_of_a_context_that_is_a_case_wakes_it)
{
    size_t chosen;
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    make_chans(1, 0);
    struct fan_select_case cases[] = {FAN_RECV(chans[0], &elements[0]), FAN_DONE(&brief)};
    ck_assert_int_eq(fan_select(cases, 2, NULL, &chosen), 0);
    ck_assert_uint_eq(chosen, 1);
    ck_assert_int_eq(cases[1].result, ETIMEDOUT);
    free_chans();
}
END_TEST

START_TEST(its_own_context_ends_it_without_a_case)
{
    struct fan_timer timer;
    struct blocked blocked = block_on_all_kinds(&timer, (size_t)_i);
    struct fan_ctx own;
    fan_ctx_init(&own, NULL);
    blocked.ctx = &own;
    start(&blocked);
    fan_ctx_cancel(&own, 0);
    fan_thread_join(blocked.thread);
    ck_assert_int_eq(blocked.error, ECANCELED);
    ck_assert_uint_eq(blocked.chosen, 99);
    fan_ctx_destroy(&own);
    check_nobody_waits(&timer);
}
END_TEST

START_TEST(without_a_case_only_the_context_ends_it)
{
    struct blocked blocked = {
        .cases = {FAN_RECV(NULL, NULL)}, .count = (size_t)_i * 2, .ctx = &ctx};
    blocked.cases[1] = blocked.cases[0];
    start(&blocked);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(blocked.thread);
    ck_assert_int_eq(blocked.error, ECANCELED);
}
END_TEST

START_TEST(it_does_not_meet_itself)
{
    make_chans(1, 0);
    struct blocked blocked = {
        .cases = {FAN_SEND(chans[0], &elements[0]), FAN_RECV(chans[0], &elements[1])},
        .count = 2,
        .ctx = &ctx};
    start(&blocked);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(blocked.thread);
    ck_assert_int_eq(blocked.error, ECANCELED);
    free_chans();
}
END_TEST

START_TEST(two_of_them_meet)
{
    make_chans(1, 0);
    elements[0] = elements[2] = 42;
    struct blocked first = {
        .cases = {FAN_SEND(chans[0], &elements[0]), FAN_RECV(chans[0], &elements[1])}, .count = 2};
    struct blocked second = {
        .cases = {FAN_SEND(chans[0], &elements[2]), FAN_RECV(chans[0], &elements[3])}, .count = 2};
    start(&first);
    select_blocked(&second);
    ck_assert_int_eq(second.error, 0);
    ck_assert_uint_eq(finish(&first) + second.chosen, 1);
    ck_assert_int_eq(elements[1] + elements[3], 42);
    free_chans();
}
END_TEST

START_TEST(one_element_wakes_one_of_many)
{
    struct blocked many[3];
    make_chans(2, 0);
    for (int i = 0; i < 3; i++) {
        many[i] = (struct blocked){
            .cases = {FAN_RECV(chans[0], &elements[i]), FAN_RECV(chans[1], &elements[i])},
            .count = 2,
            .error = -1};
        many[i].thread = watch_spawn("selecter", select_blocked, &many[i]);
        watch_until_so_many_blocked((size_t)i + 1, FAN_OP_SELECT);
    }
    ck_assert_int_eq(fan_chan_try_send(chans[1], &(int){5}), 0);
    fan_thread_join(many[0].thread);
    watch_until_so_many_blocked(2, FAN_OP_SELECT);
    ck_assert_int_eq(elements[0], 5);
    fan_chan_close(chans[0]);
    fan_thread_join(many[1].thread);
    fan_thread_join(many[2].thread);
    ck_assert_int_eq(many[1].cases[0].result, EPIPE);
    free_chans();
}
END_TEST

START_TEST(it_shows_all_it_waits_for_and_lists_the_first)
{
    struct fan_probe_thread seen;
    struct blocked blocked = {.count = 12, .ctx = &ctx};
    make_chans(2, 0);
    for (int i = 0; i < 12; i++)
        blocked.cases[i] = (struct fan_select_case)FAN_RECV(chans[i % 2], &elements[i]);
    blocked.cases[1].kind = FAN_CASE_SEND;
    start(&blocked);
    ck_assert(watch_thread("selecter", &seen));
    ck_assert_uint_eq(seen.wait_count, 13);
    ck_assert_uint_eq(seen.waits[0].op, FAN_OP_RECV);
    ck_assert_uint_eq(seen.waits[1].op, FAN_OP_SEND);
    ck_assert_uint_eq(seen.waits[0].slot, seen.waits[2].slot);
    ck_assert_uint_ne(seen.waits[0].slot, seen.waits[1].slot);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(blocked.thread);
    free_chans();
}
END_TEST

START_TEST(the_earliest_of_its_deadlines_is_shown)
{
    struct fan_probe_thread seen;
    struct fan_timer timer;
    uint64_t hour_ns = fan_deadline_after(3600 * FAN_SECOND);
    struct blocked blocked = block_on_all_kinds(&timer, 0);
    struct fan_ctx later;
    struct fan_ctx_options options = {.deadline_ns = hour_ns + 1};
    fan_ctx_init(&later, &options);
    fan_timer_reset(&timer, hour_ns, 0);
    blocked.ctx = &later;
    start(&blocked);
    ck_assert(watch_thread("selecter", &seen));
    ck_assert_uint_eq(seen.deadline_ns, hour_ns);
    fan_ctx_cancel(&later, 0);
    fan_thread_join(blocked.thread);
    free_chans();
}
END_TEST

/* ---- many at once ---------------------------------------------------------------------------- */

enum { ROUNDS = 3000 };

/* Each sends one and receives one, in whichever order it happens. */
static void exchange(void *order)
{
    struct fan_chan *out = chans[*(int *)order], *in = chans[1 - *(int *)order];
    for (int i = 0; i < ROUNDS; i++) {
        int mine = i, theirs = -1;
        struct fan_select_case cases[] = {FAN_SEND(out, &mine), FAN_RECV(in, &theirs)};
        for (int left = 2; left > 0; left--) {
            size_t chosen;
            ASSERT_OFTEN(fan_select(cases, 2, NULL, &chosen) == 0);
            ASSERT_OFTEN(cases[chosen].result == 0);
            cases[chosen].chan = NULL;
        }
        ASSERT_OFTEN(theirs == i);
    }
}

START_TEST(channels_in_opposite_orders_do_not_lock_up)
{
    static int orders[] = {0, 1};
    make_chans(2, (size_t)_i);
    struct fan_thread *threads[] = {watch_spawn("exchanger", exchange, &orders[0]),
                                    watch_spawn("exchanger", exchange, &orders[1])};
    fan_thread_join(threads[0]);
    fan_thread_join(threads[1]);
    free_chans();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("select");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, the_only_ready_case_is_taken);
    tcase_add_loop_test(cases, ready_cases_have_equal_chances, 2, CHANS + 1);
    tcase_add_test(cases, cases_of_all_kinds_have_equal_chances);
    tcase_add_test(cases, a_closed_channel_and_a_busy_one_do_not_starve_each_other);
    tcase_add_test(cases, the_same_channel_twice_is_two_cases_and_one_element);
    tcase_add_test(cases, a_null_case_is_never_taken);
    tcase_add_test(cases, if_the_first_wins_a_later_case_is_taken_only_without_it);
    tcase_add_test(cases, if_nothing_is_ready_a_try_does_not_wait);
    tcase_add_test(cases, a_done_context_wins_over_ready_cases);
    tcase_add_test(cases, there_is_a_limit_of_cases);
    tcase_add_loop_test(cases, an_element_wakes_it, 0, 3);
    tcase_add_loop_test(cases, room_wakes_it, 0, 3);
    tcase_add_loop_test(cases, a_close_wakes_it, 0, 3);
    tcase_add_loop_test(cases, the_end_of_a_context_that_is_a_case_wakes_it, 0, 3);
    tcase_add_loop_test(cases, a_tick_wakes_it, 0, 3);
    tcase_add_test(cases, a_deadline_of_a_context_that_is_a_case_wakes_it);
    tcase_add_loop_test(cases, its_own_context_ends_it_without_a_case, 0, 3);
    tcase_add_loop_test(cases, without_a_case_only_the_context_ends_it, 0, 2);
    tcase_add_test(cases, it_does_not_meet_itself);
    tcase_add_test(cases, two_of_them_meet);
    tcase_add_test(cases, one_element_wakes_one_of_many);
    tcase_add_test(cases, it_shows_all_it_waits_for_and_lists_the_first);
    tcase_add_test(cases, the_earliest_of_its_deadlines_is_shown);
    tcase_add_loop_test(cases, channels_in_opposite_orders_do_not_lock_up, 0, 3);
    return suite_run("select", cases);
}
