/* All but channels and selects. */
#define FAN_SIM
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/sync_objects.h"

/* ---- contexts ---- */

void sync_cancel(void)
{
    fan_ctx_cancel(&sync_the->ctx, 0);
}

static void cancel_with_a_cause(void)
{
    fan_ctx_cancel(&sync_the->ctx, EIO);
    sync_note(1, fan_ctx_cause(&sync_the->ctx) == EIO);
}

static void cancel_with_another_cause(void)
{
    fan_ctx_cancel(&sync_the->ctx, EPERM);
    sync_note(2, fan_ctx_cause(&sync_the->ctx) == EPERM);
}

SYNC_NOTES(0, look_at_cause, fan_ctx_cause(&sync_the->ctx))
SYNC_NOTES(0, look_at_context, fan_ctx_error(&sync_the->ctx) != 0)
SYNC_NOTES(0, sleep_under_context, fan_sleep(SYNC_SOON_NS, &sync_the->ctx) != 0)
SYNC_NOTES(1, sleep_too, fan_sleep(SYNC_SOON_NS, NULL) != 0)

static void cancel_after_a_sleep(void)
{
    sleep_too();
    sync_cancel();
}

static void receive_under_deadline(void)
{
    int error = fan_chan_recv(sync_the->unbuffered, NULL, &sync_the->deadline);
    sync_note(0, error == ETIMEDOUT ? 1 : error == ECANCELED ? 2 : error);
}

SYNC_NOTES(1, send_in_time, fan_chan_send(sync_the->unbuffered, &(int){1}, NULL))

static void look_at_deadline(void)
{
    fan_sleep(SYNC_LATER_NS, NULL);
    sync_note(2, fan_ctx_error(&sync_the->deadline) == ETIMEDOUT);
}

static void cancel_deadline_in_time(void)
{
    fan_sleep(SYNC_SOON_NS, NULL);
    fan_ctx_cancel(&sync_the->deadline, 0);
}

static void wait_in_a_child(void)
{
    fan_ctx_init(&sync_the->child, &(struct fan_ctx_options){.parent = &sync_the->ctx});
    sync_note(0, fan_chan_recv(sync_the->unbuffered, NULL, &sync_the->child) != 0);
    fan_ctx_destroy(&sync_the->child);
}

static void make_and_drop_a_child(void)
{
    fan_ctx_init(&sync_the->child, &(struct fan_ctx_options){.parent = &sync_the->ctx});
    sync_note(0, fan_ctx_error(&sync_the->child) != 0);
    fan_ctx_destroy(&sync_the->child);
}

static void look_then_try_send(void)
{
    sync_note(2, fan_ctx_error(&sync_the->ctx) != 0);
    sync_note(2, fan_chan_try_send(sync_the->unbuffered, &(int){3}) != 0);
}

SYNC_NOTES(0, receive_under_the_context, fan_chan_recv(sync_the->unbuffered, NULL, &sync_the->ctx))

static void run_plainly(void *function)
{
    ((void (*)(void))function)();
}

static struct fan_ctx *make_child(struct fan_ctx *parent)
{
    struct fan_ctx *child = calloc(1, sizeof *child);
    fan_ctx_init(child, &(struct fan_ctx_options){.parent = parent});
    return child;
}

static void look_at_family(void *family)
{
    struct fan_ctx **one = family;
    for (int i = 0; i < 3; i++)
        sync_note(1, fan_ctx_error(one[i]) != 0);
}

/* Each order in which one may look: down, up, and across. */
static void cancel_family(const int order[3])
{
    struct fan_ctx **family = calloc(3, sizeof(struct fan_ctx *));
    struct fan_ctx *first = make_child(&sync_the->ctx), *second = make_child(&sync_the->ctx);
    struct fan_ctx *all[] = {&sync_the->ctx, first, second};
    for (int i = 0; i < 3; i++)
        family[i] = all[order[i]];
    fan_go("looks", look_at_family, family);
    sync_cancel();
    sync_note(0, fan_ctx_error(first) != 0 && fan_ctx_error(second) != 0);
}

static void cancel_family_seen_from_above(void)
{
    cancel_family((int[]){0, 1, 2});
}

static void cancel_family_seen_from_below(void)
{
    cancel_family((int[]){2, 1, 0});
}

/* What the cancel has not come to when its parent is left is not forgotten. */
static void detach_when_done(void)
{
    struct fan_ctx *child = make_child(&sync_the->ctx), *below = make_child(child);
    fan_go("cancels", run_plainly, (void *)sync_cancel);
    sync_note(0, fan_sleep(SYNC_SOON_NS, child) != 0);
    if (fan_ctx_error(child)) {
        fan_ctx_detach(child);
        sync_note(0, fan_ctx_error(below) != 0);
    }
}

