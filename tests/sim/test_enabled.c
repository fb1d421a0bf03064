/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Who can proceed, as the scheduler keeps it from step to step, against who can if each is
 * asked. */
#include "base/bits.h"
#include "base/random.h"
#include "run/sim_backend.h"
#include "tests/support/sim_program.h"
#include "tests/support/small.h"
#include "tests/support/suite.h"

enum { PROGRAMS = 3000, FINE_PROGRAMS = 200, RUNS = 10 };

static struct fan_sim *sim;

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

/* Walks at random, and asks everybody at every choice. */
struct asking {
    struct fan_random random;
    uint64_t choices, mistakes;
};

static void begin(void *state, struct fan_sim *running)
{
    (void)state, (void)running;
}

static bool can_proceed(const struct fan_sim_op *op)
{
    return !op->ready || op->ready(op->argument) ||
           (op->deadline_ns && op->deadline_ns <= fan_sim_now_ns(sim));
}

static uint64_t all_who_can(void)
{
    uint64_t can = 0;
    for (uint32_t i = 0; i < fan_sim_thread_count(sim); i++)
        if (!fan_sim_thread_ended(sim, i) && can_proceed(fan_sim_pending(sim, i)))
            can |= UINT64_C(1) << i;
    return can;
}

static uint32_t choose_thread(void *state, struct fan_sim *running, uint64_t enabled)
{
    struct asking *asking = state;
    (void)running;
    asking->choices++;
    asking->mistakes += enabled != all_who_can();
    return fan_bits_nth(enabled,
                        (uint32_t)fan_random_below(&asking->random, fan_bits_count(enabled)));
}

static uint32_t choose_value(void *state, struct fan_sim *running, uint32_t count)
{
    (void)running;
    return (uint32_t)fan_random_below(&((struct asking *)state)->random, count);
}

static bool end(void *state, struct fan_sim *running)
{
    (void)state, (void)running;
    return true;
}

static const struct fan_strategy_kind kind = {.name = "asking",
                                              .summary = "asks everybody",
                                              .begin = begin,
                                              .thread = choose_thread,
                                              .value = choose_value,
                                              .end = end};

static struct small program;

static void run_small(void *unused)
{
    static struct small_log log;
    (void)unused;
    log = (struct small_log){0};
    small_run(&program, &log);
}

static void ask_throughout(struct asking *asking, uint64_t seed)
{
    struct fan_strategy strategy = {&kind, asking};
    small_generate(&program, seed);
    for (int run = 0; run < RUNS; run++)
        if (sim_program_run(&strategy, run_small) == FAN_SIM_FAILED)
            break;
    if (asking->mistakes)
        small_print(&program);
    ck_assert_uint_eq(asking->mistakes, 0);
    ck_assert_uint_gt(asking->choices, 0);
}

START_TEST(the_scheduler_knows_who_can_proceed)
{
    struct asking asking = {.random = {.state = 1}};
    for (uint64_t seed = 0; seed < PROGRAMS; seed++)
        ask_throughout(&asking, seed);
    ck_assert_uint_gt(asking.choices, PROGRAMS * RUNS);
}
END_TEST

/* A run that fails there leaves locks of the library held: each program has a process. */
START_TEST(so_it_does_inside_the_library)
{
    struct asking asking = {.random = {.state = 1}};
    fan_sim_backend_use(sim, FAN_GRAIN_FINE);
    ask_throughout(&asking, (uint64_t)_i);
}
END_TEST

/* ---- what the comparison must find ----------------------------------------------------------- */

static bool flag;

static bool is_set(const void *unused)
{
    (void)unused;
    return flag;
}

static void take_a_step(const void *touched, bool (*ready)(const void *))
{
    struct fan_touch *touches;
    struct fan_sim_op *op = fan_sim_next_op(sim, &touches);
    *op = (struct fan_sim_op){
        .kind = FAN_OP_NONE, .ready = ready, .touch_count = 1, .touches = touches};
    touches[0] = (struct fan_touch){fan_sim_object(sim, touched), FAN_TOUCH_WRITE};
    fan_sim_step(sim);
}

static int one, other;

static void set_the_flag(void *touched)
{
    take_a_step(touched, NULL);
    flag = true;
    take_a_step(&other, NULL);
}

static void wait_for_the_flag(void *touched)
{
    flag = false;
    fan_sim_spawn(sim, set_the_flag, touched);
    take_a_step(&one, is_set);
}

static uint64_t mistakes_where_the_setter_touches(int *touched)
{
    struct asking asking = {.random = {.state = 1}};
    for (int run = 0; run < RUNS; run++)
        fan_sim_run(sim, &(struct fan_strategy){&kind, &asking}, wait_for_the_flag, touched);
    return asking.mistakes;
}

START_TEST(a_step_that_hides_what_it_touches_is_noticed)
{
    ck_assert_uint_eq(mistakes_where_the_setter_touches(&one), 0);
    ck_assert_uint_gt(mistakes_where_the_setter_touches(&other), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("enabled");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_test(cases, the_scheduler_knows_who_can_proceed);
    tcase_add_loop_test(cases, so_it_does_inside_the_library, 0, FINE_PROGRAMS);
    tcase_add_test(cases, a_step_that_hides_what_it_touches_is_noticed);
    return suite_run("enabled", cases);
}
