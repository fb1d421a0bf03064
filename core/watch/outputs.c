#include "watch/outputs.h"

#include <stdbool.h>
#include <stdlib.h>

#include "watch/detector.h"

/* An output that was expected or given. */
struct piece {
    uint64_t position, value;
    const struct fan_fact *fact;
};

struct sides {
    struct piece *expected, *given;
    uint32_t expected_count, given_count;
};

static struct piece piece_of(const struct fan_fact *fact)
{
    return (struct piece){fact->position, fact->value, fact};
}

static void sort_out(const struct fan_evidence *evidence, struct sides *sides)
{
    uint32_t count = fan_evidence_count(evidence);
    for (uint32_t i = 0; i < count; i++) {
        const struct fan_fact *fact = &evidence->facts[i];
        if (fact->kind == FAN_FACT_EXPECT)
            sides->expected[sides->expected_count++] = piece_of(fact);
        else if (fact->kind == FAN_FACT_OUTPUT)
            sides->given[sides->given_count++] = piece_of(fact);
    }
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_position(const void *a, const void *b)
{
    const struct piece *one = a, *other = b;
    int order = compare(one->position, other->position);
    return order ? order : compare(one->value, other->value);
}

static int by_value(const void *a, const void *b)
{
    const struct piece *one = a, *other = b;
    int order = compare(one->value, other->value);
    return order ? order : compare(one->position, other->position);
}

/* As a rule both come in order, and then nothing needs to be sorted. */
static void sort(struct piece *pieces, uint32_t count, int (*order)(const void *, const void *))
{
    for (uint32_t i = 1; i < count; i++)
        if (order(&pieces[i - 1], &pieces[i]) > 0) {
            qsort(pieces, count, sizeof *pieces, order);
            return;
        }
}

static void sort_both(struct sides *sides, int (*order)(const void *, const void *))
{
    sort(sides->expected, sides->expected_count, order);
    sort(sides->given, sides->given_count, order);
}

static bool is_in_place(const struct sides *sides, uint32_t i)
{
    return sides->expected[i].position == sides->given[i].position &&
           sides->expected[i].value == sides->given[i].value;
}

static bool all_in_place(const struct sides *sides)
{
    if (sides->expected_count != sides->given_count)
        return false;
    for (uint32_t i = 0; i < sides->given_count; i++)
        if (!is_in_place(sides, i))
            return false;
    return true;
}

/* Both sorted by value: walks along them. */
static void count_differences(const struct sides *sides, struct fan_outputs *outputs)
{
    uint32_t e = 0, g = 0;
    while (e < sides->expected_count || g < sides->given_count) {
        bool more_expected = e < sides->expected_count, more_given = g < sides->given_count;
        uint64_t expected = more_expected ? sides->expected[e].value : UINT64_MAX;
        uint64_t given = more_given ? sides->given[g].value : UINT64_MAX;
        if (more_expected && more_given && expected == given) {
            e++;
            g++;
        } else if (more_expected && (!more_given || expected < given)) {
            if (outputs->missing++ == 0)
                outputs->first_missing = expected;
            e++;
        } else {
            if (outputs->surplus++ == 0) {
                outputs->first_surplus = given;
                outputs->at = sides->given[g].fact;
            }
            g++;
        }
    }
}

/* Both sorted by value, and equal in that: those of one value are interchangeable. */
static uint64_t home_of(const struct sides *sides, const struct piece *piece)
{
    for (uint32_t i = 0; i < sides->expected_count; i++)
        if (sides->expected[i].value == piece->value)
            return sides->expected[i].position;
    return piece->position;
}

static void find_misplaced(struct sides *sides, struct fan_outputs *outputs)
{
    sort_both(sides, by_position);
    for (uint32_t i = 0; i < sides->given_count; i++)
        if (!is_in_place(sides, i) && outputs->misplaced++ == 0) {
            outputs->first = sides->given[i].position;
            outputs->belongs = home_of(sides, &sides->given[i]);
            outputs->at = sides->given[i].fact;
        }
}

static void judge(const struct fan_evidence *evidence, struct sides *sides,
                  struct fan_outputs *outputs)
{
    bool ordered = evidence->contract.outputs == FAN_OUTPUTS_IN_ORDER;
    sort_both(sides, by_position);
    outputs->expected = sides->expected_count;
    outputs->given = sides->given_count;
    outputs->state = FAN_OUTPUTS_RIGHT;
    if (all_in_place(sides))
        return;
    if (sides->given_count > 0)
        outputs->at = sides->given[sides->given_count - 1].fact;
    sort_both(sides, by_value);
    count_differences(sides, outputs);
    if (outputs->missing || outputs->surplus) {
        outputs->state = FAN_OUTPUTS_WRONG;
    } else if (ordered) {
        outputs->state = FAN_OUTPUTS_PERMUTED;
        find_misplaced(sides, outputs);
    }
}

struct fan_outputs fan_outputs_compare(const struct fan_evidence *evidence)
{
    struct fan_outputs outputs = {.state = FAN_OUTPUTS_SILENT};
    uint32_t count = fan_evidence_count(evidence);
    if (evidence->contract.outputs == FAN_OUTPUTS_UNJUDGED || !fan_evidence_is_whole(evidence) ||
        !fan_evidence_first(evidence, FAN_FACT_RETURNED))
        return outputs;
    struct piece *pieces = malloc(2 * (size_t)count * sizeof *pieces);
    if (!pieces)
        return outputs;
    struct sides sides = {.expected = pieces, .given = pieces + count};
    sort_out(evidence, &sides);
    judge(evidence, &sides, &outputs);
    free(pieces);
    return outputs;
}
