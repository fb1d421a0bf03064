#ifndef FAN_TESTS_SUPPORT_CONTRACT_PROGRAMS_H
#define FAN_TESTS_SUPPORT_CONTRACT_PROGRAMS_H

/*
 * Small programs that declare a contract: those that break it in one way, with what must be found,
 * and correct ones of other shapes, in which nothing may be found. They are built for both
 * runtimes: two children include this file, and the test that orders them.
 */
#include <fan/fan.h>

#include <errno.h>

#include "tests/support/batch_programs.h"

struct crew {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_waitgroup working, others;
    struct fan_mutex guard;
    int error; /* guard */
    struct fan_ctx stop;
    struct member *member;
};

struct member {
    struct crew *crew;
    uint64_t index;
    struct fan_chan *in;
};

static inline struct crew *crew_new(struct fan_lab *lab)
{
    struct crew *crew = fan_lab_alloc(lab, sizeof *crew);
    uint64_t workers = fan_lab_workers(lab);
    crew->lab = lab;
    crew->in = fan_lab_inputs(lab);
    crew->out = fan_lab_chan(lab, "out", sizeof(uint64_t), 2);
    crew->member = fan_lab_alloc(lab, workers * sizeof *crew->member);
    fan_ctx_init(&crew->stop, &(struct fan_ctx_options){.name = "stop"});
    for (uint64_t i = 0; i < workers; i++)
        crew->member[i] = (struct member){.crew = crew, .index = i, .in = crew->in};
    return crew;
}

/* All members from one place. */
static inline void crew_start(struct crew *crew, void (*work)(void *))
{
    uint64_t workers = fan_lab_workers(crew->lab);
    fan_waitgroup_add(&crew->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, &crew->member[i]);
}

static inline void crew_wait(struct crew *crew)
{
    fan_waitgroup_wait(&crew->working, NULL);
    fan_ctx_destroy(&crew->stop);
}

static inline void crew_run(struct crew *crew, void (*work)(void *))
{
    crew_start(crew, work);
    crew_wait(crew);
}

static inline void do_all(struct member *member, struct fan_chan *out)
{
    uint64_t item;
    while (fan_chan_recv(member->in, &item, NULL) == 0) {
        fan_lab_work(member->crew->lab, item);
        if (out)
            fan_chan_send(out, &item, NULL);
    }
}

static inline void share_and_tell(void *argument)
{
    struct member *member = argument;
    do_all(member, member->crew->out);
    fan_waitgroup_done(&member->crew->working);
}

static inline void share(void *argument)
{
    struct member *member = argument;
    do_all(member, NULL);
    fan_waitgroup_done(&member->crew->working);
}

/* ---- outputs --------------------------------------------------------------------------------- */

/* The results of a pool in the order of their coming, but for one that is left out and one that is
 * given twice. */
static inline void give(struct fan_lab *lab, uint64_t left_out, uint64_t doubled)
{
    struct crew *crew = crew_new(lab);
    uint64_t item, given = 0;
    for (uint64_t i = 0; i < fan_lab_items(lab); i++)
        fan_lab_expect(lab, i, i);
    crew_start(crew, share_and_tell);
    for (uint64_t i = 0; i < fan_lab_items(lab) && fan_chan_recv(crew->out, &item, NULL) == 0; i++)
        for (uint64_t times = item == left_out ? 0 : item == doubled ? 2 : 1; times > 0; times--)
            fan_lab_output(lab, given++, item);
    crew_wait(crew);
}

static inline void give_as_they_come(struct fan_lab *lab)
{
    give(lab, UINT64_MAX, UINT64_MAX);
}

static inline void give_all_but_one(struct fan_lab *lab)
{
    give(lab, 1, UINT64_MAX);
}

static inline void give_one_twice(struct fan_lab *lab)
{
    give(lab, UINT64_MAX, 1);
}

static inline void give_one_for_another(struct fan_lab *lab)
{
    give(lab, 0, 1);
}

