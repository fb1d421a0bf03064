#ifndef FAN_TESTS_SUPPORT_HEALTHY_H
#define FAN_TESTS_SUPPORT_HEALTHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Healthy programs that nearly stop: at almost any moment all their threads but one are blocked,
 * and the one is about to hand over. To be run in a process of their own, which they leave with
 * their threads in place. */
struct healthy {
    const char *name;
    void (*run)(uint64_t rounds);
    bool moves_by_itself; /* time drives it: its threads go on when `run` has returned */
};

/* The last one has no name. */
extern const struct healthy healthy_programs[];

#endif
