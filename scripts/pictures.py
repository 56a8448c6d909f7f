#!/usr/bin/env python3
"""Makes the pictures in docs/screens/ and the page that shows them: scripts/pictures.py [--release]

Every screen with the data of a made-up person, whose days never change, light and dark, in the size that the window has at
first. Look at every one before it goes into the repository. It needs what ./test installs, and a built page in ui/dist.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from driver import Window

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = ROOT / "docs/screens"
SIZE = (1180, 800)
# More would not be seen.
COLOURS = 160
PERSON = ["--days", "730", "--end", "2026-11-01", "--seed", "1"]

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
    ("query", "#/query", "Query", "[...document.querySelectorAll('main button')].at(-1).click(); return 1"),
    ("import", "#/import", "Import", ""),
    ("sources", "#/sources", "Sources and quality", ""),
    ("settings", "#/settings", "Settings", ""),
    ("data", "#/settings", "Settings: data", DATA),
    ("about", "#/about", "About", ""),
    ("phone", "#/phone", "Phone sync, with its own version", ""),
]
FIRST = ("first", "The first start")


def build(release):
    kind = ["--release"] if release else []
    for arguments in (["--all-features", "--bin", "vitalog"], ["-p", "app", "--example", "make_export"]):
        subprocess.run(["cargo", "build", "--locked", "--quiet", *kind, *arguments], check=True, cwd=ROOT)
    return TARGET / ("release" if release else "debug")


def fill(built, work):
    """A data folder with the person."""
    export = work / "export.zip"
    subprocess.run([built / "examples/make_export", export, *PERSON], check=True, stdout=subprocess.DEVNULL)
    folder = work / "data"
    subprocess.run([built / "vitalog", "--data-dir", folder, "--quiet", "import", export], stdout=subprocess.DEVNULL)
    return folder


def longest_route(built, folder):
    """The workout with most to show."""
    command = [built / "vitalog", "--data-dir", folder, "workouts", "--json"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return max(rows, key=lambda row: row["route_points"])["id"]


def keep(picture, name, theme):
    """A picture with few colours: text and areas of a window have no more."""
    file = FOLDER / f"{name}-{theme}.png"
    options = ["-dither", "None", "-colors", str(COLOURS), "-strip", "-define", "png:compression-level=9"]
    subprocess.run(["convert", "png:-", *options, f"png8:{file}"], check=True, input=picture)


def settle(window):
    """Until nothing moves any more: charts come after the page."""
    seen = None
    while (now := window.picture()) != seen:
        seen = now
        window.run_long("setTimeout(() => done(1), 250)")
    return seen


def take(built, folder, theme, workout):
    arguments = ["--data-dir", folder, "open"]
    with Window(built / "vitalog", arguments, theme) as window:
        window.resize(*SIZE)
        for area in ("cycle", "mind"):
            window.run(f"localStorage.setItem('vitalog.{area}', 'shown'); return 1")
        window.run("setTimeout(() => location.reload(), 0); return 1")
        window.wait("the data", "return /^\\d/.test(document.querySelector('[data-testid=total]')?.textContent ?? '')")
        for name, address, _, script in SCREENS:
            window.visit(address.format(workout=f"#/workouts/{workout}"))
            if script:
                window.run(script)
            keep(settle(window), name, theme)
    with tempfile.TemporaryDirectory() as empty:
        with Window(built / "vitalog", ["--data-dir", empty, "open"], theme) as window:
            window.resize(*SIZE)
            window.wait("the first screen", "return document.querySelector('.help ol') !== null")
            keep(settle(window), FIRST[0], theme)


def page():
    """The page that shows them."""
    screens = [FIRST, *((name, title) for name, _, title, _ in SCREENS)]
    lines = ["# Screens", "", "Made by `scripts/pictures.py` with the data of a made-up person.", ""]
    for name, title in screens:
        lines += [f"## {title}", "", f"![{title}, light](screens/{name}-light.png)", f"![{title}, dark](screens/{name}-dark.png)", ""]
    (ROOT / "docs/screens.md").write_text("\n".join(lines).rstrip() + "\n")


def main():
    built = build("--release" in sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    # The settings show where the data lie: a place of the same name each time.
    work = Path(tempfile.gettempdir()) / "vitalog-pictures"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        folder = fill(built, work)
        workout = longest_route(built, folder)
        for theme in ("light", "dark"):
            take(built, folder, theme, workout)
    finally:
        shutil.rmtree(work)
    page()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