static inline void give_in_places(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    uint64_t item;
    for (uint64_t i = 0; i < fan_lab_items(lab); i++)
        fan_lab_expect(lab, i, i);
    crew_start(crew, share_and_tell);
    for (uint64_t i = 0; i < fan_lab_items(lab) && fan_chan_recv(crew->out, &item, NULL) == 0; i++)
        fan_lab_output(lab, item, item);
    crew_wait(crew);
}

/* Whose order nobody can tell. */
static inline void give_equal_values(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    uint64_t item, given = 0;
    for (uint64_t i = 0; i < fan_lab_items(lab); i++)
        fan_lab_expect(lab, i, 7);
    crew_start(crew, share_and_tell);
    for (uint64_t i = 0; i < fan_lab_items(lab) && fan_chan_recv(crew->out, &item, NULL) == 0; i++)
        fan_lab_output(lab, given++, 7);
    crew_wait(crew);
}

/* ---- errors ---------------------------------------------------------------------------------- */

enum policy { KEEP_FIRST, STOP_AT_FIRST, KEEP_LAST, KEEP_NONE, KEEP_ANOTHER };

static inline void note(struct crew *crew, uint64_t item, enum policy policy)
{
    int error = 100 + (int)item;
    bool keeps_first = policy == KEEP_FIRST || policy == STOP_AT_FIRST;
    fan_mutex_lock(&crew->guard);
    if (policy == KEEP_LAST || (keeps_first && !crew->error))
        crew->error = error;
    if (policy == KEEP_ANOTHER)
        crew->error = 99;
    fan_mutex_unlock(&crew->guard);
    if (policy == STOP_AT_FIRST)
        fan_ctx_cancel(&crew->stop, error);
    fan_lab_failed(crew->lab, item, error);
}

static inline void fail_some(struct member *member, enum policy policy)
{
    struct crew *crew = member->crew;
    uint64_t item;
    while (fan_chan_recv(crew->in, &item, &crew->stop) == 0) {
        fan_lab_work(crew->lab, item);
        if (item == 0 || item + 1 == fan_lab_items(crew->lab))
            note(crew, item, policy);
    }
    fan_waitgroup_done(&crew->working);
}

static inline void work_keep_first(void *member)
{
    fail_some(member, KEEP_FIRST);
}

static inline void work_keep_last(void *member)
{
    fail_some(member, KEEP_LAST);
}

static inline void work_stop_at_first(void *member)
{
    fail_some(member, STOP_AT_FIRST);
}

static inline void work_keep_none(void *member)
{
    fail_some(member, KEEP_NONE);
}

static inline void work_keep_another(void *member)
{
    fail_some(member, KEEP_ANOTHER);
}

static inline void return_error(struct fan_lab *lab, void (*work)(void *))
{
    struct crew *crew = crew_new(lab);
    crew_run(crew, work);
    fan_lab_returned(lab, crew->error);
}

static inline void return_first(struct fan_lab *lab)
{
    return_error(lab, work_keep_first);
}

static inline void return_last(struct fan_lab *lab)
{
    return_error(lab, work_keep_last);
}

static inline void stop_at_first(struct fan_lab *lab)
{
    return_error(lab, work_stop_at_first);
}

static inline void return_none(struct fan_lab *lab)
{
    return_error(lab, work_keep_none);
}

static inline void return_another(struct fan_lab *lab)
{
    return_error(lab, work_keep_another);
}

static inline void fail_nowhere(struct fan_lab *lab)
{
    return_error(lab, share);
}

/* ---- work ------------------------------------------------------------------------------------ */

static inline void run_shared(struct fan_lab *lab)
{
    crew_run(crew_new(lab), share);
}

/* The first begins when the others are there: who comes when nothing waits any more is not idle. */
static inline void only_the_first_shares(void *argument)
{
    struct member *member = argument;
    if (member->index > 0) {
        fan_waitgroup_done(&member->crew->others);
    } else {
        fan_waitgroup_wait(&member->crew->others, NULL);
        do_all(member, NULL);
    }
    fan_waitgroup_done(&member->crew->working);
}

