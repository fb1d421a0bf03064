#ifndef FAN_WATCH_ENABLED_H
#define FAN_WATCH_ENABLED_H

#include <stdbool.h>

#include "watch/snapshot.h"

/* Whether what a blocked thread waits for is there, by what the snapshot shows of the objects. It
 * never is where nothing runs, so this proves nothing by itself: it is the belt to the epochs'
 * braces, and takes a verdict back that an error in the library would have made wrong. An object
 * that is not shown counts as not ready. */
bool fan_enabled_thread(const struct fan_snapshot *snapshot, const struct fan_thread_view *thread);

#endif
