#!/bin/bash
# Errors planted in the library's own code are found: each mutant is one source file of core/ with
# one change, linked into tests/sim/test_fine, which must then fail in the cases of that object, or,
# the executor's, into a test of that (test_storm, test_async, ...). The control is a copy without
# a change, which must pass.
#
# MUTANTS=WORD picks by name; -v as an argument shows what a mutant fails with.
# shellcheck disable=SC2016
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
work=$build/mutants
verbose=${1-}
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

cflags="-std=gnu11 -O0 -w -fno-omit-frame-pointer -fPIE -pthread -DFAN_SIM -Icore -I."
wrap=$(sed -n 's|^/\* LDFLAGS: \(.*\) \*/$|\1|p' tests/sim/test_fine.c)
program=test_fine
checklibs=$(pkg-config --libs check)
failed=0

# make_one NAME FILE EXPRESSION: a copy of the file changed by perl, and the program with it.
make_one() {
    local name=$1 file=$2 expression=$3 copy
    copy=$work/$name.c
    perl -0pe "$expression" "$file" >"$copy"
    if [ -n "$expression" ] && cmp -s "$file" "$copy"; then
        echo "the change does not fit $file" >"$work/$name.log"
        return 1
    fi
    # shellcheck disable=SC2086
    ${CC:-gcc} $cflags -c -o "$work/$name.o" "$copy" 2>"$work/$name.log" &&
        ${CC:-gcc} -pie -pthread $wrap -o "$work/$name" "$build/obj/tests/sim/$program.o" \
            "$work/$name.o" "$build/libsupport.a" "$build/libfan_sim.a" $checklibs \
            2>>"$work/$name.log"
}

# What a program fails with, and which signal or assertion ended it; empty if it does not fail. It
# need not be waited for long: most that do not end will not.
complaint() {
    CK_RUN_CASE=$2 CK_TIMEOUT_MULTIPLIER=0.2 timeout 60 "$work/$1" 2>&1 |
        grep -m 1 ':[FE]:' || true
}

tell() {
    echo "$1 $2: $3"
    [ "$1" = ok ] || failed=1
}

# try NAME FILE OBJECT EXPRESSION
try() {
    local name=$1 file=$2 object=$3 expression=$4 words
    [[ $name == *"${MUTANTS-}"* ]] || return 0
    make_one "$name" "$file" "$expression" || {
        tell "not ok" "$name" "cannot be built: $(head -3 "$work/$name.log")"
        return 0
    }
    words=$(complaint "$name" "$object")
    if [ -z "$words" ]; then
        tell "not ok" "$name" "nobody noticed"
    else
        tell ok "$name" "noticed${verbose:+, $words}"
    fi
}

# control FILE OBJECT
control() {
    local name words
    name=control_$(basename "$1" .c)
    [[ $name == *"${MUTANTS-}"* ]] || return 0
    make_one "$name" "$1" "" || {
        tell "not ok" "$name" "cannot be built: $(head -3 "$work/$name.log")"
        return 0
    }
    if words=$(CK_RUN_CASE=$2 timeout 250 "$work/$name" 2>&1); then
        tell ok "$name" "passes"
    else
        tell "not ok" "$name" "$(grep -m 1 ':[FE]:' <<<"$words" || echo "it does not end")"
    fi
}

chan=core/sync/chan.c select=core/sync/select.c ctx=core/sync/ctx.c once=core/sync/once.c
semaphore=core/sync/semaphore.c rwlock=core/sync/rwlock.c group=core/sync/waitgroup.c
timer=core/sync/timer.c block=core/sync/block.c
wait=core/run/wait.c mutex=core/run/mutex.c cond=core/run/cond.c thread=core/run/thread.c

control $chan channel
control $select select
control $wait channel
control $mutex mutex

