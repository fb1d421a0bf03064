#include "app/experiments.h"

#include <math.h>
#include <stdarg.h>

#include "app/report_json.h"

const struct fan_experiment_kind *const fan_experiment_kinds[] = {
    &fan_experiment_kind_aimd,
    &fan_experiment_kind_hedge,
    &fan_experiment_kind_unbounded,
    &fan_experiment_kind_ways,
    NULL,
};

void fan_experiment_goal(json_t *goals, bool met, const char *goal, const char *format, ...)
{
    char found[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    json_array_append_new(goals, json_pack("{s:s, s:o, s:b}", "goal", goal, "found",
                                           fan_report_string(found), "met", (int)met));
}

double fan_experiment_figure(const json_t *figures, const char *part, const char *name)
{
    const json_t *value = json_object_get(figures, part);
    if (name)
        value = json_object_get(value, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

void fan_experiment_explain_percentiles(FILE *out)
{
    fputs("\nHalf of the requests took no longer than p50, 99 of 100 no longer than p99, and\n"
          "999 of 1000 no longer than p99.9.\n",
          out);
}
