# SPDX-License-Identifier: EUPL-1.2
"""How long the report of a large experiment takes from its day tables, and where that time goes.

    python benchmarks/reports.py [--visitors 1000000] [--days 28] [--partitions 16]

The tables are made up here, as many partitions a day as an installation writes them for a large day.
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
from analysis.tables import BUCKETS, TRANSITIONS, UNIT_MEASURES, UNITS
from analysis.values import said_table, strata_table, values_table
from experiments.assignment import assignments
from experiments.definition import Better, Experiment, Guardrail, Metric, Variant

START = date(2026, 6, 1)
PAGES = [f"/pagina-{number}" for number in range(40)]


def experiment(visitors: int, days: int) -> Experiment:
    return Experiment(
        name="groot",
        site="voorbeeldstad",
        question="Hoe lang duurt een groot rapport?",
        pages=("/**",),
        variants=(Variant("current", 0.5), Variant("redesign", 0.5)),
        primary=Metric("answered", Better.HIGHER),
        planned_size=visitors,
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
    edges = made.select(
        "experiment",
        "variant",
        "bucket",
        source=pl.Series(rng.choice(PAGES, made.height)),
        target=pl.Series(rng.choice(PAGES[:10], made.height)),
        times=pl.lit(1, pl.Int64),
    )
    other = made.with_columns(definition=pl.lit("silence15"))
    return {
        "units": made,
        "buckets": added_up(buckets, BUCKETS, ("experiment", "variant", "bucket", "segment")),
        "times": times_table(made),
        "values": values_table(made, other),
        "strata": strata_table(made),
        "said": said_table(made),
        "transitions": added_up(edges, TRANSITIONS, ("experiment", "variant", "bucket", "source", "target")),
    }


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visitors", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--tables", type=Path, help="Keep the tables here, and use those that are there.")
    asked = parser.parse_args()
    one = experiment(asked.visitors, asked.days)
    with tempfile.TemporaryDirectory() as folder:
        root = asked.tables or Path(folder)
        if not day_tables.closed_days(root):
            write(root, one, asked.visitors, asked.days, asked.partitions)
        profile, started, clock = cProfile.Profile(), time.process_time(), time.perf_counter()
        profile.enable()
        report = evaluate(one, root, now=datetime.now(UTC))
        profile.disable()
        took, wall = time.process_time() - started, time.perf_counter() - clock
        started = time.process_time()
        page = render(report, form="html", language="nl")
        drawn = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(v.units for v in report.variants):,} visitors over {asked.days} days: {report.verdict.code}")
    print(
        f"report {took:.1f} s of processor time ({wall:.1f} s), page {drawn:.1f} s and {len(page):,} bytes, "
    )
    print(f"at most {memory:.0f} MB")
    pstats.Stats(profile).sort_stats("cumulative").print_stats("analysis", 30)


if __name__ == "__main__":
    main()
