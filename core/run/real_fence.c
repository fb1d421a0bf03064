#define _GNU_SOURCE
#include "run/fence.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/panic.h"

enum fan_fence fan_fence_new(void)
{
    long error = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    return error == 0 ? FAN_FENCE_ASYMMETRIC : FAN_FENCE_FULL;
}

void fan_fence_heavy(enum fan_fence fence)
{
    if (fence != FAN_FENCE_ASYMMETRIC)
        __sync_synchronize();
    else if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
        fan_panic("membarrier, which was there, fails with %d", errno);
}
