#define _GNU_SOURCE
#include "app/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/tool.h"

enum { PATH_SIZE = 512 };

/* ---- where the library is ---- */

struct library {
    char archives[PATH_SIZE]; /* the directory of libfan.a and its like */
    char headers[PATH_SIZE];  /* <fan/fan.h> is found from here */
};

static bool is_there(const char *directory, const char *name)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, R_OK) == 0;
}

static bool is_complete(const struct library *library)
{
    return is_there(library->archives, "libfan_main.a") && is_there(library->headers, "fan/fan.h");
}

static bool find_library(struct library *library)
{
    char self[PATH_SIZE - 16];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return false;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(library->archives, sizeof library->archives, "%s/../lib", self);
    snprintf(library->headers, sizeof library->headers, "%s/../include", self);
    if (is_complete(library))
        return true;
    snprintf(library->archives, sizeof library->archives, "%s", FAN_LIBRARY_DIR);
    snprintf(library->headers, sizeof library->headers, "%s", FAN_CORE_DIR);
    return is_complete(library);
}

/* ---- the compiler ---- */

static const char *compiler(void)
{
    const char *named = getenv("CC");
    return named && *named ? named : "cc";
}

/* The compiler would take such a file's name for an option, or for a list of options. */
static bool looks_like_an_option(const char *path)
{
    return path[0] == '-' || path[0] == '@';
}

struct words {
    char headers[PATH_SIZE + 8], own_headers[PATH_SIZE + 16];
    char main[PATH_SIZE + 32], archive[PATH_SIZE + 32], source[4096];
};

static int word(const struct fan_compile *compile, const struct library *library,
                struct words *words)
{
    snprintf(words->headers, sizeof words->headers, "-I%s", library->headers);
    snprintf(words->own_headers, sizeof words->own_headers, "-I%s/fan", library->headers);
    snprintf(words->main, sizeof words->main, "%s/libfan_main.a", library->archives);
    snprintf(words->archive, sizeof words->archive, "%s/%s", library->archives,
             compile->sim ? "libfan_sim.a" : "libfan.a");
    int length = snprintf(words->source, sizeof words->source, "%s%s",
                          looks_like_an_option(compile->path) ? "./" : "", compile->path);
    return length < (int)sizeof words->source ? 0 : ENAMETOOLONG;
}

/* Every function has its frame and is called as it is written, so that stacks show what the source
 * does; the stack is touched page by page, so that one that overflows is seen to. All of the main
 * archive is linked, so that a main function in the file is told as the error that it is. */
static enum fan_compile_end run_compiler(struct fan_compile *compile, struct words *words,
                                         char *output)
{
    char *argv[] = {(char *)compiler(),
                    "-std=gnu11",
                    "-g",
                    "-O1",
                    compile->quiet ? "-w" : "-Wall",
                    compile->part ? "-Wno-unused-function" : "-Wunused-function",
                    "-fno-inline",
                    "-fno-omit-frame-pointer",
                    "-fno-optimize-sibling-calls",
                    "-fstack-clash-protection",
                    FAN_SANITIZE, /* as the library was built */
                    compile->sim ? "-DFAN_SIM" : "-UFAN_SIM",
                    words->headers,
                    words->own_headers,
                    "-o",
                    output,
                    "-x",
                    "c", /* whatever its path ends in */
                    words->source,
                    "-x",
                    "none",
                    "-Wl,--whole-archive",
                    words->main,
                    "-Wl,--no-whole-archive",
                    words->archive,
                    "-Wl,-z,now", /* what is put back between runs is resolved by then */
                    "-pthread",
                    "-lm",
                    NULL};
    int status;
    switch (fan_tool_run(&(struct fan_tool){.argv = argv}, compile->interrupt, &status)) {
    case FAN_TOOL_EXITED:
        return status == 0 ? FAN_COMPILE_DONE : FAN_COMPILE_REFUSED;
    case FAN_TOOL_STOPPED:
        compile->signal = status;
        return FAN_COMPILE_STOPPED;
    case FAN_TOOL_UNUSABLE:
        snprintf(compile->why, sizeof compile->why,
                 "%.40s cannot be run (%.40s): install a C compiler, apt-get install gcc libc6-dev",
                 argv[0], strerror(status));
        return FAN_COMPILE_LACKING;
    case FAN_TOOL_DIED:
        break;
    }
    snprintf(compile->why, sizeof compile->why, "%.60s died by signal %d", argv[0], status);
    return FAN_COMPILE_LACKING;
}

/* ---- where it works ---- */

static bool make_directory(char directory[PATH_SIZE])
{
    const char *where = getenv("TMPDIR");
    int length =
        snprintf(directory, PATH_SIZE, "%s/fanlab-XXXXXX", where && *where ? where : "/tmp");
    return length < PATH_SIZE && mkdtemp(directory);
}

static enum fan_compile_end lack(struct fan_compile *compile, const char *what)
{
    snprintf(compile->why, sizeof compile->why, "%s: %s", what, strerror(errno));
    return FAN_COMPILE_LACKING;
}

static enum fan_compile_end compile_in(const char *directory, struct fan_compile *compile,
                                       struct words *words)
{
    char output[PATH_SIZE + 16];
    snprintf(output, sizeof output, "%s/program", directory);
    enum fan_compile_end end = run_compiler(compile, words, output);
    if (end == FAN_COMPILE_DONE) {
        compile->program = open(output, O_RDONLY | O_CLOEXEC);
        if (compile->program < 0)
            end = lack(compile, "the compiled program cannot be opened");
    }
    unlink(output);
    return end;
}

enum fan_compile_end fan_compile_make(struct fan_compile *compile)
{
    struct library library;
    struct words words;
    char directory[PATH_SIZE];
    if (!find_library(&library)) {
        errno = ENOENT;
        return lack(compile,
                    "the library that belongs to this program is missing, install it again");
    }
    errno = word(compile, &library, &words);
    if (errno)
        return lack(compile, "the file's path");
    if (!make_directory(directory))
        return lack(compile, "no directory to compile in");
    enum fan_compile_end end = compile_in(directory, compile, &words);
    rmdir(directory);
    return end;
}
