/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A little channel, semaphore, once and parker, each made right, and with an error planted: dpor
 * proves the right ones, with nothing to be noticed, and finds each error for what it is.
 *
 * FAN_PLANTED_CLASSES=1 prints how many classes of schedules there were. */
#define FAN_SIM
#include <stdio.h>
#include <stdlib.h>

#include "run/access.h"
#include "run/atomic.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum planted {
    NOTHING,
    SIGNAL_LEFT_OUT,
    CHECK_OUTSIDE,
    IF_FOR_WHILE,
    UNLOCK_TOO_EARLY,
    RELAXED,
};

enum found {
    SILENT,
    STUCK = 1,
    FAILED = 2,
    NOTICED = 4,
};

static struct fan_sim *sim;
static enum planted planted;

/* ---- a channel with one place ---- */

struct little_chan {
    struct fan_mutex mutex;
    struct fan_cond changed;
    int length;
};

static bool await_length(struct little_chan *chan, int length)
{
    if (planted == IF_FOR_WHILE) {
        if (chan->length != length)
            fan_cond_wait(&chan->changed, &chan->mutex);
    } else {
        while (chan->length != length)
            fan_cond_wait(&chan->changed, &chan->mutex);
    }
    return chan->length == length;
}

/* From empty to full, or back. */
static void change_length(struct little_chan *chan, int from, int to)
{
    bool outside = planted == CHECK_OUTSIDE && chan->length == from;
    fan_mutex_lock(&chan->mutex);
    if (!outside)
        sim_program_must(await_length(chan, from));
    sim_program_must(chan->length == from);
    chan->length = to;
    if (planted != SIGNAL_LEFT_OUT)
        fan_cond_broadcast(&chan->changed);
    fan_mutex_unlock(&chan->mutex);
}

static void receive(void *chan)
{
    change_length(chan, 1, 0);
}

static void use_channel(void *unused)
{
    struct little_chan *chan = calloc(1, sizeof *chan);
    (void)unused;
    fan_go("receiver", receive, chan);
    fan_go("receiver", receive, chan);
    change_length(chan, 0, 1);
    change_length(chan, 0, 1);
}

/* ---- a semaphore of one ---- */

struct little_semaphore {
    struct fan_mutex mutex;
    struct fan_cond released;
    int permits;
    int inside;
};

static void acquire(struct little_semaphore *semaphore)
{
    bool outside = planted == CHECK_OUTSIDE && semaphore->permits > 0;
    fan_mutex_lock(&semaphore->mutex);
    while (!outside && semaphore->permits == 0) {
        if (planted == UNLOCK_TOO_EARLY) {
            fan_mutex_unlock(&semaphore->mutex);
            fan_mutex_lock(&semaphore->mutex);
        }
        fan_cond_wait(&semaphore->released, &semaphore->mutex);
    }
    semaphore->permits--;
    sim_program_must(semaphore->inside++ == 0);
    fan_mutex_unlock(&semaphore->mutex);
}

static void release(struct little_semaphore *semaphore)
{
    fan_mutex_lock(&semaphore->mutex);
    semaphore->inside--;
    semaphore->permits++;
    if (planted != SIGNAL_LEFT_OUT)
        fan_cond_signal(&semaphore->released);
    fan_mutex_unlock(&semaphore->mutex);
}

static void acquire_and_release(void *semaphore)
{
    acquire(semaphore);
    release(semaphore);
}

static void use_semaphore(void *unused)
{
    struct little_semaphore *semaphore = calloc(1, sizeof *semaphore);
    (void)unused;
    semaphore->permits = 1;
    fan_go("other", acquire_and_release, semaphore);
    acquire_and_release(semaphore);
}

/* ---- a once ---- */

struct little_once {
    struct fan_mutex mutex;
    uint32_t done;
    int payload;
};

static void fill(struct little_once *once)
{
    FAN_WRITE(once->payload);
    sim_program_must(once->payload++ == 0);
    fan_atomic_store(&once->done, 1, planted == RELAXED ? FAN_RELAXED : FAN_RELEASE);
}

static void do_once(void *argument)
{
    struct little_once *once = argument;
    if (!fan_atomic_load(&once->done, FAN_ACQUIRE)) {
        fan_mutex_lock(&once->mutex);
        if (planted == CHECK_OUTSIDE || !fan_atomic_load(&once->done, FAN_RELAXED))
            fill(once);
        fan_mutex_unlock(&once->mutex);
    }
    FAN_READ(once->payload);
    sim_program_must(once->payload == 1);
}

