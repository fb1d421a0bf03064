#include "lab/contain.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum {
    /* Each of malloc's arenas reserves 64 MiB of addresses, and there are up to eight for a
       processor. */
    ARENAS = 4,
    /* Not 0: with that the kernel still feeds the core to a crash handler it is piped to (core(5)).
     */
    CORE_BYTES = 1,
};

static int die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return errno;
    /* It may have died before that call. */
    return getppid() == parent ? 0 : ESRCH;
}

static int limit(__rlimit_resource_t resource, uint64_t soft, uint64_t hard)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return errno;
    if (now.rlim_max < hard)
        hard = now.rlim_max;
    if (hard < soft)
        soft = hard;
    return setrlimit(resource, &(struct rlimit){soft, hard}) ? errno : 0;
}

int fan_contain_self(const struct fan_containment *containment)
{
    int error = die_with(containment->parent);
    if (!error)
        error = limit(RLIMIT_CORE, CORE_BYTES, CORE_BYTES);
    /* At the soft limit comes a signal that says why, one second later SIGKILL. */
    if (!error)
        error = limit(RLIMIT_CPU, containment->cpu_s, containment->cpu_s + 1);
    mallopt(M_ARENA_MAX, ARENAS);
    if (!error && !SANITIZED)
        error = limit(RLIMIT_AS, containment->memory_bytes, containment->memory_bytes);
    return error;
}
