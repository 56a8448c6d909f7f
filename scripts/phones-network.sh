#!/usr/bin/env bash
# Asks a receiver with tools that are not ours: curl at every door, and Avahi for what the network is told. The second
# part happens in two network namespaces where root may make them, else on one host where Avahi runs, and says which it
# was; where there is neither, it says so and ends with 77.
#   scripts/phones-network.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?the program}")
folder=$(mktemp -d)
here=$(cd "$(dirname "$0")/.." && pwd)
failed=0
started=()
spaces=()

# shellcheck disable=SC2317
end() {
    for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done
    for space in "${spaces[@]}"; do ip netns del "$space" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap end EXIT

vitalog() { "$program" --data-dir "$folder/data" --quiet "$@"; }

# Starts a receiver and waits until it listens: serve NAME-OF-LOG COMMAND...
serve() {
    local log=$1
    shift
    "$@" "$program" --data-dir "$folder/data" serve --json "${serve_arguments[@]}" >"$folder/$log" 2>"$folder/$log.words" &
    started+=($!)
    for _ in $(seq 100); do
        grep -q '"listening"' "$folder/$log" && break
        sleep 0.1
    done
    port=$(sed -n 's/.*"listening","port":\([0-9]*\).*/\1/p' "$folder/$log")
    [ -n "$port" ] || { cat "$folder/$log.words" >&2; exit 1; }
}

say() { printf '%-7s %-58s %-9s %s\n' "$@"; }

# A request and the status that is right: ask METHOD PATH STATUS ARGUMENTS-OF-CURL...
ask() {
    local method=$1 path=$2 wanted=$3
    shift 3
    local got
    got=$(curl -s -o "$folder/answer" -w '%{http_code}' -X "$method" "$@" "http://127.0.0.1:$port$path") || true
    local mark=ok
    if [ "$got" != "$wanted" ]; then
        mark="should be $wanted"
        failed=1
    fi
    say "$method" "$path" "$got" "$mark"
}

token_of() { vitalog devices add --app "$1" --name "$1" --json | sed -n "s/.*\"$2\": \"\(.*\)\".*/\1/p"; }

echo "curl $(curl --version | sed -n '1s/curl \([^ ]*\).*/\1/p') at every door"
serve_arguments=(--bind 127.0.0.1 --port 0 --no-mdns)
serve curl.log env
json=(-H 'Content-Type: application/json')
hs=$(token_of healthsync token)
hep=$(token_of health-export-pro token)
hae=$(token_of health-auto-export token)
hv=$(token_of healthsave token)
own=$(token_of vitalog token)
vitalog devices add --app open-wearables --name ow --json >"$folder/ow"
ow_of() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$folder/ow"; }
ow=$(ow_of access_token)
user=$(ow_of user_id)
ask GET / 200
ask GET /health 200
ask GET /api/health 200
ask GET /pair 200
ask GET /pair/style.css 200
ask GET /pair/copy.js 200
ask GET /pair/ABCDEFGHJKLMNPQRSTUVWXYZ23 404
ask POST /pair/ABCDEFGHJKLMNPQRSTUVWXYZ23/claim 404
batch='{"export_id":"1","metrics":[],"workouts":[]}'
ask POST /api/apple-health/sync 401 "${json[@]}" -d "$batch"
ask POST /api/apple-health/sync 403 "${json[@]}" -H 'Authorization: Bearer hi_nobody' -d "$batch"
ask POST /api/apple-health/sync 200 "${json[@]}" -H "Authorization: Bearer $hs" -d "$batch"
ask POST /d/kims-phone/api/apple-health/sync/ 200 "${json[@]}" -H "Authorization: Bearer $hs" -d "$batch"
ask GET '/api/apple-health/metrics?limit=2' 200 -H "Authorization: Bearer $hs"
ask GET '/api/apple-health/metrics?limit=501' 422 -H "Authorization: Bearer $hs"
ask GET /api/apple-health/workouts 200 -H "Authorization: Bearer $hs"
ask GET /api/apple-health/syncs 200 -H "Authorization: Bearer $hs"
ask POST /api/health-data 200 "${json[@]}" -H "Authorization: Bearer $hep" -d '{"data":{}}'
ask POST /api/health-data 400 "${json[@]}" -H "Authorization: Bearer $hep" -d '{"data":'
ask POST '/api/hae?agg=raw' 200 "${json[@]}" -H "x-api-key: $hae" -d '{"data":{"metrics":[]}}'
ask POST '/api/hae?agg=raw' 415 -H 'Content-Type: text/csv' -H "x-api-key: $hae" -d 'a,b'
ask GET /api/apple/status 200 -H "x-api-key: $hv"
ask POST /api/apple/batch 200 "${json[@]}" -H "x-api-key: $hv" -d '{"metric":"heart_rate","samples":[]}'
ask POST /api/vitalog 200 "${json[@]}" -H "Authorization: Bearer $own" -d '{"record":"sample"}'
ask GET /api/deliveries 200 -H "Authorization: Bearer $hs"
ask GET /api/deliveries/events 200 -H "Authorization: Bearer $hs" -m 1
ask POST /api/v1/invitation-code/redeem 404 "${json[@]}" -d '{"code":"AAAAAAAA"}'
ask POST /api/v1/sdk/invitation-codes/AAAAAAAA/redeem 404 "${json[@]}" -d '{"code":"AAAAAAAA"}'
sync='{"provider":"apple","data":{"records":[],"sleep":[],"workouts":[]}}'
ask POST "/api/v1/sdk/users/$user/sync" 202 "${json[@]}" -H "Authorization: Bearer $ow" -d "$sync"
ask POST "//api/v1/sdk/users/$user/sync/apple" 202 "${json[@]}" -H "Authorization: $ow" -d "$sync"
ask POST "/api/v1/sdk/users/$user/sync/apple/healthion" 202 "${json[@]}" -H "X-Open-Wearables-API-Key: $ow" -d "$sync"
ask POST "/api/v1/sdk/users/$user/logs" 202 "${json[@]}" -H "Authorization: Bearer $ow" -d '{"events":[]}'
ask DELETE "/api/v1/users/$user/connections/apple" 204 -H "Authorization: Bearer $ow"
ask POST /api/v1/token/refresh 200 "${json[@]}" -d "{\"refresh_token\":\"$(ow_of refresh_token)\"}"
ask GET /nowhere 404
ask OPTIONS /api/health-data 405
ask GET /health 421 -H 'Host: evil.example'
ask GET /health 403 -H 'Origin: http://evil.example'
gzip -c <<<"$batch" >"$folder/batch.gz"
ask POST /api/apple-health/sync 200 "${json[@]}" -H "Authorization: Bearer $hs" -H 'Content-Encoding: gzip' \
    --data-binary "@$folder/batch.gz"
kill "${started[0]}"
wait "${started[0]}" || true
started=()

# shellcheck disable=SC2317 # called by until_done, as those below
# What Avahi sees of a service: browse SERVICE.
browse() { timeout 20 "${phone[@]}" env "${bus[@]}" avahi-browse -rptk "$1"; }

# An Avahi of our own in the namespace of the phone, on an interface: it tells nobody anything.
avahi() {
    cat >"$folder/avahi.conf" <<CONF
[server]
use-ipv6=no
allow-interfaces=$1
[publish]
disable-publishing=yes
CONF
    cat >"$folder/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=$folder/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow user="*"/></policy></busconfig>
CONF
    bus=("DBUS_SYSTEM_BUS_ADDRESS=unix:path=$folder/bus")
    dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile >"$folder/bus.log" 2>&1 &
    started+=($!)
    until_done 5 test -S "$folder/bus" || return 1
    "${phone[@]}" env "${bus[@]}" avahi-daemon -f "$folder/avahi.conf" --no-drop-root --no-chroot --no-rlimits \
        >"$folder/avahi.log" 2>&1 &
    started+=($!)
    until_done 10 grep -q 'startup complete' "$folder/avahi.log"
}

# Tries a command for so many seconds: until_done SECONDS COMMAND...
until_done() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

tells() {
    if grep -qF -e "$2" <<<"$1"; then
        echo "  told: $2"
    else
        echo "  NOT told: $2"
        failed=1
    fi
}

# shellcheck disable=SC2317
is_found() { found=$(browse "$1" | grep "^=.*;$address;$port;" | head -1) && [ -n "$found" ]; }
# shellcheck disable=SC2317
is_gone() { ! browse "$1" | grep -q "^=.*;$address;$port;"; }
# shellcheck disable=SC2317
is_over() { ! kill -0 "$server" 2>/dev/null; }

look() {
    found=''
    until_done 20 is_found _http._tcp || true
    tells "$found" _http._tcp
    until_done 20 is_found _health-ingest._tcp || true
    echo "  $found"
    for what in "$address" "$port" '-hv.local' 'txtvers=1' 'api=1' 'path=/' 'proto=ow,hs,hep,hae,hv' 'tls=0' 'pair=0'; do
        tells "$found" "$what"
    done
    host=$(sed -n 's/.*http:\/\/\([^:]*-hv\.local\):.*/\1/p' "$folder/mdns.log" | head -1)
    tells "$("${phone[@]}" curl -s --resolve "$host:$port:$address" "http://$host:$port/" || true)" 'waiting for phones'
    kill -TERM "$server"
    until_done 10 is_over || true
    if until_done 5 is_gone _health-ingest._tcp; then
        echo "  said goodbye: nothing is found any more"
    else
        echo "  NOT gone after its end"
        failed=1
    fi
    tells "$(cat "$folder/mdns.log")" stopped
}

# A computer and a phone, each in a network namespace of its own.
spaces() {
    local side name
    for side in a:1 b:2; do
        name=vitalog-$$-${side%:*}
        ip netns add "$name" 2>/dev/null || return 1
        spaces+=("$name")
    done
    ip link add "va$$" netns "${spaces[0]}" type veth peer name "vb$$" netns "${spaces[1]}" || return 1
    for side in a:1 b:2; do
        name=vitalog-$$-${side%:*}
        ip -n "$name" addr add "10.99.0.${side#*:}/24" dev "v${side%:*}$$"
        ip -n "$name" link set lo up
        ip -n "$name" link set "v${side%:*}$$" up
        ip -n "$name" route add default dev "v${side%:*}$$"
    done
    computer=(ip netns exec "${spaces[0]}")
    phone=(ip netns exec "${spaces[1]}")
    address=10.99.0.1
}

private() { ip -4 -o addr show up scope global | grep -oE '(10|192\.168|172\.(1[6-9]|2[0-9]|3[01]))\.[0-9.]+/' | head -1; }

echo
computer=() phone=() bus=()
if ! command -v avahi-browse >/dev/null || ! command -v dbus-daemon >/dev/null || ! command -v ip >/dev/null; then
    echo "avahi-browse: left out, because it is not installed (avahi-utils, avahi-daemon, dbus, iproute2)"
    [ "$failed" = 0 ] && exit 77
elif [ "$(id -u)" = 0 ] && spaces && avahi "vb$$"; then
    echo "avahi-browse in two network namespaces: a computer at 10.99.0.1, a phone at 10.99.0.2"
elif bus=() phone=() computer=() address=$(private) && [ -n "$address" ] && timeout 5 avahi-browse -at >/dev/null 2>&1; then
    address=${address%/}
    echo "avahi-browse on one host, at its own address"
else
    echo "avahi-browse: left out, because there are no network namespaces here and no Avahi runs; crates/net has a test of its own"
    [ "$failed" = 0 ] && exit 77
fi
if [ -n "${address:-}" ]; then
    vitalog settings set receiver_bind "$address" >/dev/null
    serve_arguments=(--port 0)
    serve mdns.log "${computer[@]}"
    server=${started[-1]}
    look
fi
cd "$here"
exit $failed
