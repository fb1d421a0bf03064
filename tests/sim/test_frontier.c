/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Several workers on one frontier see together what a depth-first search over every order sees,
 * each class once, whoever is how fast, and whoever dies where. First in one process, where a seed
 * says whose turn it is and who dies at which step; then as processes that are killed for good. */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "run/thread_state.h"
#include "sim/dpor.h"
#include "sim/sanitizers.h"
#include "tests/support/orders.h"
#include "tests/support/sight.h"
#include "tests/support/suite.h"

enum {
    WORKERS = 3,
    MOST_RUNS = 3000, /* of a program in every order; those with more are left out */
    PROGRAMS = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 150 : 600,
};

static struct fan_sim *sim;
static struct sight *by_dfs, *by_dpor;

static void set_up(void)
{
    sim = sight_begin();
    by_dfs = sight_new();
    by_dpor = sight_new();
}

static void tear_down(void)
{
    free(by_dfs);
    free(by_dpor);
    sight_end(sim);
}

/* ---- a frontier ---- */

static struct fan_frontier *new_frontier(uint32_t places, uint64_t runs)
{
    size_t size = fan_frontier_size(places, SIGHT_STEPS);
    struct fan_frontier *frontier =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(frontier != MAP_FAILED);
    fan_frontier_init(frontier, places, SIGHT_STEPS, runs);
    return frontier;
}

static void free_frontier(struct fan_frontier *frontier)
{
    munmap(frontier, fan_frontier_size(frontier->places, SIGHT_STEPS));
}

static struct fan_dpor *join(struct fan_frontier *frontier, uint32_t place)
{
    struct fan_dpor *dpor =
        fan_dpor_new(&(struct fan_dpor_options){.frontier = frontier, .place = place});
    ck_assert_ptr_nonnull(dpor);
    return dpor;
}

/* ---- one process, several workers ---- */

/* Lets its worker die: at its n-th choice of a thread from now on. */
struct mortal {
    struct fan_strategy inner;
    uint32_t left; /* 0 = lives */
    bool died;
};

static void mortal_begin(void *state, struct fan_sim *of)
{
    struct mortal *mortal = state;
    mortal->died = false;
    mortal->inner.kind->begin(mortal->inner.state, of);
}

static uint32_t mortal_thread(void *state, struct fan_sim *of, uint64_t enabled)
{
    struct mortal *mortal = state;
    uint32_t chosen = mortal->inner.kind->thread(mortal->inner.state, of, enabled);
    if (mortal->left == 0 || --mortal->left > 0)
        return chosen;
    mortal->died = true;
    fan_sim_give_up(of, FAN_SIM_ABANDONED);
    return chosen;
}

static uint32_t mortal_value(void *state, struct fan_sim *of, uint32_t count)
{
    struct mortal *mortal = state;
    return mortal->inner.kind->value(mortal->inner.state, of, count);
}

static const struct fan_strategy_kind mortal_kind = {
    .begin = mortal_begin, .thread = mortal_thread, .value = mortal_value};

struct crew {
    struct fan_frontier *frontier;
    struct fan_dpor *workers[WORKERS];
    uint32_t over; /* bits */
    uint32_t deaths, busiest, shared_runs;
    struct fan_random random;
    uint32_t mortality; /* one in so many runs ends in death; 0 = none */
};

static void begin_crew(struct crew *crew, uint64_t seed, uint32_t mortality, uint64_t runs)
{
    *crew = (struct crew){.frontier = new_frontier(WORKERS, runs), .mortality = mortality};
    crew->random.state = seed;
    for (uint32_t i = 0; i < WORKERS; i++)
        crew->workers[i] = join(crew->frontier, i);
}

static void end_crew(struct crew *crew)
{
    for (uint32_t i = 0; i < WORKERS; i++)
        fan_dpor_free(crew->workers[i]);
    free_frontier(crew->frontier);
}

static void replace(struct crew *crew, uint32_t which)
{
    fan_dpor_free(crew->workers[which]);
    fan_frontier_repeat(crew->frontier, which);
    crew->workers[which] = join(crew->frontier, which);
    crew->deaths++;
}

static void run_worker(struct crew *crew, const struct small *one, uint32_t which)
{
    struct mortal mortal = {.inner = {&fan_strategy_dpor, crew->workers[which]}};
    if (crew->mortality && fan_random_below(&crew->random, crew->mortality) == 0)
        mortal.left = 1 + (uint32_t)fan_random_below(&crew->random, 12);
    sight_run(by_dpor, one, &(struct fan_strategy){&mortal_kind, &mortal});
    if (mortal.died)
        replace(crew, which);
    else
        fan_strategy_dpor.end(crew->workers[which], sim);
}

static void count_busy(struct crew *crew)
{
    uint32_t busy = 0;
    for (uint32_t i = 0; i < WORKERS; i++)
        busy += fan_frontier_is_busy(crew->frontier, i);
    if (busy > crew->busiest)
        crew->busiest = busy;
}

static void search_together(struct crew *crew, const struct small *one)
{
    sight_forget(by_dpor);
    while (crew->over != (1u << WORKERS) - 1) {
        uint32_t which = (uint32_t)fan_random_below(&crew->random, WORKERS);
        enum fan_strategy_next next = fan_strategy_dpor.next(crew->workers[which]);
        if (next == FAN_STRATEGY_OVER)
            crew->over |= 1u << which;
        else if (next == FAN_STRATEGY_RUN)
            run_worker(crew, one, which);
        count_busy(crew);
    }
}