/* ---- semaphores ---- */

static int acquire_and_release(struct fan_semaphore *semaphore, uint64_t amount,
                               struct fan_ctx *ctx)
{
    int error = fan_semaphore_acquire(semaphore, amount, ctx);
    if (error)
        return 1;
    int before = (int)sync_the->number++;
    fan_semaphore_release(semaphore, amount);
    return 2 + before;
}

SYNC_NOTES(0, take_one_0, acquire_and_release(&sync_the->one, 1, NULL))
SYNC_NOTES(1, take_one_1, acquire_and_release(&sync_the->one, 1, NULL))
SYNC_NOTES(2, take_one_2, acquire_and_release(&sync_the->one, 1, NULL))
SYNC_NOTES(1, try_take_one, fan_semaphore_try_acquire(&sync_the->one, 1) != 0)
SYNC_NOTES(0, keep_one, fan_semaphore_acquire(&sync_the->one, 1, NULL) != 0)
SYNC_NOTES(1, take_one_under_context, acquire_and_release(&sync_the->one, 1, &sync_the->ctx))
SYNC_NOTES(0, take_two, acquire_and_release(&sync_the->two, 2, NULL))
SYNC_NOTES(1, take_two_under_context, acquire_and_release(&sync_the->two, 2, &sync_the->ctx))
SYNC_NOTES(2, take_one_of_two, fan_semaphore_acquire(&sync_the->two, 1, NULL) != 0)
SYNC_NOTES(0, keep_one_of_two, fan_semaphore_acquire(&sync_the->two, 1, NULL) != 0)

/* Who has got what another released may end it, while that release is still returning. */
static void take_all_and_destroy(void)
{
    take_two();
    fan_semaphore_destroy(&sync_the->two);
    memset(&sync_the->two, 0xdf, sizeof sync_the->two);
}

static void keep_all(void)
{
    fan_semaphore_acquire(&sync_the->two, 2, NULL);
}

static void give_all_back(void *unused)
{
    (void)unused;
    fan_semaphore_release(&sync_the->two, 2);
}

static void keep_all_then_destroy(void)
{
    keep_all();
    fan_go("giver", give_all_back, NULL);
    take_all_and_destroy();
}

static void take_one_in_another(void *unused)
{
    (void)unused;
    take_one_under_context();
}

/* Whoever gets it then began after the cancel, or was there before it. */
static void cancel_then_release(void)
{
    fan_semaphore_acquire(&sync_the->one, 1, NULL);
    fan_go("taker", take_one_in_another, NULL);
    sync_cancel();
    fan_semaphore_release(&sync_the->one, 1);
}

/* ---- locks ---- */

static int add_under_mutex(void)
{
    fan_mutex_lock(&sync_the->mutex);
    FAN_READ(sync_the->number);
    FAN_WRITE(sync_the->number);
    int before = (int)sync_the->number++;
    fan_mutex_unlock(&sync_the->mutex);
    return before;
}

SYNC_NOTES(0, add_0, add_under_mutex())
SYNC_NOTES(1, add_1, add_under_mutex())
SYNC_NOTES(2, add_2, add_under_mutex())

static void try_add(void)
{
    if (fan_mutex_trylock(&sync_the->mutex) != 0) {
        sync_note(2, 30);
        return;
    }
    FAN_READ(sync_the->number);
    sync_note(2, (int)sync_the->number);
    fan_mutex_unlock(&sync_the->mutex);
}

static void write_number(void)
{
    fan_rwlock_lock(&sync_the->rwlock);
    FAN_WRITE(sync_the->number);
    sync_the->number++;
    fan_rwlock_unlock(&sync_the->rwlock);
}

static int read_number(void)
{
    fan_rwlock_lock_shared(&sync_the->rwlock);
    FAN_READ(sync_the->number);
    int number = (int)sync_the->number;
    fan_rwlock_unlock_shared(&sync_the->rwlock);
    return number;
}

SYNC_NOTES(0, read_0, read_number())
SYNC_NOTES(2, read_2, read_number())

/* ---- conditions ---- */

static int wait_for_flag(void)
{
    fan_mutex_lock(&sync_the->mutex);
    while (!sync_the->flag)
        fan_cond_wait(&sync_the->cond, &sync_the->mutex);
    FAN_READ(sync_the->number);
    int number = (int)sync_the->number;
    fan_mutex_unlock(&sync_the->mutex);
    return number;
}

