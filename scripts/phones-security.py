#!/usr/bin/env python3
"""What a receiver lets nobody do, counted: `vitalog serve` on this computer, attacked from addresses of this computer.

    scripts/phones-security.py --program target/release/vitalog            everything, one table
    scripts/phones-security.py --program target/debug/vitalog --short      the short form of the tests
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from datetime import datetime, timedelta
from pathlib import Path

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
BEGIN = datetime(2026, 1, 1)
JSON = {"Content-Type": "application/json"}


class Server:
    """`vitalog serve`, and verbs beside it."""

    def __init__(self, program, data):
        self.program, self.data, self.process, self.port = program, data, None, 0

    def verb(self, *arguments):
        command = [self.program, "--data-dir", self.data, *arguments, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def start(self):
        command = [self.program, "--data-dir", self.data, "--quiet", "serve", "--bind", "127.0.0.1", "--port",
                   str(self.port), "--no-mdns", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def token(self, app, name):
        return self.verb("devices", "add", "--app", app, "--name", name)["token"]

    def peak_mb(self):
        """The most memory that the process ever had."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
        return 0

    def wait_until_idle(self):
        while self.verb("status")["pending"]["deliveries"]:
            time.sleep(0.1)

    def samples(self):
        self.wait_until_idle()
        return sum(row["count"] for row in self.verb("types"))


def ask(server, method, path, headers=None, body=None, source="127.0.0.1", timeout=30):
    """One request; its status and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout, source_address=(source, 0))
    try:
        headers = headers or {}
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def raw(server, data, source="127.0.0.1"):
    """Bytes as they are; the status, 0 where the other side only closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30, source_address=(source, 0)) as wire:
        wire.sendall(data)
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    return int(answer.split(b" ")[1]) if answer else 0


def source(n):
    """An address of this computer that nobody else in the test has."""
    return f"127.{1 + n // 62500 % 250}.{n // 250 % 250}.{2 + n % 250}"


def bearer(token):
    return JSON | {"Authorization": f"Bearer {token}"}


