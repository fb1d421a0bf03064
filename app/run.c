#define _GNU_SOURCE
#include "app/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/child.h"
#include "lab/exploration.h"
#include "watch/detector.h"
#include "watch/reader.h"

static int open_symbols(struct fan_run *run, char why[160])
{
    char helper[4096];
    int error = fan_child_helper(&run->options, helper, sizeof helper, why);
    if (error)
        return error;
    error = fan_symbols_open(helper, &run->symbols);
    if (error)
        snprintf(why, 160, "cannot read the symbols of %.80s: %s", helper, strerror(error));
    return error;
}

/* The child runs by now and may have damaged its segment already: then this is a run that has
 * failed, not one that could not be started. */
static int open_reader(struct fan_run *run, char why[160])
{
    char reason[128];
    int error = fan_reader_open(run->child.segment, &run->reader, reason);
    if (error == EINVAL || error == EPROTO) {
        snprintf(run->error, sizeof run->error, "the child cannot be watched: %s", reason);
        fan_run_end(run);
        return 0;
    }
    if (error)
        snprintf(why, 160, "cannot watch the run: %s", reason);
    return error;
}

static int start(struct fan_run *run, char why[160])
{
    run->snapshot = calloc(1, sizeof *run->snapshot);
    run->verdict = calloc(1, sizeof *run->verdict);
    /* All threads of a sim child are one of the system, which nobody else can join. */
    run->judge = fan_judge_new(run->options.sim ? NULL : fan_tasks_unregistered);
    run->exploration = run->options.sim ? calloc(1, sizeof *run->exploration) : NULL;
    if (!run->snapshot || !run->verdict || !run->judge || (run->options.sim && !run->exploration)) {
        snprintf(why, 160, "cannot start a run: %s", strerror(ENOMEM));
        return ENOMEM;
    }
    int error = fan_child_start(&run->options, &run->child, why);
    if (!error)
        error = open_symbols(run, why);
    return error ? error : open_reader(run, why);
}

int fan_run_start(const struct fan_child_options *options, struct fan_run **started, char why[160])
{
    struct fan_run *run = calloc(1, sizeof *run);
    if (!run) {
        snprintf(why, 160, "cannot start a run: %s", strerror(ENOMEM));
        return ENOMEM;
    }
    run->options = *options;
    int error = start(run, why);
    if (error)
        fan_run_free(run);
    else
        *started = run;
    return error;
}

/* What the child says on its standard error must be read, or it would one day block in saying it.
 * The beginning is kept: there stands what went wrong. */
static void listen_to(struct fan_run *run)
{
    char discarded[512];
    ssize_t got;
    do {
        size_t length = strlen(run->said), room = sizeof run->said - 1 - length;
        got = room ? read(run->child.errors, run->said + length, room)
                   : read(run->child.errors, discarded, sizeof discarded);
        if (got > 0 && room)
            run->said[length + (size_t)got] = '\0';
    } while (got > 0);
}

/* The first line said, with nothing in it that a terminal would act on. (A sanitizer begins with a
 * line of equal signs.) */
static void first_line(const char *said, char line[96])
{
    said += strspn(said, "=\n");
    size_t length = strcspn(said, "\n");
    if (length > 95)
        length = 95;
    for (size_t i = 0; i < length; i++)
        line[i] = said[i] >= ' ' && said[i] < 0x7f ? said[i] : '?';
    line[length] = '\0';
}

/* A program may end itself with any status, also with those by which a child says that it could not
 * begin. */
static bool has_begun(const struct fan_run *run)
{
    return run->snapshot->started_ns > 0 ||
           (run->child.exploration &&
            __atomic_load_n(&run->child.exploration->runs, __ATOMIC_RELAXED));
}

static void tell_of_exit(struct fan_run *run, int status)
{
    char line[96];
    first_line(run->said, line);
    if ((status == FAN_CHILD_USAGE || status == FAN_CHILD_BROKEN) && !has_begun(run))
        snprintf(run->error, sizeof run->error, "the child could not begin: %s", line);
    else if (status != 0)
        snprintf(run->error, sizeof run->error, "the child ended with exit status %d%s%s", status,
                 *line ? ": " : "", line);
    else if (run->snapshot->phase != FAN_PHASE_ENDED)
        snprintf(run->error, sizeof run->error,
                 "the child called exit before its scenario was finished");
}

static void tell_of_signal(struct fan_run *run, int number)
{
    uint64_t cpu_s = run->options.cpu_s ? run->options.cpu_s : FAN_CHILD_CPU_S;
    if (number == SIGXCPU)
        snprintf(run->error, sizeof run->error,
                 "the child had used up its %u s of processor time (signal %d)", (unsigned)cpu_s,
                 number);
    else if (number == SIGKILL)
        snprintf(
            run->error, sizeof run->error,
            "the child was killed from outside, or by the system for want of memory (signal %d)",
            number);
    else if (number == SIGSEGV || number == SIGBUS)
        snprintf(run->error, sizeof run->error,
                 "the child crashed without a word (signal %d, %s): as a rule a thread overflowed"
                 " its stack",
                 number, strsignal(number));
    else
        snprintf(run->error, sizeof run->error, "the child was killed from outside (signal %d, %s)",
                 number, strsignal(number));
}

/* A child that ended as its verdict says (a panic aborts it) needs no other explanation. */
static void explain_end(struct fan_run *run)
{
    int status = run->child.status;
    if (run->verdict->finding_count > 0)
        return;
    if (WIFSIGNALED(status))
        tell_of_signal(run, WTERMSIG(status));
    else
        tell_of_exit(run, WEXITSTATUS(status));
}

