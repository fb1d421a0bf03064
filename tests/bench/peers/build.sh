#!/bin/bash
# build.sh: build the peers into BUILD/bench/peers. One whose compiler or library is not here is left
# out, and a line says which packages it wants; one that is here and does not compile is an error.
set -eu -o pipefail
cd "$(dirname "$0")/../../.."
build=$(realpath -m "${BUILD:-build}")
into=$build/bench/peers
from=tests/bench/peers
flags="-O2 -g -Wall -Wextra -I. -pthread"
cc=${CC:-gcc}
missing=()

is_fresh() { # is_fresh PROGRAM SOURCE...: it is newer than all that it is made of
    local source
    [ -x "$into/$1" ] || return 1
    for source in "${@:2}"; do
        [ "$into/$1" -nt "$source" ] || return 1
    done
}

has_header() { # has_header COMPILER LANGUAGE HEADER [FLAG...]
    local flag where=()
    for flag in "${@:4}"; do
        [[ $flag != -I* ]] || where+=("$flag")
    done
    echo "#include <$3>" | "$1" -x "$2" "${where[@]}" -fsyntax-only - 2>/dev/null
}

asked() { # asked PACKAGE: what pkg-config says of it, one flag a line
    pkg-config --cflags --libs "$1" 2>/dev/null | tr -s ' ' '\n' || true
}

c_peer() { # c_peer NAME DEBIAN_PACKAGE HEADER [FLAG...]
    local name=$1 package=$2 header=$3
    shift 3
    is_fresh "$name" $from/*.h "$from/$name.c" && return
    if has_header "$cc" c "$header" "$@"; then
        # shellcheck disable=SC2086
        "$cc" $flags -o "$into/$name" "$from/$name.c" "$@"
    else
        missing+=("$package")
    fi
}

tbb_peer() {
    is_fresh tbb_pool $from/common.h $from/tbb_pool.cpp && return
    if has_header "${CXX:-g++}" c++ oneapi/tbb.h; then
        # shellcheck disable=SC2086
        "${CXX:-g++}" -std=c++17 $flags -o "$into/tbb_pool" $from/tbb_pool.cpp -ltbb
    else
        missing+=(g++ libtbb-dev)
    fi
}

# Debian's x/sync is a tree of the old kind, without modules.
go_peer() { # go_peer NAME PACKAGE LIBRARY_DIRECTORY
    is_fresh "$1" "$from/$1.go" && return
    if command -v go >/dev/null && [ -d "$3" ]; then
        GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE=$build/go-cache \
            go build -o "$into/$1" "$from/$1.go"
    else
        missing+=(golang-go "$2")
    fi
}

# The crates are Debian's too: nothing is downloaded.
rust_peer() {
    local crates=/usr/share/cargo/registry
    is_fresh rust_pool $from/rust_pool/Cargo.toml $from/rust_pool/src/main.rs && return
    if ! command -v cargo >/dev/null || ! compgen -G "$crates/crossbeam-channel-*" >/dev/null ||
        ! compgen -G "$crates/rayon-1*" >/dev/null; then
        missing+=(cargo librust-crossbeam-channel-dev librust-rayon-dev)
        return
    fi
    mkdir -p "$into/rust"
    cp -r $from/rust_pool/. "$into/rust"
    (cd "$into/rust" && cargo build --quiet --release --offline \
        --config 'source.crates-io.replace-with="debian"' \
        --config "source.debian.directory=\"$crates\"")
    cp "$into/rust/target/release/rust_pool" "$into/rust_pool"
}

mkdir -p "$into"
c_peer pthread_pool libc6-dev pthread.h
c_peer native libc6-dev pthread.h
c_peer chan_pthread libc6-dev pthread.h tests/bench/measure.c
c_peer openmp_pool gcc omp.h -fopenmp
c_peer nsync_pool libnsync-dev nsync.h -lnsync
c_peer ck_pool libck-dev ck_ring.h -lck
mapfile -t asked < <(asked liburcu-cds)
c_peer urcu_pool liburcu-dev urcu/wfcqueue.h "${asked[@]}"
mapfile -t asked < <(asked glib-2.0)
c_peer glib_pool libglib2.0-dev glib.h "${asked[@]}"
mapfile -t asked < <(asked libuv)
c_peer libuv_pool libuv1-dev uv.h "${asked[@]}"
tbb_peer
go_peer chan_go golang-go /usr/share
go_peer go_pool golang-golang-x-sync-dev /usr/share/gocode/src/golang.org/x/sync
rust_peer
if [ ${#missing[@]} -gt 0 ]; then
    echo "bench: peers are left out; they want: $(printf '%s\n' "${missing[@]}" | sort -u | xargs)" >&2
fi
