/* The same tests on the switch that serves where no other is written. */
#define FAN_FIBER_UCONTEXT
#include "sim/fiber.c"            /* NOLINT(bugprone-suspicious-include) */
#include "tests/sim/test_fiber.c" /* NOLINT(bugprone-suspicious-include) */
