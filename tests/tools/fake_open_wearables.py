#!/usr/bin/env python3
"""fake_open_wearables.py - an Open Wearables server for tests, with its quirks and with faults to order.

  python3 fake_open_wearables.py                        # prints one line of JSON: url, api_key, dump, ...
  python3 fake_open_wearables.py --fault 500@3 --fault 'lost%7' --fault 429@5:2 --fault refresh/502@1
  python3 fake_open_wearables.py --until-eof            # ends when standard input does: no test leaves it behind
  python3 fake_open_wearables.py --replay FOLDER        # plays the shared vectors; exit status 1 on any difference

Written from a protocol of what a real server (0.6.3, commit 44a268be) answered, not from Vitalog's code. It is no
server for anybody's data: everything is in memory and gone when it ends. What is stored and why stands in
open_wearables_world.py. Standard library only; listens on 127.0.0.1.

What belongs to the fake alone lies under /fake/ (no credentials):
  GET  /fake/state[?digest=1]   all users with what is stored of them, in the shape of expected-server-state.json;
                                with digest counts and a hash instead of the points
  GET  /fake/log[?settle]       one row per sync request: what was in it and what became of it, once nothing waits;
                                with settle it only waits
  POST /fake/faults ["500@2"]   replaces the faults; the counting begins anew
  POST /fake/clock {"ahead_s"}  moves the server's clock, and closes nights as its hourly task does
  POST /fake/worker {"running"} stops and starts what works the queue off
  /fake-s3/...                  where presigned uploads go: a fake, not Amazon's and not another store

A fault is [ROUTE/]KIND@N[,N..] or [ROUTE/]KIND%EVERY, then :PARAMETER where it has one. Routes: sync (if none is said),
login, token, refresh, redeem, users, read, upload, any. Kinds: 500, 502, 503, 413, 401, 403, 429:SECONDS (Retry-After),
slow:SECONDS, hang:SECONDS (then 500), cut (the connection ends in the middle of the body), lost (stored, no answer),
cut-answer (stored, half an answer), garbage (stored, a page of HTML), failed (the run fails with SQL text), stuck (the
worker dies: in progress for ever, nothing stored).
"""
import argparse
import base64
import hashlib
import hmac
import io
import json
import os
import queue
import re
import secrets
import socket
import sys
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote

from open_wearables_world import SERIES, SUPPORTED, Bad, BatchFails, World, micros

NOT_DEVELOPER = "Could not validate credentials"
NOT_FOR_SDK = "SDK tokens cannot access this endpoint"
NO_APP = "Either app credentials (app_id, app_secret) or admin authentication (Bearer token) is required"
NO_KEY_OR_JWT = "Authentication required: provide JWT token or API key"
NO_SDK_OR_KEY = "Authentication required: provide SDK token or API key"
CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SSE_PAUSE_S = 15
LONGEST_HANG_S = 19
EVENTS_KEPT = 200


class Answer(Exception):
    """an answer; raised where it is an error"""

    def __init__(self, status, body=None, headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers)


def error(status, detail, **headers):
    return Answer(status, {"detail": detail}, {k.replace("_", "-"): v for k, v in headers.items()})


class Faults:
    """which request of a route meets what"""

    def __init__(self, orders):
        self.orders = [self.read(order) for order in orders]
        self.counts, self.lock, self.fired = {}, threading.Lock(), []

    @staticmethod
    def read(order):
        found = re.fullmatch(r"(?:(\w+)/)?([\w-]+)(?:@([\d,]+)|%(\d+))(?::([\d.]+))?", order)
        if not found:
            raise SystemExit(f"no fault: {order}")
        route, kind, numbers, every, parameter = found.groups()
        return {"route": route or "sync", "kind": kind, "every": int(every or 0), "order": order,
                "at": {int(n) for n in (numbers or "").split(",") if n}, "parameter": float(parameter or 1)}

    def meet(self, route):
        with self.lock:
            met = None
            for name in (route, "any"):
                n = self.counts[name] = self.counts.get(name, 0) + 1
                for order in self.orders:
                    due = n in order["at"] or (order["every"] and n % order["every"] == 0)
                    if met is None and order["route"] == name and due:
                        met = order
            if met:
                self.fired.append({"order": met["order"], "route": route, "number": self.counts[route]})
            return met


