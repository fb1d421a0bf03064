#include "suite.h"

#include <stdlib.h>

int suite_run(const char *name, TCase *cases)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct fan_panic *suite_panic_of(void (*run)(void *), void *argument)
{
    static struct fan_panic panic;
    ck_assert_msg(!fan_recover(run, argument, &panic), "it does not panic");
    return &panic;
}
