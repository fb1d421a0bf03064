#ifndef FAN_RUN_ATOMIC_H
#define FAN_RUN_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>

/* Atomic accesses to plain integers and pointers, with a memory order each. C11: <stdatomic.h>, and
 * the same orders; Go's sync/atomic knows FAN_SEQ_CST alone.
 *
 * Each is one indivisible access. Its order says what else it orders: what a thread did before a
 * FAN_RELEASE store has happened for whoever reads the stored value with FAN_ACQUIRE. FAN_RELAXED
 * orders nothing else. FAN_ACQ_REL is both, for what reads and writes at once. FAN_SEQ_CST puts
 * all of its accesses into one order besides.
 *
 *     buffer->text = text;
 *     fan_atomic_store(&buffer->ready, true, FAN_RELEASE);
 *                                   if (fan_atomic_load(&buffer->ready, FAN_ACQUIRE))
 *                                       print(buffer->text);
 *
 * With real threads these are the compiler's builtins, and nothing else. Under the controlled
 * scheduler (-DFAN_SIM) each is a step, and the race detector learns what it orders, so that a
 * missing FAN_RELEASE is found; the values are those of sequential consistency, whatever the
 * order asked for: a run never shows two processors that see two stores in different orders.
 *
 * `pointer` points to an integer of 1, 2, 4 or 8 bytes, or to a pointer; it is evaluated once.
 * None of them blocks or fails. */
enum fan_memory_order {
    FAN_RELAXED = __ATOMIC_RELAXED,
    FAN_ACQUIRE = __ATOMIC_ACQUIRE,
    FAN_RELEASE = __ATOMIC_RELEASE,
    FAN_ACQ_REL = __ATOMIC_ACQ_REL,
    FAN_SEQ_CST = __ATOMIC_SEQ_CST,
};

/* The value; FAN_RELAXED, FAN_ACQUIRE or FAN_SEQ_CST. */
#define fan_atomic_load(pointer, order) FAN_ATOMIC_LOAD((pointer), (order))

/* Sets the value; FAN_RELAXED, FAN_RELEASE or FAN_SEQ_CST. */
#define fan_atomic_store(pointer, value, order) FAN_ATOMIC_STORE((pointer), (value), (order))

/* Sets the value and returns the one before. */
#define fan_atomic_exchange(pointer, value, order)                                                 \
    FAN_ATOMIC_UPDATE(exchange_n, (pointer), (value), (order))

/* Adds, subtracts, or combines bits, and returns the value before. */
#define fan_atomic_fetch_add(pointer, value, order)                                                \
    FAN_ATOMIC_UPDATE(fetch_add, (pointer), (value), (order))
#define fan_atomic_fetch_sub(pointer, value, order)                                                \
    FAN_ATOMIC_UPDATE(fetch_sub, (pointer), (value), (order))
#define fan_atomic_fetch_and(pointer, value, order)                                                \
    FAN_ATOMIC_UPDATE(fetch_and, (pointer), (value), (order))
#define fan_atomic_fetch_or(pointer, value, order)                                                 \
    FAN_ATOMIC_UPDATE(fetch_or, (pointer), (value), (order))
#define fan_atomic_fetch_xor(pointer, value, order)                                                \
    FAN_ATOMIC_UPDATE(fetch_xor, (pointer), (value), (order))

/* Sets the value to `desired` if it is *expected, and returns whether it was; if not, it writes
 * what it is to *expected. Never fails for no reason. `otherwise` is the order of the mere load
 * that a failed one is. */
#define fan_atomic_compare_exchange(pointer, expected, desired, order, otherwise)                  \
    FAN_ATOMIC_COMPARE((pointer), (expected), (desired), (order), (otherwise))

#ifdef FAN_SIM

enum fan_atomic_how {
    FAN_ATOMIC_LOADED,
    FAN_ATOMIC_STORED,
    FAN_ATOMIC_UPDATED,
};

/* Announces an access; and tells what it was. */
void fan_atomic_announce(const volatile void *pointer, bool writes);
void fan_atomic_accessed(const volatile void *pointer, size_t bytes, enum fan_atomic_how how,
                         int order, const char *text);

#define FAN_ATOMIC_LOAD(pointer, order)         FAN_STEP_LOAD(fan_atomic, pointer, order)
#define FAN_ATOMIC_STORE(pointer, value, order) FAN_STEP_STORE(fan_atomic, pointer, value, order)
#define FAN_ATOMIC_UPDATE(how, pointer, value, order)                                              \
    FAN_STEP_UPDATE(fan_atomic, how, pointer, value, order)
#define FAN_ATOMIC_COMPARE(pointer, expected, desired, order, otherwise)                           \
    FAN_STEP_COMPARE(fan_atomic, pointer, expected, desired, order, otherwise)

/* The same for who announces and tells otherwise: run/inner.h. */
#define FAN_STEP_LOAD(by, pointer, order)                                                          \
    __extension__({                                                                                \
        __auto_type fan_at_ = pointer;                                                             \
        by##_announce(fan_at_, false);                                                             \
        by##_accessed(fan_at_, sizeof *fan_at_, FAN_ATOMIC_LOADED, order, #pointer);               \
        __atomic_load_n(fan_at_, order);                                                           \
    })

#define FAN_STEP_STORE(by, pointer, value, order)                                                  \
    __extension__({                                                                                \
        __auto_type fan_at_ = pointer;                                                             \
        __typeof__(*fan_at_) fan_value_ = value;                                                   \
        by##_announce(fan_at_, true);                                                              \
        by##_accessed(fan_at_, sizeof *fan_at_, FAN_ATOMIC_STORED, order, #pointer);               \
        __atomic_store_n(fan_at_, fan_value_, order);                                              \
    })

#define FAN_STEP_UPDATE(by, how, pointer, value, order)                                            \
    __extension__({                                                                                \
        __auto_type fan_at_ = pointer;                                                             \
        __typeof__(*fan_at_) fan_value_ = value;                                                   \
        by##_announce(fan_at_, true);                                                              \
        by##_accessed(fan_at_, sizeof *fan_at_, FAN_ATOMIC_UPDATED, order, #pointer);              \
        __atomic_##how(fan_at_, fan_value_, order);                                                \
    })

#define FAN_STEP_COMPARE(by, pointer, expected, desired, order, otherwise)                         \
    __extension__({                                                                                \
        __auto_type fan_at_ = pointer;                                                             \
        __auto_type fan_expected_ = expected;                                                      \
        __typeof__(*fan_at_) fan_desired_ = desired;                                               \
        by##_announce(fan_at_, true);                                                              \
        bool fan_done_ = __atomic_compare_exchange_n(fan_at_, fan_expected_, fan_desired_, false,  \
                                                     order, otherwise);                            \
        by##_accessed(fan_at_, sizeof *fan_at_,                                                    \
                      fan_done_ ? FAN_ATOMIC_UPDATED : FAN_ATOMIC_LOADED,                          \
                      fan_done_ ? order : otherwise, #pointer);                                    \
        fan_done_;                                                                                 \
    })

#else

#define FAN_ATOMIC_LOAD(pointer, order)               __atomic_load_n(pointer, order)
#define FAN_ATOMIC_STORE(pointer, value, order)       __atomic_store_n(pointer, value, order)
#define FAN_ATOMIC_UPDATE(how, pointer, value, order) __atomic_##how(pointer, value, order)
#define FAN_ATOMIC_COMPARE(pointer, expected, desired, order, otherwise)                           \
    __atomic_compare_exchange_n(pointer, expected, desired, false, order, otherwise)

#endif

#endif
