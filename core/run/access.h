#ifndef FAN_RUN_ACCESS_H
#define FAN_RUN_ACCESS_H

#include <stddef.h>

/* Marks for accesses to memory that threads share.
 *
 * Two threads that access the same bytes, at least one of them writing, with nothing that makes one
 * access happen before the other, are in a data race; in C such a program has no meaning at all.
 * That "nothing happened" when it ran says nothing: another processor, compiler or schedule brings
 * out half-written values, lost updates, or loops that never see the flag. Locks, channels, joins
 * and the like order accesses; so do atomics (run/atomic.h).
 *
 * The controlled scheduler finds a race from what the program ordered, not from what went wrong,
 * and it shows both places. But a plain load or store is one machine instruction, which it cannot
 * see: so the program says where it touches what it shares, just before it does.
 *
 *     FAN_READ(totals->count);
 *     FAN_WRITE(totals->count);
 *     totals->count++;
 *
 * With real threads a mark is nothing at all: no code, no symbol, and its operand is not evaluated.
 * (There, ThreadSanitizer sees every access by itself.) Under the controlled scheduler
 * (-DFAN_SIM) the mark is also a place where another thread may come in between, so that a lost
 * update can be seen to happen. A mark does not block and never changes what the program
 * computes; what is not marked is not checked.
 *
 * FAN_READ and FAN_WRITE take an lvalue that has an address (no bit-field). The range forms take a
 * pointer and a number of bytes. */
#ifdef FAN_SIM

#define FAN_READ(lvalue)  fan_access_read(&(lvalue), sizeof(lvalue), #lvalue)
#define FAN_WRITE(lvalue) fan_access_write(&(lvalue), sizeof(lvalue), #lvalue)

#define FAN_READ_RANGE(pointer, bytes)  fan_access_read(pointer, bytes, #pointer)
#define FAN_WRITE_RANGE(pointer, bytes) fan_access_write(pointer, bytes, #pointer)

/* What the marks call; `text` is the operand as the program has it. */
void fan_access_read(const volatile void *address, size_t bytes, const char *text);
void fan_access_write(const volatile void *address, size_t bytes, const char *text);

#else

#define FAN_READ(lvalue)  ((void)sizeof(&(lvalue)))
#define FAN_WRITE(lvalue) ((void)sizeof(&(lvalue)))

#define FAN_READ_RANGE(pointer, bytes)  (0 ? ((void)(pointer), (void)(bytes)) : (void)0)
#define FAN_WRITE_RANGE(pointer, bytes) (0 ? ((void)(pointer), (void)(bytes)) : (void)0)

#endif

#endif
