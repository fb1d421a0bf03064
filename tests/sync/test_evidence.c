/* What channels and threads write down as evidence, under real threads: nothing without a contract,
 * and with one each element once, in order, put before it is taken. */
#include "run/evidence.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "tests/support/suite.h"

enum { ELEMENTS = 800, SIDES = 3 };

static struct fan_evidence *evidence;

static void set_up(void)
{
    evidence = calloc(1, sizeof *evidence);
    ck_assert_ptr_nonnull(evidence);
}

static void tear_down(void)
{
    fan_evidence_collect(NULL);
    free(evidence);
}

static void collect(struct fan_contract contract)
{
    evidence->contract = contract;
    fan_evidence_collect(evidence);
}

static uint32_t count(enum fan_fact_kind kind)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < evidence->claimed; i++)
        found += evidence->facts[i].kind == (uint32_t)kind;
    return found;
}

static void send_all(void *chan)
{
    for (int i = 0; i < ELEMENTS; i++)
        fan_chan_send(chan, &i, NULL);
}

static void receive_all(void *chan)
{
    int got;
    while (fan_chan_recv(chan, &got, NULL) == 0)
        ;
}

static void receive_by_select(void *chan)
{
    int got;
    size_t chosen;
    struct fan_select_case one = FAN_RECV(chan, &got);
    while (fan_select(&one, 1, NULL, &chosen) == 0 && one.result == 0)
        ;
}

static struct fan_thread *spawn(const char *name, void (*run)(void *), void *argument)
{
    struct fan_thread *thread;
    ck_assert_int_eq(
        fan_thread_spawn(&(struct fan_thread_options){.name = name}, run, argument, &thread), 0);
    return thread;
}

static void pass_elements(size_t capacity)
{
    struct fan_chan *chan = fan_chan_new("passing", sizeof(int), capacity);
    struct fan_thread *senders[SIDES], *receivers[SIDES];
    for (int i = 0; i < SIDES; i++) {
        receivers[i] = spawn("receiver", i ? receive_all : receive_by_select, chan);
        senders[i] = spawn("sender", send_all, chan);
    }
    for (int i = 0; i < SIDES; i++)
        fan_thread_join(senders[i]);
    fan_chan_close(chan);
    for (int i = 0; i < SIDES; i++)
        fan_thread_join(receivers[i]);
    fan_chan_free(chan);
}

static const size_t capacities[] = {0, 1, 64};

START_TEST(each_element_is_put_once_and_then_taken_once_in_order)
{
    uint64_t put = 0, taken = 0;
    collect((struct fan_contract){.work = FAN_WORK_FOR_ANY_WORKER});
    pass_elements(capacities[_i]);
    for (uint32_t i = 0; i < evidence->claimed; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind == FAN_FACT_PUT)
            ck_assert_uint_eq(fact->position, ++put);
        if (fact->kind == FAN_FACT_TAKE)
            ck_assert_uint_eq(fact->position, ++taken);
        ck_assert_uint_le(taken, put);
    }
    ck_assert_uint_eq(taken, SIDES * ELEMENTS);
    ck_assert_uint_eq(put, SIDES * ELEMENTS);
    ck_assert_uint_eq(count(FAN_FACT_CLOSE), 1);
    ck_assert_uint_ge(count(FAN_FACT_ASK), SIDES); /* each has found it closed */
    ck_assert_uint_eq(count(FAN_FACT_SPAWN), 2 * SIDES);
    ck_assert_uint_eq(count(FAN_FACT_END), 2 * SIDES);
    ck_assert_str_eq(evidence->queue[1].name, "passing");
}
END_TEST

START_TEST(those_spawned_from_one_place_are_a_crew)
{
    uint64_t id = fan_thread_id(fan_thread_self());
    collect((struct fan_contract){.work = FAN_WORK_FOR_ANY_WORKER});
    pass_elements(4);
    uint32_t last = evidence->last_thread;
    ck_assert_uint_eq(last, id + 2 * SIDES);
    ck_assert_str_eq(evidence->threads[last].name, "sender");
    ck_assert_uint_eq(evidence->threads[last].site, evidence->threads[last - 2].site);
    ck_assert_uint_eq(evidence->threads[last].run, evidence->threads[last - 2].run);
    ck_assert_uint_ne(evidence->threads[last].run, evidence->threads[last - 1].run);
}
END_TEST

START_TEST(without_a_contract_nothing_is_written)
{
    collect((struct fan_contract){0});
    pass_elements(4);
    ck_assert_uint_eq(evidence->claimed, 0);
    collect((struct fan_contract){.outputs = FAN_OUTPUTS_IN_ORDER});
    pass_elements(4);
    ck_assert_uint_eq(count(FAN_FACT_SPAWN), evidence->claimed);
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
    collect((struct fan_contract){.work = FAN_WORK_FOR_ANY_WORKER});
    for (int i = 0; i < 4; i++)
        pass_elements(64);
    ck_assert_uint_gt(evidence->claimed, FAN_EVIDENCE_FACTS);
    fan_evidence_forget(evidence);
    for (uint32_t i = 0; i < FAN_EVIDENCE_FACTS; i++)
        ck_assert_uint_eq(evidence->facts[i].kind, FAN_FACT_NONE);
    ck_assert_uint_eq(evidence->claimed, 0);
    ck_assert_uint_eq(evidence->queues, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("evidence");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, each_element_is_put_once_and_then_taken_once_in_order, 0,
                        sizeof capacities / sizeof capacities[0]);
    tcase_add_test(cases, those_spawned_from_one_place_are_a_crew);
    tcase_add_test(cases, without_a_contract_nothing_is_written);
    tcase_add_test(cases, what_finds_no_room_is_counted);
    return suite_run("evidence", cases);
}
