/* Random programs of threads, channels, selects, closes and cancels. Every operation has a
 * deadline, so each program ends; and at the end every element is accounted for: what was sent was
 * received once, and what was not sent was not received. A seed makes a program; how its threads
 * interleave is chance. */
#include <errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { PROGRAMS = 12, SEEDS_EACH = 10, CHANS = 4, CTXS = 4, THREADS = 5, STEPS = 150, CASES = 5 };

struct program {
    struct fan_chan *chans[CHANS];
    int closers[CHANS]; /* atomic: only the first closes */
    struct fan_ctx root, ctxs[CTXS];
    unsigned char *sent, *received; /* atomic; by element */
};

struct actor {
    struct program *program;
    struct fan_random random;
    struct fan_ctx ctx; /* of the step under way */
    uint32_t next_element;
    struct fan_thread *thread;
    /* A select under way, which may end in a panic. */
    struct fan_select_case cases[CASES];
    uint32_t to_send[CASES], got[CASES];
    size_t count, chosen;
    bool tries;
    int error;
};

static size_t choose(struct actor *actor, size_t bound)
{
    return (size_t)fan_random_below(&actor->random, bound);
}

/* One channel in eight is NULL. */
static struct fan_chan *some_chan(struct actor *actor)
{
    size_t i = choose(actor, CHANS * 8);
    return i < CHANS ? NULL : actor->program->chans[i % CHANS];
}

static void begin_step(struct actor *actor)
{
    uint64_t patience_ns = choose(actor, 100) * FAN_MICROSECOND;
    struct fan_ctx *parent = &actor->program->ctxs[choose(actor, CTXS)];
    if (fan_ctx_error(parent))
        parent = &actor->program->root;
    fan_ctx_init(&actor->ctx,
                 &(struct fan_ctx_options){.parent = parent,
                                           .deadline_ns = fan_deadline_after(patience_ns)});
}

static void end_step(struct actor *actor)
{
    fan_ctx_destroy(&actor->ctx);
}

static void note_sent(struct program *program, uint32_t element)
{
    __atomic_fetch_add(&program->sent[element], 1, __ATOMIC_RELAXED);
}

static void note_received(struct program *program, uint32_t element)
{
    __atomic_fetch_add(&program->received[element], 1, __ATOMIC_RELAXED);
}

static void make_case(struct actor *actor, size_t i)
{
    static struct fan_timer *const no_timer = NULL;
    struct fan_chan *chan = some_chan(actor);
    switch (choose(actor, 8)) {
    case 0:
        actor->cases[i] = (struct fan_select_case)FAN_TICK(no_timer);
        break;
    case 1:
        actor->cases[i] =
            (struct fan_select_case)FAN_DONE(&actor->program->ctxs[choose(actor, CTXS)]);
        break;
    case 2:
    case 3:
    case 4:
        actor->to_send[i] = actor->next_element++;
        actor->cases[i] = (struct fan_select_case)FAN_SEND(chan, &actor->to_send[i]);
        break;
    default:
        actor->cases[i] = (struct fan_select_case)FAN_RECV(chan, &actor->got[i]);
        break;
    }
}

static void do_select(void *argument)
{
    struct actor *actor = argument;
    actor->error = actor->tries
                       ? fan_select_try(actor->cases, actor->count, &actor->chosen)
                       : fan_select(actor->cases, actor->count, &actor->ctx, &actor->chosen);
}

static void account_select(struct actor *actor)
{
    struct fan_select_case *chosen = &actor->cases[actor->chosen];
    if (chosen->kind == FAN_CASE_SEND)
        note_sent(actor->program, actor->to_send[actor->chosen]);
    else if (chosen->kind == FAN_CASE_RECV && chosen->result == 0)
        note_received(actor->program, actor->got[actor->chosen]);
    else
        ASSERT_OFTEN(chosen->result == (chosen->kind == FAN_CASE_RECV ? EPIPE : ECANCELED));
}

static void step_select(struct actor *actor)
{
    actor->count = 1 + choose(actor, CASES);
    actor->tries = choose(actor, 3) == 0;
    for (size_t i = 0; i < actor->count; i++)
        make_case(actor, i);
    actor->error = -1;
    if (fan_recover(do_select, actor, NULL) && actor->error == 0)
        account_select(actor);
    else
        ASSERT_OFTEN(actor->error == -1 || actor->error == EAGAIN || actor->error == ECANCELED ||
                     actor->error == ETIMEDOUT);
}

