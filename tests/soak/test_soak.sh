#!/bin/bash
# 100,000 schedules of the fixes, in which nothing is found; and a soak of what is not fixed, which
# must be told. `make soak` runs a hundred times as many.
set -u
cd "$(dirname "$0")/../.." || exit
build=${BUILD:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if said=$(SEED=1 BUILD=$build tests/soak/soak.sh 100000); then
    echo "ok 1 - $(tail -n 1 <<<"$said")"
else
    printf 'not ok 1 - 100,000 schedules of the fixes\n%s\n' "$said"
fi

# The same, with the buggy half under the fix's name.
cat >"$scratch/fanlab" <<EOT
#!/bin/bash
exec "$PWD/$build/fanlab" "\${@/fixed/buggy}"
EOT
chmod +x "$scratch/fanlab"
if said=$(BUILD=$scratch "$PWD/tests/soak/soak.sh" 3000) || ! grep -q 'fanlab replay' <<<"$said"; then
    printf 'not ok 2 - what is found is told with exit status 1\n%s\n' "$said"
else
    echo "ok 2 - what is found is told with exit status 1"
fi
