/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What the story of a run knows of its steps: the values that went through them, the errors that
 * came of them, the case that a select took. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <string.h>

#include "lab/sim_story.h"
#include "run/sim_backend.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

static struct fan_story story;
static struct fan_sim *sim;

/* The default schedule of a program, told. */
static enum fan_sim_outcome tell(sim_program *program)
{
    static const struct fan_schedule none;
    struct fan_replay replay = {.schedule = &none};
    struct fan_sim_story told = {.replay = &replay, .story = &story};
    memset(&story, 0, sizeof story);
    enum fan_sim_outcome outcome =
        sim_program_run(&(struct fan_strategy){&fan_strategy_story, &told}, program);
    fan_sim_backend_hear(NULL);
    return outcome;
}

/* The nth step, from 0, of a thread that is of this kind. */
static const struct fan_story_step *step_of(uint32_t thread, enum fan_probe_op kind, uint32_t nth)
{
    for (uint32_t i = 0; i < story.count; i++)
        if (story.steps[i].thread == thread && story.steps[i].kind == kind && nth-- == 0)
            return &story.steps[i];
    ck_abort_msg("there is no such step");
}

static uint64_t value_of(const struct fan_story_step *step)
{
    uint64_t value;
    ck_assert_uint_eq(step->size, sizeof value);
    memcpy(&value, step->value, sizeof value);
    return value;
}

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

/* ---- channels ---- */

static struct fan_chan *chan;

static void send_two(void *unused)
{
    (void)unused;
    fan_chan_send(chan, &(uint64_t){7}, NULL);
    fan_chan_send(chan, &(uint64_t){8}, NULL);
    fan_chan_close(chan);
}

static void receive_three(void)
{
    uint64_t value;
    for (int i = 0; i < 3; i++)
        fan_chan_recv(chan, &value, NULL);
}

static void hand_over_in_a_buffer(void *unused)
{
    (void)unused;
    chan = fan_chan_new("out", sizeof(uint64_t), 2);
    fan_go("sender", send_two, NULL);
    receive_three();
}

static void hand_over_from_hand_to_hand(void *unused)
{
    (void)unused;
    chan = fan_chan_new("out", sizeof(uint64_t), 0);
    fan_go("sender", send_two, NULL);
    receive_three();
}

START_TEST(a_buffered_channel_tells_what_goes_in_and_comes_out)
{
    ck_assert_int_eq(tell(hand_over_in_a_buffer), FAN_SIM_FINISHED);
    ck_assert_uint_eq(value_of(step_of(1, FAN_OP_SEND, 0)), 7);
    ck_assert_uint_eq(value_of(step_of(1, FAN_OP_SEND, 1)), 8);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_RECV, 0)), 7);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_RECV, 1)), 8);
    ck_assert_int_eq(step_of(0, FAN_OP_RECV, 2)->error, EPIPE);
    ck_assert_uint_eq(step_of(0, FAN_OP_RECV, 2)->size, 0);
}
END_TEST

/* Who comes first arrives with nothing and leaves with the value. */
START_TEST(who_meets_a_partner_tells_when_it_goes_on)
{
    ck_assert_int_eq(tell(hand_over_from_hand_to_hand), FAN_SIM_FINISHED);
    const struct fan_story_step *arrival = step_of(0, FAN_OP_RECV, 0);
    const struct fan_story_step *rest = step_of(0, FAN_OP_RECV, 1);
    ck_assert_int_eq(arrival->stage, FAN_STAGE_ARRIVE);
    ck_assert_uint_eq(arrival->size, 0);
    ck_assert_int_eq(rest->stage, FAN_STAGE_RESUME);
    ck_assert_uint_eq(value_of(rest), 7);
    ck_assert_uint_eq(value_of(step_of(1, FAN_OP_SEND, 0)), 7);
}
END_TEST

static void send_on_closed(void *unused)
{
    (void)unused;
    chan = fan_chan_new("out", sizeof(uint64_t), 1);
    fan_chan_close(chan);
    fan_chan_send(chan, &(uint64_t){9}, NULL);
}

START_TEST(a_send_that_panics_tells_what_it_was_to_send)
{
    ck_assert_int_eq(tell(send_on_closed), FAN_SIM_FAILED);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_SEND, 0)), 9);
}
END_TEST

static void try_both(void *unused)
{
    uint64_t value = 5;
    (void)unused;
    chan = fan_chan_new("out", sizeof value, 1);
    fan_chan_try_recv(chan, &value);
    fan_chan_try_send(chan, &value);
    fan_chan_try_send(chan, &value);
    fan_chan_try_recv(chan, &value);
}

START_TEST(a_try_tells_whether_it_was_done)
{
    ck_assert_int_eq(tell(try_both), FAN_SIM_FINISHED);
    ck_assert_int_eq(step_of(0, FAN_OP_RECV, 0)->error, EAGAIN);
    ck_assert_int_eq(step_of(0, FAN_OP_SEND, 0)->error, 0);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_SEND, 0)), 5);
    ck_assert_int_eq(step_of(0, FAN_OP_SEND, 1)->error, EAGAIN);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_RECV, 1)), 5);
}
END_TEST

struct large {
    unsigned char bytes[24];
};

static void send_a_structure(void *unused)
{
    (void)unused;
    chan = fan_chan_new("out", sizeof(struct large), 1);
    fan_chan_send(chan, &(struct large){{1, 2, 3, 4, 5, 6, 7, 8, 9}}, NULL);
}

