/* The hunt for a false verdict: healthy programs that nearly stop run, half of the time beside
 * burners of processor time, and are looked at and judged again and again. None may ever be found
 * stuck. The same programs, stopped for good after a while, must be.
 *
 * Partners that spin hardly ever block, and those that never do block at every turn: each program
 * runs both ways, half of the samples each.
 *
 * A false verdict needs two equal looks in a row, so some samples are taken without a pause; but
 * when the program has not gone on for a while, it gets the processor. FAN_SAMPLES=1000000 sets how
 * many are taken over all programs. */
/* LDFLAGS: -Wl,--wrap=fan_backend_spins */
#define _GNU_SOURCE
#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/healthy.h"
#include "tests/support/suite.h"
#include "watch/finding.h"
#include "watch/publish.h"
#include "watch/reader.h"

enum {
    SAMPLES = 45000, /* over all programs, unless FAN_SAMPLES says otherwise */
    PATIENCE = 16,   /* looks in a row at a program that does not go on */
    BURNERS = 2,
    PLANTED_ROUNDS = 300,
};

static bool spinning;
static struct fan_snapshot snapshot;
static struct fan_verdict verdict;
static pid_t children[BURNERS + 1];
static int child_count;

unsigned __real_fan_backend_spins(void);
unsigned __wrap_fan_backend_spins(void);

unsigned __wrap_fan_backend_spins(void)
{
    return spinning ? __real_fan_backend_spins() : 0;
}

static size_t count_programs(void)
{
    size_t count = 0;
    while (healthy_programs[count].name)
        count++;
    return count;
}

static uint64_t samples_of_each(void)
{
    const char *wanted = getenv("FAN_SAMPLES");
    uint64_t all = wanted ? strtoull(wanted, NULL, 10) : SAMPLES;
    return all / count_programs() / 2 + 1;
}

/* Forks; the child dies with its parent. Returns true in the child. */
static bool begin_child(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        children[child_count++] = pid;
    else
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid == 0;
}

