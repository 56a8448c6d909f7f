#!/usr/bin/env bash
# Looks at the encrypted port of a receiver with tools that are not ours: openssl and curl. Nothing leaves this computer.
#   scripts/phones-https.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?the program}")
folder=$(mktemp -d)
failed=0
server=''

# shellcheck disable=SC2317
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT

vitalog() { "$program" --data-dir "$folder/data" --quiet "$@"; }

# Starts a receiver and waits until it listens.
serve() {
    "$program" --data-dir "$folder/data" serve --bind 127.0.0.1 --port 0 --no-mdns --json >"$folder/log" 2>"$folder/words" &
    server=$!
    for _ in $(seq 100); do
        grep -q '"listening"' "$folder/log" && break
        sleep 0.1
    done
    port=$(sed -n '1s/.*"listening","port":\([0-9]*\).*/\1/p' "$folder/log")
    [ -n "$port" ] || { cat "$folder/words" >&2; exit 1; }
}

stop() {
    kill "$server"
    wait "$server" || true
    server=''
}

# A line of the answer: check WHAT GOT WANTED, where what is wanted is a pattern of the shell.
check() {
    local mark=ok
    # shellcheck disable=SC2053
    if [[ "$2" != $3 ]]; then
        mark="should be $3"
        failed=1
    fi
    printf '%-62s %-30s %s\n' "$1" "$2" "$mark"
}

# What curl is told, and the status or curl's own code: ask CODE-OR-STATUS ARGUMENTS...
ask() { curl -s -o "$folder/answer" -w '%{http_code}' -m 10 "$@" || printf ' curl %s' "$?"; }

# What openssl agrees on with the server: agreed ARGUMENTS...
agreed() {
    openssl s_client -connect "127.0.0.1:$port" "$@" </dev/null >"$folder/said" 2>&1 || true
    sed -n 's/^New, \(TLSv[0-9.]*\), Cipher is.*/\1/p' "$folder/said" | head -n 1
}
result() { sed -n 's/^ *Verify return code: //p' "$folder/said" | head -n 1; }

echo "$(openssl version), curl $(curl --version | sed -n '1s/curl \([^ ]*\).*/\1/p')"
vitalog settings set receiver_name Kim >/dev/null
vitalog settings set receiver_https yes >/dev/null
serve
ca="$folder/ca.pem"
vitalog certificate save "$ca" >/dev/null
vitalog certificate save "$folder/vitalog.mobileconfig" >/dev/null
check "fingerprint by openssl and by ours" \
    "$(openssl x509 -in "$ca" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)" \
    "$(vitalog certificate --json | sed -n 's/.*"fingerprint": "\(.*\)".*/\1/p')"

echo
echo "openssl: what is agreed on, and whether the chain is believed"
for version in tls1_3 tls1_2; do
    check "$version" "$(agreed "-$version" -CAfile "$ca" -verify_ip 127.0.0.1)" 'TLSv1.[23]'
    check "$version, by the address" "$(result)" '0 (ok)'
done
for version in tls1_1 tls1; do
    check "$version" "$(agreed "-$version" -cipher 'ALL:@SECLEVEL=0')" ''
done
agreed -tls1_2 -cipher 'AES128-SHA:AES256-SHA:@SECLEVEL=0' >/dev/null
check "TLS 1.2 without forward secrecy" "$(grep -c 'Cipher is (NONE)' "$folder/said")" 1
agreed -CAfile "$ca" -verify_hostname bank.example >/dev/null
check "another name" "$(result)" '62 (*'
agreed >/dev/null
check "without trust" "$(result)" '19 (*'

echo
echo "openssl: what the certificates say"
openssl s_client -connect "127.0.0.1:$port" -showcerts </dev/null 2>/dev/null |
    awk '/BEGIN CERT/ { n++ } n == 1 { print } /END CERT/ && n == 1 { exit }' >"$folder/leaf.pem"
text() { openssl x509 -in "$1" -noout -text; }
days() {
    local from until
    from=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    until=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((until - from) / 86400))
}
text "$folder/leaf.pem" >"$folder/leaf.txt"
text "$ca" >"$folder/ca.txt"
check "receiver: names" "$(grep -A1 'Subject Alternative Name' "$folder/leaf.txt" | tail -n 1 | xargs)" 'IP Address:127.0.0.1'
check "receiver: purpose" "$(grep -A1 'Extended Key Usage' "$folder/leaf.txt" | tail -n 1 | xargs)" 'TLS Web Server Authentication'
check "receiver: key" "$(grep -o 'NIST CURVE: P-256' "$folder/leaf.txt")" 'NIST CURVE: P-256'
check "receiver: days, at most 825" "$(days "$folder/leaf.pem")" 398
check "authority: bounds" "$(grep -A1 'Basic Constraints: critical' "$folder/ca.txt" | tail -n 1 | xargs)" 'CA:TRUE, pathlen:0'
check "authority: may speak for" "$(grep -A3 'Name Constraints: critical' "$folder/ca.txt" | tail -n 2 | xargs)" \
    'DNS:kim-hv.local IP:127.0.0.1/255.255.255.255'
check "the chain" "$(openssl verify -CAfile "$ca" -purpose sslserver "$folder/leaf.pem" | sed 's/.*: //')" OK

