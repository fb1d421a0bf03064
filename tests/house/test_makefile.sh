#!/bin/bash
# The Makefile on a small tree: it works with what is there, finds new files, and rebuilds what
# a change touches and nothing else.
set -u
cd "$(dirname "$0")/../.." || exit
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -r Makefile .ci "$tree"
cd "$tree" || exit
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL
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

rebuilds() { # rebuilds NAMES [ARGUMENT...]: make compiles these sources, once or twice, and no others
    local wanted=$1 said
    shift
    said=$(make all "$@" 2>&1) || { echo "$said" && return 1; }
    said=$(sed -n 's/.* -c -o .* \(.*\)\.c$/\1/p' <<<"$said" | sort -u | tr '\n' ' ')
    [ "$said" = "$wanted" ] || { echo "compiled: $said" && return 1; }
}

holds() { # holds ARCHIVE MEMBER...: and no others
    diff <(printf '%s\n' "${@:2}") <(ar t "$1" | sort)
}

newer() { # newer FILE, also for a file system with coarse times
    touch -d "+2 seconds" "$1"
}

says() { # says TEXT COMMAND...
    local said
    said=$("${@:2}")
    [ "$said" = "$1" ] || { echo "said: $said" && return 1; }
}

check "an empty tree builds" make -s all tests
mkdir -p core/{base,run,sim} bugs tests/{base,support}
echo 'int fan_one(void);' >core/base/one.h
printf '#include "base/one.h"\nint fan_one(void)\n{\n    return 1;\n}\n' >core/base/one.c
echo '#error' >bugs/note.txt
printf '#ifdef FAN_SIM\n#error\n#endif\nint fan_real;\n' >core/run/real.c
printf '#ifndef FAN_SIM\n#error\n#endif\nint fan_sim;\n' >core/run/sim.c
echo 'int fan_two;' >core/sim/two.c
check "a new file is found" rebuilds "core/base/one core/run/real core/run/sim core/sim/two "
check "the simulated runtime is left out" holds build/libfan.a one.o real.o
check "and has a library of its own" holds build/libfan_sim.a one.o sim.o two.o
echo 'int fan_schedule;' >core/sim/schedule.c
check "a schedule's text is read by both" rebuilds "core/sim/schedule "
check "it is in the one" holds build/libfan.a one.o real.o schedule.o
check "and in the other" holds build/libfan_sim.a one.o schedule.o sim.o two.o
check "nothing to do" rebuilds ""

cat >bugs/02_text.c <<'END'
#include "base/one.h"
extern const char bug_text[];
__asm__(".section .rodata\n"
        ".global bug_text\n"
        "bug_text: .incbin \"" FAN_SOURCE_FILE "\"\n"
        ".byte 0\n"
        ".text\n");
/* first text */
END
cat >bugs/main.c <<'END'
#include <stdio.h>
#include <string.h>
extern const char bug_text[];
int main(void)
{
    puts(strstr(bug_text, "/* ") + 3);
    return 0;
}
END
check "the child is built once it is there" rebuilds "bugs/02_text bugs/main "
check "a bug embeds its text" says "first text */" build/fanlab-lab-real
sed -i 's/first/second/' bugs/02_text.c && newer bugs/02_text.c
check "a changed bug is embedded anew" rebuilds "bugs/02_text "
check "and shows it" says "second text */" build/fanlab-lab-real
touch -d "+4 seconds" core/base/one.h
check "a header rebuilds who includes it" rebuilds "bugs/02_text core/base/one "
check "other flags rebuild everything" rebuilds \
    "bugs/02_text bugs/main core/base/one core/run/real core/run/sim core/sim/schedule core/sim/two " \
    CFLAGS=-O0

cat >tests/base/test_wrap.c <<'END'
/* LDFLAGS: -Wl,--wrap=fan_one */
#include "base/one.h"
#include <stdio.h>
int __wrap_fan_one(void);
int __wrap_fan_one(void)
{
    return 2;
}
int main(void)
{
    printf("%d in %s\n", fan_one(), FAN_BUILD_DIR);
    return 0;
}
END
check "tests are built" make -s tests
check "a test may ask for a wrap" says "2 in $tree/build" build/tests/base/test_wrap
check "clean leaves nothing" make -s clean
check "really" test ! -e build
