/* Which locks are held, and what they order, under the controlled scheduler. */
#include "run/held.h"
#include "run/sim_watch.h"

/* A lock has two things to learn from: those who held it alone, and those who held it shared. The
 * second has the address of the lock's second byte for a name. */
static const void *shared_side(const void *lock)
{
    return (const char *)lock + 1;
}

void fan_sim_lock_taken(const void *lock, bool shared)
{
    fan_sim_watch_acquire(lock);
    if (!shared)
        fan_sim_watch_acquire(shared_side(lock));
}

void fan_sim_lock_left(const void *lock, bool shared)
{
    fan_sim_watch_release(shared ? shared_side(lock) : lock);
}
