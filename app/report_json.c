#include "app/report_json.h"

#include <inttypes.h>

#include "app/request.h"
#include "app/tell.h"

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* Nanoseconds between two readings of the clock, 0 if they come from a damaged segment. */
static double ms_between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? ms(to_ns - from_ns) : 0;
}

static void set(json_t *object, const char *member, json_t *value)
{
    json_object_set_new(object, member, value);
}

json_t *fan_report_string(const char *bytes)
{
    json_t *string = json_string(bytes);
    return string ? string : json_string("(not UTF-8)");
}

const char *fan_report_outcome(bool failed, bool found)
{
    if (failed)
        return "error";
    return found ? "findings" : "clean";
}

json_t *fan_report_envelope(const char *schema, const char *outcome)
{
    json_t *object = json_object();
    set(object, "schema", fan_report_string(schema));
    set(object, "version", fan_report_string(FAN_VERSION));
    set(object, "outcome", fan_report_string(outcome));
    return object;
}

void fan_report_print(FILE *out, json_t *object)
{
    json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    fputc('\n', out);
    json_decref(object);
}

json_t *fan_report_refusal(const char *schema, const char *reason, const char *message,
                           uint64_t seed)
{
    json_t *object = fan_report_envelope(schema, "error");
    set(object, "reason", fan_report_string(reason));
    set(object, "message", fan_report_string(message));
    set(object, "seed", json_integer((json_int_t)seed));
    return object;
}

const char *fan_report_reason(enum fan_attempt_end end)
{
    static const char *const reasons[] = {
        [FAN_ATTEMPT_VERDICT] = "",
        [FAN_ATTEMPT_SLOW] = "slow",
        [FAN_ATTEMPT_BROKEN] = "broken",
        [FAN_ATTEMPT_UNSTARTED] = "environment",
        [FAN_ATTEMPT_INTERRUPTED] = "interrupted",
    };
    return reasons[end];
}

void fan_report_again(const struct fan_attempt *attempt, char again[FAN_SUBJECT_COMMAND])
{
    char word[FAN_SUBJECT_WORD];
    fan_subject_word(attempt->scenario, word);
    snprintf(again, FAN_SUBJECT_COMMAND,
             "fanlab run %s --variant %s%s --seed %" PRIu64 " --workers %" PRIu64
             " --items %" PRIu64,
             word, attempt->variant->name, attempt->sim ? " --runtime sim" : "", attempt->seed,
             attempt->workers, attempt->items);
}

static json_t *frame(const struct fan_place *place)
{
    json_t *object = json_object();
    set(object, "function", fan_report_string(place->function));
    set(object, "file", *place->file ? fan_report_string(place->file) : json_null());
    set(object, "line", place->line ? json_integer(place->line) : json_null());
    set(object, "library", json_boolean(place->library));
    return object;
}

static json_t *frames(const struct fan_run *run, const struct fan_stack *stack)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < stack->depth; i++)
        json_array_append_new(array, frame(fan_symbols_find(run->symbols, run->snapshot->load_base,
                                                            stack->frames[i])));
    return array;
}

static void set_wait(json_t *object, const struct fan_run *run, const struct fan_culprit *culprit)
{
    set(object, "waits_for", fan_report_string(culprit->waits_for));
    set(object, "could_wake", fan_report_string(culprit->could_wake));
    set(object, "never", fan_report_string(culprit->never));
    set(object, "since_ms",
        json_real(ms_between(run->snapshot->started_ns, culprit->thread.since_ns)));
    set(object, "blocked_at", frames(run, &culprit->thread.stack));
}

/* The thread of a panic waits for nothing. */
static json_t *culprit(const struct fan_run *run, const struct fan_culprit *culprit)
{
    json_t *object = json_object();
    set(object, "name", fan_report_string(culprit->thread.label));
    if (*culprit->waits_for)
        set_wait(object, run, culprit);
    set(object, "created_at", frames(run, &culprit->thread.created));
    return object;
}

static void set_places(json_t *object, const struct fan_run *run, const struct fan_finding *finding)
{
    set(object, "message", fan_report_string(finding->summary));
    set(object, "at", frames(run, &finding->stack));
    if (!*finding->earlier_what)
        return;
    json_t *earlier = json_object();
    set(earlier, "what", fan_report_string(finding->earlier_what));
    set(earlier, "at", frames(run, &finding->earlier));
    set(object, "earlier", earlier);
}

static json_t *evidence(const struct fan_finding *finding)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < finding->figure_count; i++)
        set(object, finding->figures[i].name, json_integer((json_int_t)finding->figures[i].value));
    return object;
}

