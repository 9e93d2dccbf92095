# SPDX-License-Identifier: EUPL-1.2
"""How long the report of a large experiment takes from its day tables, and where that time goes.

    python benchmarks/reports.py [--visitors 1000000] [--days 28] [--partitions 16] [--profile]

The tables are made up here, as many partitions a day as an installation writes them for a large day. All that
a report reads is filled, with the shapes that a DAY of the demonstration has: two to three touchpoints a
question over some fifty places, a heartbeat in a fifth of the questions, a first exposure in a thousand lost.
With `--profile` it says where the time goes, in a run of its own: the profiler itself makes it slower.
Exits 1 where the report of a million visitors and its page take more than ten seconds by the clock.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from analysis import day_tables
from analysis.buckets import by_segment, times_table
from analysis.evaluate import evaluate
from analysis.frames import added_up, build, nothing, published
from analysis.reconstruct import TABLES
from analysis.rendering import render
from analysis.tables import (
    BUCKETS,
    EXPOSED,
    FLOWS,
    HEARTBEATS,
    SET_ASIDE,
    TOUCHPOINTS,
    TRANSITIONS,
    UNIT_MEASURES,
    UNITS,
)
from analysis.thresholds import DEFAULTS, alternatives
from analysis.values import said_table, strata_table, values_table
from benchmarks.limits import Figures
from experiments.assignment import assignments
from experiments.definition import Better, Experiment, Guardrail, Metric, Variant

START = date(2026, 6, 1)
PAGES = [f"/pagina-{number}" for number in range(40)]
PLACES = np.array([*PAGES, "search", "tel", "mail"], object)
PHASES = ["oriëntatie", "contact", "uitvoering", "afronding", "evaluatie"]
LINKED = (1, 2, 5, 11, 17)  # places on from a place
LONGEST = 20  # steps of a path that `FLOWS` keeps apart
FULL, REPORT_S = 1_000_000, 10


def experiment(visitors: int, days: int) -> Experiment:
    return Experiment(
        name="groot",
        site="voorbeeldstad",
        question="Hoe lang duurt een groot rapport?",
        pages=("/**",),
        variants=(Variant("current", 0.5), Variant("redesign", 0.5)),
        primary=Metric("answered", Better.HIGHER),
        planned_size=visitors * 9 // 10,  # surely reached: a report that waits for more says less
        starts=START,
        ends=START + timedelta(days=days - 1),
        approved_by="benchmark",
        roll_back="none",
        guardrails=(Guardrail(Metric("contacted", Better.LOWER), 0.02),),
    )


def units(one: Experiment, count: int, day: date, rng: np.random.Generator) -> pl.DataFrame:
    """`UNITS` of made-up browsers."""
    bucket = rng.integers(0, 1000, count)
    variant = np.array(assignments(one), object)[bucket].astype(str)
    answered = rng.random(count) < np.where(variant == "redesign", 0.52, 0.5)
    shift = ~answered & (rng.random(count) < 0.1)
    searches = rng.poisson(1, count)
    return build(
        {
            "experiment": one.name,
            "day": day.isoformat(),
            "bucket": bucket,
            "variant": pl.Series(variant),
            "viewport": pl.Series(rng.choice(["s", "m", "l"], count)),
            "entry": pl.Series(rng.choice(["direct", "search_engine", "campaign", "internal"], count)),
            "daypart": pl.Series(rng.choice(["morning", "afternoon", "evening", "night"], count)),
            "landing": pl.Series(rng.choice(PAGES, count)),
            "arrived": answered | (rng.random(count) < 0.3),
            "answered": answered,
            "contacted": shift,
            "started": answered,
            "submitted": answered,
            "first_answered": answered.astype(np.int64),
            "questions": 1 + rng.poisson(0.2, count),
            "pages": 1 + rng.poisson(3, count),
            "searches": searches,
            "time_s": rng.exponential(200, count),
            "cause": pl.Series(np.where(answered, "answered", np.where(shift, "channel_shift", "abandoned"))),
            "said": np.where(rng.random(count) < 0.05, answered, -1),
        },
        UNITS,
    )


def tables(made: pl.DataFrame, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    """The day tables of these units that a report reads, with the shapes that they have."""
    rows = by_segment(made)
    buckets = rows.select(
        "experiment",
        "variant",
        "bucket",
        "segment",
        pl.lit(1, pl.Int64).alias("units"),
        *(pl.col(name).cast(pl.Float64).alias(f"{name}_sum") for name in UNIT_MEASURES),
        *((pl.col(name).cast(pl.Float64) ** 2).alias(f"{name}_squares") for name in UNIT_MEASURES),
        pl.lit(1, pl.Int64).alias("first_questions"),
        pl.col("first_answered").cast(pl.Float64).alias("first_answered_sum"),
        pl.col("questions").cast(pl.Int64).alias("all_questions"),
        pl.col("answered").cast(pl.Float64).alias("question_success_sum"),
        pl.col("contacted").cast(pl.Float64).alias("question_contact_sum"),
        pl.col("pages").cast(pl.Float64).alias("question_pages_sum"),
        pl.col("searches").cast(pl.Float64).alias("question_searches_sum"),
    )
    moved = steps(made, rng)
    beats = heartbeats(made, rng)
    edge = ("experiment", "variant", "bucket", "source", "target")
    others = pl.concat([made.with_columns(definition=pl.lit(name)) for name in alternatives(DEFAULTS)])
    return {
        "units": made,
        "buckets": added_up(buckets, BUCKETS, ("experiment", "variant", "bucket", "segment")),
        "times": times_table(made),
        "values": values_table(made, others),
        "strata": strata_table(made),
        "said": said_table(made),
        "exposed": exposed(made, rng),
        "flows": flows(moved),
        "touchpoints": touchpoints(moved),
        "transitions": added_up(moved.select(*edge, times=pl.lit(1, pl.Int64)), TRANSITIONS, edge),
        "heartbeats": added_up(beats, HEARTBEATS, tuple(HEARTBEATS)[:-1]),
        "set_aside": build(
            {
                "table": ["units", "questions"],
                "experiment": made["experiment"][0],
                "reason": ["first exposure sent twice", "question under an exposure that does not count"],
                "rows": rng.poisson(made.height / 1000, 2),
            },
            SET_ASIDE,
        ),
    }


def steps(made: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """What followed what in the question of every unit, from its start to its outcome: a row each.

    From every place five others are linked, which makes some four hundred transitions.
    """
    count = np.clip(made["pages"].to_numpy() - 1, 1, LONGEST - 1)
    unit = np.repeat(np.arange(made.height), count + 1)
    order = np.arange(len(unit)) - np.repeat(np.cumsum(count + 1) - count - 1, count + 1)
    walked = np.cumsum(rng.choice(LINKED, len(unit)))
    came_in = rng.integers(0, len(PLACES), made.height)[unit]
    place = PLACES[(came_in + walked - walked[np.flatnonzero(order == 0)][unit]) % len(PLACES)]
    last = order == count[unit]
    source = np.where(order == 0, "start", np.roll(place, 1))
    return made[unit].select(
        "experiment",
        "variant",
        "bucket",
        order=pl.Series(order),
        source=pl.Series(source.astype(str)),
        target=pl.Series(np.where(last, made["cause"].to_numpy()[unit], place).astype(str)),
    )


def flows(moved: pl.DataFrame) -> pl.DataFrame:
    """`FLOWS`: the steps by their order, for everyone and for each variant."""
    rows = moved.with_columns(
        site=pl.lit("voorbeeldstad"),
        task=pl.lit("taak"),
        questions=pl.lit(1, pl.Int64),
        visitors=pl.lit(1, pl.Int64),
    )
    everyone = rows.with_columns(experiment=pl.lit(""), variant=pl.lit(""))
    both = pl.concat([everyone, rows]).drop("bucket")
    return added_up(both, FLOWS, tuple(FLOWS)[:-2])


def touchpoints(moved: pl.DataFrame) -> pl.DataFrame:
    """`TOUCHPOINTS`: where the steps came, and where they left."""
    came = moved.filter(pl.col("source") != "start")
    ended = pl.col("target").is_in(["answered", "channel_shift", "abandoned"])
    one = pl.lit(1, pl.Int64)
    rows = came.select(
        "experiment",
        "variant",
        site=pl.lit("voorbeeldstad"),
        task=pl.lit("taak"),
        phase=pl.lit(PHASES[0]),
        touchpoint="source",
        visits=one,
        questions=one,
        visitors=one,
        last=ended.cast(pl.Int64),
        left=(pl.col("target") == "abandoned").cast(pl.Int64),
        **{name: pl.lit(0, pl.Int64) for name in ("given", "given_sum", "given_bad", "hard")},
    )
    everyone = rows.with_columns(experiment=pl.lit(""), variant=pl.lit(""))
    return added_up(pl.concat([everyone, rows]), TOUCHPOINTS, tuple(TOUCHPOINTS)[:6])


def heartbeats(made: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """How a fifth of the questions felt; of those, what two thirds did not say was inferred, and is bad."""
    felt = made.filter(pl.Series(rng.random(made.height) < 0.2))
    given = rng.random(felt.height) < 1 / 3
    return felt.select(
        "experiment",
        "variant",
        "bucket",
        phase=pl.Series(rng.choice(PHASES, felt.height)),
        given=pl.Series(given),
        heartbeat=pl.Series(np.where(given, rng.choice([-1, 0, 1], felt.height), -1)),
        touchpoints=pl.lit(1, pl.Int64),
    )


def exposed(made: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """`EXPOSED`: a few return, and one in a thousand lost its first exposure."""
    lost = pl.Series(rng.random(made.height) < 0.001).cast(pl.Int64)
    rows = made.select("experiment", "variant", visitors=pl.lit(1, pl.Int64), unmarked=lost, both=0)
    return added_up(rows, EXPOSED, ("experiment", "variant"))


def write(root: Path, one: Experiment, visitors: int, days: int, partitions: int) -> None:
    rng = np.random.default_rng(1)
    for day in (START + timedelta(days=number) for number in range(days)):
        for partition in range(partitions):
            made = tables(units(one, visitors // days // partitions, day, rng), rng)
            held = {
                name: published(made[name], columns) if name in made else nothing(columns)
                for name, columns in TABLES.items()
            }
            day_tables.write(root, day, partition, held)
        day_tables.join(root, day)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visitors", type=int, default=FULL)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--tables", type=Path, help="Keep the tables here, and use those that are there.")
    parser.add_argument("--profile", action="store_true", help="Say where the time goes, in a second run.")
    asked = parser.parse_args()
    one = experiment(asked.visitors, asked.days)
    with tempfile.TemporaryDirectory() as folder:
        root = asked.tables or Path(folder)
        if not day_tables.closed_days(root):
            write(root, one, asked.visitors, asked.days, asked.partitions)
        with Figures() as figures:
            measure(figures, one, root, asked.days, judged=asked.visitors >= FULL)
        if asked.profile:
            profile = cProfile.Profile()
            profile.runcall(evaluate, one, root, now=datetime.now(UTC))
            pstats.Stats(profile).sort_stats("cumulative").print_stats("analysis", 30)
    return 1 if figures.missed else 0


def measure(figures: Figures, one: Experiment, root: Path, days: int, *, judged: bool) -> None:
    """Make the report and its page."""
    started, clock = time.process_time(), time.perf_counter()
    report = evaluate(one, root, now=datetime.now(UTC))
    took, wall = time.process_time() - started, time.perf_counter() - clock
    clock = time.perf_counter()
    page = render(report, form="html", language="nl")
    drawn = time.perf_counter() - clock
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(v.units for v in report.variants):,} visitors over {days} days: {report.verdict.code}")
    print(f"{len(report.transitions)} transitions tested, {len(report.pictures.flows)} pieces of the paths")
    print(f"report {wall:.1f} s ({took:.1f} s of processor time), page {drawn:.1f} s, {len(page):,} bytes")
    print(f"at most {memory:.0f} MB")
    figures.add("report and page, s by the clock", wall + drawn, at_most=REPORT_S, judged=judged)


if __name__ == "__main__":
    sys.exit(main())
