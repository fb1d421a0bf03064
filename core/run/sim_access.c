/* What the marks of accesses, and the atomics, are under the controlled scheduler: a step each, and
 * then something for the watch to know. */
#include "run/access.h"
#include "run/announce.h"
#include "run/atomic.h"
#include "run/inner.h"
#include "run/result.h"
#include "run/sim_watch.h"

enum { WORD = 8, WORDS_TOUCHED = FAN_OP_TOUCHES - 2 };

struct range {
    uintptr_t begin, end;
};

static const void *word_of(const volatile void *address)
{
    return (const void *)((uintptr_t)address & -(uintptr_t)WORD);
}

/* The words of a range after its first. Those of a long range that find no place are left out:
 * where no access races, the order of two is that of what orders them, and that is touched too. */
static size_t list_words(const void *argument, const void **objects)
{
    const struct range *range = argument;
    size_t count = 0;
    for (uintptr_t word = range->begin + WORD; word < range->end && count < WORDS_TOUCHED;
         word += WORD)
        objects[count++] = (const void *)word;
    return count;
}

static void announce(enum fan_probe_op op, const volatile void *address, size_t bytes, void *pc)
{
    const void *first = word_of(address);
    struct range range = {(uintptr_t)first, (uintptr_t)address + bytes};
    fan_announce(&(struct fan_announcement){
        .op = op,
        .pc = pc,
        .object = first,
        .mode = op == FAN_OP_READ || op == FAN_OP_LOAD ? FAN_TOUCH_READ : FAN_TOUCH_WRITE,
        .more = range.end > range.begin + WORD ? list_words : NULL,
        .argument = &range});
}

/* What is read is in memory already; what will be written is not known. */
static void tell(enum fan_probe_op op, const volatile void *address, size_t bytes, const char *text)
{
    bool reads = op == FAN_OP_READ || op == FAN_OP_LOAD;
    const void *value = reads ? (const void *)address : NULL;
    fan_result_tell(&(struct fan_result){.op = op, .value = value, .size = bytes, .text = text});
}

/* The frame pointer of who called the function that calls this. */
#define CALLERS_FRAME (*(const uintptr_t *)__builtin_frame_address(0))

#define HERE (uintptr_t) __builtin_return_address(0)

void fan_access_read(const volatile void *address, size_t bytes, const char *text)
{
    announce(FAN_OP_READ, address, bytes, __builtin_return_address(0));
    tell(FAN_OP_READ, address, bytes, text);
    fan_sim_watch_access(&(struct fan_sim_access){.address = address,
                                                  .bytes = bytes,
                                                  .kind = FAN_RACE_READ,
                                                  .text = text,
                                                  .pc = HERE,
                                                  .frame = CALLERS_FRAME});
}

void fan_access_write(const volatile void *address, size_t bytes, const char *text)
{
    announce(FAN_OP_WRITE, address, bytes, __builtin_return_address(0));
    tell(FAN_OP_WRITE, address, bytes, text);
    fan_sim_watch_access(&(struct fan_sim_access){.address = address,
                                                  .bytes = bytes,
                                                  .kind = FAN_RACE_WRITE,
                                                  .text = text,
                                                  .pc = HERE,
                                                  .frame = CALLERS_FRAME});
}

void fan_atomic_announce(const volatile void *pointer, bool writes)
{
    announce(writes ? FAN_OP_STORE : FAN_OP_LOAD, pointer, 1, __builtin_return_address(0));
}

static enum fan_race_kind kind_of(enum fan_atomic_how how)
{
    static const enum fan_race_kind kinds[] = {[FAN_ATOMIC_LOADED] = FAN_RACE_ATOMIC_LOAD,
                                               [FAN_ATOMIC_STORED] = FAN_RACE_ATOMIC_STORE,
                                               [FAN_ATOMIC_UPDATED] = FAN_RACE_ATOMIC_RMW};
    return kinds[how];
}

void fan_atomic_accessed(const volatile void *pointer, size_t bytes, enum fan_atomic_how how,
                         int order, const char *text)
{
    tell(how == FAN_ATOMIC_LOADED ? FAN_OP_LOAD : FAN_OP_STORE, pointer, bytes, text);
    fan_sim_watch_access(&(struct fan_sim_access){.address = pointer,
                                                  .bytes = bytes,
                                                  .kind = kind_of(how),
                                                  .order = order,
                                                  .text = text,
                                                  .pc = HERE,
                                                  .frame = CALLERS_FRAME});
}

void fan_inner_ordered_at(const volatile void *pointer, enum fan_atomic_how how, int order)
{
    fan_sim_watch_ordered(pointer, kind_of(how), order);
}

void fan_inner_accesses_at(const volatile void *address, size_t bytes, bool writes)
{
    fan_sim_watch_access(&(struct fan_sim_access){.address = address,
                                                  .bytes = bytes,
                                                  .kind = writes ? FAN_RACE_WRITE : FAN_RACE_READ,
                                                  .text = "what the library keeps",
                                                  .pc = HERE,
                                                  .frame = CALLERS_FRAME});
}
