#define _GNU_SOURCE
#include "tests/support/workplace.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scratch.h"

static char work[SCRATCH_PATH], temporary[SCRATCH_PATH];

void workplace_begin(void)
{
    scratch_make(work);
    scratch_make(temporary);
    ck_assert_int_eq(chdir(work), 0);
    setenv("TMPDIR", temporary, 1);
}

void workplace_begin_without_home(void)
{
    workplace_begin();
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
}

const char *workplace_path(const char *name)
{
    static char path[SCRATCH_PATH + 100];
    snprintf(path, sizeof path, "%s/%s", work, name);
    return path;
}

bool workplace_is_alive(void)
{
    bool found = false;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char link[300], executable[300];
        snprintf(link, sizeof link, "/proc/%s/exe", entry->d_name);
        ssize_t length = isdigit((unsigned char)entry->d_name[0])
                             ? readlink(link, executable, sizeof executable - 1)
                             : -1;
        if (length > 0)
            found |= strncmp(executable, temporary, strlen(temporary)) == 0;
    }
    closedir(processes);
    return found;
}

void workplace_write(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

void workplace_remove(const char *name)
{
    ck_assert_msg(unlink(name) == 0, "%s", name);
}

/* Killed processes may be on their way out still. The test's time limit bounds this. */
void workplace_end(void)
{
    while (workplace_is_alive())
        poll(NULL, 0, 1);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(work), 0);
    ck_assert_int_eq(rmdir(temporary), 0);
}
