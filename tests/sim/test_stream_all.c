/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Small calls of the executor in every schedule there is, or in very many: each policy, in order or
 * not, with each way to come to an end, on two threads. What is looked at in a storm
 * (tests/support/storm.h) is looked at in each.
 *
 * FAN_SCHEDULES=2000000 goes on where a search is cut off, and tells how large each is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/time.h"
#include "sim/dpor.h"
#include "sim/sanitizers.h"
#include "tests/support/run_memory.h"
#include "tests/support/sim_program.h"
#include "tests/support/storm.h"
#include "tests/support/suite.h"

enum { ALL = 50000, SOME = FAN_UNDER_ASAN ? 300 : 2000, POLICIES = 3, NEVER = 1000 };

struct event {
    const char *name;
    uint64_t tasks;
    bool whole; /* every schedule is tried */
    struct storm_plan plan;
};

static const struct event events[] = {
    {"nothing happens", 2, false, {.ending = STORM_NOTHING}},
    {"nothing happens to one", 1, true, {.ending = STORM_NOTHING}},
    {"nothing happens to three", 3, false, {.ending = STORM_NOTHING}},
    {"a cancel at any moment",
     2,
     false,
     {.ending = STORM_CANCEL_BESIDE, .moment = STORM_ANY_MOMENT}},
    {"a cancel of one thread's task",
     1,
     true,
     {.ending = STORM_CANCEL_BESIDE, .moment = STORM_ANY_MOMENT, .options.limit = 1}},
    {"a deadline of one thread's tasks",
     3,
     true,
     {.ending = STORM_DEADLINE,
      .deadline_ns = STORM_SLEEP_NS,
      .options.limit = 1,
      .shares[STORM_SLEEPS] = 1024}},
    {"one thread's tasks panic", 3, true, {.options.limit = 1, .shares[STORM_PANICS] = 1024}},
    {"one thread's sink leaves", 3, true, {.options.limit = 1, .sink_leaves_at = 1}},
    {"a deadline",
     2,
     false,
     {.ending = STORM_DEADLINE, .deadline_ns = STORM_SLEEP_NS, .shares[STORM_WAITS] = 1024}},
    {"the source fails", 2, true, {.source_fails_at = 1}},
    {"the sink leaves", 2, false, {.sink_leaves_at = 1}},
    {"tasks panic", 2, false, {.shares[STORM_PANICS] = 1024}},
    {"tasks fail", 2, false, {.shares[STORM_FAILS] = 1024}},
    {"tasks are left behind",
     2,
     true,
     {.ending = STORM_DEADLINE,
      .deadline_ns = STORM_SLEEP_NS,
      .options.linger_ns = 1,
      .shares[STORM_IGNORES] = 1024}},
};

enum { EVENTS = sizeof events / sizeof events[0] };

/* On the heap: what is static is put back between runs. */
static struct {
    struct storm_plan plan;
    struct storm_seen seen;
    const char *complaint;
} * the;

static void program(void *unused)
{
    (void)unused;
    the->complaint = "it did not come to its end";
    the->complaint = storm_run(&the->plan, &the->seen);
    sim_program_must(!the->complaint);
}

static void plan_event(const struct event *event, enum fan_policy policy, bool ordered)
{
    struct storm_plan *plan = &the->plan;
    *plan = event->plan;
    plan->tasks = event->tasks;
    plan->options.policy = policy;
    plan->options.ordered = ordered;
    plan->options.limit = event->plan.options.limit ? event->plan.options.limit : 2;
    plan->options.queue = 2;
    plan->options.window = 1;
    plan->source_waits_at = plan->sink_waits_at = NEVER;
    if (!plan->source_fails_at)
        plan->source_fails_at = NEVER;
    if (!plan->sink_leaves_at)
        plan->sink_leaves_at = NEVER;
}

static void run_once(const struct fan_strategy *strategy, const struct event *event)
{
    enum fan_sim_outcome outcome = sim_program_run(strategy, program);
    const struct fan_notice *notice = sim_program_notice();
    if (outcome == FAN_SIM_ABANDONED)
        return;
    ck_assert_msg(outcome == FAN_SIM_FINISHED, "%s: %s (outcome %d, returned %d) in %s",
                  event->name, the->complaint, (int)outcome, the->seen.error,
                  storm_tell(&the->plan));
    ck_assert_msg(!notice ||
                      (notice->kind == FAN_NOTICE_CANCEL_IGNORED && the->seen.error == EBUSY),
                  "%s: %s", event->name, notice ? notice->message : "");
    ck_assert_msg(run_memory_live() == 0, "%s: %zu blocks are left", event->name,
                  run_memory_live());
}

static uint64_t most_schedules(const struct event *event)
{
    const char *more = getenv("FAN_SCHEDULES");
    if (more)
        return strtoull(more, NULL, 10);
    return event->whole ? ALL : SOME;
}

static void explore(struct fan_sim *sim, const struct event *event, const char *how)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint64_t runs = 0, most = most_schedules(event);
    do
        run_once(&strategy, event);
    while (fan_strategy_dpor.end(dpor, sim) && ++runs < most);
    struct fan_dpor_report report = fan_dpor_report(dpor);
    if (getenv("FAN_SCHEDULES"))
        printf("%s, %s: %" PRIu64 " runs, %" PRIu64 " classes, %s\n", event->name, how, report.runs,
               report.classes, report.complete ? "complete" : "cut off");
    fflush(stdout);
    ck_assert_msg(report.complete || !event->whole, "%s: not complete", event->name);
    fan_dpor_free(dpor);
}

START_TEST(a_call_keeps_its_promises_in_every_schedule)
{
    static const char *const words[POLICIES] = {"fail fast", "collect all", "best effort"};
    the = calloc(1, sizeof *the);
    struct fan_sim *sim = sim_program_begin();
    sim_program_put_back();
    for (int policy = 0; policy < POLICIES; policy++)
        for (int ordered = 0; ordered < 2; ordered++) {
            char how[64];
            snprintf(how, sizeof how, "%s%s", words[policy], ordered ? ", in order" : "");
            plan_event(&events[_i], (enum fan_policy)policy, ordered);
            explore(sim, &events[_i], how);
        }
    fan_sim_free(sim);
    free(the);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream in all schedules");
    tcase_set_timeout(cases, getenv("FAN_SCHEDULES") ? 0 : 60);
    tcase_add_loop_test(cases, a_call_keeps_its_promises_in_every_schedule, 0, EVENTS);
    return suite_run("stream in all schedules", cases);
}
