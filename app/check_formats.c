#include "app/check_formats.h"

#include <inttypes.h>
#include <string.h>

#include "app/report_json.h"
#include "app/subject.h"

enum {
    TOLD = 400 /* bytes that tell of one check */
};

size_t fan_check_failures(const struct fan_check *checks, size_t count)
{
    size_t failures = 0;
    for (size_t i = 0; i < count; i++)
        failures += !checks[i].passed;
    return failures;
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static bool is_printable(char c)
{
    return c >= ' ' && c < 0x7f;
}

/* "deadlock: main waits on out, at collect bugs/04_never_closed.c:58" */
static void tell_found(const struct fan_check_found *found, char told[TOLD])
{
    snprintf(told, TOLD, "%s: %s%s%s", fan_finding_name(found->kind), found->summary,
             *found->where ? ", at " : "", found->where);
}

static void print_schedules(FILE *out, const struct fan_check *check)
{
    if (check->sim)
        fprintf(out, "       %" PRIu64 " of %" PRIu64 " schedules fail\n", check->failing,
                check->schedules);
}

static void print_replay(FILE *out, const struct fan_scenario *scenario, const char *line)
{
    char command[FAN_SUBJECT_COMMAND];
    if (!*line)
        return;
    fan_subject_replay(scenario, line, command);
    fprintf(out, "       %s\n", command);
}

static void print_text(FILE *out, const char *runtime, const struct fan_check *checks, size_t count)
{
    (void)runtime;
    char told[TOLD];
    for (size_t i = 0; i < count; i++) {
        const struct fan_check *check = &checks[i];
        fprintf(out, "%-6s %s %s, %s%s%s%s\n", check->passed ? "ok" : "FAILED", check->scenario->id,
                check->scenario->title, check->variant->name, check->sim ? ", sim" : "",
                check->passed ? "" : ": ", check->problem);
        for (uint32_t j = 0; j < check->found_count; j++) {
            tell_found(&check->found[j], told);
            fprintf(out, "       %s\n", told);
            print_replay(out, check->scenario, check->found[j].replay);
        }
        print_schedules(out, check);
        if (*check->note)
            fprintf(out, "       %s\n", check->note);
        if (check->passed && check->found_count == 0 && !check->sim)
            fprintf(out, "       nothing found\n");
    }
    fprintf(out, "%zu checked, %zu failed, seed %" PRIu64 "\n", count,
            fan_check_failures(checks, count), count ? checks->seed : 0);
}

/* A comment is one line of printable text. A '#' in a line could be taken for a directive. */
static void print_tap_comment(FILE *out, const char *words)
{
    fprintf(out, "# ");
    for (; *words; words++)
        fputc(*words == '#' || *words == '\n' ? ' ' : is_printable(*words) ? *words : '?', out);
    fputc('\n', out);
}

static void print_tap(FILE *out, const char *runtime, const struct fan_check *checks, size_t count)
{
    (void)runtime;
    char told[TOLD];
    fprintf(out, "TAP version 13\n1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s %zu - %s %s %s%s\n", checks[i].passed ? "ok" : "not ok", i + 1,
                checks[i].scenario->id, checks[i].scenario->name, checks[i].variant->name,
                checks[i].sim ? " sim" : "");
        if (!checks[i].passed)
            print_tap_comment(out, checks[i].problem);
        for (uint32_t j = 0; j < checks[i].found_count; j++) {
            tell_found(&checks[i].found[j], told);
            print_tap_comment(out, told);
        }
    }
}

/* XML knows no control characters, not even escaped ones; a reader of ASCII is content with any. */
static void print_xml(FILE *out, const char *words)
{
    for (; *words; words++) {
        unsigned char c = (unsigned char)*words;
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            fprintf(out, "&#%d;", c);
        else
            fputc(is_printable(*words) ? c : '?', out);
    }
}