SYNC_NOTES(0, wait_0, wait_for_flag())
SYNC_NOTES(2, wait_2, wait_for_flag())

static void set_flag(void)
{
    fan_mutex_lock(&sync_the->mutex);
    FAN_WRITE(sync_the->number);
    sync_the->number = 5;
    sync_the->flag = true;
    fan_mutex_unlock(&sync_the->mutex);
}

static void set_flag_and_signal(void)
{
    set_flag();
    fan_cond_signal(&sync_the->cond);
}

static void set_flag_and_broadcast(void)
{
    set_flag();
    fan_cond_broadcast(&sync_the->cond);
}

/* ---- the rest ---- */

static void done(void)
{
    FAN_WRITE(sync_the->payload);
    sync_the->payload = 7;
    fan_waitgroup_done(&sync_the->group);
}

static void done_as_well(void)
{
    fan_waitgroup_done(&sync_the->group);
}

static void wait_for_group(void)
{
    int error = fan_waitgroup_wait(&sync_the->group, &sync_the->ctx);
    sync_note(0, error);
    if (error)
        return;
    FAN_READ(sync_the->payload);
    sync_note(0, (int)sync_the->payload);
    fan_waitgroup_destroy(&sync_the->group);
}

static void cancel_then_done(void)
{
    sync_cancel();
    fan_waitgroup_done(&sync_the->group);
    fan_waitgroup_done(&sync_the->group);
}

SYNC_NOTES(0, only_wait_for_group, fan_waitgroup_wait(&sync_the->group, &sync_the->ctx) != 0)

static void fill(void *unused)
{
    (void)unused;
    FAN_WRITE(sync_the->payload);
    sync_the->payload = 7;
    sync_the->number++;
}

static int do_once(void)
{
    fan_once(&sync_the->once, fill, NULL);
    FAN_READ(sync_the->payload);
    return (int)(sync_the->payload + sync_the->number);
}

SYNC_NOTES(0, once_0, do_once())
SYNC_NOTES(1, once_1, do_once())
SYNC_NOTES(2, once_2, do_once())

SYNC_NOTES(0, wait_for_tick, fan_timer_wait(&sync_the->timer, &sync_the->ctx) != 0)
SYNC_NOTES(0, try_tick, fan_timer_try(&sync_the->timer) != 0)

void sync_put_tick_off(void)
{
    fan_timer_reset(&sync_the->timer, fan_deadline_after(SYNC_LATER_NS), 0);
    sync_note(1, 1);
}

static void stop_ticking(void)
{
    fan_timer_reset(&sync_the->timer, 0, 0);
    sync_note(1, 2);
}

static void start_ticking(void *unused)
{
    (void)unused;
    fan_timer_reset(&sync_the->timer, fan_deadline_after(SYNC_SOON_NS), 0);
}

static void start_it_while_waiting(void)
{
    fan_timer_reset(&sync_the->timer, 0, 0);
    fan_go("starter", start_ticking, NULL);
    wait_for_tick();
}

static void cancel_then_tick(void)
{
    sync_cancel();
    fan_timer_reset(&sync_the->timer, fan_now_ns(), 0);
}

static void write_payload(void *unused)
{
    fill(unused);
}

static void spawn_and_join(void)
{
    struct fan_thread *thread;
    fan_thread_spawn(NULL, write_payload, NULL, &thread);
    fan_thread_join(thread);
    FAN_READ(sync_the->payload);
    sync_note(0, (int)sync_the->payload);
}

/* ---- the table ---- */