# ---- a wake-up left out ----
try close_wakes_no_receiver $chan channel 's/fan_waitq_fire_all\(&chan->receivers, EPIPE\);//'
try close_wakes_no_sender $chan channel 's/fan_waitq_fire_all\(&chan->senders, EPIPE\);//'
try take_lets_no_sender_in $chan channel 's/let_sender_in\(chan, wakeup\);//'
try send_wakes_nobody $chan channel 's/\*wakeup = fan_wait_resume\(receiver, 0\)/fan_wait_resume(receiver, 0)/'
try sleeper_is_not_woken $wait channel 's/if \(wakeup\.word\)/if (0)/'
try cancel_wakes_nobody $ctx context 's/fan_wakeup_send\(fan_wait_resume\(waiter, ECANCELED\)\);/;/'
try cancel_leaves_children_out $ctx context 's/while \(cancel_next\(ctx, cause\)\);/while (cancel_next(ctx, cause) && 0);/'
try detach_leaves_children_out $ctx context 's/        cancel\(ctx, ctx->cause, __builtin_return_address\(0\)\);/        ;/'
try cancel_is_seen_before_waits_end $ctx context 's/(    while \(\(waiter = fan_waitq_claim_one.*?\n)    set_done\(ctx, ECANCELED, cause\);\n/    set_done(ctx, ECANCELED, cause);\n$1/s'
try release_serves_nobody $semaphore semaphore 's/    if \(!fan_waitq_empty\(&semaphore->waiters\)\)\n        wakeup = serve_waiting\(semaphore\);//'
try leaving_serves_nobody_behind $semaphore semaphore 's/(if \(error\)\n        )serve_those_behind\(semaphore\);/$1(void)0;/'
try unlock_lets_nobody_in $rwlock rwlock 's/struct fan_wakeup wakeup = let_waiting_in\(rwlock\);/struct fan_wakeup wakeup = {0};/'
try last_done_wakes_nobody $group group 's/fan_waitq_fire_all\(&group->waiters, 0\);//'
try once_wakes_nobody $once once 's/fan_waitq_fire_all\(&once->waiters, 0\);//'
try unlock_wakes_nobody $mutex mutex 's/fan_wakeup_send\(wakeup\);//'
try signal_wakes_nobody $cond condition 's/(fan_waitq_fire_one\(&cond->waiters, 0\));(.*?)fan_wakeup_send\(wakeup\);/$1;$2/s'
try broadcast_wakes_nobody $cond condition 's/fan_waitq_fire_all\(&cond->waiters, 0\);//'
try reset_wakes_nobody $timer timer 's/fan_waitq_fire_all\(&timer->waiters, EAGAIN\);//'
try end_wakes_no_joiner $thread thread 's/fan_waitq_fire_all\(&self->joiners, 0\);//'

# ---- a check outside the lock ----
try send_looks_outside $chan channel 's/fan_lock_acquire\(&chan->put->lock\);\n    if \(!chan->slow && has_room\(chan\) && /bool may = !chan->slow && has_room(chan);\n    fan_lock_acquire(&chan->put->lock);\n    if (may && /'
try receive_looks_outside $chan channel 's/fan_lock_acquire\(&chan->take->lock\);\n    if \(!chan->slow \|\| chan->closed\) \{\n        bool has_one = has_element\(chan\);/bool has_one = !chan->slow && has_element(chan);\n    fan_lock_acquire(&chan->take->lock);\n    if (has_one || chan->closed) {/'
try acquire_looks_outside $semaphore semaphore 's/(    fan_lock_acquire\(&semaphore->guard\);\n)(    int error = .*?)    if \(take_if_nobody_is_ahead\(semaphore, self, amount\)\) \{/    bool may = fan_waitq_empty(&semaphore->waiters) && amount <= semaphore->available;\n$1$2if (may) { take(semaphore, self, amount);/s'
try wait_looks_outside $group group 's/(    fan_lock_acquire\(&group->guard\);\n)(    int error = fan_ctx_look_inside\(ctx\);\n    fan_thread_operates\(self, FAN_OP_GROUP_WAIT.*?\n)    if \(error \|\| group->count == 0\) \{/    bool zero = group->count == 0;\n$1$2    if (error || zero) {/s'
try context_is_watched_unseen $ctx context 's/(    fan_lock_acquire\(&ctx->guard\);\n)    error = load_error\(ctx\);/    error = load_error(ctx);\n$1/'
try once_looks_outside $once once 's/    if \(is_done\(once\)\) \{\n        fan_lock_release\(&once->guard\);/    if (false) {\n        fan_lock_release(&once->guard);/'
try send_looks_at_its_context_outside $chan channel 's/(\n    bool ready = false;)\n(    fan_lock_acquire\(&chan->put->lock\);.*?)!fan_ctx_look_inside\(ctx\)/$1 bool done = fan_ctx_look_inside(ctx);\n$2!done/s'
try receive_looks_at_its_context_first $chan channel 's/if \(!chan->slow \|\| chan->closed\) \{/if ((!chan->slow || chan->closed) && !fan_ctx_look_inside(ctx)) {/; s/has_one && !fan_ctx_look_inside\(ctx\)/has_one/'
try select_looks_at_its_context_outside $select select 's/    lock_all\(selection\);\n    bool done =\s+!fan_ctx_look_inside\(selection->ctx\)/    bool stop = fan_ctx_look_inside(selection->ctx);\n    lock_all(selection);\n    bool done = !stop/'
try acquire_looks_at_its_context_outside $semaphore semaphore 's/(    fan_lock_acquire\(&semaphore->guard\);\n)(    int error = fan_ctx_look_inside\(ctx\);\n)/$2$1/'
try wait_looks_at_its_context_outside $group group 's/(    fan_lock_acquire\(&group->guard\);\n)(    int error = fan_ctx_look_inside\(ctx\);\n)/$2$1/'
try tick_looks_at_its_context_outside $timer timer 's/(    fan_lock_acquire\(&timer->guard\);\n)(    int error = fan_ctx_look_inside\(ctx\);\n)/$2$1/'

