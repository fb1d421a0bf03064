/* What the explanations say, on segments written by hand. */
#include "watch/explain.h"

#include <check.h>
#include <string.h>

#include "tests/support/handmade.h"
#include "tests/support/suite.h"

static struct handmade made;
static struct fan_snapshot snapshot;
static char summary[160];

static void set_up(void)
{
    handmade_begin(&made);
}

static void tear_down(void)
{
    handmade_end(&made);
}

static struct fan_probe_thread *thread(unsigned id, const char *name)
{
    return handmade_thread(&made, id, name);
}

static struct fan_probe_object *object(unsigned id, enum fan_probe_kind kind, const char *name)
{
    return handmade_object(&made, id, kind, name);
}

/* Explains one thread, and sums up all that are blocked. */
static const struct fan_culprit *told_of(uint32_t index)
{
    static struct fan_culprit culprit;
    struct fan_thread_set blocked = {0};
    ck_assert_int_eq(fan_reader_look(made.reader, &snapshot), 0);
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        blocked.has[i] = snapshot.threads[i].state == FAN_STATE_BLOCKED;
    fan_explain_summary(&snapshot, &blocked, summary);
    fan_explain_culprit(&snapshot, index, &culprit);
    return &culprit;
}

START_TEST(a_wait_group_tells_its_count_and_who_called_no_done)
{
    struct fan_probe_object *group = object(1, FAN_KIND_WAIT_GROUP, "wg");
    handmade_block(thread(1, "main"), FAN_OP_GROUP_WAIT, group);
    for (unsigned id = 2; id <= 5; id++)
        handmade_end_thread(thread(id, "worker"));
    handmade_users(group->take_users, 2, 2);
    handmade_users(group->take_users, 4, 5);
    group->put = 4;
    group->taken = 3;
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(culprit->waits_for, "wait on wait group wg");
    ck_assert_str_eq(culprit->could_wake, "a done that brings the count of wg to 0");
    ck_assert_str_eq(culprit->never, "its count is 1: 4 added, 3 done; worker 2 has ended without "
                                     "a done; every other thread has ended");
}
END_TEST

START_TEST(blocked_senders_and_their_receiver)
{
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    struct fan_probe_object *out = object(2, FAN_KIND_CHANNEL, "out");
    handmade_block(thread(1, "main"), FAN_OP_SEND, in);
    for (unsigned id = 2; id <= 4; id++)
        handmade_block(thread(id, "worker"), FAN_OP_SEND, out);
    in->waiting_put = 1;
    out->waiting_put = 3;
    handmade_users(in->take_users, 2, 4);
    handmade_users(out->take_users, 1, 1);
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(summary, "main waits on in; worker 1 to worker 3 wait on out");
    ck_assert_str_eq(culprit->never, "its receivers worker 1 to worker 3 are "
                                     "themselves blocked: send on channel out");
    ck_assert_str_eq(told_of(1)->never,
                     "its receiver main is itself blocked: send on channel in; every other thread "
                     "is blocked");
}
END_TEST

START_TEST(the_words_for_every_other_kind)
{
    static const struct {
        enum fan_probe_kind kind;
        enum fan_probe_op op;
        struct fan_probe_object state;
        const char *waits_for, *could_wake, *never;
    } cases[] = {
        {FAN_KIND_MUTEX,
         FAN_OP_LOCK,
         {.owner = 2},
         "lock on mutex it",
         "an unlock of it by other",
         "its owner other has ended"},
        {FAN_KIND_MUTEX,
         FAN_OP_LOCK,
         {.owner = 77},
         "lock on mutex it",
         "an unlock of it",
         "its owner is not shown"},
        {FAN_KIND_RWLOCK,
         FAN_OP_LOCK_SHARED,
         {.owner = 2, .taken = 1},
         "read lock on rwlock it",
         "an unlock of it by other",
         "its writer other has ended"},
        {FAN_KIND_RWLOCK,
         FAN_OP_LOCK,
         {.taken = 1, .take_users = {4}},
         "lock on rwlock it",
         "an unlock of it",
         "1 hold it for reading; its user other has ended"},
        {FAN_KIND_SEMAPHORE,
         FAN_OP_ACQUIRE,
         {.capacity = 3, .taken = 3, .take_users = {4}},
         "acquire on semaphore it",
         "a release of it",
         "3 of 3 permits are out; its user other has ended"},
        {FAN_KIND_CONDITION,
         FAN_OP_COND_WAIT,
         {.put = 1, .put_users = {4}},
         "wait on condition it",
         "a signal or broadcast of it",
         "its signaller other has ended"},
        {FAN_KIND_CONDITION,
         FAN_OP_COND_WAIT,
         {.put = 0},
         "wait on condition it",
         "a signal or broadcast of it",
         "no other thread has signalled it; every other thread has ended"},
        {FAN_KIND_ONCE,
         FAN_OP_ONCE,
         {.owner = 2},
         "once on once it",
         "the end of the function of it by other",
         "its runner other has ended"},
        {FAN_KIND_CONTEXT,
         FAN_OP_CONTEXT_WAIT,
         {.closed = 0},
         "wait on context it",
         "a cancel of it",
         "every other thread has ended"},
        {FAN_KIND_TIMER,
         FAN_OP_TIMER_WAIT,
         {.closed = 0},
         "tick on timer it",
         "a reset of it",
         "every other thread has ended"},
    };
    struct fan_probe_object *slot = object(1, cases[_i].kind, "it");
    *slot = cases[_i].state;
    slot->kind = cases[_i].kind;
    slot->id = 1;
    memcpy(slot->name, "it", 3);
    handmade_block(thread(1, "main"), cases[_i].op, slot);
    handmade_end_thread(thread(2, "other"));
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(culprit->waits_for, cases[_i].waits_for);
    ck_assert_str_eq(culprit->could_wake, cases[_i].could_wake);
    ck_assert_str_eq(culprit->never, cases[_i].never);
}
END_TEST

