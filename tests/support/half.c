#include "tests/support/half.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ull
#define START  (100 * SECOND)

static const char source[] =
    "line 1();\nline 2();\nline 3();\nline 4();\nline 5();\nline 6();\nline 7();\nline 8();\n"
    "line 9();\nline 10();\nline 11();\nline 12();\nline 13();\nline 14();\nline 15();\n"
    "line 16();\nline 17();\nline 18();\nline 19();\nline 20();\nline 21();\nline 22();\n"
    "line 23();\nline 24();\nline 25();\nline 26();\nline 27();\nline 28();\nline 29();\n"
    "line 30();\nline 31();\nline 32();\nline 33();\nline 34();\nline 35();\nline 36();\n"
    "line 37();\nline 38();\nline 39();\nline 40();\n";

const struct fan_scenario half_scenario = {
    .id = "99",
    .name = "made_up",
    .title = "made up",
    .symptom = "the report never comes",
    .file = "bugs/99_made_up.c",
    .source = source,
    .workers = 4,
    .items = 20,
    .variant_count = 2,
    .variants = {{.name = "buggy"}, {.name = "fixed"}},
};

/* ---- places ---- */

enum { LINES = 64 };

struct places {
    struct fan_place lines[LINES];
    struct fan_place library;
};

static const struct fan_place *find_place(void *user, uint64_t load_base, uintptr_t address)
{
    struct places *places = user;
    (void)load_base;
    return address < LINES ? &places->lines[address] : &places->library;
}

static struct places *all_places(void)
{
    static struct places places = {.library = {"fan_chan_recv", "core/sync/chan.c", 77, true}};
    for (int line = 1; line < LINES && places.lines[1].line == 0; line++) {
        struct fan_place *place = &places.lines[LINES - line];
        snprintf(place->function, sizeof place->function, "%s",
                 LINES - line < 10 ? "main" : "collect");
        snprintf(place->file, sizeof place->file, "bugs/99_made_up.c");
        place->line = LINES - line;
    }
    return &places;
}

/* ---- a run ---- */

static struct fan_stack stack_at(int line)
{
    return (struct fan_stack){.depth = 3,
                              .frames = {HALF_LIBRARY_PC, (uintptr_t)line, (uintptr_t)5}};
}

static struct fan_thread_view *add_thread(struct fan_snapshot *snapshot, const char *name,
                                          const char *label)
{
    struct fan_thread_view *thread = &snapshot->threads[snapshot->thread_count++];
    thread->id = snapshot->thread_count;
    thread->creator = thread->id > 1;
    thread->state = FAN_STATE_RUNNING;
    thread->since_ns = thread->created_ns = START;
    thread->last_pc = 14;
    if (thread->creator)
        thread->created = stack_at(7);
    snprintf(thread->name, sizeof thread->name, "%s", name);
    snprintf(thread->label, sizeof thread->label, "%s", label);
    return thread;
}

static void add_object(struct fan_snapshot *snapshot, enum fan_probe_kind kind, const char *name,
                       uint64_t capacity)
{
    struct fan_object_view *object = &snapshot->objects[snapshot->object_count++];
    object->id = snapshot->object_count;
    object->kind = kind;
    object->capacity = capacity;
    snprintf(object->name, sizeof object->name, "%s", name);
}

static void fill(struct fan_snapshot *snapshot, int workers)
{
    snapshot->taken_ns = START + SECOND / 2;
    snapshot->started_ns = START;
    snapshot->phase = FAN_PHASE_RUNNING;
    snapshot->inputs = 20;
    snapshot->limit = 4;
    add_thread(snapshot, "main", "main");
    for (int i = 1; i <= workers; i++) {
        char label[32];
        snprintf(label, sizeof label, "worker %d", i);
        add_thread(snapshot, "worker", label);
    }
    add_thread(snapshot, "closer", "closer");
    add_object(snapshot, FAN_KIND_CHANNEL, "in", 8);
    add_object(snapshot, FAN_KIND_CHANNEL, "out", 4);
    add_object(snapshot, FAN_KIND_WAIT_GROUP, "workers", 0);
    snapshot->objects[2].put = (uint64_t)workers;
}

