#include "app/report_text.h"

#include <inttypes.h>
#include <string.h>

#include "app/report_json.h"
#include "app/subject.h"
#include "app/tell.h"

enum {
    INDENT = 18,   /* where values stand */
    EXECUTORS = 8, /* more are a list that nobody reads */
};

static void field(FILE *out, const char *label, const char *words)
{
    if (!*words)
        return;
    fprintf(out, "    %-*s", INDENT - 4, label);
    fan_tell_wrapped(out, INDENT, INDENT, words);
}

static void print_place(FILE *out, const char *label, const struct fan_place *place)
{
    char words[256];
    if (*place->file)
        snprintf(words, sizeof words, "%s  %s:%d", place->function, place->file, place->line);
    else
        snprintf(words, sizeof words, "%s", place->function);
    field(out, label, words);
}

static void print_left_out(FILE *out, const char *label, unsigned count)
{
    char words[48];
    if (count == 0)
        return;
    snprintf(words, sizeof words, "(and %u of the library and the system)", count);
    field(out, label, words);
}

static void print_stack(FILE *out, const char *label, const struct fan_run *run,
                        const struct fan_stack *stack)
{
    unsigned left_out = 0;
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct fan_place *place =
            fan_symbols_find(run->symbols, run->snapshot->load_base, stack->frames[i]);
        if (place->library || !*place->file) {
            left_out++;
            continue;
        }
        print_place(out, label, place);
        label = "";
    }
    print_left_out(out, label, left_out);
}

static bool same_stack(const struct fan_stack *a, const struct fan_stack *b)
{
    return a->depth == b->depth &&
           memcmp(a->frames, b->frames, a->depth * sizeof a->frames[0]) == 0;
}

static bool alike(const struct fan_culprit *a, const struct fan_culprit *b)
{
    return strcmp(a->waits_for, b->waits_for) == 0 && strcmp(a->never, b->never) == 0 &&
           strcmp(a->could_wake, b->could_wake) == 0 &&
           same_stack(&a->thread.stack, &b->thread.stack) &&
           same_stack(&a->thread.created, &b->thread.created);
}

static bool told_before(const struct fan_finding *finding, uint32_t which)
{
    for (uint32_t i = 0; i < which; i++)
        if (alike(&finding->culprits[i], &finding->culprits[which]))
            return true;
    return false;
}

/* The names of all that are in the same place as the first of them. */
static void print_names(FILE *out, const struct fan_finding *finding, uint32_t first)
{
    char names[FAN_FINDING_THREADS * (FAN_PROBE_NAME + 10)];
    int used = snprintf(names, sizeof names, "%s", finding->culprits[first].thread.label);
    for (uint32_t i = first + 1; i < finding->culprit_count; i++)
        if (alike(&finding->culprits[first], &finding->culprits[i]))
            used += snprintf(names + used, sizeof names - (size_t)used, ", %s",
                             finding->culprits[i].thread.label);
    field(out, "thread", names);
}

static void print_culprit(FILE *out, const struct fan_run *run, const struct fan_culprit *culprit)
{
    field(out, "waits for", culprit->waits_for);
    if (*culprit->waits_for)
        print_stack(out, "blocked at", run, &culprit->thread.stack);
    if (culprit->thread.creator == 0)
        field(out, "created at", "(main thread)");
    else
        print_stack(out, "created at", run, &culprit->thread.created);
    field(out, "could wake it", culprit->could_wake);
    field(out, "why never", culprit->never);
}

