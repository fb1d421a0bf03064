#include <math.h>

#include "app/experiments.h"

enum { BAR = 44 };

static double number(const json_t *point, const char *name)
{
    return fan_experiment_figure(point, name, NULL);
}

static const json_t *curve(const json_t *figures, const char *side)
{
    return json_object_get(json_object_get(figures, side), "curve");
}

static double most(const json_t *curve, const char *name, size_t first, size_t end)
{
    double most = 0;
    for (size_t i = first; i < end; i++) {
        double value = number(json_array_get(curve, i), name);
        most = value > most ? value : most;
    }
    return most;
}

/* How much more memory than at a tenth of the way there was on the rest of it, short of its end:
 * there the threads have left. */
static double growth_percent(const json_t *curve)
{
    size_t count = json_array_size(curve), tenth = count / 10;
    double early = number(json_array_get(curve, tenth), "rss_bytes");
    return count ? 100 * (most(curve, "rss_bytes", tenth, count - 1) / early - 1) : (double)NAN;
}

static void judge(const json_t *figures, json_t *goals)
{
    const json_t *bounded = curve(figures, "bounded"), *unbounded = curve(figures, "unbounded");
    double limit = fan_experiment_figure(figures, "bounded", "limit");
    double budget = fan_experiment_figure(figures, "budget_threads", NULL);
    double bounded_most = most(bounded, "threads", 0, json_array_size(bounded));
    double unbounded_most = most(unbounded, "threads", 0, json_array_size(unbounded));
    fan_experiment_goal(goals, unbounded_most >= budget, "unbounded, the budget stops it",
                        "%.0f threads of %.0f", unbounded_most, budget);
    fan_experiment_goal(goals, bounded_most <= limit, "bounded, threads stay within the limit",
                        "%.0f threads, limit %.0f", bounded_most, limit);
    fan_experiment_goal(goals, growth_percent(bounded) <= 5, "bounded, memory is flat within 5 %",
                        "%+.1f %%, unbounded %+.0f %%", growth_percent(bounded),
                        growth_percent(unbounded));
}

static void print_point(const json_t *point, double budget, FILE *out)
{
    int length = (int)(number(point, "threads") * BAR / budget + 0.5);
    fprintf(out, "  %8.0f%9.0f%9.1f MB", number(point, "tasks"), number(point, "threads"),
            number(point, "rss_bytes") / 1e6);
    for (int i = 0; i < length && i < BAR; i++)
        fputs(i == 0 ? "  #" : "#", out);
    fputc('\n', out);
}

static void print_curve(const json_t *curve, double budget, FILE *out)
{
    size_t count = json_array_size(curve);
    fprintf(out, "  %8s%9s%12s\n", "tasks", "threads", "memory");
    for (size_t i = 0; i < count; i += i + 2 < count || i + 1 == count ? 2 : 1)
        print_point(json_array_get(curve, i), budget, out);
}

static void print(const json_t *figures, FILE *out)
{
    double budget = fan_experiment_figure(figures, "budget_threads", NULL);
    const json_t *stop = json_object_get(json_object_get(figures, "unbounded"), "stopped_by");
    fprintf(out, "A thread for each task, of which a service answers 64 at once:\n\n");
    print_curve(curve(figures, "unbounded"), budget, out);
    fprintf(out, "\nThe budget of %.0f threads stopped it after %.0f ms:\n%s.\n", budget,
            fan_experiment_figure(figures, "unbounded", "stopped_after_ms"),
            json_is_string(stop) ? json_string_value(stop) : "?");
    fprintf(out, "\nThe executor with a limit of %.0f, in %.0f ms:\n\n",
            fan_experiment_figure(figures, "bounded", "limit"),
            fan_experiment_figure(figures, "bounded", "took_ms"));
    print_curve(curve(figures, "bounded"), budget, out);
}

const struct fan_experiment_kind fan_experiment_kind_unbounded = {
    .name = "unbounded",
    .summary = "a thread for each task, until no more are to be had",
    .only_real = true,
    .judge = judge,
    .print = print,
};
