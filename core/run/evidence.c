/* The log and what is wanted of it are set while one thread exists. Entries are claimed with an
 * atomic addition and then belong to who claimed them; a thread's entry in the table is written by
 * its creator. */
#include "run/evidence.h"

#include <stddef.h>
#include <string.h>

#include "run/backend.h"
#include "run/thread_state.h"

static struct fan_evidence *collected;
uint32_t fan_evidence_wanted;

#define BIT(kind) (UINT32_C(1) << (kind))

enum {
    ANY = BIT(FAN_FACT_SPAWN) | BIT(FAN_FACT_RETURNED),
    OUTPUTS = BIT(FAN_FACT_EXPECT) | BIT(FAN_FACT_OUTPUT),
    TASKS = BIT(FAN_FACT_BEGIN) | BIT(FAN_FACT_DONE),
    ERRORS = BIT(FAN_FACT_FAIL) | BIT(FAN_FACT_RETURN),
    QUEUES = BIT(FAN_FACT_ASK) | BIT(FAN_FACT_PUT) | BIT(FAN_FACT_TAKE) | BIT(FAN_FACT_CLOSE) |
             BIT(FAN_FACT_MOVE),
    LIVES = BIT(FAN_FACT_END) | BIT(FAN_FACT_CANCEL),
};

static uint32_t needed_by(const struct fan_contract *contract)
{
    uint32_t wanted = 0;
    if (contract->outputs)
        wanted |= ANY | OUTPUTS;
    if (contract->errors)
        wanted |= ANY | TASKS | ERRORS;
    if (contract->limit)
        wanted |= ANY | LIVES;
    if (contract->stops_with_context)
        wanted |= ANY | TASKS | LIVES | BIT(FAN_FACT_CARRY);
    if (contract->apart)
        wanted |= ANY | BIT(FAN_FACT_LINE);
    if (contract->work)
        wanted |= ANY | TASKS | QUEUES | LIVES;
    return wanted;
}

void fan_evidence_collect(struct fan_evidence *log)
{
    collected = log;
    fan_evidence_wanted = log ? needed_by(&log->contract) : 0;
    if (log)
        fan_evidence_forget(log);
}

static uint32_t within(uint32_t count, uint32_t most)
{
    return count < most ? count : most;
}

/* Only what was written: a log is large, and an explorer forgets it before every schedule. */
void fan_evidence_forget(struct fan_evidence *log)
{
    uint32_t facts = within(log->claimed, FAN_EVIDENCE_FACTS);
    memset(log->facts, 0, facts * sizeof log->facts[0]);
    uint32_t threads = within(log->last_thread + 1, FAN_EVIDENCE_THREADS);
    memset(log->threads, 0, threads * sizeof log->threads[0]);
    log->claimed = log->queues = log->unseen = 0;
    log->last_thread = 1;
    strcpy(log->threads[1].name, "main");
}

static void write_fact(const struct fan_fact *fact, enum fan_fact_kind kind)
{
    uint32_t place = __atomic_fetch_add(&collected->claimed, 1, __ATOMIC_RELAXED);
    if (place >= FAN_EVIDENCE_FACTS)
        return;
    struct fan_fact *entry = &collected->facts[place];
    *entry = *fact;
    entry->at_ns = fan_backend_now_ns();
    __atomic_store_n(&entry->kind, (uint32_t)kind, __ATOMIC_RELEASE);
}

static uint16_t number_of(uint64_t thread)
{
    return thread < FAN_EVIDENCE_THREADS ? (uint16_t)thread : 0;
}

void fan_evidence_add(enum fan_fact_kind kind, uint64_t position, uint64_t value, void *pc)
{
    write_fact(&(struct fan_fact){.thread = number_of(fan_thread_here()->id),
                                  .position = position,
                                  .value = value,
                                  .pc = (uint64_t)(uintptr_t)pc},
               kind);
}

void fan_evidence_add_of(uint64_t thread, enum fan_fact_kind kind, uint16_t queue,
                         uint64_t position)
{
    write_fact(
        &(struct fan_fact){.thread = number_of(thread), .object = queue, .position = position},
        kind);
}

static void note_highest(uint32_t id)
{
    uint32_t highest = FAN_PROBE_GET(collected->last_thread);
    while (highest < id && !__atomic_compare_exchange_n(&collected->last_thread, &highest, id,
                                                        false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void fan_evidence_spawn(uint64_t id, const char *name, size_t stack_size, const void *site,
                        void (*run)(void *))
{
    if (!fan_evidence_wants(FAN_FACT_SPAWN))
        return;
    if (number_of(id) == 0) {
        __atomic_fetch_add(&collected->unseen, 1, __ATOMIC_RELAXED);
    } else {
        struct fan_evidence_thread *thread = &collected->threads[id];
        note_highest((uint32_t)id);
        thread->site = (uint64_t)(uintptr_t)site;
        thread->run = (uint64_t)(uintptr_t)run;
        strncpy(thread->name, name, sizeof thread->name - 1);
    }
    write_fact(&(struct fan_fact){.thread = number_of(id), .value = stack_size}, FAN_FACT_SPAWN);
}

void fan_evidence_crew(uint32_t number)
{
    uint16_t thread = number_of(fan_thread_here()->id);
    if (fan_evidence_wants(FAN_FACT_SPAWN) && thread != 0)
        collected->threads[thread].crew = number;
}

uint16_t fan_evidence_queue(const char *name)
{
    if (!fan_evidence_wants(FAN_FACT_PUT))
        return 0;
    uint32_t number = __atomic_add_fetch(&collected->queues, 1, __ATOMIC_RELAXED);
    if (number >= FAN_EVIDENCE_QUEUES)
        return 0;
    char *to = collected->queue[number].name;
    memset(to, 0, FAN_PROBE_NAME);
    strncpy(to, name ? name : "channel", FAN_PROBE_NAME - 1);
    return (uint16_t)number;
}
