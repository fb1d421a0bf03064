/* No locks: belongs to one thread.
 *
 * The executable is read into memory as a whole: it may be rebuilt while it is being watched, and a
 * mapped file that is cut short under its reader kills it. Separate debug files are not looked for;
 * that could ask a server on the network. */
#include "watch/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKETS = 256 };

struct known_place {
    struct known_place *next;
    uint64_t address;
    struct fan_place place;
};

struct fan_symbols {
    char *image;
    size_t size;
    Elf *elf;
    Dwarf *dwarf; /* NULL = the executable has no debug information */
    struct known_place *known[BUCKETS];
};

static const struct fan_place unknown = {.function = "?"};

/* ---- opening ---- */

static int read_all(int fd, struct fan_symbols *symbols)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return EINVAL;
    symbols->image = malloc((size_t)status.st_size);
    if (!symbols->image)
        return ENOMEM;
    while (symbols->size < (size_t)status.st_size) {
        ssize_t count =
            read(fd, symbols->image + symbols->size, (size_t)status.st_size - symbols->size);
        if (count < 0 && errno != EINTR)
            return errno;
        if (count == 0)
            break;
        symbols->size += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static int read_executable(const char *executable, struct fan_symbols *symbols)
{
    int fd = open(executable, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_all(fd, symbols);
    close(fd);
    return error;
}

static int parse(struct fan_symbols *symbols)
{
    elf_version(EV_CURRENT);
    symbols->elf = elf_memory(symbols->image, symbols->size);
    if (!symbols->elf || elf_kind(symbols->elf) != ELF_K_ELF)
        return EINVAL;
    symbols->dwarf = dwarf_begin_elf(symbols->elf, DWARF_C_READ, NULL);
    return 0;
}

int fan_symbols_open(const char *executable, struct fan_symbols **opened)
{
    struct fan_symbols *symbols = calloc(1, sizeof *symbols);
    if (!symbols)
        return ENOMEM;
    int error = read_executable(executable, symbols);
    if (error == 0)
        error = parse(symbols);
    if (error)
        fan_symbols_close(symbols);
    else
        *opened = symbols;
    return error;
}

static void forget_places(struct fan_symbols *symbols)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (symbols->known[i]) {
            struct known_place *next = symbols->known[i]->next;
            free(symbols->known[i]);
            symbols->known[i] = next;
        }
}

void fan_symbols_close(struct fan_symbols *symbols)
{
    if (!symbols)
        return;
    forget_places(symbols);
    dwarf_end(symbols->dwarf);
    elf_end(symbols->elf);
    free(symbols->image);
    free(symbols);
}

/* ---- files and lines ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_of_the_library(const char *file)
{
    static const char *const layers[] = {"core/base/", "core/sim/",   "core/run/", "core/sync/",
                                         "core/flow/", "core/watch/", "core/lab/"};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (starts_with(file, layers[i]))
            return true;
    return false;
}

/* The compiler notes a path below the directory it ran in with that directory in front. */
static const char *below_compile_directory(const char *file, Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    size_t length = directory ? strlen(directory) : 0;
    if (length > 0 && starts_with(file, directory) && file[length] == '/')
        file += length + 1;
    while (starts_with(file, "./"))
        file += 2;
    return file;
}

/* Of a path that is too long the end is kept. */
static void set_place(struct fan_place *place, const char *file, int line, Dwarf_Die *unit)
{
    if (!file)
        return;
    file = below_compile_directory(file, unit);
    size_t length = strlen(file), room = sizeof place->file - 1;
    place->library = is_of_the_library(file);
    place->line = line;
    snprintf(place->file, sizeof place->file, "%s", length > room ? file + length - room : file);
}

static void set_function(struct fan_place *place, const char *name)
{
    if (name)
        snprintf(place->function, sizeof place->function, "%.*s", (int)sizeof place->function - 1,
                 name);
}

static void set_place_by_line_table(struct fan_place *place, Dwarf_Die *unit, Dwarf_Addr address)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    int number;
    if (line && dwarf_lineno(line, &number) == 0)
        set_place(place, dwarf_linesrc(line, NULL, NULL), number, unit);
}

