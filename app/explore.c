/* The parent is one thread that looks at its children's memory from time to time. A child that is
 * gone is added to what the others had found; one that lives is read anew at each look. */
#define _GNU_SOURCE
#include "app/explore.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/child.h"
#include "app/explore_failures.h"
#include "app/explore_shared.h"
#include "app/explore_state.h"
#include "app/last_words.h"
#include "base/clock.h"
#include "lab/child.h"
#include "run/time.h"

enum {
    LOOK_MS = 20,
    PROGRESS_EVERY = 10, /* looks */
    CPU_S = 24 * 3600,
    ANSWER_MS = 1000, /* to be waited for */
    MOST_READS = 64,  /* of a child's messages, in one look */
};

/* ---- children ---- */

bool fan_explore_stops_at_marks(const struct fan_explore_request *request)
{
    if (request->marks != FAN_EXPLORE_MARKS_BY_STRATEGY)
        return request->marks == FAN_EXPLORE_MARKS_ON;
    return strcmp(request->strategy, "dpor") != 0 && strcmp(request->strategy, "delay") != 0;
}

/* One child for each processor. */
static unsigned children_for(const struct fan_explore_request *request)
{
    long processors = request->children ? request->children : sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1)
        return 1;
    uint64_t most = processors < FAN_EXPLORE_CHILDREN ? (uint64_t)processors : FAN_EXPLORE_CHILDREN;
    return (unsigned)(request->schedules < most ? request->schedules : most);
}

static uint32_t place_of(const struct fan_exploring *all, const struct fan_explore_child *one)
{
    return (uint32_t)(one - all->explorers);
}

static int start_child(struct fan_exploring *all, struct fan_explore_child *one)
{
    const struct fan_explore_request *request = &all->explore->request;
    struct fan_child_options options = {
        .helper = request->helper,
        .sim = true,
        .scenario = request->scenario->id,
        .variant = request->variant->name,
        .seed = request->seed,
        .workers = request->workers,
        .items = request->items,
        .cpu_s = CPU_S,
        .schedules = {.strategy = request->strategy,
                      .count = one->share,
                      .bound = request->bound,
                      .walk = one->walk,
                      .frontier = all->shared.fd,
                      .place = place_of(all, one),
                      .places = all->shared.fd ? 0 : all->explore->children,
                      .fine = request->fine,
                      .pass_marks = !fan_explore_stops_at_marks(request)},
    };
    memset(one->counted, 0, sizeof one->counted);
    one->heard = 0;
    one->heard_ns = fan_clock_ns();
    int error = fan_child_start(&options, &one->child, all->explore->message);
    one->running = !error;
    if (error)
        all->explore->end = FAN_EXPLORE_UNSTARTED;
    return error;
}

/* The first walks with the seed itself, the others with numbers far from it. */
static uint64_t next_walk(struct fan_exploring *all)
{
    uint64_t walk = all->explore->request.seed + all->walks * UINT64_C(0x9e3779b97f4a7c15);
    all->walks++;
    return walk;
}

static int share_search(struct fan_exploring *all)
{
    const struct fan_explore_request *request = &all->explore->request;
    if (!fan_explore_shares(request->strategy))
        return 0;
    int error = fan_explore_shared_open(&all->shared, all->explore->children, request->schedules);
    if (!error)
        return 0;
    snprintf(all->explore->message, sizeof all->explore->message,
             "cannot share the search with children: %s", strerror(error));
    all->explore->end = FAN_EXPLORE_UNSTARTED;
    return error;
}

static int start_children(struct fan_exploring *all)
{
    unsigned count = all->explore->children;
    uint64_t schedules = all->explore->request.schedules;
    int error = share_search(all);
    for (unsigned i = 0; i < count && !error; i++) {
        struct fan_explore_child *one = &all->explorers[i];
        one->told = calloc(1, sizeof *one->told);
        one->share = all->shared.fd ? schedules : schedules / count + (i < schedules % count);
        one->walk = next_walk(all);
        if (!one->told) {
            strcpy(all->explore->message, "out of memory");
            all->explore->end = FAN_EXPLORE_UNSTARTED;
            return 1;
        }
        error = start_child(all, one);
    }
    return error;
}

static void add_up(struct fan_explore *sum, const struct fan_exploration *told)
{
    sum->schedules += told->schedules;
    sum->failing += told->failing;
    sum->abandoned += told->abandoned;
    sum->classes += told->classes;
    sum->steps += told->steps;
    if (told->now_ns > told->began_ns)
        sum->busy_ns += told->now_ns - told->began_ns;
}

static void take_sums(struct fan_explore *to, const struct fan_explore *from)
{
    to->schedules = from->schedules;
    to->failing = from->failing;
    to->abandoned = from->abandoned;
    to->classes = from->classes;
    to->steps = from->steps;
    to->busy_ns = from->busy_ns;
}

