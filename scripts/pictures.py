#!/usr/bin/env python3
"""Makes the pictures in docs/screens/ and the page that shows them: scripts/pictures.py [--release] [--keep FOLDER]

Every screen with the data of a made-up person, whose days never change, light and dark, in the size that the window has at
first. Besides, one sheet with all screens for each of these: a small window, a page at twice its size, no data, and ten
years of them. Look at every one before it goes into the repository; --keep leaves the single pictures of the sheets in a
folder. VITALOG_PICTURES_AT is the private address that phones are shown to find. It needs what ./test installs, and a built
page in ui/dist.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from driver import Window

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = ROOT / "docs/screens"
SIZE = (1180, 800)
SMALL = (1024, 700)
# More would not be seen.
COLOURS = 160
PERSON = ["--end", "2026-11-01", "--seed", "1"]
DAYS = 730
TEN_YEARS = 3653

# Sheets: name, what they show, size of the window, size of the page, days of data.
SHEETS = [
    ("small", "In a window of 1024 x 700", SMALL, 1, DAYS),
    ("double", "At 200 %", SIZE, 2, DAYS),
    ("empty", "Without data", SIZE, 1, 0),
    ("ten-years", "With ten years of data", SIZE, 1, TEN_YEARS),
]
# A sheet is for an overview; what is on it can be read when it is looked at in its size.
SHEET_COLOURS = 224
TILE = 560

# Name, address, title, and a script that shows what the page does not show at first.
DATA = "document.querySelector('[data-testid=data]').scrollIntoView(); return 1"
SCREENS = [
    ("overview", "#/overview?range=week", "Overview", ""),
    ("sleep-night", "#/sleep?range=day", "Sleep: a night", ""),
    ("sleep-month", "#/sleep?range=month", "Sleep: a month", ""),
    ("heart", "#/heart?range=month", "Heart", ""),
    ("activity", "#/activity?range=month", "Activity", ""),
    ("workouts", "#/workouts", "Workouts", ""),
    ("workout", "{workout}", "One workout", ""),
    ("body", "#/body?range=year", "Body", ""),
    ("vitals", "#/vitals?range=month", "Vitals", ""),
    ("mobility", "#/mobility?range=half_year", "Mobility", ""),
    ("hearing", "#/hearing?range=month", "Hearing", ""),
    ("nutrition", "#/nutrition?range=month", "Nutrition", ""),
    ("cycle", "#/cycle?range=half_year", "Cycle", ""),
    ("medications", "#/medications", "An area without rows", ""),
    ("mind", "#/mind?range=half_year", "Mind", ""),
    ("types", "#/types", "All types", ""),
    ("type", "#/type/step_count?range=month", "One type", ""),
    ("compare", "#/compare?range=year", "Compare", ""),
    ("compare-periods", "#/compare?range=month&by=periods", "Compare: two times", ""),
    ("compare-years", "#/compare?range=year&by=years", "Compare: years", ""),
    ("query", "#/query", "Query", "[...document.querySelectorAll('main button')].at(-1).click(); return 1"),
    ("import", "#/import", "Import", ""),
    ("sources", "#/sources", "Sources and quality", ""),
    ("settings", "#/settings", "Settings", ""),
    ("data", "#/settings", "Settings: data", DATA),
    ("about", "#/about", "About", ""),
    ("phone", "#/phone", "Phone sync: off", ""),
    ("servers", "#/servers", "Servers, which are still to come", ""),
]
FIRST = ("first", "The first start")
# With phones that have sent something: what they say and when is of the day on which the pictures are made.
PHONES = [("phones", "Phone sync: on"), ("pairing", "Phone sync: letting a phone in")]
BUTTON = "[...document.querySelectorAll('main button')].find((it) => it.textContent.trim() === '{}').click(); return 1"


def build(release):
    kind = ["--release"] if release else []
    for arguments in (["--all-features", "--bin", "vitalog"], ["-p", "app", "--example", "make_export"]):
        subprocess.run(["cargo", "build", "--locked", "--quiet", *kind, *arguments], check=True, cwd=ROOT)
    return TARGET / ("release" if release else "debug")


def fill(built, work, days):
    """A data folder with the person, or an empty one."""
    # The settings show where the data lie: a place of the same name each time.
    folder = work / f"data-{days}"
    if days > 0 and not folder.exists():
        export = work / "export.zip"
        subprocess.run([built / "examples/make_export", export, *PERSON, "--days", str(days)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([built / "vitalog", "--data-dir", folder, "--quiet", "import", export], stdout=subprocess.DEVNULL)
        export.unlink()
    return folder


def longest_route(built, folder):
    """The workout with most to show."""
    command = [built / "vitalog", "--data-dir", folder, "workouts", "--json"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return max(rows, key=lambda row: row["route_points"])["id"]


def few_colours(picture, file, colours):
    """Keeps a picture with few colours: text and areas of a window have no more."""
    options = ["-dither", "None", "-colors", str(colours), "-strip", "-define", "png:compression-level=9"]
    subprocess.run(["convert", "png:-", *options, f"png8:{file}"], check=True, input=picture)


def keep(picture, name, theme):
    few_colours(picture, FOLDER / f"{name}-{theme}.png", COLOURS)


def keep_sheet(pictures, name, theme):
    """All pictures of a folder on one, each with its name below."""
    files = sorted(pictures.glob("*.png"))
    command = ["montage", "-label", "%t", *files, "-tile", "5x", "-geometry", f"{TILE}x+6+6", "png:-"]
    sheet = subprocess.run(command, check=True, capture_output=True).stdout
    few_colours(sheet, FOLDER / f"sheet-{name}-{theme}.png", SHEET_COLOURS)


def settle(window):
    """Until nothing moves any more: charts come after the page."""
    seen = None
    while (now := window.picture()) != seen:
        seen = now
        window.run_long("setTimeout(() => done(1), 250)")
    return seen


def prepare(window, size, zoom):
    """The window in its size, with every area shown."""
    window.resize(*size)
    for key, value in (("cycle", "shown"), ("mind", "shown"), ("zoom", str(zoom))):
        window.run(f"localStorage.setItem('vitalog.{key}', '{value}'); return 1")
    window.call("refresh", {})
    window.wait("the page", "return document.querySelector('nav a') !== null")


def pictures(window, days, workout):
    """Every screen: its name and its picture."""
    if days > 0:
        window.wait("the data", "return /^\\d/.test(document.querySelector('[data-testid=total]')?.textContent ?? '')")
    for name, address, _, script in SCREENS:
        if workout is None and name == "workout":
            continue
        # A long time is shown as a whole, but for one night.
        if days == TEN_YEARS:
            address = re.sub(r"range=(?!day)\w+", "range=all", address)
        window.visit(address.format(workout=f"#/workouts/{workout}"))
        # An empty screen may lack what the script shows.
        if script and days > 0:
            window.run(script)
        yield name, settle(window)


def take(built, folder, theme, workout):
    with Window(built / "vitalog", ["--data-dir", folder, "open"], theme) as window:
        prepare(window, SIZE, 1)
        for name, picture in pictures(window, DAYS, workout):
            keep(picture, name, theme)
    with tempfile.TemporaryDirectory() as empty:
        with Window(built / "vitalog", ["--data-dir", empty, "open"], theme) as window:
            window.resize(*SIZE)
            window.wait("the first screen", "return document.querySelector('.help ol') !== null")
            keep(settle(window), FIRST[0], theme)


def send(address, token, beats):
    """What HealthSync sends: a minute of heart rate each."""
    at = [f"2026-10-31T07:{minute:02}:00.000Z" for minute in range(beats)]
    beat = {"type": "heart_rate", "unit": "count/min", "source_name": "Watch", "metadata": {}}
    name = "healthkit:21823FF3-D9E2-58C6-81B9-FB922FC640"
    metrics = [{**beat, "id": f"{name}{n:02}", "value": 60 + n % 9, "start_at": when, "end_at": when} for n, when in enumerate(at)]
    body = json.dumps({"export_id": "1", "metrics": metrics, "workouts": []}) if beats else "{"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/apple-health/sync", body.encode(), headers)
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as refused:
        # That of a body that is no JSON.
        assert refused.code == 400, refused


def take_phones(built, work, theme):
    """Two phones, one of which has sent something odd, and a code for a third one."""
    folder = work / f"phones-{theme}"
    verb = lambda *words: subprocess.run([built / "vitalog", "--data-dir", folder, *words, "--json"], check=True, capture_output=True).stdout
    address = os.environ.get("VITALOG_PICTURES_AT", "127.0.0.1")
    for key, to in (("receiver_bind", address), ("receiver_name", "Maria's PC")):
        verb("settings", "set", key, to)
    with Window(built / "vitalog", ["--data-dir", folder, "open"], theme) as window:
        window.resize(*SIZE)
        window.visit("#/phone")
        window.wait("the page", "return document.querySelector('[data-testid=receiving]') !== null")
        window.run(BUTTON.format("Turn on"))
        window.wait("the receiver", "return document.querySelector('[data-testid=receiver] code') !== null")
        tokens = [json.loads(verb("devices", "add", "--app", "healthsync", "--name", name))["token"] for name in ("Maria's iPhone", "iPad")]
        verb("devices", "add", "--app", "health-auto-export", "--name", "Old iPhone")
        for token, beats in ((tokens[0], 40), (tokens[0], 42), (tokens[1], 0)):
            send(f"http://{address}:8787", token, beats)
        verb("devices", "pause", "Old iPhone")
        window.wait("three deliveries", "return document.querySelectorAll('[data-testid=activity] tbody tr').length === 3")
        keep(settle(window), PHONES[0][0], theme)
        window.run(BUTTON.format("Pair a phone\u2026"))
        window.wait("the apps", "return document.querySelector('main form fieldset') !== null")
        window.run(BUTTON.format("Show the code"))
        window.wait("the code", "return document.querySelector('[data-testid=code]') !== null")
        # The seconds run on: the page never stands still.
        keep(window.picture(), PHONES[1][0], theme)


def take_sheet(built, work, kept, theme, sheet):
    name, _, size, zoom, days = sheet
    folder = fill(built, work, days)
    workout = longest_route(built, folder) if days > 0 else None
    single = kept / f"{name}-{theme}"
    single.mkdir(parents=True, exist_ok=True)
    with Window(built / "vitalog", ["--data-dir", folder, "open"], theme) as window:
        prepare(window, size, zoom)
        for screen, picture in pictures(window, days, workout):
            (single / f"{screen}.png").write_bytes(picture)
    keep_sheet(single, name, theme)


def page():
    """The page that shows them."""
    screens = [FIRST, *((name, title) for name, _, title, _ in SCREENS), *PHONES]
    lines = ["# Screens", "", "Made by `scripts/pictures.py` with the data of a made-up person.", ""]
    for name, title in screens:
        lines += [f"## {title}", "", f"![{title}, light](screens/{name}-light.png)", f"![{title}, dark](screens/{name}-dark.png)", ""]
    for name, title, *_ in SHEETS:
        lines += [f"## {title}", "", f"![{title}, light](screens/sheet-{name}-light.png)", f"![{title}, dark](screens/sheet-{name}-dark.png)", ""]
    (ROOT / "docs/screens.md").write_text("\n".join(lines).rstrip() + "\n")


def main():
    # A picture waits for the next frame, and only in WebKit's own way of painting there always is one.
    os.environ["WEBKIT_DISABLE_DMABUF_RENDERER"] = "0"
    options = sys.argv[1:]
    built = build("--release" in options)
    FOLDER.mkdir(exist_ok=True)
    work = Path(tempfile.gettempdir()) / "vitalog-pictures"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    kept = Path(options[options.index("--keep") + 1]) if "--keep" in options else work / "kept"
    try:
        folder = fill(built, work, DAYS)
        workout = longest_route(built, folder)
        for theme in ("light", "dark"):
            take(built, folder, theme, workout)
            take_phones(built, work, theme)
        for sheet in SHEETS:
            for theme in ("light", "dark"):
                take_sheet(built, work, kept, theme, sheet)
    finally:
        shutil.rmtree(work)
    page()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
