/* No state. */
#define _GNU_SOURCE
#include "sim/region.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

size_t fan_region_page(void)
{
    return (size_t)getpagesize();
}

size_t fan_region_round(size_t bytes)
{
    size_t page = fan_region_page();
    return (bytes + page - 1) & -page;
}

/* An address without MAP_FIXED is a wish: Linux grants it where nothing is. Huge pages would make
 * one byte written cost two megabytes to clear. */
int fan_region_reserve(uintptr_t wanted, size_t bytes, char **region)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *got = mmap((void *)wanted, bytes, PROT_NONE, flags, -1, 0);
    if (got == MAP_FAILED)
        return ENOMEM;
    madvise(got, bytes, MADV_NOHUGEPAGE);
    *region = got;
    return 0;
}

int fan_region_open(char *low, size_t bytes)
{
    return mprotect(low, bytes, PROT_READ | PROT_WRITE) == 0 ? 0 : ENOMEM;
}
