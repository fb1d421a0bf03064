#include "app/lesson/shelf.h"

#include <string.h>

#include "bugs/table.h"

/* The build writes files.inc: one line SHELF(number, "path") for each file of lessons/. */
#define SHELF(number, path)                                                                        \
    extern const char fan_shelf_file_##number[];                                                   \
    __asm__(".pushsection .rodata\nfan_shelf_file_" #number ":\n.incbin \"" path                   \
            "\"\n.byte 0\n.popsection\n");
#include "app/lesson/files.inc"
#undef SHELF

const struct fan_shelf_file fan_shelf[] = {
#define SHELF(number, path) {path, fan_shelf_file_##number},
#include "app/lesson/files.inc"
#undef SHELF
    {NULL, NULL},
};

const size_t fan_shelf_count = sizeof fan_shelf / sizeof fan_shelf[0] - 1;

const struct fan_chapter fan_curriculum[] = {
    {"fan-out", "basics"}, {"channels", "basics"}, {"04", "waiting"},   {"02", "waiting"},
    {"11", "waiting"},     {"08", "ownership"},    {"13", "ownership"}, {"01", "stopping"},
    {"10", "stopping"},    {"07", "results"},      {"09", "results"},   {"05", "cost"},
    {"03", "cost"},        {"06", "cost"},         {"12", "cost"},      {"ways", "choosing"},
};

const size_t fan_curriculum_count = sizeof fan_curriculum / sizeof fan_curriculum[0];

const char *fan_shelf_text(const char *path)
{
    for (size_t i = 0; i < fan_shelf_count; i++)
        if (strcmp(fan_shelf[i].path, path) == 0)
            return fan_shelf[i].text;
    for (size_t i = 0; i < fan_bugs_count; i++)
        if (strcmp(fan_bugs[i]->file, path) == 0)
            return fan_bugs[i]->source;
    return NULL;
}

const struct fan_shelf_file *fan_shelf_lesson(const char *id)
{
    static const char room[] = "lessons/";
    size_t length = strlen(id);
    for (size_t i = 0; i < fan_shelf_count; i++) {
        const char *path = fan_shelf[i].path;
        if (strncmp(path, room, strlen(room)) != 0 || strncmp(path + strlen(room), id, length) != 0)
            continue;
        const char *behind = path + strlen(room) + length;
        if (strcmp(behind, ".md") == 0 || (*behind == '_' && strstr(behind, ".md")))
            return &fan_shelf[i];
    }
    return NULL;
}
