#ifndef FAN_APP_SCREEN_HALF_H
#define FAN_APP_SCREEN_HALF_H

#include "app/grid.h"
#include "watch/finding.h"
#include "watch/symbols.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A half of the lab: one variant's run as the screen sees it. Plain values and borrowed pointers,
 * so that a test can make one up; the views draw it and change nothing.
 *
 * `place` turns an address of the run into a place in the source (never NULL); the program gives
 * the symbols of the child, a test its own table.
 */
struct fan_half {
    const char *variant;                 /* "buggy", "fixed", "rare" */
    const struct fan_snapshot *snapshot; /* NULL before the first look */
    const struct fan_verdict *verdict;   /* NULL before the first look */
    const char *error;                   /* why the run is no use; "" or NULL when it is fine */
    bool live;                           /* more may happen */
    const struct fan_place *(*place)(void *places, uint64_t load_base, uintptr_t address);
    void *places;
};

/* How a state is shown: word, glyph and colour. */
struct fan_half_state {
    const char *word;
    enum fan_glyph glyph;
    enum fan_style style;
};

/* How many threads there are to show: 0 before the first look. */
int fan_half_threads(const struct fan_half *half);

/* One of them, by its position; NULL beyond the last. */
const struct fan_thread_view *fan_half_thread(const struct fan_half *half, int index);

/* What a thread's state is in this run: a thread that a finding calls leaked is leaked, one that
 * sleeps inside a task is working (in the lab a task's sleep stands for its work). */
struct fan_half_state fan_half_state(const struct fan_half *half,
                                     const struct fan_thread_view *thread);

/* A thread's part in the findings, or NULL. `finding` is set to the finding; it may be NULL. */
const struct fan_culprit *fan_half_culprit(const struct fan_half *half,
                                           const struct fan_thread_view *thread,
                                           const struct fan_finding **finding);

/* True for the thread whose panic ended the run. */
bool fan_half_panicked(const struct fan_half *half, const struct fan_thread_view *thread);

/* What it waits for, as "recv out" or "join worker 1"; "" for a thread that waits for nothing. */
void fan_half_waits_for(const struct fan_half *half, const struct fan_thread_view *thread,
                        char *text, size_t size);

/* True for a place in the program's own source: neither the library's nor unknown. */
bool fan_half_is_own(const struct fan_place *place);

/* The place of a stack's frame, and the first frame that is the program's own (the stack's depth
 * when there is none). */
const struct fan_place *fan_half_frame(const struct fan_half *half, const struct fan_stack *stack,
                                       uint32_t frame);
uint32_t fan_half_own_frame(const struct fan_half *half, const struct fan_stack *stack);

/* The stack of a thread that stands still: where it panicked, blocked, or was last before its end;
 * NULL for one that runs. */
const struct fan_stack *fan_half_stack(const struct fan_half *half,
                                       const struct fan_thread_view *thread);

/* Where the thread stands in the program's own code now, as far as its last operation tells; NULL
 * if that is not known. */
const struct fan_place *fan_half_current(const struct fan_half *half,
                                         const struct fan_thread_view *thread);

/* "collect  bugs/04_never_closed.c:58", or "?" */
void fan_half_describe(const struct fan_place *place, char *text, size_t size);

/* A span of time for people: "0.31 s", "12.3 s", "312 s". */
void fan_half_duration(uint64_t ns, char *text, size_t size);

#endif
