#define _GNU_SOURCE
#include "app/explore_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIRST_FD = 16 /* above those that a child is given by number */ };

bool fan_explore_shares(const char *strategy)
{
    return strcmp(strategy, "dpor") == 0;
}

static int open_memory(size_t bytes)
{
    int low = memfd_create("fanlab-frontier", MFD_CLOEXEC);
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FIRST_FD);
    int error = errno;
    if (low >= 0)
        close(low);
    errno = error;
    if (fd < 0 || ftruncate(fd, (off_t)bytes) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static size_t size_for(uint32_t children)
{
    return fan_frontier_size(children, FAN_FRONTIER_STEPS);
}

int fan_explore_shared_open(struct fan_explore_shared *shared, uint32_t children,
                            uint64_t schedules)
{
    int fd = open_memory(size_for(children));
    if (fd < 0)
        return errno;
    void *at = mmap(NULL, size_for(children), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        int error = errno;
        close(fd);
        return error;
    }
    *shared = (struct fan_explore_shared){.fd = fd, .frontier = at};
    fan_frontier_init(at, children, FAN_FRONTIER_STEPS, schedules);
    return 0;
}

/* The size is kept by the file: what children may have written is not asked. */
void fan_explore_shared_close(struct fan_explore_shared *shared)
{
    off_t bytes = shared->fd ? lseek(shared->fd, 0, SEEK_END) : 0;
    if (!shared->fd)
        return;
    munmap(shared->frontier, (size_t)bytes);
    close(shared->fd);
}

bool fan_explore_shared_waits(const struct fan_explore_shared *shared, uint32_t place)
{
    return shared->fd && fan_frontier_waits(shared->frontier, place);
}

bool fan_explore_shared_death(struct fan_explore_shared *shared, uint32_t place, bool from_outside)
{
    uint64_t run = fan_frontier_runs(shared->frontier, place) + 1;
    bool within = fan_frontier_within_run(shared->frontier, place);
    bool again = shared->died_in[place] == run;
    if (within)
        shared->died_in[place] = run;
    if (within && (again || !from_outside)) {
        fan_frontier_bury(shared->frontier, place);
        return true;
    }
    fan_frontier_repeat(shared->frontier, place);
    return false;
}
