#!/usr/bin/env python3
"""A phone that is not ours: the Open Wearables SDK's state machine, written from the protocol's pages, standard library only.

It starts `vitalog serve`, lets itself in by `vitalog pair`, and syncs made-up samples through faults: connections that are
dropped while sending and before the answer, servers that are killed and started again, a spool without room, tokens that are
refused, answers to a refresh that are lost. In the end the export has to hold exactly what was sent.

    scripts/phone-client.py --program target/release/vitalog                 100,000 samples, and figures
    scripts/phone-client.py --program target/debug/vitalog --samples 3000 --chunk 200   the short form
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
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

# Samples of a request in the foreground, and how many times fewer there are in the background.
CHUNK, FEWER = 2000, 20
# Requests that iOS leaves time for in the background.
BUDGET = 12
END = datetime(2026, 3, 14, 6, 0, 0, tzinfo=timezone.utc)
STAGES = {"in_bed": 0, "sleeping": 1, "awake": 2, "light": 3, "deep": 4, "rem": 5}
# Type, unit as the SDK sends it, the unit and the factor of what is kept, lowest and highest value.
TYPES = [
    ("HeartRate", "bpm", "count/min", 1, 45, 180),
    ("StepCount", "count", "count", 1, 1, 140),
    ("ActiveEnergyBurned", "Cal", "kcal", 1, 0.1, 9),
    ("OxygenSaturation", "%", "%", 0.01, 90, 100),
    ("BodyMass", "kg", "kg", 1, 60, 80),
]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def made_up(count, seed, end=END):
    """Samples, the newest first, and what the store has to say of each."""
    rng = random.Random(seed)
    for n in range(count):
        end -= timedelta(seconds=rng.randint(1, 40))
        watch = rng.random() < 0.7
        source = {
            "appId": "com.apple.health.8D1B3B0E" if watch else "com.apple.health.3C2A9C55",
            "name": "Mira\u2019s Apple\u00a0Watch" if watch else "Mira\u2019s iPhone",
            "deviceId": None, "deviceName": "Apple Watch" if watch else "iPhone", "deviceManufacturer": "Apple Inc.",
            "deviceModel": "Watch7,3" if watch else "iPhone16,1", "deviceType": "watch" if watch else "phone",
            "recordingMethod": None, "operatingSystemVersion": {"majorVersion": 26, "minorVersion": 1, "patchVersion": 0},
        }
        name = str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()
        start = end - timedelta(seconds=rng.choice([0, 0, 30, 240]))
        item = {"id": name, "startDate": stamp(start), "endDate": stamp(end), "zoneOffset": None, "source": source}
        if n % 17 == 0:
            stage = rng.choice(list(STAGES))
            item |= {"stage": stage, "parentId": None, "values": None, "metadata": None}
            kind, value, unit, place = "HKCategoryTypeIdentifierSleepAnalysis", STAGES[stage], None, "sleep"
        else:
            word, sent_unit, unit, factor, low, high = rng.choice(TYPES)
            kind = "HKQuantityTypeIdentifier" + word
            value = rng.randint(int(low) + 1, int(high)) if low >= 1 else round(rng.uniform(low, high), 3)
            item |= {"type": kind, "value": value, "unit": sent_unit, "parentId": None,
                     "metadata": {"HKMetadataKeyHeartRateMotionContext": "1"} if word == "HeartRate" else None}
            value, place = value * factor, "records"
        yield place, item, (name, kind, stamp(start), stamp(end), value, unit, source["name"])


class Server:
    """`vitalog serve`, which may be killed and started again on the same port."""

    def __init__(self, program, data):
        self.program, self.data, self.process, self.port = program, data, None, 0
        self.killer = None

    def verb(self, *arguments, lines=False):
        command = [self.program, "--data-dir", self.data, *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in done.splitlines()] if lines else json.loads(done)

    def start(self):
        command = [self.program, "--data-dir", self.data, "serve", "--bind", "127.0.0.1", "--port", str(self.port),
                   "--no-mdns", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        first = json.loads(self.process.stdout.readline())
        assert first["event"] == "listening", first
        self.port = first["port"]
        # Nobody else reads them, and the pipe must not fill.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_after(self, seconds):
        self.settle()
        self.killer = threading.Timer(seconds, self.kill)
        self.killer.start()

    def settle(self):
        """Waits for a kill that was asked for: no later server is to die of it."""
        if self.killer:
            self.killer.join()
            self.killer = None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0, "it did not end well"

    def wait_until_idle(self):
        while self.verb("status")["pending"]["deliveries"]:
            time.sleep(0.2)


class Refused(Exception):
    """An answer that ends a run of the SDK."""


class Gone(Exception):
    """No answer: the connection or the server went away."""


class Phone:
    """The state machine: one request at a time, progress after 2xx only, a refresh after a 401, no timer."""

    def __init__(self, server, samples, faults, rng, chunk=CHUNK):
        self.server, self.left, self.faults, self.rng, self.most = server, samples, faults, rng, chunk
        self.tokens, self.user, self.counts, self.room = {}, "", {}, None
        self.requests = 0

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def post(self, path, body, token=None, drop=None):
        """Posts JSON; `drop` says at which point the connection is lost. Returns status and JSON."""
        self.requests += 1
        payload = json.dumps(body, ensure_ascii=False).encode()
        head = {"Content-Type": "application/json", "User-Agent": "OpenWearablesHealthSDK/0.15.0 (iOS 26.1.0; iPhone16,1)",
                "X-Open-Wearables-SDK-Version": "0.15.0", "X-Request-Id": str(uuid.uuid4())}
        if token:
            head["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            connection.putrequest("POST", path, skip_accept_encoding=True)
            for name, value in (head | {"Content-Length": str(len(payload))}).items():
                connection.putheader(name, value)
            connection.endheaders()
            if drop == "sending":
                connection.send(payload[: self.rng.randrange(len(payload))])
                raise Gone(drop)
            connection.send(payload)
            if drop == "answer":
                raise Gone(drop)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException) as error:
            raise Gone(str(error)) from error
        finally:
            connection.close()

    def redeem(self, code):
        status, answer = self.post("/api/v1/invitation-code/redeem", {"code": f" {code.lower()} "})
        assert status == 200, (status, answer)
        self.tokens, self.user = answer, answer["user_id"]

    def refresh(self):
        """As after a 401: the refresh token stays valid until its successor is used, so a lost answer is no end."""
        if self.faults and self.rng.random() < 0.5:
            try:
                self.post("/api/v1/token/refresh", {"refresh_token": self.tokens["refresh_token"]}, drop="answer")
            except Gone:
                self.count("answers to a refresh lost")
        status, answer = self.post("/api/v1/token/refresh", {"refresh_token": self.tokens["refresh_token"]})
        if status != 200:
            raise Refused(f"refresh {status}")
        self.tokens |= {key: answer[key] for key in ("access_token", "refresh_token") if key in answer}
        self.count("refreshes")

    def chunk(self, limit):
        data = {"workouts": [], "records": [], "sleep": []}
        for place, item, _ in self.left[:limit]:
            data[place].append(item)
        return {"provider": "apple", "sdkVersion": "0.15.0", "syncTimestamp": stamp(datetime.now(timezone.utc)),
                "data": data, "syncSessionId": str(uuid.uuid4()).upper(), "syncType": "historical"}

    def logs(self):
        event = {"eventType": "historical_data_sync_start", "timestamp": stamp(datetime.now(timezone.utc)),
                 "dataTypeCounts": [], "timeRange": {"endDate": stamp(datetime.now(timezone.utc))}}
        body = {"sdkVersion": "0.15.0", "provider": "apple", "events": [event]}
        self.post(f"/api/v1/sdk/users/{self.user}/logs", body, self.tokens["access_token"])

    def run(self, background):
        """A round as the system lets one happen: until all is sent, the time is over, or something fails."""
        limit = max(1, self.most // FEWER) if background else self.most
        if not background:
            self.logs()
        sent = 0
        while self.left and not (background and sent >= BUDGET):
            sent += 1
            self.send(limit)
            del self.left[:limit]
        if background:
            self.count("background windows")

    def send(self, limit):
        if self.room and len(self.left) < self.room.at:
            self.room.fill(self)
        body, token, drop = self.chunk(limit), self.tokens["access_token"], None
        chance = self.rng.random() if self.faults else 1
        if chance < 0.08:
            drop = "sending"
        elif chance < 0.16:
            drop = "answer"
        elif chance < 0.24:
            token = "hi_" + "A" * 26
        elif chance < 0.30:
            self.server.kill_after(self.rng.random() * 0.15)
            self.count("kills")
        path = f"/api/v1/sdk/users/{self.user}/sync"
        try:
            status, _ = self.post(path, body, token, drop)
        except Gone:
            if drop:
                self.count(f"dropped while {'sending' if drop == 'sending' else 'waiting'}")
            raise
        if status == 401:
            self.count("401")
            self.refresh()
            status, _ = self.post(path, body, self.tokens["access_token"])
        if not 200 <= status < 300:
            raise Refused(str(status))


def sync(phone, server, rng, room):
    """Triggers rounds as iOS does, foreground and background, until nothing is left."""
    phone.room = room
    while phone.left:
        if server.process.poll() is not None:
            server.start()
            phone.count("starts")
        try:
            phone.run(background=rng.random() < 0.4)
        except Gone:
            phone.count("rounds without an answer")
        except Refused as refused:
            phone.count(f"rounds refused ({refused})")
            time.sleep(0.5)
        finally:
            server.settle()
            if room:
                room.clear()
    if server.process.poll() is not None:
        server.start()


class Room:
    """A spool on a small disk of its own, which is filled once. Needs the right to mount."""

    def __init__(self, spool, at):
        self.spool, self.at, self.ballast = spool, at, spool / "ballast"
        self.is_mounted = self.was_full = False

    def __enter__(self):
        self.spool.mkdir(parents=True, mode=0o700)
        command = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", str(self.spool)]
        self.is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return self

    def __exit__(self, *_):
        if self.is_mounted:
            subprocess.run(["umount", "-l", str(self.spool)], check=True)

    def fill(self, phone):
        if not self.is_mounted or self.was_full:
            return
        self.was_full = True
        try:
            with open(self.ballast, "wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 65536)
        except OSError:
            pass
        phone.count("times the spool was full")

    def clear(self):
        self.ballast.unlink(missing_ok=True)


def pair(server, phone):
    """Two programs: one that asks the owner, who says yes, and the phone."""
    command = [server.program, "--data-dir", server.data, "pair", "--app", "open-wearables", "--yes", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        phone.redeem(json.loads(owner.stdout.readline())["code"])
        assert [json.loads(line)["event"] for line in owner.stdout] == ["claimed", "accepted"]
    assert owner.returncode == 0


def same(a, b):
    return a[:4] == b[:4] and a[5:] == b[5:] and abs(a[4] - b[4]) <= 1e-9 * max(1, abs(b[4]))


def compare(server, wanted):
    """The export against what was sent, sample by sample."""
    rows = [row for row in server.verb("export", "--format", "jsonl", "--out", "-", lines=True)]
    found = {}
    for row in rows:
        if row["record"] != "sample":
            continue
        whole = [row[key].replace(".000Z", "Z") for key in ("start", "end")]
        assert row["uuid"] not in found, f"twice: {row}"
        found[row["uuid"]] = (row["uuid"], row["type"], *whole, row["value"], row["unit"], row["source"])
    wrong = [item for item in wanted if item[0] not in found or not same(found[item[0]], item)]
    assert not wrong, f"{len(wrong)} are missing or other, such as {wrong[0]}: {found.get(wrong[0][0])}"
    assert len(found) == len(wanted), f"{len(found) - len(wanted)} too many"
    return len(found)


def give_up_after(seconds, phone):
    def give_up(*_):
        sys.exit(f"not at its end after {seconds} s: {len(phone.left)} left, {phone.counts}")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=CHUNK)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--limit", type=int, default=0, help="seconds after which it gives up; 0 for none")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    samples = list(made_up(arguments.samples, arguments.seed))
    wanted = [expected for _, _, expected in samples]
    os.environ["TZ"] = "Europe/Berlin"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with Room(data / "spool", len(samples) // 2) as room:
            server = Server(str(Path(arguments.program).resolve()), str(data))
            server.start()
            try:
                phone = Phone(server, list(samples), not arguments.no_faults, rng, arguments.chunk)
                give_up_after(arguments.limit, phone)
                pair(server, phone)
                began = time.monotonic()
                sync(phone, server, rng, None if arguments.no_faults else room)
                if server.process.poll() is not None:
                    server.start()
                acknowledged = time.monotonic() - began
                server.wait_until_idle()
                seconds = time.monotonic() - began
                server.stop()
                found = compare(server, wanted)
                deliveries = server.verb("deliveries")
            finally:
                if server.process.poll() is None:
                    server.kill()
            if not room.is_mounted and not arguments.no_faults:
                print("left out: a full spool (no right to mount one)", file=sys.stderr)
    figures = {
        "samples": found, "requests": phone.requests, "deliveries": len(deliveries),
        "seconds_until_acknowledged": round(acknowledged, 1), "seconds_until_stored": round(seconds, 1),
        "samples_a_second": round(found / seconds), **phone.counts,
    }
    for name, value in figures.items():
        print(f"{name:34}{value:>10}")


if __name__ == "__main__":
    main()
