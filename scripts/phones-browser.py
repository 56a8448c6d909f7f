#!/usr/bin/env python3
"""What a web page in a real Chromium can do to a receiver on the same computer: nothing but pair where somebody asked it to.

    scripts/phones-browser.py --program target/release/vitalog

A page of another origin tries thirty ways to reach the receiver, some of them with a token that it should never have had.
What it could read is told by the page, what it could write by the store. A name that suddenly leads to this computer (DNS
rebinding) gets no page at all, and the receiver's own page for pairing works in the same browser. Exit code 77 where there
is no Chromium. Nothing leaves this computer.
"""

import argparse
import html
import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
NONE_HERE = 77
# A browser that asks nobody else: no updates, no names looked up, nothing in the background.
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--virtual-time-budget=20000", "--dump-dom"]

# Each way ends in a word: what the page could read, or that it could not.
PAGE = """<!doctype html><title>Elsewhere</title><pre id="told"></pre><script>
const at = 'http://127.0.0.1:%(port)d', token = '%(token)s', body = %(body)s
const held = (work) => Promise.race([work, new Promise((go) => setTimeout(() => go('nothing came'), 3000))])
const read = async (answer) => answer.type === 'opaque' ? 'opaque' : `${answer.status} ${(await answer.text()).slice(0, 80)}`
const ask = (path, how) => fetch(at + path, how).then(read, () => 'failed')
const bearer = { Authorization: `Bearer ${token}` }, json = { 'Content-Type': 'application/json' }
const sync = '/api/apple-health/sync'
const element = (name, set) => new Promise((go) => {
  const made = document.createElement(name)
  made.onload = () => go('loaded'); made.onerror = () => go('failed')
  set(made); document.body.append(made)
})
const form = (path, type, method = 'POST') => new Promise((go) => {
  const frame = document.createElement('iframe'); frame.name = `f${Math.random()}`; document.body.append(frame)
  const made = document.createElement('form'); Object.assign(made, { action: at + path, method, enctype: type, target: frame.name })
  const field = document.createElement('input'); field.name = 'code'; field.value = body; made.append(field); document.body.append(made)
  frame.onload = () => { try { go(frame.contentDocument ? 'empty' : 'hidden') } catch { go('hidden') } }
  made.submit()
})
const frame = (path) => element('iframe', (made) => (made.src = at + path)).then(() => {
  try { return document.querySelector('iframe:last-of-type').contentDocument?.body.innerText ?? 'hidden' } catch { return 'hidden' }
})
const ways = {
  'post, with a token': () => ask(sync, { method: 'POST', headers: { ...bearer, ...json }, body }),
  'post, as a form would': () => ask(sync, { method: 'POST', body }),
  'post, not to be read': () => ask(sync, { method: 'POST', mode: 'no-cors', body }),
  'post, with cookies': () => ask(sync, { method: 'POST', mode: 'no-cors', credentials: 'include', body }),
  'post, without referrer': () => ask(sync, { method: 'POST', mode: 'no-cors', referrerPolicy: 'no-referrer', body }),
  'post, kept alive': () => ask(sync, { method: 'POST', mode: 'no-cors', keepalive: true, body }),
  'post, a key in the header': () => ask('/api/health-data', { method: 'POST', headers: { 'X-API-Key': token, ...json }, body }),
  'post, to Health Auto Export': () => ask('/api/hae', { method: 'POST', headers: { 'X-API-Key': token, ...json }, body }),
  'put': () => ask(sync, { method: 'PUT', headers: bearer, body }),
  'delete': () => ask('/api/v1/users/x/connections', { method: 'DELETE', headers: bearer }),
  'options': () => ask(sync, { method: 'OPTIONS' }),
  'get, with a token': () => ask('/api/deliveries', { headers: bearer }),
  'get, of health': () => ask('/health'),
  'get, of the pairing page': () => ask('/pair'),
  'get, not to be read': () => ask('/api/deliveries', { mode: 'no-cors' }),
  'redeem a code': () => ask('/api/v1/invitation-code/redeem', { method: 'POST', headers: json, body: '{"code":"%(code)s"}' }),
  'redeem a code, as text': () => ask('/api/v1/invitation-code/redeem', { method: 'POST', mode: 'no-cors', body: '{"code":"%(code)s"}' }),
  'an old request': () => new Promise((go) => {
    const made = new XMLHttpRequest(); made.open('POST', at + sync); made.setRequestHeader('Authorization', `Bearer ${token}`)
    made.onload = () => go(`${made.status} ${made.responseText.slice(0, 80)}`); made.onerror = () => go('failed'); made.send(body)
  }),
  'a beacon': async () => (navigator.sendBeacon(at + sync, body), 'sent'),
  'a beacon of JSON': async () => (navigator.sendBeacon(at + sync, new Blob([body], { type: 'text/plain' })), 'sent'),
  'events': () => new Promise((go) => {
    const made = new EventSource(at + '/api/deliveries/events'); made.onopen = () => go('open'); made.onerror = () => (made.close(), go('failed'))
  }),
  'a socket': () => new Promise((go) => {
    const made = new WebSocket(at.replace('http', 'ws') + '/api/deliveries'); made.onopen = () => go('open'); made.onerror = () => go('failed')
  }),
  'a form': () => form('/pair', 'application/x-www-form-urlencoded'),
  'a form in parts': () => form(sync, 'multipart/form-data'),
  'a form of text': () => form(sync, 'text/plain'),
  'a form that gets': () => form('/pair', 'application/x-www-form-urlencoded', 'GET'),
  'a frame': () => frame('/pair'),
  'a picture': () => element('img', (made) => (made.src = at + '/pair')),
  'a script': () => element('script', (made) => (made.src = at + '/api/deliveries')),
  'a style': () => element('link', (made) => Object.assign(made, { rel: 'stylesheet', href: at + '/pair' })),
}
const told = {}
;(async () => {
  for (const [name, way] of Object.entries(ways)) told[name] = await held(way().catch(() => 'failed'))
  document.getElementById('told').textContent = JSON.stringify(told)
})()
</script>"""
# Words of a page that could neither read nor run anything. What it sent is looked for in the store.
NOTHING = {"failed", "opaque", "hidden", "sent", "nothing came"}