# ---- an unlock too early ----
try select_queues_after_the_look $select select 's/(bool done =[^;]*;)(?=\n    bool entered)/$1\n    unlock_all(selection);\n    lock_all(selection);/'
try receive_queues_after_the_look $select channel 's/(bool done =[^;]*;)(?=\n    bool entered)/$1\n    unlock_all(selection);\n    lock_all(selection);/'
try wait_unlocks_before_it_queues $cond condition 's/    fan_lock_acquire\(&cond->guard\);\n    if \(!cond->slot\)/    fan_mutex_release(mutex);\n    fan_lock_acquire(&cond->guard);\n    if (!cond->slot)/; s/(fan_lock_release\(&cond->guard\);\n)    fan_mutex_release\(mutex\);/$1/'
try block_unlocks_before_it_queues $block semaphore 's/    fan_waitq_push\(block->queue, waiter\);/    fan_lock_release(block->lock);\n    fan_lock_acquire(block->lock);\n    fan_waitq_push(block->queue, waiter);/'
try resumed_before_the_element_is_there $chan channel 's/        hand_over\(chan, self, receiver, element\);\n        \*wakeup = fan_wait_resume\(receiver, 0\);/        *wakeup = fan_wait_resume(receiver, 0);\n        hand_over(chan, self, receiver, element);/'

# ---- a second look left out, or a claim that is none ----
try both_win_a_claim $wait select 's/first = thread->wait\.fired == 0;/first = true;/'
try select_stays_in_queues $select select 's/    for \(size_t i = 0; i < selection->count; i\+\+\)\n        leave_case\(selection, i\);\n    unlock_all/    unlock_all/'
try fast_send_passes_waiting_receiver $chan channel 's/!chan->slow && has_room/has_room/'
try fast_receive_passes_waiting_sender $chan channel 's/!chan->slow \|\| chan->closed/true/'
try queued_unseen $chan channel 's/(fan_waitq_push\(queue, waiter\);\n)    note_queues\(chan\);/$1/'
try once_has_no_runner $once once 's/once->runner = self->id;//'
try writer_beside_readers $rwlock rwlock 's/\(as == READER \|\| rwlock->readers == 0\)/true/'
try mutex_is_not_marked $mutex mutex 's/\? WAITED_FOR : 0;\n        uint64_t next/? 0 : 0;\n        uint64_t next/'
try sleeps_without_a_look $wait channel 's/if \(!fan_inner_compare_exchange\(&wait->word, &waiting, ASLEEP, FAN_ACQUIRE, FAN_ACQUIRE\)\)\n        return true;/fan_inner_store(&wait->word, ASLEEP, FAN_RELAXED);\n    (void)waiting;/'

