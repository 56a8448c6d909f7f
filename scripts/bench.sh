#!/usr/bin/env bash
# Measures imports and questions and writes docs/benchmarks.md: scripts/bench.sh [RECORDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
records=${1:-1000000}
days=$(((records + 1389) / 1390))
target="${CARGO_TARGET_DIR:-$PWD/target}"
cargo build --quiet --release --no-default-features --bin vitalog
cargo build --quiet --release -p app --example make_export
vitalog="$target/release/vitalog"
make_export="$target/release/examples/make_export"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VITALOG_DATA_DIR="$work/data"

# Seconds, peak kilobytes and exit code of a command, into $seconds, $peak and $status.
measure() {
    status=0
    /usr/bin/time -f '%e %M' -o "$work/time" "$@" >"$work/out" 2>"$work/words" || status=$?
    read -r seconds peak <<<"$(tail -n 1 "$work/time")"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b > 0 ? a / b : 0 }'; }
row() { printf '| %s | %s |\n' "$1" "$2"; }
expect() { case "$status" in 0 | "$1") ;; *) cat "$work/words" >&2; exit 1 ;; esac; }

"$make_export" "$work/first.zip" --days "$days" --end 2026-10-02 >"$work/truth.json"
"$make_export" "$work/later.zip" --days $((days + 30)) --end 2026-11-01 >/dev/null
count=$(grep -m 1 -oE '[0-9]+' "$work/truth.json")

measure sh -c "unzip -p '$work/first.zip' apple_health_export/export.xml >/dev/null"
unzip_s=$seconds
xml=$(unzip -l "$work/first.zip" apple_health_export/export.xml | awk '/export.xml/ { print $1 }')
measure "$vitalog" import "$work/first.zip"; expect 4
import_s=$seconds import_peak=$peak
bytes=$(find "$VITALOG_DATA_DIR" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
measure "$vitalog" import "$work/first.zip"; expect 3
again_s=$seconds
measure "$vitalog" import "$work/later.zip"; expect 4
later_s=$seconds

mkdir -p docs
{
    # shellcheck disable=SC2016 # the backticks are Markdown
    printf '# Benchmarks\n\nMade by `scripts/bench.sh %s` with an export of the built-in generator, %s.\n\n' "$records" \
        "$(LC_ALL=C date +%F)"
    printf '| What | Measured |\n|---|---|\n'
    row "records; document" "$count; $((xml / 1000000)) MB"
    row "import" "$import_s s, $(ratio "$count" "$import_s") records a second"
    row "import : plain unzip of the document ($unzip_s s)" "$(ratio "$import_s" "$unzip_s")"
    row "peak memory of the import" "$((import_peak / 1024)) MB"
    row "store, bytes per record" "$((bytes / count))"
    row "the same file again : first import" "$(ratio "$again_s" "$import_s")"
    row "an export 30 days later : first import" "$(ratio "$later_s" "$import_s")"
    for question in "status" "types" "daily heart_rate" "daily step_count" "sleep" \
        "query heart_rate --from 2026-10-01 --to 2026-10-01" "query heart_rate --bucket day"; do
        # shellcheck disable=SC2086 # words of a command
        measure "$vitalog" $question --json; expect 0
        row "\`vitalog $question\`" "$seconds s"
    done
} >docs/benchmarks.md
cat docs/benchmarks.md
