#!/usr/bin/env python3
"""Measures the real window and writes docs/benchmarks-window.md: scripts/bench-window.py [--quick]

Beside each figure stands what the webview alone needs for the same, measured in the same run: an empty page in WebKit's own
small browser, a picture that is there already, a page that has nothing to do. The export is made by
tests/tools/make_export.py: five million records, more than 2 GB of XML. --quick takes a debug build and few records, and
writes nothing. It needs what ./test installs, the page's packages, and a computer that does nothing else.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

from driver import MINI_BROWSER, Window

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
MIB = 1 << 20
SIZE = (1180, 800)
BLANK = "<!doctype html><title>Empty</title><p id='there'>Empty"
# A window that nothing is asked of any more: by then caches are filled and what was thrown away is given back.
IDLE_SECONDS = 15

# Times from an act to the frame after the picture it asked for: a new picture, and two frames.
MEASURE = """
const still = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))
const picture = () => document.querySelector('[data-testid=chart] svg')
async function timed(act) {
  const before = picture(), from = performance.now()
  act()
  while (picture() === before || picture() === null) {
    if (performance.now() - from > 5000) return null
    await new Promise((go) => { const c = new MessageChannel(); c.port1.onmessage = go; c.port2.postMessage(0) })
  }
  await still()
  return performance.now() - from
}
"""

# How late a page is that wants to be asked every four milliseconds: what is longer was held up.
RECORDER = """
window.gaps = []; let last = performance.now()
const tick = () => { const now = performance.now(); window.gaps.push(now - last); last = now; if (window.gaps) setTimeout(tick, 4) }
setTimeout(tick, 4); return 1
"""


def build(quick):
    subprocess.run(["npm", "run", "--silent", "build"], check=True, cwd=ROOT / "ui", stdout=subprocess.DEVNULL)
    kind = [] if quick else ["--release"]
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--all-features", *kind], check=True, cwd=ROOT)
    return TARGET / ("debug" if quick else "release") / "vitalog"


def make(work, records):
    file = work / "export.zip"
    options = ["--records", str(records), "--truth-daily", "none", "--quiet", "--out", str(file)]
    tool = ROOT / "tests/tools/make_export.py"
    subprocess.run([sys.executable, tool, *options, "--truth", str(work / "truth.json")], check=True)
    return file, json.loads((work / "truth.json").read_text())["totals"]["records_top_level"]


def fill(program, folder, file):
    command = [program, "--data-dir", folder, "--quiet", "import", file]
    done = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 4):
        sys.exit(f"bench-window: the import ended with {done.returncode}")


def p95(values):
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]


def open_window(program, folder, *more):
    return Window(program, ["--data-dir", folder, "open", *more])


def forget_files():
    """Empties the system's cache, where that is allowed; says whether it is."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def starts(program, folder, blank, rounds, cold):
    """Seconds until the first chart can be seen, and until an empty page is there."""
    ours, alone = [], []
    for _ in range(rounds):
        if cold:
            forget_files()
        with open_window(program, folder) as window:
            window.wait("the first chart", "return document.querySelector('main svg[role=img], .crop svg') !== null")
            window.painted()
            ours.append(time.perf_counter() - window.started)
        if cold:
            forget_files()
        with empty_window(blank) as window:
            alone.append(time.perf_counter() - window.started)
    return statistics.median(ours), p95(ours), statistics.median(alone)


def empty_window(blank):
    window = Window(MINI_BROWSER, ["--automation"])
    window.call("url", {"url": blank.as_uri()})
    window.wait("the empty page", "return document.getElementById('there') !== null")
    window.painted()
    return window


def memory(window):
    time.sleep(IDLE_SECONDS)
    return window.memory()


