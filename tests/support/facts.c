#include "tests/support/facts.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MAIN = FACTS_MAIN, WORKER_1, WORKER_2, WORKER_3, CLOSER };

struct facts facts;

static void add_thread(uint32_t id, const char *name, uint64_t site, uint64_t run)
{
    facts.evidence->threads[id].site = site;
    facts.evidence->threads[id].run = run;
    strcpy(facts.evidence->threads[id].name, name);
    if (id > facts.evidence->last_thread)
        facts.evidence->last_thread = id;
}

void facts_begin(void)
{
    facts.evidence = calloc(1, sizeof *facts.evidence);
    ck_assert_ptr_nonnull(facts.evidence);
    facts.evidence->virtual_time = 1;
    facts.evidence->queues = 3;
    strcpy(facts.evidence->queue[1].name, "in");
    strcpy(facts.evidence->queue[2].name, "queue");
    strcpy(facts.evidence->queue[3].name, "queue");
    add_thread(MAIN, "main", 0, 0);
    for (uint32_t id = WORKER_1; id <= WORKER_3; id++)
        add_thread(id, "worker", 0x100, 0x200);
    add_thread(CLOSER, "closer", 0x104, 0x300);
    facts.now_ns = 1;
}

void facts_end(void)
{
    free(facts.evidence);
}

struct fan_fact *facts_add(enum fan_fact_kind kind, uint32_t thread, uint64_t position,
                           uint64_t value)
{
    struct fan_fact *added = &facts.evidence->facts[facts.evidence->claimed++];
    *added = (struct fan_fact){.kind = kind,
                               .thread = (uint16_t)thread,
                               .position = position,
                               .value = value,
                               .at_ns = facts.now_ns,
                               .pc = 0x1000 + facts.evidence->claimed};
    return added;
}

void facts_on_queue(enum fan_fact_kind kind, uint32_t thread, uint32_t queue, uint64_t position)
{
    facts_add(kind, thread, position, 0)->object = (uint16_t)queue;
}

void facts_pass(uint64_t ns)
{
    facts.now_ns += ns;
}

const struct fan_breach *facts_found_one(enum fan_finding_kind kind, const char *summary)
{
    fan_detect(facts.evidence, &facts.found);
    ck_assert_uint_eq(facts.found.count, 1);
    ck_assert_int_eq(facts.found.breaches[0].kind, kind);
    ck_assert_str_eq(facts.found.breaches[0].summary, summary);
    return &facts.found.breaches[0];
}

void facts_found_nothing(void)
{
    fan_detect(facts.evidence, &facts.found);
    ck_assert_msg(facts.found.count == 0, "%s", facts.found.breaches[0].summary);
}

uint64_t facts_figure(const struct fan_breach *breach, const char *name)
{
    for (uint32_t i = 0; i < breach->figure_count; i++)
        if (strcmp(breach->figures[i].name, name) == 0)
            return breach->figures[i].value;
    ck_abort_msg("no figure %s", name);
}

void facts_outputs(enum fan_output_rule rule, const uint64_t *values, size_t count)
{
    facts.evidence->contract.outputs = rule;
    for (uint64_t i = 0; i < 4; i++)
        facts_add(FAN_FACT_EXPECT, MAIN, i, 10 * i);
    for (uint64_t i = 0; i < count; i++)
        facts_add(FAN_FACT_OUTPUT, MAIN, i, values[i]);
    facts_add(FAN_FACT_RETURNED, MAIN, 0, 0);
}

void facts_task(uint32_t thread, uint64_t item, uint64_t error)
{
    facts_add(FAN_FACT_BEGIN, thread, item, 0);
    facts_add(FAN_FACT_DONE, thread, item, 0);
    if (error)
        facts_add(FAN_FACT_FAIL, thread, item, error);
}

void facts_returned(uint64_t error)
{
    facts.evidence->contract.errors = FAN_ERRORS_FIRST;
    facts_add(FAN_FACT_RETURN, MAIN, 0, error);
}

void facts_spawn_crew(void)
{
    facts.evidence->contract.work = FAN_WORK_FOR_ANY_WORKER;
    for (uint32_t id = WORKER_1; id <= CLOSER; id++)
        facts_add(FAN_FACT_SPAWN, id, 0, 0);
}

void facts_deal(void)
{
    facts_spawn_crew();
    for (uint64_t i = 1; i <= 3; i++)
        facts_on_queue(FAN_FACT_PUT, MAIN, 2, i);
    facts_on_queue(FAN_FACT_TAKE, WORKER_1, 2, 1);
    facts_add(FAN_FACT_BEGIN, WORKER_1, 7, 0);
    facts_on_queue(FAN_FACT_ASK, WORKER_2, 3, 0);
    facts_on_queue(FAN_FACT_ASK, WORKER_3, 3, 0);
}

void facts_finish_after(uint64_t ns)
{
    facts_pass(ns);
    facts_add(FAN_FACT_DONE, WORKER_1, 7, 0);
    for (uint64_t i = 2; i <= 3; i++) {
        facts_on_queue(FAN_FACT_TAKE, WORKER_1, 2, i);
        facts_task(WORKER_1, i, 0);
    }
}
