#include "tests/support/sim_programs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "sync/waitgroup.h"
#include "tests/support/sim_program.h"

/* ---- the pool -------------------------------------------------------------------------------- */

struct pool {
    struct fan_chan *in, *out;
    struct fan_waitgroup working;
    bool forgetful;
};

struct worker {
    struct pool *pool;
    int number;
};

static void produce(void *argument)
{
    struct pool *pool = argument;
    for (int i = 0; i < SIM_ITEMS; i++)
        fan_chan_send(pool->in, &i, NULL);
    fan_chan_close(pool->in);
}

static void work(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    int item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_chan_send(pool->out, &item, NULL);
        if (pool->forgetful && worker->number == SIM_WORKERS - 1 && item == SIM_ITEMS - 1)
            return;
    }
    fan_waitgroup_done(&pool->working);
}

static void close_when_done(void *argument)
{
    struct pool *pool = argument;
    fan_waitgroup_wait(&pool->working, NULL);
    fan_chan_close(pool->out);
}

static void run_pool(bool forgetful)
{
    struct pool pool = {.in = fan_chan_new("in", sizeof(int), SIM_ITEMS),
                        .out = fan_chan_new("out", sizeof(int), SIM_ITEMS),
                        .forgetful = forgetful};
    struct worker workers[SIM_WORKERS];
    int item, sum = 0;
    fan_waitgroup_add(&pool.working, SIM_WORKERS);
    fan_go("producer", produce, &pool);
    for (int i = 0; i < SIM_WORKERS; i++) {
        workers[i] = (struct worker){&pool, i};
        fan_go("worker", work, &workers[i]);
    }
    fan_go("closer", close_when_done, &pool);
    while (fan_chan_recv(pool.out, &item, NULL) == 0)
        sum += item;
    sim_program_must(sum == SIM_ITEMS * (SIM_ITEMS - 1) / 2);
    fan_chan_free(pool.in);
    fan_chan_free(pool.out);
}

void sim_pool(void *unused)
{
    (void)unused;
    run_pool(false);
}

void sim_pool_with_a_rare_missing_done(void *unused)
{
    (void)unused;
    run_pool(true);
}

/* ---- who closes ------------------------------------------------------------------------------ */

struct crew {
    struct fan_chan *out;
    struct fan_mutex mutex;
    int left;
    bool looks_twice;
};

static int change_left(struct crew *crew, int amount)
{
    fan_mutex_lock(&crew->mutex);
    int left = crew->left += amount;
    fan_mutex_unlock(&crew->mutex);
    return left;
}

static void leave(void *argument)
{
    struct crew *crew = argument;
    int left = change_left(crew, -1);
    if (crew->looks_twice)
        left = change_left(crew, 0);
    if (left == 0)
        fan_chan_close(crew->out);
}

static void run_crew(bool looks_twice)
{
    struct crew *crew = calloc(1, sizeof *crew);
    *crew = (struct crew){
        .out = fan_chan_new("out", sizeof(int), 1), .left = 2, .looks_twice = looks_twice};
    fan_go("worker", leave, crew);
    fan_go("worker", leave, crew);
    fan_chan_recv(crew->out, NULL, NULL);
}

void sim_last_one_closes(void *unused)
{
    (void)unused;
    run_crew(false);
}

void sim_two_may_close(void *unused)
{
    (void)unused;
    run_crew(true);
}

/* ---- waking up ------------------------------------------------------------------------------- */

struct bed {
    struct fan_mutex mutex;
    struct fan_cond woken;
    bool flag;
};

static void wake(void *argument)
{
    struct bed *bed = argument;
    fan_mutex_lock(&bed->mutex);
    bed->flag = true;
    fan_cond_signal(&bed->woken);
    fan_mutex_unlock(&bed->mutex);
}

static bool look(struct bed *bed)
{
    fan_mutex_lock(&bed->mutex);
    bool flag = bed->flag;
    fan_mutex_unlock(&bed->mutex);
    return flag;
}

static void sleep_without_looking(struct bed *bed)
{
    fan_mutex_lock(&bed->mutex);
    fan_cond_wait(&bed->woken, &bed->mutex);
    fan_mutex_unlock(&bed->mutex);
}

void sim_wake_up(void *unused)
{
    (void)unused;
    struct bed *bed = calloc(1, sizeof *bed);
    fan_go("waker", wake, bed);
    fan_mutex_lock(&bed->mutex);
    while (!bed->flag)
        fan_cond_wait(&bed->woken, &bed->mutex);
    fan_mutex_unlock(&bed->mutex);
}

