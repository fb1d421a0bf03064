#ifndef FAN_RUN_EVIDENCE_H
#define FAN_RUN_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/evidence.h"

/* Collecting evidence (base/evidence.h): the library's operations say here what they did.
 *
 * Nothing is collected unless a contract asks for it: then each of these is one look at a word that
 * never changes. What a contract does not need is not collected either. None of them blocks, is a
 * step of the scheduler, or changes what the program does. */

/* Bit n: facts of kind n are collected. */
extern uint32_t fan_evidence_wanted;

static inline bool fan_evidence_wants(enum fan_fact_kind kind)
{
    return __builtin_expect(fan_evidence_wanted >> kind & 1, 0);
}

/* Collects what the log's contract needs, in `log`, which must outlive every thread; NULL ends it.
 * While one thread exists. */
void fan_evidence_collect(struct fan_evidence *log);

/* Forgets what was collected, but for the contract. While one thread exists. */
void fan_evidence_forget(struct fan_evidence *log);

/* Writes a fact of the calling thread; fan_evidence_add_of, of another. */
void fan_evidence_add(enum fan_fact_kind kind, uint64_t position, uint64_t value, void *pc);
void fan_evidence_add_of(uint64_t thread, enum fan_fact_kind kind, uint16_t queue,
                         uint64_t position);

static inline void fan_evidence_note(enum fan_fact_kind kind, uint64_t position, uint64_t value,
                                     void *pc)
{
    if (fan_evidence_wants(kind))
        fan_evidence_add(kind, position, value, pc);
}

/* A thread is about to be started. */
void fan_evidence_spawn(uint64_t id, const char *name, size_t stack_size, const void *site,
                        void (*run)(void *));

/* The calling thread is one of a crew with a number of its own. */
void fan_evidence_crew(uint32_t number);

/* The number of a queue that is created now; 0 if it is not to be seen. */
uint16_t fan_evidence_queue(const char *name);

#endif
