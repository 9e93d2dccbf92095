# SPDX-License-Identifier: EUPL-1.2
"""End to end: the demo's citizens, an effect that is known, and how often the report tells the truth.

    python -m benchmarks.end_to_end [--seeds 200] [--truth 200000] [--results FILE] [--workers 2]

Every seed is a municipality of its own: citizens walk the demo site's pages (`web_demo.citizens.graph`),
their beacons go through admission, identity and the stream's own reader, DAYs are closed and the report is
made by the functions that an installation uses. Only Redis, the archive's files and the tests of journeys are
left out.

- **redesign**: the demo's redesign of the litter report. The true difference in browsers that were really
  answered on the DAY of their first exposure is found by brute force: other citizens, without a report
  (200,000 of them leave a tenth of a report's own error; a million per version: `--truth 2000000`).
- **same**: both versions alike.
- **return**: citizens who were not answered nearly all come back, so the better version has fewer returns;
  the naive count of visitor-days stands beside it.

What is done is kept in the results file as it goes; an interrupted run goes on where it was, a changed code
starts afresh.
"""

from __future__ import annotations

import os

if __name__ in ("__main__", "__mp_main__"):  # one process per core, before NumPy and Polars are imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import json
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scipy import special

import web_demo
from benchmarks.digest import digest
from benchmarks.municipality import CONTROL, SCENARIOS, TRUTH_VISITORS, brute_force, reported

ROOMS = ("tracker", "experiments", "analysis", "web_demo")


@dataclass(frozen=True, slots=True)
class Truth:
    """The difference that brute force found, with its standard error and the citizens it rests on."""

    difference: float
    error: float
    shares: tuple[float, float]
    units: int


def truth_of(lines: Sequence[Mapping[str, Any]], kind: str) -> Truth:
    totals = [[sum(line[name][kind][k] for line in lines) for k in (0, 1)] for name in (CONTROL, "redesign")]
    found = [hits / units for hits, units in totals]
    error = math.sqrt(sum(p * (1 - p) / units for p, (_, units) in zip(found, totals, strict=True)))
    return Truth(found[1] - found[0], error, (found[0], found[1]), sum(units for _, units in totals))


def bounds(runs: int, share: float, tail: float = 0.005) -> tuple[int, int]:
    """Counts beyond which lies at most that part of sound runs on either side; for 95 % of 200: 181, 197."""
    counts = range(runs + 1)
    low = next(k for k in counts if special.bdtr(k, runs, share) > tail)
    high = next(k for k in counts if special.bdtr(k, runs, share) >= 1 - tail)
    return low, high


def table(done: Mapping[tuple[str, int], Mapping[str, Any]]) -> Iterator[str]:
    truths: dict[str, Truth] = {}
    brute = [line for (name, _), line in done.items() if name == "truth"]
    if brute:
        truths = {kind: truth_of(brute, kind) for kind in ("real", "measured")}
        for kind, one in truths.items():
            yield (
                f"brute force, {kind}: {one.shares[0]:.2%} and {one.shares[1]:.2%} answered, difference "
                f"{100 * one.difference:+.2f} ± {100 * one.error:.2f} points ({one.units:,} browsers)"
            )
    for scenario in SCENARIOS:
        lines = [line for (name, _), line in done.items() if name == scenario]
        if lines:
            yield ""
            yield from _rows(scenario, lines, truths)


