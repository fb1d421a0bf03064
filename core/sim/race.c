/* The rule, for each access to each byte: an earlier access that it conflicts with and that is not
 * covered by the thread's clock races with it. It is then remembered, and takes the place of each
 * earlier one that happened before it and conflicts with nothing that it does not conflict with
 * itself. (Whatever races with such a one later, is not ordered after the new one either.) For
 * plain accesses this leaves FastTrack's last write and last reads; atomic ones need no rule of
 * their own.
 *
 * An access that does not change any of this is the common case, and costs one look: same thread,
 * same epoch, and remembered already. A thread's epoch changes when it releases something.
 *
 * Memory comes from mmap: a program under test that wrecks its heap shall not wreck the verdict. */
#include "sim/race.h"

#include <sys/mman.h>

#include "sim/clock.h"
#include "sim/places.h"
#include "sim/shadow.h"

struct fan_race {
    uint32_t thread_count; /* highest number in use, and one; clocks are zero beyond it */
    uint32_t object_count;
    uint32_t report_count;
    struct fan_race_lost lost;
    struct fan_clock threads[FAN_CLOCK_THREADS];
    struct fan_clock objects[FAN_RACE_OBJECTS];
    uint64_t reported[FAN_RACE_REPORTS]; /* the pair of places of each report */
    struct fan_race_report reports[FAN_RACE_REPORTS];
    struct fan_places places;
    struct fan_shadow shadow;
};

#define BIT(kind) (1u << (kind))

static const uint8_t conflicts[] = {
    [FAN_RACE_READ] = BIT(FAN_RACE_WRITE) | BIT(FAN_RACE_ATOMIC_STORE) | BIT(FAN_RACE_ATOMIC_RMW),
    [FAN_RACE_WRITE] = 0xff,
    [FAN_RACE_ATOMIC_LOAD] = BIT(FAN_RACE_WRITE),
    [FAN_RACE_ATOMIC_STORE] = BIT(FAN_RACE_READ) | BIT(FAN_RACE_WRITE),
    [FAN_RACE_ATOMIC_RMW] = BIT(FAN_RACE_READ) | BIT(FAN_RACE_WRITE),
};

static bool conflict(uint32_t a, uint32_t b)
{
    return conflicts[a] & BIT(b);
}

/* Whether what conflicts with `a` conflicts with `b` too. */
static bool stands_for(uint32_t b, uint32_t a)
{
    return (conflicts[a] & ~conflicts[b]) == 0;
}