echo
echo "openssl: whoever has the key signs for others, and is not believed"
key="$folder/key.pem"
python3 - "$folder/data/receiver/authority.json" "$key" <<'PY'
import json, os, sys
os.umask(0o077)
open(sys.argv[2], "w").write(json.load(open(sys.argv[1]))["key"])
PY
forge() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$folder/forged.key" -subj "/CN=forged" \
        -out "$folder/forged.csr" 2>/dev/null
    openssl x509 -req -in "$folder/forged.csr" -CA "$ca" -CAkey "$key" -CAcreateserial -days 30 -out "$folder/forged.pem" \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$1") 2>/dev/null
    openssl verify -CAfile "$ca" "$folder/forged.pem" 2>&1 | grep -o 'permitted subtree violation\|: OK$' | head -n 1
}
for name in DNS:bank.example DNS:router.local DNS:kim-hv.local.evil.example IP:192.168.1.1 IP:127.0.0.2; do
    check "$name" "$(forge "$name")" 'permitted subtree violation'
done
check "DNS:kim-hv.local" "$(forge DNS:kim-hv.local)" ': OK'

echo
echo "curl: records by https, and what is not ours"
token=$(vitalog devices add --app healthsync --name Kim --json | sed -n 's/.*"token": "\(.*\)".*/\1/p')
batch='{"export_id":"1","metrics":[],"workouts":[]}'
sync=(-X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $token" -d "$batch")
check "https, trusted" "$(ask --cacert "$ca" "${sync[@]}" "https://127.0.0.1:$port/api/apple-health/sync")" 200
check "https, not trusted" "$(ask "${sync[@]}" "https://127.0.0.1:$port/api/apple-health/sync")" '000 curl 60'
check "http on the same port" "$(ask "${sync[@]}" "http://127.0.0.1:$port/api/apple-health/sync")" 200
check "another name that leads here" "$(ask --cacert "$ca" --resolve "bank.example:$port:127.0.0.1" "https://bank.example:$port/")" '000 curl 60'
check "the profile" "$(ask "http://127.0.0.1:$port/pair/vitalog.mobileconfig")" 200
check "the same as the one that was saved" "$(cmp -s "$folder/answer" "$folder/vitalog.mobileconfig" && echo same)" same
if command -v xmllint >/dev/null; then
    check "well-formed" "$(xmllint --noout --nonet --nodtdattr "$folder/vitalog.mobileconfig" && echo yes)" yes
fi
check "a plist with the certificate" "$(python3 - "$folder/vitalog.mobileconfig" "$ca" <<'PY'
import plistlib, ssl, sys
profile = plistlib.load(open(sys.argv[1], "rb"))
inner = profile["PayloadContent"][0]
der = ssl.PEM_cert_to_DER_cert(open(sys.argv[2]).read())
print(profile["PayloadType"], inner["PayloadType"], inner["PayloadContent"] == der)
PY
)" 'Configuration com.apple.security.root True'

echo
echo "a new certificate while it runs, and https alone"
vitalog certificate renew >/dev/null
for _ in $(seq 150); do
    [ "$(ask --cacert "$ca" "https://127.0.0.1:$port/")" = '000 curl 60' ] && break
    sleep 0.1
done
check "the old one" "$(ask --cacert "$ca" "https://127.0.0.1:$port/")" '000 curl 60'
vitalog certificate save "$folder/new.pem" >/dev/null
check "the new one" "$(ask --cacert "$folder/new.pem" "https://127.0.0.1:$port/")" 200
vitalog settings set receiver_https only >/dev/null
for _ in $(seq 150); do
    [ "$(ask "${sync[@]}" "http://127.0.0.1:$port/api/apple-health/sync")" = 503 ] && break
    sleep 0.1
done
check "http, where https alone is wanted" "$(ask "${sync[@]}" "http://127.0.0.1:$port/api/apple-health/sync")" 503
check "https" "$(ask --cacert "$folder/new.pem" "${sync[@]}" "https://127.0.0.1:$port/api/apple-health/sync")" 200
stop
serve
check "the same certificate after a new start" "$(ask --cacert "$folder/new.pem" "https://127.0.0.1:$port/")" 200
check "its key is for its owner alone" "$(stat -c %a "$folder/data/receiver/authority.json")" 600

echo
echo "handshakes that go nowhere: 600 connections that say nothing, or half a hello"
python3 - "$port" <<'PY'
import socket, sys, time
idle = []
for n in range(600):
    try:
        idle.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1))
        if n % 2: idle[-1].send(b"\x16\x03\x01\x02\x00\x01")
    except OSError:
        pass
deadline = time.monotonic() + 30
began = time.monotonic()
for one in idle:
    one.settimeout(max(0.1, deadline - time.monotonic()))
    try:
        one.recv(1)
    except socket.timeout:
        sys.exit("a connection that says nothing is kept for more than 30 s")
    except OSError:
        pass
print(f"{len(idle)} connections, all given back after {time.monotonic() - began:.1f} s")
PY
check "a phone after that" "$(ask --cacert "$folder/new.pem" "https://127.0.0.1:$port/")" 200
exit "$failed"
