#ifndef FAN_BASE_SHARE_H
#define FAN_BASE_SHARE_H

#include <stdint.h>

/* A share: the tasks of a chunk, from one index to another, that one thread runs in turn, and of
 * which another can take what is left without asking (flow/share.h). It stands where an observer
 * can see it (base/probe.h): so what a thread is at, and how much waits behind that, is seen at no
 * cost to the thread. */
struct fan_share {
    uint32_t next; /* atomic: written by the owner; the task before it is the one that runs */
    uint32_t end;  /* atomic: written under the executor's lock */
};

#endif
