#ifndef FAN_TESTS_SUPPORT_SIM_PROGRAMS_H
#define FAN_TESTS_SUPPORT_SIM_PROGRAMS_H

/* Small programs for the strategies to work on, each a thread's function. Those with a planted bug
 * have a twin without. */

enum { SIM_WORKERS = 4, SIM_ITEMS = 4 };

/* A producer, workers and a closer over buffered channels, and main, which collects. The rare form
 * of a missing done: the last worker forgets it if it gets the last item. Stuck. */
void sim_pool(void *unused);
void sim_pool_with_a_rare_missing_done(void *unused);

/* The last worker to leave closes the channel. With the bug, whether it is the last is looked at a
 * second time, in a step of its own: two may find so. A panic. */
void sim_last_one_closes(void *unused);
void sim_two_may_close(void *unused);

/* Waits on a condition until a flag is set. With the bug the flag is looked at before the lock is
 * taken for the wait, and the signal may come in between. Stuck. */
void sim_wake_up(void *unused);
void sim_lost_wake_up(void *unused);

/* Each of three workers adds to a number under a lock. With the bug they read it in one critical
 * section and write it in another. Fails. */
void sim_update(void *unused);
void sim_lost_update(void *unused);

/* A select over four channels that are ready. With the bug, only its fourth case is wrong, and only
 * if the second select takes that too. No schedule of threads matters, only values do. */
void sim_select(void *unused);
void sim_select_with_a_wrong_case(void *unused);

/* One thread looks again and again whether another has come to an end. */
void sim_spin(void *unused);

/* More threads than fit into 32 bits, which all wait for one channel to close. */
void sim_crowd(void *unused);

/* One thread takes one step, which fails if it comes after all the twenty of another. A plain
 * random walk all but never does that (once in 2^20). */
void sim_short_beside_long(void *unused);

#endif
