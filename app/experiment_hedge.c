#include "app/experiments.h"

static double figure(const json_t *figures, const char *part, const char *name)
{
    return fan_experiment_figure(figures, part, name);
}

static double extra_percent(const json_t *figures, const char *what)
{
    return 100 * (figure(figures, "hedged", what) / figure(figures, "plain", what) - 1);
}

static void judge(const json_t *figures, json_t *goals)
{
    double plain_ms = figure(figures, "plain", "p99_9_ms");
    double hedged_ms = figure(figures, "hedged", "p99_9_ms");
    double attempts = extra_percent(figures, "attempts"), busy = extra_percent(figures, "busy_ms");
    fan_experiment_goal(goals, hedged_ms * 2 <= plain_ms, "p99.9 is cut at least by half",
                        "%.1f ms, not %.1f ms", hedged_ms, plain_ms);
    fan_experiment_goal(goals, attempts <= 6 && busy <= 6, "it costs at most 6 % more work",
                        "%+.2f %% requests, %+.1f %% time at the service", attempts, busy);
}

static void print_side(const json_t *figures, const char *part, const char *title, FILE *out)
{
    fprintf(out, "  %-12s%10.0f%9.1f ms%9.1f ms%9.1f ms%13.0f ms\n", title,
            figure(figures, part, "attempts"), figure(figures, part, "p50_ms"),
            figure(figures, part, "p99_ms"), figure(figures, part, "p99_9_ms"),
            figure(figures, part, "busy_ms"));
}

static void print(const json_t *figures, FILE *out)
{
    fprintf(out, "%.0f requests of about 5 ms; one in 80 takes 200 ms, one in 1000 takes 2 s:\n\n",
            figure(figures, "requests", NULL));
    fprintf(out, "  %-12s%10s%12s%12s%12s%16s\n", "", "sent", "p50", "p99", "p99.9",
            "time at service");
    print_side(figures, "plain", "plain", out);
    print_side(figures, "hedged", "hedged", out);
    fan_experiment_explain_percentiles(out);
    fprintf(out,
            "%.0f were sent again, after their p95 (%.1f ms in the end); for %.0f there was\n"
            "no token left.\n",
            figure(figures, "hedged", "hedges"), figure(figures, "hedged", "delay_ms"),
            figure(figures, "hedged", "refused"));
}

const struct fan_experiment_kind fan_experiment_kind_hedge = {
    .name = "hedge",
    .summary = "a second copy of what is slow cuts the tail off",
    .judge = judge,
    .print = print,
};
