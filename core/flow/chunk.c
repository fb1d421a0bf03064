#include "flow/chunk.h"

#include "flow/block.h"

struct fan_chunk *fan_chunk_new(uint32_t size, size_t task_size, size_t result_size)
{
    size_t total = 0, head, errors, tasks, values;
    if (!fan_block_add(&total, 1, sizeof(struct fan_chunk), &head) ||
        !fan_block_add(&total, size, sizeof(int), &errors) ||
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
