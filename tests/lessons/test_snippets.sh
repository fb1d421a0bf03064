#!/bin/bash
# Every snippet that lessons cite is built and run: the fixed half ends well, with no word from
# ThreadSanitizer; and what lessons show of the buggy half is what the tools still say.
set -u
cd "$(dirname "$0")/../.." || exit
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
GOCACHE=$(realpath -m "${BUILD:-build}")/go-cache
export GOCACHE

report() { # report STATUS WHAT
    number=$((number + 1))
    [ "$1" = 0 ] && echo "ok $number - $2" || echo "not ok $number - $2"
}

has() { command -v "$1" >/dev/null; }

# What differs from run to run and from one release of a tool to the next: addresses, numbers of
# processes, threads and goroutines, which of two accesses came first and what was counted in a race,
# and what happens inside the system's own libraries.
essence() {
    sed -E -e 's/0x[0-9a-f]+\??/0x/g' -e 's/\(Thread [^)]*\) "[^"]*"\)/(Thread)/' -e 's/ \+0x$//' \
        -e 's/^Thread [0-9]+ "/Thread "/' -e 's/^goroutine [0-9]+ /goroutine /' \
        -e 's/ +\(futex frames left out\)//' -e 's/\((pid|tid)=[^)]*\)//g' \
        -e 's/\b(T|mutex M)[0-9]+\b/\1/g' -e 's/^  (Previous )?(read|write) of/  access of/I' \
        -e 's/^[0-9]+ of ([0-9]+)$/N of \1/' "$1" |
        grep -vE 'futex|pthread_|^ +(sync|runtime|internal)/|^(sync|runtime)\.|^#[0-9]+ +(clone|start_thread)' |
        sed -E 's/^#[0-9]+ +//'
}

for source in lessons/code/*_pthread.c; do
    id=$(basename "$source" _pthread.c)
    gcc -Wall -Wextra -Werror -O1 -g -fsanitize=thread -pthread -o "$scratch/$id" "$source" &&
        timeout 60 setarch -R "$scratch/$id" fixed >"$scratch/said" 2>&1 &&
        ! grep -q 'ThreadSanitizer' "$scratch/said"
    report $? "$source, fixed"
done

for source in lessons/code/*.go; do
    has go || { report 0 "$source # SKIP no go here" && continue; }
    go build -o "$scratch/program" "$source" && timeout 60 "$scratch/program" fixed >/dev/null 2>&1
    report $? "$source, fixed"
    [ -z "$(gofmt -l "$source")" ]
    report $? "$source is formatted"
done

mkdir "$scratch/captured"

INTO=$scratch/captured bash tests/lessons/capture.sh >/dev/null 2>&1
for shown in lessons/code/*.txt; do
    again=$scratch/captured/$(basename "$shown")
    [ -s "$again" ] || { report 0 "$shown # SKIP no such tool here" && continue; }
    diff <(essence "$shown") <(essence "$again")
    report $? "$shown is what is seen"
done

shown=lessons/code/04.gdb.txt
! diff -q <(essence "$shown") <(sed 's/collect/elsewhere/' "$shown" | essence /dev/stdin) >/dev/null
report $? "another stack would be noticed"
