#include <math.h>

#include "app/experiments.h"

static double figure(const json_t *figures, const char *part, const char *name)
{
    return fan_experiment_figure(figures, part, name);
}

static void judge(const json_t *figures, json_t *goals)
{
    double capacity = figure(figures, "capacity", NULL);
    double off = figure(figures, "adaptive", "limit") / capacity - 1;
    double p99_ms = figure(figures, "adaptive", "p99_ms");
    double static_p99_ms = figure(figures, "static", "p99_ms");
    fan_experiment_goal(goals, fabs(off) <= 0.1, "the limit found is within 10 % of the capacity",
                        "%+.1f %%", 100 * off);
    fan_experiment_goal(goals, p99_ms < static_p99_ms, "p99 is below that of the static limit",
                        "%.1f ms, not %.1f ms", p99_ms, static_p99_ms);
}

static void print_side(const json_t *figures, const char *part, const char *title, FILE *out)
{
    fprintf(out, "  %-18s%8.1f%9.1f ms%9.1f ms%9.1f ms%10.0f /s\n", title,
            figure(figures, part, "limit"), figure(figures, part, "p50_ms"),
            figure(figures, part, "p99_ms"), figure(figures, part, "p99_9_ms"),
            figure(figures, part, "per_s"));
}

static void print(const json_t *figures, FILE *out)
{
    fprintf(out, "%.0f requests to a service that answers %.0f at once, and queues the rest:\n\n",
            figure(figures, "requests", NULL), figure(figures, "capacity", NULL));
    fprintf(out, "  %-18s%8s%12s%12s%12s%13s\n", "", "limit", "p50", "p99", "p99.9", "throughput");
    print_side(figures, "adaptive", "adaptive", out);
    print_side(figures, "static", "static, 4 x", out);
    fan_experiment_explain_percentiles(out);
    fprintf(out,
            "The adaptive limit is its mean over time once half of the requests have ended.\n");
}

const struct fan_experiment_kind fan_experiment_kind_aimd = {
    .name = "aimd",
    .summary = "an adaptive limit finds what a service bears",
    .judge = judge,
    .print = print,
};
