#!/bin/bash
# Every bench in which ours and others take turns runs, each contender once and for a moment, and
# its line is in the table. The pools of others are left out: their toolchains are not everywhere.
set -u
cd "$(dirname "$0")/../.." || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
export BUILD=${BUILD:-build} RUN_MS=1 ROUNDS=1 PEERS=none
table=$(mktemp)
trap 'rm -f "$table"' EXIT

make -s -j2 benches >"$table" 2>&1 || { sed 's/^/# /' "$table" && echo "not ok the benches are built"; }

for name in chan map telemetry stream failing ordered-k sleep-async; do
    if tests/bench/run.sh "$name" >"$table" 2>&1 && grep -q "^$name.* [0-9.]* *([0-9.]*" "$table"; then
        echo "ok $name"
    else
        sed 's/^/# /' "$table"
        echo "not ok $name"
    fi
done

if tests/bench/run.sh no-such-bench >"$table" 2>&1; then
    echo "not ok what is no bench is refused"
else
    echo "ok what is no bench is refused"
fi
