/* The detector against the definition, on random sequences of events.
 *
 * The definition is written down here a second time and without economy: every event has a full
 * vector of times, every access is kept, every byte of it is held against every byte of all others.
 * What must agree: each byte's first race is found at the event that makes it, and each pair that
 * is reported is a race. Then one rule after the other is taken out of the definition, and the two
 * must differ: so each rule is one that these sequences would catch the detector without. */
#include "base/random.h"
#include "sim/race.h"

#include "tests/support/suite.h"

#include <string.h>

enum {
    TRACES = 100000,
    EVENTS = 32,
    THREADS = 4,
    OBJECTS = 3,
    BYTES = 24,
    FIRST_PC = 1000,
};

enum rule {
    RULE_ACQUIRE = 1 << 0,  /* an acquire learns what was released */
    RULE_FORK = 1 << 1,     /* a child begins after the fork */
    RULE_JOIN = 1 << 2,     /* a join comes after the child */
    RULE_RELAXED = 1 << 3,  /* relaxed orders nothing */
    RULE_ATOMIC = 1 << 4,   /* two atomic accesses do not race */
    RULE_STORE = 1 << 5,    /* a store hides what an earlier one released */
    RULE_SEQUENCE = 1 << 6, /* a read-modify-write does not */
    RULE_BYTES = 1 << 7,    /* other bytes of a word are other memory */
    RULE_READS = 1 << 8,    /* a write must come after all reads, not only the last */
    RULE_EPOCH = 1 << 9,    /* what comes after a release is not released by it */
    RULES = 10,
    ALL_RULES = (1 << RULES) - 1,
};

enum event_kind { ACCESS, ATOMIC, ACQUIRE, RELEASE, FORK, JOIN };

struct event {
    enum event_kind kind;
    uint32_t thread, other; /* the child */
    uint32_t object;
    int order;
    enum fan_race_kind access;
    uint32_t first, size;
};

/* ---- the definition ---- */

struct naive {
    unsigned rules;
    unsigned times[THREADS][THREADS];
    unsigned released[OBJECTS][THREADS];
    const struct event *events;
    unsigned when[EVENTS]; /* the own time of each event's thread */
    unsigned knew[EVENTS][THREADS];
    bool raced[BYTES];
};

static void learn(unsigned *into, const unsigned *from)
{
    for (int i = 0; i < THREADS; i++)
        if (into[i] < from[i])
            into[i] = from[i];
}

static bool is_access(const struct event *event)
{
    return event->kind == ACCESS || event->kind == ATOMIC;
}

static bool writes(const struct event *event)
{
    return event->access != FAN_RACE_READ && event->access != FAN_RACE_ATOMIC_LOAD;
}

static bool touches(const struct naive *naive, const struct event *event, uint32_t byte)
{
    if (naive->rules & RULE_BYTES)
        return byte >= event->first && byte < event->first + event->size;
    return byte / 8 >= event->first / 8 && byte / 8 <= (event->first + event->size - 1) / 8;
}

/* Without RULE_READS, a read is forgotten as soon as there is another. */
static bool is_forgotten(const struct naive *naive, int i, int now)
{
    if (naive->rules & RULE_READS || naive->events[i].access != FAN_RACE_READ)
        return false;
    for (int later = i + 1; later < now; later++)
        if (is_access(&naive->events[later]) && naive->events[later].access == FAN_RACE_READ)
            return true;
    return false;
}

static bool is_race(const struct naive *naive, int i, int now)
{
    const struct event *a = &naive->events[i], *b = &naive->events[now];
    if (!is_access(a) || !is_access(b) || !(writes(a) || writes(b)))
        return false;
    if (naive->rules & RULE_ATOMIC && a->kind == ATOMIC && b->kind == ATOMIC)
        return false;
    return naive->when[i] > naive->knew[now][a->thread] && !is_forgotten(naive, i, now);
}

static bool mark_raced(struct naive *naive, const struct event *a, const struct event *b)
{
    bool is_first = false;
    for (uint32_t byte = 0; byte < BYTES; byte++)
        if (!naive->raced[byte] && touches(naive, a, byte) && touches(naive, b, byte))
            is_first = naive->raced[byte] = true;
    return is_first;
}

/* Whether the event is the first to race on some byte. */
static bool has_first_race(struct naive *naive, int now)
{
    bool is_first = false;
    for (int i = 0; i < now; i++)
        if (is_race(naive, i, now))
            is_first |= mark_raced(naive, &naive->events[i], &naive->events[now]);
    return is_first;
}

static void naive_acquire(struct naive *naive, const struct event *event)
{
    if (naive->rules & RULE_ACQUIRE)
        learn(naive->times[event->thread], naive->released[event->object]);
}

