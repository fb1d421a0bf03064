#include "app/interrupt.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

int fan_interrupt_begin(struct fan_interrupt *interrupt)
{
    sigset_t asking;
    sigemptyset(&asking);
    sigaddset(&asking, SIGINT);
    sigaddset(&asking, SIGTERM);
    sigaddset(&asking, SIGHUP);
    interrupt->fd = signalfd(-1, &asking, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupt->fd < 0)
        return errno;
    sigprocmask(SIG_BLOCK, &asking, &interrupt->before);
    return 0;
}

int fan_interrupt_taken(const struct fan_interrupt *interrupt)
{
    struct signalfd_siginfo info;
    return read(interrupt->fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void fan_interrupt_end(struct fan_interrupt *interrupt)
{
    close(interrupt->fd);
    sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
}