static void do_send(void *argument)
{
    struct actor *actor = argument;
    struct fan_chan *chan = actor->cases[0].chan;
    actor->error = actor->tries ? fan_chan_try_send(chan, &actor->to_send[0])
                                : fan_chan_send(chan, &actor->to_send[0], &actor->ctx);
}

static void step_send(struct actor *actor)
{
    actor->cases[0].chan = some_chan(actor);
    actor->tries = choose(actor, 3) == 0;
    actor->to_send[0] = actor->next_element++;
    actor->error = -1;
    if (fan_recover(do_send, actor, NULL) && actor->error == 0)
        note_sent(actor->program, actor->to_send[0]);
}

static void step_receive(struct actor *actor)
{
    uint32_t element;
    struct fan_chan *chan = some_chan(actor);
    int error = choose(actor, 3) == 0 ? fan_chan_try_recv(chan, &element)
                                      : fan_chan_recv(chan, &element, &actor->ctx);
    if (error == 0)
        note_received(actor->program, element);
}

static void step_close(struct actor *actor)
{
    size_t i = choose(actor, CHANS);
    if (__atomic_fetch_add(&actor->program->closers[i], 1, __ATOMIC_RELAXED) == 0)
        fan_chan_close(actor->program->chans[i]);
}

static void step(struct actor *actor)
{
    size_t dice = choose(actor, 200);
    if (dice == 0)
        step_close(actor);
    else if (dice == 1)
        fan_ctx_cancel(&actor->program->ctxs[choose(actor, CTXS)], 0);
    else if (dice < 80)
        step_select(actor);
    else if (dice < 140)
        step_send(actor);
    else
        step_receive(actor);
}

static void act(void *argument)
{
    struct actor *actor = argument;
    for (int i = 0; i < STEPS; i++) {
        begin_step(actor);
        step(actor);
        end_step(actor);
    }
}

static void begin_program(struct program *program, struct fan_random *random)
{
    static const size_t capacities[] = {0, 0, 1, 2, 7};
    *program = (struct program){.sent = calloc(THREADS * STEPS, CASES),
                                .received = calloc(THREADS * STEPS, CASES)};
    fan_ctx_init(&program->root, NULL);
    for (int i = 0; i < CTXS; i++)
        fan_ctx_init(&program->ctxs[i], &(struct fan_ctx_options){.parent = &program->root});
    for (int i = 0; i < CHANS; i++)
        program->chans[i] =
            fan_chan_new("chan", sizeof(uint32_t), capacities[fan_random_below(random, 5)]);
}

static void drain(struct program *program)
{
    uint32_t element;
    for (int i = 0; i < CHANS; i++)
        while (fan_chan_try_recv(program->chans[i], &element) == 0)
            note_received(program, element);
}

static void check_accounts(const struct program *program, uint64_t seed, size_t *passed)
{
    for (size_t i = 0; i < THREADS * STEPS * CASES; i++) {
        if (program->sent[i] != program->received[i] || program->sent[i] > 1)
            ck_abort_msg("seed %lu: element %zu was sent %d times and received %d times",
                         (unsigned long)seed, i, program->sent[i], program->received[i]);
        *passed += program->sent[i];
    }
}

/* Whoever has gone on stands in no queue any more, so everything can be taken down. */
static void end_program(struct program *program)
{
    for (int i = 0; i < CHANS; i++)
        fan_chan_free(program->chans[i]);
    for (int i = 0; i < CTXS; i++)
        fan_ctx_destroy(&program->ctxs[i]);
    fan_ctx_destroy(&program->root);
    free(program->sent);
    free(program->received);
}

static size_t run_program(uint64_t seed)
{
    size_t passed = 0;
    struct program program;
    struct actor actors[THREADS];
    struct fan_random random = {.state = seed};
    begin_program(&program, &random);
    for (uint32_t i = 0; i < THREADS; i++) {
        actors[i] = (struct actor){.program = &program,
                                   .random.state = fan_random_next(&random),
                                   .next_element = i * STEPS * CASES};
        actors[i].thread = watch_spawn("actor", act, &actors[i]);
    }
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(actors[i].thread);
    drain(&program);
    check_accounts(&program, seed, &passed);
    end_program(&program);
    return passed;
}

START_TEST(every_element_is_accounted_for)
{
    size_t passed = 0;
    for (int i = 0; i < SEEDS_EACH; i++)
        passed += run_program((uint64_t)_i * SEEDS_EACH + (uint64_t)i);
    ck_assert_uint_gt(passed, 100); /* or nothing was tested */
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("traffic");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_loop_test(cases, every_element_is_accounted_for, 0, PROGRAMS);
    return suite_run("traffic", cases);
}