static void naive_release(struct naive *naive, const struct event *event)
{
    learn(naive->released[event->object], naive->times[event->thread]);
    if (!(naive->rules & RULE_EPOCH))
        naive->released[event->object][event->thread] = EVENTS * 2;
}

static bool order_is(const struct naive *naive, const struct event *event, int one, int two)
{
    int order = event->order;
    if (order == __ATOMIC_RELAXED)
        return !(naive->rules & RULE_RELAXED);
    return order == one || order == two || order == __ATOMIC_SEQ_CST;
}

static void before_atomic(struct naive *naive, const struct event *event)
{
    if (event->access != FAN_RACE_ATOMIC_STORE &&
        order_is(naive, event, __ATOMIC_ACQUIRE, __ATOMIC_ACQ_REL))
        naive_acquire(naive, event);
}

static void after_atomic(struct naive *naive, const struct event *event)
{
    unsigned hiding = event->access == FAN_RACE_ATOMIC_STORE ? naive->rules & RULE_STORE
                      : event->access == FAN_RACE_ATOMIC_RMW ? ~naive->rules & RULE_SEQUENCE
                                                             : 0;
    if (hiding)
        memset(naive->released[event->object], 0, sizeof naive->released[event->object]);
    if (event->access != FAN_RACE_ATOMIC_LOAD &&
        order_is(naive, event, __ATOMIC_RELEASE, __ATOMIC_ACQ_REL))
        naive_release(naive, event);
}

static void naive_fork(struct naive *naive, const struct event *event)
{
    unsigned *child = naive->times[event->other], own = child[event->other];
    if (naive->rules & RULE_FORK)
        memcpy(child, naive->times[event->thread], sizeof naive->times[0]);
    child[event->other] = own + 1;
}

/* Takes the next event; true if it is the first to race on some byte. */
static bool naive_step(struct naive *naive, int now)
{
    const struct event *event = &naive->events[now];
    unsigned *times = naive->times[event->thread];
    naive->when[now] = ++times[event->thread];
    if (event->kind == ACQUIRE)
        naive_acquire(naive, event);
    if (event->kind == ATOMIC)
        before_atomic(naive, event);
    memcpy(naive->knew[now], times, sizeof naive->knew[now]);
    bool first = has_first_race(naive, now);
    if (event->kind == ATOMIC)
        after_atomic(naive, event);
    if (event->kind == RELEASE)
        naive_release(naive, event);
    if (event->kind == FORK)
        naive_fork(naive, event);
    if (event->kind == JOIN && naive->rules & RULE_JOIN)
        learn(times, naive->times[event->other]);
    return first;
}

/* ---- the detector, told the same ---- */

static bool detector_step(struct fan_race *race, const char *memory, const struct event *event,
                          int now)
{
    struct fan_race_access access = {
        .address = (uintptr_t)memory + event->first,
        .size = event->size,
        .thread = event->thread,
        .kind = event->access,
        .pc = FIRST_PC + (uintptr_t)now,
    };
    switch (event->kind) {
    case ACCESS:
        return fan_race_access(race, &access);
    case ATOMIC:
        return fan_race_atomic(race, &access, event->object, event->order);
    case ACQUIRE:
        fan_race_acquire(race, event->thread, event->object);
        return false;
    case RELEASE:
        fan_race_release(race, event->thread, event->object);
        return false;
    case FORK:
        fan_race_fork(race, event->thread, event->other);
        return false;
    case JOIN:
        fan_race_join(race, event->thread, event->other);
        return false;
    }
    return false;
}

/* ---- sequences ---- */

/* Who may be whose child: a number that was used is used again by who has joined it. */
struct threads {
    bool alive[THREADS];
    bool used[THREADS];
    uint32_t joiner[THREADS];
};

static uint32_t pick_living(struct fan_random *random, const struct threads *threads)
{
    for (;;) {
        uint32_t thread = (uint32_t)fan_random_below(random, THREADS);
        if (threads->alive[thread])
            return thread;
    }
}

static struct event random_access(struct fan_random *random)
{
    static const uint32_t sizes[] = {1, 2, 4, 8, 8, 8, 13};
    struct event event = {.kind = ACCESS};
    event.size = sizes[fan_random_below(random, sizeof sizes / sizeof sizes[0])];
    event.first = (uint32_t)fan_random_below(random, BYTES - event.size + 1);
    event.access = fan_random_below(random, 2) ? FAN_RACE_WRITE : FAN_RACE_READ;
    return event;
}

/* Each atomic is four bytes of its own, where a plain access may go too. */
static struct event random_atomic(struct fan_random *random)
{
    static const int orders[] = {__ATOMIC_RELAXED, __ATOMIC_ACQUIRE, __ATOMIC_RELEASE,
                                 __ATOMIC_ACQ_REL, __ATOMIC_SEQ_CST};
    struct event event = {.kind = ATOMIC, .size = 4};
    event.object = (uint32_t)fan_random_below(random, OBJECTS);
    event.first = 8 * event.object;
    event.access = (enum fan_race_kind)(FAN_RACE_ATOMIC_LOAD + fan_random_below(random, 3));
    event.order = orders[fan_random_below(random, 5)];
    return event;
}

