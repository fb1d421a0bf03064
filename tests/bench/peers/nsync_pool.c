#define _GNU_SOURCE
#include <nsync.h>
#define PEER            "nsync"
#define MU_T            nsync_mu
#define CV_T            nsync_cv
#define MU_INIT(m)      nsync_mu_init(m)
#define CV_INIT(c)      nsync_cv_init(c)
#define MU_LOCK(m)      nsync_mu_lock(m)
#define MU_UNLOCK(m)    nsync_mu_unlock(m)
#define CV_WAIT(c, m)   nsync_cv_wait(c, m)
#define CV_SIGNAL(c)    nsync_cv_signal(c)
#define CV_BROADCAST(c) nsync_cv_broadcast(c)
#include "bounded_queue.h"
