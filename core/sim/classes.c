#include "sim/classes.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_ROOM = 4096 };

static void put(uint64_t *places, uint64_t room, uint64_t hash, uint64_t *count)
{
    uint64_t at = hash & (room - 1);
    while (places[at] && places[at] != hash)
        at = (at + 1) & (room - 1);
    *count += places[at] == 0;
    places[at] = hash;
}

static int grow(struct fan_classes *classes)
{
    uint64_t room = classes->room ? classes->room * 2 : FIRST_ROOM, moved = 0;
    uint64_t *places = mmap(NULL, room * sizeof *places, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (places == MAP_FAILED)
        return ENOMEM;
    for (uint64_t i = 0; i < classes->room; i++)
        if (classes->places[i])
            put(places, room, classes->places[i], &moved);
    fan_classes_destroy(classes);
    *classes = (struct fan_classes){.places = places, .room = room, .count = moved};
    return 0;
}

void fan_classes_destroy(struct fan_classes *classes)
{
    if (classes->places)
        munmap(classes->places, classes->room * sizeof *classes->places);
}

int fan_classes_add(struct fan_classes *classes, uint64_t hash)
{
    if (classes->count * 2 >= classes->room && grow(classes) != 0)
        return ENOMEM;
    put(classes->places, classes->room, hash ? hash : 1, &classes->count);
    return 0;
}

void fan_classes_clear(struct fan_classes *classes)
{
    if (classes->places)
        memset(classes->places, 0, classes->room * sizeof *classes->places);
    classes->count = 0;
}