void sim_lost_wake_up(void *unused)
{
    (void)unused;
    struct bed *bed = calloc(1, sizeof *bed);
    fan_go("waker", wake, bed);
    if (!look(bed))
        sleep_without_looking(bed);
}

/* ---- updates --------------------------------------------------------------------------------- */

enum { ADDERS = 3 };

struct number {
    struct fan_mutex mutex;
    int value;
    bool in_two_steps;
};

static void add(void *argument)
{
    struct number *number = argument;
    fan_mutex_lock(&number->mutex);
    int value = number->value;
    if (number->in_two_steps) {
        fan_mutex_unlock(&number->mutex);
        fan_mutex_lock(&number->mutex);
    }
    number->value = value + 1;
    fan_mutex_unlock(&number->mutex);
}

static void run_adders(bool in_two_steps)
{
    struct number *number = calloc(1, sizeof *number);
    struct fan_thread *adders[ADDERS];
    number->in_two_steps = in_two_steps;
    for (int i = 0; i < ADDERS; i++)
        fan_thread_spawn(NULL, add, number, &adders[i]);
    for (int i = 0; i < ADDERS; i++)
        fan_thread_join(adders[i]);
    sim_program_must(number->value == ADDERS);
}

void sim_update(void *unused)
{
    (void)unused;
    run_adders(false);
}

void sim_lost_update(void *unused)
{
    (void)unused;
    run_adders(true);
}

/* ---- values ---------------------------------------------------------------------------------- */

enum { CASES = 4 };

static size_t select_one(void)
{
    struct fan_chan *chans[CASES];
    size_t chosen = 0;
    for (int i = 0; i < CASES; i++) {
        chans[i] = fan_chan_new("ready", sizeof(int), 1);
        fan_chan_send(chans[i], &i, NULL);
    }
    struct fan_select_case cases[CASES] = {FAN_RECV(chans[0], NULL), FAN_RECV(chans[1], NULL),
                                           FAN_RECV(chans[2], NULL), FAN_RECV(chans[3], NULL)};
    fan_select(cases, CASES, NULL, &chosen);
    return chosen;
}

void sim_select(void *unused)
{
    (void)unused;
    size_t first = select_one();
    size_t second = select_one();
    sim_program_must(first < CASES && second < CASES);
}

void sim_select_with_a_wrong_case(void *unused)
{
    (void)unused;
    size_t first = select_one();
    size_t second = select_one();
    sim_program_must(first != CASES - 1 || second != CASES - 1);
}

/* ---- long and short -------------------------------------------------------------------------- */

enum { LONG_STEPS = 20 };

struct lane {
    struct fan_chan *beats;
    bool ended;
};

static void take_one_step(void *argument)
{
    struct lane *lane = argument;
    lane->ended = true;
    fan_chan_length(lane->beats);
}

void sim_spin(void *unused)
{
    (void)unused;
    struct lane *lane = calloc(1, sizeof *lane);
    lane->beats = fan_chan_new("beats", sizeof(int), LONG_STEPS);
    fan_go("other", take_one_step, lane);
    while (!lane->ended)
        fan_chan_length(lane->beats);
}

enum { CROWD = 50 };

static void wait_for_the_end(void *argument)
{
    struct lane *lane = argument;
    sim_program_must(fan_chan_recv(lane->beats, NULL, NULL) != 0 && lane->ended);
}

void sim_crowd(void *unused)
{
    (void)unused;
    struct lane *lane = calloc(1, sizeof *lane);
    lane->beats = fan_chan_new("beats", sizeof(int), 1);
    for (int i = 0; i < CROWD; i++)
        fan_go("waiter", wait_for_the_end, lane);
    lane->ended = true;
    fan_chan_close(lane->beats);
}

static void take_many_steps(void *argument)
{
    struct lane *lane = argument;
    for (int i = 0; i < LONG_STEPS; i++)
        fan_chan_send(lane->beats, &i, NULL);
}

static void come_last(void *argument)
{
    struct lane *lane = argument;
    sim_program_must(fan_chan_length(lane->beats) < LONG_STEPS);
}

void sim_short_beside_long(void *unused)
{
    (void)unused;
    struct lane *lane = calloc(1, sizeof *lane);
    lane->beats = fan_chan_new("beats", sizeof(int), LONG_STEPS);
    fan_go("short", come_last, lane);
    fan_go("long", take_many_steps, lane);
}
