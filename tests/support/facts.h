#ifndef FAN_TESTS_SUPPORT_FACTS_H
#define FAN_TESTS_SUPPORT_FACTS_H

#include "watch/detector.h"

/* Evidence written by hand, for the detectors: a main thread, three workers and one of another
 * crew; queue 1, "in", and 2 and 3, "queue"; virtual time, from 1. */
enum { FACTS_MAIN = 1, FACTS_WORKER_1, FACTS_WORKER_2, FACTS_WORKER_3, FACTS_CLOSER };

/* The one of a test. */
extern struct facts {
    struct fan_evidence *evidence;
    struct fan_breaches found;
    uint64_t now_ns;
} facts;

void facts_begin(void);
void facts_end(void);

/* The next fact, at the time that it is; and one about a queue. */
struct fan_fact *facts_add(enum fan_fact_kind kind, uint32_t thread, uint64_t position,
                           uint64_t value);
void facts_on_queue(enum fan_fact_kind kind, uint32_t thread, uint32_t queue, uint64_t position);

/* Time passes. */
void facts_pass(uint64_t ns);

/* A task was begun and done, or failed with an error; the function under study returned one, of
 * which the contract says that it is the first; or these outputs, of which it says that rule. */
void facts_task(uint32_t thread, uint64_t item, uint64_t error);
void facts_returned(uint64_t error);
void facts_outputs(enum fan_output_rule rule, const uint64_t *values, size_t count);

/* The workers and the other one were started, for work that any of them may do. */
void facts_spawn_crew(void);

/* Three tasks lie in queue 2, worker 1 begins the first, and the others ask queue 3; and it is done
 * after that time, and does the rest. */
void facts_deal(void);
void facts_finish_after(uint64_t ns);

/* Runs the detectors: there is one breach, of that kind, which says that; or none. */
const struct fan_breach *facts_found_one(enum fan_finding_kind kind, const char *summary);
void facts_found_nothing(void);

/* Of a breach, by its name. */
uint64_t facts_figure(const struct fan_breach *breach, const char *name);

#endif
