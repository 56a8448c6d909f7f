"""open_wearables_replay.py - holds the fake Open Wearables server against what a real one was seen to do.

First the shared vectors, each for a fresh user and twice, compared with expected-server-state.json; then statements of
the protocol that no vector has: who may call what, tokens, codes, the race, what loses a batch, nights, faults. Run by
`fake_open_wearables.py --replay FOLDER`. Standard library only.
"""
import http.client
import json
import os
import threading
import time
from urllib.parse import urlencode, urlsplit

API = "/api/v1"
LONGEST_S = 60
FROM, UNTIL = "start_date=2000-01-01", "end_date=2100-01-01"


class Client:
    """one connection a request, as several clients would come"""

    def __init__(self, http_server):
        self.hub = http_server.hub
        self.port = http_server.server_address[1]
        self.key = {"X-Open-Wearables-API-Key": next(iter(self.hub.keys))}
        self.wrong = []

    def ask(self, method, path, body=None, headers=(), raw=None, kind="application/json"):
        """status, JSON or text, headers; status 0 where the connection ended without an answer"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": kind, **dict(headers)} if data is not None
                               else dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        except (ConnectionError, http.client.HTTPException):
            return 0, None, {}
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text), dict(answer.getheaders())
        except ValueError:
            return answer.status, text.decode(errors="replace"), dict(answer.getheaders())

    def check(self, what, got, expected):
        if got != expected:
            self.wrong.append(f"{what}:\n  got      {got}\n  expected {expected}")

    def says(self, what, answer, status, detail):
        self.check(what, (answer[0], answer[1].get("detail") if isinstance(answer[1], dict) else answer[1]),
                   (status, detail))

    def user(self, name):
        return self.ask("POST", API + "/users", {"external_user_id": name}, self.key)[1]["id"]

    def sync(self, user, body, headers=None):
        return self.ask("POST", f"{API}/sdk/users/{user}/sync", body, headers or self.key)

    def settle(self):
        self.hub.tasks.join()

    def runs(self, user):
        self.settle()
        return self.ask("GET", f"{API}/users/{user}/sync/runs", headers=self.key)[1]

    def state(self, user):
        self.settle()
        return json.loads(json.dumps(self.hub.world.state(user)))

    def counts(self, user):
        self.settle()
        return self.ask("GET", f"{API}/users/{user}/summaries/data", headers=self.key)[1]

    def faults(self, *orders):
        self.ask("POST", "/fake/faults", list(orders))


def batch(records=(), sleep=(), workouts=(), **more):
    return {"provider": "apple", "sdkVersion": "0.9.0", "syncTimestamp": "2026-11-20T09:00:00Z",
            "data": {"records": list(records), "sleep": list(sleep), "workouts": list(workouts)}, **more}


def record(start="2026-11-18T08:00:00Z", value=61, kind="HeartRate", name="Ann's Apple Watch", **more):
    return {"type": "HKQuantityTypeIdentifier" + kind, "startDate": start, "endDate": start, "zoneOffset": "+01:00",
            "source": {"name": name, "deviceModel": "Watch7,3"}, "value": value, "unit": "x", **more}


def stage(word, start, end, name="Watch", **more):
    at = lambda clock: f"2026-11-{'17' if clock > '12' else '18'}T{clock}:00Z"
    return {"stage": word, "startDate": at(start), "endDate": at(end), "zoneOffset": "+01:00",
            "source": {"name": name}, **more}


def play(http_server, folder):
    client = Client(http_server)
    count = vectors(client, folder)
    for statement in STATEMENTS:
        client.faults()
        statement(client)
    for wrong in client.wrong:
        print(wrong)
    print(f"{count} vectors, {len(STATEMENTS)} groups of statements, {len(client.wrong)} differences")
    return 1 if client.wrong else 0


# ---- the shared vectors ----

def in_order(rows):
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) if isinstance(rows, list) else rows


def vectors(client, folder):
    with open(os.path.join(folder, "expected-server-state.json"), encoding="utf-8") as file:
        stories = json.load(file)["vectors"]
    for name, story in stories.items():
        user = client.user(name)
        for again in (False, True):
            for n, post in enumerate(story["posts"]):
                with open(os.path.join(folder, post["file"]), encoding="utf-8") as file:
                    status, answer, _ = client.sync(user, json.load(file))
                body = {key: value for key, value in answer.items() if key != "user_id"}
                client.check(f"{name}, status", status, story["replay"]["http_status"][n] if again
                             else post["http_status"])
                client.check(f"{name}, answer", body, post["body"])
                if not again and "run" in post:
                    client.settle()
                    run = client.ask("GET", f"{API}/users/{user}/sync/recent", headers=client.key)[1][0]
                    run["metadata"].pop("batch_id")
                    client.check(f"{name}, run", {key: run[key] for key in post["run"]}, post["run"])
            state = client.state(user)
            for key, expected in story["state"].items():
                client.check(f"{name}, {key}{', again' if again else ''}", in_order(state[key]), in_order(expected))
    return len(stories)


# ---- statements ----

def transport(client):
    user = client.user("transport")
    sync = f"{API}/sdk/users/{user}/sync"
    raw = lambda data, kind="application/json", **more: client.ask("POST", sync, raw=data, kind=kind,
                                                                    headers={**client.key, **more})
    client.says("no body", raw(b""), 400, "Field required")
    client.says("broken JSON", raw(b"{nope"), 400,
                "JSON decode error - Expecting property name enclosed in double quotes")
    client.says("a list", raw(b"[]"), 400, "Input should be a valid dictionary")
    client.says("plain text", raw(b"{}", kind="text/plain"), 400, "Input should be a valid dictionary")
    client.says("compressed", raw(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), 400,
                "There was an error parsing the body")
    client.says("no provider", raw(b"{}"), 400, "Unsupported provider: . Supported: apple, samsung, google")
    client.says("another provider", client.sync(user, {"provider": "Garmin"}), 400,
                "Unsupported provider: garmin. Supported: apple, samsung, google")
    client.says("no path", client.ask("GET", API + "/nowhere"), 404, "Not Found")
    status, answer, headers = client.ask("GET", sync, headers=client.key)
    client.check("another method", (status, answer, headers.get("Allow")), (405, {"detail": "Method Not Allowed"},
                                                                           "POST"))
    status, _, headers = client.ask("GET", API + "/users/", headers=client.key)
    client.check("a slash at the end", (status, urlsplit(headers.get("Location", "")).path), (307, API + "/users"))
    client.says("a doubled slash", client.ask("GET", "//api/v1/users", headers=client.key), 404, "Not Found")
    answer = client.ask("GET", API + "/users/abc", headers=client.key)
    text = "Input should be a valid UUID, invalid length: expected length 32 for simple format, found 3"
    client.check("a bad id", (answer[0], answer[1]["detail"][:len(text)]), (400, text))
    client.says("a large page", client.ask("GET", API + "/users?limit=101", headers=client.key), 400,
                "Input should be less than or equal to 100")
    series = f"{API}/users/{user}/timeseries?"
    client.says("no range", client.ask("GET", series, headers=client.key), 400, "Field required")
    client.says("a bad date", client.ask("GET", series + "start_time=yesterday&end_time=0", headers=client.key), 400,
                "Invalid datetime format: 'yesterday'. Expected ISO 8601 format or Unix timestamp.")
    client.says("a bad cursor", client.ask("GET", series + "start_time=0&end_time=1&cursor=zzz", headers=client.key),
                400, "Invalid cursor format: 'zzz'. Expected 'timestamp|id'.")
    client.check("reachable", client.ask("GET", "/")[:2], (200, {"message": "Server is running!"}))


def sign_in(client, user):
    """headers of a developer, headers of the SDK, and the answers that they came from"""
    form = urlencode({"username": client.hub.options.login, "password": client.hub.options.password}).encode()
    login = client.ask("POST", API + "/auth/login", raw=form, kind="application/x-www-form-urlencoded")[1]
    developer = {"Authorization": "Bearer " + login["access_token"]}
    told = client.ask("POST", f"{API}/users/{user}/token", headers=developer)[1]
    return developer, {"Authorization": "bearer " + told["access_token"]}, login, told


def credentials(client):
    user = client.user("credentials")
    developer, sdk, login, told = sign_in(client, user)
    no_jwt, none = "Authentication required: provide JWT token or API key", {}
    sync = lambda headers, ident=user: client.sync(ident, batch(), headers or {"X": "y"})
    client.check("shape of a login", sorted(login), ["access_token", "expires_in", "refresh_token", "token_type"])
    client.says("a wrong password", client.ask("POST", API + "/auth/login", {"username": "x"}), 401,
                "Incorrect email or password")
    no_sdk = "Authentication required: provide SDK token or API key"
    client.says("sync by nobody", sync(none), 401, no_sdk)
    client.says("sync by a developer", sync(developer), 401, no_sdk)
    client.check("sync by key and SDK", [sync(client.key)[0], sync(sdk)[0]], [202, 202])
    client.says("sync by a wrong key", sync({"X-Open-Wearables-API-Key": "sk-no"}), 401, "Invalid or missing API key")
    client.says("the documents' header", sync({"X-API-Key": client.key["X-Open-Wearables-API-Key"]}), 401, no_sdk)
    client.says("another user", sync(sdk, client.user("another")), 403, "Token does not match user_id")
    client.says("the same in capitals", sync(sdk, user.upper()), 403, "Token does not match user_id")
    client.check("a key and nobody's id", sync(client.key, "abc")[0], 202)
    read = f"{API}/users/{user}/summaries/data"
    client.says("reading by nobody", client.ask("GET", read), 401, no_jwt)
    client.says("reading by SDK", client.ask("GET", read, headers=sdk), 401, no_jwt)
    client.check("reading", [client.ask("GET", read, headers=by)[0] for by in (developer, client.key)], [200, 200])
    invite = f"{API}/users/{user}/invitation-code"
    client.says("inviting by key", client.ask("POST", invite, headers=client.key), 401,
                "Could not validate credentials")
    client.says("inviting by SDK", client.ask("POST", invite, headers=sdk), 401,
                "SDK tokens cannot access this endpoint")
    token = f"{API}/users/{user}/token"
    no_app = "Either app credentials (app_id, app_secret) or admin authentication (Bearer token) is required"
    for name, headers in (("nobody", none), ("key", client.key), ("SDK", sdk)):
        client.says(f"a token by {name}", client.ask("POST", token, headers=headers), 400, no_app)
    app = client.ask("POST", API + "/applications", {"name": "desk"}, developer)[1]
    pair = {key: app[key] for key in ("app_id", "app_secret")}
    client.check("a token by app", client.ask("POST", token, pair)[0], 200)
    client.says("a wrong secret", client.ask("POST", token, {**pair, "app_secret": "no"}, developer), 401,
                "Invalid app credentials")
    fresh = client.ask("POST", f"{API}/applications/{app['app_id']}/rotate-secret", headers=developer)[1]
    client.check("a rotated secret is never kept", [
        client.ask("POST", token, {**pair, "app_secret": secret})[0]
        for secret in (fresh["app_secret"], app["app_secret"])], [401, 200])
    client.check("a token of nobody", client.ask("POST", API + "/users/nobody/token", headers=developer)[:2],
                 (500, "Internal Server Error"))
    refresh = lambda old: client.ask("POST", API + "/token/refresh", {"refresh_token": old})
    new = refresh(told["refresh_token"])
    client.check("a refresh", (new[0], sorted(new[1])), (200, sorted(login)))
    client.says("refreshed twice", refresh(told["refresh_token"]), 401, "Invalid or revoked refresh token")
    client.says("refreshed by an access token", refresh(told["access_token"]), 401, "Invalid or revoked refresh token")
    client.check("the newer one lives", refresh(new[1]["refresh_token"])[0], 200)
    client.says("no refresh token", client.ask("POST", API + "/token/refresh", {}), 400, "Field required")
    revoke = lambda: client.ask("POST", API + "/token/revoke", {"refresh_token": login["refresh_token"]})
    client.check("revoked", revoke()[0], 204)
    client.says("revoked twice", revoke(), 404, "Refresh token not found")
    client.check("the old access token still works", [sync(sdk)[0], client.ask("GET", read, headers=developer)[0]],
                 [202, 200])
    client.ask("POST", "/fake/clock", {"ahead_s": client.hub.options.token_life + 1})
    client.says("an old access token", sync(sdk), 401, no_sdk)
    client.check("an old token beside a key", sync({**sdk, **client.key})[0], 202)


def codes(client):
    user = client.user("codes")
    developer, _, _, _ = sign_in(client, user)
    invite = lambda: client.ask("POST", f"{API}/users/{user}/invitation-code", headers=developer)
    redeem = lambda code: client.ask("POST", API + "/invitation-code/redeem", {"code": code})
    first, second = invite()[1]["code"], invite()[1]["code"]
    gone = "Invalid or expired invitation code"
    client.says("a voided code", redeem(first), 404, gone)
    told = redeem(second)
    client.check("a code", (told[0], told[1]["user_id"]), (200, user))
    client.says("a code twice", redeem(second), 404, gone)
    client.says("small letters", redeem("abcdefgh"), 400, "String should match pattern '^[A-Z2-9]{8}$'")
    client.says("a short code", redeem("ABC"), 400, "String should have at least 8 characters")
    client.says("nobody's code", redeem("IIIIOOOO"), 404, gone)
    late = invite()[1]["code"]
    client.ask("POST", "/fake/clock", {"ahead_s": 8 * 86400})
    client.says("a code after 8 days", redeem(late), 404, gone)


def users(client):
    first = client.ask("POST", API + "/users", {"external_user_id": "twin", "email": "a@b.c"}, client.key)
    again = client.ask("POST", API + "/users", {"external_user_id": "twin", "first_name": "X"}, client.key)
    client.check("got or created", (again[0], again[1]), (201, first[1]))
    client.says("the same e-mail", client.ask("POST", API + "/users", {"email": "a@b.c"}, client.key), 409,
                "User with this email already exists.")
    client.says("no e-mail", client.ask("POST", API + "/users", {"email": "abc"}, client.key), 400,
                "value is not a valid email address: An email address must have an @-sign.")
    user = first[1]["id"]
    client.sync(user, batch())
    client.settle()
    one = client.ask("GET", f"{API}/users/{user}", headers=client.key)[1]
    listed = client.ask("GET", API + "/users?external_user_id=twin", headers=client.key)[1]["items"][0]
    client.check("only the list knows", (one["has_active_connection"], listed["has_active_connection"],
                                         listed["last_synced_provider"]), (False, True, "apple"))
    nobody = "00000000-0000-0000-0000-000000000000"
    client.says("nobody", client.ask("GET", f"{API}/users/{nobody}", headers=client.key), 404,
                f"User with ID: {nobody} not found.")


def race(client):
    user = client.user("race")
    client.ask("POST", "/fake/worker", {"running": False})
    answers = [client.sync(user, batch([record(f"2026-11-18T0{n}:00:00Z")]))[0] for n in range(4)]
    client.ask("POST", "/fake/worker", {"running": True})
    told = sorted(run["status"] for run in client.runs(user))
    client.check("four first batches at once", (answers, told, client.counts(user)["total_data_points"]),
                 ([202] * 4, ["in_progress"] * 3 + ["success"], 1))
    user = client.user("no race")
    client.sync(user, batch())
    client.settle()
    threads = [threading.Thread(target=client.sync, args=(user, batch([record(f"2026-11-18T0{n}:00:00Z")])))
               for n in range(8)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    client.check("eight after the first", client.counts(user)["total_data_points"], 8)


def lost_batches(client):
    user = client.user("lost batches")
    good = record("2026-11-18T09:00:00Z")
    long = lambda n: "n" * n
    overflow = "Import failed: (psycopg.errors.NumericValueOutOfRange)"
    too_long = "Import failed: (psycopg.errors.StringDataRightTruncation)"
    workout = lambda **more: {"type": "running", "startDate": "2026-11-18T08:00:00Z", "endDate": "2026-11-18T09:00:00Z",
                              "source": {"name": "W"}, **more}
    speed = [{"type": "maxSpeed", "value": 1000, "unit": "m/s"}]
    for what, body, text in (
            ("10^7", batch([good, record(value=1e7)]), overflow),
            ("just below, rounded", batch([good, record(value=9999999.9996)]), overflow),
            ("a long name", batch([good, record(name=long(101))]), too_long),
            ("a long id", batch([good, record(id=long(101))]), too_long),
            ("a zone's name", batch([good, record(zoneOffset="Europe/Warsaw")]),
             "Validation failed: String should have at most 10 characters"),
            ("a workout's long name", batch([good], workouts=[workout(source={"name": long(65)})]), too_long),
            ("a fast workout", batch([good], workouts=[workout(values=speed)]), overflow),
            ("no list", batch(data={"records": None}), "Validation failed: Input should be a valid list"),
            ("a list of data", batch(data=[]),
             "Validation failed: Input should be a valid dictionary or instance of SyncRequestData"),
            ("a bad stamp", batch([good], syncTimestamp="never"),
             "Validation failed: Input should be a valid datetime")):
        client.check(what + ", status", client.sync(user, body)[0], 202)
        run = client.runs(user)[0]
        client.check(what, (run["status"], run["error"][:len(text)], client.counts(user)["total_data_points"]),
                     ("failed", text, 0))
    for what, value in (("9999999.999", 9999999.999), ("a name of 100", 1)):
        client.sync(user, batch([record(value=value, name=long(100))]))
        client.check(what, client.runs(user)[0]["status"], "success")


def points(client):
    user = client.user("points")
    tell = lambda *records: (client.sync(user, batch(records)), client.settle())
    values = lambda: [(row[0], row[2], row[3]) for row in client.state(user)["timeseries"]]
    at = "2026-11-18T08:00:00Z"
    tell(record(value=60, id="a"), record(value=61.00049, id="b"))
    tell(record(value=62.1234, id="c"))
    client.check("the last one of an instant stays", values(), [(at, "heart_rate", 62.123)])
    tell(record(at, 1, name="Other"), record("2026-11-18T08:00:00.250Z", 2))
    client.check("sources and fractions are told apart", len(values()), 3)
    user = client.user("units")
    for n, (kind, sent, unit, kept) in enumerate((
            ("BodyFatPercentage", 0.215, "%", 21.5), ("Height", 1.7, "m", 170.0), ("OxygenSaturation", 0.97, "%", 0.97),
            ("DistanceWalkingRunning", 1.2, "km", 1.2), ("BloodGlucose", 5.5, "mmol/L", 99.1),
            ("WaistCircumference", 0.86, "m", 0.86))):
        tell(record(f"2026-11-18T0{n}:00:00Z", sent, kind, unit=unit))
        client.check(kind, values()[-1][2], kept)
    before = len(values())
    tell(record(kind="DietaryWater"), {**record(), "type": "heart_rate"})
    run = client.runs(user)[0]
    client.check("types without a series vanish silently", (run["message"], run["items_processed"], len(values())),
                 ("Apple batch saved", 0, before))
    tell(record("2026-11-18 12:00:00 +0100"), record("2026-11-18T12:00:00+0100"), record("2026-11-18 13:00:00+01:00"),
         record(value=True), record(value="abc"), record(value=float("nan")), record(source="Watch"),
         record(metadata="x"), {k: v for k, v in record().items() if k != "unit"}, None)
    client.check("spellings of a date, and what is dropped", client.runs(user)[0]["message"],
                 "Apple batch saved (8 record(s) dropped by validation)")
    client.sync(user, {**batch([record()]), "provider": "APPLE"})
    client.settle()
    by = {row["provider"]: row["data_points"] for row in client.counts(user)["by_provider"]}
    client.check("a provider in capitals", by.get("apple", 0) > 0 and set(by) <= {"apple", "unknown"}, True)


def sleep(client):
    night = [stage("in_bed", "22:00", "06:00"), stage("light", "22:10", "03:00"), stage("awake", "03:00", "03:05"),
             stage("deep", "03:05", "04:05"), stage("rem", "04:05", "05:05"), stage("light", "05:05", "05:50")]
    user = client.user("night")
    shown = lambda: client.state(user)["sleep"]
    client.sync(user, batch(sleep=night))
    told = shown()[0]
    client.check("stages tell the night", (told["start_time"][11:16], told["end_time"][11:16], told["stages"],
                                           told["sleep_duration_seconds"], told["efficiency_percent"]),
                 ("22:10", "05:50", {"awake_minutes": 5, "light_minutes": 335, "deep_minutes": 60, "rem_minutes": 60},
                  27300, 94.79))
    first = client.ask("GET", f"{API}/users/{user}/events/sleep?{FROM}&{UNTIL}", headers=client.key)[1]["data"][0]["id"]
    client.sync(user, batch(sleep=night))
    client.check("sent again the same", shown(), [told])
    again = client.ask("GET", f"{API}/users/{user}/events/sleep?{FROM}&{UNTIL}", headers=client.key)[1]["data"][0]["id"]
    client.check("but by another id", first == again, False)
    user = client.user("two sources")
    both = [stage("sleeping", "23:00", "06:00", "A"), stage("sleeping", "23:30", "06:30", "B")]
    client.sync(user, batch(sleep=both))
    client.check("in one batch one session", [s["source"]["source"] for s in shown()], ["A"])
    user = client.user("two batches")
    for one in both:
        client.sync(user, batch(sleep=[one]))
        client.settle()
    client.check("in two batches two", [s["source"]["source"] for s in shown()], ["A", "B"])
    user = client.user("gaps")
    client.sync(user, batch(sleep=[stage("light", "23:00", "01:00"), stage("light", "03:00", "04:00"),
                                   stage("light", "06:01", "07:00")]))
    client.check("exactly two hours join", [(s["start_time"][11:16], s["end_time"][11:16]) for s in shown()],
                 [("23:00", "04:00"), ("06:01", "07:00")])
    user = client.user("awake")
    client.sync(user, batch(sleep=[stage("awake", "23:00", "23:30"), stage("HKCategoryValueSleepAnalysisAwake", "01:00",
                                                                           "02:00")]))
    client.check("awake opens nothing", (shown(), client.runs(user)[0]["items_processed"]), ([], 2))
    user = client.user("open")
    now = client.hub.now()
    fresh = {**stage("light", "01:00", "02:00"), "startDate": int(now.timestamp()) - 7200,
             "endDate": int(now.timestamp()) - 3600}
    client.sync(user, batch(sleep=[fresh]))
    client.check("not yet readable", shown(), [])
    client.ask("POST", "/fake/clock", {"ahead_s": 3600})
    client.check("two hours later", len(shown()), 1)


def workouts(client):
    user = client.user("workouts")
    one = lambda **more: {"type": "running", "startDate": "2026-11-18T08:00:00Z", "endDate": "2026-11-18T08:30:00Z",
                          "zoneOffset": "+01:00", "source": {"name": "W", "deviceModel": "Watch7,3"}, **more}
    value = lambda kind, amount, unit="x": {"type": kind, "value": amount, "unit": unit}
    values = [value("duration", 1800.9), value("activeEnergyBurned", 300.5), value("basalEnergyBurned", 40),
              value("distance", 5000), value("averageHeartRate", 141.6), value("averageMETs", 8.1)]
    client.sync(user, batch(workouts=[one(values=values, id="x")]))
    client.settle()
    client.sync(user, batch(workouts=[one(values=[value("distance", 9)], type="walking", id="y")]))
    shown = lambda: client.state(user)["workouts"]
    keys = ("type", "duration_seconds", "calories_kcal", "distance_meters", "avg_heart_rate_bpm")
    client.check("the first one stays", [tuple(row[key] for key in keys) for row in shown()],
                 [("running", 1800, 340.5, 5000.0, 142)])
    client.check("a statistic is a point at the end", client.state(user)["timeseries"][0][:4],
                 ["2026-11-18T08:30:00Z", "+01:00", "average_met", 8.1])
    event = client.ask("GET", f"{API}/users/{user}/events/workouts?{FROM}&{UNTIL}", headers=client.key)[1]["data"][0]
    drop = lambda: client.ask("DELETE", f"{API}/users/{user}/events/workouts/{event['id']}", headers=client.key)
    client.check("taken away", drop()[0], 204)
    client.says("twice", drop(), 404, "Workout not found")
    client.sync(user, batch(workouts=[one(type="HKWorkoutActivityTypeRunning", values=[])]))
    client.check("Apple's own word is other", [row["type"] for row in shown()], ["other"])
    client.sync(user, batch(sleep=[{"stage": "light", "startDate": "2026-11-18T08:00:00Z",
                                    "endDate": "2026-11-18T08:30:00Z", "source": one()["source"]}]))
    client.check("a night of a workout's times is lost", client.state(user)["sleep"], [])


def faults(client):
    user = client.user("faults")
    client.sync(user, batch())
    client.settle()
    orders = ["500@1", "502@2", "429@3:7", "cut@4", "lost@5", "cut-answer@6", "failed@7", "stuck@8", "garbage@9"]
    client.faults(*orders)
    told = [client.sync(user, batch([record(f"2026-11-18T1{n}:00:00Z")])) for n in range(10)]
    client.check("statuses", [answer[0] for answer in told], [500, 502, 429, 0, 0, 0, 202, 202, 200, 202])
    client.check("when to come again", told[2][2].get("Retry-After"), "7")
    stored = [row[0][11:13] for row in client.state(user)["timeseries"]]
    client.check("what was stored all the same", stored, ["14", "15", "18", "19"])
    client.check("faults met", [fired["order"] for fired in client.ask("GET", "/fake/state")[1]["faults"]], orders)
    client.faults("refresh/lost@1")
    old = sign_in(client, user)[3]["refresh_token"]
    client.check("a refresh whose answer is lost", [
        client.ask("POST", API + "/token/refresh", {"refresh_token": old})[0] for _ in range(2)], [0, 401])


def xml(client):
    user = client.user("xml")
    text = b"""<HealthData locale="en_US"><Record type="HKQuantityTypeIdentifierBodyMass" sourceName="Scale" unit="lb"
        startDate="2026-11-18 08:00:00 +0100" endDate="2026-11-18 08:00:00 +0100" value="158"/></HealthData>"""
    part = lambda name, data, file="": (f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
                                        + data + b"\r\n")
    form = lambda *parts: dict(raw=b"".join(parts) + b"--b--\r\n", kind="multipart/form-data; boundary=b")
    path = f"{API}/users/{user}/import/apple/xml/direct"
    client.says("another field", client.ask("POST", path, headers=client.key, **form(part("x", text))), 400,
                "Field required")
    file = '; filename="export.xml"'
    client.check("direct", client.ask("POST", path, headers=client.key, **form(part("file", text, file)))[0], 200)
    until(client, lambda: status(client, user) == "success")
    client.check("no unit, no name", client.state(user)["timeseries"],
                 [["2026-11-18T07:00:00Z", None, "weight", 158.0, "kg", "apple_health_xml", None, None]])
    client.ask("POST", path, headers=client.key, **form(part("file", b"PK\x03\x04", file)))
    until(client, lambda: status(client, user) == "failed")
    client.check("an archive", client.runs(user)[0]["error"], "not well-formed (invalid token): line 1, column 2")
    client.check("no connection", client.ask("GET", f"{API}/users/{user}/connections", headers=client.key)[1], [])
    presign = f"{API}/users/{user}/import/apple/xml/s3"
    client.says("no object store", client.ask("POST", presign, {}, client.key), 503, "S3 client not configured")
    client.hub.options.s3 = True
    told = client.ask("POST", presign, {"max_file_size": 2048}, client.key)[1]
    fields = [part(name, value.encode()) for name, value in told["form_fields"].items()]
    url = urlsplit(told["upload_url"]).path
    post = lambda *parts: client.ask("POST", url, **form(*parts))
    client.check("a field is missing", post(*fields[1:], part("file", text, file))[0], 403)
    client.check("too large", post(*fields, part("file", b"x" * 3000, file))[0], 400)
    more = text.replace(b"158", b"159")
    answer = post(*fields, part("file", more, file))
    client.check("uploaded", (answer[0], "fake-s3" in answer[2].get("Server", "")), (204, True))
    until(client, lambda: client.state(user)["timeseries"][0][3] == 159.0)


def status(client, user):
    """of the newest run"""
    runs = list(client.hub.runs.get(user, {}).values())
    return runs[-1]["status"] if runs else None


def until(client, holds):
    """waits for a worker of the fake, which says when it did something; one that never ends is a difference"""
    late = time.monotonic() + LONGEST_S
    with client.hub.heard:
        while not holds():
            if time.monotonic() > late:
                client.wrong.append("something never came to an end")
                return
            client.hub.heard.wait(1)


def listening(client):
    user = client.user("listening")
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    connection.request("GET", f"{API}/users/{user}/sync/stream", headers=client.key)
    answer = connection.getresponse()
    client.check("a stream", (answer.status, answer.getheader("Content-Type")),
                 (200, "text/event-stream; charset=utf-8"))
    client.check("the first line", answer.readline(), b": connected\n")
    client.sync(user, batch([record()]))
    lines = []
    while sum(line.startswith("data: ") for line in lines) < 2:
        lines.append(answer.readline().decode().rstrip("\n"))
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    client.check("events", [(event["stage"], event["status"]) for event in events],
                 [("started", "in_progress"), ("completed", "success")])
    client.check("one run", events[0]["run_id"] == events[1]["metadata"]["batch_id"], True)
    connection.close()
    client.says("replay=0", client.ask("GET", f"{API}/users/{user}/sync/stream?replay=0", headers=client.key), 400,
                "Input should be greater than or equal to 1")


STATEMENTS = [transport, credentials, codes, users, race, lost_batches, points, sleep, workouts, faults, xml, listening]
