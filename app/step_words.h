#ifndef FAN_APP_STEP_WORDS_H
#define FAN_APP_STEP_WORDS_H

#include "app/step.h"
#include "app/story_words.h"

/* What the Step screen says of where a schedule stands, in words. */
enum { FAN_STEP_WORDS = 100 };

/* What is to be achieved: the kind of failure that the scenario declares, not its cause. */
void fan_step_words_goal(const struct fan_variant *variant, char words[FAN_STEP_WORDS]);

/* A thread's next operation: "recv out", "... recv out" for its second half, "select recv in, recv
 * quit", "begins", "has ended". */
void fan_step_words_operation(const struct fan_step *step, uint32_t thread,
                              char words[FAN_STEP_WORDS]);

/* Whether it can run, and else why not: "yes", "no: out is empty". */
void fan_step_words_ability(const struct fan_step *step, uint32_t thread,
                            char words[FAN_STEP_WORDS]);

/* "worker 1 cannot run: out is empty" */
void fan_step_words_refusal(const struct fan_step *step, uint32_t thread,
                            char words[FAN_STEP_NOTE]);

/* "bites in 37 of 10,000 schedules"; empty before a search. */
void fan_step_words_share(const struct fan_step_search *search, char words[FAN_STEP_WORDS]);

#endif
