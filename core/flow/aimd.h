#ifndef FAN_FLOW_AIMD_H
#define FAN_FLOW_AIMD_H

#include <stdbool.h>
#include <stdint.h>

/* How many requests a service bears at once, found out from how long they take: a number that rises
 * by one while they take no longer than when there were few, and falls by a part of itself when
 * they do. The rule is TCP's: additive increase, multiplicative decrease (Chiu and Jain, "Analysis
 * of the increase and decrease algorithms for congestion avoidance in computer networks", 1989);
 * that it serves for requests is what Netflix's concurrency-limits shows. At first, and after it
 * has learnt that the service has changed, the limit doubles instead, until it is too high once
 * (TCP's slow start).
 *
 * Here is the rule alone, without locks or clocks; who wants a limit that threads share takes
 * flow/limiter.h.
 *
 * What it looks at is the mean of a window of latencies without their longest twentieth: a long
 * tail is the service's own affair, but where requests queue, most of them wait. They take too long
 * if that mean is above the baseline by more than the tolerance and by more than chance explains
 * (2.5 standard errors of both). What was begun before the latest change of the limit, and the
 * first round trip after it, tells nothing about the new limit and does not count; so there is at
 * most one decrease in a round trip. Nor does the limit grow while there are not enough requests to
 * use it up.
 *
 * Where several decreases have followed each other, it may have been a hiccup: up to what the first
 * of them left, the limit grows by an eighth at a time.
 *
 * The baseline is the mean as seen at first and just after decreases, when nothing queues; where it
 * is certain that the service has become faster, that is taken at once. If three decreases in a row
 * have shortened the latency by less than half of what they took from the limit, then it is not the
 * requests that wait for each other: the service has become slower, and what it takes now is the
 * new baseline. */
enum { FAN_AIMD_SAMPLES = 1024 };

/* Zero means what stands in brackets. */
struct fan_aimd_options {
    int initial;           /* the first limit [4, or what floor and ceiling allow] */
    int floor, ceiling;    /* it never leaves these [1, 1000] */
    int tolerance_percent; /* how much longer than the baseline is not yet too long [5] */
    int decrease_percent;  /* how much a decrease takes off [15] */
    int window;            /* latencies from which an increase is concluded; at most
                              FAN_AIMD_SAMPLES, and never less than the limit's number [1024] */
};

struct fan_aimd {
    struct fan_aimd_options options; /* filled in; constant */
    int limit;
    bool doubles;                          /* it has not been too high yet */
    bool clear;                            /* the window is the first one after a decrease */
    double baseline_ns, baseline_variance; /* that of this mean */
    uint32_t weight;    /* of how many latencies the baseline is made; 0 = there is none */
    uint64_t since_ns;  /* what was begun before does not count */
    uint32_t unsettled; /* so many more that end do not count either */
    uint32_t seen;      /* in this window: latencies, */
    uint32_t used_up;   /* of those, with as many under way as may be, */
    uint32_t kept;      /* and those kept, all or every n-th */
    int fell_from;      /* the limit before the first of the decreases in a row, */
    double fell_at_ns;  /* and what they took then */
    int falls;          /* how many these are */
    uint64_t increases, decreases;
    uint64_t samples[FAN_AIMD_SAMPLES];
};

/* Makes one. EINVAL if an option is out of its range. */
int fan_aimd_init(struct fan_aimd *aimd, const struct fan_aimd_options *options);

/* A request that was begun at `began_ns` has ended well at `now_ns`, with `under_way` of them under
 * way, itself included. May change the limit. */
void fan_aimd_saw(struct fan_aimd *aimd, uint64_t began_ns, uint64_t now_ns, int under_way);

/* Such a request was refused, or came to nothing for want of time: a decrease, unless there was one
 * since it was begun. */
void fan_aimd_saw_overload(struct fan_aimd *aimd, uint64_t began_ns, uint64_t now_ns);

#endif
