#define _GNU_SOURCE
#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch/publish.h"

enum {
    /* Where the child finds what it shares with us. Everything above is closed to it. */
    SEGMENT_THERE = STDERR_FILENO + 1,
    EXPLORATION_THERE,
    FRONTIER_THERE,
    WHY = 160,
    PARAMETERS = 24,
    NUMBER = 24, /* bytes of a number's text */
};

static const char *helper_name(const struct fan_child_options *options)
{
    return options->sim ? "fanlab-lab-sim" : "fanlab-lab-real";
}

const char *fan_child_runtime(const struct fan_child_options *options)
{
    return options->sim ? "sim" : "real";
}

/* Our ends of what a child shares with us, and those it gets. Closed: -1. */
struct shared {
    int segment, exploration;
    int frontier;  /* the caller's, for all children; -1 = none */
    int errors[2]; /* a pipe: ours, the child's */
};

extern char **environ;

static int fail(char why[WHY], int error, const char *what)
{
    snprintf(why, WHY, "cannot start a run: %.80s: %s", what, strerror(error));
    return error;
}

static int helper_beside_us(const char *name, char *path, size_t size, char why[WHY])
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0)
        return fail(why, errno, "/proc/self/exe cannot be read (is /proc mounted?)");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = slash ? size - (size_t)(slash + 1 - path) : 0;
    if (room < strlen(name) + 1)
        return fail(why, ENAMETOOLONG, "the program's own path");
    strcpy(slash + 1, name);
    return 0;
}

static int check_helper(const char *name, const char *path, char why[WHY])
{
    if (access(path, X_OK) == 0)
        return 0;
    int error = errno;
    snprintf(why, WHY, "cannot start a run: %s, which belongs beside fanlab, %s: %s", name,
             strerror(error), path);
    return error;
}

int fan_child_beside_us(const char *name, char *path, size_t size, char why[WHY])
{
    int error = helper_beside_us(name, path, size, why);
    return error ? error : check_helper(name, path, why);
}

int fan_child_helper(const struct fan_child_options *options, char *path, size_t size,
                     char why[WHY])
{
    int error = 0;
    if (!options->helper)
        error = helper_beside_us(helper_name(options), path, size, why);
    else if (strlen(options->helper) >= size)
        error = fail(why, ENAMETOOLONG, "the helper's path");
    else
        strcpy(path, options->helper);
    return error ? error : check_helper(helper_name(options), path, why);
}

/* Out of the way of the numbers that the child's own descriptors get. EINVAL is said of a number
 * that is beyond the limit: of that there are too few. */
static int lift(int *fd)
{
    if (*fd > FRONTIER_THERE)
        return 0;
    int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, FRONTIER_THERE + 1);
    if (lifted < 0)
        return errno == EINVAL ? EMFILE : errno;
    close(*fd);
    *fd = lifted;
    return 0;
}

static int open_errors(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int error = lift(&ends[0]);
    if (!error)
        error = lift(&ends[1]);
    if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        error = errno;
    return error;
}

static int open_segment(int *segment)
{
    int error = fan_segment_create(segment);
    return error ? error : lift(segment);
}

static int open_exploration(int *fd)
{
    *fd = memfd_create("fanlab-exploration", MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, sizeof(struct fan_exploration)) != 0)
        return errno;
    return lift(fd);
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_shared(struct shared *shared)
{
    close_if_open(&shared->segment);
    close_if_open(&shared->exploration);
    close_if_open(&shared->errors[0]);
    close_if_open(&shared->errors[1]);
}

static int open_shared(struct shared *shared, bool sim, char why[WHY])
{
    *shared = (struct shared){-1, -1, -1, {-1, -1}};
    int error = open_segment(&shared->segment);
    if (!error && sim)
        error = open_exploration(&shared->exploration);
    if (error)
        return fail(why, error, "memory to share with the child");
    error = open_errors(shared->errors);
    return error ? fail(why, error, "a pipe from the child") : 0;
}

static int first_closed(const struct shared *shared)
{
    if (shared->frontier >= 0)
        return FRONTIER_THERE + 1;
    return shared->exploration >= 0 ? EXPLORATION_THERE + 1 : SEGMENT_THERE + 1;
}

static int lay_out_descriptors(posix_spawn_file_actions_t *actions, const struct shared *shared)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, shared->errors[1], STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, shared->segment, SEGMENT_THERE);
    if (!error && shared->exploration >= 0)
        error = posix_spawn_file_actions_adddup2(actions, shared->exploration, EXPLORATION_THERE);
    if (!error && shared->frontier >= 0)
        error = posix_spawn_file_actions_adddup2(actions, shared->frontier, FRONTIER_THERE);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, first_closed(shared));
    return error;
}

/* A group of its own, so that all it starts can be killed at once and the keyboard's signals go
 * past it; and none of our blocked or ignored signals. */