static void add_up_all(struct fan_exploring *all)
{
    take_sums(all->explore, &all->ended);
    for (unsigned i = 0; i < all->explore->children; i++)
        if (all->explorers[i].running)
            add_up(all->explore, all->explorers[i].told);
}

/* ---- the end of a child ---- */

static bool could_not_begin(const struct fan_explore_child *one)
{
    int status = one->child.status;
    return WIFEXITED(status) && one->told->runs == 0 &&
           (WEXITSTATUS(status) == FAN_CHILD_USAGE || WEXITSTATUS(status) == FAN_CHILD_BROKEN);
}

static void complain(struct fan_exploring *all, const struct fan_explore_child *one)
{
    char said[96];
    ssize_t got = read(one->child.errors, said, sizeof said - 1);
    said[got > 0 ? got : 0] = '\0';
    said[strcspn(said, "\n")] = '\0';
    snprintf(all->explore->message, sizeof all->explore->message,
             "the child could not begin: %.90s", said);
    all->explore->end = FAN_EXPLORE_BROKEN;
    all->stopping = true;
}

/* Whether the death is one that the schedule under way answers for. */
static bool is_a_failure(struct fan_exploring *all, const struct fan_explore_child *one)
{
    bool from_outside = WIFSIGNALED(one->child.status) && WTERMSIG(one->child.status) == SIGKILL;
    return !all->shared.fd ||
           fan_explore_shared_death(&all->shared, place_of(all, one), from_outside);
}

/* What is left of a dead child's part goes to a new one, on another walk; or, of a search that they
 * share, just what it had in hand. */
static void go_on(struct fan_exploring *all, struct fan_explore_child *one, uint64_t done)
{
    if (!all->shared.fd)
        one->share = done + 1 < one->share ? one->share - done - 1 : 0;
    if (one->share == 0 || all->stopping)
        return;
    if (all->explore->deaths >= FAN_EXPLORE_DEATHS) {
        snprintf(all->explore->message, sizeof all->explore->message,
                 "%u children have died; it ends here", all->explore->deaths);
        all->stopping = true;
        return;
    }
    one->walk = next_walk(all);
    if (start_child(all, one) != 0)
        all->stopping = true;
}

static void end_child(struct fan_exploring *all, struct fan_explore_child *one)
{
    uint64_t done = one->told->schedules;
    fan_child_ended(&one->child);
    one->running = false;
    add_up(&all->ended, one->told);
    if (one->told->ended) {
        all->complete += one->told->complete == 1;
    } else if (could_not_begin(one)) {
        complain(all, one);
    } else {
        all->explore->deaths++;
        if (is_a_failure(all, one))
            fan_explore_failures_take_death(all, one);
    }
    bool goes_on = !one->told->ended && !could_not_begin(one);
    fan_child_close(&one->child);
    if (goes_on)
        go_on(all, one, done);
}

/* ---- looking ---- */

static uint64_t patience_s(const struct fan_exploring *all)
{
    uint64_t asked = all->explore->request.still_s;
    return asked ? asked : FAN_EXPLORE_STILL_S;
}

/* Whether nothing has been heard of a child for too long: its schedule does not come to an end. */
static bool is_still(const struct fan_exploring *all, struct fan_explore_child *one)
{
    uint64_t now_ns = fan_clock_ns();
    uint64_t steps = one->told->runs + one->told->steps + one->told->current.count;
    if (steps != one->heard || fan_explore_shared_waits(&all->shared, place_of(all, one))) {
        one->heard = steps;
        one->heard_ns = now_ns;
    }
    return now_ns - one->heard_ns > patience_s(all) * FAN_SECOND;
}

/* It says so when asked, unless it has taken care not to hear. */
static void ask_where_it_is(struct fan_explore_child *one)
{
    kill(one->child.pid, SIGXCPU);
    poll(&(struct pollfd){.fd = one->child.pidfd, .events = POLLIN}, 1, ANSWER_MS);
    fan_exploration_copy(one->told, one->child.exploration);
}

static void take_standstill(struct fan_exploring *all, struct fan_explore_child *one)
{
    struct fan_explore *explore = all->explore;
    struct fan_child_options options = {.helper = explore->request.helper, .sim = true};
    const char *thread = one->told->words.thread;
    char where[208];
    ask_where_it_is(one);
    fan_last_words_where(one->told, &options, where);
    explore->standstill.first = all->ended.schedules + one->told->schedules + 1;
    fan_explore_failures_write(all, &explore->standstill, &one->told->current, 0, one->told->build);
    snprintf(explore->message, sizeof explore->message,
             "schedule %" PRIu64 ": %s went on for %" PRIu64 " s without an operation%s%s",
             explore->standstill.first, *thread ? thread : "a thread", patience_s(all),
             *where ? ", at " : "", where);
    explore->end = FAN_EXPLORE_STILL;
    all->stopping = true;
    add_up(&all->ended, one->told);
    fan_child_close(&one->child);
    one->running = false;
}

