#include "app/screen/detail.h"

#include "app/screen/verdict_line.h"
#include "app/screen/wrap.h"
#include "app/tell.h"

#include <stdio.h>

/* Writes line after line, of which the pane shows a window. */
struct writer {
    const struct fan_pane *pane;
    const struct fan_half *half;
    int first, line;
    uint64_t sought; /* a thread's id, whose first line is noted */
    int found;
};

static void write_text(struct writer *writer, int indent, enum fan_style style, const char *text)
{
    int row = writer->line++ - writer->first;
    if (row >= 0)
        fan_grid_put_within(writer->pane, row, indent, writer->pane->cols - indent - 1, style,
                            text);
}

/* A fact may be longer than a row: it goes on below, under its own beginning. */
static void write_fact(struct writer *writer, const char *what, const char *text)
{
    enum { WHAT = 3, FACT = 16 };
    while (text && *text) {
        char part[FAN_WRAP_LINE];
        int row = writer->line - writer->first;
        text = fan_wrap_take(text, writer->pane->cols - FACT - 1, part);
        if (row >= 0)
            fan_grid_put(writer->pane, row, WHAT, FAN_STYLE_DIM, what);
        write_text(writer, FACT, FAN_STYLE_NORMAL, part);
        what = "";
    }
}

static void write_stack(struct writer *writer, const char *what, const struct fan_stack *stack)
{
    if (stack->depth == 0)
        return;
    write_text(writer, 3, FAN_STYLE_DIM, what);
    for (uint32_t i = 0; i < stack->depth; i++) {
        char text[256];
        const struct fan_place *place = fan_half_frame(writer->half, stack, i);
        fan_half_describe(place, text, sizeof text);
        write_text(writer, 6, fan_half_is_own(place) ? FAN_STYLE_NORMAL : FAN_STYLE_DIM, text);
    }
}

static void write_creation(struct writer *writer, const struct fan_thread_view *thread)
{
    if (!thread->creator)
        write_fact(writer, "created at", "(main thread)");
    else
        write_stack(writer, "created at", &thread->created);
}

static void note_thread(struct writer *writer, const struct fan_thread_view *thread)
{
    if (thread->id == writer->sought && writer->found == 0)
        writer->found = writer->line;
}

static void write_culprit(struct writer *writer, const struct fan_culprit *culprit)
{
    note_thread(writer, &culprit->thread);
    write_text(writer, 1, FAN_STYLE_BLOCKED, culprit->thread.label);
    write_fact(writer, "waits for", culprit->waits_for);
    write_fact(writer, "could wake", culprit->could_wake);
    write_fact(writer, "but never", culprit->never);
    write_stack(writer, "blocked at", &culprit->thread.stack);
    write_creation(writer, &culprit->thread);
    write_text(writer, 0, FAN_STYLE_NORMAL, "");
}

static void write_age(struct writer *writer, const struct fan_finding *finding)
{
    char age[32];
    uint64_t now = writer->half->snapshot->taken_ns;
    if (finding->since_ns == 0 || finding->since_ns > now)
        return;
    fan_half_duration(now - finding->since_ns, age, sizeof age);
    write_fact(writer, "for", age);
}

static const char *explain_proof(enum fan_proof proof)
{
    switch (proof) {
    case FAN_PROOF_QUIESCENCE:
        return "quiescence: two looks in a row saw every thread blocked and nothing changed, no "
               "timer is armed, and nothing that a thread waits for is there";
    case FAN_PROOF_CYCLE:
        return "cycle: each of these threads waits for the next one, and the last for the first";
    case FAN_PROOF_CONTRACT:
        return "contract: it happened, and what was promised says otherwise";
    default:
        return "observed: it happened";
    }
}

static void write_figures(struct writer *writer, const struct fan_finding *finding)
{
    char words[FAN_FINDING_FIGURES * 64] = "";
    for (uint32_t i = 0; i < finding->figure_count; i++)
        fan_tell_figure(&finding->figures[i], words, sizeof words);
    write_fact(writer, "evidence", words);
}

static void write_finding(struct writer *writer, const struct fan_finding *finding)
{
    char title[224];
    fan_verdict_line_describe(finding, title, sizeof title);
    write_text(writer, 1, FAN_STYLE_VERDICT_BAD, title);
    write_figures(writer, finding);
    write_fact(writer, "proof", explain_proof(finding->proof));
    write_age(writer, finding);
    write_stack(writer, "at", &finding->stack);
    if (finding->earlier_what[0])
        write_stack(writer, finding->earlier_what, &finding->earlier);
    write_text(writer, 0, FAN_STYLE_NORMAL, "");
    for (uint32_t i = 0; i < finding->culprit_count; i++)
        write_culprit(writer, &finding->culprits[i]);
}

static void write_thread(struct writer *writer, const struct fan_thread_view *thread)
{
    struct fan_half_state state = fan_half_state(writer->half, thread);
    char text[192], waits[128];
    fan_half_waits_for(writer->half, thread, waits, sizeof waits);
    snprintf(text, sizeof text, "%s  %s  %s", thread->label, state.word, waits);
    note_thread(writer, thread);
    write_text(writer, 1, state.style, text);
    write_stack(writer, thread->state == FAN_STATE_BLOCKED ? "blocked at" : "last blocked at",
                &thread->stack);
    write_creation(writer, thread);
    write_text(writer, 0, FAN_STYLE_NORMAL, "");
}

static void write_all(struct writer *writer)
{
    const struct fan_half *half = writer->half;
    if (half->error && half->error[0])
        write_fact(writer, "error", half->error);
    for (uint32_t i = 0; half->verdict && i < half->verdict->finding_count; i++)
        write_finding(writer, &half->verdict->findings[i]);
    write_text(writer, 1, FAN_STYLE_TITLE, "All threads");
    for (int i = 0; i < fan_half_threads(half); i++) {
        const struct fan_thread_view *thread = fan_half_thread(half, i);
        if (!fan_half_culprit(half, thread, NULL))
            write_thread(writer, thread);
    }
}

int fan_detail_draw(const struct fan_pane *pane, const struct fan_half *half, int first)
{
    struct writer writer = {.pane = pane, .half = half, .first = first};
    write_all(&writer);
    return writer.line;
}

int fan_detail_line_of(const struct fan_pane *pane, const struct fan_half *half,
                       const struct fan_thread_view *thread)
{
    struct fan_pane unseen = fan_grid_part(pane, 0, 0, 0, pane->cols);
    struct writer writer = {.pane = &unseen, .half = half, .sought = thread->id};
    write_all(&writer);
    return writer.found;
}
