#include "sim/pristine.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/suite.h"

/* clang links the whole of a sanitizer into the program. */
#if defined(__clang__)
#include "sim/sanitizers.h"
#define SANITIZER_IS_INSIDE (FAN_UNDER_ASAN || FAN_UNDER_TSAN)
#else
#define SANITIZER_IS_INSIDE 0
#endif

static int zero;
static int seven = 7;
static const char *const constants[] = {"one", "two"};
static const char *pointer = "first";
static char large[100000];
static struct {
    int before, mine, after;
} row = {1, 2, 3};

/* Checks go on where a restore may come in between. */
static void take(struct fan_pristine *pristine, const struct fan_pristine_range *exempt,
                 size_t count)
{
    ck_assert_int_eq(fan_pristine_take(pristine, exempt, count), 0);
}

static void spoil(void)
{
    zero = 1;
    seven = 8;
    pointer = constants[1];
    memset(large, 1, sizeof large);
    row.before = row.mine = row.after = 9;
}

static bool is_spoilt(void)
{
    return zero == 1 && seven == 8 && pointer == constants[1] && large[0] == 1 &&
           large[sizeof large - 1] == 1;
}

static bool is_as_it_was(void)
{
    return zero == 0 && seven == 7 && strcmp(pointer, "first") == 0 && large[0] == 0 &&
           large[sizeof large / 2] == 0 && large[sizeof large - 1] == 0;
}

START_TEST(variables_are_put_back)
{
    struct fan_pristine pristine;
    take(&pristine, NULL, 0);
    for (int run = 0; run < 100; run++) {
        ck_assert(is_as_it_was());
        spoil();
        ck_assert(is_spoilt());
        fan_pristine_restore(&pristine);
    }
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(what_counts_is_the_moment_of_taking)
{
    struct fan_pristine pristine;
    seven = 70;
    take(&pristine, NULL, 0);
    seven = 700;
    fan_pristine_restore(&pristine);
    ck_assert_int_eq(seven, 70);
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(an_exempt_range_is_left_alone)
{
    struct fan_pristine pristine;
    struct fan_pristine_range mine[] = {{&row.mine, sizeof row.mine}, {large + 5000, 10}};
    take(&pristine, mine, 2);
    spoil();
    fan_pristine_restore(&pristine);
    ck_assert_int_eq(row.before, 1);
    ck_assert_int_eq(row.mine, 9);
    ck_assert_int_eq(row.after, 3);
    ck_assert_int_eq(large[4999], 0);
    ck_assert_int_eq(large[5000], 1);
    ck_assert_int_eq(large[5009], 1);
    ck_assert_int_eq(large[5010], 0);
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(exempt_ranges_may_overlap_and_lie_elsewhere)
{
    struct fan_pristine pristine;
    char local[10];
    struct fan_pristine_range mine[] = {
        {local, sizeof local}, {large, 100}, {large + 50, 100}, {large + 60, 0}, {NULL, 10}};
    take(&pristine, mine, 5);
    spoil();
    fan_pristine_restore(&pristine);
    ck_assert_int_eq(large[149], 1);
    ck_assert_int_eq(large[150], 0);
    ck_assert_int_eq(seven, 7);
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(too_many_pieces_are_refused)
{
    struct fan_pristine pristine;
    struct fan_pristine_range mine[FAN_PRISTINE_PIECES + 1];
    for (size_t i = 0; i <= FAN_PRISTINE_PIECES; i++)
        mine[i] = (struct fan_pristine_range){large + 20 * i, 10};
    ck_assert_int_eq(fan_pristine_take(&pristine, mine, FAN_PRISTINE_PIECES + 1), EINVAL);
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(it_may_be_static_itself)
{
    static struct fan_pristine pristine;
    take(&pristine, NULL, 0);
    for (int run = 0; run < 3; run++) {
        spoil();
        fan_pristine_restore(&pristine);
        ck_assert(is_as_it_was());
    }
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(only_writable_data_of_the_program_is_kept)
{
    struct fan_pristine pristine;
    int local = 1;
    take(&pristine, NULL, 0);
    ck_assert_uint_ge(pristine.bytes, sizeof large);
    for (size_t i = 0; i < pristine.piece_count; i++) {
        uintptr_t low = (uintptr_t)pristine.pieces[i].low, bytes = pristine.pieces[i].bytes;
        ck_assert((uintptr_t)constants - low >= bytes);
        ck_assert((uintptr_t)take - low >= bytes);
        ck_assert((uintptr_t)&local - low >= bytes);
    }
    fan_pristine_drop(&pristine);
}
END_TEST

START_TEST(a_sanitizer_inside_the_program_is_not_put_back)
{
    struct fan_pristine pristine;
    ck_assert_int_eq(fan_pristine_take(&pristine, NULL, 0), ENOTSUP);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pristine");
    if (SANITIZER_IS_INSIDE) {
        tcase_add_test(cases, a_sanitizer_inside_the_program_is_not_put_back);
        return suite_run("pristine", cases);
    }
    tcase_add_test(cases, variables_are_put_back);
    tcase_add_test(cases, what_counts_is_the_moment_of_taking);
    tcase_add_test(cases, an_exempt_range_is_left_alone);
    tcase_add_test(cases, exempt_ranges_may_overlap_and_lie_elsewhere);
    tcase_add_test(cases, too_many_pieces_are_refused);
    tcase_add_test(cases, it_may_be_static_itself);
    tcase_add_test(cases, only_writable_data_of_the_program_is_kept);
    return suite_run("pristine", cases);
}
