/* ThreadSanitizer's verdict of the same programs, with threads of the system. In a build without it
 * there is nothing to ask; then this holds that the programs end. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/sanitizers.h"
#include "tests/support/race_programs.h"
#include "tests/support/suite.h"

enum {
    RUNS = 200,    /* of each program, for real threads may miss each other */
    REPORTED = 66, /* ThreadSanitizer's exit status once it has reported something */
};

/* Ends the process: as ThreadSanitizer has it end, if there is a race. */
static _Noreturn void run_and_exit(const struct race_program *program)
{
    for (int run = 0; run < RUNS; run++)
        race_program_run(program);
    exit(0);
}

START_TEST(a_program_races_or_does_not)
{
    const struct race_program *program = &race_programs[_i];
    int expected = FAN_UNDER_TSAN && program->races ? REPORTED : 0;
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        run_and_exit(program);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "%s: ended by a signal", program->name);
    ck_assert_msg(WEXITSTATUS(status) == expected, "%s: exit status %d", program->name,
                  WEXITSTATUS(status));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, a_program_races_or_does_not, 0, RACE_PROGRAMS);
    return suite_run("race verdict, real threads", cases);
}
