# SPDX-License-Identifier: EUPL-1.2
"""How often the estimators err: simulated tests on data like ours, against what they promise.

    python benchmarks/validity.py [--runs 10000] [--only METHOD] [--results FILE] [--workers 2]

Prints, per method and setting, the share of runs refused, what went wrong (or, for power, right) among the
others, what was promised, and whether that lies within the Monte Carlo bound: false positives of A/A tests,
intervals that miss the truth, any-time errors over 200 and 400 looks, realised power. Only tests that were
not refused are judged, since only they are read. Settings marked `refused` must be refused nearly always.
Naive analyses stand beside them, to show what they get wrong, and so do settings in which a method is known
not to hold what it promises.

`make validity` runs it; RUNS=2000 makes it shorter. Permutation methods take a fifth of the runs. What is
done is kept in the results file as it goes, so that an interrupted run goes on where it was; a change of the
code under test, or of a cell's own module, starts what rests on it afresh.
"""

from __future__ import annotations

import os

# One process per core: linear algebra must not start threads of its own. Before NumPy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import simulated
import validity_of_clusters
import validity_of_looks
import validity_of_means
import validity_of_shares
import validity_of_times
from digest import digest
from scipy import special
from simulated import CHUNK, Seen, Setting, chunk
from validity_of_shares import Summed

import analysis
import experiments

MODULES = (
    validity_of_shares,
    validity_of_means,
    validity_of_clusters,
    validity_of_times,
    validity_of_looks,
)
#: What is under test: a change in any of these makes earlier results worthless.
UNDER_TEST = (
    *sorted((Path(analysis.__file__).parent / "estimates").glob("*.py")),
    *(
        Path(analysis.__file__).parent / f"{name}.py"
        for name in ("allocation", "monitoring", "sequential_planning")
    ),
    *(Path(experiments.__file__).parent / f"{name}.py" for name in ("assignment", "planning")),
)
FAILED = ("FAILS", "NOT REFUSED", "?")
#: Where a method is known to end.
LIMIT = "does not hold"
#: The chance that some cell of the table fails though all methods hold.
FALSE_ALARM = 0.01

Cell = tuple[Setting, str]  # with the digest of the code it rests on
Task = tuple[int, int, int]  # cell, chunk, runs in it


@lru_cache(maxsize=1)
def cells() -> tuple[Cell, ...]:
    return tuple((setting, code_of(module)) for module in MODULES for setting in module.settings())


@cache
def code_of(module: ModuleType) -> str:
    """What the cells of a module rest on."""
    paths = (*UNDER_TEST, Path(simulated.__file__), Path(str(module.__file__)))
    return digest(paths, versions=np.__version__)


def tasks(chosen: Sequence[int], runs: int) -> Iterator[Task]:
    """Chunks of every cell: small enough that an interruption loses little."""
    for place in chosen:
        setting, _ = cells()[place]
        if isinstance(setting.run, Summed):
            yield place, 0, runs
            continue
        wanted = setting.runs(runs)
        for number in range(math.ceil(wanted / CHUNK)):
            yield place, number, min(CHUNK, wanted - number * CHUNK)


def done(task: Task) -> tuple[Task, Seen]:
    place, number, runs = task
    setting, _ = cells()[place]
    started = time.process_time()
    if isinstance(setting.run, Summed):
        seen = Seen(runs, 0, setting.run() * runs)
    else:
        seen = chunk(setting, number, runs)
    return task, seen + Seen(cpu_s=time.process_time() - started)


def line(task: Task, seen: Seen) -> str:
    setting, code = cells()[task[0]]
    return json.dumps({"cell": setting.key, "code": code, "chunk": task[1], **asdict(seen)})