static uint64_t mix(uint64_t seen, uint64_t value)
{
    return (seen ^ value) * UINT64_C(0x9e3779b97f4a7c15) + (seen >> 29);
}

/* A number that changes when anything shown does, but for the passing of time. */
static uint64_t fingerprint(const struct fan_run *run)
{
    const struct fan_snapshot *now = run->snapshot;
    uint64_t seen = mix(mix(now->phase, now->outputs), now->in_flight);
    for (uint32_t i = 0; i < now->thread_count; i++) {
        const struct fan_thread_view *thread = &now->threads[i];
        seen = mix(mix(seen, thread->id), thread->epoch);
        seen = mix(mix(seen, thread->operations), thread->tasks_begun);
        seen = mix(mix(seen, thread->tasks_ended), thread->last_pc);
    }
    for (uint32_t i = 0; i < now->object_count; i++) {
        const struct fan_object_view *object = &now->objects[i];
        seen = mix(mix(seen, object->id), object->epoch);
        seen = mix(mix(seen, object->put), object->taken);
    }
    for (uint32_t i = 0; i < now->executor_count; i++) {
        const struct fan_executor_view *executor = &now->executors[i];
        seen = mix(mix(seen, executor->id), executor->ended_ns);
        seen = mix(mix(seen, executor->tally.submitted), executor->tally.done);
        seen = mix(mix(seen, executor->in_flight), executor->waiting);
    }
    seen = mix(mix(seen, run->verdict->outcome), run->verdict->final);
    return mix(mix(seen, run->verdict->finding_count), run->ended);
}

/* Whether the program's state is what the scheduler has left behind, for good. */
static bool is_over(const struct fan_run *run)
{
    return run->child.exploration &&
           __atomic_load_n(&run->child.exploration->shown, __ATOMIC_ACQUIRE);
}

/* Of the steps that are kept: one of those that come again and again. */
static void tell_latest_place(const struct fan_story *story, struct fan_stack *stack)
{
    uint32_t kept = story->count < FAN_STORY_STEPS ? story->count : FAN_STORY_STEPS;
    if (kept == 0 || story->steps[kept - 1].pc == 0)
        return;
    stack->depth = 1;
    stack->frames[0] = story->steps[kept - 1].pc;
}

/* What the scheduler has found and no look at the program's state can show. */
static void take_schedulers_word(struct fan_run *run)
{
    struct fan_verdict *verdict = run->verdict;
    fan_exploration_copy(run->exploration, run->child.exploration);
    const struct fan_failure *failure = &run->exploration->failures[0];
    if (run->exploration->failure_count > 0 && verdict->finding_count == 0) {
        struct fan_finding *finding = &verdict->findings[verdict->finding_count++];
        *finding = (struct fan_finding){.kind = failure->kind, .proof = FAN_PROOF_OBSERVED};
        snprintf(finding->summary, sizeof finding->summary, "%s", failure->message);
        if (failure->kind == FAN_FINDING_LIVELOCK)
            tell_latest_place(&run->exploration->story, &finding->stack);
        finding->since_ns = run->snapshot->taken_ns;
        verdict->outcome = FAN_OUTCOME_FINDINGS;
        verdict->final = true;
    }
}

/* Once, when nothing further can happen. */
static void judge_contract(struct fan_run *run)
{
    struct fan_breaches found;
    struct fan_evidence *evidence = malloc(sizeof *evidence);
    if (evidence && fan_reader_evidence(run->reader, evidence) == 0) {
        if (run->snapshot->panicked)
            fan_detect_cut_short(evidence, &found);
        else
            fan_detect(evidence, &found);
        fan_judge_breaches(run->judge, &found, run->snapshot, run->verdict);
        run->lines = fan_line_cost_of(evidence);
    }
    free(evidence);
}

static void judge(struct fan_run *run, bool over)
{
    bool was_final = run->verdict->final;
    fan_judge_look(run->judge, run->snapshot, run->verdict);
    if (run->verdict->final && !was_final)
        judge_contract(run);
    run->looks_since_over += over;
    if (run->looks_since_over > 2 && !run->verdict->final)
        take_schedulers_word(run);
}

static void look_and_judge(struct fan_run *run)
{
    bool over = is_over(run); /* asked before the look: then that sees the end */
    if (over && run->child.exploration->diverged) {
        snprintf(run->error, sizeof run->error, "the schedule does not fit this program");
        fan_run_end(run);
        return;
    }
    if (fan_reader_look(run->reader, run->snapshot) == 0) {
        judge(run, over);
        return;
    }
    snprintf(run->error, sizeof run->error,
             "the child has written over its own telemetry; it was ended");
    fan_run_end(run);
}

bool fan_run_look(struct fan_run *run)
{
    if (run->ended)
        return false;
    /* Asked first: whoever has ended by now has said by now all that he will. */
    bool ended = fan_child_ended(&run->child);
    listen_to(run);
    look_and_judge(run);
    if (ended && !run->ended) {
        run->ended = true;
        explain_end(run);
    }
    uint64_t seen = fingerprint(run);
    bool changed = seen != run->seen;
    run->seen = seen;
    return changed;
}

void fan_run_end(struct fan_run *run)
{
    if (run->exploration && run->child.exploration)
        fan_exploration_copy(run->exploration, run->child.exploration);
    fan_child_close(&run->child);
    run->ended = true;
}

void fan_run_free(struct fan_run *run)
{
    if (!run)
        return;
    fan_child_close(&run->child);
    fan_reader_close(run->reader);
    fan_judge_free(run->judge);
    fan_symbols_close(run->symbols);
    free(run->snapshot);
    free(run->verdict);
    free(run->exploration);
    free(run);
}
