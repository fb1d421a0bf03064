#include "app/explore_json.h"

#include "app/explore_random.h"
#include "app/request.h"

static void set(json_t *object, const char *member, json_t *value)
{
    json_object_set_new(object, member, value);
}

static void set_number(json_t *object, const char *member, uint64_t number)
{
    set(object, member, json_integer((json_int_t)number));
}

static json_t *failure(const struct fan_explore *explore, const struct fan_explore_failure *told,
                       const struct fan_attempt *shown)
{
    json_t *object = json_object();
    set(object, "kind", fan_report_string(fan_finding_name(told->kind)));
    set(object, "scenario", fan_report_string(explore->request.scenario->id));
    set(object, "variant", fan_report_string(explore->request.variant->name));
    set(object, "message", fan_report_string(told->message));
    set(object, "replay", *told->replay ? fan_report_string(told->replay) : json_null());
    set_number(object, "schedules", told->schedules);
    set_number(object, "first", told->first);
    set(object, "minimised", json_boolean(told->minimised > 0));
    set(object, "certified", json_boolean(told->minimised == 2));
    set(object, "killed", json_boolean(told->killed));
    if (shown && shown->run && shown->run->verdict->finding_count > 0)
        set(object, "finding", fan_report_finding(shown, &shown->run->verdict->findings[0]));
    return object;
}

static json_t *all_failures(struct fan_explore *const *explores,
                            const struct fan_explore_shown *shown, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < explores[i]->failure_count; j++)
            json_array_append_new(array, failure(explores[i], &explores[i]->failures[j],
                                                 shown[i].made[j] ? &shown[i].attempts[j] : NULL));
    return array;
}

static void set_numbers(json_t *object, const struct fan_explore *explore)
{
    set_number(object, "schedules", explore->schedules);
    set_number(object, "failing", explore->failing);
    set_number(object, "abandoned", explore->abandoned);
    set_number(object, "steps", explore->steps);
    set_number(object, "classes", explore->classes);
    set(object, "schedules_per_s", json_real(fan_explore_speed(explore)));
    set(object, "elapsed_ms", json_real((double)explore->elapsed_ns / 1e6));
    set(object, "complete", json_boolean(explore->complete));
    set(object, "up_to_race", json_boolean(explore->up_to_race));
}

/* Null where it was not asked, or found nothing. */
static void set_random(json_t *object, const struct fan_explore *explore)
{
    uint64_t median = fan_explore_median(explore->random_schedules, explore->random_failing);
    set(object, "random_median_runs", median ? json_integer((json_int_t)median) : json_null());
    set_number(object, "random_schedules", explore->random_schedules);
    set_number(object, "random_failing", explore->random_failing);
}

static json_t *one_run(const struct fan_explore *explore)
{
    json_t *object = json_object();
    set(object, "scenario", fan_report_string(explore->request.scenario->id));
    set(object, "variant", fan_report_string(explore->request.variant->name));
    set_numbers(object, explore);
    set_number(object, "processes", explore->children);
    set_number(object, "deaths", explore->deaths);
    set_random(object, explore);
    return object;
}

static void set_sums(json_t *object, struct fan_explore *const *explores, size_t count)
{
    struct fan_explore sum = {.complete = true};
    bool all_searched = true;
    for (size_t i = 0; i < count; i++) {
        sum.schedules += explores[i]->schedules;
        sum.failing += explores[i]->failing;
        sum.abandoned += explores[i]->abandoned;
        sum.steps += explores[i]->steps;
        sum.classes += explores[i]->classes;
        sum.elapsed_ns += explores[i]->elapsed_ns;
        sum.busy_ns += explores[i]->busy_ns;
        sum.children = explores[i]->children;
        sum.complete &= explores[i]->complete;
        all_searched &= explores[i]->complete || explores[i]->up_to_race;
    }
    sum.up_to_race = all_searched && !sum.complete;
    set_numbers(object, &sum);
}

static void set_request(json_t *object, const struct fan_explore_request *request)
{
    set(object, "scenario", fan_report_scenario(request->scenario));
    set(object, "runtime", json_string("sim"));
    set(object, "strategy", fan_report_string(request->strategy));
    set(object, "grain", json_string(fan_request_grain(request->fine)));
    set(object, "marks", json_string(fan_explore_stops_at_marks(request) ? "on" : "off"));
    set_number(object, "seed", request->seed);
    set_number(object, "workers", request->workers);
    set_number(object, "items", request->items);
    set_number(object, "bound", request->bound);
}

/* Why one ended before its time; NULL if it did not. */
static const char *reason_of(const struct fan_explore *explore)
{
    static const char *const reasons[] = {
        [FAN_EXPLORE_DONE] = NULL,
        [FAN_EXPLORE_UNSTARTED] = "environment",
        [FAN_EXPLORE_BROKEN] = "broken",
        [FAN_EXPLORE_STILL] = "slow",
        [FAN_EXPLORE_INTERRUPTED] = "interrupted",
    };
    return reasons[explore->end];
}

/* The first that ended before its time, else the last. */
static const struct fan_explore *tell_of(struct fan_explore *const *explores, size_t count)
{
    size_t i = 0;
    while (i + 1 < count && !reason_of(explores[i]))
        i++;
    return explores[i];
}

json_t *fan_explore_json(struct fan_explore *const *explores, const struct fan_explore_shown *shown,
                         size_t count)
{
    const struct fan_explore *last = explores[count - 1], *told = tell_of(explores, count);
    const char *reason = reason_of(told);
    json_t *findings = all_failures(explores, shown, count), *runs = json_array();
    json_t *object = fan_report_envelope(
        "fanlab.explore/1", fan_report_outcome(reason != NULL, json_array_size(findings) > 0));
    if (reason)
        set(object, "reason", json_string(reason));
    if (reason || *told->message)
        set(object, "message", fan_report_string(told->message));
    if (*told->standstill.replay)
        set(object, "replay", fan_report_string(told->standstill.replay));
    set_request(object, &last->request);
    set_sums(object, explores, count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(runs, one_run(explores[i]));
    set(object, "runs", runs);
    set(object, "findings", findings);
    return object;
}
