# SPDX-License-Identifier: EUPL-1.2
"""How right journeys are rebuilt, over many seeds, with and without a real difference between versions.

    python -m benchmarks.journeys_accuracy [--seeds 20] [--visitors 3000]
    python -m benchmarks.journeys_accuracy --seeds 2 --visitors 500 --rendered DIR

For every seed citizens visit the demonstration's site for a week, twice: once with its redesigns, and once
where those who drew a redesign are shown the current version all the same, so that whatever is measured then
is error. They walk the site's graph, and what they send goes through admission (`municipality`). With DIR
every page is rendered, and every beacon goes through the collector into the archive that is kept there, which
takes much longer.

Printed are, for every experiment, the measured difference in the share of visitors who were answered minus
the true one: per seed, its mean with a 95 % interval, and its largest; how well page views are grouped
into questions beside "a session is a question"; and per variant how questions really ended and what was made
of it.

The thresholds were set, and `thresholds.TUNED` was chosen, on citizens of `TUNED_ON`. Those of `REPORTED`
have other seeds and other habits.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.accuracy import Accuracy, accuracy_of, measure_accuracy
from analysis.thresholds import DEFAULTS, TUNED, Thresholds
from benchmarks import municipality
from experiments.flask_extension import Experiments
from klantreis import demo
from klantreis.jobs import archive_all, defined_experiments, register_of, tasks_of
from klantreis.server import create_collector
from klantreis.settings import Settings, load
from klantreis.store import Store, open_store
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.graph import Graph
from web_demo.citizens.mail import DeliveryError
from web_demo.citizens.simulate import simulate
from web_demo.site import create_site

TUNED_ON = Behaviour(second_question_share=0.4)  # seeds 101 and 102
REPORTED = Behaviour(
    second_question_share=0.3,
    interleaves_share=0.55,
    returns_share=0.3,
    misspelling_share=0.12,
    misspelling_mobile_share=0.17,
    words_per_minute_median=245.0,
    patience_median=17.0,
    answer_s=45.0,
    bot_share=0.03,
)
FIRST_SEED = 301
LAST_DAY = date(2026, 6, 20)
TRIES = 3  # a machine that is too busy keeps the store from answering in time; visits begin again then
POINTS = 0.5  # a measured difference may be so many points off


class NoEffect(Experiments):
    """Draws and reports a variant, and shows everybody the current version."""

    def current_variant(self, name: str) -> str:
        return "current" if super().current_variant(name) else ""


class NoEffectGraph(Graph):
    """The same, of the site's graph."""

    def shows(self, applying: frozenset[str], bucket: int | None) -> Mapping[str, str]:  # noqa: ARG002
        return super().shows(applying, None)


@dataclass(frozen=True, slots=True)
class Case:
    """One simulation: whether redesigns are really shown, and the folder of one whose pages are rendered."""

    seed: int
    effect: bool
    visitors: int
    folder: Path | None = None
    days: int = municipality.DAYS
    behaviour: Behaviour = REPORTED


@dataclass(frozen=True, slots=True)
class Found:
    """What was made of one simulation."""

    case: Case
    promised: Accuracy
    tuned: float


def visited(case: Case, folder: Path) -> Settings:
    """Let the citizens visit and archive what was sent, unless that was done before."""
    wanted = demo.plan(visitors=case.visitors, days=case.days, seed=case.seed, today=LAST_DAY)
    done = folder / "done"
    for _ in range(TRIES):
        if done.exists():
            break
        shutil.rmtree(folder, ignore_errors=True)
        demo.prepare(folder, wanted)
        settings = load(folder)
        with contextlib.suppress(DeliveryError), open_store(settings.data, settings.redis_url) as store:
            asyncio.run(_visit(settings, store, wanted, case))
            archive_all(settings, store)
            done.touch()
    return load(folder)


async def _visit(settings: Settings, store: Store, wanted: demo.Plan, case: Case) -> None:
    register, definitions = register_of(store), defined_experiments(settings).values()
    for experiment in definitions:
        register.start(experiment, actor="benchmark", now=datetime.combine(wanted.first_day, time(), UTC))
    now = [0]
    shown = (Experiments if case.effect else NoEffect)(
        register,
        clock=lambda: datetime.fromtimestamp(now[0] / 1000, UTC),
        random=random.Random(case.seed),
        definitions=definitions,
    )
    collector = create_collector(settings, store.url)
    try:
        await simulate(
            site=create_site(experiments=shown, data_dir=settings.data).wsgi_app,
            collector=collector,
            visitors=case.visitors,
            days=case.days,
            seed=case.seed,
            start=wanted.first_day,
            clock=lambda time_ms: now.__setitem__(0, time_ms),
            truth_path=settings.data / "truth.parquet",
            behaviour=case.behaviour,
        )
    finally:
        await collector.close()


def measured(case: Case) -> Found:
    against_truth = _rendered(case, case.folder) if case.folder else _walked(case)
    return Found(case, against_truth(DEFAULTS), against_truth(TUNED).share_right())


