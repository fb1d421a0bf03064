#ifndef FAN_FAN_H
#define FAN_FAN_H

/* The library, all of it. A program includes this one header, or those it wants:
 *
 *   threads and what they share     run/thread.h run/mutex.h run/cond.h run/time.h
 *                                   run/atomic.h run/access.h
 *   what they talk through          sync/chan.h sync/select.h sync/ctx.h sync/waitgroup.h
 *                                   sync/semaphore.h sync/rwlock.h sync/once.h sync/timer.h
 *   what runs many tasks            flow/fanout.h flow/stream.h flow/token.h flow/report.h
 *                                   flow/group.h flow/ways.h
 *   what keeps them within bounds   flow/limiter.h flow/aimd.h flow/hedge.h flow/hedger.h
 *                                   flow/rate.h
 *   stages of a pipeline            stage/stage.h stage/pipe.h stage/source.h stage/each.h
 *                                   stage/map.h stage/filter.h stage/until.h stage/window.h
 *                                   stage/split.h stage/tee.h stage/zip.h stage/lossy.h
 *                                   stage/measure.h stage/throttle.h
 *   that bring many into one        stage/merge.h stage/priority.h stage/first_good.h
 *                                   stage/ordered.h stage/tag.h stage/reorder.h
 *   when something goes wrong       base/panic.h
 *   being watched, being a scenario watch/publish.h lab/scenario.h
 */
#include "base/panic.h"
#include "base/random.h"
#include "flow/aimd.h"
#include "flow/fanout.h"
#include "flow/group.h"
#include "flow/hedge.h"
#include "flow/hedger.h"
#include "flow/limiter.h"
#include "flow/rate.h"
#include "flow/report.h"
#include "flow/stream.h"
#include "flow/token.h"
#include "flow/ways.h"
#include "lab/scenario.h"
#include "run/access.h"
#include "run/atomic.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "run/time.h"
#include "stage/each.h"
#include "stage/filter.h"
#include "stage/first_good.h"
#include "stage/lossy.h"
#include "stage/map.h"
#include "stage/measure.h"
#include "stage/merge.h"
#include "stage/ordered.h"
#include "stage/pipe.h"
#include "stage/priority.h"
#include "stage/reorder.h"
#include "stage/source.h"
#include "stage/split.h"
#include "stage/stage.h"
#include "stage/tag.h"
#include "stage/tee.h"
#include "stage/throttle.h"
#include "stage/until.h"
#include "stage/window.h"
#include "stage/zip.h"
#include "sync/chan.h"
#include "sync/ctx.h"
#include "sync/once.h"
#include "sync/rwlock.h"
#include "sync/select.h"
#include "sync/semaphore.h"
#include "sync/timer.h"
#include "sync/waitgroup.h"
#include "watch/publish.h"

#endif
