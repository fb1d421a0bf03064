/* compose ATTEMPT.c: prints the unit in which an attempt at a repair runs. The first two letters of
 * the attempt's name say which bug it is about. Built and run by make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/attempt_unit.h"
#include "bugs/table.h"

static char text[16384];

static bool read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    return length > 0 && length < sizeof text - 1;
}

/* Under the attempt's name, for the child that has them all. */
static void list_it(const struct fan_scenario *bug, const char *name)
{
    printf("#include \"tests/bugs/attempt.h\"\n"
           "static const struct attempt attempt __attribute__((used, section(\"attempts\"))) = "
           "{\"%.*s\", &fan_bug_%s};\n",
           (int)strcspn(name, "."), name, bug->id);
}

int main(int argc, char **argv)
{
    const char *slash = argc == 2 ? strrchr(argv[1], '/') : NULL, *name = slash ? slash + 1 : "";
    char id[3] = {name[0], name[0] ? name[1] : '\0'};
    const struct fan_scenario *bug = fan_bugs_find(id);
    if (!bug || !read_text(argv[1])) {
        fprintf(stderr, "compose: no such bug or file\n");
        return 1;
    }
    struct fan_attempt_unit unit = {.bug = bug, .path = argv[1], .text = text};
    int error = fan_attempt_unit_write(&unit, stdout);
    list_it(bug, name);
    return error != 0;
}