/* Nobody reads what it writes to its standard error, but it must not come to wait for that. */
static void listen_to(struct fan_explore_child *one)
{
    char discarded[4096];
    for (int i = 0; i < MOST_READS && read(one->child.errors, discarded, sizeof discarded) > 0; i++)
        ;
}

static void look_at(struct fan_exploring *all, struct fan_explore_child *one)
{
    /* Asked first: whoever has ended by now has said by now all that he will. */
    bool ended = fan_child_ended(&one->child);
    fan_exploration_copy(one->told, one->child.exploration);
    all->raced |= one->told->raced == 1;
    for (uint32_t i = 0; i < one->told->failure_count; i++)
        fan_explore_failures_take(all, one, i);
    if (ended)
        end_child(all, one);
    else if (is_still(all, one))
        take_standstill(all, one);
    else
        listen_to(one);
}

static bool any_running(const struct fan_exploring *all)
{
    for (unsigned i = 0; i < all->explore->children; i++)
        if (all->explorers[i].running)
            return true;
    return false;
}

static void wait_for_news(const struct fan_exploring *all, const struct fan_interrupt *interrupt)
{
    struct pollfd sources[FAN_EXPLORE_CHILDREN + 1] = {{.fd = interrupt->fd, .events = POLLIN}};
    nfds_t count = 1;
    for (unsigned i = 0; i < all->explore->children; i++)
        if (all->explorers[i].running)
            sources[count++] =
                (struct pollfd){.fd = all->explorers[i].child.pidfd, .events = POLLIN};
    poll(sources, count, LOOK_MS);
}

static void look_at_all(struct fan_exploring *all)
{
    for (unsigned i = 0; i < all->explore->children; i++)
        if (all->explorers[i].running)
            look_at(all, &all->explorers[i]);
    add_up_all(all);
    all->explore->elapsed_ns = fan_clock_ns() - all->began_ns;
}

static void watch(struct fan_exploring *all, const struct fan_interrupt *interrupt)
{
    struct fan_explore *explore = all->explore;
    for (uint64_t looks = 1; any_running(all) && !all->stopping; looks++) {
        wait_for_news(all, interrupt);
        look_at_all(all);
        if (all->listener->progress && looks % PROGRESS_EVERY == 0)
            all->listener->progress(all->listener->listener, explore);
        explore->signal = fan_interrupt_taken(interrupt);
        if (explore->signal) {
            explore->end = FAN_EXPLORE_INTERRUPTED;
            return;
        }
    }
}

static void release(struct fan_exploring *all)
{
    fan_explore_shared_close(&all->shared);
    for (unsigned i = 0; i < FAN_EXPLORE_CHILDREN; i++) {
        fan_child_close(&all->explorers[i].child);
        free(all->explorers[i].told);
    }
    free(all);
}

struct fan_explore *fan_explore_make(const struct fan_explore_request *request,
                                     const struct fan_explore_listener *listener,
                                     const struct fan_interrupt *interrupt)
{
    struct fan_explore *explore = calloc(1, sizeof *explore);
    struct fan_exploring *all = calloc(1, sizeof *all);
    if (!explore || !all) {
        free(explore);
        free(all);
        return NULL;
    }
    explore->request = *request;
    explore->children = children_for(request);
    all->explore = explore;
    all->listener = listener;
    all->began_ns = fan_clock_ns();
    if (start_children(all) == 0)
        watch(all, interrupt);
    bool complete = all->complete >= (all->shared.fd ? 1 : explore->children);
    explore->up_to_race = complete && all->raced && !fan_explore_stops_at_marks(&explore->request);
    explore->complete = complete && !explore->up_to_race;
    explore->elapsed_ns = fan_clock_ns() - all->began_ns;
    if (all->shared.fd)
        fan_explore_failures_order(explore);
    release(all);
    return explore;
}

double fan_explore_speed(const struct fan_explore *explore)
{
    double runs = (double)(explore->schedules + explore->abandoned) * explore->children;
    return explore->busy_ns ? runs * 1e9 / (double)explore->busy_ns : 0;
}

void fan_explore_show(const struct fan_explore *explore, const struct fan_explore_failure *failure,
                      uint64_t limit_ns, const struct fan_interrupt *interrupt,
                      struct fan_attempt *attempt)
{
    const struct fan_explore_request *request = &explore->request;
    *attempt = (struct fan_attempt){
        .scenario = request->scenario,
        .variant = request->variant,
        .seed = request->seed,
        .workers = request->workers,
        .items = request->items,
        .helper = request->helper,
        .sim = true,
        .schedule = failure->schedule,
        .fine = request->fine,
    };
    fan_attempt_make(attempt, limit_ns, interrupt);
}
