#!/usr/bin/env bash
# Kills imports half way and looks at what is left: scripts/kill-test.sh [ROUNDS]
# After each kill the store must be sound and hold either what it held before or the whole export; then imports
# with limits on file sizes, as on full disks. VITALOG names another program than the one built here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-10}
target="${CARGO_TARGET_DIR:-$PWD/target}"
vitalog=${VITALOG:-}
if [ -z "$vitalog" ]; then
    cargo build --quiet --no-default-features --bin vitalog
    vitalog="$target/debug/vitalog"
fi
cargo build --quiet -p app --example make_export

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'kill-test: %s\n' "$*" >&2; exit 1; }
# Everything that a store holds: rows, superseded ones too, counts, roll-ups, imports without their time.
contents() {
    {
        "$vitalog" export --format jsonl --superseded --out -
        "$vitalog" types --json
        "$vitalog" daily --json
        "$vitalog" imports --json | grep -v '"at"'
    } | sha256sum
}

"$target/debug/examples/make_export" "$work/small.zip" --days 3 --end 2026-06-01 --seed 1 >/dev/null
"$target/debug/examples/make_export" "$work/large.zip" --days 120 --end 2026-11-01 --seed 2 >/dev/null

# What the store holds before, and what it holds after an import that nobody disturbs.
export VITALOG_DATA_DIR="$work/base"
"$vitalog" import "$work/small.zip" >/dev/null 2>&1
before=$(contents)
cp -r "$work/base" "$work/whole"
export VITALOG_DATA_DIR="$work/whole"
started=$(date +%s%N)
"$vitalog" import "$work/large.zip" >/dev/null 2>&1
whole_ms=$((($(date +%s%N) - started) / 1000000))
after=$(contents)
[ "$before" != "$after" ] || fail "the large export changed nothing"

check() {
    local file found stores=0
    while IFS= read -r file; do
        # Whatever its name: a store is what begins like one.
        [ "$(head -c 15 "$file" | tr -d '\0')" = 'SQLite format 3' ] || continue
        stores=$((stores + 1))
        found=$(sqlite3 "$file" 'PRAGMA integrity_check')
        [ "$found" = ok ] || fail "$1: $(basename "$file"): $found"
    done <<<"$(find "$VITALOG_DATA_DIR" -type f)"
    [ "$stores" -gt 0 ] || fail "$1: no store is left"
    found=$(contents)
    if [ "$found" = "$before" ]; then printf '%s: as before\n' "$1"
    elif [ "$found" = "$after" ]; then printf '%s: whole\n' "$1"
    else fail "$1: the store holds a part of the export"; fi
}

export VITALOG_DATA_DIR="$work/killed"
for round in $(seq "$rounds"); do
    rm -rf "$work/killed"
    cp -r "$work/base" "$work/killed"
    "$vitalog" import "$work/large.zip" >/dev/null 2>&1 &
    pid=$!
    wait_ms=$(((RANDOM * 32768 + RANDOM) % (whole_ms * 11 / 10)))
    sleep "$((wait_ms / 1000)).$(printf '%03d' $((wait_ms % 1000)))"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    check "killed after $wait_ms of $whole_ms ms ($round of $rounds)"
    # What was killed can be done again.
    "$vitalog" import "$work/large.zip" >/dev/null 2>&1 || [ "$?" = 3 ] || fail "the import after the kill failed"
    [ "$(contents)" = "$after" ] || fail "the import after the kill did not end as an undisturbed one"
done

# Blocks of 1024 bytes. The signal is ignored so that writing fails as it does on a full disk.
for blocks in 4096 8192; do
    rm -rf "$work/killed"
    cp -r "$work/base" "$work/killed"
    status=0
    (trap '' XFSZ; ulimit -f "$blocks"; exec "$vitalog" import "$work/large.zip" >/dev/null 2>"$work/words") || status=$?
    [ "$status" = 1 ] || fail "an import on a disk full after $blocks KiB ended with $status instead of 1"
    grep -q 'The disk is full' "$work/words" || fail "an import on a full disk said: $(cat "$work/words")"
    check "disk full after $blocks KiB ($(head -n 1 "$work/words"))"
    [ "$(contents)" = "$before" ] || fail "an import on a full disk changed the store"
done
