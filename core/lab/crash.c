/* No locks: everything here runs in one signal handler and calls nothing that is not safe there. */
#define _GNU_SOURCE
#include "lab/crash.h"

#include <errno.h>
#include <execinfo.h>
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
    {SIGABRT, "the program aborted", false}, {SIGXCPU, "running", false},
};

enum {
    WORDS = sizeof crashes / sizeof crashes[0],
    CRASHES = WORDS - 1, /* the last of them is none */
    GUARD = 64 * 1024,   /* below a stack, where it overflows to */
    FRAMES = 64,         /* libc's and the handler's among them */
};

static char *append(char *at, const char *end, const char *words)
{
    while (*words && at < end)
        *at++ = *words++;
    *at = '\0';
    return at;
}

/* printf is not safe in a signal handler. */
static char *append_number(char *at, const char *end, uintptr_t number, unsigned base)
{
    char digits[3 * sizeof number];
    char *first = &digits[sizeof digits - 1];
    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    return append(at, end, first);
}

static bool is_below_the_stack(const siginfo_t *info)
{
    struct fan_stack_bounds bounds = fan_stack_bounds_here();
    uintptr_t address = (uintptr_t)info->si_addr;
    return (info->si_signo == SIGSEGV || info->si_signo == SIGBUS) && address < bounds.low &&
           bounds.low - address <= GUARD;
}

static void describe_overflow(struct fan_panic *panic)
{
    const char *end = panic->message + sizeof panic->message - 1;
    struct fan_stack_bounds bounds = fan_stack_bounds_here();
    char *at = append(panic->message, end, "stack overflow: this thread's stack has ");
    at = append_number(at, end, (bounds.high - bounds.low) / 1024, 10);
    append(at, end, " KiB");
}

static void describe(struct fan_panic *panic, const siginfo_t *info)
{
    const char *end = panic->message + sizeof panic->message - 1;
    char *at = panic->message;
    if (is_below_the_stack(info)) {
        describe_overflow(panic);
        return;
    }
    for (int i = 0; i < WORDS; i++) {
        if (crashes[i].number != info->si_signo)
            continue;
        at = append(at, end, crashes[i].words);
        if (crashes[i].at_address)
            append_number(append(at, end, " at address 0x"), end, (uintptr_t)info->si_addr, 16);
    }
}

struct registers {
    uintptr_t pc, frame, top; /* program counter, frame pointer, stack pointer */
};

static struct registers registers_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    const greg_t *general = context->uc_mcontext.gregs;
    return (struct registers){(uintptr_t)general[REG_RIP], (uintptr_t)general[REG_RBP],
                              (uintptr_t)general[REG_RSP]};
#elif defined(__aarch64__)
    const mcontext_t *machine = &context->uc_mcontext;
    return (struct registers){machine->pc, machine->regs[29], machine->sp};
#else
#error "where does this processor keep its program counter, frame and stack pointer?"
#endif
}

/* The linker's names for the bounds of the program's own code. */
extern const char __executable_start[], etext[];

static bool is_own_code(uintptr_t address)
{
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

/* libc keeps no frame pointers, so where it crashed, or aborted, for us, its own unwinder has to
 * find the way back to the program: past the frames of this handler, which come first, and past
 * libc's. */
static void look_behind_libc(struct fan_stack *stack)
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES), first = 0;
    while (first < count && is_own_code((uintptr_t)frames[first]))
        first++;
    while (first < count && !is_own_code((uintptr_t)frames[first]))
        first++;
    stack->depth = 0;
    for (int i = first; i < count && stack->depth < FAN_STACK_FRAMES; i++)
        stack->frames[stack->depth++] = (uintptr_t)frames[i];
}

/* The unwinder is loaded at its first use, which a handler could not bear. */
static void load_unwinder(void)
{
    void *frame;
    backtrace(&frame, 1);
}

static void capture(struct fan_stack *stack, const ucontext_t *context)
{
    struct registers at = registers_of(context);
    struct fan_stack_bounds bounds = fan_stack_bounds_here();
    if (is_own_code(at.pc) || at.top < bounds.low || at.top >= bounds.high)
        fan_stack_capture_from(stack, at.pc, at.frame);
    else
        look_behind_libc(stack);
}

void fan_crash_capture(struct fan_stack *stack)
{
    look_behind_libc(stack);
}

static bool sent_by_another_process(const siginfo_t *info)
{
    return info->si_code <= 0 && info->si_pid != getpid();
}

static void leave_last_words(int number, siginfo_t *info, void *context)
{
    struct fan_panic panic = {.kind = FAN_PANIC_SIGNAL};
    if (number == SIGXCPU || !sent_by_another_process(info)) {
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

static int listen_for(int number)
{
    struct sigaction action = {
        .sa_sigaction = leave_last_words,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER,
    };
    return sigaction(number, &action, NULL) ? errno : 0;
}

int fan_crash_install(void)
{
    int error = give_the_handler_a_stack();
    load_unwinder();
    for (int i = 0; i < CRASHES && !error; i++)
        error = listen_for(crashes[i].number);
    return error;
}

int fan_crash_answer(void)
{
    return listen_for(SIGXCPU);
}
