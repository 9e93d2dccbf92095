# SPDX-License-Identifier: EUPL-1.2
"""Compare the variants in any table that a team already has, as far as such a table allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis import compare_checks, verdict, visitor_table, wording
from analysis.errors import AnalysisError
from analysis.estimates import LEVEL, Estimate, Refused, Sums, mean, multiplicity, proportion, ratio, survival
from analysis.picture_data import curve, curve_tests
from analysis.report import Pictures, Report, Result, Role, VariantCount
from analysis.results import Asked, corrected, result
from analysis.second_views import SecondViews
from analysis.visitor_table import Columns, Units
from experiments.errors import did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: A variant of one of these names is the control, unless the caller names another.
CONTROLS = ("control", "controle", "current", "huidig", "original", "baseline")


def compare(
    table: Path | str | pd.DataFrame | pl.DataFrame,
    *,
    unit: str,
    variant: str,
    outcome: str,
    per: str | None = None,
    observed: str | None = None,
    control: str | None = None,
    kind: str = "auto",
    better: str | None = None,
    by: str | None = None,
    cap: float | None = None,
    split: Mapping[str, float] | None = None,
    now: datetime | None = None,
) -> Report:
    """The report on a table of visitors: CSV, Parquet or a frame.

    Args:
        unit, variant, outcome: columns: who was randomised, which version they saw, what came of it.
        per: column of the denominator of a ratio.
        observed: 0/1 column of a time: 1 where it ended, 0 where it was cut off.
        control: the variant to compare with; else one named control, current, … or the first by name.
        kind: proportion, mean, ratio, time or auto: time with `observed`, ratio with `per`, proportion for an
            outcome of zeros and ones, else mean.
        better: higher or lower; by default lower for a time, else higher.
        by: column of segments, compared as exploration.
        cap: value at which a mean's outcomes are cut off, agreed on beforehand; how many were is reported.
        split: how units were to be divided over the variants, in shares of any scale; without it an equal
            division is expected where the table looks like one.
        now: moment of the report, the present by default.

    Raises:
        AnalysisError: the table cannot be read or does not hold what was named.
    """
    if kind not in ("auto", "proportion", "mean", "ratio", "time"):
        raise AnalysisError(f'There is no kind "{kind}". Expected auto, proportion, mean, ratio or time.')
    columns = Columns(unit, variant, outcome, per, observed, by)
    units = visitor_table.units(visitor_table.read(table), columns, kind)
    names = _order(units, control)
    units, capped = _capped(units, cap)
    asked = Asked(
        outcome, units.kind, better or ("lower" if units.kind == "time" else "higher"), role=Role.PRIMARY
    )
    horizon = _horizon(units, names) if units.kind == "time" else None
    primary = corrected(_results(units.frame, asked, names, horizon), multiplicity.holm)
    segments = _segments(units, asked, names, horizon, by)
    counted = dict(units.frame["variant"].value_counts().iter_rows())
    sizes = {name: int(counted[name]) for name in names}
    meant = _shares(split, names)
    checks = compare_checks.checks(units, sizes, primary, segments, meant)
    return Report(
        experiment=Path(table).stem if isinstance(table, str | Path) else "table",
        question=f"{outcome} / {per}" if per else outcome,
        control=names[0],
        period={"from": "", "to": ""},
        definitions={**_definitions(columns, units, asked, names, horizon), **_promised(meant), **capped},
        checks=checks,
        variants=_counts(sizes),
        results=(*primary, *segments),
        set_aside=units.set_aside,
        verdict=verdict.decide(primary, checks=checks),
        **_caveats(columns, names, horizon),
        **_over_time(units, names, horizon),
        created_at=(now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _results(
    frame: pl.DataFrame, asked: Asked, names: Sequence[str], horizon: float | None, segment: str | None = None
) -> list[Result]:
    """Every variant against the first one."""
    import polars as pl

    groups = {name: frame.filter(pl.col("variant") == name) for name in names}
    origin = float(np.mean(frame["outcome"].to_numpy())) if asked.kind == "mean" else 0.0
    return [
        result(
            asked,
            _estimate(groups[names[0]], groups[name], asked.kind, origin, horizon),
            variant=name,
            control=names[0],
            n=(groups[names[0]].height, groups[name].height),
            segment=segment,
        )
        for name in names[1:]
    ]


def _estimate(
    control: pl.DataFrame, variant: pl.DataFrame, kind: str, origin: float, horizon: float | None
) -> Estimate | Refused:
    if kind == "ratio":
        return ratio.compare(
            *(ratio.Clusters(g["outcome"].to_numpy(), g["per"].to_numpy()) for g in (control, variant))
        )
    if kind == "time":
        return survival.compare(_ends(control), _ends(variant), horizon_s=horizon or 0.0)
    left, right = (_sums(group["outcome"].to_numpy(), origin) for group in (control, variant))
    return proportion.compare(left, right) if kind == "proportion" else mean.compare(left, right)


def _sums(values: np.ndarray[Any, np.dtype[np.float64]], origin: float) -> Sums:
    centred = values - origin
    squares = centred**2
    return Sums(
        len(values), float(centred.sum()), float(squares.sum()), float((squares * centred).sum()), origin
    )


def _ends(group: pl.DataFrame) -> survival.Ends:
    """Ends of one variant: 1 answered, 0 cut off; every time ended where the table has no such column."""
    time = group["outcome"].to_numpy()
    cause = group["observed"].to_numpy() if "observed" in group.columns else np.ones(len(time))
    return survival.ends(time, cause.astype(np.int64), np.ones(len(time)))


def _horizon(units: Units, names: Sequence[str]) -> float:
    """The latest time up to which every variant was followed: it must not hang on the last few units."""
    import polars as pl

    followed = []
    for name in names:
        group = units.frame.filter(pl.col("variant") == name)
        times = group["outcome"].sort(descending=True)
        cut_off = "observed" in group.columns and bool(
            (group.filter(pl.col("outcome") == times[0])["observed"] == 0).any()
        )
        if cut_off:
            followed.append(float(times[min(survival.MIN_AT_RISK, len(times) - 1)]))
    return min(followed) if followed else float(units.frame["outcome"].to_numpy().max())


def _capped(units: Units, cap: float | None) -> tuple[Units, dict[str, Any]]:
    """The units with outcomes above the cap set to it, and what the report says of that."""
    if cap is None:
        return units, {}
    import polars as pl

    if units.kind != "mean" or not math.isfinite(cap):
        raise AnalysisError(
            f"--cap is {cap:g} for a {units.kind}. A cap is a number at which the outcomes of a mean are "
            "cut off, such as --kind mean --cap 50."
        )
    above = int((units.frame["outcome"] > cap).sum())
    cut = units.frame.with_columns(pl.col("outcome").clip(upper_bound=cap))
    return replace(units, frame=cut), {"cap": cap, "capped": above}


def _segments(
    units: Units, asked: Asked, names: Sequence[str], horizon: float | None, column: str | None
) -> tuple[Result, ...]:
    import polars as pl

    if column is None:
        return ()
    values = sorted(units.frame["by"].unique().to_list())
    if len(values) > visitor_table.MAX_SEGMENTS:
        raise AnalysisError(
            f"--by names a column of {len(values)} different values, at most {visitor_table.MAX_SEGMENTS} "
            "segments can be compared. Is it the right column?"
        )
    secondary = replace(asked, role=Role.SECONDARY)
    found = []
    for value in values:
        group = units.frame.filter(pl.col("by") == value)
        found += _results(group, secondary, names, horizon, segment=f"{column}={value}")
    return corrected(found, multiplicity.benjamini_hochberg)


def _order(units: Units, control: str | None) -> tuple[str, ...]:
    """The variants by name, the control first."""
    names = sorted(units.frame["variant"].unique().to_list())
    spelled: dict[str, str] = {}
    for name in names:
        if (other := spelled.setdefault(name.strip().casefold(), name)) != name:
            raise AnalysisError(
                f'The variants "{other}" and "{name}" have the same name but for capitals or spaces. Are '
                "they one variant? Give them one name, or two that differ."
            )
    if control is None:
        control = next((name for word in CONTROLS for name in names if name.lower() == word), names[0])
    if control not in names:
        raise AnalysisError(f'No unit saw the control "{control}". {did_you_mean(control, names)}')
    return (control, *(name for name in names if name != control))


def _shares(split: Mapping[str, float] | None, names: Sequence[str]) -> dict[str, float] | None:
    """The shares of the variants in their order, adding up to 1.

    Raises:
        AnalysisError: a name is not in the table, a variant has no share, or a share is not above 0.
    """
    if split is None:
        return None
    for name in split:
        if name not in names:
            raise AnalysisError(f'--split names "{name}", which no unit saw. {did_you_mean(name, names)}')
    for name in names:
        if not (math.isfinite(share := split.get(name, 0.0)) and share > 0):
            given = f"{share:g}" if name in split else "nothing"
            raise AnalysisError(
                f'--split gives "{name}" {given}. Expected a number above 0 for every variant, such as '
                f"--split {','.join(f'{one}=1' for one in names)}."
            )
    whole = sum(split.values())
    return {name: split[name] / whole for name in names}


def _promised(meant: Mapping[str, float] | None) -> dict[str, Any]:
    """The division as a definition has it; it takes the place of the bare names."""
    return {"variants": [{"name": name, "weight": share} for name, share in meant.items()]} if meant else {}


def _counts(sizes: Mapping[str, int]) -> tuple[VariantCount, ...]:
    return tuple(
        VariantCount(name=name, units=size, visitors=size, questions=0) for name, size in sizes.items()
    )


def _definitions(
    columns: Columns, units: Units, asked: Asked, names: Sequence[str], horizon: float | None
) -> dict[str, Any]:
    return {
        "columns": columns.named,
        "kind": asked.kind,
        "better": asked.better,
        "variants": list(names),
        "horizon": horizon,
        "alpha": verdict.ALPHA,
        "confidence": LEVEL,
        "rowsIn": units.rows_in,
        "rowsUsed": units.rows_used,
        "units": units.frame.height,
        "corrections": {"primary": "Holm over variants", "exploration": "Benjamini-Hochberg over segments"},
    }


def _caveats(columns: Columns, names: Sequence[str], horizon: float | None) -> dict[str, Any]:
    codes = ["notPlanned"]
    codes += ["manyVariants"] if len(names) > 2 else []
    codes += ["segments"] if columns.by else []
    sentences = [
        {language: wording.caveat(code, language) for language in wording.LANGUAGES} for code in codes
    ]
    if horizon is not None:
        dutch, english = (wording.number(horizon, language) for language in ("nl", "en"))
        sentences.append(
            {
                "nl": f"Tijden tellen mee tot {dutch}; die grens komt uit de gegevens zelf.",
                "en": f"Times count up to {english}; that limit comes from the data themselves.",
            }
        )
    return {"caveats": tuple(one["en"] for one in sentences), "caveat_sentences": tuple(sentences)}


def _over_time(units: Units, names: Sequence[str], horizon: float | None) -> dict[str, Any]:
    """The curves of a time up to its horizon, and those curves compared as a whole."""
    import polars as pl

    if not horizon:
        return {}
    ends = {name: _ends(units.frame.filter(pl.col("variant") == name)) for name in names}
    curves = (curve(name, one, horizon) for name, one in ends.items())
    return {
        "pictures": Pictures(time_to_answer=tuple(one for one in curves if one is not None)),
        "second": SecondViews(curves=curve_tests(ends, names[0], horizon)),
    }
