#!/bin/bash
# Nothing of the controlled scheduler is in what runs threads of the system: no symbol that
# core/sim defines, and none that is called fan_sim_. Of core/sim two files are in both, on purpose:
# schedule.c, a schedule's text form, which the program reads and prints though it runs none, and
# frontier.c, what a search shares among its processes, at which the program looks from outside.
set -u
cd "$(dirname "$0")/../.." || exit
build=${BUILD:-build}
number=0

report() { # report OUTCOME WHAT DETAILS
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || echo "$3"
}

# Also what the compiler made of a function, "fan_x.part.0", is that function.
defined_in() { # defined_in FILE...: the symbols that these define, one a line
    nm --defined-only "$@" | awk 'NF == 3 { sub(/\..*/, "", $3); print $3 }' | sort -u
}

shared=("$build"/sim/core/sim/schedule.o "$build"/sim/core/sim/frontier.o)
scheduler=$(for object in "$build"/sim/core/sim/*.o; do
    [[ " ${shared[*]} " = *" $object "* ]] || nm --defined-only -g "$object"
done | awk 'NF == 3 { print $3 }' | sort -u)

of_scheduler() { # of_scheduler FILE: what it has of the scheduler
    local all
    all=$(defined_in "$1")
    comm -12 <(echo "$scheduler") <(echo "$all")
    grep '^fan_sim_' <<<"$all"
}

for file in "$build/fanlab-lab-real" "$build/libfan.a" "$build/fanlab"; do
    found=$(of_scheduler "$file")
    if [ -z "$found" ] && defined_in "$file" | grep -qx fan_chan_send; then
        report ok "${file##*/} has nothing of the scheduler" ''
    else
        report 'not ok' "${file##*/} has nothing of the scheduler" "$found"
    fi
done

# The same look finds it where it is: were it blind, the above would say nothing.
for symbol in fan_sim_run fan_fiber_switch fan_race_access fan_minimise fan_sim_backend_use; do
    if of_scheduler "$build/fanlab-lab-sim" | grep -qx "$symbol"; then
        report ok "fanlab-lab-sim has $symbol" ''
    else
        report 'not ok' "fanlab-lab-sim has $symbol" "$(of_scheduler "$build/fanlab-lab-sim")"
    fi
done

both=$(comm -12 <(defined_in "${shared[@]}") <(defined_in "$build/fanlab"))
if grep -qx fan_schedule_parse <<<"$both"; then
    report ok "the text form of schedules is in both" ''
else
    report 'not ok' "the text form of schedules is in both" "$both"
fi
