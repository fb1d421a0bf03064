#!/bin/bash
# run.sh [NAME]: measure the library beside its peers; NAME picks benches whose name has it in it.
#
# Ours and the peers take turns, round after round, so that a machine that gets slower gets slower
# for all; a ratio is the median of the rounds' ratios. Every program runs about RUN_MS in a round,
# ROUNDS rounds. Prints a table and writes BUILD/bench.jsonl, one JSON line per figure. Every
# other program BUILD/bench/bench_* is started once; it prints such lines itself. README.md tells
# of TASKS and PEERS.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
only=${1:-}
rounds=${ROUNDS:-7}
run_ms=${RUN_MS:-200}
samples=$build/bench/samples
figures=$build/bench.jsonl
peer_list=tests/bench/peers/list

# The peers of peers/list that are here, that PEERS, if it is set, has among its words, and that can
# do it: kinds of s, b and u, as listed, or p, a thread at a time for each task that sleeps.
pool_peers() { # pool_peers KINDS
    local label kinds program
    while IFS='|' read -r label kinds program; do
        [[ $label != \#* && $kinds == *[$1]* && -x $build/bench/peers/${program%% *} ]] || continue
        [ -z "${PEERS:-}" ] || [[ " $PEERS " == *" $label "* ]] || continue
        echo -n " $label"
    done <$peer_list
}

stream_benches() {
    local case way work
    for case in k0-w2 k64-w2; do
        echo "stream-$case fan$(pool_peers sbu)"
    done
    echo "stream-k0-w16 fan$(pool_peers sb)"
    echo "sleep-w256 fan ideal$(pool_peers p)"
    echo "sleep-async-w256 async ideal$(PEERS=${PEERS:-go-chan pthread} pool_peers p)"
    for work in k0 k64; do
        for way in collect best; do
            echo "failing-$way-$work fan:$way-failing fan:$way-healthy"
        done
        echo "ordered-$work fan:ordered fan"
    done
    echo "failing-asked-k0 fan:collect-failing-asked fan:collect-healthy-asked"
    echo "ordered-gap-k64 fan:ordered-gap@4000000 fan:gap@4000000"
    echo "memory-k0 fan@100000000 fan@1000000"
}

channel_peers() { # channel_peers NAME...: those of peers/chan_* that are here
    local name
    for name in "$@"; do
        [ ! -x "$build/bench/peers/chan_$name" ] || echo -n " $name"
    done
}

# bench CONTENDER...: ours is the first, the others are what it is held against.
benches() {
    local case
    for case in 1to1-k0 2to2-k0 1to1-k1024 2to2-k1024; do
        echo "chan-$case fan$(channel_peers go pthread)"
    done
    for case in k0 k1024; do
        echo "chan-select-$case fan$(channel_peers go)"
    done
    echo "map-w2 fan by-hand$(channel_peers go)"
    echo "map-ordered-w2 fan map-w2"
    for case in 1to1-k0 1to1-k1024 2to2-k1024; do
        echo "telemetry-$case on off"
    done
    stream_benches
}

run_channel() { # run_channel BENCH CONTENDER COUNT
    local case=${1#*-} program telemetry=()
    case $2 in
    go | pthread) program=peers/chan_$2 ;;
    fan) program=bench_chan ;;
    on | off) program=bench_chan telemetry=(--telemetry "$2") ;;
    esac
    "$build/bench/$program" --case "$case" --n "$3" "${telemetry[@]}"
}

run_map() { # run_map BENCH CONTENDER COUNT
    local case=$1 program=bench_map
    case $2 in
    go) program=peers/chan_go ;;
    by-hand) case=map-by-hand-w2 ;;
    map-w2) case=map-w2 ;;
    esac
    "$build/bench/$program" --case "$case" --n "$3"
}

# The number that a line of JSON has under this name; 0 if it has none.
member() { # member NAME JSON
    local rest=${2#*\""$1"\":}
    [ "$rest" != "$2" ] && echo "${rest%%[,\}]*}" || echo 0
}

run_pool() { # run_pool BENCH CONTENDER COUNT
    local count=$3 command said variant workers=2 options=() same=()
    case $2 in
    ideal) echo "3906.25 0 0 0" && return ;; # 1 ms each, 256 at once
    fan*) command=bench_stream ;;
    async) command=bench_async ;;
    *) command=peers/$(awk -F'|' -v label="$2" '$1 == label { print $3 }' $peer_list) ;;
    esac
    [[ $2 != *@* ]] || count=${2#*@}
    variant=${2#*:}
    [ "$variant" = "$2" ] || command="$command --variant ${variant%@*}"
    [[ $1 != *-w* ]] || workers=${1##*-w}
    [[ $1 != sleep* ]] || options=(--sleep-us 1000)
    [[ $1 != *k64* ]] || options=(--work 64)
    # Where the libraries come to lie decides about one page in ten.
    [[ $1 != memory* ]] || ! command -v setarch >/dev/null || same=(setarch -R)
    # shellcheck disable=SC2086
    said=$("${same[@]}" "$build"/bench/$command --tasks "$count" --workers "$workers" "${options[@]}") ||
        { echo "$1 $2: $said" >&2 && return 1; }
    awk -v wall="$(member wall_s "$said")" -v cpu="$(member cpu_s "$said")" -v n="$count" \
        -v rss="$(member max_rss_kb "$said")" -v first="$(member first_us "$said")" \
        'BEGIN { print wall * 1e9 / n, cpu * 1e9 / n, rss, first }'
}

# Prints wall and CPU nanoseconds of an element; and of a pool, KiB at its peak and the microseconds
# until the first result.
run_once() { # run_once BENCH CONTENDER COUNT
    case $1 in
    chan* | telemetry*) run_channel "$@" ;;
    map*) run_map "$@" ;;
    *) run_pool "$@" ;;
    esac
}

count_for() { # count_for BENCH CONTENDER: how many elements take about RUN_MS
    local wall count=1000
    [[ $1 != sleep* ]] || { echo 200000 && return; }
    [[ $1 != stream* || -z ${TASKS:-} ]] || { echo "$TASKS" && return; }
    [[ $2 != *@* ]] || { echo "${2#*@}" && return; }
    while read -r wall _ < <(run_once "$1" "$2" "$count"); do
        # A run too short to judge by is repeated with more elements.
        awk -v c="$count" -v w="$wall" -v ms="$run_ms" 'BEGIN { exit c * w >= ms * 1e5 }' || break
        count=$((count * 8))
    done
    awk -v wall="${wall:?$1 $2 failed}" -v ms="$run_ms" 'BEGIN { print int(ms * 1e6 / wall) + 1 }'
}

measure() { # measure BENCH CONTENDER...
    local bench=$1 contender round answer turns=$rounds
    local -A count
    shift
    [[ $bench != sleep* ]] || turns=$(((rounds + 1) / 2)) # a second each
    for contender in "$@"; do
        count[$contender]=$(count_for "$bench" "$contender")
    done
    for ((round = 1; round <= turns; round++)); do
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
    case $1 in
    chan | map | stream | async) return 1 ;; # a contender above
    esac
    [[ $1 == *"$only"* || $only == "$1"* ]]
}

for program in "$build"/bench/bench_*; do
    if [ -x "$program" ] && is_wanted "${program##*/bench_}"; then
        "$program" | tee -a "$figures"
        printed=1
    fi
done
[ -n "${printed:-}" ] || { echo "bench: nothing is called $only" >&2 && exit 2; }
