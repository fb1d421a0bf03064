/* Practice on each of the bugs: what one begins with fails as the bug does, and our repair, put
 * into the file in the same way, holds. */
#define _GNU_SOURCE
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/practice_file.h"
#include "bugs/table.h"
#include "sim/sanitizers.h"
#include "tests/support/cli.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

/* What every failing schedule shows: which of them is told of, here of two errors which one comes
 * first, depends on which process of the search finds one first. */
static const struct {
    const char *id, *not_so, *finding;
} bugs[] = {
    {"01", "- the error that is returned is the first one", "lost-error: error 10"},
    {"02", "- main returns", "deadlock: main waits on working"},
    {"03", "- no worker stays away while there is work", "idle-workers: worker"},
    {"04", "- main returns", "deadlock: main waits on out"},
    {"05", "- no item waits for another while a worker is idle", "head-of-line: "},
    {"06", "- threads and memory do not grow with the items", "unbounded: "},
    {"07", "- no two accesses race", "race: worker"},
    {"08", "- nothing panics or crashes", "panic: close of closed channel out"},
    {"09", "- the results are in the order of the items", "lost-order: 2 of 2"},
    {"10", "- the work stops when it is cancelled", "cancel-ignored: after the cancel"},
    {"11", "- no thread is left", "leak: worker"},
    {"12", "- no two threads write to one cache line for nothing", "false-sharing: "},
    {"13", "- nothing panics or crashes", "panic: close of closed channel in"},
};

/* Sanitizers slow all of this twentyfold; what is said here is the same for them. ThreadSanitizer
 * has nothing to say of simulations. */
enum { BUGS = FAN_UNDER_TSAN ? 0 : FAN_UNDER_ASAN ? 2 : sizeof bugs / sizeof bugs[0] };

START_TEST(what_one_begins_with_fails_as_the_bug_does)
{
    char name[FAN_PRACTICE_NAME];
    fan_practice_file_name(fan_bugs_find(bugs[_i].id), false, name);
    CLI_RUN("practice", bugs[_i].id);
    cli_expect(0, name);
    CLI_RUN("check", name);
    cli_expect(1, "NOT YET. Not so:");
    cli_expect(1, bugs[_i].not_so);
    cli_expect(1, bugs[_i].finding);
    cli_expect(1, "fanlab replay fan1:");
    workplace_remove(name);
}
END_TEST

START_TEST(our_repair_holds)
{
    char name[FAN_PRACTICE_NAME];
    fan_practice_file_name(fan_bugs_find(bugs[_i].id), true, name);
    CLI_RUN("practice", bugs[_i].id, "--solution");
    cli_expect(0, "It holds our repair");
    CLI_RUN("check", name);
    cli_expect(0, "IT HOLDS:");
    cli_expect(0, "these are all");
    ck_assert_str_eq(cli_result.err, "");
    workplace_remove(name);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("practice");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, workplace_begin_without_home, workplace_end);
    tcase_add_loop_test(tests, what_one_begins_with_fails_as_the_bug_does, 0, BUGS);
    tcase_add_loop_test(tests, our_repair_holds, 0, BUGS);
    return suite_run("practice", tests);
}
