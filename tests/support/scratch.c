#define _GNU_SOURCE
#include "tests/support/scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

void scratch_make(char path[SCRATCH_PATH])
{
    const char *where = getenv("TMPDIR");
    ck_assert_int_lt(
        snprintf(path, SCRATCH_PATH, "%s/fanlab-test-XXXXXX", where && *where ? where : "/tmp"),
        SCRATCH_PATH);
    ck_assert_ptr_nonnull(mkdtemp(path));
}
