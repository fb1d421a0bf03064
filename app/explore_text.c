#define _GNU_SOURCE
#include "app/explore_text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app/explore_random.h"
#include "app/report_text.h"
#include "app/request.h"
#include "app/subject.h"

void fan_explore_text_number(uint64_t number, char text[32])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
}

void fan_explore_text_begin(FILE *out, const struct fan_explore_request *request)
{
    fprintf(
        out,
        "%s %s, %s   strategy %s   seed %" PRIu64 "   workers %" PRIu64 "   items %" PRIu64 "%s\n",
        request->scenario->id, request->scenario->title, request->variant->name, request->strategy,
        request->seed, request->workers, request->items, request->fine ? "   grain fine" : "");
    fflush(out);
}

static void print_replay(FILE *out, const struct fan_scenario *scenario, const char *line)
{
    char command[FAN_SUBJECT_COMMAND];
    fan_subject_replay(scenario, line, command);
    fprintf(out, "    %s\n", command);
}

void fan_explore_text_found(FILE *out, const struct fan_scenario *scenario,
                            const struct fan_explore_failure *failure)
{
    char first[32];
    fan_explore_text_number(failure->first, first);
    fprintf(out, "  found in schedule %s: %s, %.100s\n", first, fan_finding_name(failure->kind),
            failure->message);
    if (*failure->replay)
        print_replay(out, scenario, failure->replay);
    else
        fprintf(out, "    its schedule is too long for a line\n");
    fflush(out);
}

void fan_explore_text_progress(FILE *terminal, const struct fan_explore *explore)
{
    char run[32], wanted[32], failing[32], speed[32];
    fan_explore_text_number(explore->schedules, run);
    fan_explore_text_number(explore->request.schedules, wanted);
    fan_explore_text_number(explore->failing, failing);
    fan_explore_text_number((uint64_t)fan_explore_speed(explore), speed);
    fprintf(terminal, "\r\033[K%s of %s schedules, %s fail, %s a second", run, wanted, failing,
            speed);
    fflush(terminal);
}

void fan_explore_text_clear_progress(FILE *terminal)
{
    if (!isatty(fileno(terminal)))
        return;
    fprintf(terminal, "\r\033[K");
    fflush(terminal);
}

/* "bites in 37 of 4,212 schedules (0.88 %), the first is number 3" */
static void print_share(FILE *out, const struct fan_explore *explore,
                        const struct fan_explore_failure *failure)
{
    char bites[32], all[32], first[32];
    fan_explore_text_number(failure->schedules, bites);
    fan_explore_text_number(explore->schedules, all);
    fan_explore_text_number(failure->first, first);
    fprintf(out, "  %s  bites in %s of %s schedules (%.3g %%), first in number %s\n",
            fan_finding_name(failure->kind), bites, all,
            100 * (double)failure->schedules / (double)(explore->schedules + !explore->schedules),
            first);
}

static void print_minimised(FILE *out, const struct fan_scenario *scenario,
                            const struct fan_explore_failure *failure)
{
    if (failure->minimised == 2)
        fprintf(out, "    no schedule with fewer deviations fails so\n");
    if (*failure->replay)
        print_replay(out, scenario, failure->replay);
}

/* "complete for 2 workers x 2 items: there is no other schedule" */
static void print_cover(FILE *out, const struct fan_explore *explore)
{
    char classes[32];
    if (explore->classes > 0) {
        fan_explore_text_number(explore->classes, classes);
        fprintf(out, "  %s classes of schedules that differ\n", classes);
    }
    if (explore->complete)
        fprintf(out,
                "  complete: all that can happen with %" PRIu64 " workers x %" PRIu64
                " items (seed %" PRIu64 ", %s grain)\n",
                explore->request.workers, explore->request.items, explore->request.seed,
                fan_request_grain(explore->request.fine));
    else if (explore->up_to_race)
        fprintf(out, "  complete up to the race: its accesses in another order (--marks on) may"
                     " lead elsewhere\n");
    else
        fprintf(out, "  not complete: there may be other schedules\n");
}

/* "random needs 61 runs in the median (89 of 10,000 fail)" */
static void print_random(FILE *out, const struct fan_explore *explore)
{
    char median[32], failing[32], all[32];
    uint64_t runs = fan_explore_median(explore->random_schedules, explore->random_failing);
    if (explore->random_schedules == 0)
        return;
    fan_explore_text_number(runs, median);
    fan_explore_text_number(explore->random_failing, failing);
    fan_explore_text_number(explore->random_schedules, all);
    if (runs == 0)
        fprintf(out, "  random finds nothing in %s schedules\n", all);
    else
        fprintf(out, "  random needs %s %s in the median (%s of %s fail)\n", median,
                runs == 1 ? "run" : "runs", failing, all);
}

static void print_findings(FILE *out, const struct fan_explore *explore,
                           const struct fan_explore_shown *shown)
{
    for (uint32_t i = 0; i < explore->failure_count; i++) {
        print_share(out, explore, &explore->failures[i]);
        print_minimised(out, explore->request.scenario, &explore->failures[i]);
    }
    for (uint32_t i = 0; i < explore->failure_count; i++)
        if (shown->made[i] && shown->attempts[i].end != FAN_ATTEMPT_UNSTARTED) {
            fputc('\n', out);
            fan_report_text_attempt(out, &shown->attempts[i]);
        }
}

static void print_standstill(FILE *out, const struct fan_explore *explore)
{
    if (explore->end != FAN_EXPLORE_STILL)
        return;
    fprintf(out, "  the search ended: %s\n", explore->message);
    fprintf(out, "    this is no finding: nothing proves that it never comes to one\n");
    if (*explore->standstill.replay)
        print_replay(out, explore->request.scenario, explore->standstill.replay);
}

void fan_explore_text_end(FILE *out, const struct fan_explore *explore,
                          const struct fan_explore_shown *shown)
{
    char run[32], failing[32], speed[32];
    if (explore->end == FAN_EXPLORE_UNSTARTED)
        return;
    fan_explore_text_number(explore->schedules, run);
    fan_explore_text_number(explore->failing, failing);
    fan_explore_text_number((uint64_t)fan_explore_speed(explore), speed);
    fprintf(out, "  %s schedules, %s fail; %s a second, by %u %s\n", run, failing, speed,
            explore->children, explore->children == 1 ? "process" : "processes");
    print_cover(out, explore);
    print_random(out, explore);
    print_standstill(out, explore);
    print_findings(out, explore, shown);
    fputc('\n', out);
}