static void print_junit_case(FILE *out, const struct fan_check *check)
{
    char told[TOLD];
    fprintf(out, "    <testcase classname=\"fanlab.%s\" name=\"%s %s%s\" time=\"%.3f\">\n",
            check->scenario->name, check->scenario->id, check->variant->name,
            check->sim ? " sim" : "", seconds(check->elapsed_ns));
    if (!check->passed) {
        fprintf(out, "      <failure message=\"");
        print_xml(out, check->problem);
        fprintf(out, "\"/>\n");
    }
    fprintf(out, "      <system-out>");
    for (uint32_t j = 0; j < check->found_count; j++) {
        tell_found(&check->found[j], told);
        print_xml(out, told);
        fputc('\n', out);
    }
    fprintf(out, "</system-out>\n    </testcase>\n");
}

static void print_junit(FILE *out, const char *runtime, const struct fan_check *checks,
                        size_t count)
{
    (void)runtime;
    uint64_t elapsed_ns = 0;
    for (size_t i = 0; i < count; i++)
        elapsed_ns += checks[i].elapsed_ns;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"fanlab check\" tests=\"%zu\" failures=\"%zu\" errors=\"0\""
            " skipped=\"0\" time=\"%.3f\">\n",
            count, fan_check_failures(checks, count), seconds(elapsed_ns));
    if (count)
        fprintf(out,
                "    <properties>\n      <property name=\"seed\" value=\"%" PRIu64
                "\"/>\n    </properties>\n",
                checks->seed);
    for (size_t i = 0; i < count; i++)
        print_junit_case(out, &checks[i]);
    fprintf(out, "  </testsuite>\n</testsuites>\n");
}

static json_t *names_of(const enum fan_finding_kind *kinds, size_t count)
{
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(names, json_string(fan_finding_name(kinds[i])));
    return names;
}

static json_t *json_found(const struct fan_check *check)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < check->found_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:s}", "kind",
                                               fan_finding_name(check->found[i].kind), "summary",
                                               fan_report_string(check->found[i].summary), "where",
                                               fan_report_string(check->found[i].where), "replay",
                                               check->found[i].replay));
    return array;
}

static json_t *json_check(const struct fan_check *check)
{
    const struct fan_variant *variant = check->variant;
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:f}", "id", check->scenario->id,
                  "name", check->scenario->name, "variant", variant->name, "passed",
                  (int)check->passed, "problem", fan_report_string(check->problem), "expected",
                  names_of(variant->expected, variant->expected_count), "also",
                  names_of(variant->also, variant->also_count), "found", json_found(check),
                  "elapsed_ms", seconds(check->elapsed_ns) * 1e3);
    json_object_set_new(object, "runtime", json_string(check->sim ? "sim" : "real"));
    if (*check->note)
        json_object_set_new(object, "note", json_string(check->note));
    if (check->sim) {
        json_object_set_new(object, "schedules", json_integer((json_int_t)check->schedules));
        json_object_set_new(object, "failing", json_integer((json_int_t)check->failing));
    }
    return object;
}

/* The check that ended them all before their time, NULL if none did. */
static const struct fan_check *broken_off(const struct fan_check *checks, size_t count)
{
    const struct fan_check *last = count ? &checks[count - 1] : NULL;
    bool broken =
        last && (last->end == FAN_ATTEMPT_UNSTARTED || last->end == FAN_ATTEMPT_INTERRUPTED);
    return broken ? last : NULL;
}

static void print_json(FILE *out, const char *runtime, const struct fan_check *checks, size_t count)
{
    size_t failures = fan_check_failures(checks, count);
    const struct fan_check *broken = broken_off(checks, count);
    json_t *object =
        fan_report_envelope("fanlab.check/1", fan_report_outcome(broken, failures > 0));
    json_t *array = json_array();
    if (broken) {
        json_object_set_new(object, "reason", json_string(fan_report_reason(broken->end)));
        json_object_set_new(object, "message", json_string(broken->problem));
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_check(&checks[i]));
    json_object_set_new(object, "runtime", json_string(runtime));
    json_object_set_new(object, "seed", json_integer(count ? (json_int_t)checks->seed : 0));
    json_object_set_new(object, "failures", json_integer((json_int_t)failures));
    json_object_set_new(object, "checks", array);
    fan_report_print(out, object);
}

static const struct fan_check_format formats[] = {
    {"text", print_text},
    {"tap", print_tap},
    {"junit", print_junit},
    {"json", print_json},
};

const struct fan_check_format *fan_check_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
