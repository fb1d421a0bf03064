/* Work waits in a queue whose readers are all busy, while a thread of their crew that never reads
 * that queue has nothing to do, or has ended. What an element waited like that is time it cost, and
 * nothing but where it was put made it wait.
 *
 * In virtual time any such wait is a breach, since there nothing takes long by accident. In real
 * time it has to be longer than half of all tasks take, and longer than the system may set a thread
 * aside in the middle of its task: that is nobody's fault. A queue
 * that any of the crew may read, in which work waits for whoever is free, is never in breach,
 * however uneven the work. Where others move what waits into queues of their own, as the executor's
 * threads do (flow/testimony.h), it has waited until then. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "watch/detector.h"

enum { THREADS = FAN_EVIDENCE_THREADS, SET_ASIDE_NS = 5 * 1000 * 1000 };

enum doing { NOT_THERE, UNDERWAY, IN_TASK, IDLE };

struct queue {
    bool readers[THREADS];
    uint32_t reader; /* one of them; 0 = nobody reads it */
    uint64_t put, taken;
    uint64_t blocked_ns; /* so long by now has work waited here like that, all in all */
    uint64_t longest_ns; /* of that, behind one task */
    uint64_t behind;     /* that task's item, */
    uint32_t by, idle;   /* who was at it, and how many had nothing to do */
    uint64_t begun_at;   /* where in the program that was */
    uint64_t waited;     /* elements that waited like that longer than allowed */
    uint64_t most_ns;
};

struct scene {
    const struct fan_evidence *evidence;
    enum doing doing[THREADS];
    uint64_t item[THREADS], begun_at[THREADS], stretch_ns[THREADS]; /* of the current task */
    uint64_t allowed_ns;
    uint32_t queue_count;
    struct queue *queues;
    uint64_t *blocked_at_put; /* by place in the log: the queue's blocked_ns then */
};

/* ---- what is allowed ---- */

static int compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

/* The median of how long tasks took. `times_ns` has room for all. */
static uint64_t median_service(const struct fan_evidence *evidence, uint64_t *times_ns)
{
    uint64_t begun_ns[THREADS] = {0};
    uint32_t tasks = 0, count = fan_evidence_count(evidence);
    for (uint32_t i = 0; i < count; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind == FAN_FACT_BEGIN)
            begun_ns[fact->thread] = fact->at_ns;
        else if (fact->kind == FAN_FACT_DONE)
            times_ns[tasks++] = fact->at_ns - begun_ns[fact->thread];
    }
    qsort(times_ns, tasks, sizeof *times_ns, compare);
    return tasks ? times_ns[tasks / 2] : 0;
}

static uint64_t allowed_wait(const struct fan_evidence *evidence, uint64_t *times_ns)
{
    if (evidence->virtual_time)
        return 0;
    uint64_t median_ns = median_service(evidence, times_ns);
    return median_ns > SET_ASIDE_NS ? median_ns : SET_ASIDE_NS;
}

/* ---- who reads what ---- */

static void learn_readers(struct scene *scene)
{
    uint32_t count = fan_evidence_count(scene->evidence);
    for (uint32_t i = 0; i < count; i++) {
        const struct fan_fact *fact = &scene->evidence->facts[i];
        if (fact->kind != FAN_FACT_ASK && fact->kind != FAN_FACT_TAKE)
            continue;
        scene->queues[fact->object].readers[fact->thread] = true;
        scene->queues[fact->object].reader = fact->thread;
    }
}

/* The reader of a queue who is at a task when all of them are; 0 if one is not. */
static uint32_t busy_reader(const struct scene *scene, const struct queue *queue)
{
    for (uint32_t i = 1; i <= scene->evidence->last_thread; i++)
        if (queue->readers[i] && scene->doing[i] != IN_TASK)
            return 0;
    return queue->reader;
}

static uint32_t count_idle(const struct scene *scene, const struct queue *queue)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i <= scene->evidence->last_thread; i++)
        count += scene->doing[i] == IDLE && !queue->readers[i] &&
                 fan_evidence_same_crew(scene->evidence, i, queue->reader);
    return count;
}

/* ---- following the run ---- */

static void blame(struct scene *scene, struct queue *queue, uint32_t reader, uint32_t idle,
                  uint64_t passed_ns)
{
    queue->blocked_ns += passed_ns;
    scene->stretch_ns[reader] += passed_ns;
    if (scene->stretch_ns[reader] <= queue->longest_ns)
        return;
    queue->longest_ns = scene->stretch_ns[reader];
    queue->behind = scene->item[reader];
    queue->begun_at = scene->begun_at[reader];
    queue->by = reader;
    queue->idle = idle;
}

static void let_time_pass(struct scene *scene, uint64_t passed_ns)
{
    for (uint32_t i = 1; i <= scene->queue_count; i++) {
        struct queue *queue = &scene->queues[i];
        uint32_t reader = queue->put > queue->taken ? busy_reader(scene, queue) : 0;
        uint32_t idle = reader ? count_idle(scene, queue) : 0;
        if (idle > 0)
            blame(scene, queue, reader, idle, passed_ns);
    }
}

static void leave_queue(struct scene *scene, struct queue *queue, uint64_t blocked_at_put)
{
    uint64_t waited_ns = queue->blocked_ns - blocked_at_put;
    if (waited_ns <= scene->allowed_ns)
        return;
    queue->waited++;
    if (waited_ns > queue->most_ns)
        queue->most_ns = waited_ns;
}

