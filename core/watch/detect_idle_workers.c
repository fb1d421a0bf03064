/* A crew shares the work that waits in queues. A member that has never come to any queue, and has
 * done nothing else either, was made for nothing: while there was work, others had to do it alone.
 *
 * That a worker got nothing is no finding: in a correct pool that happens all the time. It has
 * come, though, and found the queue empty or closed. Nor is one that only puts, or closes, or works
 * on what it got in another way; nor one whose work was called off before it came. */
#include <inttypes.h>
#include <string.h>

#include "watch/detector.h"
#include "watch/words.h"

enum { THREADS = FAN_EVIDENCE_THREADS };

struct lives {
    uint32_t spawned[THREADS], ended[THREADS]; /* places in the log; UINT32_MAX = not */
    uint32_t taken[THREADS];                   /* elements */
    bool worked[THREADS];                      /* came to a queue, or did a task */
    uint32_t cancelled;                        /* the first place; UINT32_MAX = none */
};

static void begin(struct lives *lives)
{
    memset(lives->spawned, 0xff, sizeof lives->spawned);
    memset(lives->ended, 0xff, sizeof lives->ended);
    memset(lives->taken, 0, sizeof lives->taken);
    memset(lives->worked, 0, sizeof lives->worked);
    lives->cancelled = UINT32_MAX;
}

static void follow(const struct fan_evidence *evidence, struct lives *lives)
{
    uint32_t count = fan_evidence_count(evidence);
    begin(lives);
    for (uint32_t i = 0; i < count; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind == FAN_FACT_SPAWN)
            lives->spawned[fact->thread] = i;
        else if (fact->kind == FAN_FACT_END)
            lives->ended[fact->thread] = i;
        else if (fact->kind == FAN_FACT_CANCEL && lives->cancelled == UINT32_MAX)
            lives->cancelled = i;
        else if (fact->kind != FAN_FACT_CANCEL)
            lives->worked[fact->thread] = true;
        lives->taken[fact->thread] += fact->kind == FAN_FACT_TAKE;
    }
}

static bool is_idle(const struct lives *lives, uint32_t thread)
{
    return lives->spawned[thread] != UINT32_MAX && !lives->worked[thread] &&
           lives->cancelled >= lives->ended[thread];
}

/* What was left to do when a thread was there to do it, and its crew did. */
struct backlog {
    uint32_t elements;
    uint16_t queue;
    uint32_t taker, by_taker; /* who took most, in the whole run */
};

static struct backlog backlog_of(const struct fan_evidence *evidence, const struct lives *lives,
                                 uint32_t idle)
{
    struct backlog backlog = {0};
    uint32_t count = fan_evidence_count(evidence);
    for (uint32_t i = lives->spawned[idle]; i < count; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind != FAN_FACT_TAKE || !fan_evidence_same_crew(evidence, idle, fact->thread))
            continue;
        backlog.elements++;
        backlog.queue = fact->object;
        if (lives->taken[fact->thread] > backlog.by_taker) {
            backlog.taker = fact->thread;
            backlog.by_taker = lives->taken[fact->thread];
        }
    }
    return backlog;
}

static uint32_t count_crew(const struct fan_evidence *evidence, const struct lives *lives,
                           uint32_t member, bool idle_only)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i <= evidence->last_thread; i++)
        count += fan_evidence_same_crew(evidence, member, i) && (!idle_only || is_idle(lives, i));
    return count;
}

/* "worker 2, worker 3 and worker 4" */
static void name_idle(const struct fan_evidence *evidence, const struct lives *lives,
                      uint32_t first, uint32_t idle, char names[88])
{
    struct fan_words words = fan_words_begin(names, 88);
    char label[FAN_PROBE_NAME + 8];
    uint32_t named = 0;
    for (uint32_t i = first; i <= evidence->last_thread; i++) {
        if (!fan_evidence_same_crew(evidence, first, i) || !is_idle(lives, i))
            continue;
        fan_evidence_label(evidence, i, label);
        named++;
        fan_words_add(&words, "%s%s", named == 1 ? "" : named == idle ? " and " : ", ", label);
    }
}

static void accuse_idle(const struct fan_evidence *evidence, const struct lives *lives,
                        uint32_t first, struct fan_breach *breach)
{
    for (uint32_t i = first; i <= evidence->last_thread; i++)
        if (fan_evidence_same_crew(evidence, first, i) && is_idle(lives, i))
            fan_breach_accuse(breach, i);
}

static void tell(const struct fan_evidence *evidence, const struct lives *lives, uint32_t first,
                 const struct backlog *backlog, struct fan_breaches *found)
{
    char names[88], taker[FAN_PROBE_NAME + 8];
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_IDLE_WORKERS);
    if (!breach)
        return;
    uint32_t idle = count_crew(evidence, lives, first, true);
    name_idle(evidence, lives, first, idle, names);
    fan_evidence_label(evidence, backlog->taker, taker);
    fan_breach_say(
        breach, "%s never came to %.23s; %" PRIu32 " element%s waited there, and %s took %" PRIu32,
        names, evidence->queue[backlog->queue].name, backlog->elements,
        backlog->elements == 1 ? "" : "s", taker, backlog->by_taker);
    breach->pc = evidence->threads[first].site;
    accuse_idle(evidence, lives, first, breach);
    fan_breach_figure(breach, "crew", count_crew(evidence, lives, first, false));
    fan_breach_figure(breach, "idle", idle);
    fan_breach_figure(breach, "left_to_others", backlog->elements);
}

static bool is_first_idle(const struct fan_evidence *evidence, const struct lives *lives,
                          uint32_t thread)
{
    if (!is_idle(lives, thread))
        return false;
    for (uint32_t i = 1; i < thread; i++)
        if (fan_evidence_same_crew(evidence, thread, i) && is_idle(lives, i))
            return false;
    return true;
}

void fan_detect_idle_workers(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct lives lives;
    if (evidence->contract.work == FAN_WORK_UNJUDGED || !fan_evidence_is_whole(evidence))
        return;
    follow(evidence, &lives);
    for (uint32_t i = 1; i <= evidence->last_thread; i++) {
        if (!is_first_idle(evidence, &lives, i))
            continue;
        struct backlog backlog = backlog_of(evidence, &lives, i);
        if (backlog.elements > 0)
            tell(evidence, &lives, i, &backlog, found);
    }
}
