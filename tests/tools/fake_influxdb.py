#!/usr/bin/env python3
"""A fake InfluxDB for tests: NOT InfluxDB, and none of its code. It holds points in memory and forgets them.

Written from the documented interface of version 2 (/api/v2/write, /api/v2/delete) and of what version 3 answers there:
statuses, bodies, line protocol, and that a point of the same measurement, tags and time takes over the fields of an
earlier one. A type of a field stays what it was first. `GET /points` is our own, for tests to look into it.

    fake_influxdb.py [--version 2|3] [--refuse TEXT] [--fault cut|lose|500|503|429 ...] [--until-eof]

Faults come one a request, in their order, once greeted; then all is well. `--refuse` names what lines may not hold.
"""

import argparse
import datetime
import http.server
import json
import re
import socket
import sys
import threading
import urllib.parse

TOKEN, ORG, BUCKET = "fake token of kim==", "home", "health"
ESCAPED = re.compile(r"\\([,= \\])")


def split(text, mark):
    """Parts at a mark that is neither escaped nor inside quotes."""
    parts, part, quoted, at = [], "", False, 0
    while at < len(text):
        c = text[at]
        if c == "\\" and at + 1 < len(text):
            part, at = part + text[at : at + 2], at + 2
            continue
        quoted ^= c == '"'
        if c == mark and not quoted:
            parts, part = parts + [part], ""
        else:
            part += c
        at += 1
    return parts + [part]


def field(text):
    """A field's value, with what type it is of."""
    if text.startswith('"'):
        if len(text) < 2 or not text.endswith('"'):
            raise ValueError("unbalanced quotes")
        return "string", re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text.endswith("i"):
        return "integer", int(text[:-1])
    return "float", float(text)


def point(line):
    """Measurement, tags, fields and time of a line."""
    parts = split(line, " ")
    if len(parts) != 3:
        raise ValueError("missing fields or time")
    head = split(parts[0], ",")
    tags = {}
    for tag in head[1:]:
        key, value = split(tag, "=")
        if not key or not value or key in tags:
            raise ValueError("missing tag value, or a tag twice")
        tags[ESCAPED.sub(r"\1", key)] = ESCAPED.sub(r"\1", value)
    fields = {}
    for one in split(parts[1], ","):
        key, value = split(one, "=")
        fields[ESCAPED.sub(r"\1", key)] = field(value)
    measurement = ESCAPED.sub(r"\1", head[0])
    if not measurement or measurement.startswith("_"):
        raise ValueError("bad measurement")
    return measurement, tags, fields, int(parts[2])


class World:
    """What is stored."""

    def __init__(self, version, refuse):
        self.version, self.refuse = version, refuse
        self.points, self.types = {}, {}
        self.lock = threading.Lock()

    def put(self, line):
        """Stores a line; says what is wrong with it."""
        if self.refuse and self.refuse in line:
            return "invalid column type for column 'value'"
        measurement, tags, fields, at = point(line)
        for name, (kind, _) in fields.items():
            known = self.types.setdefault((measurement, name), kind)
            if known != kind:
                return f"field type conflict: {name} is {kind}, already exists as {known}"
        key = (measurement, tuple(sorted(tags.items())), at)
        self.points.setdefault(key, {}).update({name: value for name, (_, value) in fields.items()})
        return None

    def write(self, text):
        lines = text.split("\n")
        wrong = []
        for number, line in enumerate(lines, 1):
            if not line or line.startswith("#"):
                continue
            try:
                problem = self.put(line)
            except ValueError as error:
                return 400, {"code": "invalid", "message": f"unable to parse line: {error}"}
            if problem:
                wrong.append({"original_line": line, "line_number": number, "error_message": problem})
        if not any(lines):
            return 400, {"code": "invalid", "message": "writing requires points"}
        if not wrong:
            return 204, None
        if self.version == 3:
            return 400, {"error": "partial write of line protocol occurred", "data": wrong}
        return 422, {"code": "unprocessable entity", "message": f"partial write: {wrong[0]['error_message']} "
                     f"dropped={len(wrong)}"}

    def delete(self, body):
        if self.version == 3:
            return 404, None
        first, last = (nanoseconds(body[key]) for key in ("start", "stop"))
        wanted = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', body["predicate"]))
        if " OR " in body["predicate"] or not wanted:
            return 400, {"code": "invalid", "message": "bad logical expression"}
        measurement = wanted.pop("_measurement", None)

        def is_meant(key):
            name, tags, at = key
            tags = dict(tags)
            return (first <= at * 1_000_000 <= last and measurement in (None, name)
                    and all(tags.get(tag) == value for tag, value in wanted.items()))

        for key in [key for key in self.points if is_meant(key)]:
            del self.points[key]
        return 204, None


def nanoseconds(stamp):
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    at = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + int((fraction + "0" * 9)[:9])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if text:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self):
        with self.server.world.lock:
            rows = [{"measurement": name, "tags": dict(tags), "ms": at, "fields": fields}
                    for (name, tags, at), fields in sorted(self.server.world.points.items(), key=repr)]
        self.answer(200, {"points": rows, "requests": self.server.requests})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return self.answer(401, {"code": "unauthorized", "message": "unauthorized access"})
        if asked.get("org") != ORG and self.server.world.version == 2:
            return self.answer(404, {"code": "not found", "message": "organization name not found"})
        if asked.get("bucket") != BUCKET:
            return self.answer(404, {"code": "not found", "message": f"bucket {asked.get('bucket')!r} not found"})
        fault = self.server.faults.pop(0) if body and self.server.faults else None
        self.server.requests.append([url.path, length])
        if fault == "cut":
            return self.hang_up()
        if fault in ("500", "503", "429"):
            return self.answer(int(fault), {"code": "unavailable", "message": "later"}, Retry_After="7")
        with self.server.world.lock:
            if url.path == "/api/v2/write" and asked.get("precision") == "ms":
                status, told = self.server.world.write(body.decode())
            elif url.path == "/api/v2/delete":
                status, told = self.server.world.delete(json.loads(body))
            else:
                status, told = 404, {"code": "not found", "message": "path not found"}
        if fault == "lose":
            return self.hang_up()
        return self.answer(status, told)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", type=int, choices=(2, 3), default=2)
    parser.add_argument("--refuse", default="")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--until-eof", action="store_true")
    arguments = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.world = World(arguments.version, arguments.refuse)
    server.faults, server.requests = arguments.fault, []
    told = {"url": f"http://127.0.0.1:{server.server_port}", "token": TOKEN, "org": ORG, "bucket": BUCKET}
    print(json.dumps(told), flush=True)
    if arguments.until_eof:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
    else:
        server.serve_forever()


if __name__ == "__main__":
    main()
