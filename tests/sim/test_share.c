/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The handshake between a share's owner and a thief, in every schedule there is; and that this hunt
 * finds what goes wrong in a thief or an owner who leave a part of it out. */
#define FAN_SIM
#include "flow/share.h"

#include <string.h>

#include "run/access.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { TASKS = 3 };

static struct fan_sim *sim;
static bool (*steal)(struct fan_share *, enum fan_fence, struct fan_share *);
static bool (*ends)(struct fan_share *, uint32_t);
static int thieves;

static struct {
    struct fan_mutex lock;
    struct fan_share share;
    int runs[TASKS];
} game;

static void set_up(void)
{
    sim = sim_program_begin();
    steal = fan_share_steal;
    ends = fan_share_ends;
    thieves = 1;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static void run_task(uint32_t index)
{
    sim_program_must(index < TASKS);
    FAN_WRITE(game.runs[index]);
    game.runs[index]++;
}

static bool goes_on(struct fan_share *share, uint32_t index)
{
    if (fan_share_claim(share, index, FAN_FENCE_FULL))
        return true;
    fan_mutex_lock(&game.lock);
    bool ended = ends(share, index);
    fan_mutex_unlock(&game.lock);
    return !ended;
}

static void run_share(struct fan_share *share, uint32_t begin)
{
    for (uint32_t i = begin; goes_on(share, i); i++)
        run_task(i);
}

static void thief(void *unused)
{
    (void)unused;
    struct fan_share loot;
    fan_mutex_lock(&game.lock);
    bool got = steal(&game.share, FAN_FENCE_FULL, &loot);
    fan_mutex_unlock(&game.lock);
    if (got)
        run_share(&loot, loot.next);
}

static void play(void *unused)
{
    struct fan_thread *others[2] = {NULL, NULL};
    (void)unused;
    memset(&game, 0, sizeof game);
    game.lock.name = "lock";
    fan_share_begin(&game.share, 0, TASKS);
    for (int i = 0; i < thieves; i++)
        sim_program_must(fan_thread_spawn(NULL, thief, NULL, &others[i]) == 0);
    run_share(&game.share, 0);
    for (int i = 0; i < 2; i++)
        fan_thread_join(others[i]);
    for (int i = 0; i < TASKS; i++)
        sim_program_must(game.runs[i] == 1);
}

START_TEST(every_task_is_run_once_in_every_schedule)
{
    thieves = _i;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, play), 0);
}
END_TEST

/* Takes what it saw first, and does not look again. */
static bool steal_blindly(struct fan_share *share, enum fan_fence fence, struct fan_share *loot)
{
    (void)fence;
    uint32_t end = fan_atomic_load(&share->end, FAN_RELAXED);
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    fan_atomic_store(&share->end, next, FAN_RELAXED);
    fan_share_begin(loot, next, end);
    return next < end;
}

START_TEST(a_thief_who_does_not_look_again_is_found)
{
    steal = steal_blindly;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, play), 0);
}
END_TEST

/* Looks which task comes next only once, after it has moved the end to where it was. */
static bool steal_too_late(struct fan_share *share, enum fan_fence fence, struct fan_share *loot)
{
    (void)fence;
    uint32_t end = fan_atomic_load(&share->end, FAN_RELAXED);
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    uint32_t begun = fan_atomic_load(&share->next, FAN_RELAXED);
    fan_atomic_store(&share->end, begun > next ? begun : next, FAN_RELAXED);
    fan_share_begin(loot, begun, end);
    return begun < end;
}

START_TEST(a_thief_who_looks_in_the_wrong_order_is_found)
{
    steal = steal_too_late;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, play), 0);
}
END_TEST

static bool believes(struct fan_share *share, uint32_t index)
{
    (void)share, (void)index;
    return true;
}

START_TEST(an_owner_who_does_not_ask_again_is_found)
{
    ends = believes;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, play), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("share");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_task_is_run_once_in_every_schedule, 1, 3);
    tcase_add_test(cases, a_thief_who_does_not_look_again_is_found);
    tcase_add_test(cases, a_thief_who_looks_in_the_wrong_order_is_found);
    tcase_add_test(cases, an_owner_who_does_not_ask_again_is_found);
    return suite_run("share", cases);
}