/* The element that is taken is the one that was put as the same nth. */
static uint64_t blocked_when_put(const struct scene *scene, const struct fan_fact *taken)
{
    for (const struct fan_fact *fact = taken; fact-- > scene->evidence->facts;)
        if (fact->kind == FAN_FACT_PUT && fact->object == taken->object &&
            fact->position == taken->position)
            return scene->blocked_at_put[fact - scene->evidence->facts];
    return scene->queues[taken->object].blocked_ns;
}

static void follow_queue(struct scene *scene, const struct fan_fact *fact)
{
    struct queue *queue = &scene->queues[fact->object];
    if (fact->kind == FAN_FACT_PUT) {
        scene->blocked_at_put[fact - scene->evidence->facts] = queue->blocked_ns;
        queue->put++;
    } else {
        leave_queue(scene, queue, blocked_when_put(scene, fact));
        queue->taken++;
        scene->doing[fact->thread] = UNDERWAY;
    }
}

static void follow_thread(struct scene *scene, const struct fan_fact *fact)
{
    static const enum doing becomes[FAN_FACT_KINDS] = {[FAN_FACT_SPAWN] = UNDERWAY,
                                                       [FAN_FACT_END] = IDLE,
                                                       [FAN_FACT_ASK] = IDLE,
                                                       [FAN_FACT_BEGIN] = IN_TASK,
                                                       [FAN_FACT_DONE] = UNDERWAY};
    if (!becomes[fact->kind])
        return;
    scene->doing[fact->thread] = becomes[fact->kind];
    if (fact->kind != FAN_FACT_BEGIN)
        return;
    scene->item[fact->thread] = fact->position;
    scene->begun_at[fact->thread] = fact->pc;
    scene->stretch_ns[fact->thread] = 0;
}

static bool passes_queue(const struct fan_fact *fact)
{
    return fact->kind == FAN_FACT_PUT || fact->kind == FAN_FACT_TAKE || fact->kind == FAN_FACT_MOVE;
}

static void follow(struct scene *scene)
{
    const struct fan_fact *facts = scene->evidence->facts;
    uint32_t count = fan_evidence_count(scene->evidence);
    uint64_t now_ns = count ? facts[0].at_ns : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (facts[i].at_ns > now_ns) {
            let_time_pass(scene, facts[i].at_ns - now_ns);
            now_ns = facts[i].at_ns;
        }
        if (passes_queue(&facts[i]))
            follow_queue(scene, &facts[i]);
        else
            follow_thread(scene, &facts[i]);
    }
}

/* ---- telling ---- */

static void say_time(uint64_t ns, char words[24])
{
    bool seconds = ns >= 100 * 1000 * 1000;
    snprintf(words, 24, seconds ? "%.1f s" : "%.1f ms", (double)ns / (seconds ? 1e9 : 1e6));
}

static void tell(const struct scene *scene, const struct queue *queue, struct fan_breaches *found)
{
    char most[24], reader[FAN_PROBE_NAME + 8];
    struct fan_breach *breach = fan_breach_add(found, FAN_FINDING_HEAD_OF_LINE);
    if (!breach)
        return;
    say_time(queue->most_ns, most);
    fan_evidence_label(scene->evidence, queue->by, reader);
    fan_breach_say(breach,
                   "%" PRIu64 " task%s waited up to %s behind slow task %" PRIu64
                   " in %s's queue while %" PRIu32 " other%s had nothing to do",
                   queue->waited, queue->waited == 1 ? "" : "s", most, queue->behind, reader,
                   queue->idle, queue->idle == 1 ? "" : "s");
    breach->pc = queue->begun_at;
    fan_breach_accuse(breach, queue->by);
    fan_breach_figure(breach, "waited", queue->waited);
    fan_breach_figure(breach, "longest_wait_ns", queue->most_ns);
    fan_breach_figure(breach, "allowed_ns", scene->allowed_ns);
    fan_breach_figure(breach, "behind_task", queue->behind);
    fan_breach_figure(breach, "idle_meanwhile", queue->idle);
}

static bool prepare(const struct fan_evidence *evidence, struct scene *scene)
{
    size_t count = fan_evidence_count(evidence);
    *scene = (struct scene){.evidence = evidence, .queue_count = evidence->queues};
    scene->queues = calloc(evidence->queues + 1, sizeof *scene->queues);
    scene->blocked_at_put = calloc(count, sizeof *scene->blocked_at_put);
    if (!scene->queues || !scene->blocked_at_put)
        return false;
    scene->allowed_ns = allowed_wait(evidence, scene->blocked_at_put);
    learn_readers(scene);
    return true;
}

/* The worst queue stands for all: one cause makes many wait. */
static void judge(struct scene *scene, struct fan_breaches *found)
{
    const struct queue *worst = NULL;
    follow(scene);
    for (uint32_t i = 1; i <= scene->queue_count; i++)
        if (scene->queues[i].waited && (!worst || scene->queues[i].most_ns > worst->most_ns))
            worst = &scene->queues[i];
    if (worst)
        tell(scene, worst, found);
}

static bool time_has_passed(const struct fan_evidence *evidence)
{
    uint32_t count = fan_evidence_count(evidence);
    return count > 0 && evidence->facts[count - 1].at_ns != evidence->facts[0].at_ns;
}

void fan_detect_head_of_line(const struct fan_evidence *evidence, struct fan_breaches *found)
{
    struct scene scene;
    if (evidence->contract.work == FAN_WORK_UNJUDGED || !fan_evidence_is_whole(evidence) ||
        !time_has_passed(evidence))
        return;
    if (prepare(evidence, &scene))
        judge(&scene, found);
    free(scene.queues);
    free(scene.blocked_at_put);
}
