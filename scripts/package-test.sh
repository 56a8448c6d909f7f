#!/usr/bin/env bash
# Builds the Debian package of the window, installs it into a root of its own and looks whether it works there:
# scripts/package-test.sh. Needs what ./test has installed; changes nothing outside a temporary folder and the build folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target="${CARGO_TARGET_DIR:-$PWD/target}"
fail() { printf 'package-test: %s\n' "$*" >&2; exit 1; }

rm -rf "$target/debug/bundle/deb"
npx --prefix ui --no-install tauri build --debug --bundles deb --no-sign
packages=("$target"/debug/bundle/deb/*.deb)
[ -f "${packages[0]}" ] || fail "no package was made"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="$work/root"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
: >"$root/var/lib/dpkg/status"
# Files of a package belong to root: who is not has to seem so to dpkg. What it depends on is in the real root.
installer() {
    local dpkg=(dpkg --root="$root" --log="$work/dpkg.log" --force-depends "$@")
    if [ "$(id -u)" = 0 ]; then "${dpkg[@]}"; else unshare --map-root-user "${dpkg[@]}"; fi
}
installer --install "${packages[0]}"
program="$root/usr/bin/vitalog"
[ -x "$program" ] || fail "the program is not where programs are"
grep -q "^Files: svelte-" "$root/usr/share/doc/vitalog/copyright" || fail "the licences are not there"
entry=("$root"/usr/share/applications/*.desktop)
grep -qx 'Exec=vitalog open %f' "${entry[0]}" || fail "the menu entry does not hand over a file"
grep -q '^MimeType=application/zip;' "${entry[0]}" || fail "the menu entry opens no zip"
for size in 32x32 128x128; do
    [ -f "$root/usr/share/icons/hicolor/$size/apps/vitalog.png" ] || fail "there is no icon of $size"
done

export VITALOG_DATA_DIR="$work/data"
"$program" demo --days 2 --export "$work/export.zip"
"$program" import "$work/export.zip"
[ "$("$program" sql "SELECT count(*) > 0 FROM samples" --csv | tail -n 1 | tr -d '\r')" = 1 ] || fail "nothing was imported"
# The window of the installed program comes up; its journeys are tests/window.rs.
# shellcheck disable=SC2016 # expanded inside
dbus-run-session -- xvfb-run -a sh -c '
    "$0" open & window=$!
    timeout 60 xdotool search --sync --onlyvisible --name "^Vitalog$" >/dev/null; found=$?
    kill "$window" 2>/dev/null
    exit "$found"' "$program" || fail "no window came up"

installer --purge vitalog
left=$(find "$root" -path "$root/var/lib/dpkg" -prune -o -type f -print)
[ -z "$left" ] || fail "left behind: $left"
printf 'The package was built, installed, used and removed: %s\n' "${packages[0]##*/}"
