#include "stage/arrivals.h"

#include "base/random.h"
#include "tests/support/suite.h"

enum { HELD = 4, NUMBERS = 1000 };

/* Held beside it, as a plain list of who has come, by the definition. */
struct model {
    struct fan_arrival come[NUMBERS];
    size_t count;
};

static bool oldest_of(const struct model *model, uint64_t next, struct fan_arrival *oldest)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->come[i].number >= next) {
            *oldest = model->come[i];
            return true;
        }
    return false;
}

static size_t held(const struct model *model, uint64_t next)
{
    size_t count = 0;
    for (size_t i = 0; i < model->count; i++)
        count += model->come[i].number >= next;
    return count;
}

static void check_oldest(struct fan_arrivals *arrivals, const struct model *model, uint64_t next)
{
    struct fan_arrival seen = {0}, expected = {0};
    ASSERT_OFTEN(fan_arrivals_oldest(arrivals, next, &seen) == oldest_of(model, next, &expected));
    ASSERT_OFTEN(seen.number == expected.number && seen.due_ns == expected.due_ns);
}

/* Numbers of any size come, and the lowest leave, so that at times many that have left stand behind
 * one that has not. */
START_TEST(the_oldest_is_the_first_that_came_of_those_that_are_held)
{
    struct fan_random random = {.state = (uint64_t)_i};
    struct fan_arrivals arrivals;
    struct model model = {.count = 0};
    uint64_t next = 0;
    ck_assert_int_eq(fan_arrivals_init(&arrivals, HELD), 0);
    for (uint64_t i = 0; i < NUMBERS; i++) {
        uint64_t ahead = fan_random_below(&random, fan_random_below(&random, 9) ? 3 : 300);
        struct fan_arrival arrival = {.number = next + ahead, .due_ns = i};
        model.come[model.count++] = arrival;
        while (held(&model, next) > HELD)
            next++;
        if (arrival.number >= next)
            fan_arrivals_add(&arrivals, next, arrival);
        if (fan_random_below(&random, 4) == 0)
            check_oldest(&arrivals, &model, next);
    }
    fan_arrivals_destroy(&arrivals);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("arrivals");
    tcase_add_loop_test(cases, the_oldest_is_the_first_that_came_of_those_that_are_held, 1, 50);
    return suite_run("arrivals", cases);
}
