# SPDX-License-Identifier: EUPL-1.2
"""Day tables of made-up browsers, summed here from the declarations in `analysis.tables`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from analysis import day_tables
from analysis.reconstruct import TABLES
from analysis.tables import UNIT_MEASURES, UNITS, empty
from analysis.values import said_table, strata_table, values_table
from experiments.assignment import assignments
from experiments.definition import Better, Experiment, Guardrail, Metric, Variant

FIRST_DAY = date(2026, 6, 1)
DAYS = 2
KEYS = ["experiment", "variant", "bucket", "segment"]

EXPERIMENT = Experiment(
    name="zwerfvuil",
    site="voorbeeldstad",
    question="Vinden meer bezoekers een antwoord?",
    pages=("/afval/**",),
    variants=(Variant("current", 0.5), Variant("redesign", 0.5)),
    primary=Metric("answered", Better.HIGHER),
    planned_size=2000,
    starts=FIRST_DAY,
    ends=FIRST_DAY + timedelta(days=DAYS - 1),
    approved_by="T. Tester",
    roll_back="uitzetten",
    task="zwerfvuil",
    secondary=(Metric("time_s", Better.LOWER),),
    guardrails=(Guardrail(Metric("contacted", Better.LOWER), 0.05),),
)


def browsers(
    experiment: Experiment,
    count: int,
    seed: int,
    *,
    answered: Mapping[str, float] | None = None,
    contacted: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """One row per browser at its first exposure (`UNITS`), with a column `partition` beside."""
    rng = np.random.default_rng(seed)
    drawn = np.array(assignments(experiment), object)
    bucket = rng.integers(0, 1000, count)
    bucket = bucket[[variant is not None for variant in drawn[bucket]]]
    variant, n = drawn[bucket], len(bucket)

    def chance(given: Mapping[str, float] | None, default: float) -> np.ndarray:
        return np.array([(given or {}).get(name, default) for name in variant])

    success = rng.random(n) < chance(answered, 0.5)
    shift = ~success & (rng.random(n) < chance(contacted, 0.1))
    cause = np.where(success, "answered", np.where(shift, "channel_shift", "abandoned"))
    questions = 1 + rng.poisson(0.2, n)
    return pd.DataFrame(
        {
            "experiment": experiment.name,
            "day": [(FIRST_DAY + timedelta(days=int(d))).isoformat() for d in rng.integers(0, DAYS, n)],
            "bucket": bucket,
            "variant": variant,
            "viewport": rng.choice(["s", "m", "l"], n),
            "entry": rng.choice(["direct", "search_engine"], n),
            "daypart": rng.choice(["morning", "evening"], n),
            "landing": rng.choice(["/", "/afval"], n),
            "arrived": success | (rng.random(n) < 0.4),
            "answered": success,
            "contacted": shift,
            "started": success | (rng.random(n) < 0.3),
            "submitted": success,
            "first_answered": success,
            "questions": questions,
            "pages": questions + rng.poisson(3, n),
            "searches": rng.poisson(1, n),
            "time_s": rng.exponential(200, n),
            "cause": cause,
            "said": -1,
            "partition": 0,
        }
    )


def tables_of(units: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of one (DAY, partition) with these units; every question of theirs ended as the unit did."""
    units = units.assign(arrived=units["arrived"] | units["answered"])  # whoever found it got there
    tables = {name: empty(columns) for name, columns in TABLES.items()}
    tables["units"] = units[list(UNITS)].astype({name: column.dtype for name, column in UNITS.items()})
    tables["buckets"] = pd.concat([bucket_rows(part) for part in by_segment(units)], ignore_index=True)
    tables["times"] = pd.concat([time_rows(part) for part in by_segment(units)], ignore_index=True)
    made = pl.from_pandas(tables["units"])
    tables["values"] = values_table(made, made.clear().with_columns(definition=pl.lit(""))).to_pandas()
    tables["strata"] = strata_table(made).to_pandas()
    tables["said"] = said_table(made).to_pandas()
    shown = units.groupby(["experiment", "variant"]).size().rename("visitors").reset_index()
    tables["exposed"] = shown.assign(unmarked=0, both=0)
    counted = units.groupby(["experiment", "variant"], as_index=False)["questions"].sum()
    tables["flows"] = counted.assign(
        visitors=counted["questions"],
        site="voorbeeldstad",
        task="zwerfvuil",
        order=0,
        source="start",
        target="search",
    )
    by_bucket = units.groupby(["experiment", "variant", "bucket"], as_index=False)["questions"].sum()
    followed = by_bucket.rename(columns={"questions": "times"})
    tables["transitions"] = followed.assign(source="start", target="search")
    beats = by_bucket.rename(columns={"questions": "touchpoints"})
    tables["heartbeats"] = beats.assign(phase="evaluatie", given=True, heartbeat=1)
    return {name: typed(table, name) for name, table in tables.items()}


def typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    columns = TABLES[name]
    return table[list(columns)].astype({column: of.dtype for column, of in columns.items()})


def by_segment(units: pd.DataFrame) -> Iterator[pd.DataFrame]:
    yield units.assign(segment="")
    for name in ("viewport", "entry", "daypart"):
        yield units.assign(segment=name + "=" + units[name])


def bucket_rows(units: pd.DataFrame) -> pd.DataFrame:
    measures = {}
    for name in UNIT_MEASURES:
        measures[f"{name}_sum"] = units[name].astype(float)
        measures[f"{name}_squares"] = units[name].astype(float) ** 2
    asked = units["questions"]
    measures |= {
        "units": 1,
        "first_questions": 1,
        "first_answered_sum": units["first_answered"],
        "all_questions": asked,
    }
    measures |= {
        "question_success_sum": units["answered"] * asked,
        "question_contact_sum": units["contacted"] * asked,
    }
    measures |= {"question_pages_sum": units["pages"], "question_searches_sum": units["searches"]}
    return units[KEYS].assign(**measures).groupby(KEYS, as_index=False).sum()


def time_rows(units: pd.DataFrame) -> pd.DataFrame:
    keys = ["experiment", "variant", "segment"]
    rows = units[[*keys, "cause"]].assign(time_s=np.ceil(units["time_s"]), units=1)
    return rows.groupby([*keys, "time_s", "cause"], as_index=False).sum()


def write(root: Path, units: pd.DataFrame, set_aside: Mapping[str, int] | None = None) -> Path:
    """Day tables of these units under `root`; `set_aside` goes to the first day."""
    for day in sorted(units["day"].unique()):
        rows = units[units["day"] == day]
        for partition in sorted(rows["partition"].unique()):
            tables = tables_of(rows[rows["partition"] == partition])
            if set_aside:
                aside = [("units", rows["experiment"].iloc[0], reason, n) for reason, n in set_aside.items()]
                tables["set_aside"] = pd.DataFrame(aside, columns=["table", "experiment", "reason", "rows"])
                set_aside = None
            day_tables.write(root, date.fromisoformat(day), int(partition), tables)
    return root
