/* Runs a variant with threads of the system, published in the segment. */
#include "lab/crash.h"
#include "lab/order.h"
#include "run/evidence.h"
#include "run/thread.h"
#include "watch/publish.h"

/* Once it is published it is seen to run, and then nobody but us may answer a signal: a sanitizer
 * would make of a kill from outside a crash of its own. */
static int prepare(const struct fan_order *order)
{
    int error = fan_crash_install();
    if (error)
        return fan_order_broken("listen for crashes", error);
    error = fan_watch_publish((int)order->numbers[FAN_ORDER_SEGMENT]);
    if (error)
        return fan_order_broken("publish its telemetry", error);
    fan_thread_set_budget(order->numbers[FAN_ORDER_BUDGET]);
    fan_watch_expect(order->numbers[FAN_ORDER_ITEMS], order->numbers[FAN_ORDER_WORKERS]);
    fan_watch_contract(order->contract, false);
    return 0;
}

/* The main thread retires before it waits: it would otherwise be shown as a running thread, and a
 * program that is stuck in all others would never be called stuck. */
int fan_order_run(const struct fan_order *order, const struct fan_variant *variant)
{
    struct fan_lab lab = fan_order_lab(order);
    int status = prepare(order);
    if (status)
        return status;
    fan_watch_phase(FAN_PHASE_RUNNING);
    variant->run(&lab);
    fan_evidence_note(FAN_FACT_RETURNED, 0, 0, NULL);
    fan_watch_phase(FAN_PHASE_RETURNED);
    fan_thread_retire();
    fan_thread_wait_all();
    fan_watch_phase(FAN_PHASE_ENDED);
    fan_watch_freeze();
    fan_lab_release(&lab);
    return 0;
}
