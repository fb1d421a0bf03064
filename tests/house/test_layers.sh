#!/bin/bash
# check-layers passes the tree as it is, and finds each kind of planted violation.
set -u
cd "$(dirname "$0")/../.." || exit
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
number=0

report() { # report OUTCOME WHAT
    number=$((number + 1))
    echo "$1 $number - $2"
}

fresh_copy() {
    rm -rf "${copy:?}"/*
    mkdir -p "$copy"/{core/{base,sim,run,sync,fan,lab},bugs,app}
    echo '#include "sync/chan.h"' >"$copy/core/fan/fan.h"
    printf '#include "run/mutex.h"\n#include <stdio.h>\n' >"$copy/core/sync/chan.h"
    printf '#include "base/list.h"\n' >"$copy/core/run/mutex.h"
    echo >"$copy/core/base/list.h"
    printf '#include <pthread.h>\n' >"$copy/core/run/real_thread.c"
    printf '#include <fan/fan.h>\n#include <string.h>\n' >"$copy/bugs/04_x.c"
    printf '#include "lab/child.h"\n#include "bugs/table.h"\n' >"$copy/bugs/main.c"
    printf '#include "bugs/table.h"\n#include <ncurses.h>\n' >"$copy/app/terminal.c"
}

accepts() { # accepts WHAT
    local said
    if said=$(.ci/check-layers "$copy"); then
        report ok "$1"
    else
        report "not ok" "$1: $said"
    fi
}

finds() { # finds FILE LINE WORDS: the violation is found, in that file, for that reason
    local said
    fresh_copy
    mkdir -p "$copy/$(dirname "$1")"
    echo "$2" >>"$copy/$1"
    if said=$(.ci/check-layers "$copy"); then
        report "not ok" "$2 in $1 went unseen"
    elif grep -q "^$1:[0-9]*: .*$3" <<<"$said"; then
        report ok "$2 in $1"
    else
        report "not ok" "$2 in $1: $said"
    fi
}

fresh_copy
accepts "a clean tree"

echo '/* #include "lab/child.h"' >>"$copy/core/base/list.h"
printf ' example:\n#include "lab/child.h"\n*/\n' >>"$copy/core/base/list.h"
accepts "an include inside a comment"

finds core/base/list.h '#include "sync/chan.h"' "base includes upward"
finds core/run/mutex.h '#  include "sync/chan.h"' "run includes upward"
finds core/sync/chan.h '#include "lab/child.h"' "sync includes upward"
finds core/sync/chan.h '#include "fan/fan.h"' "sync includes upward"
finds core/sync/chan.h '#include <fan/fan.h>' "library itself"
finds core/sync/chan.h '#include "mutex.h"' "does not name its layer"
finds core/sync/chan.h '#include WHAT' "plain path"
finds core/run/mutex.h '#include <pthread.h>' "only core/run/real"
finds core/sync/chan.h '/* why */ #include <pthread.h>' "only core/run/real"
finds app/main.c '#include <ncurses.h>' "only app/terminal.c"
finds core/sync/chan.h '#include <curses.h>' "only app/terminal.c"
finds bugs/main.c '#include "app/screen.h"' "bugs includes upward"
finds bugs/04_x.c '#include "sync/chan.h"' "a bug file includes only"
finds bugs/04_x.c '#include <sync/chan.h>' "a bug file includes only"
finds bugs/04_x.c '#include <pthread.h>' "a bug file includes only"
finds core/else/x.h '#include "base/list.h"' "no such layer"

rm -rf "$copy/core" "$copy/bugs" "$copy/app"
if .ci/check-layers "$copy" >/dev/null; then
    report "not ok" "a tree without sources was accepted"
else
    report ok "a tree without sources"
fi
