#include "flow/flight.h"

#include <errno.h>

#include "base/panic.h"
#include "flow/block.h"
#include "run/atomic.h"

#define RETURNED   (UINT64_C(1) << 31)
#define COMPLETED  (UINT64_C(1) << 30)
#define ERROR_MASK (COMPLETED - 1) /* of what fits, with its sign */

static uint32_t turn_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static int error_of(uint64_t word)
{
    return (int)((uint32_t)word << 2) >> 2;
}

static uint64_t completed_with(int error)
{
    return COMPLETED | ((uint64_t)error & ERROR_MASK);
}

static bool has_finished(uint64_t word)
{
    return (word & RETURNED) && (word & COMPLETED);
}

struct fan_flight *fan_flight_new(struct fan_stream *stream, size_t task_size, size_t result_size)
{
    size_t total = 0, head, task, value;
    if (!fan_block_add(&total, 1, sizeof(struct fan_flight), &head) ||
        !fan_block_add(&total, 1, task_size, &task) ||
        !fan_block_add(&total, 1, result_size, &value))
        return NULL;
    struct fan_flight *flight = fan_block_new(total);
    if (!flight)
        return NULL;
    char *memory = (char *)flight;
    *flight = (struct fan_flight){.stream = stream,
                                  .word = RETURNED | COMPLETED,
                                  .task = memory + task,
                                  .value = memory + value};
    flight->pass = (struct fan_pass){.stream = stream, .task = flight->task};
    return flight;
}

struct fan_token fan_flight_begin(struct fan_flight *flight)
{
    uint32_t turn = turn_of(fan_atomic_load(&flight->word, FAN_RELAXED)) + 1;
    fan_atomic_store(&flight->word, (uint64_t)turn << 32, FAN_RELEASE);
    return (struct fan_token){flight, turn};
}

enum fan_flight_stage fan_flight_stage(const struct fan_flight *flight)
{
    uint64_t word = fan_atomic_load(&flight->word, FAN_ACQUIRE);
    if (has_finished(word))
        return FAN_ON_GROUND;
    return word & RETURNED ? FAN_IN_AIR : FAN_IN_START;
}

/* Adds to what has happened. Both sides release what they have written and acquire what the other
 * has; who finds the word as it expected has not been overtaken. */
static bool advance(struct fan_flight *flight, uint64_t *word, uint64_t happened)
{
    uint64_t next = *word | happened;
    if (!fan_atomic_compare_exchange(&flight->word, word, next, FAN_ACQ_REL, FAN_ACQUIRE))
        return false;
    *word = next;
    return true;
}

static void must_fit(int error)
{
    if (error_of(completed_with(error)) != error)
        fan_panic_misuse(0, "%d is no error that a task can end with", error);
}

bool fan_flight_returned(struct fan_flight *flight, int error)
{
    uint64_t word = fan_atomic_load(&flight->word, FAN_RELAXED);
    uint64_t happened = RETURNED | (error ? completed_with(error) : 0);
    must_fit(error);
    do
        if (error && (word & COMPLETED))
            fan_panic_misuse(0, "a task failed at its start after its token was completed");
    while (!advance(flight, &word, happened));
    if (!has_finished(word))
        return false;
    flight->error = error_of(word);
    return true;
}

void fan_flight_crashed(struct fan_flight *flight)
{
    uint64_t word = fan_atomic_load(&flight->word, FAN_RELAXED);
    while (!advance(flight, &word, RETURNED | COMPLETED))
        continue;
    flight->error = ENOTRECOVERABLE;
}

bool fan_flight_completed(struct fan_token token, int error)
{
    struct fan_flight *flight = token.flight;
    uint64_t word = fan_atomic_load(&flight->word, FAN_RELAXED);
    must_fit(error);
    do
        if (turn_of(word) != token.turn || (word & COMPLETED))
            fan_panic_misuse(0, "a token was completed that had been completed before");
    while (!advance(flight, &word, completed_with(error)));
    if (!has_finished(word))
        return false;
    flight->error = error;
    return true;
}
