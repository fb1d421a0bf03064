#include "base/list.h"

#include "tests/support/suite.h"

struct item {
    int number;
    struct fan_list link;
};

static struct fan_list list;
static struct item one = {.number = 1}, two = {.number = 2}, three = {.number = 3};

static void fill(void)
{
    fan_list_init(&list);
    fan_list_insert(&one.link, &list);
    fan_list_insert(&two.link, &list);
    fan_list_insert(&three.link, &list);
}

/* The list's numbers as the digits of one. */
static int forwards(void)
{
    int digits = 0;
    for (struct fan_list *at = list.next; at != &list; at = at->next)
        digits = digits * 10 + FAN_LIST_ELEMENT(at, struct item, link)->number;
    return digits;
}

static int backwards(void)
{
    int digits = 0;
    for (struct fan_list *at = list.previous; at != &list; at = at->previous)
        digits = digits * 10 + FAN_LIST_ELEMENT(at, struct item, link)->number;
    return digits;
}

START_TEST(inserting_before_the_head_appends)
{
    ck_assert_int_eq(forwards(), 123);
    ck_assert_int_eq(backwards(), 321);
}
END_TEST

START_TEST(inserting_before_an_element_puts_it_there)
{
    struct item four = {.number = 4};
    fan_list_insert(&four.link, &two.link);
    ck_assert_int_eq(forwards(), 1423);
    fan_list_remove(&four.link);
}
END_TEST

START_TEST(an_element_leaves_from_anywhere)
{
    fan_list_remove(&two.link);
    ck_assert_int_eq(forwards(), 13);
    ck_assert_int_eq(backwards(), 31);
    fan_list_remove(&three.link);
    ck_assert_int_eq(forwards(), 1);
    fan_list_remove(&one.link);
    ck_assert(fan_list_empty(&list));
}
END_TEST

START_TEST(leaving_twice_changes_nothing)
{
    fan_list_remove(&two.link);
    fan_list_remove(&two.link);
    ck_assert_int_eq(forwards(), 13);
    ck_assert(fan_list_empty(&two.link));
}
END_TEST

START_TEST(the_first_is_taken_until_there_is_none)
{
    ck_assert_ptr_eq(fan_list_take_first(&list), &one.link);
    ck_assert_int_eq(forwards(), 23);
    ck_assert_int_eq(backwards(), 32);
    ck_assert(fan_list_empty(&one.link));
    ck_assert_ptr_eq(fan_list_take_first(&list), &two.link);
    ck_assert_ptr_eq(fan_list_take_first(&list), &three.link);
    ck_assert(fan_list_empty(&list));
    ck_assert_ptr_null(fan_list_take_first(&list));
}
END_TEST

START_TEST(a_new_list_is_empty)
{
    fan_list_init(&list);
    ck_assert(fan_list_empty(&list));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("list");
    tcase_add_checked_fixture(cases, fill, NULL);
    tcase_add_test(cases, inserting_before_the_head_appends);
    tcase_add_test(cases, inserting_before_an_element_puts_it_there);
    tcase_add_test(cases, an_element_leaves_from_anywhere);
    tcase_add_test(cases, leaving_twice_changes_nothing);
    tcase_add_test(cases, the_first_is_taken_until_there_is_none);
    tcase_add_test(cases, a_new_list_is_empty);
    return suite_run("list", cases);
}
