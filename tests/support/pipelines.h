#ifndef FAN_TESTS_SUPPORT_PIPELINES_H
#define FAN_TESTS_SUPPORT_PIPELINES_H

#include "stage/pipe.h"

/* One small pipeline around each kind of stage: numbers from a source or two, the stage, and one or
 * two ends that note what they get. What holds for all stages is tested on all of them: cancelled
 * at any moment, out of memory, in every schedule. */
enum { PIPELINE_ELEMENTS = 64, PIPELINE_CHANNELS = 4, PIPELINE_ENOUGH = 1 };

struct pipeline_end {
    uint8_t seen[PIPELINE_ELEMENTS];
    uint64_t last; /* plus 1 */
    bool disorder;
};

struct pipeline {
    /* Set before the start. */
    uint64_t elements;         /* at most PIPELINE_ELEMENTS if they are to be looked at */
    uint64_t cancel_at_source; /* the source cancels before that element, from 1; 0 = never */
    uint64_t cancel_at_end;    /* the end does, when it has got that one */

    bool cancel_at_once; /* who started it cancels it then */
    bool
        alone; /* neither source nor end: its input is full and open, and nobody reads its output */

    struct fan_ctx ctx; /* above all that follows */
    struct fan_group group, upstream;
    struct fan_chan *channels[PIPELINE_CHANNELS];
    size_t channel_count;
    struct fan_chan *left_open[2]; /* inputs of one that is alone */
    bool started;                  /* all of its stages */
    uint64_t given[2];             /* by each source */
    struct pipeline_end ends[2];
    uint64_t ended;        /* elements at the ends; atomic */
    uint64_t cancelled_ns; /* atomic: when it was */
    uint64_t counts[2];
    struct fan_lossy lossy;
    struct fan_rate rate;
    struct fan_measure *measure;
    struct fan_pipe *pipe;
};

struct pipeline_kind {
    const char *name;
    /* One of four: starts the stage between a source and an end; or one with two ends; or one with
     * two sources of the same elements; or all. */
    int (*line)(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out);
    int (*fork)(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *const *out);
    int (*join)(struct pipeline *pipeline, struct fan_chan *const *in, struct fan_chan *out);
    int (*start)(struct pipeline *pipeline);
    /* Of the end, and of what it gets; 0 = plain numbers. */
    int (*put)(void *state, struct fan_ctx *ctx, const void *element);
    size_t size;

    bool (*keeps)(uint64_t element); /* NULL = all */
    int least, most;                 /* how often each that is kept comes out */
    bool shuffles;                   /* in another order */
    bool upstream;   /* the source is in a group of its own, which the stage cancels in the end */
    bool has_enough; /* it ends before its source does */
    bool longer;     /* the second source has one more element */
    bool whole;      /* never alone */
    bool executor;   /* there is one in it, so that there are too many schedules to see all */
};

extern const struct pipeline_kind pipeline_kinds[], pipeline_many_kinds[];
extern const size_t pipeline_kind_count, pipeline_many_kind_count;

/* Of both tables; the second has what fans out and in, and what goes with it. */
int pipeline_all_kinds(void);
const struct pipeline_kind *pipeline_kind(int which);

/* Of kinds that take PIPELINE_ENOUGH elements: whether it is one of these. */
bool pipeline_is_enough(uint64_t element);

/* Starts it, as far as it gets; waits for its end, and returns the first error of both. */
int pipeline_run(struct pipeline *pipeline, const struct pipeline_kind *kind);

/* Afterwards: what is not as it has to be, or NULL. Whether nothing came too often, and in order;
 * and, if it has ended by itself, that nothing was left out either. */
const char *pipeline_complaint(struct pipeline *pipeline, const struct pipeline_kind *kind,
                               bool complete);

/* Whether every channel is closed, as it must be if all stages were started. Empties them. */
bool pipeline_is_closed(struct pipeline *pipeline);

/* Frees what the run has left. */
void pipeline_clear(struct pipeline *pipeline);

#endif
