/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What is noticed in a run that goes on: races, told with names and places; locks taken in opposite
 * orders; locks that outlive their thread; groups that are added to while waited on. */
#define FAN_SIM
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 200 };

static struct fan_sim *sim;
static struct fan_notice last;

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

/* In how many of SCHEDULES random schedules something is noticed first that is of this kind. */
static uint32_t count_noticed(sim_program *program, enum fan_notice_kind kind)
{
    struct fan_random random = {.state = 1};
    uint32_t noticed = 0;
    for (int run = 0; run < SCHEDULES; run++) {
        sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, program);
        const struct fan_notice *notice = sim_program_notice();
        if (notice && notice->kind == kind) {
            noticed++;
            last = *notice;
        }
    }
    return noticed;
}

static void must_be_silent(sim_program *program)
{
    for (int kind = 0; kind < FAN_NOTICE_KINDS; kind++)
        ck_assert_uint_eq(count_noticed(program, (enum fan_notice_kind)kind), 0);
}

/* ---- how a race is told --------------------------------------------------------------------- */

static void write_number(void *argument)
{
    int *number = argument;
    FAN_WRITE(*number);
    *number = 1;
}

static void two_write(void *unused)
{
    (void)unused;
    static int number;
    fan_go("worker", write_number, &number);
    fan_go("worker", write_number, &number);
}

START_TEST(a_race_is_told_with_names_and_places)
{
    ck_assert_uint_eq(count_noticed(two_write, FAN_NOTICE_RACE), SCHEDULES);
    ck_assert(strcmp(last.message,
                     "worker 1 wrote *number and worker 2 wrote it; nothing orders the two") == 0 ||
              strcmp(last.message,
                     "worker 2 wrote *number and worker 1 wrote it; nothing orders the two") == 0);
    uintptr_t offset = last.stack.frames[0] - (uintptr_t)write_number;
    ck_assert_uint_lt(offset, 200);
    ck_assert_uint_eq(last.earlier.frames[0], last.stack.frames[0]);
    ck_assert_str_eq(last.earlier_what, "other access");
    ck_assert_uint_ne(last.threads[0], last.threads[1]);
    ck_assert(last.threads[0] && last.threads[1]);
}
END_TEST

static void write_new_memory(void *unused)
{
    (void)unused;
    int *number = calloc(1, sizeof *number);
    FAN_WRITE(*number);
    *number = 1;
    free(number);
}

static void two_write_memory_of_their_own(void *unused)
{
    (void)unused;
    fan_go("worker", write_new_memory, NULL);
    fan_go("worker", write_new_memory, NULL);
}

static void read_number(void *number)
{
    FAN_READ(*(int *)number);
}

static void write_and_free(void *number)
{
    write_number(number);
    free(number);
}

static void one_reads_what_the_other_frees(void *unused)
{
    (void)unused;
    int *number = calloc(1, sizeof *number);
    fan_go("worker", write_and_free, number);
    fan_go("reader", read_number, number);
}

/* What is freed is not given out again in the same run, so nobody takes two blocks for one; and an
 * access to a block races with one that comes after the end of its life too. */
START_TEST(freed_memory_is_no_one_elses)
{
    ck_assert_uint_eq(count_noticed(two_write_memory_of_their_own, FAN_NOTICE_RACE), 0);
    ck_assert_uint_eq(count_noticed(one_reads_what_the_other_frees, FAN_NOTICE_RACE), SCHEDULES);
}
END_TEST

static struct fan_rwlock readable;
static int read_by_all;

static void write_as_reader(void *unused)
{
    (void)unused;
    fan_rwlock_lock_shared(&readable);
    FAN_WRITE(read_by_all);
    read_by_all = 1;
    fan_rwlock_unlock_shared(&readable);
}

static void readers_write(void *unused)
{
    (void)unused;
    readable = (struct fan_rwlock){0};
    fan_go("reader", write_as_reader, NULL);
    fan_go("reader", write_as_reader, NULL);
}

/* Also where one has left the lock before the other came. */
START_TEST(readers_do_not_order_each_other)
{
    ck_assert_uint_eq(count_noticed(readers_write, FAN_NOTICE_RACE), SCHEDULES);
}
END_TEST

/* Nothing but a mark lies between the read and the write: so it is where the other comes in. */
static void add_one(void *argument)
{
    int *sum = argument;
    FAN_READ(*sum);
    int seen = *sum;
    FAN_WRITE(*sum);
    *sum = seen + 1;
}

static void two_add(void *unused)
{
    (void)unused;
    int sum = 0;
    struct fan_thread *one, *two;
    if (fan_thread_spawn(NULL, add_one, &sum, &one) || fan_thread_spawn(NULL, add_one, &sum, &two))
        return;
    fan_thread_join(one);
    fan_thread_join(two);
    sim_program_must(sum == 2);
}

