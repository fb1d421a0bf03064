#!/bin/bash
# The example in the README is no longer than it says, and does what it says when it is explored.
set -u
cd "$(dirname "$0")/../.." || exit
fanlab=$(realpath "${BUILD:-build}")/fanlab
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
number=0

check() { # check WHAT COMMAND...: ok when the command succeeds
    local what=$1 said
    shift
    number=$((number + 1))
    if said=$("$@" 2>&1); then
        echo "ok $number - $what"
    else
        printf 'not ok %s - %s\n%s\n' "$number" "$what" "$said"
    fi
}

block() { # block PATTERN: the README's block of code in which a line matches
    awk -v holds="$1" -f tests/house/example.awk README.md | sed -e '$ { /^$/d; }'
}

# Without what depends on the machine, and how many schedules fail.
steady() {
    sed -E -e '/schedule|in the median/ s/[0-9][0-9,.]*( %)?/N/g' -e 's/by N process(es)?/by N/' \
        -e 's/(first_answerp\.w2n2s1):[^ ]+/\1:.../' -e 's/after [0-9.]+ ms/after N ms/' \
        -e 's/and [0-9]+ of the library/and N of the library/' -e '$ { /^$/d; }'
}

has_ten_lines() {
    [ "$(wc -l <"$away/mine.c")" -le 10 ]
}

explored() {
    (cd "$away" && "$fanlab" explore mine.c >explored)
    [ $? = 1 ] && diff <(block 'found in schedule' | steady) <(steady <"$away/explored")
}

replayed() {
    local line
    line=$(sed -n 's/.*run it again  fanlab replay \([^ ]*\) mine.c$/\1/p' "$away/explored")
    (cd "$away" && "$fanlab" replay "$line" mine.c >replayed)
    [ $? = 1 ] && grep -q ' recv .* mine\.c:7$' "$away/replayed" &&
        grep -q '^program ! PANIC' "$away/replayed"
}

nothing_is_left() {
    diff <(printf '%s\n' explored mine.c replayed) <(ls -A "$away")
}

block 'FAN_SCENARIO' >"$away/mine.c"
check "it has at most ten lines" has_ten_lines
check "explore prints what the README says" explored
check "the line that is printed replays it" replayed
check "nothing is left beside the file" nothing_is_left
