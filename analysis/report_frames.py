# SPDX-License-Identifier: EUPL-1.2
"""The figures of a report as tables: for a notebook, and as one file that any spreadsheet opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from analysis.report import Report

if TYPE_CHECKING:
    import pandas as pd

#: A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Pairs whose first is of the control, and pairs that are the ends of an interval.
_SIDES, _ENDS = ("control", "variant"), ("low", "high")
_PAIRS: Mapping[str, tuple[str, str]] = {
    "n": _SIDES,
    "values": _SIDES,
    "rates": _SIDES,
    "reached": _SIDES,
    "success": _SIDES,
    "ci": _ENDS,
    "log_ci": _ENDS,
    "relative_ci": _ENDS,
}


def frames(report: Report) -> dict[str, pd.DataFrame]:
    """Every part of the report that holds figures, as a table with the columns of its JSON in snake_case.

    Pairs are two columns: `n_control` and `n_variant`, `ci_low` and `ci_high`. One row of `results` is one
    comparison of one metric; of `steps` one step of one variant; of `progress` one DAY of one variant.
    """
    import pandas as pd

    second = report.second
    parts: dict[str, Iterable[Mapping[str, Any]]] = {
        "variants": map(_row, report.variants),
        "checks": ({**_row(one), "sentence": one.sentence.get("en", "")} for one in report.checks),
        "results": map(_row, report.results),
        "readings": map(_row, second.readings),
        "beliefs": map(_row, second.beliefs),
        "alternatives": map(_row, second.alternatives),
        "mixtures": map(_row, second.mixtures),
        "curves": map(_row, second.curves),
        "steps": (
            {"variant": one.variant, "control": one.control, **_row(part)}
            for one in second.steps
            for part in one.parts
        ),
        "transitions": map(_row, report.transitions),
        "paths": map(_row, report.paths),
        "progress": (
            {"variant": one.variant, "control": one.control, "planned": one.planned, **_row(point)}
            for one in second.progress
            for point in one.points
        ),
        "set_aside": map(_row, report.set_aside),
    }
    return {name: pd.DataFrame(list(rows)) for name, rows in parts.items()}


def to_csv(report: Report) -> str:
    """All tables in one, the part that a row is of in front; a text that looks like a formula is quoted."""
    import pandas as pd

    told = [frame.assign(part=name) for name, frame in frames(report).items() if len(frame)]
    whole = pd.concat(told, ignore_index=True) if told else pd.DataFrame({"part": []})
    whole.insert(0, "experiment", report.experiment)
    columns = ["experiment", "part", *(name for name in whole.columns if name not in ("experiment", "part"))]
    texts = whole[columns].map(_harmless)
    written: str = texts.to_csv(index=False, lineterminator="\n")
    return written


def _row(one: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(one).items():
        if name in _PAIRS and not isinstance(value, int):  # a day's n is of both together
            ends: Sequence[Any] = (None, None) if value is None else value
            found |= {f"{name}_{side}": end for side, end in zip(_PAIRS[name], ends, strict=True)}
        elif not isinstance(value, tuple):
            found[name] = value
    return found


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
