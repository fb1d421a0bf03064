#define _GNU_SOURCE
#include <pthread.h>
#define PEER            "pthread"
#define MU_T            pthread_mutex_t
#define CV_T            pthread_cond_t
#define MU_INIT(m)      pthread_mutex_init(m, NULL)
#define CV_INIT(c)      pthread_cond_init(c, NULL)
#define MU_LOCK(m)      pthread_mutex_lock(m)
#define MU_UNLOCK(m)    pthread_mutex_unlock(m)
#define CV_WAIT(c, m)   pthread_cond_wait(c, m)
#define CV_SIGNAL(c)    pthread_cond_signal(c)
#define CV_BROADCAST(c) pthread_cond_broadcast(c)
#include "bounded_queue.h"