static void use_once(void *unused)
{
    struct little_once *once = calloc(1, sizeof *once);
    (void)unused;
    fan_go("other", do_once, once);
    do_once(once);
}

/* ---- a parker: a token that one thread waits for and another brings ---- */

struct parker {
    struct fan_mutex mutex;
    struct fan_cond brought;
    uint32_t token;
    int payload;
};

static void park(struct parker *parker)
{
    if (fan_atomic_load(&parker->token, FAN_ACQUIRE))
        return;
    if (planted != CHECK_OUTSIDE) {
        fan_mutex_lock(&parker->mutex);
        while (!fan_atomic_load(&parker->token, FAN_RELAXED)) {
            if (planted == UNLOCK_TOO_EARLY) {
                fan_mutex_unlock(&parker->mutex);
                fan_mutex_lock(&parker->mutex);
            }
            fan_cond_wait(&parker->brought, &parker->mutex);
        }
    } else {
        fan_mutex_lock(&parker->mutex);
        fan_cond_wait(&parker->brought, &parker->mutex);
    }
    fan_mutex_unlock(&parker->mutex);
}

static void bring(void *argument)
{
    struct parker *parker = argument;
    FAN_WRITE(parker->payload);
    parker->payload = 7;
    fan_mutex_lock(&parker->mutex);
    fan_atomic_store(&parker->token, 1, planted == RELAXED ? FAN_RELAXED : FAN_RELEASE);
    if (planted != SIGNAL_LEFT_OUT)
        fan_cond_signal(&parker->brought);
    fan_mutex_unlock(&parker->mutex);
}

static void use_parker(void *unused)
{
    struct parker *parker = calloc(1, sizeof *parker);
    (void)unused;
    fan_go("other", bring, parker);
    park(parker);
    FAN_READ(parker->payload);
    sim_program_must(parker->payload == 7);
}

/* ---- what is found ---- */

static const struct {
    const char *name;
    sim_program *program;
    enum planted planted;
    unsigned found; /* of enum found */
} cases[] = {
    {"channel", use_channel, NOTHING, SILENT},
    {"channel", use_channel, SIGNAL_LEFT_OUT, STUCK},
    {"channel", use_channel, CHECK_OUTSIDE, FAILED},
    {"channel", use_channel, IF_FOR_WHILE, FAILED},
    {"semaphore", use_semaphore, NOTHING, SILENT},
    {"semaphore", use_semaphore, SIGNAL_LEFT_OUT, STUCK},
    {"semaphore", use_semaphore, CHECK_OUTSIDE, FAILED},
    {"semaphore", use_semaphore, UNLOCK_TOO_EARLY, STUCK},
    {"once", use_once, NOTHING, SILENT},
    {"once", use_once, CHECK_OUTSIDE, FAILED | NOTICED},
    {"once", use_once, RELAXED, NOTICED},
    {"parker", use_parker, NOTHING, SILENT},
    {"parker", use_parker, SIGNAL_LEFT_OUT, STUCK},
    {"parker", use_parker, CHECK_OUTSIDE, STUCK},
    {"parker", use_parker, UNLOCK_TOO_EARLY, STUCK},
    {"parker", use_parker, RELAXED, NOTICED},
};

static unsigned look_at_run(enum fan_sim_outcome outcome)
{
    unsigned found = sim_program_notice() ? NOTICED : 0;
    if (outcome == FAN_SIM_STUCK)
        found |= STUCK;
    if (outcome == FAN_SIM_FAILED)
        found |= FAILED;
    return found;
}

START_TEST(what_is_planted_is_found_and_nothing_else)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    unsigned found = 0;
    planted = cases[_i].planted;
    do
        found |= look_at_run(sim_program_run(&strategy, cases[_i].program));
    while (fan_strategy_dpor.end(dpor, sim));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    ck_assert(report.complete);
    if (getenv("FAN_PLANTED_CLASSES"))
        printf("%-10s %d %3llu classes, %3llu failed, found %u\n", cases[_i].name, (int)planted,
               (unsigned long long)report.classes, (unsigned long long)report.failed, found);
    fflush(stdout);
    ck_assert_msg(found == cases[_i].found, "%s, %d: found %u, not %u", cases[_i].name,
                  (int)planted, found, cases[_i].found);
}
END_TEST

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

int main(void)
{
    TCase *tests = tcase_create("planted errors");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_is_planted_is_found_and_nothing_else, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    return suite_run("planted errors", tests);
}