# ---- a memory order that is too weak ----
try element_is_published_relaxed $chan channel 's/end->passed \+ 1, FAN_RELEASE/end->passed + 1, FAN_RELAXED/'
try element_is_found_relaxed $chan channel 's/fan_inner_load\(&end->passed, FAN_ACQUIRE\)/fan_inner_load(&end->passed, FAN_RELAXED)/'
try woken_relaxed $wait channel 's/fan_inner_exchange\(word, AWAKE, FAN_RELEASE\)/fan_inner_exchange(word, AWAKE, FAN_RELAXED)/'
try awake_relaxed $wait channel 's/fan_inner_load\(&wait->word, FAN_ACQUIRE\)/fan_inner_load(&wait->word, FAN_RELAXED)/'
try once_done_relaxed $once once 's/fan_inner_store\(&once->done, 1, FAN_RELEASE\)/fan_inner_store(&once->done, 1, FAN_RELAXED)/'
try once_seen_relaxed $once once 's/fan_inner_load\(&once->done, FAN_ACQUIRE\)/fan_inner_load(&once->done, FAN_RELAXED)/'
try cancelled_relaxed $ctx context 's/fan_inner_store\(&ctx->error, error, FAN_RELEASE\)/fan_inner_store(&ctx->error, error, FAN_RELAXED)/'
try cancel_seen_relaxed $ctx context 's/fan_inner_load\(&ctx->error, FAN_ACQUIRE\)/fan_inner_load(&ctx->error, FAN_RELAXED)/'
try mutex_changes_relaxed $mutex mutex 's/FAN_ACQ_REL, FAN_RELAXED/FAN_RELAXED, FAN_RELAXED/'

# ---- the executor ----
program=test_storm
export FAN_RUNS=20000
stream=core/flow/stream.c crew=core/flow/crew.c intake=core/flow/intake.c
attempt=core/flow/attempt.c delivery=core/flow/delivery.c share=core/flow/share.c
report=core/flow/report.c admit=core/flow/admit.c
abandon=core/flow/abandon.c

control $stream storm
control $crew storm
control $delivery storm

try more_is_held_than_asked_for $stream storm 's/: stream->limit;\n    return stream->limit \+ others/: stream->limit;\n    return 2 * stream->limit + others/'
try pause_passes_for_a_deadline $stream storm 's/        error = fan_ctx_error\(&stream->ctx\);\n        if \(error\)\n            return error;/        if (fan_ctx_error(&stream->ctx))\n            return ETIMEDOUT;/'
try sink_is_left_behind $abandon storm 's/    waited \|= wait_until_left\(&stream->at_sink\);//; s/    fan_mutex_(un)?lock\(&stream->at_sink\);//g'
try source_is_left_behind $abandon storm 's/wait_until_left\(&stream->at_source\)/false/g'
try dropped_and_accounted_for $stream storm 's/    fan_mutex_unlock\(&stream->lock\);\n    if \(left\)/    if (left)/; s/(    own\.dropped \+= unaccounted\(&own\);\n)/$1    fan_mutex_unlock(&stream->lock);\n    fan_mutex_lock(&stream->lock);\n    own.done = stream->report.done;\n    fan_mutex_unlock(&stream->lock);\n/'
try stop_tells_no_task $crew storm 's/    fan_ctx_cancel\(&stream->ctx, error\);//'
try last_reason_counts $crew storm 's/    if \(!stream->error\)\n        stream->error = error;/    stream->error = error;/'
try one_thread_too_many $intake storm 's/stream->started < stream->limit &&/stream->started <= stream->limit \&\&/'
try chunk_is_lost $crew storm 's/    fan_list_insert\(&chunk->link, &stream->free\);\n    fan_cond_signal/    fan_cond_signal/'
try failure_goes_unseen $attempt storm 's/return -1;/return INT_MIN;/'
try panicked_task_runs_again $attempt storm 's/worker->at = index \+ 1;/worker->at = index;/'
try stopped_and_begun $attempt storm 's/    if \(__builtin_expect\(fan_stream_is_stopped\(stream\), 0\)\)\n        return FAN_NOT_BEGUN;//'
try chunk_is_done_too_early $attempt storm 's/return chunk->unfinished == 0;/return chunk->unfinished <= 1;/'
try cancelled_one_is_missing_in_the_order $attempt storm 's/    if \(error == FAN_NOT_BEGUN\)\n        fan_crew_stop\(stream, ECANCELED\);\n    else if \(/    if (error != FAN_NOT_BEGUN \&\& /'
try permits_are_kept_by_a_panic $admit storm 's/    fan_admit_end\(&pass, ended \? pass\.error : ENOTRECOVERABLE\);/    if (ended)\n        fan_admit_end(&pass, pass.error);/'
try permits_are_not_waited_for $admit storm 's/(int error = )weight \? [^;]*;/$1 0;\n    weight = 0;/'
try put_after_the_end $delivery storm 's/ (\|\||&& !)fan_stream_is_stopped\(stream\)//g; s/ \|\| fan_stream_is_stopped\(stream\)//g'
try dropped_is_done $delivery storm 's/(result->error == 0\) \{\n        outcome->)dropped/$1done/'
try order_is_not_kept $delivery storm 's/    if \(stream->ring\)/    if (stream->ring \&\& chunk->sequence == stream->delivered)/'
try two_at_the_sink $delivery storm 's/fan_mutex_(un)?lock\(&stream->at_sink\);//g'
try thief_takes_what_is_begun $share storm 's/    if \(begun > first\) \{\n        first = .*?;\n        (.*?)\n    \}/    if (begun > first)\n        $1/'
try failures_are_not_sorted $report storm 's/report->errors\[place - 1\]\.index > index\)/report->errors[place - 1].index < index)/'

