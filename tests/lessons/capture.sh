#!/bin/bash
# capture.sh [ID...]: run the buggy snippets of the lessons and write what the usual tools show of
# them into lessons/code/: ID.go.txt (Go's own report), ID.gdb.txt (every thread's stack, once the
# program stands still, or its end) and ID.tsan.txt (ThreadSanitizer). INTO=DIRECTORY writes
# elsewhere. What a missing tool would show is left as it is.
set -eu

cd "$(dirname "$0")/../../lessons/code"
into=$(realpath "${INTO:-.}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

has() { command -v "$1" >/dev/null; }

# A crash is told once, by the goroutine that met it; what others were doing just then is chance.
leave_out_bystanders() {
    awk '/^fatal error:/ && told++ { next }
         /^goroutine .*\[running\]/ { crash = 1; print; next }
         crash && /^goroutine / { print "(other goroutines left out)"; exit }
         { print }'
}

capture_go() {
    GOCACHE=${GOCACHE:-$scratch/go-cache} go build -trimpath -o "$scratch/$1" "$1.go"
    {
        echo "\$ ./$1 buggy"
        "$scratch/$1" buggy 2>&1 || true
    } | expand -t 4 | sed 's/[[:space:]]*$//' |
        leave_out_bystanders >"$into/$1.go.txt"
}

# A program that hangs stands still when no thread of it runs, twice with nothing in between; so does
# one that has ended.
switches() { cat "/proc/$1"/task/*/status 2>/dev/null | grep -E '^(State|.*_ctxt)' || true; }
wait_until_still() {
    local before="" now
    until now=$(switches "$1") && [ "$now" = "$before" ] && ! grep -q '^State:.R' <<<"$now"; do
        before=$now
        read -rt 0.2 <> <(:) || true
    done
}

in_gdb() {
    gdb -batch -ex 'set filename-display basename' -ex 'set print address off' \
        -ex 'set print frame-arguments presence' "$@" 2>&1
}

# Threads with the same stack share it, one heading below the other.
share_stacks() {
    awk 'function flush() { printf "%s%s", heads, shared }
         function take() {
             if (stack == shared) heads = heads head
             else { flush(); heads = head; shared = stack }
             stack = ""
         }
         /^Thread / { if (head) take(); head = $0 "\n"; next }
         { stack = stack $0 "\n" }
         END { take(); flush() }'
}

# Of a program that ends by itself gdb sees the end: the signal and who got it, or nothing.
watch_it_end() {
    echo "\$ gdb -batch -ex run -ex bt --args ./$1 buggy"
    in_gdb -ex run -ex bt --args "$scratch/$1" buggy |
        sed -nE 's/ \(process [0-9]+\)//; /^(Thread .*received signal|#|\[Inferior .*exited|No stack)/p'
}

show_stacks() {
    echo "\$ gdb -p PID -batch -ex 'thread apply all bt'   (futex frames left out)"
    in_gdb -p "$1" -ex 'thread apply all bt' |
        sed -n '/^Thread /,/^\[Inferior/p' | grep -v '^\[Inferior\|^$\|^#.*_futex_' | share_stacks
}

capture_gdb() {
    local program
    gcc -O0 -g -pthread -o "$scratch/$1" "$1_pthread.c"
    "$scratch/$1" buggy >/dev/null 2>&1 &
    program=$!
    wait_until_still "$program"
    if [ -d "/proc/$program/task" ] && ! grep -q '^State:.Z' "/proc/$program/status"; then
        show_stacks "$program" >"$into/$1.gdb.txt"
        kill "$program"
    else
        watch_it_end "$1" >"$into/$1.gdb.txt"
    fi
    wait "$program" 2>/dev/null || true
}

# Of the reports of a race the first, without where the data lies and who made the threads.
shorten_reports() {
    awk '/^=+$/ { bars++; next }
         /^ThreadSanitizer: reported/ { next }
         bars % 2 == 0 { print; next }
         /^WARNING/ { others = 0 }
         /^  (Location|Thread)/ { others = 1 }
         /^SUMMARY/ { others = 0 }
         bars == 1 && !others && !/^$/ { print }'
}

capture_tsan() {
    local status=0
    gcc -O1 -g -fsanitize=thread -pthread -o "$scratch/$1" "$1_pthread.c"
    echo "\$ timeout 2 ./$1 buggy   (built with -fsanitize=thread)" >"$into/$1.tsan.txt"
    TSAN_OPTIONS="strip_path_prefix=$PWD/ stack_trace_format='    #%n %f %S'" \
        timeout 2 setarch -R "$scratch/$1" buggy >"$scratch/said" 2>&1 || status=$?
    sed -e "s|$scratch/||g" "$scratch/said" | shorten_reports >>"$into/$1.tsan.txt"
    case $status in
    124) echo "(no word from it; ended by timeout)" >>"$into/$1.tsan.txt" ;;
    *) echo "(exit code $status)" >>"$into/$1.tsan.txt" ;;
    esac
}

[ $# -gt 0 ] || for file in *_pthread.c; do set -- "$@" "${file%_pthread.c}"; done
for id in "$@"; do
    ! has go || capture_go "$id"
    ! has gdb || capture_gdb "$id"
    ! has setarch || capture_tsan "$id"
done