class Server:
    """credentials, queue and runs around a world"""

    def __init__(self, options):
        self.options = options
        self.ahead_s = options.clock_skew
        self.world = World(self.stamp)
        self.faults = Faults(options.fault)
        self.lock = threading.RLock()
        self.secret = secrets.token_bytes(32)
        self.developer = {"id": str(uuid.uuid4()), "email": options.login, "first_name": None, "last_name": None,
                          "created_at": self.stamp(), "updated_at": self.stamp()}
        self.keys = {}  # sk-... -> row
        self.applications = {}  # app_... -> (row, secret)
        self.refresh = {}  # rt-... -> claims without exp
        self.codes = {}  # code -> row
        self.runs = {}  # user -> runs, newest last
        self.events = {}  # user -> events, newest last
        self.heard = threading.Condition(self.lock)
        self.log = []
        self.waiting = {}  # user -> batches accepted and not finished
        self.fated = set()  # tasks that die of the race on a user's first batches
        self.tasks = queue.Queue()
        self.running = threading.Event()
        self.running.set()
        self.uploads = {}  # key -> (user, form fields)
        self.add_key("Default", options.api_key)
        for _ in range(options.workers):
            threading.Thread(target=self.work, daemon=True).start()

    # ---- clock ----

    def now(self):
        return datetime.now(timezone.utc) + timedelta(seconds=self.ahead_s)

    def stamp(self):
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    # ---- credentials ----

    def add_key(self, name, key=None):
        key = key or "sk-" + secrets.token_hex(16)
        self.keys[key] = {"id": key, "name": name, "created_by": self.developer["id"], "created_at": self.stamp()}
        return self.keys[key]

    def token(self, claims):
        until = int(self.now().timestamp()) + self.options.token_life
        part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=")
        head = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps({**claims, "exp": until}).encode())
        return (head + b"." + part(hmac.new(self.secret, head, hashlib.sha256).digest())).decode()

    def tokens(self, claims):
        fresh = "rt-" + secrets.token_hex(16)
        with self.lock:
            self.refresh[fresh] = claims
        return {"access_token": self.token(claims), "token_type": "bearer", "refresh_token": fresh,
                "expires_in": self.options.token_life}

    def claims(self, headers):
        """what a bearer token says, or None"""
        scheme, _, token = (headers.get("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or token.count(".") != 2:
            return None
        head, _, sign = token.rpartition(".")
        pad = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        try:
            right = hmac.compare_digest(pad(sign), hmac.new(self.secret, head.encode(), hashlib.sha256).digest())
            claims = json.loads(pad(head.split(".")[1]))
        except ValueError:
            return None
        return claims if right and claims["exp"] > self.now().timestamp() else None

    def has_key(self, headers):
        key = headers.get("X-Open-Wearables-API-Key")
        if key is not None and key not in self.keys:
            raise error(401, "Invalid or missing API key")
        return key is not None

    def developer_only(self, headers):
        claims = self.claims(headers)
        if claims is None:
            raise error(401, NOT_DEVELOPER, WWW_Authenticate="Bearer")
        if claims.get("scope") == "sdk":
            raise error(401, NOT_FOR_SDK, WWW_Authenticate="Bearer")
        return claims

    def key_or_developer(self, headers):
        claims = self.claims(headers)
        if claims and claims.get("scope") != "sdk":
            return
        if not self.has_key(headers):
            raise error(401, NO_KEY_OR_JWT)

    def sdk(self, headers, user):
        claims = self.claims(headers)
        if claims and claims.get("scope") == "sdk":
            if claims["sub"] != user:
                raise error(403, "Token does not match user_id")
            return
        if not self.has_key(headers):
            raise error(401, NO_SDK_OR_KEY)

    # ---- queue ----

    def accept(self, user, body, fault):
        """puts a batch into the queue; nothing of it has been looked at"""
        task = {"id": str(uuid.uuid4()), "user": user, "body": body, "fault": fault and fault["kind"]}
        with self.lock:
            new = (user, "apple") not in self.world.connections
            if self.options.race and new and self.waiting.get(user):
                self.fated.add(task["id"])
            self.waiting[user] = self.waiting.get(user, 0) + 1
            data = body.get("data") if isinstance(body.get("data"), dict) else {}
            lists = {name: data.get(name) for name in ("records", "sleep", "workouts")}
            items = [item for one in lists.values() if isinstance(one, list) for item in one if isinstance(item, dict)]
            sources = {json.dumps(item.get("source"), sort_keys=True) for item in items} if len(items) < 5000 else ()
            row = {"user_id": user, "run_id": task["id"], "sources": len(sources), "alone": self.waiting[user] == 1,
                   "first": new, **{name: len(one) if isinstance(one, list) else None for name, one in lists.items()}}
            self.log.append(row)
        self.tasks.put((task, row))

    def work(self):
        while True:
            task, row = self.tasks.get()
            self.running.wait()
            if self.options.delay_ms:
                time.sleep(secrets.randbelow(self.options.delay_ms) / 1000)
            try:
                row["outcome"] = self.run(task)
            except Exception as problem:  # a mistake in the fake itself must be seen
                row["outcome"] = f"the fake failed: {problem!r}"
                print(row["outcome"], file=sys.stderr, flush=True)
            finally:
                with self.heard:
                    self.waiting[task["user"]] -= 1
                    self.heard.notify_all()
                self.tasks.task_done()

    def run(self, task):
        user, body, run = task["user"], task["body"], task["id"]
        if user not in self.world.users:
            return "dropped"
        provider = body["provider"].lower()
        told = {"run_id": run, "user_id": user, "provider": provider, "source": "sdk", "started_at": self.stamp()}
        name = provider.capitalize()
        self.tell({**told, "stage": "started", "status": "in_progress", "message": f"{name} batch started",
                   "metadata": {"batch_id": run}})
        if task["fault"] == "stuck" or run in self.fated:
            return "stuck"
        try:
            if task["fault"] == "failed":
                raise BatchFails("Import failed: (psycopg.errors.DeadlockDetected) deadlock detected\n[SQL: INSERT]")
            saved = self.world.take(user, body)
        except BatchFails as problem:
            self.tell({**told, "stage": "failed", "status": "failed", "message": f"{name} batch failed",
                       "error": str(problem), "metadata": {"batch_id": run, "status_code": 400}})
            return "failed"
        if saved is None:
            return "dropped"
        points, workouts, stages, dropped = saved
        counts = {"records_saved": points, "workouts_saved": workouts, "sleep_saved": stages,
                  "dropped_count": dropped}
        message = f"{name} batch saved" + (f" ({dropped} record(s) dropped by validation)" if dropped else "")
        self.tell({**told, "stage": "completed", "status": "success", "message": message, "progress": 1.0,
                   "items_processed": points + workouts + stages, "metadata": {"batch_id": run, **counts}})
        return counts

    def tell(self, told):
        """notes an event of a run, and lets those who listen know"""
        at = self.stamp()
        ended = told["status"] != "in_progress"
        known = {"progress": None, "items_processed": None, "items_total": None, "error": None,
                 "primary_user_id": None, "ended_at": at if ended else None, **told}
        with self.heard:
            runs, events = self.runs.setdefault(told["user_id"], {}), self.events.setdefault(told["user_id"], [])
            runs[told["run_id"]] = {**{k: v for k, v in known.items() if k != "metadata"}, "last_update": at}
            events.append({"event_id": str(uuid.uuid4()), **known, "timestamp": at})
            del events[:-EVENTS_KEPT]
            self.heard.notify_all()

    # ---- XML ----

    def take_xml(self, user, data, name, telling):
        run = "xml_" + secrets.token_hex(8)
        told = {"run_id": run, "user_id": user, "provider": "apple", "source": "xml_import",
                "started_at": self.stamp(), "metadata": {"filename": name}}
        tell = self.tell if telling and user in self.world.users else lambda event: None
        tell({**told, "stage": "processing", "status": "in_progress",
              "message": f"Importing Apple Health XML file {name}"})
        try:
            self.world.take_xml(user, io.BytesIO(data))
        except SyntaxError as problem:
            tell({**told, "stage": "failed", "status": "failed", "error": str(problem.msg),
                  "message": f"Apple Health XML import failed: {name}"})
            return
        tell({**told, "stage": "completed", "status": "success", "message": "Apple Health XML import completed"})
        with self.heard:
            self.heard.notify_all()


ROUTES = []


def route(method, path, kind="read"):
    """a handler of a path; {name} stands for a part of it"""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")

    def add(handle):
        ROUTES.append((method, pattern, kind, handle))
        return handle
    return add


API = "/api/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "uvicorn", ""
    disable_nagle_algorithm = True
    wbufsize = -1

    # ---- the frame of a request ----

    def version_string(self):
        return "fake-s3 (neither Amazon nor another store)" if self.path.startswith("/fake-s3/") else "uvicorn"

    def log_message(self, *_):
        pass

    def log_error(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def serve(self):
        self.body = None
        # The standard library mends a doubled slash; the real server does not know such a path.
        path, _, query = self.requestline.split(" ")[1].partition("?")
        self.query = parse_qs(query, keep_blank_values=True)
        fault = None
        try:
            handle, kind, parts = self.find(path)
            fault = self.hub.faults.meet(kind) if kind != "fake" else None
            self.before(fault)
            self.fault = fault
            answer = handle(self, **parts)
        except Answer as raised:
            answer = raised
        except ConnectionAbortedError:
            self.close_connection = True
            return
        if answer is None:  # it was streamed
            return
        self.drain()
        self.send(answer, fault and fault["kind"])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    @property
    def hub(self):
        return self.server.hub

    def find(self, path):
        allowed = []
        for method, pattern, kind, handle in ROUTES:
            found = pattern.match(path)
            if found and method == self.command:
                return handle, kind, {name: unquote(part) for name, part in found.groupdict().items()}
            if found:
                allowed.append(method)
        if allowed:
            raise error(405, "Method Not Allowed", Allow=", ".join(sorted(set(allowed))))
        bare = path.rstrip("/")
        if bare != path and any(pattern.match(bare) for _, pattern, _, _ in ROUTES):
            raise Answer(307, b"", {"Location": f"http://{self.headers.get('Host')}{bare}"})
        raise error(404, "Not Found")

    def before(self, fault):
        """what a fault does before the request is looked at"""
        if fault is None:
            return
        kind, parameter = fault["kind"], fault["parameter"]
        if kind == "cut":
            self.rfile.read(int(self.headers.get("Content-Length") or 0) // 2)
            self.hang_up()
        if kind == "slow":
            time.sleep(parameter)
        if kind in ("lost", "cut-answer", "garbage", "slow", "failed", "stuck"):
            return
        self.read_body()
        if kind == "hang":
            time.sleep(min(parameter, LONGEST_HANG_S))
            raise Answer(500, b"Internal Server Error", {"Content-Type": "text/plain; charset=utf-8"})
        if kind == "429":
            raise error(429, "Too Many Requests", Retry_After=f"{parameter:g}")
        if kind == "500":
            raise Answer(500, b"Internal Server Error", {"Content-Type": "text/plain; charset=utf-8"})
        if kind in ("401", "403"):
            raise error(int(kind), NO_SDK_OR_KEY if kind == "401" else "Token does not match user_id")
        page = f"<html><head><title>{kind}</title></head><body><center>nginx</center></body></html>".encode()
        raise Answer(int(kind), page, {"Content-Type": "text/html"})

    def hang_up(self):
        """ends the connection without another word"""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        raise ConnectionAbortedError

    def read_body(self):
        if self.body is None:
            if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                self.body = b"".join(parts)
            else:
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length)
                if len(self.body) < length:
                    raise ConnectionAbortedError
        return self.body

    def drain(self):
        try:
            self.read_body()
        except (ValueError, ConnectionAbortedError):
            self.close_connection = True

    def send(self, answer, kind=None):
        body, headers = answer.body, dict(answer.headers)
        if body is None:
            body = b""
        elif not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            headers.setdefault("Content-Type", "application/json")
        status = answer.status
        if kind == "garbage":
            status, body, headers = 200, b"<html>welcome to the hotel network</html>", {"Content-Type": "text/html"}
        if kind == "lost":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "cut-answer":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
            return
        if self.command != "HEAD":
            self.wfile.write(body)

    # ---- reading what was sent ----

    def json(self, empty=False):
        """the body as an object, with the texts of the real server where it is none"""
        body = self.read_body()
        if not body.strip():
            if empty:
                return {}
            raise error(400, "Field required")
        if self.headers.get("Content-Encoding", "identity") != "identity":
            raise error(400, "There was an error parsing the body")
        kind = (self.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            raise error(400, "Input should be a valid dictionary or object to extract fields from")
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise error(400, "Input should be a valid dictionary")
        try:
            value = json.loads(body)
        except UnicodeDecodeError:
            raise error(400, "There was an error parsing the body") from None
        except ValueError as problem:
            raise error(400, f"JSON decode error - {problem.msg}") from None
        if not isinstance(value, dict):
            raise error(400, "Input should be a valid dictionary")
        return value

    def form(self):
        """the fields of a form, urlencoded or in parts: name -> (bytes, file name)"""
        kind, body = self.headers.get("Content-Type") or "", self.read_body()
        if kind.startswith("application/x-www-form-urlencoded"):
            return {k.decode(): (v[-1], None) for k, v in parse_qs(body, keep_blank_values=True).items()}
        if not kind.startswith("multipart/form-data"):
            return {}
        message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = message.get_payload() if message.is_multipart() else []
        return {part.get_param("name", header="content-disposition"):
                (part.get_payload(decode=True), part.get_filename()) for part in parts}

    def asked(self, name, least, most, default):
        text = self.query.get(name, [None])[-1]
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            raise error(400, "Input should be a valid integer, unable to parse string as an integer - "
                             f"invalid literal for int() with base 10: '{text}'") from None
        if value < least:
            raise error(400, f"Input should be greater than or equal to {least}")
        if value > most:
            raise error(400, f"Input should be less than or equal to {most}")
        return value

    def instant(self, name, default=None):
        text = self.query.get(name, [None])[-1]
        if text is None:
            if default is not None:
                return default
            raise error(400, "Field required")
        try:
            return micros(text)
        except Bad:
            raise error(400, f"Invalid datetime format: '{text}'. "
                             "Expected ISO 8601 format or Unix timestamp.") from None

    def user(self, ident):
        """the user of a typed path"""
        try:
            known = str(uuid.UUID(ident))
        except ValueError:
            raise error(400, "Input should be a valid UUID, invalid length: expected length 32 for simple format, "
                             f"found {len(ident)} - invalid length: expected length 32 for simple format, found "
                             f"{len(ident)}") from None
        if known not in self.hub.world.users:
            raise error(404, f"User with ID: {known} not found.")
        return known


# ---- general ----

@route("GET", "/")
def root(_):
    return Answer(200, {"message": "Server is running!"})


@route("POST", API + "/auth/login", "login")
def login(self):
    form = self.form()
    name, password = (form.get(key, (b"", None))[0].decode() for key in ("username", "password"))
    if name != self.hub.options.login or password != self.hub.options.password:
        raise error(401, "Incorrect email or password", WWW_Authenticate="Bearer")
    return Answer(200, self.hub.tokens({"sub": self.hub.developer["id"]}))


@route("POST", API + "/auth/logout", "login")
def logout(self):
    self.hub.developer_only(self.headers)
    return Answer(200, {"message": "Successfully logged out"})


@route("GET", API + "/auth/me", "login")
def me(self):
    self.hub.developer_only(self.headers)
    return Answer(200, self.hub.developer)


@route("POST", API + "/token/refresh", "refresh")
def refresh(self):
    old = self.json().get("refresh_token")
    if old is None:
        raise error(400, "Field required")
    with self.hub.lock:
        claims = self.hub.refresh.pop(old, None) if isinstance(old, str) else None
    if claims is None:
        raise error(401, "Invalid or revoked refresh token", WWW_Authenticate="Bearer")
    return Answer(200, self.hub.tokens(claims))


@route("POST", API + "/token/revoke", "refresh")
def revoke(self):
    with self.hub.lock:
        if self.hub.refresh.pop(self.json().get("refresh_token"), None) is None:
            raise error(404, "Refresh token not found")
    return Answer(204)


@route("POST", API + "/developer/api-keys", "login")
def add_key(self):
    self.hub.developer_only(self.headers)
    return Answer(201, self.hub.add_key(self.json(empty=True).get("name") or "Default"))


@route("GET", API + "/developer/api-keys", "login")
def list_keys(self):
    self.hub.developer_only(self.headers)
    return Answer(200, list(self.hub.keys.values()))


@route("DELETE", API + "/developer/api-keys/{key}", "login")
def drop_key(self, key):
    self.hub.developer_only(self.headers)
    row = self.hub.keys.pop(key, None)
    if row is None:
        raise error(404, f"Apikey with ID: {key} not found.")
    return Answer(200, row)


@route("POST", API + "/developer/api-keys/{key}/rotate", "login")
def rotate_key(self, key):
    drop_key(self, key)
    return Answer(201, self.hub.add_key("Default"))


@route("POST", API + "/applications", "login")
def add_application(self):
    self.hub.developer_only(self.headers)
    name = self.json().get("name")
    if name is None:
        raise error(400, "Field required")
    row = {"id": str(uuid.uuid4()), "app_id": "app_" + secrets.token_hex(16), "name": name,
           "created_at": self.hub.stamp()}
    secret = "secret_" + secrets.token_hex(32)
    self.hub.applications[row["app_id"]] = (row, secret)
    return Answer(201, {**row, "app_secret": secret})


@route("GET", API + "/applications", "login")
def list_applications(self):
    self.hub.developer_only(self.headers)
    return Answer(200, [row for row, _ in self.hub.applications.values()])


@route("DELETE", API + "/applications/{app}", "login")
def drop_application(self, app):
    self.hub.developer_only(self.headers)
    if self.hub.applications.pop(app, None) is None:
        raise error(404, f"Application with ID: {app} not found.")
    return Answer(204)


@route("POST", API + "/applications/{app}/rotate-secret", "login")
def rotate_secret(self, app):
    """broken as in the real one: the new secret is never kept"""
    self.hub.developer_only(self.headers)
    row, _ = self.hub.applications.get(app) or (None, None)
    if row is None:
        raise error(404, f"Application with ID: {app} not found.")
    return Answer(200, {**row, "app_secret": "secret_" + secrets.token_hex(32)})


# ---- users ----

def in_list(hub, user):
    found = [c for (ident, _), c in hub.world.connections.items() if ident == user["id"]]
    last = max(found, key=lambda c: c["last_synced_at"], default=None)
    return {**user, "last_synced_at": last and last["last_synced_at"],
            "last_synced_provider": last and last["provider"],
            "has_active_connection": any(c["status"] == "active" for c in found)}


@route("POST", API + "/users", "users")
def add_user(self):
    self.hub.key_or_developer(self.headers)
    sent = self.json()
    told = {key: sent.get(key) for key in ("first_name", "last_name", "email", "external_user_id")}
    if told["email"] is not None and "@" not in told["email"]:
        raise error(400, "value is not a valid email address: An email address must have an @-sign.")
    if any(value is not None and not isinstance(value, str) for value in told.values()):
        raise error(400, "Input should be a valid string")
    if len(told["external_user_id"] or "") > 255:
        raise error(400, "String should have at most 255 characters")
    with self.hub.lock:
        users = self.hub.world.users
        same = lambda key: told[key] and next((u for u in users.values() if u[key] == told[key]), None)
        if same("external_user_id"):
            return Answer(201, same("external_user_id"))
        if same("email"):
            raise error(409, "User with this email already exists.")
        user = {"id": str(uuid.uuid4()), "created_at": self.hub.stamp(), **told, "last_synced_at": None,
                "last_synced_provider": None, "has_active_connection": False}
        users[user["id"]] = user
    return Answer(201, user)


@route("GET", API + "/users", "users")
def list_users(self):
    self.hub.key_or_developer(self.headers)
    page, limit = self.asked("page", 1, 1 << 31, 1), self.asked("limit", 1, 100, 20)
    rows = [in_list(self.hub, user) for user in self.hub.world.users.values()]
    for key in ("email", "external_user_id"):
        wanted = self.query.get(key, [""])[-1]
        rows = [row for row in rows if not wanted or row[key] == wanted]
    word = self.query.get("search", [""])[-1].lower()
    texts = lambda row: " ".join(str(row[key] or "") for key in ("first_name", "last_name", "email")).lower()
    rows = [row for row in rows if word in texts(row)]
    pages = -(-len(rows) // limit)
    return Answer(200, {"items": rows[(page - 1) * limit:page * limit], "total": len(rows), "page": page,
                        "limit": limit, "pages": pages, "has_next": page < pages, "has_prev": page > 1})


@route("GET", API + "/users/{ident}", "users")
def one_user(self, ident):
    self.hub.key_or_developer(self.headers)
    return Answer(200, self.hub.world.users[self.user(ident)])


@route("PATCH", API + "/users/{ident}", "users")
def change_user(self, ident):
    self.hub.developer_only(self.headers)
    user = self.hub.world.users[self.user(ident)]
    sent = self.json()
    user.update({key: sent[key] for key in ("first_name", "last_name", "email", "external_user_id") if key in sent})
    return Answer(200, user)


@route("DELETE", API + "/users/{ident}", "users")
def drop_user(self, ident):
    self.hub.developer_only(self.headers)
    ident = self.user(ident)
    with self.hub.lock:
        user = self.hub.world.users.pop(ident)
        self.hub.world.forget(ident)
        self.hub.refresh = {k: c for k, c in self.hub.refresh.items() if c["sub"] != ident}
        for key in [key for key in self.hub.world.connections if key[0] == ident]:
            del self.hub.world.connections[key]
    return Answer(200, user)


@route("POST", API + "/users/{ident}/token", "token")
def user_token(self, ident):
    sent = self.json(empty=True)
    app, secret = sent.get("app_id"), sent.get("app_secret")
    if app and secret:
        row, right = self.hub.applications.get(app) or (None, None)
        if row is None or right != secret:
            raise error(401, "Invalid app credentials")
        by = app
    else:
        claims = self.hub.claims(self.headers)
        if claims is None or claims.get("scope") == "sdk":
            raise error(400, NO_APP)
        by = "admin:" + claims["sub"]
    if ident not in self.hub.world.users:
        raise Answer(500, b"Internal Server Error", {"Content-Type": "text/plain; charset=utf-8"})
    return Answer(200, self.hub.tokens({"sub": ident, "scope": "sdk", "app_id": by}))


@route("POST", API + "/users/{ident}/invitation-code", "token")
def invite(self, ident):
    claims = self.hub.developer_only(self.headers)
    ident = self.user(ident)
    code = "".join(secrets.choice(CODE) for _ in range(8))
    until = (self.hub.now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {"id": str(uuid.uuid4()), "code": code, "user_id": ident, "expires_at": until,
           "created_at": self.hub.stamp()}
    with self.hub.lock:
        self.hub.codes = {c: r for c, r in self.hub.codes.items() if r["user_id"] != ident}
        self.hub.codes[code] = {**row, "by": claims["sub"]}
    return Answer(201, row)


@route("POST", API + "/invitation-code/redeem", "redeem")
def redeem(self):
    code = self.json().get("code")
    if code is None:
        raise error(400, "Field required")
    if not isinstance(code, str):
        raise error(400, "Input should be a valid string")
    for wrong, text in ((len(code) < 8, "String should have at least 8 characters"),
                        (len(code) > 8, "String should have at most 8 characters"),
                        (not re.fullmatch("[A-Z2-9]{8}", code), "String should match pattern '^[A-Z2-9]{8}$'")):
        if wrong:
            raise error(400, text)
    with self.hub.lock:
        row = self.hub.codes.pop(code, None)
    if row is None or row["expires_at"] < self.hub.stamp() or row["user_id"] not in self.hub.world.users:
        raise error(404, "Invalid or expired invitation code")
    claims = {"sub": row["user_id"], "scope": "sdk", "app_id": "invite:" + row["by"]}
    return Answer(200, {**self.hub.tokens(claims), "user_id": row["user_id"]})


# ---- sending ----

def taken(user, text):
    return Answer(202, {"status_code": 202, "response": text, "user_id": user, "dropped_count": 0,
                        "records_saved": 0, "workouts_saved": 0, "sleep_saved": 0})


@route("POST", API + "/sdk/users/{ident}/sync", "sync")
def sync(self, ident):
    self.hub.sdk(self.headers, ident)
    body = self.json()
    provider = body.get("provider")
    provider = provider if isinstance(provider, str) else ""
    if provider.lower() not in SUPPORTED:
        raise error(400, f"Unsupported provider: {provider.lower()}. Supported: apple, samsung, google")
    self.hub.accept(ident, body, self.fault)
    return taken(ident, "Import task queued successfully")


@route("POST", API + "/sdk/users/{ident}/logs", "logs")
def logs(self, ident):
    self.hub.sdk(self.headers, ident)
    body = self.json()
    events = body.get("events")
    if events is None or "sdkVersion" not in body:
        raise error(400, "Field required")
    if not isinstance(events, list):
        raise error(400, "Input should be a valid list")
    if not events:
        raise error(400, "List should have at least 1 item after validation, not 0")
    if len(events) > 100:
        raise error(400, f"List should have at most 100 items after validation, not {len(events)}")
    known = ("historical_data_sync_start", "historical_data_type_sync_end", "device_state")
    for event in events:
        kind = event.get("eventType") if isinstance(event, dict) else None
        if kind not in known:
            raise error(400, f"Input tag '{kind}' found using 'eventType' does not match any of the expected tags: "
                             + ", ".join(f"'{word}'" for word in known))
        level = event.get("batteryLevel")
        if isinstance(level, (int, float)) and not 0 <= level <= 1:
            raise error(400, f"Input should be {'greater' if level < 0 else 'less'} than or equal to {int(level > 1)}")
    return taken(ident, "Log events stored successfully")


@route("POST", API + "/users/{ident}/import/apple/xml/direct", "upload")
def xml_direct(self, ident):
    self.hub.key_or_developer(self.headers)
    data, name = self.form().get("file", (None, None))
    if data is None or name is None:
        raise error(400, "Field required")
    threading.Thread(target=self.hub.take_xml, args=(ident, data, name, True), daemon=True).start()
    return Answer(200, {"status": "processing", "task_id": str(uuid.uuid4()), "user_id": ident})


@route("POST", API + "/users/{ident}/import/apple/xml/s3", "upload")
def xml_s3(self, ident):
    self.hub.key_or_developer(self.headers)
    sent = self.json(empty=True)
    for key, least, most, default in (("expiration_seconds", 60, 3600, 300),
                                      ("max_file_size", 1024, 1 << 30, 50 << 20)):
        value = sent.setdefault(key, default)
        if value < least:
            raise error(400, f"Input should be greater than or equal to {least}")
        if value > most:
            raise error(400, f"Input should be less than or equal to {most}")
    name = sent.get("filename") or "export.xml"
    if len(name) > 200:
        raise error(400, "String should have at most 200 characters")
    if not self.hub.options.s3:
        raise error(503, "S3 client not configured")
    key = f"{ident}/raw/{name}"
    until = (self.hub.now() + timedelta(seconds=sent["expiration_seconds"])).strftime("%Y%m%dT%H%M%SZ")
    policy = base64.b64encode(json.dumps({"key": key, "until": until, "most": sent["max_file_size"]}).encode()).decode()
    sign = hmac.new(self.hub.secret, policy.encode(), hashlib.sha256).hexdigest()
    fields = {"Content-Type": "application/xml", "key": key, "x-amz-algorithm": "AWS4-HMAC-SHA256",
              "x-amz-date": until, "policy": policy, "x-amz-signature": sign}
    self.hub.uploads[key] = (ident, fields)
    return Answer(200, {"upload_url": f"http://{self.headers.get('Host')}/fake-s3/open-wearables",
                        "form_fields": fields, "file_key": key, "expires_in": sent["expiration_seconds"],
                        "max_file_size": sent["max_file_size"], "bucket": "open-wearables"})


def s3_error(status, code, text):
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


def s3_store(self, key, policy, sign, data):
    """checks the signature and what it allows, keeps the file, and tells the server as a bucket does"""
    right = hmac.new(self.hub.secret, (policy or "").encode(), hashlib.sha256).hexdigest()
    if not policy or not hmac.compare_digest(right, sign or ""):
        raise s3_error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    allowed = json.loads(base64.b64decode(policy))
    if allowed["key"] != key:
        raise s3_error(403, "AccessDenied", "Invalid according to Policy: key")
    if allowed["until"] < self.hub.now().strftime("%Y%m%dT%H%M%SZ"):
        raise s3_error(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    if len(data) > allowed["most"]:
        raise s3_error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    user, _ = self.hub.uploads[key]
    threading.Thread(target=self.hub.take_xml, args=(user, data, key.rsplit("/", 1)[-1], False), daemon=True).start()


@route("POST", "/fake-s3/{bucket}", "upload")
def s3_form(self, bucket):
    form = self.form()
    if list(form)[-1:] != ["file"]:
        raise s3_error(400, "InvalidArgument", "POST requires exactly one file upload per request, as the last field.")
    text = {name: value.decode(errors="replace") for name, (value, _) in form.items() if name != "file"}
    _, fields = self.hub.uploads.get(text.get("key")) or (None, {})
    missing = [name for name in fields if text.get(name) != fields[name]]
    if missing:
        raise s3_error(403, "AccessDenied", f"Invalid according to Policy: {missing[0]}")
    s3_store(self, text.get("key"), text.get("policy"), text.get("x-amz-signature"), form["file"][0])
    return Answer(204)


@route("PUT", "/fake-s3/{bucket}/{user}/raw/{name}", "upload")
def s3_put(self, bucket, user, name):
    asked = lambda key: self.query.get(key, [None])[-1]
    s3_store(self, f"{user}/raw/{name}", asked("policy"), asked("x-amz-signature"), self.read_body())
    return Answer(200)


# ---- runs ----

def known_user(self, ident):
    self.hub.key_or_developer(self.headers)
    if ident not in self.hub.world.users:
        raise error(404, "User not found")


@route("GET", API + "/users/{ident}/sync/runs", "runs")
def runs(self, ident):
    known_user(self, ident)
    with self.hub.lock:
        rows = list(self.hub.runs.get(ident, {}).values())[::-1]
    return Answer(200, rows[:self.asked("limit", 1, 200, 20)])


@route("GET", API + "/users/{ident}/sync/recent", "runs")
def recent(self, ident):
    known_user(self, ident)
    with self.hub.lock:
        rows = self.hub.events.get(ident, [])[::-1]
    return Answer(200, rows[:self.asked("limit", 1, 200, 50)])


@route("GET", API + "/sync/runs", "runs")
def all_runs(self):
    self.hub.key_or_developer(self.headers)
    with self.hub.lock:
        rows = [run for runs in self.hub.runs.values() for run in runs.values()]
    rows.sort(key=lambda run: run["last_update"], reverse=True)
    for name in ("user_id", "provider", "status", "source"):
        wanted = self.query.get(name, [None])[-1]
        rows = [row for row in rows if wanted in (None, row[name])]
    return Answer(200, rows[:self.asked("limit", 1, 200, 50)])


@route("GET", API + "/users/{ident}/sync/stream", "stream")
def stream(self, ident):
    known_user(self, ident)
    replay = self.asked("replay", 1, 200, 20)
    self.send_response(200)
    for name, value in (("Content-Type", "text/event-stream; charset=utf-8"), ("X-Accel-Buffering", "no"),
                        ("Cache-Control", "no-cache, no-transform"), ("Transfer-Encoding", "chunked")):
        self.send_header(name, value)
    self.end_headers()

    def say(text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    say(": connected\n\n")
    with self.hub.heard:
        events = self.hub.events.setdefault(ident, [])
        seen = {event["event_id"] for event in events[:-replay]}
    while True:
        with self.hub.heard:
            fresh = [event for event in self.hub.events[ident] if event["event_id"] not in seen]
            if not fresh and not self.hub.heard.wait(SSE_PAUSE_S):
                fresh = None
        if fresh is None:
            say(": heartbeat\n\n")
        for event in fresh or ():
            seen.add(event["event_id"])
            say(f"event: sync.status\ndata: {json.dumps(event)}\n\n")


# ---- reading ----

@route("GET", API + "/users/{ident}/summaries/data")
def summary(self, ident):
    self.hub.key_or_developer(self.headers)
    limits = [self.instant(name, -1) for name in ("start_date", "end_date")]
    return Answer(200, self.hub.world.counts(ident, *[None if limit == -1 else limit for limit in limits]))


def page(rows, cursor, limit, key):
    """a page of rows, which stand in their order, and the paging object"""
    start = 0
    if cursor is not None:
        try:
            start = int(base64.urlsafe_b64decode(cursor.encode()).decode().split("|")[1])
        except (ValueError, IndexError):
            raise error(400, f"Invalid cursor format: '{cursor}'. Expected 'timestamp|id'.") from None
    shown = rows[start:start + limit]
    more = start + limit < len(rows)
    mark = lambda at: base64.urlsafe_b64encode(f"{key(rows[at - 1])}|{at}".encode()).decode()
    return shown, {"next_cursor": mark(start + limit) if more else None,
                   "previous_cursor": mark(start) if start else None, "has_more": more, "total_count": len(rows)}


@route("GET", API + "/users/{ident}/timeseries")
def timeseries(self, ident):
    self.hub.key_or_developer(self.headers)
    start, end = self.instant("start_time"), self.instant("end_time")
    day = 86_400_000_000
    end += day if end % day == 0 else 0
    types = set(self.query.get("types", []))
    unknown = sorted(types - set(SERIES))
    if unknown:
        raise error(400, "Input should be " + ", ".join(f"'{code}'" for code in SERIES))
    limit = self.asked("limit", 1, 100, 50)
    rows = list(self.hub.world.points(ident, start, end, types or None))
    shown, paging = page(rows, self.query.get("cursor", [None])[-1], limit, lambda row: row[0])
    meta = {"resolution": self.query.get("resolution", [None])[-1], "sample_count": len(shown),
            "start_time": self.query["start_time"][-1], "end_time": self.query["end_time"][-1]}
    return Answer(200, {"data": [self.hub.world.point(row) for row in shown], "pagination": paging,
                        "metadata": meta})


def events_page(self, ident, kind):
    self.hub.key_or_developer(self.headers)
    start, end = self.instant("start_date"), self.instant("end_date")
    rows = self.hub.world.events(ident, kind, start, end)
    wanted = self.query.get("record_type", [None])[-1]
    rows = [row for row in rows if wanted is None or row.get("type", "").lower() == wanted.lower()]
    shown, paging = page(rows, self.query.get("cursor", [None])[-1], self.asked("limit", 1, 100, 50),
                         lambda row: row["start_time"])
    return Answer(200, {"data": shown, "pagination": paging,
                        "metadata": {"resolution": None, "sample_count": len(shown)}})


@route("GET", API + "/users/{ident}/events/workouts")
def workouts(self, ident):
    return events_page(self, ident, "workout")


@route("GET", API + "/users/{ident}/events/sleep")
def nights(self, ident):
    return events_page(self, ident, "sleep")


@route("DELETE", API + "/users/{ident}/events/workouts/{event}", "delete")
def drop_workout(self, ident, event):
    self.hub.key_or_developer(self.headers)
    if not self.hub.world.delete_event(ident, "workout", event):
        raise error(404, "Workout not found")
    return Answer(204)


@route("DELETE", API + "/users/{ident}/events/sleep/{event}", "delete")
def drop_night(self, ident, event):
    self.hub.key_or_developer(self.headers)
    if not self.hub.world.delete_event(ident, "sleep", event):
        raise error(404, "Sleep session not found")
    return Answer(204)


@route("GET", API + "/users/{ident}/data-sources")
def sources(self, ident):
    self.hub.key_or_developer(self.headers)
    rows = self.hub.world.data_sources(ident)
    return Answer(200, {"items": rows, "total": len(rows)})


@route("GET", API + "/users/{ident}/connections")
def connections(self, ident):
    self.hub.key_or_developer(self.headers)
    return Answer(200, [c for (user, _), c in self.hub.world.connections.items() if user == ident])


def connection(self, ident, provider):
    self.hub.key_or_developer(self.headers)
    found = self.hub.world.connections.get((ident, provider))
    if found is None:
        raise error(404, f"Connection with ID: {ident} not found.")
    return found


@route("DELETE", API + "/users/{ident}/connections/{provider}", "delete")
def disconnect(self, ident, provider):
    connection(self, ident, provider)["status"] = "revoked"
    return Answer(204)


@route("DELETE", API + "/users/{ident}/connections/{provider}/data", "delete")
def drop_data(self, ident, provider):
    connection(self, ident, provider)
    self.hub.world.forget(ident, provider)
    return Answer(204)


@route("GET", API + "/meta/coverage")
def coverage(self):
    rows = [{"code": code, "unit": unit, "providers": ["apple"]} for code, (_, unit, _) in SERIES.items()]
    return Answer(200, {"providers": list(SUPPORTED), "timeseries": [{"name": "all", "metrics": rows}]})


# ---- what is the fake's alone ----

@route("GET", "/fake/state", "fake")
def fake_state(self):
    return Answer(200, state_of(self.hub, "digest" in self.query))


def state_of(hub, digest=False):
    hub.tasks.join()
    users = []
    for user in hub.world.users.values():
        state = hub.world.state(user["id"])
        if digest:
            state["timeseries"] = points_hash(state["timeseries"])
        users.append({"id": user["id"], "external_user_id": user["external_user_id"], "state": state})
    return {"users": users, "faults": hub.faults.fired}


def points_hash(rows):
    """a hash of points whatever their order: the sum of the hashes of all"""
    total = 0
    for row in rows:
        text = json.dumps(row, ensure_ascii=False).encode()
        total += int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
    return {"rows": len(rows), "hash": f"{total % (1 << 128):032x}"}


@route("GET", "/fake/log", "fake")
def fake_log(self):
    self.hub.tasks.join()
    with self.hub.lock:
        return Answer(200, [] if "settle" in self.query else list(self.hub.log))


@route("POST", "/fake/faults", "fake")
def fake_faults(self):
    self.hub.faults = Faults(json.loads(self.read_body()))
    return Answer(200, {})


@route("POST", "/fake/clock", "fake")
def fake_clock(self):
    self.hub.ahead_s += float(json.loads(self.read_body())["ahead_s"])
    self.hub.world.close_old()
    return Answer(200, {"now": self.hub.stamp()})


@route("POST", "/fake/worker", "fake")
def fake_worker(self):
    running = json.loads(self.read_body())["running"]
    (self.hub.running.set if running else self.hub.running.clear)()
    return Answer(200, {})


class Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, ValueError)):
            super().handle_error(request, client_address)


def start(options):
    http = Http(("127.0.0.1", options.port), Handler)
    http.hub = Server(options)
    return http


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--login", default="admin@admin.com")
    parser.add_argument("--password", default="your-secure-password")
    parser.add_argument("--api-key", default=None)
    parser.add_argument("--token-life", type=int, default=3600, help="seconds")
    parser.add_argument("--clock-skew", type=float, default=0, help="seconds that the server's clock is ahead")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--delay-ms", type=int, default=0, help="at most so long until a batch is looked at")
    parser.add_argument("--no-race", dest="race", action="store_false", help="a user's first batches may come at once")
    parser.add_argument("--s3", action="store_true", help="an object store is configured")
    parser.add_argument("--until-eof", action="store_true")
    parser.add_argument("--dump", help="where the state is written in the end")
    parser.add_argument("--replay", metavar="FOLDER")
    options = parser.parse_args()
    http = start(options)
    if options.replay:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        import open_wearables_replay
        sys.exit(open_wearables_replay.play(http, options.replay))
    url = f"http://127.0.0.1:{http.server_address[1]}"
    key = next(iter(http.hub.keys))
    print(json.dumps({"url": url, "api_key": key, "login": options.login, "password": options.password}), flush=True)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        if options.until_eof:
            sys.stdin.read()
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    if options.dump:
        with open(options.dump, "w", encoding="utf-8") as out:
            json.dump(state_of(http.hub), out, ensure_ascii=False)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