struct half_run *half_new(const char *variant, int workers)
{
    struct half_run *run = calloc(1, sizeof *run);
    if (!run)
        abort();
    fill(&run->snapshot, workers);
    run->half = (struct fan_half){.variant = variant,
                                  .snapshot = &run->snapshot,
                                  .verdict = &run->verdict,
                                  .live = true,
                                  .place = find_place,
                                  .places = all_places()};
    return run;
}

void half_block(struct half_run *run, int index, enum fan_probe_op op, int object, int line)
{
    struct fan_thread_view *thread = &run->snapshot.threads[index];
    thread->state = FAN_STATE_BLOCKED;
    thread->op = op;
    thread->since_ns = run->snapshot.taken_ns - 310000000;
    thread->stack = stack_at(line);
    thread->wait_count = 1;
    thread->waits[0] = (struct fan_wait_view){
        .op = op, .kind = run->snapshot.objects[object].kind, .index = object};
    run->snapshot.objects[object].waiting_take++;
}

static void end_all(struct half_run *run)
{
    for (uint32_t i = 0; i < run->snapshot.thread_count; i++) {
        struct fan_thread_view *thread = &run->snapshot.threads[i];
        bool works = strcmp(thread->name, "worker") == 0;
        thread->state = FAN_STATE_DONE;
        thread->tasks_begun = thread->tasks_ended = works ? 5 : 0;
    }
    run->half.live = false;
    run->snapshot.outputs = 20;
    run->snapshot.phase = FAN_PHASE_ENDED;
    run->verdict.final = true;
    run->snapshot.objects[0].closed = true;
}

void half_make_clean(struct half_run *run)
{
    end_all(run);
    run->snapshot.objects[1].closed = true;
    run->verdict.outcome = FAN_OUTCOME_CLEAN;
}

void half_make_stuck(struct half_run *run)
{
    end_all(run);
    half_block(run, 0, FAN_OP_RECV, 1, 12);
    run->snapshot.phase = FAN_PHASE_RUNNING;
    run->verdict.outcome = FAN_OUTCOME_FINDINGS;
    run->verdict.finding_count = 1;
    struct fan_finding *finding = &run->verdict.findings[0];
    *finding = (struct fan_finding){.kind = FAN_FINDING_DEADLOCK,
                                    .proof = FAN_PROOF_QUIESCENCE,
                                    .summary = "main waits on out",
                                    .since_ns = run->snapshot.threads[0].since_ns,
                                    .culprit_count = 1};
    finding->culprits[0] = (struct fan_culprit){.thread = run->snapshot.threads[0],
                                                .waits_for = "recv on channel out",
                                                .could_wake = "a send on out, or its close",
                                                .never = "worker 1 to worker 4 have ended"};
}

void half_make_panic(struct half_run *run)
{
    uint32_t closer = run->snapshot.thread_count - 1;
    struct fan_stack at = stack_at(21), earlier = stack_at(20);
    run->half.live = false;
    run->snapshot.panicked = true;
    run->snapshot.panic_thread = run->snapshot.threads[closer].id;
    run->snapshot.panic = (struct fan_panic){.stack = at, .earlier = earlier};
    snprintf(run->snapshot.panic.message, sizeof run->snapshot.panic.message,
             "close of closed channel out");
    snprintf(run->snapshot.panic_earlier_what, sizeof run->snapshot.panic_earlier_what,
             "first closed");
    run->verdict = (struct fan_verdict){.outcome = FAN_OUTCOME_FINDINGS,
                                        .final = true,
                                        .finding_count = 1,
                                        .findings[0] = {.kind = FAN_FINDING_PANIC,
                                                        .summary = "close of closed channel out",
                                                        .stack = at,
                                                        .earlier = earlier,
                                                        .earlier_what = "first closed"}};
}
