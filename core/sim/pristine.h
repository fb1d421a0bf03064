#ifndef FAN_SIM_PRISTINE_H
#define FAN_SIM_PRISTINE_H

#include <stddef.h>

/* The variables of a program as they were at one moment, to be put back before every run: a program
 * that counts its calls in a static variable is then the same program each time.
 *
 *     struct fan_pristine pristine;
 *     struct fan_pristine_range mine = {&scheduler, sizeof scheduler};
 *     fan_pristine_take(&pristine, &mine, 1);
 *     for (;;) {
 *         fan_pristine_restore(&pristine);
 *         run();
 *     }
 *
 * These are the writable static data of the executable itself (what the linker calls .data and
 * .bss), except what is exempt. Not those of shared libraries, the C library's among them (the
 * state of rand, buffers of stdio), not thread-local variables, not the heap. One that still points
 * into the heap after a restore points to what was there, so a program's allocations must be thrown
 * away at the same moment (sim/arena.h).
 *
 * Whoever calls these functions lives in the same data: a variable that must survive a restore is
 * exempt, on the stack, or elsewhere. */
struct fan_pristine_range {
    void *low;
    size_t bytes;
};

enum { FAN_PRISTINE_PIECES = 64 };

struct fan_pristine {
    size_t piece_count;
    struct fan_pristine_range pieces[FAN_PRISTINE_PIECES];
    char *copy; /* of one piece after the other */
    size_t bytes;
};

/* Takes the copy. Ranges may overlap, and may lie where nothing is kept. Returns 0, ENOMEM, EINVAL
 * where the exempt ranges cut the data into more than FAN_PRISTINE_PIECES, or ENOTSUP where the
 * program is linked with the whole of a sanitizer (clang's way), whose own state nobody may put
 * back. */
int fan_pristine_take(struct fan_pristine *pristine, const struct fan_pristine_range *exempt,
                      size_t exempt_count);

/* Puts back what differs, page by page: 50 ns a page that does not. */
void fan_pristine_restore(const struct fan_pristine *pristine);

/* Gives the copy's memory back. */
void fan_pristine_drop(struct fan_pristine *pristine);

#endif