static inline void leave_others_idle(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    fan_waitgroup_add(&crew->others, (int64_t)fan_lab_workers(lab) - 1);
    crew_run(crew, only_the_first_shares);
}

/* An uneven pool: a member takes as many as its index says, the last one all that is left. */
static inline void share_unevenly(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    uint64_t item, most = member->index;
    if (member->index + 1 == fan_lab_workers(crew->lab))
        most = UINT64_MAX;
    for (uint64_t i = 0; i <= most && fan_chan_recv(crew->in, &item, NULL) == 0; i++)
        fan_lab_work(crew->lab, item);
    fan_waitgroup_done(&crew->working);
}

static inline void run_unevenly(struct fan_lab *lab)
{
    crew_run(crew_new(lab), share_unevenly);
}

/* One function, three roles: the first member feeds, the second collects, the others work. */
static inline void play_role(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    uint64_t item, items = fan_lab_items(crew->lab);
    if (member->index == 0) {
        for (item = 0; item < items; item++)
            fan_chan_send(member->in, &item, NULL);
        fan_chan_close(member->in);
    } else if (member->index == 1) {
        for (uint64_t i = 0; i < items; i++)
            fan_chan_recv(crew->out, &item, NULL);
    } else {
        do_all(member, crew->out);
    }
    fan_waitgroup_done(&crew->working);
}

static inline void run_roles(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    struct fan_chan *work = fan_lab_chan(lab, "work", sizeof(uint64_t), 2);
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        crew->member[i].in = work;
    crew_run(crew, play_role);
}

/* Whose work may be called off before they come: they look before they take. */
static inline void share_until_stopped(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    uint64_t item;
    while (fan_ctx_error(&crew->stop) == 0 && fan_chan_recv(crew->in, &item, NULL) == 0) {
        fan_lab_work(crew->lab, item);
        fan_ctx_cancel(&crew->stop, ECANCELED);
    }
    fan_waitgroup_done(&crew->working);
}

static inline void call_off(struct fan_lab *lab)
{
    crew_run(crew_new(lab), share_until_stopped);
}

/* Dealt out: a queue for each; item 0 is slow. */
static inline void deal(struct crew *crew)
{
    uint64_t workers = fan_lab_workers(crew->lab), items = fan_lab_items(crew->lab);
    for (uint64_t i = 0; i < workers; i++)
        crew->member[i].in = fan_lab_chan(crew->lab, "queue", sizeof(uint64_t), items);
    for (uint64_t item = 0; item < items; item++)
        fan_chan_send(crew->member[item % workers].in, &item, NULL);
    for (uint64_t i = 0; i < workers; i++)
        fan_chan_close(crew->member[i].in);
}

static inline void do_slowly(struct member *member, uint64_t item)
{
    if (item == 0)
        fan_lab_work_slowly(member->crew->lab, item);
    else
        fan_lab_work(member->crew->lab, item);
}

static inline void do_own(void *argument)
{
    struct member *member = argument;
    uint64_t item;
    while (fan_chan_recv(member->in, &item, NULL) == 0)
        do_slowly(member, item);
    fan_waitgroup_done(&member->crew->working);
}

static inline void deal_one_slow(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    deal(crew);
    crew_run(crew, do_own);
}

/* The same with nothing slow: the queues are as good as one. */
static inline void deal_evenly(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    deal(crew);
    crew_run(crew, share);
}

/* Who has nothing left looks into the queues of the others. */
static inline void steal(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    uint64_t item, workers = fan_lab_workers(crew->lab);
    for (uint64_t i = 0; i < workers; i++)
        while (fan_chan_try_recv(crew->member[(member->index + i) % workers].in, &item) == 0)
            do_slowly(member, item);
    fan_waitgroup_done(&crew->working);
}

static inline void deal_and_steal(struct fan_lab *lab)
{
    struct crew *crew = crew_new(lab);
    deal(crew);
    crew_run(crew, steal);
}

