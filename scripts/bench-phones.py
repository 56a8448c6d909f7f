#!/usr/bin/env python3
"""How fast phones sync over HTTP into `vitalog serve`, beside the same rows put into a plain table in the same run.

Batches of several sizes over one connection and over four; answers at one phone's pace; a whole history, the newest first,
while others ask. Everything is as durable as always. Standard library only; the phone is that of phone-client.py. What each
line sends lies on days of its own, as what phones send does. What the computer can is measured first: a flush of a short
file, and with `--batches` the same without HTTP by the store's own example, which needs no phone.

    scripts/bench-phones.py --program target/release/vitalog --window [--history 1000000]   the history into a window alone
    scripts/bench-phones.py --program target/release/vitalog [--samples 200000] [--history 1000000]
        [--batches target/release/examples/phone_batches] [--data FOLDER, whose store may be full already]
"""

import argparse
import http.client
import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

SIZES = [500, 1000, 2000, 5000]
# One phone's pace: samples of a request, how many requests, and how long it is silent after each. The last one is longer
# than what is matched before its answer.
PACES, REQUESTS, APART = [500, 1500, 2000], 100, 0.2
# How far what is made up reaches back at most, for each sample.
REACH = timedelta(seconds=21)
FLUSHES = 200
QUESTIONS = [["status"], ["types"], ["query", "heart_rate", "--bucket", "day"]]


def client(name="phone-client"):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bodies(phone, samples, size):
    """Requests of so many samples each, as the SDK writes them."""
    phone.left = samples
    while phone.left:
        yield json.dumps(phone.chunk(size), ensure_ascii=False).encode(), phone.left[:size]
        del phone.left[:size]