json_t *fan_report_finding(const struct fan_attempt *attempt, const struct fan_finding *finding)
{
    const struct fan_run *run = attempt->run;
    char again[FAN_SUBJECT_COMMAND];
    json_t *object = json_object(), *threads = json_array();
    set(object, "kind", fan_report_string(fan_finding_name(finding->kind)));
    set(object, "scenario", fan_report_string(attempt->scenario->id));
    set(object, "variant", fan_report_string(attempt->variant->name));
    set(object, "proof", fan_report_string(fan_proof_name(finding->proof)));
    set(object, "summary", fan_report_string(finding->summary));
    set(object, "since_ms", json_real(ms_between(run->snapshot->started_ns, finding->since_ns)));
    for (uint32_t i = 0; i < finding->culprit_count; i++)
        json_array_append_new(threads, culprit(run, &finding->culprits[i]));
    set(object, "threads", threads);
    if (finding->figure_count > 0)
        set(object, "evidence", evidence(finding));
    if (finding->stack.depth > 0)
        set_places(object, run, finding);
    fan_report_again(attempt, again);
    set(object, "again", fan_report_string(again));
    if (*attempt->replay)
        set(object, "replay", fan_report_string(attempt->replay));
    return object;
}

static void set_post(json_t *object, const struct fan_post_view *post)
{
    set(object, "executor", json_integer((json_int_t)post->executor));
    set(object, "at", fan_report_string(fan_post_name(post->at)));
    if (post->at == FAN_AT_TASKS)
        set(object, "task", json_integer((json_int_t)post->task));
}

static json_t *thread(const struct fan_snapshot *now, const struct fan_thread_view *view)
{
    json_t *object = json_object();
    char waiting[160];
    set(object, "id", json_integer((json_int_t)view->id));
    set(object, "name", fan_report_string(view->label));
    set(object, "state", fan_report_string(fan_state_name(view->state)));
    set(object, "since_ms", json_real(ms_between(now->started_ns, view->since_ns)));
    if (view->state == FAN_STATE_BLOCKED) {
        fan_tell_waiting(now, view, waiting);
        set(object, "on", fan_report_string(waiting));
    }
    set(object, "operations", json_integer((json_int_t)view->operations));
    set(object, "tasks", json_integer((json_int_t)view->tasks_ended));
    if (view->post.executor)
        set_post(object, &view->post);
    return object;
}

static json_t *object_shown(const struct fan_object_view *view)
{
    json_t *object = json_object();
    set(object, "id", json_integer((json_int_t)view->id));
    set(object, "kind", fan_report_string(fan_kind_name(view->kind)));
    set(object, "name", fan_report_string(view->name));
    set(object, "length", json_integer((json_int_t)view->length));
    set(object, "capacity", json_integer((json_int_t)view->capacity));
    set(object, "closed", json_boolean(view->closed));
    set(object, "put", json_integer((json_int_t)view->put));
    set(object, "taken", json_integer((json_int_t)view->taken));
    return object;
}

static json_t *latency(const struct fan_executor_view *view)
{
    json_t *object = json_object();
    set(object, "timed", json_integer((json_int_t)view->timed));
    set(object, "p50_us", json_real((double)view->p50_ns / 1e3));
    set(object, "p95_us", json_real((double)view->p95_ns / 1e3));
    set(object, "p99_us", json_real((double)view->p99_ns / 1e3));
    set(object, "max_us", json_real((double)view->most_ns / 1e3));
    return object;
}

static void set_tally(json_t *object, const struct fan_probe_tally *tally)
{
    set(object, "submitted", json_integer((json_int_t)tally->submitted));
    set(object, "done", json_integer((json_int_t)tally->done));
    set(object, "failed", json_integer((json_int_t)tally->failed));
    set(object, "cancelled", json_integer((json_int_t)tally->cancelled));
    set(object, "dropped", json_integer((json_int_t)tally->dropped));
    set(object, "stolen", json_integer((json_int_t)tally->stolen));
}

/* A rate is one of real time. */
static json_t *executor(const struct fan_snapshot *now, const struct fan_executor_view *view,
                        bool sim)
{
    json_t *object = json_object();
    set(object, "id", json_integer((json_int_t)view->id));
    set(object, "kind", fan_report_string(fan_executor_kind_name(view->kind)));
    set(object, "name", fan_report_string(view->name));
    set(object, "policy", fan_report_string(fan_policy_name(view->policy)));
    set(object, "ended", json_boolean(view->ended_ns != 0));
    set(object, "limit", json_integer((json_int_t)view->limit));
    set(object, "threads", json_integer((json_int_t)view->threads));
    set(object, "in_flight", json_integer((json_int_t)view->in_flight));
    set(object, "waiting", json_integer((json_int_t)view->waiting));
    set(object, "oldest_waiting_ms",
        json_real(view->waiting ? ms_between(view->oldest_ns, now->taken_ns) : 0));
    set_tally(object, &view->tally);
    set(object, "per_second", sim ? json_null() : json_real(view->per_second));
    set(object, "latency", latency(view));
    return object;
}

static json_t *observations(const struct fan_attempt *attempt)
{
    const struct fan_snapshot *now = attempt->run->snapshot;
    json_t *array = json_array();
    char line[200];
    for (uint32_t i = 0; i < now->thread_count; i++)
        if (fan_tell_blocked(now, &now->threads[i], line))
            json_array_append_new(array, fan_report_string(line));
    return array;
}

