#!/usr/bin/env python3
"""Collects the licences of everything that is shipped: scripts/licences.py

Writes packaging/licences.json, which About shows, and packaging/copyright, which the Debian package brings. What is shipped
are the crates that the program is built from on any system, the packages whose code or files the built page has, and what
is in neither list. To be run after every change of Cargo.lock or ui/package-lock.json: tests/licences.rs says so. It needs
the sources of all crates (`cargo fetch` brings them) and `npm ci` in ui/.
"""

import json
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "packaging"
# Of several licences to choose from the first of these is chosen, else the first that is offered.
PREFERRED = ["MIT", "Zlib", "BSD-3-Clause", "0BSD", "Apache-2.0"]
# By what a text is known; of these all copies say the same, but for blanks and a form at the end.
SIGNS = {
    "Apache-2.0": r"Apache License\s+Version 2\.0",
    "MPL-2.0": r"Mozilla Public License,? [Vv]ersion 2\.0",
    "OFL-1.1": r"SIL OPEN FONT LICENSE",
    "Unicode-3.0": r"UNICODE LICENSE V3",
    "BSD-3-Clause": r"Redistribution and use[\s\S]*(Neither the name|endorse or promote)",
    "BSD-2-Clause": r"Redistribution and use(?![\s\S]*Neither the name)",
    "Zlib": r"This software is provided ['‘\"]+as-is",
    "ISC": r"Permission to use, copy, modify, and/or distribute this software[\s\S]*copyright notice",
    "0BSD": r"Permission to use, copy, modify, and/or distribute this software(?![\s\S]*provided that)",
    "CC0-1.0": r"CC0 1\.0 Universal",
    "Unlicense": r"free and unencumbered software",
    "MIT": r"Permission is hereby granted, free of\s+charge",
}
SAME_EVERYWHERE = {"Apache-2.0", "MPL-2.0", "Unicode-3.0"}
# Debian has these on every system.
COMMON = {"Apache-2.0": "Apache-2.0", "MPL-2.0": "MPL-2.0", "CC0-1.0": "CC0-1.0"}
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"]


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def metadata(*more):
    return json.loads(run("cargo", "metadata", "--format-version", "1", "--locked", "--all-features", *more))


def shipped_crates():
    """Crates that the program is built from on one of the systems, and those that only build or test it."""
    everything = metadata()
    ours = set(everything["workspace_members"])
    shipped = set()
    for target in TARGETS:
        resolved = metadata("--filter-platform", target)["resolve"]
        edges = {node["id"]: node["deps"] for node in resolved["nodes"]}
        waiting, seen = list(ours), set()
        while waiting:
            crate = waiting.pop()
            if crate not in seen:
                seen.add(crate)
                normal = lambda dep: any(kind["kind"] is None for kind in dep["dep_kinds"])
                waiting += [dep["pkg"] for dep in edges[crate] if normal(dep)]
        shipped |= seen
    outside = [package for package in everything["packages"] if package["id"] not in ours]
    return [p for p in outside if p["id"] in shipped], [p for p in outside if p["id"] not in shipped]


def bundled_packages():
    """Packages of npm in the built page: of its scripts by their source maps, of its styles by what they name."""
    with tempfile.TemporaryDirectory() as folder:
        run("npx", "--no-install", "vite", "build", "--sourcemap", "--outDir", folder, "--emptyOutDir", cwd=ROOT / "ui")
        maps = [json.loads(path.read_text()) for path in Path(folder).rglob("*.map")]
    paths = [source for found in maps for source in found["sources"] if "node_modules/" in source]
    paths += re.findall(r"url\('(@[^']+)'\)", "".join(path.read_text() for path in (ROOT / "ui/src").rglob("*.css")))
    names = {re.match(r"(@[^/]+/)?[^/]+", path.split("node_modules/")[-1])[0] for path in paths}
    folders = [ROOT / "ui/node_modules" / name for name in sorted(names)]
    return [(folder, json.loads((folder / "package.json").read_text())) for folder in folders]


def wanted(expression):
    """The licences under which a package is shipped: of every choice one."""
    flat = expression.replace("/", " OR ").replace("(", "").replace(")", "")
    chosen = []
    for term in flat.split(" AND "):
        offered = [name.strip() for name in term.split(" OR ")]
        chosen.append(next((name for name in PREFERRED if name in offered), offered[0]))
    return chosen


def licence_files(folder):
    named = re.compile(r"(licen[cs]e|copying|unlicense|notice|copyright)", re.I)
    files = [path for path in sorted(folder.iterdir()) if named.match(path.name)]
    files += [path for inner in files if inner.is_dir() for path in sorted(inner.iterdir())]
    return [path.read_text(errors="replace") for path in files if path.is_file() and path.suffix not in {".html", ".rs"}]


def split(text):
    """Whose it is, and what it says: only the first differs from package to package."""
    lines = text.replace("\r\n", "\n").replace("\ufeff", "").split("\n")
    somebody = r"\d{4}|\([cC]\)|©|[Pp]roject|[Dd]evelopers|[Aa]uthors|[Cc]ontributors"
    whose = re.compile(rf"^\W*((Copyright|COPYRIGHT|©|\([cC]\) ?\d).*|Copyright)({somebody})|^\W*All rights reserved")
    title = re.compile(r"^\W*(the )?(mit|isc|mit/x11|expat)( license)?( \(mit\))?\W*$|^\W*license\W*$", re.I)
    kept = [line.strip() for line in lines if whose.match(line)]
    body = "\n".join(line.rstrip() for line in lines if not whose.match(line) and not title.match(line))
    return "; ".join(dict.fromkeys(kept)), re.sub(r"\n{3,}", "\n\n", body).strip("\n")