static bool can_fork(const struct threads *threads, uint32_t parent, uint32_t child)
{
    return !threads->alive[child] && (!threads->used[child] || threads->joiner[child] == parent);
}

static bool can_join(const struct threads *threads, uint32_t parent, uint32_t child)
{
    return threads->alive[child] && child != parent && child != 0;
}

/* A fork or a join of a random thread; an access if it cannot be. */
static struct event random_child(struct fan_random *random, struct threads *threads,
                                 uint32_t parent)
{
    uint32_t child = (uint32_t)fan_random_below(random, THREADS);
    if (can_fork(threads, parent, child)) {
        threads->alive[child] = threads->used[child] = true;
        return (struct event){.kind = FORK, .other = child};
    }
    if (!can_join(threads, parent, child) || fan_random_below(random, 3) != 0)
        return random_access(random);
    threads->alive[child] = false;
    threads->joiner[child] = parent;
    return (struct event){.kind = JOIN, .other = child};
}

static struct event random_event(struct fan_random *random, struct threads *threads)
{
    struct event event;
    uint32_t thread = pick_living(random, threads);
    uint64_t dice = fan_random_below(random, 20);
    if (dice < 6)
        event = random_access(random);
    else if (dice < 10)
        event = random_atomic(random);
    else if (dice < 15)
        event = (struct event){.kind = dice < 12 ? ACQUIRE : RELEASE,
                               .object = (uint32_t)fan_random_below(random, OBJECTS)};
    else
        event = random_child(random, threads, thread);
    event.thread = thread;
    return event;
}

static void random_trace(struct fan_random *random, struct event *events)
{
    struct threads threads = {.alive = {true}, .used = {true}};
    for (int i = 0; i < EVENTS; i++)
        events[i] = random_event(random, &threads);
}

/* ---- the comparison ---- */

static bool reports_are_races(const struct naive *naive, const struct fan_race *race, size_t from)
{
    size_t count;
    const struct fan_race_report *reports = fan_race_reports(race, &count);
    for (size_t i = from; i < count; i++) {
        int earlier = (int)(reports[i].earlier.stack.frames[0] - FIRST_PC);
        int later = (int)(reports[i].later.stack.frames[0] - FIRST_PC);
        const struct event *a = &naive->events[earlier], *b = &naive->events[later];
        bool overlap = a->first < b->first + b->size && b->first < a->first + a->size;
        if (!is_race(naive, earlier, later) || !overlap || reports[i].earlier.size != a->size ||
            reports[i].later.thread != b->thread)
            return false;
    }
    return true;
}

static bool agree(struct fan_race *race, const struct event *events, unsigned rules, bool *any)
{
    static _Alignas(8) const char memory[BYTES];
    struct naive naive = {.rules = rules, .events = events, .times = {{1}}};
    size_t known = 0;
    fan_race_reset(race);
    for (int i = 0; i < EVENTS; i++) {
        bool first = naive_step(&naive, i);
        bool found = detector_step(race, memory, &events[i], i);
        *any |= first;
        if (first && !found && fan_race_lost(race).reports == 0)
            return false;
        if (!reports_are_races(&naive, race, known))
            return false;
        fan_race_reports(race, &known);
    }
    return true;
}

static int disagreements(uint64_t seed, int traces, unsigned rules, int *with_races)
{
    struct fan_race *race = fan_race_new();
    ck_assert_ptr_nonnull(race);
    struct fan_random random = {.state = seed};
    struct event events[EVENTS];
    int different = 0;
    *with_races = 0;
    for (int i = 0; i < traces; i++) {
        bool any = false;
        random_trace(&random, events);
        different += !agree(race, events, rules, &any);
        *with_races += any;
    }
    fan_race_free(race);
    return different;
}

START_TEST(the_detector_agrees_with_the_definition)
{
    int with_races;
    ck_assert_int_eq(disagreements(1, TRACES, ALL_RULES, &with_races), 0);
    ck_assert_int_gt(with_races, TRACES / 4);
    ck_assert_msg(with_races < TRACES, "no trace was without a race");
}
END_TEST

START_TEST(without_one_rule_the_definition_does_not_agree)
{
    int with_races;
    unsigned rules = ALL_RULES & ~(1u << _i);
    ck_assert_int_gt(disagreements(1, TRACES / 10, rules, &with_races), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("random");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_detector_agrees_with_the_definition);
    tcase_add_loop_test(cases, without_one_rule_the_definition_does_not_agree, 0, RULES);
    return suite_run("race_random", cases);
}
