#!/bin/bash
# soak.sh [SCHEDULES]: nothing may be found in any schedule of any bug's fix. Explores SCHEDULES of
# them (10,000,000) over all fixes, the strategies that draw schedules by chance, and both grains;
# a tenth at the fine one, whose schedules have some ten times as many steps. `make soak` calls it.
#
# The seed is that of the day unless SEED gives one, so that every soak looks elsewhere. Exit status
# 0: nothing was found; 1: something was, or an exploration broke; 128 + n: ended by signal n.
set -u
cd "$(dirname "$0")/../.." || exit
fanlab=${BUILD:-build}/fanlab
wanted=${1:-10000000}
seed=${SEED:-$(date +%Y%m%d)}
strategies=(random pct surw)
sizes=('--workers 3 --items 4' '--workers 2 --items 5' '--workers 4 --items 3')
began=$SECONDS
ran=0
done=0
bad=()
trap 'exit 130' INT
trap 'exit 143' TERM

mapfile -t bugs < <("$fanlab" list | sed -n 's/^\([0-9][0-9]\)  .*/\1/p')
runs=$((${#bugs[@]} * ${#strategies[@]}))
[ "$runs" -gt 0 ] || { echo "soak: no bugs to soak" >&2 && exit 1; }

schedules_in() { # schedules_in REPORT: how many were run
    sed -n 's/^ *\([0-9,]*\) schedules, .*/\1/p' <<<"$1" | tr -d ,
}

soak() { # soak BUG STRATEGY GRAIN SIZE SCHEDULES
    local report status=0 count
    # shellcheck disable=SC2086
    report=$("$fanlab" explore "$1" --variant fixed --strategy "$2" --grain "$3" $4 \
        --schedules "$5" --seed "$seed") || status=$?
    [ $status -lt 128 ] || exit $status
    count=$(schedules_in "$report")
    ran=$((ran + ${count:-0}))
    done=$((done + 1))
    if [ $status != 0 ] || [ "${count:-0}" != "$5" ]; then
        bad+=("$1 $2 $3")
        printf '\n%s %s %s: exit status %s\n%s\n' "$1" "$2" "$3" $status "$report"
    fi
    printf '%3d of %d  %s %-6s %-6s  %d schedules in all, %d s\n' $done $((2 * runs)) \
        "$1" "$2" "$3" $ran $((SECONDS - began))
}

for bug in "${bugs[@]}"; do
    for i in "${!strategies[@]}"; do
        # What does not come out even is run at the coarse grain, which is quick.
        fine=$((wanted / runs / 10 + 1))
        coarse=$((wanted / runs - fine + 1))
        soak "$bug" "${strategies[i]}" coarse "${sizes[i]}" $coarse
        soak "$bug" "${strategies[i]}" fine "${sizes[i]}" $fine
    done
done

if [ ${#bad[@]} -gt 0 ]; then
    printf 'soak: %d schedules; something was found in: %s\n' $ran "$(IFS=,; echo "${bad[*]}")"
    exit 1
fi
echo "soak: $ran schedules of ${#bugs[@]} fixes, nothing was found, seed $seed, $((SECONDS - began)) s"