def switches(window, rounds):
    """Milliseconds from a range to its chart, on the screens that have most to draw."""
    taken = []
    for place in ("heart", "sleep", "activity", "type/heart_rate"):
        window.visit(f"#/{place}?range=month")
        window.wait("the chart", "return document.querySelector('[data-testid=chart] svg') !== null")
        script = MEASURE + f"""
        (async () => {{
          const taken = []
          for (let i = 0; i < {rounds}; i++) for (const range of ['day', 'week', 'month', 'half_year', 'year', 'all'])
            if (!location.hash.endsWith('=' + range))
              taken.push(await timed(() => (location.hash = '#/{place}?range=' + range)))
          done(taken)
        }})()"""
        taken += whole(window.run_long(script), place, 1)
    return taken


def moves(window, rounds, sideways):
    """Milliseconds from a turn of the wheel to its chart: sideways it moves the days, else it changes how many."""
    window.visit("#/type/heart_rate?range=year")
    window.wait("the chart", "return document.querySelector('[role=slider]') !== null")
    delta = "deltaX: i % 2 ? 100 : -100" if sideways else "ctrlKey: true, deltaY: i % 4 < 2 ? -100 : 100"
    script = MEASURE + f"""
    (async () => {{
      const taken = []
      for (let i = 0; i < {rounds}; i++) {{
        // The window takes one turn in 140 ms.
        await new Promise((go) => setTimeout(go, 160))
        const at = document.querySelector('[role=slider]'), box = at.getBoundingClientRect()
        const turn = {{ bubbles: true, cancelable: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, {delta} }}
        taken.push(await timed(() => at.dispatchEvent(new WheelEvent('wheel', turn))))
      }}
      done(taken)
    }})()"""
    # A turn to where the days end changes nothing; more than a few of these are a mistake of this script.
    return whole(window.run_long(script), "the wheel", 0.7)


def letters(window, rounds):
    """Milliseconds from a letter in the palette to the frame with its list."""
    window.visit("#/overview")
    script = MEASURE + f"""
    (async () => {{
      dispatchEvent(new KeyboardEvent('keydown', {{ key: 'k', ctrlKey: true, bubbles: true, cancelable: true }}))
      const field = () => document.querySelector('dialog[open] [role=combobox]')
      while (field() === null) await still()
      const taken = []
      for (let i = 0; i < {rounds}; i++) for (const text of ['h', 'he', 'hea', 'hear', 'heart', '']) {{
        await still()
        const from = performance.now()
        field().value = text
        field().dispatchEvent(new InputEvent('input', {{ bubbles: true }}))
        await still()
        taken.push(performance.now() - from)
      }}
      field().closest('dialog').close()
      done(taken)
    }})()"""
    return window.run_long(script)


def whole(taken, what, share):
    """The times of what led to a chart within five seconds, which at least this share has to."""
    found = [ms for ms in taken if ms is not None]
    if len(found) < share * len(taken):
        sys.exit(f"bench-window: {what}: only {len(found)} of {len(taken)} led to a chart")
    return found


def shown_again(window, rounds):
    """The same for a picture that the page has already: what the webview needs to put it there."""
    window.visit("#/type/heart_rate?range=year")
    window.wait("the chart", "return document.querySelector('[data-testid=chart] svg') !== null")
    script = MEASURE + f"""
    (async () => {{
      const taken = [], box = document.querySelector('[data-testid=chart]'), svg = box.innerHTML
      for (let i = 0; i < {rounds}; i++) taken.push(await timed(() => (box.innerHTML = svg)))
      done(taken)
    }})()"""
    return window.run_long(script)


def importing(program, work, file):
    """An import in the window: how long the page was held up, and when the first chart was there."""
    folder = work / "fresh"
    with open_window(program, folder, file) as window:
        window.run(RECORDER)
        window.wait("the report", "return document.querySelector('[data-testid=report]') !== null", 900)
        gaps = window.run("const gaps = window.gaps; window.gaps = null; return gaps")
        window.visit("#/heart?range=month")
        window.wait("the first chart", "return document.querySelector('[data-testid=chart] svg') !== null")
        window.painted()
        return gaps, time.perf_counter() - window.started


