/* The backend for the controlled scheduler: threads are its fibers, a wait is a step that is ready
 * when the word has changed (at the fine grain, two steps as futex(2) has it), time is virtual. No
 * locks: one thread of the system runs all of it.
 *
 * Fibers share what the system keeps for each thread (this library's thread-local variables,
 * errno), so each is given its own back after every switch. */
#include <errno.h>

#include "base/panic.h"
#include "base/panic_state.h"
#include "run/announce.h"
#include "run/backend.h"
#include "run/inner.h"
#include "run/lock.h"
#include "run/sim_backend.h"
#include "run/sim_watch.h"
#include "run/thread_state.h"

static struct fan_sim *scheduler;
bool fan_grain_is_fine;
const struct fan_result_listener *fan_result_listener;

struct sleeper {
    const uint32_t *word;
    bool woken;
};

/* Those who sleep, in the order in which they began to; they live on the sleepers' stacks. */
static struct {
    uint32_t count;
    struct sleeper *list[FAN_SIM_THREADS];
} sleepers;

struct own {
    struct fan_thread *thread;
    struct fan_panic_state panic;
    int error_number;
};

void fan_sim_backend_use(struct fan_sim *sim, enum fan_grain grain)
{
    scheduler = sim;
    sleepers.count = 0;
    fan_grain_is_fine = grain == FAN_GRAIN_FINE;
}

void fan_sim_backend_hear(const struct fan_result_listener *listener)
{
    fan_result_listener = listener;
}

static struct own put_aside(void)
{
    return (struct own){fan_thread_current, fan_panic_state, errno};
}

static void take_back(const struct own *own)
{
    fan_thread_current = own->thread;
    fan_panic_state = own->panic;
    errno = own->error_number;
}

static uint32_t list_touches(const struct fan_announcement *what, struct fan_touch *touches)
{
    const void *more[FAN_OP_TOUCHES - 2];
    uint32_t count = 0;
    if (what->object)
        touches[count++] = (struct fan_touch){fan_sim_object(scheduler, what->object), what->mode};
    if (what->context)
        touches[count++] =
            (struct fan_touch){fan_sim_object(scheduler, what->context), FAN_TOUCH_READ};
    size_t more_count = what->more ? what->more(what->argument, more) : 0;
    for (size_t i = 0; i < more_count; i++)
        touches[count++] = (struct fan_touch){fan_sim_object(scheduler, more[i]), FAN_TOUCH_WRITE};
    return count;
}

static void step(void)
{
    struct own own = put_aside();
    fan_sim_step(scheduler);
    take_back(&own);
}

/* An access to memory that the program marked, or an atomic one: a step at either grain. */
static bool is_the_programs_own(enum fan_probe_op op)
{
    return op >= FAN_OP_READ && op <= FAN_OP_STORE;
}

/* At the fine grain the library's operations are no steps. */
static bool is_a_step(enum fan_probe_op op)
{
    return __builtin_expect(!fan_grain_is_fine, 1) || is_the_programs_own(op);
}

/* The operation is written where it stays: as a whole it would have to be copied, and a copy that
 * reads words in pairs just after they were written one by one makes the processor wait. */
void fan_announce_to_scheduler(const struct fan_announcement *what)
{
    struct fan_touch *touches;
    if (!is_a_step(what->op))
        return;
    struct fan_sim_op *op = fan_sim_next_op(scheduler, &touches);
    op->kind = what->op;
    op->stage = FAN_STAGE_ARRIVE;
    op->pc = (uintptr_t)what->pc;
    op->ready = what->ready;
    op->argument = what->argument;
    op->deadline_ns = what->deadline_ns;
    op->passed = what->passed;
    op->capacity = what->capacity;
    op->touch_count = list_touches(what, touches);
    step();
    fan_sim_watch_step(op->kind, touches, op->touch_count);
}

void fan_announce_plain_to_scheduler(enum fan_probe_op kind, const void *object,
                                     enum fan_touch_mode mode, void *pc)
{
    struct fan_touch *touches;
    if (!is_a_step(kind))
        return;
    struct fan_sim_op *op = fan_sim_next_op(scheduler, &touches);
    op->kind = kind;
    op->stage = FAN_STAGE_ARRIVE;
    op->pc = (uintptr_t)pc;
    op->ready = NULL;
    op->deadline_ns = 0;
    op->touch_count = object != NULL;
    if (object)
        touches[0] = (struct fan_touch){fan_sim_object(scheduler, object), mode};
    step();
    fan_sim_watch_step(kind, touches, op->touch_count);
}

/* A spawned thread begins with nothing of its spawner's. */
static void begin(void *thread)
{
    fan_thread_current = NULL;
    fan_panic_state = (struct fan_panic_state){0};
    errno = 0;
    fan_thread_main(thread);
}

int fan_backend_start(struct fan_thread *thread, size_t stack_size)
{
    (void)stack_size;
    int index = fan_sim_spawn(scheduler, begin, thread);
    if (index < 0)
        return EAGAIN;
    fan_sim_watch_spawn(fan_thread_here()->id, (uint32_t)index, thread->id, thread->name);
    return 0;
}

void fan_backend_adopt(struct fan_thread *stranger)
{
    (void)stranger;
}

uint32_t fan_backend_os_thread(void)
{
    return 0;
}

struct word {
    const uint32_t *word;
    uint32_t value;
};

static bool has_changed(const void *argument)
{
    const struct word *word = argument;
    return __atomic_load_n(word->word, __ATOMIC_RELAXED) != word->value;
}

