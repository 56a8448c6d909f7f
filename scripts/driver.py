"""The window under a WebDriver, on a screen that nobody sees: what scripts/pictures.py and scripts/bench-window.py share.

Everything that is started runs in one process group, which ends with the window. It needs what ./test installs.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from base64 import b64decode
from pathlib import Path

PATIENCE = 120
MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"


def wait(what, look, seconds=PATIENCE, pause=0.02):
    """Asks again and again until the answer is something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(pause)
    raise SystemExit(f"waited in vain for {what}")


class Window:
    """A program in its window; `with` ends it."""

    def __init__(self, program, arguments=(), theme="light", screen=(1280, 900)):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.place = tempfile.mkdtemp()
        places = {name: self.place for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        look = {"GTK_THEME": "Adwaita:dark" if theme == "dark" else "Adwaita"}
        environment = {**os.environ, **places, **look, "TAURI_WEBVIEW_AUTOMATION": "true", "LANG": "C.UTF-8"}
        environment.pop("DISPLAY", None)
        environment.setdefault("TZ", "UTC")
        size = "x".join(map(str, screen))
        run = f"openbox & exec WebKitWebDriver --port={self.port}"
        command = ["dbus-run-session", "--", "xvfb-run", "-a", "-s", f"-screen 0 {size}x24", "sh", "-c", run]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
        wait("the driver", self.is_ready)
        options = {"binary": str(program), "args": list(map(str, arguments))}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self.started = time.perf_counter()
        self.session = self.request("POST", "/session", wanted)["sessionId"]
        self.call("timeouts", {"script": PATIENCE * 1000})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A group that is asked first ends its programs in order; what is left after that is ended.
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def is_ready(self):
        try:
            return self.request("GET", "/status")["ready"]
        except OSError:
            return False

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def call(self, what, body):
        return self.request("POST", f"/session/{self.session}/{what}", body)

    def run(self, script):
        """Runs a script in the page and returns what it returns."""
        return self.call("execute/sync", {"script": script, "args": []})

    def run_long(self, script):
        """The same for a script that calls `done`."""
        return self.call("execute/async", {"script": f"const done = arguments[0]; {script}", "args": []})

    def wait(self, what, script, seconds=PATIENCE):
        return wait(what, lambda: self.run(script), seconds)

    def painted(self):
        self.run_long("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))")

    def visit(self, address):
        """Goes to an address of the page and waits until nothing is loaded any more."""
        self.run(f"location.hash = {json.dumps(address)}")
        self.painted()
        loaded = "const main = document.querySelector('main'); return main.querySelector('h1') && !main.innerText.includes('Loading')"
        self.wait(address, loaded)
        self.painted()

    def resize(self, width, height):
        """Gives the page a size; frames around it take their own room."""
        asked = [width, height]

        def fits():
            self.call("window/rect", {"width": asked[0], "height": asked[1]})
            time.sleep(0.1)
            found = self.run("return [innerWidth, innerHeight]")
            asked[0] += width - found[0]
            asked[1] += height - found[1]
            return found == [width, height]

        wait("the size of the window", fits)

    def picture(self):
        self.painted()
        return b64decode(self.request("GET", f"/session/{self.session}/screenshot"))

    def members(self):
        """The processes of the window: the program and its webview, without screen, bus and driver."""
        group, found = self.process.pid, []
        ours = ("vitalog", "MiniBrowser", "WebKitWebProces", "WebKitNetworkPr", "WebKitGPUProces")
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
                if int(rest.split()[3]) == group and name in ours:
                    found.append((name, folder))
            except (OSError, ValueError, IndexError):
                # It has ended meanwhile.
                continue
        return found

    def memory(self):
        """Bytes that these processes hold: what several share is counted in shares."""
        total = 0
        for _, folder in self.members():
            try:
                lines = (folder / "smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total