START_TEST(a_join_tells_what_the_joined_thread_waits_for)
{
    struct fan_probe_object *in = object(1, FAN_KIND_CHANNEL, "in");
    handmade_join(thread(1, "main"), 2);
    handmade_block(thread(2, "worker"), FAN_OP_RECV, in);
    in->waiting_take = 1;
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(summary, "main waits for worker; worker waits on in");
    ck_assert_str_eq(culprit->waits_for, "join of worker");
    ck_assert_str_eq(culprit->could_wake, "the end of worker");
    ck_assert_str_eq(culprit->never, "worker is itself blocked: recv on channel in");
}
END_TEST

START_TEST(an_object_without_a_slot_is_told_as_not_shown)
{
    struct fan_probe_object nowhere = {.id = FAN_PROBE_NO_SLOT, .kind = FAN_KIND_CHANNEL};
    handmade_block(thread(1, "main"), FAN_OP_RECV, &nowhere);
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(culprit->waits_for, "recv on a channel that is not shown");
    ck_assert_str_eq(culprit->never, "there is no other thread");
}
END_TEST

START_TEST(labels_are_told_in_runs)
{
    struct fan_probe_object *out = object(1, FAN_KIND_CHANNEL, "out");
    handmade_block(thread(1, "main"), FAN_OP_RECV, out);
    for (unsigned id = 2; id <= 9; id++)
        handmade_end_thread(thread(id, "worker"));
    handmade_end_thread(thread(10, "closer"));
    handmade_users(out->put_users, 2, 4);
    handmade_users(out->put_users, 6, 7);
    handmade_users(out->put_users, 9, 10);
    const struct fan_culprit *culprit = told_of(0);
    ck_assert_str_eq(culprit->never,
                     "its senders worker 1 to worker 3, worker 5 and worker 6, worker 8 and closer "
                     "have ended; every other thread has ended");
}
END_TEST

START_TEST(text_that_does_not_fit_ends_in_dots)
{
    struct fan_probe_thread *main_thread = thread(1, "main");
    for (unsigned id = 1; id <= 12; id++) {
        struct fan_probe_object *chan = object(id, FAN_KIND_CHANNEL, "a long name of a chan");
        if (id <= FAN_PROBE_WAITS)
            handmade_block(main_thread, FAN_OP_RECV, chan);
    }
    main_thread->wait_count = 12;
    told_of(0);
    ck_assert_uint_eq(strlen(summary), sizeof summary - 1);
    ck_assert_str_eq(summary + strlen(summary) - 3, "...");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("explain");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_wait_group_tells_its_count_and_who_called_no_done);
    tcase_add_test(cases, blocked_senders_and_their_receiver);
    tcase_add_loop_test(cases, the_words_for_every_other_kind, 0, 10);
    tcase_add_test(cases, a_join_tells_what_the_joined_thread_waits_for);
    tcase_add_test(cases, an_object_without_a_slot_is_told_as_not_shown);
    tcase_add_test(cases, labels_are_told_in_runs);
    tcase_add_test(cases, text_that_does_not_fit_ends_in_dots);
    return suite_run("explain", cases);
}
