#ifndef FAN_APP_STEP_H
#define FAN_APP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "app/run.h"
#include "app/step_preview.h"
#include "app/step_search.h"
#include "lab/line.h"

/* Stepping: a person makes the choices of the controlled scheduler, one at a time, goes back, and
 * goes on otherwise. This is the model behind the Step screen; it knows no terminal.
 *
 * What has been chosen is a schedule and how far of it one has come. Each change runs a child anew,
 * which follows the schedule that far, stops there, and tells what each thread would do next and
 * which choice is due (struct fan_chair): so going back is going forward one choice less, and all
 * that is shown is what the scheduler says. A change that the program does not bear out is told in
 * `note`, and nothing else has changed then.
 *
 *     fan_step_open(&subject, &step);
 *     fan_step_choose(step, 2);          // thread 2 goes on
 *     fan_step_settle(step);             // a screen calls fan_step_look from time to time instead
 *     read step->run, step->line, fan_step_chair(step)
 */
enum {
    FAN_STEP_NOTE = 200,
};

/* As far as the schedule goes, and by default from there to the end of the run. */
#define FAN_STEP_TO_THE_END UINT32_MAX

struct fan_step_subject {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    const char *helper; /* path of the child's program; NULL = fanlab-lab-sim beside this one */
    uint64_t seed, workers, items;
    bool fine; /* at the fine grain */
};

/* Where one wants to be. */
struct fan_step_wish {
    struct fan_step_subject subject;
    struct fan_schedule schedule;
    uint32_t at;
    bool in_sight; /* the child shows all it does: an unseen run has killed it, or did not end */
    bool of_line;  /* these are of a line that must give the same run */
    uint16_t build, check;
};

struct fan_step {
    struct fan_step_subject subject;
    struct fan_schedule schedule; /* also what is known to come after `at` */
    uint32_t at;                  /* choices made */
    struct fan_run *run;          /* that has come so far; NULL before the first */
    bool over;                    /* it has come to its end, there is no choice left */
    char line[FAN_LINE_TEXT];     /* replays what was chosen; empty if that is too long */
    char note[FAN_STEP_NOTE];     /* why the last wish came to nothing, or what came of it */
    struct fan_step_search search;
    struct fan_step_preview preview; /* where the choice is not which thread */
    /* private */
    struct fan_run *coming;
    struct fan_step_wish wish;
    uint64_t deadline_ns, build;
};

/* Starts at the beginning. Errors: ENOMEM. A child that cannot be started is told in `note`. */
int fan_step_open(const struct fan_step_subject *subject, struct fan_step **step);
void fan_step_close(struct fan_step *step);

/* ---- wishes: none of them blocks ---- */

/* The choice that is due: a thread by its index, or a possibility, from 0. Says in `note` why
 * not. */
void fan_step_choose(struct fan_step *step, uint32_t chosen);

/* Goes to after the first `at` choices of what is known. */
void fan_step_go(struct fan_step *step, uint32_t at);

/* Begins anew with another subject. */
void fan_step_take(struct fan_step *step, const struct fan_step_subject *subject);

/* Goes to the end of a replay line of the same scenario. */
void fan_step_follow(struct fan_step *step, const char *line);

/* Goes to the end of a schedule that fails, or of the shortest that is known to; searches first if
 * none is known. */
void fan_step_find(struct fan_step *step, bool shortest);

/* ---- what has become of them ---- */

/* Whether a child is at work: then fan_step_look is to be called, every few milliseconds. Returns
 * whether anything shown has changed. Does not block. */
bool fan_step_is_busy(const struct fan_step *step);
bool fan_step_is_running(const struct fan_step *step); /* not counting a search */
bool fan_step_look(struct fan_step *step);

/* Blocks until no child is at work. */
void fan_step_settle(struct fan_step *step);

/* What is to be chosen; NULL before the first run. */
const struct fan_chair *fan_step_chair(const struct fan_step *step);

/* What `.` would choose: what the schedule has next, by default the scheduler's usual choice. */
uint32_t fan_step_next(const struct fan_step *step);

#endif
