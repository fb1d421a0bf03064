#ifndef FAN_LAB_CONTAIN_H
#define FAN_LAB_CONTAIN_H

#include <stdint.h>
#include <sys/types.h>

/* What keeps a process from doing harm: it dies with its parent, dumps no core, and gets so much
 * address space and processor time and no more. Builds with a sanitizer reserve terabytes of
 * addresses and get no limit of those. The number of threads is limited elsewhere
 * (fan_thread_set_budget), since the system's own limit counts a user's processes together and does
 * nothing for root. */
struct fan_containment {
    pid_t parent;
    uint64_t memory_bytes, cpu_s;
};

/* Puts the calling process under it, for good. Errors: ESRCH if the parent is gone already, those
 * of prctl(2) and setrlimit(2). */
int fan_contain_self(const struct fan_containment *containment);

#endif