START_TEST(a_mark_is_where_another_thread_may_come_in)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint32_t lost = sim_program_count_failing(&strategy, two_add, SCHEDULES);
    ck_assert_uint_gt(lost, SCHEDULES / 10);
    ck_assert_uint_lt(lost, SCHEDULES);
}
END_TEST

/* ---- the order of locks --------------------------------------------------------------------- */

struct locks {
    struct fan_mutex a, b, c, gate;
    struct fan_rwlock read_a, read_b;
    struct fan_waitgroup working;
};

static void nest(struct fan_mutex *outer, struct fan_mutex *inner)
{
    fan_mutex_lock(outer);
    fan_mutex_lock(inner);
    fan_mutex_unlock(inner);
    fan_mutex_unlock(outer);
}

static void a_then_b(void *argument)
{
    struct locks *locks = argument;
    nest(&locks->a, &locks->b);
}

static void b_then_a(void *argument)
{
    struct locks *locks = argument;
    nest(&locks->b, &locks->a);
}

static void b_then_c(void *argument)
{
    struct locks *locks = argument;
    nest(&locks->b, &locks->c);
}

static void c_then_a(void *argument)
{
    struct locks *locks = argument;
    nest(&locks->c, &locks->a);
}

static void a_then_b_behind_gate(void *argument)
{
    struct locks *locks = argument;
    fan_mutex_lock(&locks->gate);
    a_then_b(locks);
    fan_mutex_unlock(&locks->gate);
}

static void b_then_a_behind_gate(void *argument)
{
    struct locks *locks = argument;
    fan_mutex_lock(&locks->gate);
    b_then_a(locks);
    fan_mutex_unlock(&locks->gate);
}

static void b_then_tries_a(void *argument)
{
    struct locks *locks = argument;
    fan_mutex_lock(&locks->b);
    if (fan_mutex_trylock(&locks->a) == 0)
        fan_mutex_unlock(&locks->a);
    fan_mutex_unlock(&locks->b);
}

static void reads_a_then_b(void *argument)
{
    struct locks *locks = argument;
    fan_rwlock_lock_shared(&locks->read_a);
    fan_rwlock_lock_shared(&locks->read_b);
    fan_rwlock_unlock_shared(&locks->read_b);
    fan_rwlock_unlock_shared(&locks->read_a);
}

static void reads_b_then_a(void *argument)
{
    struct locks *locks = argument;
    fan_rwlock_lock_shared(&locks->read_b);
    fan_rwlock_lock_shared(&locks->read_a);
    fan_rwlock_unlock_shared(&locks->read_a);
    fan_rwlock_unlock_shared(&locks->read_b);
}

static struct locks *fresh_locks(void)
{
    static struct locks locks;
    locks = (struct locks){.a.name = "a", .b.name = "b", .c.name = "c"};
    return &locks;
}

static void start(void (*one)(void *), void (*two)(void *), void (*three)(void *))
{
    struct locks *locks = fresh_locks();
    fan_go("worker", one, locks);
    fan_go("worker", two, locks);
    if (three)
        fan_go("worker", three, locks);
}

static void opposite(void *unused)
{
    (void)unused;
    start(a_then_b, b_then_a, NULL);
}

static void in_a_circle(void *unused)
{
    (void)unused;
    start(a_then_b, b_then_c, c_then_a);
}

static void the_same(void *unused)
{
    (void)unused;
    start(a_then_b, a_then_b, b_then_c);
}

static void behind_a_gate(void *unused)
{
    (void)unused;
    start(a_then_b_behind_gate, b_then_a_behind_gate, NULL);
}

static void tried(void *unused)
{
    (void)unused;
    start(a_then_b, b_then_tries_a, NULL);
}

static void only_read(void *unused)
{
    (void)unused;
    start(reads_a_then_b, reads_b_then_a, NULL);
}

static void one_after_the_other(void *unused)
{
    (void)unused;
    struct fan_thread *first;
    struct locks *locks = fresh_locks();
    if (fan_thread_spawn(NULL, a_then_b, locks, &first) == 0)
        fan_thread_join(first);
    b_then_a(locks);
}

/* Those that are stuck before both have shown their order need not. A run that got through must
 * tell, the first one too: a schedule may be run once only. */
START_TEST(opposite_orders_are_told_where_a_run_got_through)
{
    static sim_program *const planted[] = {opposite, in_a_circle};
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint32_t got_through = 0;
    for (int run = 0; run < SCHEDULES; run++) {
        if (sim_program_run(&strategy, planted[_i]) != FAN_SIM_FINISHED)
            continue;
        got_through++;
        const struct fan_notice *notice = sim_program_notice();
        ck_assert_ptr_nonnull(notice);
        ck_assert_int_eq(notice->kind, FAN_NOTICE_LOCK_ORDER);
        ck_assert_str_eq(notice->earlier_what, "other order");
        ck_assert_uint_gt(notice->stack.depth, 2);
        ck_assert_uint_gt(notice->earlier.depth, 2);
    }
    ck_assert_uint_gt(got_through, SCHEDULES / 4);
}
END_TEST

