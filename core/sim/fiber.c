/* No locks: all fibers that know each other run in one thread.
 *
 * The fast switches push what the calling convention has a function keep, exchange the stack
 * pointers, pop and return. A plain `ret` is meant: fibers switch in one place of the scheduler, so
 * the processor predicts it. The often-seen pop and indirect jump wins when two fibers just take
 * turns (4 against 12 ns) and loses in life, since every return after it is then mispredicted: 29
 * against 19 ns with callers that differ. */
#include "sim/fiber.h"

#include "base/panic.h"
#include "sim/sanitizers.h"

/* ThreadSanitizer is not to look at the switch itself: of two fibers that it takes for unordered,
 * it would find that they race for their own records. */
#define UNSEEN_BY_TSAN __attribute__((no_sanitize("thread")))

/* ---- what the sanitizers are told --------------------------------------------------------------
 * The bounds of a thread's own stack, AddressSanitizer alone knows for sure: it tells them when the
 * thread has been left for the first time. */

#if FAN_UNDER_ASAN
#include <sanitizer/common_interface_defs.h>

static void asan_init(struct fan_fiber *fiber)
{
    fiber->asan.fake_stack = NULL;
    fiber->asan.low = (const void *)fiber->bounds.low;
    fiber->asan.size = fiber->bounds.high - fiber->bounds.low;
}

static void asan_depart(struct fan_fiber *from, struct fan_fiber *to, void **fake_stack)
{
    to->asan.came_from = from;
    __sanitizer_start_switch_fiber(fake_stack, to->asan.low, to->asan.size);
}

static void asan_arrive(struct fan_fiber *here)
{
    struct fan_fiber *left = here->asan.came_from;
    __sanitizer_finish_switch_fiber(here->asan.fake_stack, &left->asan.low, &left->asan.size);
}
#else
static inline void asan_init(struct fan_fiber *fiber)
{
    (void)fiber;
}

static inline void asan_depart(struct fan_fiber *from, struct fan_fiber *to, void **fake_stack)
{
    (void)from, (void)to, (void)fake_stack;
}

static inline void asan_arrive(struct fan_fiber *here)
{
    (void)here;
}
#endif

#if FAN_UNDER_TSAN
#include <sanitizer/tsan_interface.h>

static void tsan_adopt(struct fan_fiber *fiber)
{
    fiber->tsan = __tsan_get_current_fiber();
}

static void tsan_init(struct fan_fiber *fiber)
{
    fiber->tsan = __tsan_create_fiber(0);
}

static void tsan_destroy(struct fan_fiber *fiber)
{
    __tsan_destroy_fiber(fiber->tsan);
}

/* Must be the last call before the stack changes. */
UNSEEN_BY_TSAN static inline void tsan_depart(struct fan_fiber *to)
{
    __tsan_switch_to_fiber(to->tsan, to->unordered ? __tsan_switch_to_fiber_no_sync : 0);
}
#else
static inline void tsan_adopt(struct fan_fiber *fiber)
{
    (void)fiber;
}

static inline void tsan_init(struct fan_fiber *fiber)
{
    (void)fiber;
}

static inline void tsan_destroy(struct fan_fiber *fiber)
{
    (void)fiber;
}

static inline void tsan_depart(struct fan_fiber *to)
{
    (void)to;
}
#endif

/* ---- the first function on every fiber's stack ----------------------------------------------- */

UNSEEN_BY_TSAN static void begin(struct fan_fiber *fiber)
{
    asan_arrive(fiber);
    fiber->entry(fiber->argument);
    fan_panic("the entry function of a fiber has returned");
}

/* ---- the switch: prepare() builds a stack that exchange() can go on with ----------------------
 */

#if defined(FAN_FIBER_UCONTEXT)

static void begin_in_halves(unsigned high, unsigned low)
{
    begin((struct fan_fiber *)((uintptr_t)high << 16 << 16 | low));
}

static void prepare(struct fan_fiber *fiber)
{
    uintptr_t at = (uintptr_t)fiber;
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = (void *)fiber->bounds.low;
    fiber->context.uc_stack.ss_size = fiber->bounds.high - fiber->bounds.low;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, (void (*)(void))begin_in_halves, 2, (unsigned)(at >> 16 >> 16),
                (unsigned)at);
}

UNSEEN_BY_TSAN static inline void exchange(struct fan_fiber *from, struct fan_fiber *to)
{
    swapcontext(&from->context, &to->context);
}

#else

void fan_fiber_exchange(void **parked, void *resumed);
void fan_fiber_root(void);

UNSEEN_BY_TSAN static inline void exchange(struct fan_fiber *from, struct fan_fiber *to)
{
    fan_fiber_exchange(&from->resume, to->resume);
}

#if defined(__x86_64__)

#define PUSH(name)                                                                                 \
    "    pushq %" #name "\n"                                                                       \
    "    .cfi_adjust_cfa_offset 8\n"                                                               \
    "    .cfi_rel_offset %" #name ", 0\n"
#define POP(name)                                                                                  \
    "    popq %" #name "\n"                                                                        \
    "    .cfi_adjust_cfa_offset -8\n"                                                              \
    "    .cfi_restore %" #name "\n"

