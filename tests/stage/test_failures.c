/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc */
/* LDFLAGS: -Wl,--wrap=free,--wrap=pthread_create */
/* Around every kind of stage, each allocation and each start of a thread fails in turn. Then either
 * that is the error, or it was done without (the executor goes on with fewer threads); all threads
 * end, nothing comes too often, and nothing is left allocated. */
#include <errno.h>
#include <string.h>

#include "run/thread.h"
#include "tests/support/failing.h"
#include "tests/support/pipelines.h"
#include "tests/support/suite.h"

static struct pipeline pipeline;

/* Without Check, which would allocate too. Returns whether a call was made to fail. */
static bool run_with_failure(const struct pipeline_kind *kind, int n)
{
    memset(&pipeline, 0, sizeof pipeline);
    pipeline.elements = 8;
    int blocks_before = failing_blocks();
    failing_begin(n);
    int error = pipeline_run(&pipeline, kind);
    int failed = failing_end();
    const char *complaint = pipeline_complaint(&pipeline, kind, error == 0);
    bool closed = !pipeline.started || pipeline_is_closed(&pipeline);
    pipeline_clear(&pipeline);
    fan_thread_wait_all();
    int blocks_after = failing_blocks();
    ck_assert_msg(error == 0 || (failed && (error == ENOMEM || error == EAGAIN)),
                  "%s, failure %d: error %d", kind->name, n, error);
    ck_assert_msg(error != 0 || !failed || kind->executor, "%s, failure %d: no error", kind->name,
                  n);
    ck_assert_msg(!complaint, "%s, failure %d: %s", kind->name, n, complaint ? complaint : "");
    ck_assert_msg(closed, "%s, failure %d: a channel is open", kind->name, n);
    ck_assert_msg(blocks_after == blocks_before, "%s, failure %d: %d blocks are left", kind->name,
                  n, blocks_after - blocks_before);
    return failed;
}

START_TEST(each_failing_call_is_an_error_or_done_without)
{
    const struct pipeline_kind *kind = pipeline_kind(_i);
    int n = 1;
    while (run_with_failure(kind, n))
        n++;
    ck_assert_int_gt(n, 4);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("failures");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_failing_call_is_an_error_or_done_without, 0,
                        pipeline_all_kinds());
    return suite_run("failures", cases);
}