def percentile(times, of_hundred):
    return sorted(times)[min(len(times) * of_hundred // 100, len(times) - 1)] * 1000 if times else 0


def plain(folder, requests):
    """Samples a second into a plain table with a key: a transaction for each request, as durable as the store."""
    database = sqlite3.connect(Path(folder) / f"plain-{time.monotonic_ns()}.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE plain (type TEXT, start TEXT,"
                           "source TEXT, end TEXT, id TEXT, value REAL, PRIMARY KEY (type, start, source, end, id)) WITHOUT ROWID")
    rows = [[(row[1], row[2], row[6], row[3], row[0], row[4]) for _, _, row in samples] for _, samples in requests]
    began = time.monotonic()
    for some in rows:
        database.execute("BEGIN")
        database.executemany("INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?)", some)
        database.execute("COMMIT")
    seconds = time.monotonic() - began
    database.close()
    return sum(map(len, rows)) / seconds


def flush(folder):
    """How long it takes until a short write is on the disk, p50 and p99 in milliseconds."""
    times = []
    with open(Path(folder) / "flush", "wb", buffering=0) as file:
        for _ in range(FLUSHES):
            began = time.monotonic()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            times.append(time.monotonic() - began)
    return percentile(times, 50), percentile(times, 99)


class Made:
    """Samples of days that nobody else has: each time earlier ones."""

    def __init__(self, phones, phone):
        self.phones, self.phone, self.end, self.seed = phones, phone, phones.END, 0

    def requests(self, samples, size):
        self.seed += 1
        made = list(self.phones.made_up(samples, self.seed, self.end))
        self.end -= samples * REACH
        return list(bodies(self.phone, made, size))


class Sender:
    """Some connections that send requests until none is left."""

    def __init__(self, server, phone):
        self.server, self.times, self.lock = server, [], threading.Lock()
        self.path = f"/api/v1/sdk/users/{phone.user}/sync"
        self.head = {"Content-Type": "application/json", "Authorization": f"Bearer {phone.tokens['access_token']}"}

    def work(self, requests, apart):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        while True:
            with self.lock:
                body = next(requests, None)
            if body is None:
                return connection.close()
            began = time.monotonic()
            connection.request("POST", self.path, body, self.head)
            answer = connection.getresponse()
            answer.read()
            took = time.monotonic() - began
            if answer.status not in (200, 202):
                raise SystemExit(f"answered with {answer.status}")
            with self.lock:
                self.times.append(took)
            time.sleep(apart)

    def send(self, requests, connections=1, apart=0.0):
        """Returns the seconds until all was stored."""
        self.times = []
        waiting = iter([body for body, _ in requests])
        began = time.monotonic()
        threads = [threading.Thread(target=self.work, args=(waiting, apart)) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.server.wait_until_idle()
        return time.monotonic() - began


def ask(server, stop, times, failed):
    while not stop.is_set():
        for question in QUESTIONS:
            command = [server.program, "--data-dir", server.data, *question, "--json"]
            began = time.monotonic()
            done = subprocess.run(command, capture_output=True, check=False)
            times.setdefault(question[0], []).append(time.monotonic() - began)
            if done.returncode != 0:
                failed.append(done.stderr)


def into_window(program, folder, history):
    """A whole history into a window that is looked at: how long the page was held up, and how long its views took."""
    from driver import Window

    phones, recorder = client(), client("bench-window").RECORDER
    server = phones.Server(program, str(folder))
    for key, to in (("receiver_bind", "127.0.0.1"), ("port", "0")):
        subprocess.run([program, "--data-dir", folder, "settings", "set", key, to], stdout=subprocess.DEVNULL, check=True)
    with Window(program, ["--data-dir", folder, "open"]) as window:
        window.visit("#/phone")
        window.wait("the switch", "return document.querySelector('.page-head .button') !== null")
        window.run("document.querySelector('.page-head .button').click()")
        url = window.wait("the address", "return document.querySelector('[data-testid=receiver] code')?.textContent ?? ''")
        server.port = int(url.rsplit(":", 1)[1])
        phone = phones.Phone(server, [], False, None)
        phones.pair(server, phone)
        sender, requests = Sender(server, phone), Made(phones, phone).requests(history, 2000)
        window.visit("#/overview")
        window.run(recorder)
        took, views = [], []
        sending = threading.Thread(target=lambda: took.append(sender.send(requests)))
        sending.start()
        while sending.is_alive():
            for view in ("#/phone", "#/overview", "#/heart?range=month"):
                began = time.monotonic()
                window.visit(view)
                views.append(time.monotonic() - began)
        gaps = window.run("const gaps = window.gaps; window.gaps = null; return gaps")
        long = [gap for gap in gaps if gap > 50]
        print(f"a history of {history:,} samples into a window: {took[0]:.1f} s, {history / took[0]:.0f}/s; the page was held up "
              f"{len(long)} times over 50 ms, the longest {max(gaps):.0f} ms; {len(views)} views p50 "
              f"{percentile(views, 50):.0f} ms, p99 {percentile(views, 99):.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--batches")
    parser.add_argument("--data")
    parser.add_argument("--window", action="store_true")
    arguments = parser.parse_args()
    phones = client()
    os.environ["TZ"] = "Europe/Berlin"
    with tempfile.TemporaryDirectory() as folder:
        if arguments.window:
            return into_window(str(Path(arguments.program).resolve()), Path(folder) / "data", arguments.history)
        print("a short write is on the disk after p50 {:.2f} ms, p99 {:.2f} ms".format(*flush(folder)), flush=True)
        if arguments.batches:
            command = [arguments.batches, str(Path(folder) / "batches.db"), str(arguments.samples)]
            print(subprocess.run(command, capture_output=True, text=True, check=True).stdout, flush=True)
        data = arguments.data or str(Path(folder) / "data")
        server = phones.Server(str(Path(arguments.program).resolve()), data)
        server.start()
        try:
            phone = phones.Phone(server, [], False, None)
            phones.pair(server, phone)
            sender, made = Sender(server, phone), Made(phones, phone)
            print("a batch of  plain table  connections    stored  of it   p50 ms   p99 ms")
            for size in SIZES:
                for connections in (1, 4):
                    requests = made.requests(arguments.samples, size)
                    limit = plain(folder, requests)
                    rate = arguments.samples / sender.send(requests, connections)
                    figures = rate / limit, percentile(sender.times, 50), percentile(sender.times, 99)
                    print(f"{size:>10} {limit:>10.0f}/s {connections:>12} {rate:>7.0f}/s  {figures[0]:>5.2f} "
                          f"{figures[1]:>8.1f} {figures[2]:>8.1f}", flush=True)
            for pace in PACES:
                sender.send(made.requests(pace * REQUESTS, pace), apart=APART)
                print(f"at one phone's pace, {pace} samples each {APART} s: p50 {percentile(sender.times, 50):.1f} ms, "
                      f"p99 {percentile(sender.times, 99):.1f} ms", flush=True)
            requests = made.requests(arguments.history, 2000)
            stop, times, failed = threading.Event(), {}, []
            reader = threading.Thread(target=ask, args=(server, stop, times, failed))
            reader.start()
            seconds = sender.send(requests)
            stop.set()
            reader.join()
            print(f"a history of {arguments.history:,} samples, the newest first, while others ask: {seconds:.1f} s, "
                  f"{arguments.history / seconds:.0f}/s, p50 {percentile(sender.times, 50):.1f} ms, "
                  f"p99 {percentile(sender.times, 99):.1f} ms")
            for question, all_times in times.items():
                print(f"    `vitalog {question}` {len(all_times)} times: p50 {percentile(all_times, 50):.0f} ms, "
                      f"p99 {percentile(all_times, 99):.0f} ms")
            server.stop()
            if failed:
                sys.exit(f"{len(failed)} questions failed: {failed[0]}")
        finally:
            if server.process.poll() is None:
                server.kill()


if __name__ == "__main__":
    main()
