# SPDX-License-Identifier: EUPL-1.2
"""How fast an access log comes into the archive, beside reading it the plain way.

Peers, in the same run and on the same lines: a regular expression and `strptime` a line, which stops where
our import begins (no scrubbing, no pseudonyms, no archive), and, where it is installed, `apachelogs`, a
parser of the same format from the package index. All on one core, taking turns; figures are medians. Look at
the ratios: absolute ones say something about this machine only. Processor time stands beside the clock's,
since others may be using the machine.

    python benchmarks/import_log.py --lines 400000 --rounds 3
    python benchmarks/import_log.py --log /var/log/nginx/access.log

The logs are made from a seed: a municipality's day with parts of pages, searches and programs, in which a
third of the lines are views; the same lines as nginx writes JSON; and a day of nothing but views. `--log`
takes one of your own.
"""

from __future__ import annotations

import os

from numpy import median

os.environ["POLARS_MAX_THREADS"] = "1"  # before anything of it is loaded
os.environ["ARROW_NUM_THREADS"] = "1"

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

from benchmarks.limits import Figures

LINE = re.compile(r'(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\S+) "([^"]*)" "([^"]*)"')
SITE = "https://www.voorbeeldstad.nl"
VIEWS = 0.3  # share of ordinary lines that are views of pages
LINES_A_SECOND = 100_000


def a_day(lines: int, views: float, seed: int) -> Iterator[str]:
    """Lines of one municipality's day: visitors, some thousand pages, their parts, programs, errors."""
    chance = random.Random(seed)
    agents = (
        [
            f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
            for version in range(100, 145)
        ]
        + [
            f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 "
            f"(KHTML, like Gecko) Version/{major}.{minor} Mobile/15E148 Safari/604.1"
            for major in range(14, 19)
            for minor in range(8)
        ]
        + [f"Mozilla/5.0 (compatible; bot-{name}/1.0; +https://bot.example/)" for name in range(15)]
    )
    pages = [f"/{section}/{page}" for section in ("afval", "wonen", "werk", "zorg") for page in range(500)]
    words = ["grofvuil", "paspoort+verlengen", "parkeren", "wmo", "bijstand", "afspraak", "verhuizing"]
    parts = ["/static/site.css", "/static/site.js", *(f"/media/{number}.webp" for number in range(900))]
    moment = datetime(2026, 11, 22, 5, tzinfo=UTC)
    here: list[list[str]] = []  # visitors on the site now: address, user agent, the page they are on
    for _ in range(lines):
        moment += timedelta(milliseconds=chance.random() * 300)
        if len(here) < 200 or chance.random() < 0.02:
            address = f"10.{chance.randrange(8)}.{chance.randrange(256)}.{chance.randrange(256)}"
            here.append([address, chance.choice(agents), "-"])
            if len(here) > 200:
                here.pop(chance.randrange(100))
        visitor = chance.choice(here)
        client, agent, before = visitor
        if before == "-" or chance.random() < views:
            target = chance.choice(pages) if chance.random() < 0.9 else f"/zoeken?q={chance.choice(words)}"
            referrer = before if before != "-" else chance.choice(["https://www.google.com/", "-"])
            visitor[2] = SITE + target
        else:
            target, referrer = chance.choice(parts), before
        status = chance.choices([200, 304, 301, 404], [90, 5, 3, 2])[0]
        yield (
            f'{client} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET {target} HTTP/1.1" {status} '
            f'{chance.randrange(200, 90_000)} "{referrer}" "{agent}"\n'
        )


def as_json(line: str) -> str:
    """A line of the Combined Log Format as nginx writes it with `escape=json`."""
    found = LINE.match(line)
    if found is None:
        raise ValueError(line)
    client, _, _, when, request, status, _, referrer, agent = found.groups()
    said = {"remote_addr": client, "time_local": when, "request": request, "status": status}
    return json.dumps(said | {"http_referer": referrer, "http_user_agent": agent}) + "\n"


def plainly(log: Path) -> int:
    """A regular expression and `strptime` for each line."""
    read = 0
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            found = LINE.match(line)
            if found:
                datetime.strptime(found.group(4), "%d/%b/%Y:%H:%M:%S %z").timestamp()
                read += 1
    return read


def with_apachelogs(log: Path) -> int:
    """The parser of `apachelogs`."""
    apachelogs = import_module("apachelogs")
    parser, read = apachelogs.LogParser(apachelogs.COMBINED), 0
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(apachelogs.InvalidEntryError):
                parser.parse(line)
                read += 1
    return read


def ours(log: Path) -> int:
    """The import: parsed, scrubbed, pseudonymous, in Parquet on the disk."""
    from tracker.imports.access_log import import_access_log
    from tracker.site import Site

    site = Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))
    with tempfile.TemporaryDirectory(dir=log.parent) as folder:
        return import_access_log([log], site=site, archive_root=Path(folder)).lines


def logs(folder: Path, lines: int, seed: int) -> dict[str, Path]:
    """The logs that are read, by what their lines are."""
    made = {name: folder / name for name in ("ordinary", "as JSON", "every line a view")}
    ordinary = list(a_day(lines, VIEWS, seed))
    for path, its in zip(
        made.values(), (ordinary, map(as_json, ordinary), a_day(lines, 1.0, seed)), strict=True
    ):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(its)
    return made


def timed(read: Callable[[Path], int], log: Path) -> tuple[float, float]:
    """Lines a second, by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    lines = read(log)
    return lines / (time.perf_counter() - wall), lines / (time.process_time() - cpu)


def main() -> int:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--lines", type=int, default=400_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--log", type=Path, help="a log of your own, in place of those")
    given = arguments.parse_args()
    if given.log and not given.log.is_file():
        print(f"{given.log} is no file. Give an access log that the import knows.")
        return 2
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    peers = {"re + strptime": plainly}
    try:
        import_module("apachelogs")
        peers["apachelogs"] = with_apachelogs
    except ImportError:
        print("apachelogs is not installed (pip install apachelogs); without that peer.")
    with tempfile.TemporaryDirectory() as folder, Figures() as figures:
        read = {"your own": given.log} if given.log else logs(Path(folder), given.lines, given.seed)
        first, *_ = read
        work = {name: (ours, path) for name, path in read.items()}
        work |= {name: (peer, read[first]) for name, peer in peers.items()}
        ours(read[first])  # compiles and loads what is loaded once
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
        for _ in range(given.rounds):
            for name, one in work.items():
                runs[name].append(timed(*one))
        rate = {name: median(found, axis=0) for name, found in runs.items()}
        for name in read:
            wall, cpu = rate[name]
            said = f"{wall:,.0f}; {cpu:,.0f} by processor time"
            figures.add(f"lines a second on one core, {name}", wall, at_least=LINES_A_SECOND, said=said)
        for name in (name for name in peers if rate[name][1]):  # they read no JSON
            ratio = rate[first][1] / rate[name][1]
            figures.add(f"the same by processor time / that of {name}, which stores nothing, {first}", ratio)
    return 0


if __name__ == "__main__":
    sys.exit(main())