static bool get_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
    Dwarf_Attribute attribute;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), number) == 0;
}

static void set_place_by_call(struct fan_place *place, Dwarf_Die *inlined, Dwarf_Die *unit)
{
    Dwarf_Word file, line;
    Dwarf_Files *files;
    if (get_number(inlined, DW_AT_call_file, &file) &&
        get_number(inlined, DW_AT_call_line, &line) && dwarf_getsrcfiles(unit, &files, NULL) == 0)
        set_place(place, dwarf_filesrc(files, file, NULL, NULL), (int)line, unit);
}

/* ---- functions ---- */

/* The scopes are those of the code, innermost first. Where a function of the library was inlined,
 * the place is that of the call: it is the program that stands there. */
static void set_place_by_scopes(struct fan_place *place, Dwarf_Die *scopes, int count,
                                Dwarf_Die *unit)
{
    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        set_function(place, dwarf_diename(&scopes[i]));
        if (tag == DW_TAG_subprogram || !place->library)
            return;
        set_place_by_call(place, &scopes[i], unit);
    }
}

static void set_place_by_unit(struct fan_place *place, Dwarf_Die *unit, Dwarf_Addr address)
{
    Dwarf_Die *innermost = NULL, *around = NULL;
    set_place_by_line_table(place, unit, address);
    if (dwarf_getscopes(unit, address, &innermost) > 0) {
        int count = dwarf_getscopes_die(&innermost[0], &around);
        set_place_by_scopes(place, around, count, unit);
    }
    free(around);
    free(innermost);
}

/* By the address table of the executable, if its compiler made one (gcc does, clang does not). */
static bool find_unit(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *unit)
{
    Dwarf_CU *next = NULL;
    if (dwarf_addrdie(dwarf, address, unit))
        return true;
    while (dwarf_get_units(dwarf, next, &next, NULL, NULL, unit, NULL) == 0)
        if (dwarf_haspc(unit, address) > 0)
            return true;
    return false;
}

static const char *name_in_table(Elf *elf, Elf_Data *data, const GElf_Shdr *header,
                                 GElf_Addr address)
{
    GElf_Sym symbol;
    for (int i = 0; gelf_getsym(data, i, &symbol); i++)
        if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC && address >= symbol.st_value &&
            address - symbol.st_value < symbol.st_size)
            return elf_strptr(elf, header->sh_link, symbol.st_name);
    return NULL;
}

static const char *name_by_symbol_table(Elf *elf, GElf_Addr address)
{
    GElf_Shdr header;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        if (!gelf_getshdr(section, &header) ||
            (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        const char *name = data ? name_in_table(elf, data, &header, address) : NULL;
        if (name)
            return name;
    }
    return NULL;
}

static void look_up(struct fan_symbols *symbols, uint64_t address, struct fan_place *place)
{
    Dwarf_Die unit;
    *place = unknown;
    if (symbols->dwarf && find_unit(symbols->dwarf, address, &unit))
        set_place_by_unit(place, &unit, address);
    if (strcmp(place->function, unknown.function) == 0)
        set_function(place, name_by_symbol_table(symbols->elf, address));
}

/* ---- what is asked ---- */

const struct fan_place *fan_symbols_find(struct fan_symbols *symbols, uint64_t load_base,
                                         uintptr_t return_address)
{
    uint64_t address = return_address - 1 - load_base;
    struct known_place **bucket = &symbols->known[address / 4 % BUCKETS];
    for (struct known_place *known = *bucket; known; known = known->next)
        if (known->address == address)
            return &known->place;
    struct known_place *known = malloc(sizeof *known);
    if (!known)
        return &unknown;
    known->next = *bucket;
    known->address = address;
    look_up(symbols, address, &known->place);
    *bucket = known;
    return &known->place;
}

uint32_t fan_symbols_own_frame(struct fan_symbols *symbols, uint64_t load_base,
                               const struct fan_stack *stack)
{
    uint32_t frame = 0;
    while (frame < stack->depth) {
        const struct fan_place *place = fan_symbols_find(symbols, load_base, stack->frames[frame]);
        if (!place->library && place->line > 0)
            break;
        frame++;
    }
    return frame;
}
