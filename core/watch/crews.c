/* No locks, as in slots.c. The sum of what several threads have counted is of no one moment, so a
 * task may seem to have ended before it was submitted: then it is taken to have been. */
#include "watch/crews.h"

#include <stdio.h>
#include <stdlib.h>

#include "watch/slots.h"

enum { RATE_NS = 250000000 };

/* ---- slots ---- */

static void view_latency(struct fan_executor_view *view, const struct fan_probe_executor *slot)
{
    view->timed = slot->timed;
    view->p50_ns = fan_histogram_percentile(&slot->latency, 50);
    view->p95_ns = fan_histogram_percentile(&slot->latency, 95);
    view->p99_ns = fan_histogram_percentile(&slot->latency, 99);
    view->most_ns = fan_histogram_max(&slot->latency);
}

static void view_executor(struct fan_executor_view *view, const struct fan_probe_executor *slot)
{
    *view = (struct fan_executor_view){
        .id = slot->id,
        .creator = slot->creator,
        .epoch = slot->seq,
        .kind = (enum fan_probe_executor_kind)slot->kind,
        .policy = (enum fan_probe_policy)slot->policy,
        .created_ns = slot->created_ns,
        .ended_ns = slot->ended_ns,
        .limit = slot->limit,
        .threads = slot->threads,
        .in_flight = slot->unseen_in_flight,
        .tally = slot->tally,
    };
    fan_slots_clean_text(view->name, slot->name, sizeof view->name);
    if (!view->name[0])
        snprintf(view->name, sizeof view->name, "%s %llu", fan_executor_kind_name(view->kind),
                 (unsigned long long)(view->id % 1000000000000));
    fan_slots_clean_stack(&view->created, &slot->created);
    view_latency(view, slot);
}

static void read_slot(const struct fan_probe_executor *slot, uint32_t index,
                      struct fan_snapshot *snapshot)
{
    struct fan_probe_executor copy;
    if (!fan_slots_copy_settled(&copy, slot, sizeof copy) || copy.kind >= FAN_EXECUTOR_KINDS ||
        copy.policy >= FAN_POLICY_COUNT) {
        snapshot->unread_executors++;
    } else if (copy.kind != FAN_EXECUTOR_FREE) {
        struct fan_executor_view *view = &snapshot->executors[snapshot->executor_count++];
        view_executor(view, &copy);
        view->slot = index;
    }
}

void fan_crews_read(const struct fan_probe_executor *slots, struct fan_snapshot *snapshot)
{
    snapshot->executor_count = snapshot->unread_executors = 0;
    for (uint32_t i = 0; i < FAN_PROBE_EXECUTORS; i++)
        if (FAN_PROBE_GET(slots[i].kind) != FAN_EXECUTOR_FREE)
            read_slot(&slots[i], i, snapshot);
}

bool fan_crews_stand_still(const struct fan_probe_executor *slots,
                           const struct fan_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->executor_count; i++) {
        const struct fan_executor_view *view = &snapshot->executors[i];
        if (FAN_PROBE_GET(slots[view->slot].seq) != view->epoch)
            return false;
    }
    return true;
}

/* ---- sums ---- */

static uint64_t ended(const struct fan_probe_tally *tally)
{
    return tally->done + tally->failed + tally->cancelled + tally->dropped;
}

static void add_tally(struct fan_probe_tally *to, const struct fan_probe_tally *tally)
{
    to->submitted += tally->submitted;
    to->done += tally->done;
    to->failed += tally->failed;
    to->cancelled += tally->cancelled;
    to->dropped += tally->dropped;
    to->stolen += tally->stolen;
}

static void add_post(struct fan_executor_view *view, const struct fan_post_view *post)
{
    add_tally(&view->tally, &post->tally);
    view->in_flight += post->at == FAN_AT_TASKS;
    view->waiting += post->waiting;
    if (post->waiting > 0 && (view->oldest_ns == 0 || post->since_ns < view->oldest_ns))
        view->oldest_ns = post->since_ns;
}

static void add_crew(struct fan_executor_view *view, const struct fan_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        if (snapshot->threads[i].post.executor == view->id &&
            snapshot->threads[i].state != FAN_STATE_DONE)
            add_post(view, &snapshot->threads[i].post);
}

/* Of a group, each task in its own thread. */
static void add_tasks(struct fan_executor_view *view)
{
    if (view->tally.submitted > ended(&view->tally))
        view->in_flight = view->tally.submitted - ended(&view->tally);
}

static void raise_to(uint64_t *value, uint64_t least)
{
    if (*value < least)
        *value = least;
}

static void lower_to(uint64_t *value, uint64_t most)
{
    if (*value > most)
        *value = most;
}

static void clip_view(struct fan_executor_view *view, uint64_t now_ns)
{
    if (view->limit)
        lower_to(&view->in_flight, view->limit);
    raise_to(&view->tally.submitted, ended(&view->tally));
    lower_to(&view->in_flight, view->tally.submitted - ended(&view->tally));
    lower_to(&view->created_ns, now_ns);
    lower_to(&view->ended_ns, now_ns);
    lower_to(&view->oldest_ns, now_ns);
}

static int older_first(const void *a, const void *b)
{
    uint64_t left = ((const struct fan_executor_view *)a)->id;
    uint64_t right = ((const struct fan_executor_view *)b)->id;
    return left < right ? -1 : left > right;
}

void fan_crews_add_up(struct fan_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->executor_count; i++) {
        struct fan_executor_view *view = &snapshot->executors[i];
        if (view->kind == FAN_EXECUTOR_STREAM)
            add_crew(view, snapshot);
        else
            add_tasks(view);
        clip_view(view, snapshot->taken_ns);
    }
    qsort(snapshot->executors, snapshot->executor_count, sizeof snapshot->executors[0],
          older_first);
}

/* ---- rates ---- */

static double rate(uint64_t tasks, uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (double)tasks * 1e9 / (double)(to_ns - from_ns) : 0;
}

static double rate_since(struct fan_crews_mark *mark, uint64_t now_ns, uint64_t count)
{
    if (now_ns - mark->at_ns >= RATE_NS && count >= mark->ended) {
        mark->per_second = rate(count - mark->ended, mark->at_ns, now_ns);
        mark->at_ns = now_ns;
        mark->ended = count;
    }
    return mark->per_second;
}

static double rate_of(struct fan_crews_rates *rates, const struct fan_executor_view *view,
                      uint64_t now_ns)
{
    struct fan_crews_mark *mark = &rates->marks[view->slot];
    uint64_t count = ended(&view->tally);
    if (view->ended_ns)
        return rate(count, view->created_ns, view->ended_ns);
    if (mark->executor != view->id)
        *mark = (struct fan_crews_mark){.executor = view->id, .at_ns = view->created_ns};
    if (mark->per_second == 0)
        mark->per_second = rate(count, view->created_ns, now_ns);
    return rate_since(mark, now_ns, count);
}

void fan_crews_set_rates(struct fan_crews_rates *rates, struct fan_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->executor_count; i++) {
        struct fan_executor_view *view = &snapshot->executors[i];
        view->per_second = rate_of(rates, view, snapshot->taken_ns);
    }
}
