#!/bin/bash
# .ci/run-tests counts what passed and what failed, a crash and a time-out among them.
set -u
cd "$(dirname "$0")/../.." || exit
unset ONLY # may pick this very test
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/.ci" "$tree/tests/room" "$tree/build/tests/room"
cp .ci/run-tests "$tree/.ci/"
number=0

report() { # report OUTCOME WHAT
    number=$((number + 1))
    echo "$1 $number - $2"
}

with_program() { # with_program LINE: the only test of the tree is a program that does this
    touch "$tree/tests/room/test_it.c"
    printf '#!/bin/bash\n%s\n' "$1" >"$tree/build/tests/room/test_it"
    chmod +x "$tree/build/tests/room/test_it"
}

with_script() { # with_script LINE
    rm -f "$tree/tests/room/test_it.c"
    echo "$1" >"$tree/tests/room/test_it.sh"
}

expect() { # expect WHAT STATUS LAST_LINE
    local said status=0
    said=$(TEST_LIMIT=1 "$tree/.ci/run-tests" build 2>&1) || status=$?
    if [ $status = "$2" ] && [ "$(tail -n 1 <<<"$said")" = "$3" ]; then
        report ok "$1"
    else
        report "not ok" "$1: status $status, said $said"
    fi
}

expect "no test at all is a failure" 1 "0 passed, 0 failed"
with_program 'echo "100%: Checks: 12, Failures: 0, Errors: 0"'
expect "all pass" 0 "12 passed, 0 failed"
with_program 'echo "50%: Checks: 12, Failures: 2, Errors: 4"; exit 1'
expect "some fail" 1 "6 passed, 6 failed"
with_program 'echo "100%: Checks: 12, Failures: 0, Errors: 0"; exit 1'
expect "passed, yet a bad exit status" 1 "12 passed, 1 failed"
with_program 'exit 0'
expect "no summary" 1 "0 passed, 1 failed"
with_program 'kill -SEGV $$'
expect "a crash" 1 "0 passed, 1 failed"
with_program 'while :; do :; done'
expect "past the time limit" 1 "0 passed, 1 failed"
rm "$tree/build/tests/room/test_it"
expect "a program that was not built" 1 "0 passed, 1 failed"
with_script 'echo "ok 1 - a"; echo "not ok 2 - b"; echo "ok 3 - c"'
expect "a script with lines" 1 "2 passed, 1 failed"
with_script 'true'
expect "a silent script that passes" 0 "1 passed, 0 failed"
with_script 'exit 5'
expect "a silent script that fails" 1 "0 passed, 1 failed"
