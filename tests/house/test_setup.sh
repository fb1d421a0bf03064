#!/bin/bash
# .ci/setup installs what is missing, asks nobody when nothing is, and says what to run when it
# may not. Stand-ins for dpkg-query, apt-get, id and sudo play the machine.
set -u
cd "$(dirname "$0")/../.." || exit
machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
number=0

report() { # report OUTCOME WHAT
    number=$((number + 1))
    echo "$1 $number - $2"
}

stand_in() { # stand_in NAME, its body on stdin
    { echo '#!/bin/bash' && cat; } >"$machine/$1"
    chmod +x "$machine/$1"
}

# machine_with MISSING_PACKAGE UID SUDO_STATUS APT_STATUS
machine_with() {
    stand_in dpkg-query <<<"[ \"\${!#}\" = '$1' ] || echo -n installed"
    stand_in id <<<"echo $2"
    stand_in sudo <<<"shift; [ $3 = 0 ] && echo sudo >>$machine/calls && exec \"\$@\""
    stand_in apt-get <<<"echo \"apt-get \$*\" >>$machine/calls; exit $4"
    : >"$machine/calls"
}

expect() { # expect WHAT STATUS CALLS [SAID]: run it; calls and output are regular expressions
    local said calls status=0
    said=$(PATH=$machine:$PATH .ci/setup build test 2>&1) || status=$?
    calls=$(tr '\n' ';' <"$machine/calls")
    if [ $status = "$2" ] && [[ $calls =~ ^$3$ ]] && [[ $said =~ ${4:-} ]]; then
        report ok "$1"
    else
        report "not ok" "$1: status $status, calls $calls, said $said"
    fi
}

machine_with none 0 1 0
expect "nothing missing: nobody is asked" 0 "" "^$"
machine_with check 0 1 0
expect "root installs" 0 "apt-get update;apt-get install .* check;"
machine_with check 1000 0 0
expect "a user with sudo installs" 0 "sudo;sudo;apt-get update;sudo;apt-get install .* check;"
machine_with libdw-dev 1000 1 0
expect "a user without is told the line" 3 "" "apt-get install .* libdw-dev$"
machine_with check 0 1 100
expect "a failed installation is said" 3 "apt-get update;" "could not install check"
