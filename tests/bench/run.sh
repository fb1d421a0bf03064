#!/bin/bash
# run.sh [NAME]: measure the library beside its peers; NAME picks benches whose name has it in it.
#
# Ours and the peers take turns, round after round, so that a machine that gets slower gets slower
# for all; a ratio is the median of the rounds' ratios. Every program runs about RUN_MS in a round,
# ROUNDS rounds. Prints a table and writes BUILD/bench.jsonl, one JSON line per figure. Every
# other program BUILD/bench/bench_* is started once; it prints such lines itself.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
only=${1:-}
rounds=${ROUNDS:-7}
run_ms=${RUN_MS:-200}
samples=$build/bench/samples
figures=$build/bench.jsonl

# bench CONTENDER...: ours is the first, the others are what it is held against.
benches() {
    local case
    for case in 1to1-k0 2to2-k0 1to1-k1024 2to2-k1024; do
        echo "chan-$case fan go pthread"
    done
    for case in k0 k1024; do
        echo "chan-select-$case fan go"
    done
    for case in 1to1-k0 1to1-k1024 2to2-k1024; do
        echo "telemetry-$case on off"
    done
}

run_once() { # run_once BENCH CONTENDER COUNT: prints wall and CPU nanoseconds of an element
    local case=${1#*-} program telemetry=()
    case $2 in
    go) program=peer_chan_go ;;
    pthread) program=peer_chan_pthread ;;
    fan) program=bench_chan ;;
    on | off) program=bench_chan telemetry=(--telemetry "$2") ;;
    esac
    "$build/bench/$program" --case "$case" --n "$3" "${telemetry[@]}"
}

count_for() { # count_for BENCH CONTENDER: how many elements take about RUN_MS
    local wall count=1000
    while read -r wall _ < <(run_once "$1" "$2" "$count"); do
        # A run too short to judge by is repeated with more elements.
        awk -v c="$count" -v w="$wall" -v ms="$run_ms" 'BEGIN { exit c * w >= ms * 1e5 }' || break
        count=$((count * 8))
    done
    awk -v wall="${wall:?$1 $2 failed}" -v ms="$run_ms" 'BEGIN { print int(ms * 1e6 / wall) + 1 }'
}

measure() { # measure BENCH CONTENDER...
    local bench=$1 contender round answer
    local -A count
    shift
    for contender in "$@"; do
        count[$contender]=$(count_for "$bench" "$contender")
    done
    for ((round = 1; round <= rounds; round++)); do
        for contender in "$@"; do
            answer=$(run_once "$bench" "$contender" "${count[$contender]}")
            echo "$bench $round $contender $answer"
        done
    done
}

mkdir -p "$build/bench"
: >"$figures"
benches | grep -F -e "$only" >"$build/bench/plan" || true
if [ -s "$build/bench/plan" ]; then
    while read -r -a words; do
        measure "${words[@]}" >"$samples"
        awk -f tests/bench/table.awk -v figures="$figures" -v titled="${printed:-0}" "$samples"
        printed=1
    done <"$build/bench/plan"
fi

is_wanted() { # is_wanted PROGRAM_NAME: "start" for ONLY=start and for ONLY=start-p95
    [ "$1" != chan ] && [[ $1 == *"$only"* || $only == "$1"* ]]
}

for program in "$build"/bench/bench_*; do
    if [ -x "$program" ] && is_wanted "${program##*/bench_}"; then
        "$program" | tee -a "$figures"
        printed=1
    fi
done
[ -n "${printed:-}" ] || { echo "bench: nothing is called $only" >&2 && exit 2; }
