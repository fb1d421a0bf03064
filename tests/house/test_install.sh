#!/bin/bash
# What `make install` puts under DESTDIR is enough for a program outside the tree, the headers
# stand alone there, and the child links none of the reader's libraries.
set -u
cd "$(dirname "$0")/../.." || exit
build=${BUILD:-build}
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

flags() {
    PKG_CONFIG_PATH=$away/usr/lib/pkgconfig pkg-config \
        --define-variable=prefix="$away/usr" "$@" fan
}

write_program() {
    cat >"$away/program.c" <<'END'
#include <fan/fan.h>

#include <stdio.h>

static void send_answer(void *out)
{
    fan_chan_send(out, &(int){42}, NULL);
    fan_chan_close(out);
}

int main(void)
{
    struct fan_chan *out = fan_chan_new("out", sizeof(int), 0);
    fan_go("worker", send_answer, out);
    int answer = 0;
    while (fan_chan_recv(out, &answer, NULL) == 0)
        printf("%d\n", answer);
    fan_chan_free(out);
    return answer != 42;
}
END
}

compile_program() {
    # shellcheck disable=SC2046
    "$1" -Wall -Wextra -Werror -o "$away/program" "$away/program.c" $(flags --cflags --libs)
}

headers_stand_alone() {
    local header status=0
    # shellcheck disable=SC2046
    while read -r header; do
        echo "#include <fan/$header>" |
            gcc -Wall -Wextra -Werror -fsyntax-only -x c $(flags --cflags) - || status=1
    done < <(cd "$away/usr/include/fan" && find . -name '*.h' -printf '%P\n')
    return $status
}

same_names() { # same_names DIRECTORY NAME...: it holds these and no others
    local directory=$1
    shift
    diff <(printf '%s\n' "$@") <(ls "$away/usr/$directory")
}

links_only() { # links_only PROGRAM PATTERN: every library it needs matches
    local others
    others=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev "$2")
    echo "needs $others"
    [ -f "$1" ] && [ -z "$others" ]
}

asks_for_frame_pointers() {
    flags --cflags | grep -q -e -fno-omit-frame-pointer
}

# What explores it must be the installed library: this is told by a word that only its header has.
write_example() {
    awk -v holds=FAN_SCENARIO -f tests/house/example.awk README.md >"$away/mine.c"
    printf '%s\n' '#ifndef INSTALLED' '#error "these are not the installed headers"' '#endif' \
        >>"$away/mine.c"
    echo '#define INSTALLED' >>"$away/usr/include/fan/fan.h"
}

explores_example() {
    (cd "$away" && usr/bin/fanlab explore mine.c)
    [ $? = 1 ]
}

compile_example() {
    # shellcheck disable=SC2046
    "$1" -o "$away/example" "$away/mine.c" -lfan_main $(flags --cflags --libs)
}

example_declares_its_scenario() {
    "$away/example" --list | grep -q '^scenario first_answer 2 2$'
}

write_program
check "make install" make -s install BUILD="$build" DESTDIR="$away" PREFIX=/usr
check "the programs are there" same_names bin \
    fanlab fanlab-experiment-real fanlab-experiment-sim fanlab-lab-real fanlab-lab-sim
check "an installed program starts" "$away/usr/bin/fanlab" --version
check "headers stand alone" headers_stand_alone
check "fan.pc asks for frame pointers" asks_for_frame_pointers
check "the libraries are there" same_names lib \
    libfan.a libfan_main.a libfan_sim.a pkgconfig
write_example
check "an installed program explores the README's example" explores_example
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    check "the example compiles with $compiler" compile_example $compiler
    check "and declares its scenario" example_declares_its_scenario
    check "a program compiles with $compiler" compile_program $compiler
    check "and runs" "$away/program"
done
for child in fanlab-lab-real fanlab-lab-sim fanlab-experiment-real fanlab-experiment-sim; do
    check "$child links libc alone" links_only "$build/$child" '^(libc|libm|ld-linux.*)\.so'
done
