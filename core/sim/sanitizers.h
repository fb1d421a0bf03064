#ifndef FAN_SIM_SANITIZERS_H
#define FAN_SIM_SANITIZERS_H

#include <stddef.h>

/* Which sanitizer this is built with: gcc and clang say it in ways of their own. */
#ifdef __has_feature
#define FAN_HAS_FEATURE(name) __has_feature(name)
#else
#define FAN_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || FAN_HAS_FEATURE(address_sanitizer)
#define FAN_UNDER_ASAN 1
#else
#define FAN_UNDER_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || FAN_HAS_FEATURE(thread_sanitizer)
#define FAN_UNDER_TSAN 1
#else
#define FAN_UNDER_TSAN 0
#endif

#if FAN_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* Makes AddressSanitizer forget what it held against memory, as the borders between the variables
 * of a stack whose functions never returned. */
static inline void fan_sanitizers_allow(void *low, size_t bytes)
{
#if FAN_UNDER_ASAN
    __asan_unpoison_memory_region(low, bytes);
#else
    (void)low, (void)bytes;
#endif
}

#endif