static int set_apart(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

static int spawn_arranged(const char *path, char **argv, posix_spawn_file_actions_t *actions,
                          posix_spawnattr_t *attributes, const struct shared *shared, pid_t *pid)
{
    int error = lay_out_descriptors(actions, shared);
    if (!error)
        error = set_apart(attributes);
    return error ? error : posix_spawn(pid, path, actions, attributes, argv, environ);
}

static int spawn(const char *path, char **argv, const struct shared *shared, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = spawn_arranged(path, argv, &actions, &attributes, shared, pid);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The child's command line. */
struct words {
    int count, numbers;
    char *argv[2 + 2 * PARAMETERS];
    char texts[PARAMETERS][NUMBER];
};

static void add_word(struct words *words, const char *name, const char *value)
{
    if (!value)
        return;
    words->argv[words->count++] = (char *)name;
    words->argv[words->count++] = (char *)value;
}

static void add_number(struct words *words, const char *name, uint64_t value)
{
    char *text = words->texts[words->numbers++];
    snprintf(text, NUMBER, "%" PRIu64, value);
    add_word(words, name, text);
}

static void add_schedules(struct words *words, const struct fan_child_schedules *schedules)
{
    add_number(words, "--exploration", EXPLORATION_THERE);
    add_number(words, "--walk", schedules->walk);
    add_word(words, "--schedule", schedules->schedule);
    if (schedules->fine)
        add_number(words, "--fine", 1);
    if (schedules->frontier)
        add_number(words, "--frontier", FRONTIER_THERE);
    if (schedules->places)
        add_number(words, "--places", schedules->places);
    if (schedules->frontier || schedules->places)
        add_number(words, "--place", schedules->place);
    if (schedules->shown_only)
        add_number(words, "--shown", 1);
    if (schedules->stops)
        add_number(words, "--stop", schedules->stop);
    if (!schedules->strategy)
        return;
    add_word(words, "--strategy", schedules->strategy);
    add_number(words, "--schedules", schedules->count);
    add_number(words, "--bound", schedules->bound);
    if (schedules->pass_marks)
        add_number(words, "--pass-marks", 1);
}

/* The controlled scheduler reserves much more than it uses, and bounds what a run may have itself.
 */
static uint64_t memory_bytes(const struct fan_child_options *options)
{
    return options->memory_bytes ? options->memory_bytes : UINT64_C(1) << (options->sim ? 32 : 30);
}

static void word_options(const struct fan_child_options *options, struct words *words)
{
    words->argv[words->count++] = (char *)helper_name(options);
    add_word(words, "--scenario", options->scenario);
    add_word(words, "--variant", options->variant);
    add_number(words, "--seed", options->seed);
    add_number(words, "--workers", options->workers);
    add_number(words, "--items", options->items);
    add_number(words, "--pace", options->pace_ns);
    add_number(words, "--budget", options->threads ? options->threads : FAN_CHILD_THREADS);
    add_number(words, "--memory", memory_bytes(options));
    add_number(words, "--cpu", options->cpu_s ? options->cpu_s : FAN_CHILD_CPU_S);
    add_number(words, "--segment", SEGMENT_THERE);
    add_number(words, "--parent", (uint64_t)getpid());
    if (options->sim)
        add_schedules(words, &options->schedules);
}

static int map_exploration(const struct shared *shared, struct fan_exploration **exploration)
{
    if (shared->exploration < 0)
        return 0;
    void *at = mmap(NULL, sizeof **exploration, PROT_READ, MAP_SHARED, shared->exploration, 0);
    if (at == MAP_FAILED)
        return errno;
    *exploration = at;
    return 0;
}

static int watch_end(struct fan_child *child)
{
    child->pidfd = pidfd_open(child->pid, 0);
    return child->pidfd < 0 && errno != ENOSYS ? errno : 0;
}

/* On success the child structure has our ends. */
static int start_with(const char *path, const struct fan_child_options *options,
                      struct shared *shared, struct fan_child *child, char why[WHY])
{
    struct words words = {0};
    struct fan_exploration *exploration = NULL;
    pid_t pid;
    word_options(options, &words);
    int error = map_exploration(shared, &exploration);
    if (error)
        return fail(why, error, "memory to share with the child");
    error = spawn(path, words.argv, shared, &pid);
    if (error) {
        if (exploration)
            munmap(exploration, sizeof *exploration);
        return fail(why, error, path);
    }
    *child = (struct fan_child){.pid = pid,
                                .pidfd = -1,
                                .segment = shared->segment,
                                .errors = shared->errors[0],
                                .exploration = exploration};
    shared->segment = shared->errors[0] = -1;
    error = watch_end(child);
    if (error)
        fan_child_close(child);
    return error ? fail(why, error, "pidfd_open") : 0;
}

int fan_child_start(const struct fan_child_options *options, struct fan_child *child, char why[WHY])
{
    char path[4096];
    struct shared shared;
    int error = fan_child_helper(options, path, sizeof path, why);
    if (error)
        return error;
    error = open_shared(&shared, options->sim, why);
    if (options->schedules.frontier)
        shared.frontier = options->schedules.frontier;
    if (!error)
        error = start_with(path, options, &shared, child, why);
    close_shared(&shared);
    return error;
}

/* While the child is a zombie its number is not given to anybody else, so what is left of its group
 * can be killed by that number. */
static void kill_group_and_reap(struct fan_child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL); /* it may have left the group */
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
    child->pid = -1;
}

bool fan_child_ended(struct fan_child *child)
{
    if (child->pid <= 0)
        return true;
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    kill_group_and_reap(child);
    return true;
}

void fan_child_close(struct fan_child *child)
{
    if (child->pid == 0)
        return;
    if (child->pid > 0)
        kill_group_and_reap(child);
    if (child->pidfd >= 0)
        close(child->pidfd);
    close(child->segment);
    close(child->errors);
    if (child->exploration)
        munmap(child->exploration, sizeof *child->exploration);
    *child = (struct fan_child){.status = child->status};
}
