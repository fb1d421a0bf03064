#include "app/screen/verdict_line.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void fan_verdict_line_describe(const struct fan_finding *finding, char *text, size_t size)
{
    snprintf(text, size, "%s  %s", fan_finding_name(finding->kind), finding->summary);
    for (char *c = text; *c && *c != ' '; c++)
        *c = (char)toupper((unsigned char)*c);
}

struct line {
    enum fan_glyph glyph;
    enum fan_style style;
    char text[224];
};

static void tell_findings(const struct fan_verdict *verdict, struct line *line)
{
    const struct fan_finding *first = &verdict->findings[0];
    bool panicked = first->kind == FAN_FINDING_PANIC || first->kind == FAN_FINDING_MISUSE;
    char what[200];
    line->glyph = panicked ? FAN_GLYPH_PANICKED : FAN_GLYPH_LEAKED;
    line->style = FAN_STYLE_VERDICT_BAD;
    fan_verdict_line_describe(first, what, sizeof what);
    if (verdict->finding_count > 1)
        snprintf(line->text, sizeof line->text, "%s (+%u)", what, verdict->finding_count - 1);
    else
        snprintf(line->text, sizeof line->text, "%s", what);
}

static void tell_clean(const struct fan_half *half, struct line *line)
{
    line->glyph = FAN_GLYPH_DONE;
    line->style = FAN_STYLE_VERDICT_GOOD;
    snprintf(line->text, sizeof line->text, "clean: %d threads ended, %llu results",
             fan_half_threads(half), (unsigned long long)half->snapshot->outputs);
}

/* Those that the lanes show as blocked: a task that sleeps counts as work. */
static int count_blocked(const struct fan_half *half)
{
    int count = 0;
    for (int i = 0; i < fan_half_threads(half); i++)
        count += fan_half_state(half, fan_half_thread(half, i)).glyph == FAN_GLYPH_BLOCKED;
    return count;
}

static void tell_progress(const struct fan_half *half, struct line *line)
{
    line->glyph = FAN_GLYPH_RUNNING;
    line->style = FAN_STYLE_RUNNING;
    if (half->snapshot->phase == FAN_PHASE_STARTING)
        snprintf(line->text, sizeof line->text, "starting");
    else
        snprintf(line->text, sizeof line->text, "running: %d of %d threads blocked",
                 count_blocked(half), fan_half_threads(half));
}

static void tell_error(const char *error, struct line *line)
{
    line->glyph = FAN_GLYPH_PANICKED;
    line->style = FAN_STYLE_ERROR;
    snprintf(line->text, sizeof line->text, "%s", error);
}

static void choose_line(const struct fan_half *half, struct line *line)
{
    bool judged = half->snapshot && half->verdict;
    if (judged && half->verdict->outcome == FAN_OUTCOME_FINDINGS && half->verdict->finding_count)
        tell_findings(half->verdict, line);
    else if (half->error && half->error[0])
        tell_error(half->error, line);
    else if (!judged)
        *line = (struct line){FAN_GLYPH_RUNNABLE, FAN_STYLE_DIM, "not started"};
    else if (half->verdict->outcome == FAN_OUTCOME_CLEAN)
        tell_clean(half, line);
    else
        tell_progress(half, line);
}

void fan_verdict_line_draw(const struct fan_pane *pane, int row, const struct fan_half *half)
{
    struct line line;
    choose_line(half, &line);
    fan_grid_put_glyph(pane, row, 1, line.style, line.glyph);
    fan_grid_put(pane, row, 2, line.style, " ");
    fan_grid_put_within(pane, row, 3, pane->cols - 4, line.style, line.text);
}