def shared():
    """The receiver that `phones-security.py` starts, and what it sends."""
    spec = importlib.util.spec_from_file_location("security", HERE / "phones-security.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def browser():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def dom(address, folder, *options):
    """The page as it stands when its time is over."""
    command = [browser(), *QUIET, f"--user-data-dir={folder}", *options, address]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def serve(page, asked=None):
    """One page for everybody, at a port of its own; `asked` hears every request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            if asked is not None:
                asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page.encode())))
            for what in ("Origin", "Headers", "Methods"):
                self.send_header(f"Access-Control-Allow-{what}", "Authorization, Content-Type, X-API-Key" if what == "Headers" else "*")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page.encode())

        do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def tried(port, token, code, security, folder):
    """What the page of another origin says of every way."""
    body = json.dumps(security.beats(0, 1).decode())
    page = PAGE % {"port": port, "token": token, "code": code, "body": body}
    found = re.search(r'<pre id="told">(.*?)</pre>', dom(f"http://127.0.0.1:{serve(page)}/", folder), re.S)
    told = json.loads(html.unescape(found.group(1)) or "{}") if found else {}
    return told, {name: word for name, word in told.items() if word not in NOTHING}


def whoever_lets_them(_, security, folder):
    """The page itself can: a server that allows everything is read and written."""
    asked = []
    told, read = tried(serve("<p>read", asked), "token", "CODE", security, folder)
    wrote = sum(line.startswith("POST") for line in asked)
    return f"{len(told)} ways, {len(read)} read something, {wrote} wrote something", len(read) >= 10 and wrote >= 12


def elsewhere(server, security, folder):
    token, code = server.token("healthsync", "Stolen"), security.invite(server)
    told, read = tried(server.port, token, code, security, folder)
    devices = [row["name"] for row in server.verb("devices", "list")]
    written = server.samples() + len(server.verb("deliveries"))
    good = len(told) == 30 and not read and written == 0 and devices == ["Stolen"]
    return f"{len(told)} ways, {len(read)} read something {read or ''}, {written} wrote something", good


def rebound(server, _, folder):
    page = dom(f"http://evil.example:{server.port}/pair", folder, "--host-resolver-rules=MAP evil.example 127.0.0.1")
    return f"{len(page)} B", "<form" not in page and "misdirected" in page.lower()


def own(server, _, folder):
    page = dom(f"http://127.0.0.1:{server.port}/pair", folder)
    return f"{len(page)} B", "<form" in page


CHECKS = [("a server that allows it", whoever_lets_them), ("a page of another origin", elsewhere), ("a name that leads here", rebound), ("the receiver's own page", own)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    if browser() is None:
        print("There is no Chromium here: nothing was tried.")
        sys.exit(NONE_HERE)
    os.environ["TZ"] = "Europe/Berlin"
    security, failed = shared(), False
    for name, check in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            server = security.Server(str(Path(arguments.program).resolve()), folder + "/data")
            server.start()
            try:
                told, good = check(server, security, folder + "/browser")
            finally:
                server.kill()
        failed |= not good
        print(f"{name:26} {'ok' if good else 'FAILED':7} {told}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