START_TEST(of_a_large_element_the_first_bytes_are_told)
{
    ck_assert_int_eq(tell(send_a_structure), FAN_SIM_FINISHED);
    const struct fan_story_step *step = step_of(0, FAN_OP_SEND, 0);
    ck_assert_uint_eq(step->size, 24);
    ck_assert_mem_eq(step->value, "\1\2\3\4\5\6\7\10", FAN_STORY_VALUE);
}
END_TEST

/* ---- select ---- */

static void select_twice(void *unused)
{
    uint64_t value = 4;
    size_t chosen;
    (void)unused;
    chan = fan_chan_new("in", sizeof value, 1);
    struct fan_select_case cases[] = {FAN_RECV(NULL, &value), FAN_RECV(chan, &value)};
    fan_select_try(cases, 2, &chosen);
    fan_chan_send(chan, &value, NULL);
    fan_select(cases, 2, NULL, &chosen);
}

START_TEST(a_select_tells_which_case_it_took)
{
    ck_assert_int_eq(tell(select_twice), FAN_SIM_FINISHED);
    ck_assert_int_eq(step_of(0, FAN_OP_SELECT, 0)->error, EAGAIN);
    ck_assert_int_eq(step_of(0, FAN_OP_SELECT, 0)->taken, FAN_OP_NONE);
    ck_assert_int_eq(step_of(0, FAN_OP_SELECT, 1)->taken, FAN_OP_RECV);
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_SELECT, 1)), 4);
}
END_TEST

/* ---- errors ---- */

static void wait_with_a_cancelled_context(void *unused)
{
    struct fan_ctx ctx;
    struct fan_waitgroup group = {.name = "all"};
    struct fan_mutex mutex = {.name = "guard"};
    (void)unused;
    fan_ctx_init(&ctx, NULL);
    fan_waitgroup_add(&group, 1);
    fan_mutex_lock(&mutex);
    fan_ctx_cancel(&ctx, 0);
    fan_waitgroup_wait(&group, &ctx);
    fan_sleep(5, &ctx);
    fan_mutex_unlock(&mutex);
    fan_waitgroup_done(&group);
}

START_TEST(an_operation_tells_its_error_and_the_name_of_its_object)
{
    ck_assert_int_eq(tell(wait_with_a_cancelled_context), FAN_SIM_FINISHED);
    ck_assert_int_eq(step_of(0, FAN_OP_GROUP_WAIT, 0)->error, ECANCELED);
    ck_assert_str_eq(step_of(0, FAN_OP_GROUP_WAIT, 0)->name, "all");
    ck_assert_int_eq(step_of(0, FAN_OP_SLEEP, 0)->error, ECANCELED);
    ck_assert_str_eq(step_of(0, FAN_OP_LOCK, 0)->name, "guard");
    ck_assert_int_eq(step_of(0, FAN_OP_LOCK, 0)->error, 0);
}
END_TEST

/* ---- memory ---- */

static struct {
    uint64_t a_name_that_is_long, count;
    int flag;
} shared;

static void use_memory(void *unused)
{
    (void)unused;
    shared.count = 41;
    FAN_READ(shared.count);
    FAN_WRITE(shared.a_name_that_is_long);
    fan_atomic_store(&shared.flag, 1, FAN_RELEASE);
    (void)fan_atomic_load(&shared.flag, FAN_ACQUIRE);
}

START_TEST(a_mark_tells_what_the_program_calls_its_memory)
{
    ck_assert_int_eq(tell(use_memory), FAN_SIM_FINISHED);
    ck_assert_str_eq(step_of(0, FAN_OP_READ, 0)->name, "shared.count");
    ck_assert_uint_eq(value_of(step_of(0, FAN_OP_READ, 0)), 41);
    ck_assert_str_eq(step_of(0, FAN_OP_WRITE, 0)->name, "a_name_that_is_long");
    ck_assert_uint_eq(step_of(0, FAN_OP_WRITE, 0)->size, 0);
    ck_assert_int_eq(step_of(0, FAN_OP_LOAD, 0)->value[0], 1);
}
END_TEST

/* ---- without a listener ---- */

START_TEST(nothing_is_told_where_nobody_listens)
{
    ck_assert_int_eq(tell(hand_over_in_a_buffer), FAN_SIM_FINISHED);
    uint64_t told = fan_sim_trace_hash(sim);
    struct fan_replay replay = {.schedule = &(struct fan_schedule){0}};
    memset(&story, 0, sizeof story);
    sim_program_run(&(struct fan_strategy){&fan_strategy_replay, &replay}, hand_over_in_a_buffer);
    ck_assert_uint_eq(story.steps[0].told, 0);
    ck_assert_uint_eq(fan_sim_trace_hash(sim), told); /* and to be told of changes nothing */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("story");
    tcase_add_checked_fixture(tests, make_a_scheduler, free_it);
    tcase_add_test(tests, a_buffered_channel_tells_what_goes_in_and_comes_out);
    tcase_add_test(tests, who_meets_a_partner_tells_when_it_goes_on);
    tcase_add_test(tests, a_send_that_panics_tells_what_it_was_to_send);
    tcase_add_test(tests, a_try_tells_whether_it_was_done);
    tcase_add_test(tests, of_a_large_element_the_first_bytes_are_told);
    tcase_add_test(tests, a_select_tells_which_case_it_took);
    tcase_add_test(tests, an_operation_tells_its_error_and_the_name_of_its_object);
    tcase_add_test(tests, a_mark_tells_what_the_program_calls_its_memory);
    tcase_add_test(tests, nothing_is_told_where_nobody_listens);
    return suite_run("story of a run", tests);
}