static void end_children(void)
{
    while (child_count > 0) {
        pid_t pid = children[--child_count];
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static void start_burners(void)
{
    for (int i = 0; i < BURNERS; i++)
        if (begin_child())
            for (volatile uint64_t burnt = 0;; burnt++)
                ;
}

static struct fan_reader *start_program(const struct healthy *program, uint64_t rounds)
{
    int fd;
    char why[128];
    struct fan_reader *reader;
    ck_assert_int_eq(fan_segment_create(&fd), 0);
    if (begin_child()) {
        if (fan_watch_publish(fd) == 0)
            program->run(rounds);
        _exit(EXIT_FAILURE); /* no program gets here: without a partner it waits for ever */
    }
    ck_assert_int_eq(fan_reader_open(fd, &reader, why), 0);
    close(fd);
    return reader;
}

static uint64_t count_operations(void)
{
    uint64_t operations = 0;
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        operations += snapshot.threads[i].operations;
    return operations;
}

struct hunt {
    struct fan_judge *judge;
    struct fan_reader *reader;
    uint64_t operations, looks_without_progress;
};

static void begin_hunt(struct hunt *hunt, const struct healthy *program, uint64_t rounds)
{
    *hunt = (struct hunt){.judge = fan_judge_new(fan_tasks_unregistered),
                          .reader = start_program(program, rounds)};
}

static void end_hunt(struct hunt *hunt)
{
    end_children();
    fan_reader_close(hunt->reader);
    fan_judge_free(hunt->judge);
}

/* Looks and judges; returns whether the program has gone on since the look before. If it does not
 * for a while, it may need the processor that this thread sits on. */
static bool look(struct hunt *hunt)
{
    ck_assert_int_eq(fan_reader_look(hunt->reader, &snapshot), 0);
    fan_judge_look(hunt->judge, &snapshot, &verdict);
    uint64_t operations = count_operations();
    bool progress = operations != hunt->operations;
    hunt->operations = operations;
    hunt->looks_without_progress = progress ? 0 : hunt->looks_without_progress + 1;
    if (hunt->looks_without_progress % PATIENCE == PATIENCE - 1)
        sched_yield();
    return progress;
}

static bool seems_stopped(void)
{
    for (uint32_t i = 0; i < snapshot.thread_count; i++)
        if (snapshot.threads[i].state != FAN_STATE_BLOCKED &&
            snapshot.threads[i].state != FAN_STATE_DONE)
            return false;
    return snapshot.thread_count > 0;
}

static void tell_verdict(const char *program)
{
    const struct fan_finding *finding = &verdict.findings[0];
    fprintf(stderr, "%s: %s: %s\n", program, fan_finding_name(finding->kind), finding->summary);
    for (uint32_t i = 0; i < finding->culprit_count; i++)
        fprintf(stderr, "  %s: %s: %s\n", finding->culprits[i].thread.label,
                finding->culprits[i].waits_for, finding->culprits[i].never);
}

struct tally {
    uint64_t samples, fresh, stopped;
};

/* Until enough are taken and the program was seen to go on: on a busy machine it may not have had
 * the processor once by then, and to look at nothing tells nothing. */
static void take_samples(struct hunt *hunt, const char *program, uint64_t wanted,
                         struct tally *tally)
{
    for (; tally->samples < wanted || tally->fresh == 0; tally->samples++) {
        tally->fresh += look(hunt);
        tally->stopped += seems_stopped();
        if (verdict.outcome != FAN_OUTCOME_RUNNING)
            tell_verdict(program);
        ck_assert_int_eq(verdict.outcome, FAN_OUTCOME_RUNNING);
    }
}

static void look_until_under_way(struct hunt *hunt)
{
    do
        look(hunt);
    while (snapshot.thread_count < 2);
}

START_TEST(a_healthy_program_is_never_found_stuck)
{
    const char *program = healthy_programs[_i / 2].name;
    uint64_t wanted = samples_of_each();
    struct tally tally = {0};
    struct hunt hunt;
    spinning = _i % 2;
    begin_hunt(&hunt, &healthy_programs[_i / 2], UINT64_MAX);
    look_until_under_way(&hunt);
    take_samples(&hunt, program, wanted / 2, &tally);
    start_burners();
    take_samples(&hunt, program, wanted, &tally);
    printf(
        "%s%s: no verdict in %llu samples; %llu saw progress, %llu nothing but blocked threads\n",
        program, spinning ? ", spinning" : "", (unsigned long long)tally.samples,
        (unsigned long long)tally.fresh, (unsigned long long)tally.stopped);
    end_hunt(&hunt);
}
END_TEST

/* The verdict needs no clock: it comes by proof, however busy the machine. How soon is measured in
 * tests/bench. */
START_TEST(the_same_program_stopped_for_good_is_found)
{
    const struct healthy *program = &healthy_programs[_i];
    if (program->moves_by_itself)
        return;
    struct hunt hunt;
    begin_hunt(&hunt, program, PLANTED_ROUNDS);
    do
        look(&hunt);
    while (!verdict.final);
    ck_assert_int_eq(verdict.findings[0].kind, FAN_FINDING_DEADLOCK);
    ck_assert_int_eq(verdict.findings[0].proof, FAN_PROOF_QUIESCENCE);
    end_hunt(&hunt);
}
END_TEST

int main(void)
{
    int count = (int)count_programs();
    TCase *cases = tcase_create("no false verdict");
    tcase_set_timeout(cases, getenv("FAN_SAMPLES") ? 0 : 20);
    tcase_add_checked_fixture(cases, NULL, end_children);
    tcase_add_loop_test(cases, a_healthy_program_is_never_found_stuck, 0, 2 * count);
    tcase_add_loop_test(cases, the_same_program_stopped_for_good_is_found, 0, count);
    return suite_run("no false verdict", cases);
}
