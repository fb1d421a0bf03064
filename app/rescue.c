#include "app/rescue.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CRASHES 6

static const int crashes[CRASHES] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

/* Written while disarmed, read by handlers while armed. */
static struct {
    volatile sig_atomic_t armed;
    bool exit_hook;
    int fd;
    struct termios modes;
    char text[255];
    size_t length;
    struct sigaction before[CRASHES];
    char stack[16384]; /* a handler on the stack that overflowed could not run */
} rescue;

static void restore_terminal(void)
{
    if (!rescue.armed)
        return;
    rescue.armed = 0;
    ssize_t written = write(rescue.fd, rescue.text, rescue.length);
    (void)written; /* nobody is left to be told */
    tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
}

/* Hands the signal on to whoever had it before (a sanitizer, or the default: death). */
static void handle_crash(int number)
{
    int saved = errno;
    restore_terminal();
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &rescue.before[i], NULL);
    errno = saved;
    raise(number);
}

static void install_handlers(void)
{
    stack_t stack = {.ss_sp = rescue.stack, .ss_size = sizeof rescue.stack};
    stack_t before;
    if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE))
        sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = handle_crash, .sa_flags = SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &action, &rescue.before[i]);
}

int fan_rescue_arm(int fd, const struct termios *modes, const char *text, size_t length)
{
    if (length > sizeof rescue.text)
        return EINVAL;
    fan_rescue_disarm();
    rescue.fd = fd;
    rescue.modes = *modes;
    rescue.length = length;
    memcpy(rescue.text, text, length);
    if (!rescue.exit_hook)
        rescue.exit_hook = atexit(restore_terminal) == 0;
    install_handlers();
    rescue.armed = 1;
    return 0;
}

void fan_rescue_disarm(void)
{
    if (!rescue.armed)
        return;
    rescue.armed = 0;
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &rescue.before[i], NULL);
}
