#ifndef FAN_TESTS_SUPPORT_RACE_PROGRAMS_H
#define FAN_TESTS_SUPPORT_RACE_PROGRAMS_H

/* Programs with and without a data race: two threads that share one value, and what orders their
 * accesses, or does not. This is source, not an interface: it is compiled twice, for threads of the
 * system, where ThreadSanitizer judges, and for the controlled scheduler (tests/sync/ and
 * tests/sim/test_race_verdict.c), and both must come to the verdict that stands here. */
#include <fan/fan.h>

struct world {
    int value;
    char bytes[16];
    bool flag;
    int *shared;
    struct fan_mutex mutex;
    struct fan_rwlock rwlock;
    struct fan_cond cond;
    struct fan_waitgroup group;
    struct fan_once once;
    struct fan_semaphore one_permit, two_permits;
    struct fan_ctx ctx;
    struct fan_chan *meeting, *roomy, *single;
    int arrived; /* atomic, relaxed: makes real threads overlap, and orders nothing */
};

/* Two threads that run one function each; main joins both and looks at the value. */
struct race_program {
    const char *name;
    void (*one)(void *world);
    void (*two)(void *world);
    bool races;
};

static void read_value(struct world *world)
{
    FAN_READ(world->value);
    volatile int seen = world->value;
    (void)seen;
}

static void write_value(struct world *world)
{
    FAN_WRITE(world->value);
    world->value = 1;
}

static void arrive(struct world *world)
{
    fan_atomic_fetch_add(&world->arrived, 1, FAN_RELAXED);
}

static void await_arrivals(struct world *world, int arrivals)
{
    while (fan_atomic_load(&world->arrived, FAN_RELAXED) < arrivals)
        fan_sleep(1, NULL);
}

/* ---- nothing -------------------------------------------------------------------------------- */

static void writes(void *world)
{
    write_value(world);
}

static void reads(void *world)
{
    read_value(world);
}

static void writes_first_bytes(void *argument)
{
    struct world *world = argument;
    FAN_WRITE_RANGE(world->bytes, 8);
    for (int i = 0; i < 8; i++)
        world->bytes[i] = 1;
}

static void writes_last_bytes(void *argument)
{
    struct world *world = argument;
    FAN_WRITE_RANGE(world->bytes + 8, 8);
    for (int i = 8; i < 16; i++)
        world->bytes[i] = 2;
}

static void reads_middle_bytes(void *argument)
{
    struct world *world = argument;
    FAN_READ_RANGE(world->bytes + 6, 4);
    volatile char seen = (char)(world->bytes[6] + world->bytes[7] + world->bytes[8]);
    (void)seen;
}