def held_up_alone(program, work, file, blank):
    """An empty page while the same import runs on the command line: what the computer does to any page."""
    with empty_window(blank) as window:
        window.run(RECORDER)
        other = threading.Thread(target=fill, args=(program, work / "beside", file))
        other.start()
        other.join()
        return window.run("const gaps = window.gaps; window.gaps = null; return gaps")


def long(gaps):
    return [gap for gap in gaps if gap > 50]


def figures(program, work, records, rounds):
    file, records = make(work, records)
    folder, blank = work / "data", work / "empty.html"
    blank.write_text(BLANK)
    fill(program, folder, file)
    cold = starts(program, folder, blank, rounds, True) if forget_files() else None
    warm = starts(program, folder, blank, rounds, False)
    with empty_window(blank) as window:
        alone_bytes = memory(window)
    with open_window(program, folder) as window:
        window.resize(*SIZE)
        window.visit("#/overview")
        idle = memory(window)
        ranges, again = switches(window, rounds), shown_again(window, 10 * rounds)
        pans, zooms = moves(window, 4 * rounds, True), moves(window, 4 * rounds, False)
        typed = letters(window, rounds)
        used = memory(window)
    gaps, first = importing(program, work, file)
    alone_gaps = held_up_alone(program, work, file, blank)
    ms = lambda value: f"{value:.0f}"
    mib = lambda value: f"{value / MIB:.0f}"
    held = lambda gaps: f"{len(long(gaps))}, the longest {max(gaps, default=0):.0f}"
    begun = lambda what, of, bar: [
        (f"{what} to the first chart that can be seen, median, s", f"{of[0]:.2f}", f"{of[2]:.2f}", bar),
        (f"the same, p95 of {rounds}, s", f"{of[1]:.2f}", "", ""),
    ]
    return records, [
        *(begun("cold start", cold, "1.5") if cold else []),
        *begun("start", warm, "" if cold else "1.5"),
        ("another range to its chart, median, ms", ms(statistics.median(ranges)), ms(statistics.median(again)), ""),
        (f"the same, p95 of {len(ranges)}, ms", ms(p95(ranges)), ms(p95(again)), "100"),
        (f"other days by the wheel (pan), p95 of {len(pans)}, ms", ms(p95(pans)), ms(p95(again)), ""),
        (f"more or fewer days by the wheel (zoom), p95 of {len(zooms)}, ms", ms(p95(zooms)), ms(p95(again)), ""),
        (f"a letter in the palette to its list, p95 of {len(typed)}, ms", ms(p95(typed)), "", "50"),
        ("memory of program and webview, idle, MiB", mib(idle), mib(alone_bytes), "350"),
        ("the same after all these charts, MiB", mib(used), "", ""),
        ("page held up over 50 ms during the import: how often, ms", held(gaps), held(alone_gaps), "0"),
        ("start with a file to the first chart of it, s", f"{first:.1f}", "", "10"),
    ]


def table(rows):
    lines = ["| what | measured | webview alone | bar |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main():
    quick = "--quick" in sys.argv[1:]
    program = build(quick)
    with tempfile.TemporaryDirectory() as name:
        records, rows = figures(program, Path(name), *((50_000, 2) if quick else (5_000_000, 10)))
    words = f"""# Benchmarks of the window

Made by `scripts/bench-window.py`, {date.today()}, {os.cpu_count()} cores, no GPU, {platform.system()} {platform.machine()}:
the window of a release build, driven from outside, on {records:,} records (more than 2 GB of XML). "Webview alone" is what
the same costs without Vitalog, in the same run: an empty page in WebKit's own browser, started and idle; a chart that is
there already, put into the page once more; an empty page while the same import runs on the command line. A cold start is
one after the system's cache of files was emptied. Held up is what asked for its turn every 4 ms and waited longer than 50.

"""
    print(table(rows))
    if not quick:
        (ROOT / "docs/benchmarks-window.md").write_text(words + table(rows))


if __name__ == "__main__":
    main()
