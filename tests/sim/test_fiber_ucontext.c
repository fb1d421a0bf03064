/* The same tests on the switch that serves where no other is written. */
#define FAN_FIBER_UCONTEXT
#include "sim/fiber.c"
#include "tests/sim/test_fiber.c"