/* A step at the fine grain: one word of memory is touched. */
static void touch_word(enum fan_probe_op kind, const void *address, enum fan_touch_mode mode,
                       bool (*ready)(const void *), const void *argument, uint64_t deadline_ns,
                       void *pc)
{
    struct fan_touch *touches;
    struct fan_sim_op *op = fan_sim_next_op(scheduler, &touches);
    op->kind = kind;
    op->stage = FAN_STAGE_ARRIVE;
    op->pc = (uintptr_t)pc;
    op->ready = ready;
    op->argument = argument;
    op->deadline_ns = deadline_ns;
    op->touch_count = 1;
    touches[0] = (struct fan_touch){fan_sim_object(scheduler, address), mode};
    step();
}

void fan_inner_announce_at(const volatile void *pointer, bool writes, void *pc)
{
    touch_word(writes ? FAN_OP_STORE : FAN_OP_LOAD, (const void *)pointer,
               writes ? FAN_TOUCH_WRITE : FAN_TOUCH_READ, NULL, NULL, 0, pc);
}

static bool is_free(const void *lock)
{
    return ((const struct fan_lock *)lock)->word == 0;
}

/* At the coarse grain a lock that is taken here and not free would never become so: an operation
 * would have parked, or announced another, with a lock held. */
void fan_lock_acquire_as_step(struct fan_lock *lock, void *pc)
{
    if (!fan_grain_is_fine)
        fan_panic("a lock of the library is held where nobody should hold it");
    touch_word(FAN_OP_LOCK, lock, FAN_TOUCH_WRITE, is_free, lock, 0, pc);
    fan_sim_watch_acquire(lock);
}

void fan_lock_release_as_step(struct fan_lock *lock, void *pc)
{
    touch_word(FAN_OP_UNLOCK, lock, FAN_TOUCH_WRITE, NULL, NULL, 0, pc);
    fan_sim_watch_release(lock);
}

/* ---- sleeping, at the fine grain ----
 *
 * As futex(2) has it: a look at the word and going to sleep are one step, and who sleeps is woken
 * by a wake, not by a change of the word. */
/* The queue of a word's sleepers has the address of its second byte for a name. */
static uint32_t queue_of(const uint32_t *word)
{
    return fan_sim_object(scheduler, (const char *)word + 1);
}

static void leave_the_sleepers(const struct sleeper *sleeper)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sleepers.count; i++)
        if (sleepers.list[i] != sleeper)
            sleepers.list[kept++] = sleepers.list[i];
    sleepers.count = kept;
}

static bool is_woken(const void *sleeper)
{
    return ((const struct sleeper *)sleeper)->woken;
}

static void announce_sleep(const uint32_t *word, void *pc)
{
    struct fan_touch *touches;
    struct fan_sim_op *op = fan_sim_next_op(scheduler, &touches);
    op->kind = FAN_OP_LOAD;
    op->stage = FAN_STAGE_ARRIVE;
    op->pc = (uintptr_t)pc;
    op->ready = NULL;
    op->deadline_ns = 0;
    op->touch_count = 2;
    touches[0] = (struct fan_touch){fan_sim_object(scheduler, word), FAN_TOUCH_READ};
    touches[1] = (struct fan_touch){queue_of(word), FAN_TOUCH_WRITE};
    step();
}

static void sleep_as_steps(const uint32_t *word, uint32_t value, uint64_t deadline_ns, void *pc)
{
    struct sleeper sleeper = {word, false};
    announce_sleep(word, pc);
    if (has_changed(&(struct word){word, value}))
        return;
    sleepers.list[sleepers.count++] = &sleeper;
    struct own own = put_aside();
    fan_sim_resume(scheduler, is_woken, &sleeper, deadline_ns);
    take_back(&own);
    leave_the_sleepers(&sleeper);
}

static void wake_as_step(const uint32_t *word, int count, void *pc)
{
    touch_word(FAN_OP_SIGNAL, (const char *)word + 1, FAN_TOUCH_WRITE, NULL, NULL, 0, pc);
    for (uint32_t i = 0; i < sleepers.count && count > 0; i++)
        if (sleepers.list[i]->word == word && !sleepers.list[i]->woken) {
            sleepers.list[i]->woken = true;
            count--;
        }
}

void fan_backend_wait(uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
    if (fan_grain_is_fine) {
        sleep_as_steps(word, value, deadline_ns, __builtin_return_address(0));
        return;
    }
    struct own own = put_aside();
    fan_sim_resume(scheduler, has_changed, &(struct word){word, value}, deadline_ns);
    take_back(&own);
    fan_sim_watch_acquire(word);
}

/* At the coarse grain, whether a waiting thread can go on is read from the word itself. What its
 * waker did before has happened then. */
void fan_backend_wake(uint32_t *word, int count)
{
    if (fan_grain_is_fine)
        wake_as_step(word, count, __builtin_return_address(0));
    else
        fan_sim_watch_release(word);
}

unsigned fan_backend_processors(void)
{
    return 4;
}

unsigned fan_backend_spins(void)
{
    return 0;
}

bool fan_backend_spin(unsigned turn)
{
    (void)turn;
    return true;
}

bool fan_backend_spin_slowly(void)
{
    return true;
}

uint64_t fan_backend_now_ns(void)
{
    return fan_sim_now_ns(scheduler);
}

uint64_t fan_backend_choose(struct fan_random *random, uint64_t count)
{
    (void)random;
    return fan_sim_choose(scheduler, (uint32_t)count);
}
