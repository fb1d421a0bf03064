/* No locks: for one thread.
 *
 * Which pages of a stack were written to, only the system knows: a frame may be deep and touch its
 * far end alone, so that looking for the last byte that is not zero would stop too early. Asking
 * (mincore) costs a system call a stack, but a page that is written to for the first time is a page
 * fault, and the count of these costs one for all. */
#define _GNU_SOURCE
#include "sim/stacks.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "sim/region.h"
#include "sim/sanitizers.h"

enum { MOST_STACKS = 1 << 20, MOST_PAGES = 1 << 12 };

static size_t stride(const struct fan_stacks *stacks)
{
    return stacks->stack_size + FAN_STACKS_GUARD;
}

static int make_tables(struct fan_stacks *stacks)
{
    char *tables;
    size_t bytes = fan_region_round(stacks->count * 2 * sizeof(uint32_t));
    int error = fan_region_reserve(0, bytes, &tables);
    if (error)
        return error;
    stacks->free = (uint32_t *)tables;
    stacks->written_pages = stacks->free + stacks->count;
    stacks->table_bytes = bytes;
    return fan_region_open(tables, bytes);
}

int fan_stacks_init(struct fan_stacks *stacks, uintptr_t wanted, size_t stack_size, uint32_t count)
{
    size_t size = fan_region_round(stack_size ? stack_size : FAN_STACKS_DEFAULT_SIZE);
    if (count == 0 || count > MOST_STACKS || size > MOST_PAGES * fan_region_page())
        return EINVAL;
    *stacks = (struct fan_stacks){.stack_size = size, .count = count};
    int error = fan_region_reserve(wanted, count * stride(stacks), &stacks->region);
    if (!error)
        error = make_tables(stacks);
    if (error)
        fan_stacks_destroy(stacks);
    return error;
}

void fan_stacks_destroy(struct fan_stacks *stacks)
{
    if (stacks->region)
        munmap(stacks->region, stacks->count * stride(stacks));
    if (stacks->free)
        munmap(stacks->free, stacks->table_bytes);
    *stacks = (struct fan_stacks){.region = NULL};
}

void *fan_stacks_low(const struct fan_stacks *stacks, uint32_t index)
{
    return stacks->region + index * stride(stacks) + FAN_STACKS_GUARD;
}

static int begin_next(struct fan_stacks *stacks, uint32_t *index)
{
    uint32_t next = stacks->begun;
    if (next == stacks->count)
        return EAGAIN;
    if (next == stacks->opened) {
        int error = fan_region_open(fan_stacks_low(stacks, next), stacks->stack_size);
        if (error)
            return error;
        stacks->opened++;
    }
    stacks->begun++;
    *index = next;
    return 0;
}

int fan_stacks_get(struct fan_stacks *stacks, uint32_t *index)
{
    if (stacks->returned == 0)
        return begin_next(stacks, index);
    *index = stacks->free[--stacks->returned];
    return 0;
}

void fan_stacks_put(struct fan_stacks *stacks, uint32_t index)
{
    stacks->free[stacks->returned++] = index;
}

static uint32_t count_written_pages(void *low, size_t pages)
{
    unsigned char resident[MOST_PAGES];
    size_t untouched = 0;
    if (mincore(low, pages * fan_region_page(), resident) != 0)
        return (uint32_t)pages;
    while (untouched < pages && !(resident[untouched] & 1))
        untouched++;
    return (uint32_t)(pages - untouched);
}

static void look_for_written_pages(struct fan_stacks *stacks)
{
    size_t pages = stacks->stack_size / fan_region_page();
    for (uint32_t i = 0; i < stacks->begun; i++) {
        uint32_t written = count_written_pages(fan_stacks_low(stacks, i), pages);
        if (written > stacks->written_pages[i])
            stacks->written_pages[i] = written;
    }
}

static long count_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void clear_written_pages(const struct fan_stacks *stacks, uint32_t index)
{
    size_t bytes = stacks->written_pages[index] * fan_region_page();
    char *top = (char *)fan_stacks_low(stacks, index) + stacks->stack_size;
    fan_sanitizers_allow(top - bytes, bytes);
    memset(top - bytes, 0, bytes);
}

void fan_stacks_reset(struct fan_stacks *stacks)
{
    long faults = count_faults();
    if (faults != stacks->faults)
        look_for_written_pages(stacks);
    stacks->faults = faults;
    for (uint32_t i = 0; i < stacks->begun; i++)
        clear_written_pages(stacks, i);
    stacks->begun = 0;
    stacks->returned = 0;
}

bool fan_stacks_owner(const struct fan_stacks *stacks, uintptr_t fault_address, uint32_t *index)
{
    uintptr_t offset = fault_address - (uintptr_t)stacks->region;
    if (offset >= stacks->begun * stride(stacks) || offset % stride(stacks) >= FAN_STACKS_GUARD)
        return false;
    *index = (uint32_t)(offset / stride(stacks));
    return true;
}