def letters(text):
    return re.sub(r"[\W_]+", "", text).lower()


class Texts:
    """Every text once. The first pass collects, so that what is most usual stands for what brings none of its own."""

    def __init__(self):
        self.usual, self.first, self.numbers, self.texts = Counter(), {}, {}, []

    def seen(self, name, body):
        key = (name, letters(body))
        self.usual[key] += 1
        self.first.setdefault(key, body)

    def number(self, name, body):
        if body is None or name in SAME_EVERYWHERE:
            keys = [key for key in self.usual if key[0] == name]
            if not keys:
                raise SystemExit(f"no package brings the text of {name}")
            key = max(keys, key=lambda key: self.usual[key])
        else:
            key = (name, letters(body))
        if key not in self.numbers:
            self.numbers[key] = len(self.texts)
            self.texts.append({"licence": name, "text": self.first[key]})
        return self.numbers[key]


def found_in(files, name):
    """The part of a package's files that is a licence."""
    plain = name.split(" WITH ")[0]
    for text in files:
        if re.search(SIGNS.get(plain, re.escape(plain)), text) and not (plain == "MIT" and letters(text).count("apachelicense") > 3):
            return split(text)
    return None, None


def others():
    """What no list of packages names: the library of the language, SQLite itself, and the font in charts."""
    sysroot = Path(run("rustc", "--print", "sysroot").strip())
    version = run("rustc", "--version").split()[1]
    std = [path.read_text() for path in (sysroot / "share/doc/rustc").glob("LICENSE*")]
    std += [path.read_text() for path in (sysroot / "share/doc/rustfmt").glob("LICENSE*")]
    blessing = "The authors disclaim copyright to this source code. In place of a legal notice, here is a blessing:\n\n" \
        "May you do good and not evil.\nMay you find forgiveness for yourself and forgive others.\n" \
        "May you share freely, never taking more than you give."
    yield {"name": "Rust standard library", "version": version, "licence": "MIT OR Apache-2.0", "from": "other"}, std
    yield {"name": "SQLite", "version": "3", "licence": "blessing", "from": "other"}, [blessing]
    font = (ROOT / "crates/chart/fonts/Inter-LICENSE.txt").read_text()
    yield {"name": "Inter (charts)", "version": "4", "licence": "OFL-1.1", "from": "other"}, [font]


def collected():
    crates, tools = shipped_crates()
    rows = list(others())
    for package in crates:
        row = {"name": package["name"], "version": package["version"], "licence": package["license"], "from": "crate"}
        row["authors"] = ", ".join(re.sub(r"\s*<[^>]*>", "", author) for author in package["authors"])
        rows.append((row, licence_files(Path(package["manifest_path"]).parent)))
    for folder, package in bundled_packages():
        row = {"name": package["name"], "version": package["version"], "licence": package["license"], "from": "npm"}
        rows.append((row, licence_files(folder)))
    return rows, sorted(f"{package['name']} {package['version']}" for package in tools)


def list_of(rows):
    texts = Texts()
    for row, files in rows:
        for name in wanted(row["licence"]):
            _, body = found_in(files, name) if row["licence"] != "blessing" else split(files[0])
            if body is not None:
                texts.seen(name, body)
    packages = []
    for row, files in sorted(rows, key=lambda entry: (entry[0]["name"].lower(), entry[0]["version"])):
        terms = []
        for name in wanted(row["licence"]):
            whose, body = found_in(files, name) if row["licence"] != "blessing" else split(files[0])
            if (not whose or name in SAME_EVERYWHERE) and row.get("authors"):
                whose = f"Copyright {row['authors']}"
            terms.append([whose or "", texts.number(name, body)])
        packages.append({key: row[key] for key in ("name", "version", "licence", "from")} | {"terms": terms})
    return packages, texts.texts


def written(packages, texts, tools):
    lines = lambda rows: ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows)
    return (
        '{\n  "packages": [\n' + lines(packages) + '\n  ],\n  "texts": [\n' + lines(texts)
        + '\n  ],\n  "not_shipped": [\n' + lines(tools) + "\n  ]\n}\n"
    )


def paragraph(text):
    return "\n".join(" " + line if line.strip() else " ." for line in text.split("\n"))


def debian(packages, texts):
    """The same as Debian wants it: one paragraph for each package, one for each text."""
    word = lambda number: f"{texts[number]['licence'].replace(' ', '-')}-{number + 1}"
    done = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Vitalog\n"
        "Comment: What comes after the first paragraph is built into the program or lies in it, by package."
    ]
    own = split((ROOT / "LICENSE").read_text())
    done.append(f"Files: *\nCopyright: {own[0]}\nLicense: MIT\n{paragraph(own[1])}")
    for package in packages:
        whose = "\n".join(f" {whose}" for whose, _ in package["terms"] if whose) or " its authors"
        names = " and ".join(dict.fromkeys(word(number) for _, number in package["terms"]))
        title = f"Files: {package['name'].replace(' ', '-')}-{package['version']}/*"
        done.append(f"{title}\nCopyright:\n{whose}\nLicense: {names}\nComment: {package['licence']}")
    for number, text in enumerate(texts):
        common = COMMON.get(text["licence"])
        body = f"On Debian systems the text is in /usr/share/common-licenses/{common}." if common else text["text"]
        done.append(f"License: {word(number)}\n{paragraph(body)}")
    return "\n\n".join(done) + "\n"


def main():
    rows, tools = collected()
    packages, texts = list_of(rows)
    (OUT / "licences.json").write_text(written(packages, texts, tools))
    (OUT / "copyright").write_text(debian(packages, texts))
    print(f"{len(packages)} packages are shipped under {len(texts)} texts")


main()
