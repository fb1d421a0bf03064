/* How long it takes until a child shows itself: from the start of the child by its parent, and from
 * the start of `fanlab run`. Both end at the moment the child has stamped into its segment. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/child.h"
#include "base/clock.h"
#include "tests/bench/measure.h"
#include "tests/bench/repeat.h"
#include "watch/segment.h"

enum { GOAL_MS = 5 };

/* Long enough not to be in the way of what is measured: the stamp tells the time, not who sees it.
 */
static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/* Waits for the header to be whole and returns the child's stamp. */
static uint64_t stamp_in(int segment)
{
    struct fan_segment_header *header =
        mmap(NULL, sizeof *header, PROT_READ, MAP_SHARED, segment, 0);
    bench_must(header == MAP_FAILED ? errno : 0, "mmap");
    while (__atomic_load_n((const uint64_t *)(const void *)&header->magic, __ATOMIC_ACQUIRE) == 0)
        nap();
    uint64_t stamp_ns = header->started_ns;
    munmap(header, sizeof *header);
    return stamp_ns;
}

static double start_child(void)
{
    struct fan_child child;
    char helper[4096], why[160];
    bench_path_in_build("fanlab-lab-real", helper);
    const struct fan_child_options options = {
        .helper = helper, .scenario = "04", .variant = "buggy", .workers = 4, .items = 20};
    uint64_t began_ns = fan_clock_ns();
    bench_must(fan_child_start(&options, &child, why), why);
    uint64_t stamp_ns = stamp_in(child.segment);
    fan_child_close(&child);
    return (double)(stamp_ns - began_ns) / 1e6;
}

/* The segment of the child that `parent` has, once it has one: a child's descriptor 3, sealed
 * memory. */
static int segment_of_child_of(pid_t parent)
{
    char path[64];
    int child = 0, segment = -1;
    struct stat status;
    while (segment < 0) {
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
        FILE *children = fopen(path, "re");
        if (children && fscanf(children, "%d", &child) == 1) {
            snprintf(path, sizeof path, "/proc/%d/fd/3", child);
            segment = open(path, O_RDONLY | O_CLOEXEC);
        }
        if (children)
            fclose(children);
        if (segment >= 0 && fcntl(segment, F_GET_SEALS) < 0) {
            close(segment);
            segment = -1;
        }
        if (segment < 0)
            nap();
    }
    bench_must(fstat(segment, &status) ? errno : 0, "fstat");
    return segment;
}

/* The fix, with so many items that it is still at work when it is looked at. */
static double start_program(void)
{
    char fanlab[4096];
    pid_t pid;
    bench_path_in_build("fanlab", fanlab);
    char *argv[] = {fanlab, "run", "04", "--variant", "fixed", "--items", "1000000", NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    uint64_t began_ns = fan_clock_ns();
    bench_must(posix_spawn(&pid, fanlab, &quiet, NULL, argv, environ), fanlab);
    posix_spawn_file_actions_destroy(&quiet);
    int segment = segment_of_child_of(pid);
    uint64_t stamp_ns = stamp_in(segment);
    close(segment);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return (double)(stamp_ns - began_ns) / 1e6;
}

int main(void)
{
    bench_repeat("start-child", GOAL_MS, start_child);
    bench_repeat("start-run", GOAL_MS, start_program);
    return 0;
}
