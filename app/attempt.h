#ifndef FAN_APP_ATTEMPT_H
#define FAN_APP_ATTEMPT_H

#include <stdint.h>

#include "app/interrupt.h"
#include "app/run.h"
#include "lab/line.h"

/* An attempt: one variant run without a screen, from its start until it can be told how it ended.
 * The command line's reports are about attempts. */
enum fan_attempt_end {
    FAN_ATTEMPT_VERDICT,   /* the run's verdict tells */
    FAN_ATTEMPT_SLOW,      /* no verdict in the time given: it is slow, which is no finding */
    FAN_ATTEMPT_BROKEN,    /* the child was of no use: `message` */
    FAN_ATTEMPT_UNSTARTED, /* there was no child: `message`; nothing else but the request is filled
                              in */
    FAN_ATTEMPT_INTERRUPTED, /* by `signal` */
};

struct fan_attempt {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    uint64_t seed, workers, items;
    const char *helper;   /* path of the child's program; NULL = the one beside this one */
    bool sim;             /* under the controlled scheduler, and then */
    const char *schedule; /* this one, or (NULL) the one that the seed makes, */
    bool fine;            /* at the fine grain */
    enum fan_attempt_end end;
    struct fan_run *run; /* ended, with the last snapshot and the verdict; NULL if UNSTARTED */
    uint64_t elapsed_ns;
    int signal;
    char message[160];
    char replay[FAN_LINE_TEXT]; /* the line that replays what was found; empty if there is none */
};

/* Whether the attempt came to no verdict, so that its outcome is "error". */
bool fan_attempt_failed(const struct fan_attempt *attempt);

/* Makes the attempt that the first nine fields ask for: starts the child, looks at it until a
 * final verdict, `limit_ns` or a signal, and ends it. Blocks for that time. Whatever happens is
 * told in the other fields. */
void fan_attempt_make(struct fan_attempt *attempt, uint64_t limit_ns,
                      const struct fan_interrupt *interrupt);

/* Frees what a made attempt holds. */
void fan_attempt_release(struct fan_attempt *attempt);

#endif