struct fan_race *fan_race_new(void)
{
    void *memory = mmap(NULL, sizeof(struct fan_race), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    struct fan_race *race = memory;
    fan_race_reset(race);
    return race;
}

void fan_race_free(struct fan_race *race)
{
    if (race)
        munmap(race, sizeof *race);
}

void fan_race_reset(struct fan_race *race)
{
    for (uint32_t i = 0; i < race->thread_count; i++)
        fan_clock_clear(&race->threads[i], race->thread_count);
    for (uint32_t i = 0; i < race->object_count; i++)
        fan_clock_clear(&race->objects[i], race->thread_count);
    fan_shadow_clear(&race->shadow);
    if (race->places.count == FAN_PLACES_MAX)
        fan_places_clear(&race->places);
    race->object_count = race->report_count = 0;
    race->lost = (struct fan_race_lost){0};
    race->thread_count = 1;
    fan_clock_tick(&race->threads[0], 0);
}

/* ---- what orders threads ------------------------------------------------------------------- */

static bool is_a_thread(const struct fan_race *race, uint32_t thread)
{
    return thread < race->thread_count;
}

static void tick(struct fan_race *race, uint32_t thread)
{
    if (!fan_clock_tick(&race->threads[thread], thread))
        race->lost.edges++;
}

static void begin_thread(struct fan_race *race, uint32_t thread, uint32_t parent)
{
    if (thread >= race->thread_count)
        race->thread_count = thread + 1;
    struct fan_clock *clock = &race->threads[thread];
    uint32_t time = clock->times[thread];
    fan_clock_copy(clock, &race->threads[parent], race->thread_count);
    clock->times[thread] = time;
    tick(race, thread);
}

/* A number names one thread after the other; epochs tell them apart only if they are ordered. */
static bool is_free_for(const struct fan_race *race, uint32_t parent, uint32_t child)
{
    return fan_clock_covers(&race->threads[parent], fan_clock_epoch(&race->threads[child], child));
}

void fan_race_fork(struct fan_race *race, uint32_t parent, uint32_t child)
{
    if (!is_a_thread(race, parent) || child >= FAN_CLOCK_THREADS ||
        !is_free_for(race, parent, child)) {
        race->lost.edges++;
        return;
    }
    begin_thread(race, child, parent);
    tick(race, parent);
}

void fan_race_join(struct fan_race *race, uint32_t parent, uint32_t child)
{
    if (is_a_thread(race, parent) && is_a_thread(race, child))
        fan_clock_join(&race->threads[parent], &race->threads[child], race->thread_count);
    else
        race->lost.edges++;
}

/* The object's clock, NULL if the edge that was to go through it is lost. */
static struct fan_clock *clock_of(struct fan_race *race, uint32_t thread, uint32_t object)
{
    if (!is_a_thread(race, thread) || object >= FAN_RACE_OBJECTS) {
        race->lost.edges++;
        return NULL;
    }
    if (object >= race->object_count)
        race->object_count = object + 1;
    return &race->objects[object];
}

void fan_race_acquire(struct fan_race *race, uint32_t thread, uint32_t object)
{
    const struct fan_clock *clock = clock_of(race, thread, object);
    if (clock)
        fan_clock_join(&race->threads[thread], clock, race->thread_count);
}

void fan_race_release(struct fan_race *race, uint32_t thread, uint32_t object)
{
    struct fan_clock *clock = clock_of(race, thread, object);
    if (!clock)
        return;
    fan_clock_join(clock, &race->threads[thread], race->thread_count);
    tick(race, thread);
}

/* Which ways it goes is hard to foresee. */
void fan_race_pass(struct fan_race *race, uint32_t thread, uint32_t object, uint32_t ways)
{
    struct fan_clock *clock = clock_of(race, thread, object);
    if (!clock)
        return;
    struct fan_clock *self = &race->threads[thread];
    fan_clock_exchange(self, ways & FAN_RACE_LEARNS, clock, ways & FAN_RACE_TELLS,
                       race->thread_count);
    uint32_t told = (ways & FAN_RACE_TELLS) / FAN_RACE_TELLS;
    bool ends = self->times[thread] + told > FAN_CLOCK_END;
    self->times[thread] += told & !ends;
    race->lost.edges += ends;
}

uint32_t fan_race_moment(const struct fan_race *race, uint32_t thread)
{
    return fan_clock_epoch(&race->threads[thread], thread);
}

bool fan_race_happened_before(const struct fan_race *race, uint32_t moment, uint32_t thread)
{
    return fan_clock_covers(&race->threads[thread], moment);
}

/* ---- what is accessed ---------------------------------------------------------------------- */

static struct fan_race_side side_of(const struct fan_race *race,
                                    const struct fan_shadow_entry *entry, uintptr_t word)
{
    struct fan_race_side side = {
        .thread = fan_epoch_thread(entry->epoch),
        .kind = (enum fan_race_kind)entry->kind,
        .address = word * 8 + (uintptr_t)(intptr_t)entry->first,
        .size = entry->size,
    };
    fan_places_stack(&race->places, entry->place, &side.stack);
    return side;
}

static uint64_t pair_of(uint32_t a, uint32_t b)
{
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

static bool is_reported(const struct fan_race *race, uint64_t pair)
{
    for (uint32_t i = 0; i < race->report_count; i++)
        if (race->reported[i] == pair)
            return true;
    return false;
}

static void report(struct fan_race *race, const struct fan_shadow_entry *earlier,
                   const struct fan_shadow_entry *later, uintptr_t word)
{
    uint64_t pair = pair_of(earlier->place, later->place);
    if (race->lost.edges || is_reported(race, pair))
        return;
    if (race->report_count == FAN_RACE_REPORTS) {
        race->lost.reports++;
        return;
    }
    race->reported[race->report_count] = pair;
    race->reports[race->report_count++] = (struct fan_race_report){
        .earlier = side_of(race, earlier, word),
        .later = side_of(race, later, word),
    };
}

/* What the new access means to an old one. True if it takes the old one's place. */
static bool replaces(struct fan_race *race, const struct fan_shadow_entry *new,
                     const struct fan_shadow_entry *old, uintptr_t word)
{
    const struct fan_clock *clock = &race->threads[fan_epoch_thread(new->epoch)];
    if (fan_clock_covers(clock, old->epoch))
        return stands_for(new->kind, old->kind);
    if (conflict(old->kind, new->kind))
        report(race, old, new, word);
    return false;
}

static void remember(struct fan_race *race, struct fan_shadow_cell *cell, uintptr_t word,
                     const struct fan_shadow_entry *new)
{
    struct fan_shadow_entry *room = NULL;
    struct fan_shadow_cell *block = cell;
    for (; block; block = fan_shadow_more(&race->shadow, block))
        for (int i = 0; i < FAN_SHADOW_RECENT; i++) {
            struct fan_shadow_entry *old = &block->entries[i];
            if (old->epoch != FAN_EPOCH_NONE && replaces(race, new, old, word))
                old->epoch = FAN_EPOCH_NONE;
            if (old->epoch == FAN_EPOCH_NONE && !room)
                room = old;
        }
    if (room)
        *room = *new;
    else if (!fan_shadow_add(&race->shadow, cell, new))
        race->lost.accesses++;
}

static inline bool says_all(const struct fan_shadow_entry *entry, uint32_t epoch, uint32_t kind)
{
    return entry->epoch == epoch && stands_for(entry->kind, kind);
}

static inline bool is_remembered(const struct fan_shadow_cell *cell, uint32_t epoch, uint32_t kind)
{
    return says_all(&cell->entries[0], epoch, kind) || says_all(&cell->entries[1], epoch, kind) ||
           says_all(&cell->entries[2], epoch, kind);
}
_Static_assert(FAN_SHADOW_RECENT == 3, "is_remembered knows how many");

static uint32_t place_of(struct fan_race *race, const struct fan_race_access *access)
{
    uint32_t place = fan_places_here(&race->places, access->pc, access->frame);
    race->lost.stacks += place == FAN_PLACE_UNKNOWN;
    return place;
}

static void access_cell(struct fan_race *race, const struct fan_race_access *access,
                        struct fan_shadow_cell *cell, uintptr_t word,
                        struct fan_shadow_entry *entry)
{
    if (is_remembered(cell, entry->epoch, entry->kind))
        return;
    if (entry->place == FAN_PLACE_UNKNOWN)
        entry->place = place_of(race, access);
    entry->first = (int32_t)(access->address - word * 8);
    remember(race, cell, word, entry);
}

static void access_word(struct fan_race *race, const struct fan_race_access *access,
                        struct fan_shadow_bytes bytes, struct fan_shadow_entry *entry)
{
    while (bytes.mask != 0) {
        struct fan_shadow_cell *cell = fan_shadow_part(&race->shadow, &bytes);
        if (!cell) {
            race->lost.accesses++;
            return;
        }
        access_cell(race, access, cell, bytes.word, entry);
    }
}

static struct fan_shadow_entry entry_of(const struct fan_race *race,
                                        const struct fan_race_access *access)
{
    return (struct fan_shadow_entry){
        .epoch = fan_clock_epoch(&race->threads[access->thread], access->thread),
        .size = (uint32_t)access->size,
        .kind = access->kind,
    };
}

static void access_range(struct fan_race *race, const struct fan_race_access *access)
{
    if (!is_a_thread(race, access->thread)) {
        race->lost.edges++;
        return;
    }
    struct fan_shadow_entry entry = entry_of(race, access);
    struct fan_shadow_range range = fan_shadow_range(access->address, access->size);
    if (access->size > FAN_RACE_RANGE) {
        range = fan_shadow_range(access->address, FAN_RACE_RANGE);
        entry.size = FAN_RACE_RANGE;
        race->lost.accesses++;
    }
    for (uintptr_t word = range.begin; word < range.end; word++)
        access_word(race, access, fan_shadow_bytes(range, word), &entry);
}

__attribute__((noinline)) static bool access_slowly(struct fan_race *race,
                                                    const struct fan_race_access *access,
                                                    struct fan_shadow_cell *cell)
{
    uint32_t reports_before = race->report_count;
    if (cell) {
        struct fan_shadow_entry entry = entry_of(race, access);
        access_cell(race, access, cell, access->address / 8, &entry);
    } else {
        access_range(race, access);
    }
    return race->report_count > reports_before;
}

/* Nearly every access is to one word, as it was accessed before. (A size of 0 is not: it wraps.) */
bool fan_race_access(struct fan_race *race, const struct fan_race_access *access)
{
    size_t offset = access->address % 8;
    if (access->size - 1 >= 8 - offset || !is_a_thread(race, access->thread))
        return access_slowly(race, access, NULL);
    uint8_t mask = (uint8_t)(((1u << access->size) - 1) << offset);
    struct fan_shadow_bytes bytes = {access->address / 8, mask};
    struct fan_shadow_cell *cell = fan_shadow_find(&race->shadow, bytes);
    uint32_t epoch = fan_clock_epoch(&race->threads[access->thread], access->thread);
    if (cell && is_remembered(cell, epoch, access->kind))
        return false;
    return access_slowly(race, access, cell);
}

void fan_race_forget(struct fan_race *race, uintptr_t address, size_t size)
{
    fan_shadow_forget(&race->shadow, address, size);
}

/* ---- atomics ------------------------------------------------------------------------------- */

static bool acquires(enum fan_race_kind kind, int order)
{
    return kind != FAN_RACE_ATOMIC_STORE && order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool releases(enum fan_race_kind kind, int order)
{
    return kind != FAN_RACE_ATOMIC_LOAD &&
           (order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST);
}

/* A store begins a release sequence of its own, or ends the one there was. */
static void forget_released(struct fan_race *race, uint32_t thread, uint32_t object)
{
    struct fan_clock *clock = clock_of(race, thread, object);
    if (clock)
        fan_clock_clear(clock, race->thread_count);
}

static void order_before(struct fan_race *race, uint32_t thread, uint32_t object,
                         enum fan_race_kind kind, int order)
{
    if (acquires(kind, order))
        fan_race_acquire(race, thread, object);
}

static void order_after(struct fan_race *race, uint32_t thread, uint32_t object,
                        enum fan_race_kind kind, int order)
{
    if (kind == FAN_RACE_ATOMIC_STORE)
        forget_released(race, thread, object);
    if (releases(kind, order))
        fan_race_release(race, thread, object);
}

bool fan_race_atomic(struct fan_race *race, const struct fan_race_access *access, uint32_t object,
                     int order)
{
    order_before(race, access->thread, object, access->kind, order);
    bool races = fan_race_access(race, access);
    order_after(race, access->thread, object, access->kind, order);
    return races;
}

void fan_race_order(struct fan_race *race, uint32_t thread, uint32_t object,
                    enum fan_race_kind kind, int order)
{
    order_before(race, thread, object, kind, order);
    order_after(race, thread, object, kind, order);
}

/* ---- what was found ------------------------------------------------------------------------ */

const struct fan_race_report *fan_race_reports(const struct fan_race *race, size_t *count)
{
    *count = race->report_count;
    return race->reports;
}

struct fan_race_lost fan_race_lost(const struct fan_race *race)
{
    return race->lost;
}