const struct sync_program sync_other_programs[] = {
    {"context", "a cancel meets a look", SYNC_THREADS_ARE(look_at_context, sync_cancel), 2},
    {"context", "its cause is looked at", SYNC_THREADS_ARE(look_at_cause, cancel_with_a_cause), 2},
    {"context", "a cancel meets a wait", SYNC_THREADS_ARE(sleep_under_context, sync_cancel), 1},
    {"context", "a cancel when the sleep is over",
     SYNC_THREADS_ARE(sleep_under_context, cancel_after_a_sleep), 2},
    {"context", "two cancels",
     SYNC_THREADS_ARE(sleep_under_context, cancel_with_a_cause, cancel_with_another_cause), 2},
    {"context", "a deadline meets a cancel",
     SYNC_THREADS_ARE(receive_under_deadline, cancel_deadline_in_time), 2},
    {"context", "a deadline meets a send", SYNC_THREADS_ARE(receive_under_deadline, send_in_time),
     1},
    {"context", "a deadline is looked at",
     SYNC_THREADS_ARE(receive_under_deadline, look_at_deadline), 1},
    {"context", "a child waits", SYNC_THREADS_ARE(wait_in_a_child, sync_cancel), 1},
    {"context", "a child comes and goes", SYNC_THREADS_ARE(make_and_drop_a_child, sync_cancel), 2},
    {"context", "a child comes and goes, and waits",
     SYNC_THREADS_ARE(make_and_drop_a_child, sync_cancel, sleep_under_context), 2},
    {"context", "is seen done, and then a send",
     SYNC_THREADS_ARE(receive_under_the_context, sync_cancel, look_then_try_send), 3},
    {"context", "a family, seen from above", SYNC_THREADS_ARE(cancel_family_seen_from_above), 8},
    {"context", "a family, seen from below", SYNC_THREADS_ARE(cancel_family_seen_from_below), 4},
    {"context", "a detach meets a cancel", SYNC_THREADS_ARE(detach_when_done), 1},

    {"semaphore", "two want one", SYNC_THREADS_ARE(take_one_0, take_one_1), 2},
    {"semaphore", "three want one", SYNC_THREADS_ARE(take_one_0, take_one_1, take_one_2), 6},
    {"semaphore", "a try", SYNC_THREADS_ARE(take_one_0, try_take_one), 3},
    {"semaphore", "a cancel meets a wait",
     SYNC_THREADS_ARE(keep_one, take_one_under_context, sync_cancel), 2},
    {"semaphore", "who is behind goes on",
     SYNC_THREADS_ARE(keep_one_of_two, take_two_under_context, take_one_of_two, sync_cancel), 2},
    {"semaphore", "a cancel, then a release", SYNC_THREADS_ARE(cancel_then_release), 1},
    {"semaphore", "destroyed when got", SYNC_THREADS_ARE(keep_all_then_destroy), 1},

    {"rwlock", "a reader and a writer", SYNC_THREADS_ARE(read_0, write_number), 2},
    {"rwlock", "two readers and a writer", SYNC_THREADS_ARE(read_0, write_number, read_2), 4},
    {"rwlock", "two writers", SYNC_THREADS_ARE(write_number, write_number), 1},

    {"group", "two are done", SYNC_THREADS_ARE(wait_for_group, done, done_as_well), 1},
    {"group", "one is done, and a cancel", SYNC_THREADS_ARE(wait_for_group, done, sync_cancel), 1},
    {"group", "a cancel, then both are done",
     SYNC_THREADS_ARE(only_wait_for_group, cancel_then_done), 1},

    {"once", "two come", SYNC_THREADS_ARE(once_0, once_1), 1},
    {"once", "three come", SYNC_THREADS_ARE(once_0, once_1, once_2), 1},

    {"mutex", "two add", SYNC_THREADS_ARE(add_0, add_1), 2},
    {"mutex", "three add", SYNC_THREADS_ARE(add_0, add_1, add_2), 6, .sampled = true},
    {"mutex", "a try", SYNC_THREADS_ARE(add_0, try_add), 3},
    {"mutex", "a try by a third", SYNC_THREADS_ARE(add_0, add_1, try_add), 8, .sampled = true},

    {"condition", "a signal", SYNC_THREADS_ARE(wait_0, set_flag_and_signal), 1},
    {"condition", "a signal for one of two", SYNC_THREADS_ARE(wait_0, set_flag_and_signal, wait_2),
     3, .sampled = true},
    {"condition", "a broadcast", SYNC_THREADS_ARE(wait_0, set_flag_and_broadcast, wait_2), 1,
     .sampled = true},

    {"timer", "a tick is put off", SYNC_THREADS_ARE(wait_for_tick, sync_put_tick_off), 1},
    {"timer", "is started while waited for", SYNC_THREADS_ARE(start_it_while_waiting), 1},
    {"timer", "is stopped", SYNC_THREADS_ARE(wait_for_tick, stop_ticking), 1},
    {"timer", "is stopped, and a cancel",
     SYNC_THREADS_ARE(wait_for_tick, stop_ticking, sync_cancel), 1},
    {"timer", "a try", SYNC_THREADS_ARE(try_tick, sleep_too), 1},
    {"timer", "a cancel, then a tick", SYNC_THREADS_ARE(wait_for_tick, cancel_then_tick), 1},

    {"thread", "is joined", SYNC_THREADS_ARE(spawn_and_join), 1},
    {0},
};