static inline void share_one_slow(struct fan_lab *lab)
{
    crew_run(crew_new(lab), do_own);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define PLANTED(function, kind)                                                                    \
    {                                                                                              \
        .name = "planted", .run = function, .expected_count = 1, .expected = { kind }              \
    }
#define CONTROL(label, function)                                                                   \
    {                                                                                              \
        .name = label, .run = function                                                             \
    }
#define IN_ORDER  .contract = {.outputs = FAN_OUTPUTS_IN_ORDER}
#define ANY_ORDER .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER}
#define FIRST     .contract = {.errors = FAN_ERRORS_FIRST}
#define SHARED    .contract = {.work = FAN_WORK_FOR_ANY_WORKER}
#define NAMED(label)                                                                               \
    .id = label, .name = label, .title = label, .symptom = "", .file = "", .source = "",           \
    .workers = 4, .items = 40

static const struct fan_scenario contract_programs[] = {
    {NAMED("order"), IN_ORDER, .variant_count = 3,
     .variants = {PLANTED(give_as_they_come, FAN_FINDING_LOST_ORDER),
                  CONTROL("in_places", give_in_places),
                  CONTROL("equal_values", give_equal_values)}},
    {NAMED("any_order"), ANY_ORDER, .variant_count = 2,
     .variants = {CONTROL("as_they_come", give_as_they_come),
                  CONTROL("in_places", give_in_places)}},
    {NAMED("missing"), ANY_ORDER, .variant_count = 1,
     .variants = {PLANTED(give_all_but_one, FAN_FINDING_WRONG_RESULT)}},
    {NAMED("doubled"), ANY_ORDER, .variant_count = 1,
     .variants = {PLANTED(give_one_twice, FAN_FINDING_WRONG_RESULT)}},
    {NAMED("exchanged"), IN_ORDER, .variant_count = 1,
     .variants = {PLANTED(give_one_for_another, FAN_FINDING_WRONG_RESULT)}},
    {NAMED("last_error"), FIRST, .variant_count = 4,
     .variants = {PLANTED(return_last, FAN_FINDING_LOST_ERROR), CONTROL("first", return_first),
                  CONTROL("stopping", stop_at_first), CONTROL("nowhere", fail_nowhere)}},
    {NAMED("no_error"), FIRST, .variant_count = 1,
     .variants = {PLANTED(return_none, FAN_FINDING_LOST_ERROR)}},
    {NAMED("other_error"), FIRST, .variant_count = 1,
     .variants = {PLANTED(return_another, FAN_FINDING_LOST_ERROR)}},
    {NAMED("idle"), SHARED, .variant_count = 4,
     .variants = {PLANTED(leave_others_idle, FAN_FINDING_IDLE_WORKERS),
                  CONTROL("shared", run_shared), CONTROL("uneven", run_unevenly),
                  CONTROL("roles", run_roles)}},
    {NAMED("few_items"), SHARED, .variant_count = 1, .variants = {CONTROL("called_off", call_off)}},
    {NAMED("slow"), SHARED, .variant_count = 4,
     .variants = {PLANTED(deal_one_slow, FAN_FINDING_HEAD_OF_LINE),
                  CONTROL("stealing", deal_and_steal), CONTROL("shared", share_one_slow),
                  CONTROL("evenly", deal_evenly)}},
    {NAMED("batches"), SHARED, .variant_count = 4,
     .variants = {PLANTED(batches_kept, FAN_FINDING_HEAD_OF_LINE),
                  CONTROL("unordered", batches_unordered), CONTROL("ordered", batches_ordered),
                  CONTROL("timed", batches_timed)}},
};

enum { CONTRACT_PROGRAMS = sizeof contract_programs / sizeof contract_programs[0] };

static inline int contract_child_scenarios(const struct fan_scenario **scenarios)
{
    for (int i = 0; i < CONTRACT_PROGRAMS; i++)
        scenarios[i] = &contract_programs[i];
    return CONTRACT_PROGRAMS;
}

#endif
