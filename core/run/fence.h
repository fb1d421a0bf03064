#ifndef FAN_RUN_FENCE_H
#define FAN_RUN_FENCE_H

#include <stdbool.h>

/* A fence in two halves, for two threads of which each writes one word and then reads the other's,
 * and at least one of them must see the other's write (Dekker's handshake). The one that does it
 * millions of times a second takes the light half, which costs nothing; the one that does it now
 * and then takes the heavy half, some microseconds, in which every running thread of the process
 * passes a full fence: Linux's membarrier(2). Where the kernel has none, both are full fences.
 *
 *     often:  store mine; fan_fence_light(fence); load theirs
 *     seldom: store theirs; fan_fence_heavy(fence); load mine
 *
 * The kernel's documentation of membarrier and Dice et al., "Asymmetric Dekker synchronization"
 * (2001) describe the idea. Under the controlled scheduler memory is sequentially consistent and
 * both halves are nothing. */
enum fan_fence {
    FAN_FENCE_FULL,       /* both halves alike */
    FAN_FENCE_ASYMMETRIC, /* the kernel's */
};

/* Asks the kernel for it, once for each user; cheap. */
enum fan_fence fan_fence_new(void);

void fan_fence_heavy(enum fan_fence fence);

static inline void fan_fence_light(enum fan_fence fence)
{
#ifdef FAN_SIM
    (void)fence;
#else
    if (__builtin_expect(fence == FAN_FENCE_ASYMMETRIC, 1))
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    else
        __sync_synchronize();
#endif
}

#endif
