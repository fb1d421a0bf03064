#include "flow/chunk.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

#include "flow/block.h"

struct fan_chunk *fan_chunk_new(uint32_t size, size_t task_size, size_t result_size)
{
    size_t total = 0, head, errors, tasks, values;
    if (!fan_block_add(&total, 1, sizeof(struct fan_chunk), &head) ||
        !fan_block_add(&total, size + 1, sizeof(int), &errors) ||
        !fan_block_add(&total, size, task_size, &tasks) ||
        !fan_block_add(&total, size, result_size, &values))
        return NULL;
    struct fan_chunk *chunk = fan_block_new(total);
    if (!chunk)
        return NULL;
    char *memory = (char *)chunk;
    *chunk = (struct fan_chunk){
        .errors = (int *)(memory + errors), .tasks = memory + tasks, .values = memory + values};
    fan_list_init(&chunk->link);
    return chunk;
}

/* The C library has a loop that fills ints, several at a time: for wide characters, which are ints
 * on Linux. */
void fan_chunk_begin(struct fan_chunk *chunk)
{
    static_assert(sizeof(wchar_t) == sizeof *chunk->errors, "wide characters are ints");
    wmemset((wchar_t *)chunk->errors, (wchar_t)FAN_UNDER_WAY, chunk->count + 1);
    chunk->unfinished = chunk->count;
    chunk->handed = 0;
}

/* The first is 0, and each is what the one before is. */
bool fan_chunk_went_well(const struct fan_chunk *chunk)
{
    const int *errors = chunk->errors;
    return errors[0] == 0 && memcmp(errors, errors + 1, (chunk->count - 1) * sizeof *errors) == 0;
}