/* How long it took means nothing under the scheduler, where time is virtual. */
static void print_headline(FILE *out, const struct fan_attempt *attempt,
                           const struct fan_finding *finding)
{
    char kind[24] = "", duration[24], words[sizeof finding->summary + 32];
    const char *name = fan_finding_name(finding->kind);
    for (size_t i = 0; i < sizeof kind - 1 && name[i]; i++)
        kind[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
    uint64_t started_ns = attempt->run->snapshot->started_ns;
    fan_tell_duration(finding->since_ns > started_ns ? finding->since_ns - started_ns : 0,
                      duration);
    snprintf(words, sizeof words, "%s%s%s", finding->summary, attempt->sim ? "" : ", after ",
             attempt->sim ? "" : duration);
    int used = fprintf(out, "%-6s ! %s  ", attempt->variant->name, kind);
    fan_tell_wrapped(out, used, INDENT, words);
}

static const char *proof_in_words(const struct fan_finding *finding)
{
    if (finding->kind == FAN_FINDING_RACE)
        return "order: nothing that the program does puts one before the other; right results "
               "would prove nothing";
    switch (finding->proof) {
    case FAN_PROOF_OBSERVED:
        return "observed: it happened";
    case FAN_PROOF_QUIESCENCE:
        return "quiescence: seen twice with nothing in between, no thread can run";
    case FAN_PROOF_CYCLE:
        return "cycle: each waits for the next";
    case FAN_PROOF_CONTRACT:
        return "contract: it happened, and what was promised says otherwise";
    }
    return fan_proof_name(finding->proof);
}

/* "outputs 20, misplaced 13". */
static void print_figures(FILE *out, const struct fan_finding *finding)
{
    char words[FAN_FINDING_FIGURES * 64] = "";
    for (uint32_t i = 0; i < finding->figure_count; i++)
        fan_tell_figure(&finding->figures[i], words, sizeof words);
    field(out, "evidence", words);
}

static void print_finding(FILE *out, const struct fan_attempt *attempt,
                          const struct fan_finding *finding)
{
    char again[FAN_SUBJECT_COMMAND];
    print_headline(out, attempt, finding);
    for (uint32_t i = 0; i < finding->culprit_count; i++) {
        if (told_before(finding, i))
            continue;
        print_names(out, finding, i);
        print_culprit(out, attempt->run, &finding->culprits[i]);
    }
    if (finding->stack.depth > 0)
        print_stack(out, "happened at", attempt->run, &finding->stack);
    if (*finding->earlier_what)
        print_stack(out, finding->earlier_what, attempt->run, &finding->earlier);
    print_figures(out, finding);
    field(out, "proof", proof_in_words(finding));
    if (*attempt->replay) {
        fan_subject_replay(attempt->scenario, attempt->replay, again);
        fprintf(out, "    %-*s%s\n", INDENT - 4, "run it again", again);
        return;
    }
    fan_report_again(attempt, again);
    field(out, "run it again", again);
}

/* What the lines above do not tell of. */
static void print_left_out_of(FILE *out, const struct fan_snapshot *now)
{
    uint64_t threads = fan_snapshot_threads_left_out(now);
    uint64_t objects = fan_snapshot_objects_left_out(now);
    char words[80];
    snprintf(words, sizeof words, "%" PRIu64 " threads, %" PRIu64 " objects", threads, objects);
    if (threads + objects > 0)
        field(out, "not seen", words);
}

/* They are counted by their ids; the latest is always there. */
static void print_executors_left_out(FILE *out, const struct fan_snapshot *now, uint64_t shown)
{
    char words[48];
    uint64_t all = now->unseen_executors;
    if (now->executor_count > 0)
        all += now->executors[now->executor_count - 1].id;
    if (all <= shown)
        return;
    snprintf(words, sizeof words, "(and %" PRIu64 " more)", all - shown);
    field(out, shown ? "" : "executors", words);
}

/* Those that go on, and of those that have ended as many as there is room for. */
static void print_executors(FILE *out, const struct fan_snapshot *now)
{
    char words[200];
    uint32_t shown = 0;
    for (uint32_t i = 0; i < now->executor_count; i++) {
        const struct fan_executor_view *executor = &now->executors[i];
        if (executor->ended_ns && shown >= EXECUTORS)
            continue;
        fan_tell_executor(now, executor, words);
        field(out, fan_executor_kind_name(executor->kind), words);
        fan_tell_tasks(executor, words);
        field(out, "", words);
        shown++;
    }
    print_executors_left_out(out, now, shown);
}

static void print_failure(FILE *out, const struct fan_attempt *attempt)
{
    char line[200];
    fprintf(out, "%-6s ? %s\n", attempt->variant->name, attempt->message);
    if (attempt->end != FAN_ATTEMPT_SLOW)
        return;
    const struct fan_snapshot *now = attempt->run->snapshot;
    for (uint32_t i = 0; i < now->thread_count; i++)
        if (fan_tell_blocked(now, &now->threads[i], line))
            field(out, "seen", line);
    print_executors(out, now);
    print_left_out_of(out, now);
}

/* Under the scheduler time is not real, and with real threads nobody counts lines. */
static void print_line_cost(FILE *out, const struct fan_attempt *attempt)
{
    const struct fan_line_cost *cost = &attempt->run->lines;
    if (!cost->known)
        return;
    if (attempt->sim)
        fprintf(out, "    cache lines   %.2f an item lost to others' bytes, by the model\n",
                (double)cost->lines_lost / (double)cost->items);
    else
        fprintf(out, "    real time     %" PRIu64 " ns an item; may vary\n",
                cost->ns / cost->items);
}

void fan_report_text_attempt(FILE *out, const struct fan_attempt *attempt)
{
    char duration[24];
    if (fan_attempt_failed(attempt)) {
        print_failure(out, attempt);
        return;
    }
    const struct fan_verdict *verdict = attempt->run->verdict;
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        print_finding(out, attempt, &verdict->findings[i]);
    if (verdict->finding_count == 0) {
        fan_tell_duration(attempt->elapsed_ns, duration);
        fprintf(out, "%-6s = clean  ", attempt->variant->name);
        if (attempt->run->snapshot->outputs > 0)
            fprintf(out, "%" PRIu64 " results, ", attempt->run->snapshot->outputs);
        fprintf(out, "every thread has ended, %s\n", duration);
    }
    print_executors(out, attempt->run->snapshot);
    print_line_cost(out, attempt);
}

void fan_report_text_head(FILE *out, const struct fan_attempt *attempt)
{
    fprintf(out, "%s %s   seed %" PRIu64 "   workers %" PRIu64 "   items %" PRIu64 "\n",
            attempt->scenario->id, attempt->scenario->title, attempt->seed, attempt->workers,
            attempt->items);
}

void fan_report_text(FILE *out, const struct fan_attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || attempts[i].scenario != attempts[i - 1].scenario)
            fan_report_text_head(out, &attempts[i]);
        fputc('\n', out);
        fan_report_text_attempt(out, &attempts[i]);
        if (i + 1 < count && attempts[i].scenario != attempts[i + 1].scenario)
            fputc('\n', out);
    }
}