# ---- and that it takes over ----
program=test_head_of_line
line="head of line"

control $crew "$line"
try nobody_takes_over $crew "$line" 's/bool got = fan_crew_steal\(worker, UINT64_MAX\);/bool got = false;/'
try who_has_nothing_to_do_looks_later $crew "$line" 's/(    bool got = fan_crew_steal)/    fan_mutex_unlock(&stream->lock);\n    fan_sleep(50000, NULL);\n    fan_mutex_lock(&stream->lock);\n$1/'
try who_waits_for_its_turn_is_not_told $crew "$line" 's/stream->waiting > 0/stream->waiting > 999/'
try who_waits_for_its_turn_does_not_look $intake "$line" 's/ && !fan_crew_steal\(worker, UINT64_MAX\)//'

# ---- and what a source that warns is promised ----
program=test_warns

control $intake warns
control $delivery warns
try who_waits_for_the_source_does_not_look $intake warns 's/if \(steal\(worker, UINT64_MAX\)\)/if (false)/'
try a_warning_is_forgotten $intake warns 's/stream->warned \? EAGAIN : //'
try what_is_overtaken_is_left $intake warns 's/if \(take_overtaken\(worker\)\)/if (false)/'
try results_wait_for_their_chunk $delivery warns 's/    if \(!stream->ring\)\n        hand_over_one/    if (false)\n        hand_over_one/'
try results_wait_in_their_order $delivery warns 's/if \(stream->source\.warns && \(chunk/if (false \&\& (chunk/'

# ---- its asynchronous tasks: a token, and where flights land ----
program=test_flight
flight=core/flow/flight.c inbox=core/flow/inbox.c

control $flight flight
try token_is_completed_twice $flight flight 's/ \|\| \(word & COMPLETED\)\)\n            fan_panic_misuse\(0, "a token/)\n            fan_panic_misuse(0, "a token/'
try token_of_an_earlier_turn_counts $flight flight 's/turn_of\(word\) != token\.turn \|\| //'
try crashed_start_is_not_over $flight flight 's/while \(!advance\(flight, &word, RETURNED \| COMPLETED\)\)/while (!advance(flight, \&word, RETURNED))/'
try flight_finishes_in_two_steps $flight flight 's/    if \(!fan_atomic_compare_exchange\(&flight->word, word, next, FAN_ACQ_REL, FAN_ACQUIRE\)\)\n        return false;/    fan_atomic_store(&flight->word, next, FAN_RELEASE);/'
try inbox_lands_relaxed $inbox flight 's/FAN_RELEASE,/FAN_RELAXED,/'
try bell_is_armed_blindly $inbox flight 's/return fan_atomic_compare_exchange\(&inbox->head, &empty, .*?\);/fan_atomic_store(&inbox->head, (uintptr_t)ARMED, FAN_RELAXED);\n    return empty == 0;/s'
try bell_is_disarmed_unsaid $inbox flight 's/\*disarmed = head == ARMED;/*disarmed = false;/'
try latest_to_land_is_taken_first $inbox flight 's/return reverse\(flights_at\(head\)\)/return flights_at(head)/'

