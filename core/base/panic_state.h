#ifndef FAN_BASE_PANIC_STATE_H
#define FAN_BASE_PANIC_STATE_H

/* What panics keep for the calling thread; for a scheduler whose threads share one thread of the
 * system, which gives each its own back after every switch: hence in the open. Zero is that of a
 * new thread. */
struct fan_panic_state {
    void *innermost_scope;
    int locks_held; /* a recover scope is not to end with one more than it began with */
};

extern _Thread_local struct fan_panic_state fan_panic_state;

/* Called by what locks. */
static inline void fan_panic_lock_taken(void)
{
    fan_panic_state.locks_held++;
}

static inline void fan_panic_lock_released(void)
{
    fan_panic_state.locks_held--;
}

#endif
