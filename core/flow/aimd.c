#include "flow/aimd.h"

#include <errno.h>
#include <stddef.h>

enum {
    DEFAULT_INITIAL = 4,
    DEFAULT_CEILING = 1000,
    DEFAULT_TOLERANCE = 5,
    DEFAULT_DECREASE = 15,
    FIRST_LOOK = 64,    /* latencies; fewer say nothing */
    FIRST_WINDOW = 128, /* while the limit is far off, which shows in few */
    FUTILE_FALLS = 3,
    RECOVERY_PART = 8, /* what it grows by then, of itself */
    TRIMMED_PART = 20, /* one in so many is left out */
    MEMORY = 4096,     /* latencies that make the baseline, after which older ones fade */
};

/* How many standard errors off is no accident, as far as this goes. */
static const double certain = 2.5;

/* What requests take, and the variance of that mean. */
struct estimate {
    double ns, variance;
};

/* ---- beginning ---- */

static int value_or(int value, int otherwise)
{
    return value ? value : otherwise;
}

static int within(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static struct fan_aimd_options fill_in(const struct fan_aimd_options *given)
{
    struct fan_aimd_options options = *given;
    options.floor = value_or(given->floor, 1);
    options.ceiling =
        value_or(given->ceiling, options.floor < DEFAULT_CEILING ? DEFAULT_CEILING : options.floor);
    options.initial =
        value_or(given->initial, within(DEFAULT_INITIAL, options.floor, options.ceiling));
    options.tolerance_percent = value_or(given->tolerance_percent, DEFAULT_TOLERANCE);
    options.decrease_percent = value_or(given->decrease_percent, DEFAULT_DECREASE);
    options.window = value_or(given->window, FAN_AIMD_SAMPLES);
    return options;
}

static bool is_valid(const struct fan_aimd_options *options)
{
    return options->floor > 0 && options->floor <= options->initial &&
           options->initial <= options->ceiling && options->tolerance_percent > 0 &&
           options->decrease_percent > 0 && options->decrease_percent < 100 &&
           options->window >= FIRST_LOOK && options->window <= FAN_AIMD_SAMPLES;
}

int fan_aimd_init(struct fan_aimd *aimd, const struct fan_aimd_options *options)
{
    struct fan_aimd_options filled_in = fill_in(options);
    if (!is_valid(&filled_in))
        return EINVAL;
    *aimd = (struct fan_aimd){
        .options = filled_in,
        .limit = filled_in.initial,
        .doubles = true,
        .unsettled = (uint32_t)filled_in.initial,
    };
    return 0;
}

/* ---- the sample ---- */

static void swap(uint64_t *a, uint64_t *b)
{
    uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Parts the values in two; returns where the first part, of which none is larger than any of the
 * second, ends. */
static size_t part(uint64_t *values, size_t count)
{
    uint64_t pivot = values[(count - 1) / 2];
    size_t low = 0, high = count - 1;
    for (;; low++, high--) {
        while (values[low] < pivot)
            low++;
        while (values[high] > pivot)
            high--;
        if (low >= high)
            return high;
        swap(&values[low], &values[high]);
    }
}

/* The value that has `rank` others before it in their order: Hoare's selection ("Algorithm 65:
 * find", 1961). Changes their places: those before are smaller or equal. */
static uint64_t select_rank(uint64_t *values, size_t count, size_t rank)
{
    while (count > 1) {
        size_t first = part(values, count) + 1;
        if (rank < first) {
            count = first;
        } else {
            values += first;
            count -= first;
            rank -= first;
        }
    }
    return *values;
}

/* The mean of the sample without its longest part, and how far off that may be: the standard error
 * of a trimmed mean is that of the sample with its cut-off values put to the largest that is left
 * (Tukey and McLaughlin, 1963), divided by the part that is left. */
static struct estimate estimate(struct fan_aimd *aimd)
{
    size_t count = aimd->kept, cut = count / TRIMMED_PART, left = count - cut;
    double largest = (double)select_rank(aimd->samples, count, left - 1);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < left; i++) {
        double below = largest - (double)aimd->samples[i];
        sum += below;
        squares += below * below;
    }
    double variance = squares / (double)count - sum / (double)count * sum / (double)count;
    double part_left = (double)left / (double)count;
    return (struct estimate){
        .ns = largest - sum / (double)left,
        .variance = variance > 0 ? variance / (double)count / part_left / part_left : 0,
    };
}

/* ---- the rule ---- */

static void begin_window(struct fan_aimd *aimd)
{
    aimd->seen = aimd->used_up = aimd->kept = 0;
}

/* What ends first after a change are the quick ones, and they met the queue that was left: only
 * when as many have ended as are under way do they stand for all. */
static void begin_anew(struct fan_aimd *aimd, uint64_t now_ns)
{
    begin_window(aimd);
    aimd->since_ns = now_ns;
    aimd->unsettled = (uint32_t)aimd->limit;
}

/* Twice a limit need not be an int. */
static void set_limit(struct fan_aimd *aimd, int64_t limit)
{
    int old = aimd->limit;
    aimd->limit = limit > aimd->options.ceiling ? aimd->options.ceiling
                  : limit < aimd->options.floor ? aimd->options.floor
                                                : (int)limit;
    aimd->increases += aimd->limit > old;
    aimd->decreases += aimd->limit < old;
}

static int part_of(int limit, const struct fan_aimd *aimd)
{
    return (int)(((int64_t)limit * aimd->options.decrease_percent + 99) / 100);
}

static void fall(struct fan_aimd *aimd)
{
    set_limit(aimd, aimd->limit - part_of(aimd->limit, aimd));
    aimd->doubles = false;
    aimd->clear = true;
}

/* Whether that one is above the other by more than chance explains. */
static bool is_above(struct estimate one, struct estimate other)
{
    double apart_ns = one.ns - other.ns;
    return apart_ns > 0 &&
           apart_ns * apart_ns > certain * certain * (one.variance + other.variance);
}

/* The latency has come down by less than half of what the limit has. */
static bool hardly_helped(const struct fan_aimd *aimd, struct estimate now)
{
    double limit_left = (double)aimd->limit / aimd->fell_from;
    return is_above(now, (struct estimate){.ns = aimd->fell_at_ns * (1 + limit_left) / 2});
}

static void set_baseline(struct fan_aimd *aimd, struct estimate now)
{
    aimd->baseline_ns = now.ns;
    aimd->baseline_variance = now.variance;
    aimd->weight = aimd->kept;
}

/* Decreases in a row are judged by threes. A latency that rises on is judged from its highest. */
static void begin_row(struct fan_aimd *aimd, struct estimate now)
{
    aimd->fell_from = aimd->limit;
    aimd->fell_at_ns = now.ns;
    aimd->falls = 0;
}

/* It takes longer than it did; but is it because of us? */
static void answer_overload(struct fan_aimd *aimd, struct estimate now)
{
    if (aimd->falls == FUTILE_FALLS && hardly_helped(aimd, now)) {
        set_baseline(aimd, now);
        aimd->doubles = true;
        aimd->falls = 0;
        return;
    }
    if (aimd->falls == 0 || aimd->falls == FUTILE_FALLS || now.ns > aimd->fell_at_ns)
        begin_row(aimd, now);
    aimd->falls++;
    fall(aimd);
}

static bool takes_too_long(const struct fan_aimd *aimd, struct estimate now)
{
    double bearable_ns = aimd->baseline_ns * (100 + aimd->options.tolerance_percent) / 100;
    return aimd->weight && is_above(now, (struct estimate){bearable_ns, aimd->baseline_variance});
}

/* Each latency that makes the baseline weighs the same, until they are many. */
static void refine_baseline(struct fan_aimd *aimd, struct estimate now)
{
    aimd->weight += aimd->kept;
    double part = (double)aimd->kept / aimd->weight;
    aimd->baseline_ns += (now.ns - aimd->baseline_ns) * part;
    aimd->baseline_variance = now.variance * part;
    if (aimd->weight > MEMORY)
        aimd->weight = MEMORY;
}

static void learn_baseline(struct fan_aimd *aimd, struct estimate now)
{
    struct estimate baseline = {aimd->baseline_ns, aimd->baseline_variance};
    bool is_large = aimd->seen >= (uint32_t)aimd->options.window;
    if (!aimd->weight || (is_large && is_above(baseline, now)))
        set_baseline(aimd, now);
    else if (aimd->clear || aimd->doubles)
        refine_baseline(aimd, now);
}

/* Several decreases in a row, which may have been a hiccup, have brought it below what the first
 * one left. */
static bool recovers(const struct fan_aimd *aimd)
{
    return aimd->limit < aimd->fell_from - part_of(aimd->fell_from, aimd);
}

static int64_t next_limit(const struct fan_aimd *aimd)
{
    if (aimd->doubles)
        return (int64_t)aimd->limit * 2;
    return (int64_t)aimd->limit + (recovers(aimd) ? aimd->limit / RECOVERY_PART + 1 : 1);
}

static void answer_ease(struct fan_aimd *aimd, struct estimate now)
{
    learn_baseline(aimd, now);
    aimd->clear = false;
    aimd->falls = 0;
    if (aimd->used_up * 2 > aimd->seen)
        set_limit(aimd, next_limit(aimd));
}

/* ---- when to look ---- */

/* A window is at least a round trip. */
static uint32_t window(const struct fan_aimd *aimd)
{
    uint32_t asked = (uint32_t)aimd->options.window;
    bool is_far_off = aimd->doubles || recovers(aimd);
    uint32_t size = is_far_off && asked > FIRST_WINDOW ? FIRST_WINDOW : asked;
    return size > (uint32_t)aimd->limit ? size : (uint32_t)aimd->limit;
}

/* That it takes too long may be certain before the window is full; but not that falling was in
 * vain. Each look is one more chance to be mistaken, so they are few: after 64, after 256. */
static bool is_time_to_look(const struct fan_aimd *aimd)
{
    uint32_t next = FIRST_LOOK;
    while (next < aimd->kept)
        next *= 4;
    return aimd->kept == next && aimd->falls < FUTILE_FALLS;
}

static bool keep(struct fan_aimd *aimd, uint64_t latency_ns)
{
    uint32_t every = window(aimd) / (FAN_AIMD_SAMPLES + 1) + 1;
    bool keeps = aimd->seen++ % every == 0 && aimd->kept < FAN_AIMD_SAMPLES;
    if (keeps)
        aimd->samples[aimd->kept++] = latency_ns;
    return keeps;
}

static void look(struct fan_aimd *aimd, uint64_t now_ns, bool is_full)
{
    struct estimate now = estimate(aimd);
    int limit = aimd->limit;
    if (takes_too_long(aimd, now))
        answer_overload(aimd, now);
    else if (is_full)
        answer_ease(aimd, now);
    else
        return;
    begin_window(aimd);
    if (aimd->limit != limit && aimd->limit != limit + 1)
        begin_anew(aimd, now_ns);
}

void fan_aimd_saw(struct fan_aimd *aimd, uint64_t began_ns, uint64_t now_ns, int under_way)
{
    if (began_ns < aimd->since_ns)
        return;
    if (aimd->unsettled) {
        aimd->unsettled--;
        return;
    }
    aimd->used_up += under_way >= aimd->limit;
    bool kept = keep(aimd, now_ns - began_ns);
    bool is_full = aimd->seen >= window(aimd);
    if (is_full || (kept && is_time_to_look(aimd)))
        look(aimd, now_ns, is_full);
}

void fan_aimd_saw_overload(struct fan_aimd *aimd, uint64_t began_ns, uint64_t now_ns)
{
    if (began_ns < aimd->since_ns)
        return;
    aimd->fell_from = aimd->limit;
    fall(aimd);
    begin_anew(aimd, now_ns);
}