# ---- and its threads ----
program=test_async
export FAN_RUNS=500
async=core/flow/async.c depart=core/flow/depart.c arrive=core/flow/arrive.c

control $async async
try thread_leaves_before_the_bell $async async 's/    if \(async->bells > 0\)\n        return false;\n//'
try interrupt_is_not_called $async async 's/    if \(due\)\n        stream->work\.interrupt\(stream->work\.argument\);//'
try interrupt_is_called_twice $async async 's/ && !async->interrupted &&/ \&\&/'
try interrupt_meets_a_start $async async 's/ && async->starting == 0//'
try linger_is_for_ever $stream async 's/if \(!stream->options\.linger_ns\)/if (true)/'
try done_and_asked_for_more $depart async 's/    if \(!error\)\n        return fill\(batch, rest\);/    if (!error || true)\n        return fill(batch, rest);/'
try delayed_is_found_by_nobody $depart async 's/bool still = \(uintptr_t\)rest == worker->seen;/bool still = false;/'

program=test_storm
export FAN_RUNS=20000

try closed_inbox_takes_in $inbox storm 's/        if \(head == CLOSED\)\n            return FAN_NOT_LANDED;\n//'
try last_token_keeps_the_stream $async storm 's/        free\(flight\);\n        fan_stream_release\(stream, NULL\);/        free(flight);/'
try rung_bell_wakes_nobody $async storm 's/    fan_async_wake\(stream->async\);\n    if \(stream->async->waiting == 0\)/    if (stream->async->waiting == 0)/'
try failure_in_flight_goes_unseen $async storm 's/        async->failure = flight->error;/        ;/'
try permits_come_back_twice $async storm 's/(    fan_admit_end\(&flight->pass, flight->error\);\n)/$1$1/'
try more_fly_than_the_limit_says $depart storm 's/size_t room = async->limit - async->in_flight;/size_t room = async->limit;/'
try more_are_kept_than_the_queue_says $depart storm 's/async->in_use == async->capacity \|\| //'
try failed_start_stops_nobody $depart storm 's/    else if \(error && stream->options\.policy == FAN_FAIL_FAST\)\n.*?;/    ;/s'
try failed_start_keeps_permits $depart storm 's/    if \(flight->pass\.inner\)\n        fan_admit_end\(&flight->pass, error\);//'
try last_one_leaves_a_stale_end $arrive storm 's/    if \(flight && !\(async->first = flight->next\)\)\n        async->last = &async->first;/    if (flight)\n        async->first = flight->next;/'
try failures_in_flight_are_not_listed $arrive storm 's/        list_failures\(&stream->report, flights\);/        ;/'
try handed_over_and_not_counted $arrive storm 's/    fan_delivery_account\(worker, &outcome\);\n//'

# ---- task groups ----
program=test_group_storm
export FAN_RUNS=3000
taskgroup=core/flow/group.c

control $taskgroup storm
try group_waits_for_nobody $taskgroup storm 's/    fan_waitgroup_wait\(&group->running, NULL\);//'
try group_limits_nobody $taskgroup storm 's/error = EBUSY;/error = 0;/'
try group_forgets_a_panic $taskgroup storm 's/task->error = ENOTRECOVERABLE;/task->error = 0;/'
try group_counts_who_did_not_start $taskgroup storm 's/    free\(task\);\n    leave\(group\);\n    return error;/    free(task);\n    return error;/'
try group_begins_after_the_end $taskgroup storm 's/int error = run \? fan_ctx_error\(&group->ctx\)/int error = run ? 0/'

exit $failed