def beats(first, count):
    """A body of HealthSync: a beat a second."""
    at = [(BEGIN + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%S.123Z") for n in range(first, first + count)]
    metrics = [{
        "id": f"healthkit:21823FF3-D9E2-58C6-81B9-{n:012X}", "type": "heart_rate", "value": 60 + n % 60,
        "unit": "count/min", "start_at": at[n - first], "end_at": at[n - first], "source_name": "Watch", "metadata": {},
    } for n in range(first, first + count)]
    return json.dumps({"export_id": "1", "metrics": metrics, "workouts": []}).encode()


def paths():
    known = ["/api/apple-health/sync", "/api/apple-health/metrics", "/api/apple-health/workouts", "/api/apple-health/syncs",
             "/api/health-data", "/api/hae", "/api/hae?agg=raw", "/api/apple/status", "/api/apple/batch", "/api/vitalog",
             "/api/deliveries", "/api/deliveries/events", "/api/v1/sdk/users/x/sync", "/api/v1/sdk/users/x/sync/apple",
             "/api/v1/sdk/users/x/logs", "/api/v1/users/x/connections/apple"]
    known += [f"/d/kim{path}" for path in known] + [f"/{path}/" for path in known]
    rng = random.Random(7)
    words = ["api", "v1", "admin", "..", "%2e%2e", "etc", "passwd", "vitalog.db", "spool", "metrics", "export", "sql", ".git",
             "status", "devices", "tokens", "login", "graphql", "debug", "static", "users", "x", "sync", "healthz", "%00"]
    while len(known) < 200:
        path = "/" + "/".join(rng.sample(words, rng.randint(1, 4)))
        if path not in known:
            known.append(path)
    return known


def crawl(server, _):
    asked = wrong = longest = 0
    for path in paths():
        for method in METHODS:
            status, body = ask(server, method, path, JSON, b"{}" if method in ("POST", "PUT", "PATCH") else None)
            asked += 1
            longest = max(longest, len(body))
            wrong += status not in (401, 403, 404, 405, 421)
    return f"{asked} requests, {wrong} let in, longest answer {longest} B", wrong == 0 and longest <= 64


def hosts(server, _):
    port, token = server.port, server.token("healthsync", "Hosts")
    foreign = ["", f":{port}", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:", f"127.0.0.1:{port + 1}",
               f"127.0.0.1.:{port}", f"127.0.0.1:0{port}x", f"127.0.0.1.evil.example:{port}", f"127.0.0.2:{port}",
               f"127.000.000.001:{port}", f"0x7f000001:{port}", f"2130706433:{port}", f"127.1:{port}", f"0.0.0.0:{port}",
               f"localhost.:{port}", "localhost", f"LOCALHOST.EXAMPLE:{port}", f"[::1]:{port}", f"[::]:{port}",
               f"[::ffff:127.0.0.1]:{port}", f"[::ffff:7f00:1]:{port}", f"vitalog.local:{port}", f"vm-hv.local:{port}",
               f"x.localhost:{port}", f"user@127.0.0.1:{port}", f"127.0.0.1:{port}/", f"127.0.0.1:{port},evil",
               f"127.0.0.1 :{port}", f"http://127.0.0.1:{port}", f"127.0.0.1:+{port}", f"127.0.0.1:{port}:{port}",
               f"1.127.0.0.1.nip.example:{port}", f"192.168.1.20:{port}", f"10.0.0.1:{port}", f"127.0.0.1;{port}",
               f"127.0.0.1%00:{port}", f"127.0.0.1#:{port}"]
    head = f"POST /api/apple-health/sync HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    body = beats(0, 1)
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n"
    statuses = [raw(server, f"{head}Host: {host}\r\n\r\n".encode() + body) for host in foreign]
    both = f"Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"
    statuses.append(raw(server, f"{head}{both}\r\n".encode() + body))
    accepted = sum(status not in (400, 421) for status in statuses)
    honest = raw(server, f"{head}Host: 127.0.0.1:{port}\r\n\r\n".encode() + body)
    return f"{len(statuses)} values, {accepted} accepted", accepted == 0 and len(statuses) == 40 and honest == 200


def browsers(server, _):
    token, own = server.token("healthsync", "Browsers"), f"http://127.0.0.1:{server.port}"
    shapes = [{"Origin": value} for value in ("null", "http://evil.example", "https://evil.example", own, "file://",
                                              "capacitor://localhost", "chrome-extension://x")]
    shapes += [{"Referer": value} for value in ("http://evil.example/", own + "/", own + "/pair/x", "about:blank")]
    shapes += [{"Sec-Fetch-Site": value} for value in ("cross-site", "same-site", "same-origin")]
    shapes += [{"Sec-Fetch-Mode": value} for value in ("cors", "no-cors", "navigate", "websocket")]
    shapes += [{"Sec-Fetch-Dest": value} for value in ("empty", "document", "image", "script", "iframe")]
    shapes += [{"Sec-Fetch-User": "?1"}]
    shapes += [{"Origin": "http://evil.example", "Sec-Fetch-Site": site} for site in ("none", "cross-site", "same-origin")]
    # What a form can send without asking first.
    forms = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
    statuses = [ask(server, "POST", "/api/apple-health/sync", bearer(token) | shape, beats(0, 1))[0] for shape in shapes]
    statuses += [ask(server, "POST", "/api/apple-health/sync", bearer(token) | {"Content-Type": form}, beats(0, 1))[0]
                 for form in forms]
    accepted = sum(status not in (403, 415) for status in statuses)
    return f"{len(statuses)} requests, {accepted} accepted", accepted == 0 and len(statuses) == 30


def invite(server):
    """An invitation whose maker is gone: the code stays good."""
    command = [server.program, "--data-dir", server.data, "pair", "--app", "open-wearables", "--yes", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        code = json.loads(owner.stdout.readline())["code"]
        owner.kill()
    return code


def redeem(server, code, address):
    return ask(server, "POST", "/api/v1/invitation-code/redeem", JSON, json.dumps({"code": code}).encode(), address)[0]


def guesses(server, short):
    count, rng, hits = 300 if short else 10_000, random.Random(3), 0
    code = invite(server)
    for n in range(count):
        guess = "".join(rng.choice(LETTERS) for _ in range(8))
        # As many from one address as from addresses of their own.
        hits += redeem(server, guess, source(n) if n % 2 else "127.0.0.9") == 200
    dead = redeem(server, code, source(count)) != 200
    peak = server.peak_mb()
    told = f"{count} guesses, {hits} hits, the code {'is dead' if dead else 'LIVES'}, peak {peak} MB"
    return told, hits == 0 and dead and peak <= 300


def race(server, short):
    runs, wins = 20 if short else 1_000, []
    for n in range(runs):
        code, barrier, statuses = invite(server), threading.Barrier(2), []

        def phone(at, code=code, barrier=barrier, statuses=statuses):
            barrier.wait()
            statuses.append(redeem(server, code, source(20_000 + at)))

        phones = [threading.Thread(target=phone, args=(2 * n + which,)) for which in range(2)]
        for one in phones:
            one.start()
        for one in phones:
            one.join()
        wins.append(statuses.count(200))
    peak = server.peak_mb()
    return f"{runs} runs, one winner in {wins.count(1)}, peak {peak} MB", wins == [1] * runs and peak <= 300


def replay(server, _):
    token, body = server.token("healthsync", "Replay"), beats(0, 500)
    before = server.samples()
    statuses = {ask(server, "POST", "/api/apple-health/sync", bearer(token), body)[0]}
    first = server.samples()
    for _ in range(10):
        statuses.add(ask(server, "POST", "/api/apple-health/sync", bearer(token), body)[0])
    added = server.samples() - first
    return f"10 replays of {first - before} rows: {added} new", added == 0 and statuses == {200}


def stolen(server, _):
    """Tokens of phones that sent nothing, at every door; what somebody else sent may stand in no answer."""
    mine = server.token("healthsync", "Kim")
    secret = b"21823FF3-D9E2-58C6-81B9-0000000F4240"
    ask(server, "POST", "/api/apple-health/sync", bearer(mine), beats(1_000_000, 5))
    assert secret in ask(server, "GET", "/api/apple-health/metrics", bearer(mine))[1], "the phone itself reads it back"
    read = doors = 0
    for app in ("healthsync", "health-export-pro", "health-auto-export", "healthsave", "vitalog"):
        token = server.token(app, f"Stolen {app}")
        for path in paths()[:16] + ["/", "/health", "/api/health", "/pair"]:
            if path.endswith("/events"):
                continue
            for method in ("GET", "POST", "DELETE"):
                _, body = ask(server, method, path, bearer(token), b"{}" if method == "POST" else None, source(doors))
                doors += 1
                read += secret[:20] in body or b"heart_rate\",\"unit" in body
    return f"{doors} requests with 5 tokens, {read} answers with data of others", read == 0


def zeros(size):
    """A gzip of so many zeros, piece by piece."""
    packer, piece = zlib.compressobj(9, zlib.DEFLATED, 31), b"\0" * (1 << 20)
    return b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()


def refused_or_gone(server, headers, body):
    """Sends once more what is refused, while others are served."""
    try:
        ask(server, "POST", "/api/apple-health/sync", headers, body, source(5_003))
    except (OSError, http.client.HTTPException):
        pass


def slowly(server, head, count):
    """Connections that never come to the end of their head, each from an address of its own."""
    slow = []
    for n in range(count):
        try:
            wire = socket.create_connection(("127.0.0.1", server.port), timeout=5, source_address=(source(n), 0))
            wire.sendall((head + "Content-Type: application/json\r\n").encode())
            slow.append(wire)
        except OSError:
            pass
    return slow


def served(server, token, began):
    """The status of an honest phone, and when it came. It is not the only one: where every place is taken it comes again,
    as phones do."""
    while True:
        try:
            status, _ = ask(server, "POST", "/api/apple-health/sync", bearer(token), beats(5_000, 50), source(6_000), 5)
        except (OSError, http.client.HTTPException):
            status = 0
        took = time.monotonic() - began
        if status == 200 or took > 30:
            return status, took
        time.sleep(0.1)


def crawling(server, _):
    """Strangers take all places with bodies that never come to their end, and send a byte now and then."""
    honest = server.token("healthsync", "Honest")
    paths = ["/api/v1/invitation-code/redeem", "/api/v1/token/refresh"]
    slow, over = [], threading.Event()
    for n in range(8 * 64):
        path, address = paths[n % len(paths)], f"127.0.0.{2 + n % 8}"
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 1000\r\n\r\nx"
        try:
            slow.append(socket.create_connection(("127.0.0.1", server.port), timeout=5, source_address=(address, 0)))
            slow[-1].sendall(head.encode())
        except OSError:
            pass

    def feed():
        while not over.wait(1):
            for wire in slow:
                try:
                    wire.sendall(b"x")
                except OSError:
                    pass

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    status, took = served(server, honest, time.monotonic())
    over.set()
    feeder.join()
    for wire in slow:
        wire.close()
    return f"{len(slow)} connections of 8 addresses; honest phone {took:.1f} s", status == 200 and took <= 5


def exhaustion(server, short):
    """Slow, huge, packed and deep bodies at once; an honest phone is served meanwhile."""
    token, honest = server.token("healthsync", "Bad"), server.token("healthsync", "Honest")
    count, statuses = 200 if short else 1_000, {}
    head = f"POST /api/apple-health/sync HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n"
    huge = f"{head}Content-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n"
    statuses["10 GB"] = raw(server, huge.encode(), source(4_999))
    bomb = zeros((64 if short else 900) << 20)
    packed = bearer(token) | {"Content-Encoding": "gzip"}
    statuses["1000:1"] = ask(server, "POST", "/api/apple-health/sync", packed, bomb, source(5_000))[0]
    deep = b'{"export_id":"1","metrics":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    statuses["deep"] = ask(server, "POST", "/api/apple-health/sync", bearer(token), deep, source(5_001))[0]
    long = b'{"export_id":"1","metrics":["' + b"x" * (8 << 20) + b'"]}'
    statuses["one text of 8 MB"] = ask(server, "POST", "/api/apple-health/sync", bearer(token), long, source(5_002))[0]
    again = threading.Thread(target=refused_or_gone, args=(server, packed, bomb), daemon=True)
    again.start()
    slow = slowly(server, head, count)
    began = time.monotonic()
    status, took = served(server, honest, began)
    for wire in slow:
        wire.close()
    again.join()
    peak = server.peak_mb()
    refused = all(status >= 400 for what, status in statuses.items() if what in ("10 GB", "1000:1"))
    told = ", ".join(f"{what}: {status}" for what, status in statuses.items())
    good = took <= 5 and status == 200 and peak <= 300 and refused
    return f"{count} slow, {told}; honest phone {took:.1f} s, peak {peak} MB", good


def kills(server, short):
    """Kill the server while bodies come: what was acknowledged is there afterwards."""
    count, rng, acknowledged, lost = 10 if short else 100, random.Random(5), [], 0
    token = server.token("healthsync", "Killed")
    base = 2_000_000
    took = {}
    for what, size in (("small", 50), ("large", 4_000)):
        # As after a kill: the first request of a process takes longer than later ones.
        server.kill()
        server.start()
        began = time.monotonic()
        ask(server, "POST", "/api/apple-health/sync", bearer(token), beats(base - 10_000, size))
        took[what] = time.monotonic() - began
    for n in range(count):
        # Another key for each: some small, some too large to be read before the answer.
        size = 2 + n if n % 4 else 4_000
        first = base + n * 10_000
        body = beats(first, size)
        timer = threading.Timer(rng.random() * max(0.5, 3 * took["small" if n % 4 else "large"]), server.kill)
        timer.start()
        try:
            status, _ = ask(server, "POST", "/api/apple-health/sync", bearer(token), body)
            if status == 200:
                acknowledged.append((first, size))
        except (OSError, http.client.HTTPException):
            pass
        timer.join()
        server.start()
        if n % 4 == 0:
            # Else a slow build would only ever begin anew with what the last ones left.
            server.wait_until_idle()
    server.wait_until_idle()
    command = [server.program, "--data-dir", server.data, "export", "--format", "jsonl", "--out", "-", "--types", "heart_rate"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    there = {json.loads(line)["uuid"] for line in text.splitlines()}
    for first, size in acknowledged:
        lost += sum(f"21823FF3-D9E2-58C6-81B9-{n:012X}" not in there for n in range(first, first + size))
    whole = server.verb("verify")["findings"] == []
    told = f"{count} kills, {len(acknowledged)} bodies acknowledged, {lost} of their rows lost, store {'whole' if whole else 'TORN'}"
    return told, lost == 0 and whole and acknowledged


CHECKS = [
    ("crawl without a token", crawl), ("names that are not ours", hosts), ("web pages", browsers), ("replay", replay),
    ("stolen token", stolen), ("guessing a code", guesses), ("two phones, one code", race),
    ("slow, huge, packed, deep", exhaustion), ("bodies of strangers", crawling), ("kill -9", kills),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    os.environ["TZ"] = "Europe/Berlin"
    failed = False
    for name, check in CHECKS:
        if arguments.only and arguments.only not in name:
            continue
        # Each has a store of its own: limits by address and minute do not meet.
        with tempfile.TemporaryDirectory() as folder:
            server = Server(str(Path(arguments.program).resolve()), folder + "/data")
            server.start()
            began = time.monotonic()
            try:
                told, good = check(server, arguments.short)
            finally:
                server.kill()
        failed |= not good
        mark = "ok" if good else "FAILED"
        print(f"{name:26} {mark:7}{time.monotonic() - began:6.1f} s  {told}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
