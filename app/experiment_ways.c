#include "app/experiments.h"

static const char *const ways[] = {"channels", "group", "semaphore", "fan_out"};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void judge(const json_t *figures, json_t *goals)
{
    double tasks = fan_experiment_figure(figures, "tasks", NULL);
    double limit = fan_experiment_figure(figures, "limit", NULL);
    double right = tasks, most = 0;
    for (int i = 0; i < WAYS; i++) {
        double these = fan_experiment_figure(figures, ways[i], "right");
        double at_once = fan_experiment_figure(figures, ways[i], "most_at_once");
        right = these < right ? these : right;
        most = at_once > most ? at_once : most;
    }
    fan_experiment_goal(goals, right >= tasks, "each way gives every result",
                        "%.0f of %.0f at least", right, tasks);
    fan_experiment_goal(goals, most <= limit, "no way exceeds the limit",
                        "%.0f at once, limit %.0f", most, limit);
}

static void print(const json_t *figures, FILE *out)
{
    fprintf(out, "%.0f tasks that do next to nothing, at most %.0f at once:\n\n",
            fan_experiment_figure(figures, "tasks", NULL),
            fan_experiment_figure(figures, "limit", NULL));
    fprintf(out, "  %-12s%18s%18s\n", "", "a task takes", "processor time");
    for (int i = 0; i < WAYS; i++)
        fprintf(out, "  %-12s%15.0f ns%15.0f ns\n", ways[i],
                fan_experiment_figure(figures, ways[i], "ns_per_task"),
                fan_experiment_figure(figures, ways[i], "cpu_ns_per_task"));
}

const struct fan_experiment_kind fan_experiment_kind_ways = {
    .name = "ways",
    .summary = "three ways to fan out by hand, and fan_out: what a task pays",
    .only_real = true,
    .judge = judge,
    .print = print,
};
