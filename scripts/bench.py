#!/usr/bin/env python3
"""Measures imports and questions and writes docs/benchmarks.md: scripts/bench.py [--quick]

Every ratio is against a limit taken in the same run, alternating with it, and medians are shown. The export is made by
tests/tools/make_export.py; the computer is taken to stand in the phone's zone, as it nearly always does, and one row
tells what it costs where it does not. --quick leaves out the large exports and writes nothing.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PHONE_ZONE = "America/New_York"
ROUNDS = 7
MIB = 1 << 20


def run(command, expect=(0,), zone=PHONE_ZONE):
    """Seconds, CPU seconds and peak memory of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TZ": zone}
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code not in expect:
        sys.exit(f"bench: exit code {code}: {' '.join(map(str, command))}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def build():
    for arguments in (["--no-default-features", "--bin", "vitalog"], ["-p", "app", "--example", "questions"]):
        subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", *arguments], check=True, cwd=ROOT)


def make(work, name, records, *more):
    file = work / name
    options = ["--records", str(records), "--truth-daily", "none", "--quiet", "--out", str(file), *more]
    truth = work / f"{name}.json"
    tool = ROOT / "tests/tools/make_export.py"
    subprocess.run([sys.executable, tool, *options, "--truth", str(truth)], check=True)
    return file, json.loads(truth.read_text())["totals"]["records_top_level"]


class Folder:
    """A data folder, new each time."""

    def __init__(self, work):
        self.path = work / "data"
        shutil.rmtree(self.path, ignore_errors=True)

    def vitalog(self, *arguments, expect=(0, 4), zone=PHONE_ZONE):
        command = [TARGET / "vitalog", "--data-dir", self.path, *arguments]
        return run(list(map(str, command)), expect, zone)

    def size(self):
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


def unzip(file):
    """The limit: everything in the zip is unpacked, as an import does."""
    return run(["unzip", "-p", str(file)])


def one_million(work):
    file, records = make(work, "first.zip", 1_000_000)
    later, _ = make(work, "later.zip", 1_000_000, "--days-more", "30")
    taken = {name: [] for name in ("unzip", "import", "cpu", "peak", "abroad", "again", "later")}
    for _ in range(ROUNDS):
        taken["unzip"].append(unzip(file)[0])
        folder = Folder(work)
        seconds, cpu, peak = folder.vitalog("import", file)
        taken["import"].append(seconds)
        taken["cpu"].append(cpu)
        taken["peak"].append(peak)
        size = folder.size()
        taken["again"].append(folder.vitalog("import", file, expect=(3,))[0])
        taken["later"].append(folder.vitalog("import", later)[0])
        taken["abroad"].append(Folder(work).vitalog("import", file, zone="Asia/Tokyo")[0])
    median = {name: statistics.median(values) for name, values in taken.items()}
    whole, limit = median["import"], median["unzip"]
    return [
        ("import of 1 M records : `unzip -p`", f"{whole / limit:.2f}", "1.0", "0.6"),
        ("the same with the computer in another zone", f"{median['abroad'] / limit:.2f}", "", ""),
        ("CPU time of the import : `unzip -p`", f"{median['cpu'] / limit:.2f}", "", ""),
        ("peak memory, 1 M records, MiB", f"{median['peak'] / MIB:.0f}", "150", "100"),
        ("store, bytes a record", f"{size / records:.0f}", "80", "45"),
        ("the same file again : first import", f"{median['again'] / whole:.3f}", "0.15", "0.05"),
        ("an export 30 days later : first import", f"{median['later'] / whole:.2f}", "1.0", "0.7"),
    ]


def five_million(work):
    file, records = make(work, "five.zip", 5_000_000)
    limit = unzip(file)[0]
    folder = Folder(work)
    seconds, _, peak = folder.vitalog("import", file)
    rows = [
        ("import of 5 M records : `unzip -p`", f"{seconds / limit:.2f}", "", ""),
        ("peak memory, 5 M records, MiB", f"{peak / MIB:.0f}", "150", "100"),
        ("store, bytes a record, 5 M", f"{folder.size() / records:.0f}", "80", "45"),
    ]
    rows += questions(folder)
    return rows + upkeep(work, folder, limit)


def questions(folder):
    """What a screen asks: nothing may take longer than 50 ms at the 95th percentile, what is only looked up no longer than
    20, and no drawing longer than 15."""
    command = [TARGET / "examples/questions", folder.path]
    answer = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TZ": PHONE_ZONE})
    answers = json.loads(answer.stdout)
    charts = {name: found for name, found in answers.items() if name.startswith("chart of ")}
    rows = []
    for question, found in answers.items():
        if question in charts:
            continue
        simple = question.startswith(("`", "one day", "one year of daily"))
        rows.append((f"{question}, p95, ms", f"{found['p95']:.1f}", *(("20", "") if simple else ("50", "20"))))
        if "drawing_p95" in found:
            rows.append((f"{question}, drawing after that, p95, ms", f"{found['drawing_p95']:.1f}", "15", ""))
        if "sql_ms" in found:
            rows.append((f"{question} : SQL over raw rows", f"{found['ms'] / found['sql_ms']:.2f}", "", ""))
        if "arguments" in found:
            command = (*found["arguments"], "--json")
            whole = statistics.median(folder.vitalog(*command, expect=(0,))[0] for _ in range(15)) * 1000
            rows.append((f"{question}, as a process, ms", f"{whole:.0f}", "60", ""))
    for key, bar, goal in (("p95", "50", "20"), ("drawing_p95", "15", "")):
        slowest = max(charts, key=lambda name: charts[name][key])
        what = "drawing of the slowest" if key == "drawing_p95" else "numbers of the slowest"
        name = f"{what} of {len(charts)} charts ({slowest.removeprefix('chart of ')}), p95, ms"
        rows.append((name, f"{charts[slowest][key]:.1f}", bar, goal))
    return rows


def upkeep(work, folder, limit):
    """Days made anew: all of them, because days of home move with it, and those of a batch."""
    folder.vitalog("settings", "set", "day_boundaries", "home", expect=(0,))
    seconds, _, peak = folder.vitalog("settings", "set", "home_zone", "Asia/Tokyo", expect=(0,))
    taken = []
    for batch in range(ROUNDS):
        file = work / f"batch-{batch}.xml"
        write_batch(file, batch)
        taken.append(folder.vitalog("import", file)[0])
    median = statistics.median(taken)
    return [
        ("all days of 5 M records made anew, s", f"{seconds:.1f}", "30", ""),
        ("the same : `unzip -p`", f"{seconds / limit:.2f}", "", ""),
        ("peak memory of it, MiB", f"{peak / MIB:.0f}", "300", ""),
        ("a file of 2,000 samples of one more day, s", f"{median:.1f}", "", ""),
        ("the same : all days made anew", f"{median / seconds:.2f}", "", ""),
    ]


def write_batch(file, number):
    """Heart rates and steps of one more day, by the watch that is there."""
    device = "&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, manufacturer:Apple Inc., hardware:Watch7,5&gt;"
    start = datetime(2030, 1, 1 + number, 8, tzinfo=timezone.utc)
    rows = []
    for i in range(1000):
        stamp = (start + timedelta(seconds=30 * i)).strftime("%Y-%m-%d %H:%M:%S +0000")
        until = (start + timedelta(seconds=30 * i + 25)).strftime("%Y-%m-%d %H:%M:%S +0000")
        for kind, unit, end, value in (("HeartRate", "count/min", stamp, 60 + i % 40), ("StepCount", "count", until, i % 50)):
            rows.append(
                f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="Alex’s Apple Watch" device="{device}" unit="{unit}" '
                f'startDate="{stamp}" endDate="{end}" value="{value}"/>'
            )
    file.write_text(f'<?xml version="1.0"?><HealthData locale="en_US">{"".join(rows)}</HealthData>')


def ten_million(work):
    file, _ = make(work, "ten.zip", 10_000_000)
    peak = Folder(work).vitalog("import", file)[2]
    return [("peak memory, 10 M records, MiB", f"{peak / MIB:.0f}", "150", "100")]


def table(rows):
    lines = ["| what | measured | bar | goal |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main():
    quick = "--quick" in sys.argv[1:]
    build()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rows = one_million(work)
        if not quick:
            rows += five_million(work) + ten_million(work)
    words = f"""# Benchmarks

Made by `scripts/bench.py`, {date.today()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}: medians of
{ROUNDS} alternating rounds, ratios against a limit of the same run. The exports come from `tests/tools/make_export.py`
(1 M records: {PHONE_ZONE}, 64 types, about 465 MB of XML); roll-ups are included. A question is
one operation on an open program, its store opened anew, p95 the 95th percentile of 41 rounds; "as a process" is the
whole command with `--json`. An overview is four charts: sleep, steps, resting heart rate and its variability.

"""
    print(table(rows))
    if not quick:
        (ROOT / "docs/benchmarks.md").write_text(words + table(rows))


if __name__ == "__main__":
    main()