START_TEST(orders_that_cannot_meet_are_not_told)
{
    static sim_program *const sound[] = {the_same, behind_a_gate, tried, only_read,
                                         one_after_the_other};
    must_be_silent(sound[_i]);
}
END_TEST

/* ---- locks and groups ----------------------------------------------------------------------- */

static void locks_and_ends(void *argument)
{
    struct locks *locks = argument;
    fan_mutex_lock(&locks->a);
}

static void one_ends_with_a_lock(void *unused)
{
    (void)unused;
    fan_go("worker", locks_and_ends, fresh_locks());
}

START_TEST(a_lock_held_at_the_end_is_told)
{
    ck_assert_uint_eq(count_noticed(one_ends_with_a_lock, FAN_NOTICE_MISUSE), SCHEDULES);
    ck_assert_str_eq(last.message, "worker ends while it holds a");
    ck_assert_ptr_null(last.earlier_what);
}
END_TEST

static void adds_and_is_done(void *argument)
{
    struct locks *locks = argument;
    fan_waitgroup_add(&locks->working, 1);
    fan_waitgroup_done(&locks->working);
}

static void is_done(void *argument)
{
    struct locks *locks = argument;
    fan_waitgroup_done(&locks->working);
}

static void adds_another_while_it_counts(void *argument)
{
    struct locks *locks = argument;
    fan_waitgroup_add(&locks->working, 1);
    fan_go("helper", is_done, locks);
    fan_waitgroup_done(&locks->working);
}

static void waits_beside_adds(void *unused)
{
    (void)unused;
    struct locks *locks = fresh_locks();
    locks->working.name = "working";
    fan_go("worker", adds_and_is_done, locks);
    fan_waitgroup_wait(&locks->working, NULL);
}

static void adds_then_waits_twice(void *unused)
{
    (void)unused;
    struct locks *locks = fresh_locks();
    for (int round = 0; round < 2; round++) {
        fan_waitgroup_add(&locks->working, 2);
        fan_go("worker", is_done, locks);
        fan_go("worker", adds_another_while_it_counts, locks);
        fan_waitgroup_wait(&locks->working, NULL);
    }
}

START_TEST(a_group_that_is_added_to_while_waited_on_is_told)
{
    ck_assert_uint_eq(count_noticed(waits_beside_adds, FAN_NOTICE_MISUSE), SCHEDULES);
    ck_assert_ptr_nonnull(strstr(last.message, "added to"));
    ck_assert_ptr_nonnull(strstr(last.message, "waited for"));
    must_be_silent(adds_then_waits_twice);
}
END_TEST

/* ---- cache lines ----------------------------------------------------------------------------- */

static _Alignas(128) uint64_t counters[32];
static size_t counters_apart;

static void count_on(void *counter)
{
    for (int i = 0; i < 8; i++) {
        FAN_WRITE(*(uint64_t *)counter);
        (*(uint64_t *)counter)++;
    }
}

static void two_count(void *unused)
{
    (void)unused;
    fan_go("worker", count_on, counters);
    fan_go("worker", count_on, counters + counters_apart);
}

START_TEST(counters_on_one_line_share_it_falsely_and_padded_ones_do_not)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    counters_apart = 1;
    ck_assert_int_eq(sim_program_run(&strategy, two_count), FAN_SIM_FINISHED);
    struct fan_lines_total close = fan_lines_total(sim_program_lines());
    ck_assert_uint_gt(close.falsely_invalidated, 2);
    ck_assert_uint_eq(close.worst->address, (uintptr_t)counters);
    counters_apart = 16;
    ck_assert_int_eq(sim_program_run(&strategy, two_count), FAN_SIM_FINISHED);
    struct fan_lines_total padded = fan_lines_total(sim_program_lines());
    ck_assert_uint_eq(padded.invalidated, 0);
    ck_assert_uint_eq(padded.fetches, 2);
    ck_assert_ptr_null(padded.worst);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cases");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_test(cases, a_race_is_told_with_names_and_places);
    tcase_add_test(cases, freed_memory_is_no_one_elses);
    tcase_add_test(cases, readers_do_not_order_each_other);
    tcase_add_test(cases, a_mark_is_where_another_thread_may_come_in);
    tcase_add_loop_test(cases, opposite_orders_are_told_where_a_run_got_through, 0, 2);
    tcase_add_loop_test(cases, orders_that_cannot_meet_are_not_told, 0, 5);
    tcase_add_test(cases, a_lock_held_at_the_end_is_told);
    tcase_add_test(cases, a_group_that_is_added_to_while_waited_on_is_told);
    tcase_add_test(cases, counters_on_one_line_share_it_falsely_and_padded_ones_do_not);
    return suite_run("watch", cases);
}
