/* No locks: everything here runs in one signal handler and calls nothing that is not safe there. */
#define _GNU_SOURCE
#include "lab/crash.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/panic.h"
#include "base/probe.h"

enum { HANDLER_STACK = 64 * 1024 };

static const struct {
    int number;
    const char *words;
    bool at_address;
} crashes[] = {
    {SIGSEGV, "segmentation fault", true},   {SIGBUS, "bus error", true},
    {SIGFPE, "arithmetic fault", false},     {SIGILL, "illegal instruction", false},
    {SIGABRT, "the program aborted", false},
};

enum { CRASHES = sizeof crashes / sizeof crashes[0] };

static char *append(char *at, const char *end, const char *words)
{
    while (*words && at < end)
        *at++ = *words++;
    *at = '\0';
    return at;
}

/* printf is not safe in a signal handler. */
static char *append_address(char *at, const char *end, uintptr_t address)
{
    char digits[2 * sizeof address + 1];
    char *first = &digits[sizeof digits - 1];
    *first = '\0';
    do {
        *--first = "0123456789abcdef"[address % 16];
        address /= 16;
    } while (address);
    return append(append(at, end, "0x"), end, first);
}

static void describe(struct fan_panic *panic, const siginfo_t *info)
{
    const char *end = panic->message + sizeof panic->message - 1;
    char *at = panic->message;
    for (int i = 0; i < CRASHES; i++) {
        if (crashes[i].number != info->si_signo)
            continue;
        at = append(at, end, crashes[i].words);
        if (crashes[i].at_address)
            append_address(append(at, end, " at address "), end, (uintptr_t)info->si_addr);
    }
}

static void capture(struct fan_stack *stack, const ucontext_t *context)
{
#if defined(__x86_64__)
    fan_stack_capture_from(stack, (uintptr_t)context->uc_mcontext.gregs[REG_RIP],
                           (uintptr_t)context->uc_mcontext.gregs[REG_RBP]);
#elif defined(__aarch64__)
    fan_stack_capture_from(stack, (uintptr_t)context->uc_mcontext.pc,
                           (uintptr_t)context->uc_mcontext.regs[29]);
#else
#error "where does this processor keep its program counter and frame pointer?"
#endif
}

static bool sent_by_another_process(const siginfo_t *info)
{
    return info->si_code <= 0 && info->si_pid != getpid();
}

static void leave_last_words(int number, siginfo_t *info, void *context)
{
    struct fan_panic panic = {.kind = FAN_PANIC_SIGNAL};
    if (!sent_by_another_process(info)) {
        describe(&panic, info);
        capture(&panic.stack, context);
        fan_probe_panicked(&panic);
    }
    raise(number);
}

static int give_the_handler_a_stack(void)
{
    void *stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return errno;
    return sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = HANDLER_STACK}, NULL) ? errno : 0;
}

int fan_crash_install(void)
{
    struct sigaction action = {
        .sa_sigaction = leave_last_words,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER,
    };
    int error = give_the_handler_a_stack();
    for (int i = 0; i < CRASHES && !error; i++)
        error = sigaction(crashes[i].number, &action, NULL) ? errno : 0;
    return error;
}
