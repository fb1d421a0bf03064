#!/bin/bash
# The build asks whether the lessons hold, and fails when they do not. Stand-ins play fanlab.
set -u
cd "$(dirname "$0")/../.." || exit
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

stand_in() { # stand_in NAME EXIT_CODE
    printf '#!/bin/sh\necho "$*" >>%s/asked\nexit %s\n' "$scratch" "$2" >"$scratch/$1"
    chmod +x "$scratch/$1"
}

build_with() { # build_with NAME [ARGUMENT...]
    make -s BUILD="$scratch/build" fanlab="$scratch/$1" "${@:2}" \
        "$scratch/build/lessons.checked" >/dev/null 2>&1
}

report() { # report STATUS WHAT
    [ "$1" = 0 ] && echo "ok $2" || echo "not ok $2"
}

stand_in amiss 1
stand_in sound 0

! build_with amiss
report $? "a lesson that does not hold fails the build"
[ ! -e "$scratch/build/lessons.checked" ]
report $? "and is asked about again"
build_with sound
report $? "lessons that hold do not"
[ "$(sort -u "$scratch/asked")" = "lesson --check" ]
report $? "the program itself is asked"