def _rendered(case: Case, folder: Path) -> Callable[[Thresholds], Accuracy]:
    settings = visited(case, folder)
    truth = pd.read_parquet(settings.data / "truth.parquet")
    return lambda thresholds: measure_accuracy(
        settings.archive,
        truth,
        sites=settings.registry(),
        tasks={site.name: tasks_of(settings, site.name) for site in settings.sites},
        experiments=defined_experiments(settings),
        thresholds=thresholds,
    )


def _walked(case: Case) -> Callable[[Thresholds], Accuracy]:
    scenario, kind = "redesign", Graph if case.effect else NoEffectGraph
    made = municipality.city(
        scenario, case.seed, case.visitors, case.days, behaviour=case.behaviour, kind=kind
    )
    return lambda thresholds: accuracy_of(
        municipality.by_day(made.events),
        made.truth,
        sites=municipality.SITES,
        tasks=municipality.tasks(),
        experiments={one.name: one for one in municipality.experiments(scenario)},
        thresholds=thresholds,
    )


def cases(seeds: int, visitors: int, rendered: Path | None) -> list[Case]:
    def folder(seed: int, effect: bool) -> Path | None:
        return (
            rendered and rendered / f"{seed}-{'effect' if effect else 'none'}-{visitors}-{municipality.DAYS}"
        )

    return [
        Case(seed, effect, visitors, folder(seed, effect))
        for seed in range(FIRST_SEED, FIRST_SEED + seeds)
        for effect in (True, False)
    ]


def differences(found: list[Found]) -> pd.DataFrame:
    """One row per simulation and experiment: `true` and `off`, in points."""
    rows = []
    for one in found:
        for _, row in one.promised.bias.dropna(subset="share_effect").iterrows():
            rows.append(
                {
                    "effect": one.case.effect,
                    "experiment": row["experiment"],
                    "seed": one.case.seed,
                    "visitors": row["visitors"],
                    "true": 100 * row["share_effect"],
                    "off": 100 * row["share_effect_off"],
                }
            )
    return pd.DataFrame(rows)


def print_differences(rows: pd.DataFrame) -> None:
    print("Measured minus true difference between the versions, in points")
    for (effect, name), part in rows.groupby(["effect", "experiment"], sort=False):
        off, n = part["off"].to_numpy(), len(part)
        half = stats.t.ppf(0.975, n - 1) * off.std(ddof=1) / np.sqrt(n) if n > 1 else float("nan")
        worst = off[np.abs(off).argmax()]
        verdict = "within" if np.abs(off.mean()) + half <= POINTS else "NOT within"
        print(
            f"  {'with effect' if effect else 'no effect':11} {name:12} true {part['true'].mean():+6.2f}   "
            f"off {off.mean():+.3f} ({off.mean() - half:+.3f} to {off.mean() + half:+.3f}), spread "
            f"{off.std(ddof=1) if n > 1 else 0:.3f}, worst seed {worst:+.3f}; "
            f"{(np.abs(off) <= POINTS).sum()} of {n} seeds within {POINTS}; mean {verdict} {POINTS}"
        )  # fmt: skip
        print("    by seed " + " ".join(f"{each:+.2f}" for each in off))


def pooled(found: list[Found]) -> Accuracy:
    """All simulations together: what is said of questions; grouping as the mean over them."""
    grouping = pd.concat([one.promised.grouping for one in found])
    counts = grouping.groupby("visitors", sort=False)[["people", "questions"]].sum()
    means = grouping.groupby("visitors", sort=False)[["f1", "baseline"]].mean()
    questions = pd.concat([one.promised.questions for one in found], ignore_index=True)
    return Accuracy(counts.join(means).reset_index(), questions, found[0].promised.bias.iloc[:0])


def report(found: list[Found]) -> None:
    everyone, tuned = pooled(found), [one.tuned for one in found]
    people = sum(one.case.visitors for one in found)
    print(f"{people:,} simulated visitors, {len(everyone.questions):,} questions recorded\n")
    print_differences(differences(found))
    print("\nGrouping of page views (B-cubed F1, mean over the simulations)")
    print(everyone.grouping.round(3).to_string(index=False))
    shares = [one.promised.share_right() for one in found]
    print(
        f"\nOutcomes that fit: {everyone.share_right():.1%} "
        f"(by simulation {min(shares):.1%} to {max(shares):.1%}); "
        f"with {TUNED.read_s:.0f} s as enough to read: {np.mean(tuned):.1%}"
    )
    confusion = everyone.confusion()
    print(confusion.assign(share_right=confusion["share_right"].map("{:.1%}".format)).to_string(index=False))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--visitors", type=int, default=3000, help="per simulation")
    parser.add_argument("--rendered", type=Path, help="render pages; folder for what was archived")
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    every = cases(wanted.seeds, wanted.visitors, wanted.rendered)
    found = []
    with ProcessPoolExecutor(wanted.processes, mp_context=get_context("spawn")) as pool:
        for number, one in enumerate(pool.map(measured, every), start=1):
            found.append(one)
            print(f"\r{number} of {len(every)} simulations", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report(found)


if __name__ == "__main__":
    main()