def _rows(scenario: str, lines: Sequence[Mapping[str, Any]], truths: Mapping[str, Truth]) -> Iterator[str]:
    runs = len(lines)
    units = sum(sum(line["n"]) for line in lines) / runs
    yield f"{scenario}: {runs} seeds, {units:.0f} browsers each"
    low, high = bounds(runs, 0.95)
    goals = {f"the {kind} difference": one.difference for kind, one in truths.items()}
    if scenario == "same":
        goals = {"0": 0.0}
    elif scenario == "return":  # other days are added: brute force did not walk them
        goals = {}
    for name, goal in goals.items():
        held = sum(line["ci"][0] <= goal <= line["ci"][1] for line in lines)
        yield f"  intervals that hold {name}: {held} of {runs} ({low}-{high}) {_verdict(low <= held <= high)}"
    said = [line["verdict"] for line in lines]
    if scenario == "same":
        false = sum(verdict in ("better", "worse") for verdict in said)
        most = bounds(runs, 0.05, 0.01)[1]
        yield f"  'better' or 'worse': {false} of {runs} (at most {most}) {_verdict(false <= most)}"
        rejected = sum(line["p"] < 0.05 for line in lines)
        yield f"  p < .05: {rejected} of {runs}"
    counted = ", ".join(f"{name} {said.count(name)}" for name in sorted(set(said)))
    yield f"  verdicts: {counted}"
    sound = sum(line["checks"].get("sampleRatio") == "pass" for line in lines)
    yield f"  allocation sound: {sound} of {runs} {_verdict(sound >= runs - 2)}"
    if scenario != "same" and truths:
        right = sum(line["estimate"] * truths["real"].difference > 0 for line in lines)
        wrong = sum(line["naive"] * truths["real"].difference < 0 for line in lines)
        unsound = sum(not line["naiveAllocationSound"] for line in lines)
        yield f"  sign right: {right} of {runs} {_verdict(right >= 0.95 * runs)}"
        yield f"  by visitor-days: sign wrong in {wrong}, allocation unsound in {unsound}"
    if all(name in lines[0] for name in ("visitorDays", "n")):
        again = [
            sum(line["visitorDays"][k] for line in lines) / sum(line["n"][k] for line in lines)
            for k in (0, 1)
        ]
        yield f"  visits a browser: {again[0]:.3f} and {again[1]:.3f}"
    yield f"  processor time: {sum(line['cpu_s'] for line in lines) / runs:.1f} s a seed"


def _verdict(holds: bool) -> str:
    return "holds" if holds else "FAILS"


Work = tuple[str, int]


def work(one: Work) -> tuple[Work, dict[str, Any]]:
    name, seed = one
    started = time.process_time()
    line = brute_force(seed) if name == "truth" else reported(name, seed)
    return one, {**line, "cpu_s": round(time.process_time() - started, 2)}


@cache
def code() -> str:
    """What every figure rests on: the rooms from the site to the report, and this file."""
    root = Path(web_demo.__file__).parents[1]
    rooms = (path for room in ROOMS for path in sorted((root / room).rglob("*")))
    return digest(
        [path for path in rooms if path.suffix in (".py", ".toml", ".html")]
        + [Path(__file__), Path(__file__).with_name("municipality.py")]
    )


def kept(path: Path) -> dict[Work, dict[str, Any]]:
    """What the results file holds of this very code."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
            if line.pop("code") != code():
                continue
            found[line.pop("scenario"), line.pop("seed")] = line
        except (ValueError, KeyError):  # cut off by an interruption
            continue
    return found


def run(wanted: Sequence[Work], results: Path, workers: int) -> dict[Work, dict[str, Any]]:
    done = kept(results)
    todo = [one for one in wanted if one not in done]
    results.parent.mkdir(parents=True, exist_ok=True)
    if results.exists() and not results.read_bytes().endswith(b"\n"):  # cut off within a line
        with results.open("ab") as end:
            end.write(b"\n")
    with (
        results.open("a", encoding="utf-8") as out,
        multiprocessing.get_context("spawn").Pool(workers) as pool,
    ):
        for (scenario, seed), line in pool.imap_unordered(work, todo):
            done[scenario, seed] = line
            out.write(json.dumps({"code": code(), "scenario": scenario, "seed": seed, **line}) + "\n")
            out.flush()
    return {one: done[one] for one in wanted}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--truth", type=int, default=200_000, help="citizens of the brute force")
    parser.add_argument("--results", type=Path, default=Path("var/end-to-end.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    batches = math.ceil(arguments.truth / TRUTH_VISITORS)
    seeds = range(arguments.seeds)
    # Brute force first and among the seeds, so that an interrupted run says something of everything.
    wanted = sorted(
        [
            *((name, seed) for seed in seeds for name in SCENARIOS),
            *(("truth", batch) for batch in range(batches)),
        ],
        key=lambda one: one[1] / batches if one[0] == "truth" else one[1] / max(arguments.seeds, 1),
    )
    text = "\n".join(table(run(wanted, arguments.results, arguments.workers)))
    print(text)
    sys.exit(1 if "FAILS" in text else 0)


if __name__ == "__main__":
    main()