static void set_tables(json_t *object, const struct fan_snapshot *now, bool sim)
{
    json_t *threads = json_array(), *objects = json_array(), *executors = json_array();
    for (uint32_t i = 0; i < now->thread_count; i++)
        json_array_append_new(threads, thread(now, &now->threads[i]));
    for (uint32_t i = 0; i < now->object_count; i++)
        json_array_append_new(objects, object_shown(&now->objects[i]));
    for (uint32_t i = 0; i < now->executor_count; i++)
        json_array_append_new(executors, executor(now, &now->executors[i], sim));
    set(object, "results", json_integer((json_int_t)now->outputs));
    set(object, "threads", threads);
    set(object, "objects", objects);
    set(object, "executors", executors);
    set(object, "threads_left_out", json_integer((json_int_t)fan_snapshot_threads_left_out(now)));
    set(object, "objects_left_out", json_integer((json_int_t)fan_snapshot_objects_left_out(now)));
    set(object, "executors_left_out",
        json_integer((json_int_t)fan_snapshot_executors_left_out(now)));
}

static const char *outcome_of(const struct fan_attempt *attempt)
{
    bool failed = fan_attempt_failed(attempt);
    return fan_report_outcome(failed, !failed && attempt->run->verdict->finding_count > 0);
}

static void set_error(json_t *object, const struct fan_attempt *attempt)
{
    set(object, "reason", fan_report_string(fan_report_reason(attempt->end)));
    set(object, "message", fan_report_string(attempt->message));
}

/* A count by the model, or a time that may vary: whichever this run could take. */
static void set_line_cost(json_t *object, const struct fan_attempt *attempt)
{
    const struct fan_line_cost *cost = &attempt->run->lines;
    if (!cost->known)
        return;
    if (attempt->sim)
        set(object, "lines_lost_per_item",
            json_real((double)cost->lines_lost / (double)cost->items));
    else
        set(object, "real_ns_per_item", json_integer((json_int_t)(cost->ns / cost->items)));
}

static json_t *attempt_made(const struct fan_attempt *attempt)
{
    json_t *object = json_object();
    set(object, "scenario", fan_report_string(attempt->scenario->id));
    set(object, "variant", fan_report_string(attempt->variant->name));
    set(object, "outcome", fan_report_string(outcome_of(attempt)));
    if (attempt->end != FAN_ATTEMPT_VERDICT)
        set_error(object, attempt);
    if (!attempt->run)
        return object;
    const struct fan_verdict *verdict = attempt->run->verdict;
    set(object, "elapsed_ms", json_real(ms(attempt->elapsed_ns)));
    if (verdict->finding_count > 0)
        set(object, "detected_after_ms",
            json_real(ms_between(verdict->last_progress_ns, verdict->reached_ns)));
    if (attempt->end == FAN_ATTEMPT_SLOW)
        set(object, "observations", observations(attempt));
    set_line_cost(object, attempt);
    set_tables(object, attempt->run->snapshot, attempt->sim);
    return object;
}

/* `count` if none has. */
static size_t first_failed(const struct fan_attempt *attempts, size_t count)
{
    size_t i = 0;
    while (i < count && !fan_attempt_failed(&attempts[i]))
        i++;
    return i;
}

static json_t *all_findings(const struct fan_attempt *attempts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; attempts[i].run && j < attempts[i].run->verdict->finding_count; j++)
            json_array_append_new(
                array, fan_report_finding(&attempts[i], &attempts[i].run->verdict->findings[j]));
    return array;
}

json_t *fan_report_scenario(const struct fan_scenario *scenario)
{
    json_t *object = json_object();
    set(object, "id", fan_report_string(scenario->id));
    set(object, "name", fan_report_string(scenario->name));
    set(object, "title", fan_report_string(scenario->title));
    set(object, "file", fan_report_string(scenario->file));
    return object;
}

static void set_request(json_t *object, const struct fan_attempt *attempt)
{
    set(object, "scenario", fan_report_scenario(attempt->scenario));
    set(object, "runtime", fan_report_string(attempt->sim ? "sim" : "real"));
    if (attempt->sim)
        set(object, "grain", json_string(fan_request_grain(attempt->fine)));
    set(object, "seed", json_integer((json_int_t)attempt->seed));
    set(object, "workers", json_integer((json_int_t)attempt->workers));
    set(object, "items", json_integer((json_int_t)attempt->items));
}

json_t *fan_report_run(const struct fan_attempt *attempts, size_t count)
{
    size_t failed = first_failed(attempts, count);
    json_t *findings = all_findings(attempts, count), *runs = json_array();
    json_t *object = fan_report_envelope(
        "fanlab.run/1", fan_report_outcome(failed<count, json_array_size(findings)> 0));
    if (failed < count)
        set_error(object, &attempts[failed]);
    set_request(object, &attempts[0]);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(runs, attempt_made(&attempts[i]));
    set(object, "runs", runs);
    set(object, "findings", findings);
    return object;
}
