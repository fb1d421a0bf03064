#ifndef FAN_SIM_CLASSES_H
#define FAN_SIM_CLASSES_H

#include <stdint.h>

/* A set of 64-bit hashes that only grows. Zero is an empty one. Its memory comes from the system at
 * once, not from malloc, which may belong to the program under exploration. */
struct fan_classes {
    uint64_t *places; /* 0 = free */
    uint64_t room, count;
};

void fan_classes_destroy(struct fan_classes *classes);

/* Adds a hash. Returns 0, also if it was there already, or ENOMEM. */
int fan_classes_add(struct fan_classes *classes, uint64_t hash);

/* Forgets all. */
void fan_classes_clear(struct fan_classes *classes);

#endif