static bool see_every_order(const struct small *one)
{
    static struct orders orders;
    orders.depth = 0;
    struct fan_strategy strategy = {&orders_strategy, &orders};
    sight_forget(by_dfs);
    do
        if (sight_runs(by_dfs) == MOST_RUNS)
            return false;
        else
            sight_run(by_dfs, one, &strategy);
    while (orders_strategy.end(&orders, sim));
    return true;
}

struct tally {
    uint32_t programs, deaths, together;
};

/* Whether the report and what was seen are those of the whole tree. */
static bool agrees(struct crew *crew, struct tally *tally)
{
    struct fan_dpor_report report = fan_dpor_report(crew->workers[0]);
    tally->programs++;
    tally->deaths += crew->deaths;
    tally->together += crew->busiest > 1;
    return report.complete && !sight_is_ambiguous(by_dpor) && sight_same(by_dfs, by_dpor) &&
           (report.adds_conflict || report.classes == sight_classes(by_dfs));
}

static void hold_against_every_order(uint32_t mortality, struct tally *tally)
{
    const char *more = getenv("FAN_DPOR_PROGRAMS");
    uint64_t programs = more ? strtoull(more, NULL, 10) : PROGRAMS;
    for (uint64_t seed = 1; seed <= programs; seed++) {
        struct small one;
        struct crew crew;
        small_generate(&one, seed);
        if (!see_every_order(&one))
            continue;
        begin_crew(&crew, seed, mortality, UINT64_MAX);
        search_together(&crew, &one);
        ck_assert_msg(agrees(&crew, tally), "seed %llu", (unsigned long long)seed);
        end_crew(&crew);
    }
    ck_assert_uint_gt(tally->programs, programs / 2);
    ck_assert_uint_gt(tally->together, programs / 8);
}

START_TEST(a_crew_sees_every_class_once_whoever_is_faster)
{
    hold_against_every_order(0, &(struct tally){0});
}
END_TEST

START_TEST(a_crew_loses_nothing_when_workers_die)
{
    struct tally tally = {0};
    hold_against_every_order(4, &tally);
    ck_assert_uint_gt(tally.deaths, tally.programs);
}
END_TEST

/* ---- processes that are killed for good ---- */

enum { ROUNDS = 12, KILLS = 8 };

enum { THREADS = 4, TURNS = 2, CLASSES = 2520 /* 8! / 2!^4: each order of who has the lock */ };

static void take_turns(void *mutex)
{
    for (int i = 0; i < TURNS; i++) {
        fan_mutex_lock(mutex);
        fan_mutex_unlock(mutex);
    }
}

static void contend(void *unused)
{
    struct fan_mutex *mutex = calloc(1, sizeof *mutex);
    (void)unused;
    for (int i = 0; i < THREADS; i++)
        fan_go("one", take_turns, mutex);
    fan_thread_retire();
}

/* Works at a place until nothing is left. */
static void work(struct fan_frontier *frontier, uint32_t place)
{
    struct fan_dpor *dpor = join(frontier, place);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    enum fan_strategy_next next;
    while ((next = fan_strategy_dpor.next(dpor)) != FAN_STRATEGY_OVER) {
        if (next == FAN_STRATEGY_WAIT) {
            sched_yield();
            continue;
        }
        sight_run_plainly(&strategy, contend);
        fan_strategy_dpor.end(dpor, sim);
    }
    fan_dpor_free(dpor);
}

static pid_t start_worker(struct fan_frontier *frontier, uint32_t place)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work(frontier, place);
    _exit(0);
}

/* Returns whether it was still at work. */
static bool kill_worker(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status);
}

static uint32_t kill_now_and_then(struct fan_frontier *frontier, pid_t workers[WORKERS],
                                  uint64_t seed)
{
    struct fan_random random = {.state = seed};
    uint32_t killed = 0;
    for (int i = 0; i < KILLS; i++) {
        uint32_t which = (uint32_t)fan_random_below(&random, WORKERS);
        long wait_ns = (long)fan_random_below(&random, 1000000);
        nanosleep(&(struct timespec){.tv_nsec = wait_ns}, NULL);
        bool was_at_work = kill_worker(workers[which]);
        killed += was_at_work;
        if (was_at_work)
            fan_frontier_repeat(frontier, which);
        workers[which] = start_worker(frontier, which);
    }
    return killed;
}

static struct fan_dpor_report report_of(struct fan_frontier *frontier)
{
    struct fan_dpor *dpor = join(frontier, 0);
    struct fan_dpor_report report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    return report;
}

/* Returns how many of its workers were killed at work. */
static uint32_t search_among_kills(uint64_t seed)
{
    struct fan_frontier *shared = new_frontier(WORKERS, UINT64_MAX);
    pid_t workers[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++)
        workers[i] = start_worker(shared, i);
    uint32_t killed = kill_now_and_then(shared, workers, seed);
    for (uint32_t i = 0; i < WORKERS; i++)
        ck_assert_int_eq(waitpid(workers[i], NULL, 0), workers[i]);
    struct fan_dpor_report whole = report_of(shared);
    ck_assert(whole.complete);
    ck_assert_uint_eq(whole.classes, CLASSES);
    free_frontier(shared);
    return killed;
}

START_TEST(a_search_is_whole_after_any_kill)
{
    uint32_t killed = 0;
    for (uint64_t round = 1; round <= ROUNDS; round++)
        killed += search_among_kills(round);
    ck_assert_uint_gt(killed, ROUNDS);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("frontier");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 240);
    tcase_add_test(cases, a_crew_sees_every_class_once_whoever_is_faster);
    tcase_add_test(cases, a_crew_loses_nothing_when_workers_die);
    tcase_add_test(cases, a_search_is_whole_after_any_kill);
    return suite_run("frontier", cases);
}