def kept(path: Path) -> dict[tuple[str, str, int, int], Seen]:
    """What the results file already holds; a line that an interruption cut off is left out."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            one = json.loads(text)
            seen = Seen(one["runs"], one["refused"], one["erred"], one["cpu_s"])
            found[one["cell"], one["code"], one["chunk"], one["runs"]] = seen
        except (ValueError, KeyError):
            continue
    return found


def measured(chosen: Sequence[int], runs: int, results: Path, workers: int) -> dict[int, Seen]:
    """Every cell's share: from the results file as far as it goes, and simulated where it does not."""
    before = kept(results)
    found: dict[int, Seen] = dict.fromkeys(chosen, Seen())
    todo: list[Task] = []
    for task in tasks(chosen, runs):
        setting, code = cells()[task[0]]
        seen = before.get((setting.key, code, task[1], task[2]))
        if seen is None:
            todo.append(task)
        else:
            found[task[0]] += seen
    if not todo:
        return found
    print(f"{len(todo)} chunks to do, {len(before)} found in {results}", file=sys.stderr, flush=True)
    results.parent.mkdir(parents=True, exist_ok=True)
    if results.exists() and not results.read_bytes().endswith(b"\n"):  # cut off within a line
        with results.open("ab") as end:
            end.write(b"\n")
    with (
        results.open("a", encoding="utf-8") as out,
        multiprocessing.get_context("fork").Pool(workers) as pool,
    ):
        for number, (task, seen) in enumerate(pool.imap_unordered(done, todo), 1):
            found[task[0]] += seen
            out.write(line(task, seen) + "\n")
            out.flush()
            if number % 20 == 0 and sys.stderr.isatty():
                print(f"\r{number} of {len(todo)}", end="", file=sys.stderr, flush=True)
    return found


def judged(setting: Setting, seen: Seen) -> str:
    """Whether what was seen fits what was promised, among the tests that were not refused.

    A reader meets only those. That a guard refuses the others is no merit: one that refuses where the tail
    shows keeps the samples that missed it.
    """
    if setting.expected == "refused":
        return "refused" if seen.share_refused > 0.95 else "NOT REFUSED"
    bound = margin(setting, seen)
    if setting.expected == "wrong":
        return "wrong, as shown" if seen.share > setting.promised + bound else "?"
    if setting.expected == "limit":
        off = seen.share - setting.promised
        return LIMIT if (off if setting.promised < 0.5 else -off) > bound else "?"  # power: too little
    low = 0.0 if setting.expected == "exact" else setting.promised - bound
    return "holds" if low <= seen.share <= setting.promised + bound else "FAILS"


def margin(setting: Setting, seen: Seen) -> float:
    """The Monte Carlo bound around what was promised, Bonferroni over the cells of the table."""
    critical = float(special.ndtri(1 - FALSE_ALARM / len(cells()) / 2))
    return critical * math.sqrt(setting.promised * (1 - setting.promised) / max(seen.kept, 1))


def table(found: dict[int, Seen]) -> Iterator[str]:
    yield (
        f"{'method':<22} {'setting':<44} {'runs':>7} {'refused':>8} {'found':>8}  {'promised':>15}  verdict"
    )
    for place, seen in found.items():
        setting, _ = cells()[place]
        runs = "all" if isinstance(setting.run, Summed) else f"{seen.runs}"
        promised = f"{setting.promised:.1%} ± {margin(setting, seen):.2%}"
        yield (
            f"{setting.method:<22} {setting.name:<44} {runs:>7} {_percent(seen.share_refused)} "
            f"{_percent(seen.share)}  {promised:>15}  {judged(setting, seen)}"
        )


def _percent(share: float) -> str:
    return f"{'':>8}" if math.isnan(share) else f"{share:>8.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--only", default="", help="part of a method's name")
    parser.add_argument("--results", type=Path, default=Path("var/validity.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    chosen = [place for place, (setting, _) in enumerate(cells()) if arguments.only in setting.method]
    started = time.monotonic()
    found = measured(chosen, arguments.runs, arguments.results, arguments.workers)
    print("\n".join(table(found)))
    verdicts = [judged(cells()[place][0], seen) for place, seen in found.items()]
    failed = sum(verdict in FAILED for verdict in verdicts)
    limits = verdicts.count(LIMIT)
    processor_s = sum(seen.cpu_s for seen in found.values())
    print(
        f"{len(found)} cells, {failed} against what is expected of them, {limits} where a method is known "
        f"not to hold; {processor_s:.0f} s of processor time in all, "
        f"{time.monotonic() - started:.0f} s on the clock for what was still to do"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
