#ifndef FAN_APP_STORY_WORDS_H
#define FAN_APP_STORY_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/attempt.h"
#include "lab/exploration.h"

/* What the story of a schedule says of a single step, in words: what was done to what, the value
 * that went through, the error that came of it, the place in the source.
 *
 *     "send out <- 9"     "recv in -> closed"     "select: recv in -> 4"     "select: default"
 *     "recv in ..."       it waits from then on   "... recv in -> 9"         and goes on
 */
enum {
    FAN_STORY_WORDS = 72, /* with the ending 0, as below */
    FAN_STORY_PLACE = 28,
    FAN_STORY_VALUE_WORDS = 32,
    FAN_STORY_SWITCH = 160,
};

struct fan_story_source {
    const struct fan_run *run;
    const struct fan_story *told;
    uint32_t count; /* of the steps that are there */
};

struct fan_story_source fan_story_source_of(const struct fan_attempt *attempt);
struct fan_story_source fan_story_source_of_run(const struct fan_run *run);

const char *fan_story_thread(const struct fan_story_source *source, uint32_t thread);
const char *fan_story_op(const struct fan_story_step *step);
const char *fan_story_object(const struct fan_story_source *source,
                             const struct fan_story_step *step);
const char *fan_story_error(int error);

/* The next step that the same thread takes, -1 if it takes none. */
int64_t fan_story_next_of_thread(const struct fan_story_source *source, uint32_t which);

/* An integer of 1, 2, 4 or 8 bytes, in hexadecimal if it looks like an address; otherwise the first
 * bytes and how many there are. Empty if no value is known. */
void fan_story_words_of_value(const struct fan_story_step *step, char words[FAN_STORY_VALUE_WORDS]);
bool fan_story_integer(const struct fan_story_step *step, int64_t *value);

/* What is done to what, without what came of it: "recv in". */
void fan_story_words_of_deed(const struct fan_story_source *source,
                             const struct fan_story_step *step, char words[FAN_STORY_WORDS]);

/* All of it. */
void fan_story_words_of_step(const struct fan_story_source *source, uint32_t which,
                             char words[FAN_STORY_WORDS]);

/* "<- " or "-> " with the value or the error; empty if nothing is known. */
void fan_story_words_of_result(const struct fan_story_step *step,
                               char words[FAN_STORY_VALUE_WORDS]);

/* Why a step is another thread's than the one before it: "main waits: recv out; worker 1 goes on",
 * "worker 1 goes on, though main could". False if it is the same thread's, or the first. */
bool fan_story_words_of_switch(const struct fan_story_source *source, uint32_t which,
                               char words[FAN_STORY_SWITCH]);

/* "08_double_close.c:35", its end if it is too long; empty if it is not known. */
const struct fan_place *fan_story_place(const struct fan_story_source *source, uint64_t pc);
void fan_story_words_of_place(const struct fan_story_source *source, uint64_t pc,
                              char words[FAN_STORY_PLACE]);

#endif
