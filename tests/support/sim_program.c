/* No locks: one thread of the system. */
#include "tests/support/sim_program.h"

#include <stdlib.h>

#include "base/panic_state.h"
#include "base/probe.h"
#include "run/sim_backend.h"
#include "run/sim_watch.h"
#include "run/thread_state.h"
#include "sim/pristine.h"
#include "tests/support/run_memory.h"

static struct {
    struct fan_sim *sim;
    struct fan_sim_watch *watch;
    bool unwatched;
    enum fan_grain grain;
    bool restores, always;
    struct fan_pristine pristine;
    struct fan_panic panic;
    bool noticed;
    struct fan_notice notice;
} the;

static void end_the_run(void *observer, const struct fan_panic *panic)
{
    the.panic = *panic;
    fan_sim_fail(observer);
}

static void keep_the_first(void *observer, const struct fan_notice *notice)
{
    (void)observer;
    if (!the.noticed)
        the.notice = *notice;
    the.noticed = true;
}

struct fan_sim *sim_program_begin(void)
{
    static struct fan_probe_tables only_panics = {.panicked = end_the_run,
                                                  .noticed = keep_the_first};
    the.sim = fan_sim_new(&(struct fan_sim_options){0});
    the.watch = fan_sim_watch_new();
    if (!the.sim || !the.watch)
        abort();
    run_memory_init();
    only_panics.observer = the.sim;
    fan_probe_install(&only_panics);
    fan_sim_backend_use(the.sim, FAN_GRAIN_COARSE);
    return the.sim;
}

enum fan_sim_outcome sim_program_run(const struct fan_strategy *strategy, sim_program *program)
{
    if (the.restores)
        fan_pristine_restore(&the.pristine);
    fan_thread_current = NULL;
    fan_panic_state = (struct fan_panic_state){0};
    the.noticed = false;
    fan_sim_watch_begin(the.unwatched ? NULL : the.watch, the.sim);
    run_memory_begin();
    fan_sim_backend_use(the.sim, the.grain);
    enum fan_sim_outcome outcome = fan_sim_run(the.sim, strategy, program, NULL);
    run_memory_end();
    fan_sim_backend_use(the.sim, FAN_GRAIN_COARSE);
    return outcome;
}

void sim_program_watch(bool on)
{
    the.unwatched = !on;
}

void sim_program_grain(enum fan_grain grain)
{
    struct fan_pristine_range exempt[] = {{&the, sizeof the}, run_memory_own()};
    if (the.restores) {
        fan_pristine_restore(&the.pristine);
        fan_pristine_drop(&the.pristine);
    }
    the.grain = grain;
    the.restores = the.always || grain == FAN_GRAIN_FINE;
    if (the.restores && fan_pristine_take(&the.pristine, exempt, 2) != 0)
        abort();
}

void sim_program_put_back(void)
{
    the.always = true;
    sim_program_grain(the.grain);
}

const struct fan_panic *sim_program_panic(void)
{
    return &the.panic;
}

const struct fan_lines *sim_program_lines(void)
{
    return fan_sim_watch_lines(the.watch);
}

const struct fan_notice *sim_program_notice(void)
{
    return the.noticed ? &the.notice : NULL;
}

uint32_t sim_program_hunt(const struct fan_strategy *strategy, sim_program *program, uint32_t runs)
{
    bool more = true;
    for (uint32_t run = 1; run <= runs && more; run++) {
        if (sim_program_run(strategy, program) != FAN_SIM_FINISHED)
            return run;
        more = strategy->kind->end(strategy->state, the.sim);
    }
    return 0;
}

uint32_t sim_program_count_failing(const struct fan_strategy *strategy, sim_program *program,
                                   uint32_t runs)
{
    uint32_t failing = 0;
    for (uint32_t run = 0; run < runs; run++) {
        failing += sim_program_run(strategy, program) != FAN_SIM_FINISHED;
        strategy->kind->end(strategy->state, the.sim);
    }
    return failing;
}

void sim_program_must(bool holds)
{
    if (!holds)
        fan_sim_fail(the.sim);
}