static void sleeps_and_writes(void *world)
{
    fan_sleep(1, NULL);
    write_value(world);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void writes_locked(void *argument)
{
    struct world *world = argument;
    fan_mutex_lock(&world->mutex);
    write_value(world);
    fan_mutex_unlock(&world->mutex);
}

static void writes_if_it_can_lock(void *argument)
{
    struct world *world = argument;
    if (fan_mutex_trylock(&world->mutex) != 0)
        return;
    write_value(world);
    fan_mutex_unlock(&world->mutex);
}

static void reads_before_it_locks(void *argument)
{
    struct world *world = argument;
    read_value(world);
    fan_mutex_lock(&world->mutex);
    fan_mutex_unlock(&world->mutex);
}

static void writes_as_the_only_one(void *argument)
{
    struct world *world = argument;
    fan_rwlock_lock(&world->rwlock);
    write_value(world);
    fan_rwlock_unlock(&world->rwlock);
}

static void reads_as_one_of_many(void *argument)
{
    struct world *world = argument;
    fan_rwlock_lock_shared(&world->rwlock);
    read_value(world);
    fan_rwlock_unlock_shared(&world->rwlock);
}

static void writes_as_one_of_many(void *argument)
{
    struct world *world = argument;
    fan_rwlock_lock_shared(&world->rwlock);
    arrive(world);
    await_arrivals(world, 2);
    write_value(world);
    fan_rwlock_unlock_shared(&world->rwlock);
}

static void writes_with_the_only_permit(void *argument)
{
    struct world *world = argument;
    fan_semaphore_acquire(&world->one_permit, 1, NULL);
    write_value(world);
    fan_semaphore_release(&world->one_permit, 1);
}

static void writes_with_a_permit(void *argument)
{
    struct world *world = argument;
    fan_semaphore_acquire(&world->two_permits, 1, NULL);
    arrive(world);
    await_arrivals(world, 2);
    write_value(world);
    fan_semaphore_release(&world->two_permits, 1);
}

/* ---- conditions ----------------------------------------------------------------------------- */

static void waits_for_flag_and_reads(void *argument)
{
    struct world *world = argument;
    fan_mutex_lock(&world->mutex);
    while (!world->flag)
        fan_cond_wait(&world->cond, &world->mutex);
    fan_mutex_unlock(&world->mutex);
    read_value(world);
}

static void raise_flag(struct world *world)
{
    fan_mutex_lock(&world->mutex);
    world->flag = true;
    fan_cond_signal(&world->cond);
    fan_mutex_unlock(&world->mutex);
}

static void writes_and_raises_flag(void *world)
{
    write_value(world);
    raise_flag(world);
}

static void raises_flag_and_writes(void *world)
{
    raise_flag(world);
    write_value(world);
}

/* ---- channels ------------------------------------------------------------------------------- */

static void send(struct fan_chan *chan)
{
    fan_chan_send(chan, &(int){1}, NULL);
}

static void receive(struct fan_chan *chan)
{
    int element;
    fan_chan_recv(chan, &element, NULL);
}

static void writes_and_sends(void *argument)
{
    struct world *world = argument;
    write_value(world);
    send(world->roomy);
}

static void sends_and_writes(void *argument)
{
    struct world *world = argument;
    send(world->roomy);
    arrive(world);
    write_value(world);
}

static void receives_and_reads(void *argument)
{
    struct world *world = argument;
    receive(world->roomy);
    read_value(world);
}

/* Who has waited for the element had the channel's lock before its sender. */
static void reads_and_receives(void *argument)
{
    struct world *world = argument;
    read_value(world);
    await_arrivals(world, 1);
    receive(world->roomy);
}

static void meets_and_writes(void *argument)
{
    struct world *world = argument;
    send(world->meeting);
    write_value(world);
}

static void writes_and_meets(void *argument)
{
    struct world *world = argument;
    write_value(world);
    send(world->meeting);
}

static void reads_and_is_met(void *argument)
{
    struct world *world = argument;
    read_value(world);
    receive(world->meeting);
}

static void is_met_and_reads(void *argument)
{
    struct world *world = argument;
    receive(world->meeting);
    read_value(world);
}

static void writes_while_it_fills_the_place(void *argument)
{
    struct world *world = argument;
    send(world->single);
    write_value(world);
    receive(world->single);
}

static void writes_and_closes(void *argument)
{
    struct world *world = argument;
    write_value(world);
    fan_chan_close(world->roomy);
}

static void selects_and_reads(void *argument)
{
    struct world *world = argument;
    int element;
    size_t chosen;
    struct fan_select_case cases[] = {FAN_RECV(world->roomy, &element),
                                      FAN_RECV(world->meeting, &element)};
    fan_select(cases, 2, NULL, &chosen);
    read_value(world);
}

static void passes_a_pointer(void *argument)
{
    struct world *world = argument;
    send(world->roomy);
    send(world->roomy);
    write_value(world);
}

static void receives_all_and_reads(void *argument)
{
    struct world *world = argument;
    receive(world->roomy);
    receive(world->roomy);
    read_value(world);
}

/* ---- groups, once, contexts, threads -------------------------------------------------------- */

static void writes_and_is_done(void *argument)
{
    struct world *world = argument;
    write_value(world);
    fan_waitgroup_done(&world->group);
}

static void is_done_and_writes(void *argument)
{
    struct world *world = argument;
    fan_waitgroup_done(&world->group);
    write_value(world);
}

static void waits_for_group_and_reads(void *argument)
{
    struct world *world = argument;
    fan_waitgroup_wait(&world->group, NULL);
    read_value(world);
}

static void set_up(void *argument)
{
    write_value(argument);
}

static void reads_what_was_set_up_once(void *argument)
{
    struct world *world = argument;
    fan_once(&world->once, set_up, world);
    read_value(world);
}

static void sets_up_once(void *argument)
{
    struct world *world = argument;
    fan_once(&world->once, set_up, world);
    arrive(world);
}

static void reads_before_once(void *argument)
{
    struct world *world = argument;
    await_arrivals(world, 1);
    read_value(world);
    fan_once(&world->once, set_up, world);
}

static void writes_and_cancels(void *argument)
{
    struct world *world = argument;
    write_value(world);
    fan_ctx_cancel(&world->ctx, 0);
}

static void cancels_and_writes(void *argument)
{
    struct world *world = argument;
    fan_ctx_cancel(&world->ctx, 0);
    write_value(world);
}

static void reads_once_cancelled(void *argument)
{
    struct world *world = argument;
    if (fan_ctx_error(&world->ctx))
        read_value(world);
}

static void waits_for_cancel_and_reads(void *argument)
{
    struct world *world = argument;
    fan_sleep(UINT64_C(1000000000000), &world->ctx);
    read_value(world);
}

static void has_a_child_write(void *argument)
{
    struct fan_thread *child;
    if (fan_thread_spawn(NULL, writes, argument, &child) == 0)
        fan_thread_join(child);
    read_value(argument);
}

static void writes_beside_its_child(void *argument)
{
    struct fan_thread *child;
    int error = fan_thread_spawn(NULL, reads, argument, &child);
    write_value(argument);
    if (!error)
        fan_thread_join(child);
}

static void does_nothing(void *argument)
{
    (void)argument;
}

/* ---- atomics -------------------------------------------------------------------------------- */

static void writes_and_releases(void *argument)
{
    struct world *world = argument;
    write_value(world);
    fan_atomic_store(&world->shared, &world->value, FAN_RELEASE);
}

static void writes_and_stores_relaxed(void *argument)
{
    struct world *world = argument;
    write_value(world);
    fan_atomic_store(&world->shared, &world->value, FAN_RELAXED);
}

static void reads_once_it_is_there(void *argument)
{
    struct world *world = argument;
    if (fan_atomic_load(&world->shared, FAN_ACQUIRE))
        read_value(world);
}

static void reads_once_it_is_there_relaxed(void *argument)
{
    struct world *world = argument;
    if (fan_atomic_load(&world->shared, FAN_RELAXED))
        read_value(world);
}

static void adds_atomically(void *argument)
{
    struct world *world = argument;
    fan_atomic_fetch_add(&world->value, 1, FAN_RELAXED);
}

static void swaps_atomically(void *argument)
{
    struct world *world = argument;
    int expected = 0;
    fan_atomic_compare_exchange(&world->value, &expected, 7, FAN_RELAXED, FAN_RELAXED);
}

/* ---- permits that several threads give back ------------------------------------------------- */

static void writes_one_byte(struct world *world, int which)
{
    FAN_WRITE(world->bytes[which]);
    world->bytes[which] = 1;
}

static void writes_first_and_gives_back(void *argument)
{
    struct world *world = argument;
    writes_one_byte(world, 0);
    fan_semaphore_release(&world->two_permits, 1);
}

static void writes_second_and_gives_back(void *argument)
{
    struct world *world = argument;
    writes_one_byte(world, 1);
    fan_semaphore_release(&world->two_permits, 1);
}

static void gives_back_and_writes_second(void *argument)
{
    struct world *world = argument;
    fan_semaphore_release(&world->two_permits, 1);
    writes_one_byte(world, 1);
}

/* Lends a permit to each of two children, and reads what they wrote when it has got both back. */
static void lends_permits(struct world *world, void (*second)(void *))
{
    struct fan_thread *children[2];
    fan_semaphore_acquire(&world->two_permits, 2, NULL);
    fan_thread_spawn(NULL, writes_first_and_gives_back, world, &children[0]);
    fan_thread_spawn(NULL, second, world, &children[1]);
    fan_semaphore_acquire(&world->two_permits, 2, NULL);
    FAN_READ_RANGE(world->bytes, 2);
    volatile char seen = (char)(world->bytes[0] + world->bytes[1]);
    (void)seen;
    fan_semaphore_release(&world->two_permits, 2);
    fan_thread_join(children[0]);
    fan_thread_join(children[1]);
}

static void lends_permits_and_reads(void *world)
{
    lends_permits(world, writes_second_and_gives_back);
}

static void lends_permits_and_is_cheated(void *world)
{
    lends_permits(world, gives_back_and_writes_second);
}

static const struct race_program race_programs[] = {
    {"two writes", writes, writes, true},
    {"a read beside a write", reads, writes, true},
    {"two reads", reads, reads, false},
    {"neighbouring bytes", writes_first_bytes, writes_last_bytes, false},
    {"bytes in common", writes_first_bytes, reads_middle_bytes, true},
    {"a sleep orders nothing", writes, sleeps_and_writes, true},
    {"both lock", writes_locked, writes_locked, false},
    {"one locks", writes_locked, writes, true},
    {"both try to lock", writes_if_it_can_lock, writes_if_it_can_lock, false},
    {"a read before the lock", writes_locked, reads_before_it_locks, true},
    {"two writers", writes_as_the_only_one, writes_as_the_only_one, false},
    {"a writer and a reader", writes_as_the_only_one, reads_as_one_of_many, false},
    {"readers that write", writes_as_one_of_many, writes_as_one_of_many, true},
    {"one permit", writes_with_the_only_permit, writes_with_the_only_permit, false},
    {"two permits", writes_with_a_permit, writes_with_a_permit, true},
    {"permits of two others", lends_permits_and_reads, does_nothing, false},
    {"a permit is back, then a write", lends_permits_and_is_cheated, does_nothing, true},
    {"write, then signal", waits_for_flag_and_reads, writes_and_raises_flag, false},
    {"signal, then write", waits_for_flag_and_reads, raises_flag_and_writes, true},
    {"write, then send", writes_and_sends, receives_and_reads, false},
    {"send, then write", sends_and_writes, receives_and_reads, true},
    {"a receive tells a sender with room nothing", reads_and_receives, sends_and_writes, true},
    {"a meeting orders what comes before the send", writes_and_meets, is_met_and_reads, false},
    {"and what comes before the receive", reads_and_is_met, meets_and_writes, false},
    {"a write after the meeting", meets_and_writes, is_met_and_reads, true},
    {"a channel of one place is a lock", writes_while_it_fills_the_place,
     writes_while_it_fills_the_place, false},
    {"write, then close", writes_and_closes, receives_and_reads, false},
    {"select knows what receive knows", writes_and_sends, selects_and_reads, false},
    {"and no more", sends_and_writes, selects_and_reads, true},
    {"a write after the last send", passes_a_pointer, receives_all_and_reads, true},
    {"write, then done", writes_and_is_done, waits_for_group_and_reads, false},
    {"done, then write", is_done_and_writes, waits_for_group_and_reads, true},
    {"set up once", reads_what_was_set_up_once, reads_what_was_set_up_once, false},
    {"read before once", reads_before_once, sets_up_once, true},
    {"write, then cancel", writes_and_cancels, reads_once_cancelled, false},
    {"cancel, then write", cancels_and_writes, waits_for_cancel_and_reads, true},
    {"write, cancel, wake", writes_and_cancels, waits_for_cancel_and_reads, false},
    {"a child that was joined", has_a_child_write, does_nothing, false},
    {"a child beside its parent", writes_beside_its_child, does_nothing, true},
    {"release and acquire", writes_and_releases, reads_once_it_is_there, false},
    {"no release", writes_and_stores_relaxed, reads_once_it_is_there, true},
    {"no acquire", writes_and_releases, reads_once_it_is_there_relaxed, true},
    {"atomics beside atomics", adds_atomically, swaps_atomically, false},
    {"an atomic beside a read", adds_atomically, reads, true},
};

enum { RACE_PROGRAMS = sizeof race_programs / sizeof race_programs[0] };

static void begin_world(struct world *world)
{
    *world = (struct world){.meeting = fan_chan_new("meeting", sizeof(int), 0),
                            .roomy = fan_chan_new("roomy", sizeof(int), 2),
                            .single = fan_chan_new("single", sizeof(int), 1)};
    fan_semaphore_init(&world->one_permit, "one permit", 1);
    fan_semaphore_init(&world->two_permits, "two permits", 2);
    fan_ctx_init(&world->ctx, NULL);
    fan_waitgroup_add(&world->group, 1);
}

static void end_world(struct world *world)
{
    fan_ctx_destroy(&world->ctx);
    fan_semaphore_destroy(&world->one_permit);
    fan_semaphore_destroy(&world->two_permits);
    fan_chan_free(world->meeting);
    fan_chan_free(world->roomy);
    fan_chan_free(world->single);
}

static void race_program_run(const struct race_program *program)
{
    struct world world;
    struct fan_thread *one, *two;
    begin_world(&world);
    int no_one = fan_thread_spawn(NULL, program->one, &world, &one);
    int no_two = fan_thread_spawn(NULL, program->two, &world, &two);
    fan_thread_join(no_one ? NULL : one);
    fan_thread_join(no_two ? NULL : two);
    read_value(&world);
    end_world(&world);
}

#endif
