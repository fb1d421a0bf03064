#ifndef FAN_BASE_LIST_H
#define FAN_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A list: circular, doubly linked, its links inside the elements (Linux's list.h is the model).
 *
 * The head is a link too, so inserting and removing have no special case. A link that is not in a
 * list points at itself, which is also what an empty list looks like. Nothing here allocates,
 * blocks or locks: who owns a list says which lock guards it. */
struct fan_list {
    struct fan_list *next, *previous;
};

/* The element of type `type` whose member `member` is the link `link`. */
#define FAN_LIST_ELEMENT(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

static inline void fan_list_init(struct fan_list *list)
{
    list->next = list->previous = list;
}

static inline bool fan_list_empty(const struct fan_list *list)
{
    return list->next == list;
}

/* Inserts `link` before `at`; with a list's head as `at`, that is at the end. */
static inline void fan_list_insert(struct fan_list *link, struct fan_list *at)
{
    link->previous = at->previous;
    link->next = at;
    at->previous->next = link;
    at->previous = link;
}

/* Takes `link` out of its list. Taking out a link that is in none does nothing. */
static inline void fan_list_remove(struct fan_list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    fan_list_init(link);
}

/* Takes out the first link; NULL if there is none. */
static inline struct fan_list *fan_list_take_first(struct fan_list *list)
{
    struct fan_list *first = list->next;
    if (first == list)
        return NULL;
    list->next = first->next;
    list->next->previous = list;
    fan_list_init(first);
    return first;
}

#endif
