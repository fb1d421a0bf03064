#include "base/number.h"

#include <errno.h>
#include <stdbool.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int fan_number_parse(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
    uint64_t value = 0;
    bool overflow = false;
    if (!is_digit(*text))
        return EINVAL;
    for (; is_digit(*text); text++)
        overflow |= __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value);
    if (*text)
        return EINVAL;
    if (overflow || value < low || value > high)
        return ERANGE;
    *number = value;
    return 0;
}
