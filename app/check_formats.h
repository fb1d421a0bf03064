#ifndef FAN_APP_CHECK_FORMATS_H
#define FAN_APP_CHECK_FORMATS_H

#include <stddef.h>
#include <stdio.h>

#include "app/check.h"

/* The forms in which the results of `check` are printed. */
struct fan_check_format {
    const char *name;
    void (*print)(FILE *out, const char *runtime, const struct fan_check *checks, size_t count);
};

/* text, tap (version 13), junit (XML), json (schema fanlab.check/1). NULL for a name not among
 * them. */
const struct fan_check_format *fan_check_format_find(const char *name);

/* How many have not passed. */
size_t fan_check_failures(const struct fan_check *checks, size_t count);

#endif