/* clang-format off */
__asm__(".pushsection .text\n"
        ".globl fan_fiber_exchange\n"
        ".type fan_fiber_exchange, @function\n"
        ".p2align 4\n"
        "fan_fiber_exchange:\n"
        "    .cfi_startproc\n"
        PUSH(rbp) PUSH(rbx) PUSH(r12) PUSH(r13) PUSH(r14) PUSH(r15)
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        POP(r15) POP(r14) POP(r13) POP(r12) POP(rbx) POP(rbp)
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fan_fiber_exchange, . - fan_fiber_exchange\n"
        ".globl fan_fiber_root\n"
        ".type fan_fiber_root, @function\n"
        ".p2align 4\n"
        "fan_fiber_root:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined %rip\n"
        "    movq %rbx, %rdi\n"
        "    callq *%r12\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size fan_fiber_root, . - fan_fiber_root\n"
        ".popsection\n");
/* clang-format on */

/* The words that fan_fiber_exchange pops, lowest address first. */
struct parked {
    uintptr_t r15, r14, r13, r12, rbx, rbp, return_address;
};

static struct parked first_registers(struct fan_fiber *fiber)
{
    return (struct parked){.rbx = (uintptr_t)fiber,
                           .r12 = (uintptr_t)begin,
                           .return_address = (uintptr_t)fan_fiber_root};
}

#elif defined(__aarch64__)

__asm__(".pushsection .text\n"
        ".globl fan_fiber_exchange\n"
        ".type fan_fiber_exchange, %function\n"
        ".p2align 4\n"
        "fan_fiber_exchange:\n"
        "    .cfi_startproc\n"
        "    sub sp, sp, #160\n"
        "    .cfi_adjust_cfa_offset 160\n"
        "    stp x29, x30, [sp, #0]\n"
        "    .cfi_rel_offset x29, 0\n"
        "    .cfi_rel_offset x30, 8\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n"
        "    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x29, x30, [sp, #0]\n"
        "    ldp x19, x20, [sp, #16]\n"
        "    ldp x21, x22, [sp, #32]\n"
        "    ldp x23, x24, [sp, #48]\n"
        "    ldp x25, x26, [sp, #64]\n"
        "    ldp x27, x28, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    .cfi_adjust_cfa_offset -160\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fan_fiber_exchange, . - fan_fiber_exchange\n"
        ".globl fan_fiber_root\n"
        ".type fan_fiber_root, %function\n"
        ".p2align 4\n"
        "fan_fiber_root:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined x30\n"
        "    mov x0, x19\n"
        "    blr x20\n"
        "    brk #0\n"
        "    .cfi_endproc\n"
        ".size fan_fiber_root, . - fan_fiber_root\n"
        ".popsection\n");

/* The words that fan_fiber_exchange loads, lowest address first. */
struct parked {
    uintptr_t x29, x30, x19_to_x28[10];
    double d8_to_d15[8];
};

static struct parked first_registers(struct fan_fiber *fiber)
{
    return (struct parked){.x30 = (uintptr_t)fan_fiber_root,
                           .x19_to_x28 = {(uintptr_t)fiber, (uintptr_t)begin}};
}

#endif

/* The frame pointer starts as 0, which ends every walk; the stack pointer aligned to 16 bytes once
 * the registers are popped, as a call demands. */
static void prepare(struct fan_fiber *fiber)
{
    struct parked *parked = (struct parked *)(fiber->bounds.high & ~(uintptr_t)15) - 1;
    *parked = first_registers(fiber);
    fiber->resume = parked;
}

#endif

/* ---- the calls --------------------------------------------------------------------------------
 */

void fan_fiber_adopt(struct fan_fiber *fiber)
{
    *fiber = (struct fan_fiber){.bounds = fan_stack_bounds_here()};
    tsan_adopt(fiber);
}

void fan_fiber_init(struct fan_fiber *fiber, void *stack_low, size_t stack_size,
                    void (*entry)(void *), void *argument)
{
    uintptr_t low = (uintptr_t)stack_low;
    fiber->frame = NULL;
    fiber->bounds = (struct fan_stack_bounds){low, low + stack_size};
    fiber->entry = entry;
    fiber->argument = argument;
    fiber->unordered = false;
    fan_sanitizers_allow(stack_low, stack_size);
    asan_init(fiber);
    tsan_init(fiber);
    prepare(fiber);
}

void fan_fiber_destroy(struct fan_fiber *fiber)
{
    tsan_destroy(fiber);
}

UNSEEN_BY_TSAN static inline void go(struct fan_fiber *from, struct fan_fiber *to,
                                     void **fake_stack)
{
    fan_stack_set_bounds(to->bounds);
    asan_depart(from, to, fake_stack);
    tsan_depart(to);
    exchange(from, to);
}

UNSEEN_BY_TSAN __attribute__((noinline)) void fan_fiber_switch(struct fan_fiber *from,
                                                               struct fan_fiber *to)
{
    from->frame = __builtin_frame_address(0);
    go(from, to, &from->asan.fake_stack);
    asan_arrive(from);
}

UNSEEN_BY_TSAN void fan_fiber_leave(struct fan_fiber *from, struct fan_fiber *to)
{
    go(from, to, NULL);
    fan_panic("a fiber that was left for good has been switched to");
}

void fan_fiber_capture(const struct fan_fiber *parked, struct fan_stack *stack)
{
    struct fan_stack_bounds mine = fan_stack_bounds_here();
    stack->depth = 0;
    if (!parked->frame)
        return;
    fan_stack_set_bounds(parked->bounds);
    fan_stack_capture_from(stack, parked->frame[1], parked->frame[0]);
    fan_stack_set_bounds(mine);
}
