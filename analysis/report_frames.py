# SPDX-License-Identifier: EUPL-1.2
"""The figures of a report as tables: for a notebook, and as one file that any spreadsheet opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from analysis.report import Curve, Report

if TYPE_CHECKING:
    import pandas as pd

#: A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Pairs whose first is of the control, pairs that are the ends of an interval, and marks of -1, 0 and +1.
_SIDES, _ENDS = ("control", "variant"), ("low", "high")
_NAMED: Mapping[str, tuple[str, ...]] = {
    "n": _SIDES,
    "values": _SIDES,
    "rates": _SIDES,
    "reached": _SIDES,
    "success": _SIDES,
    "ci": _ENDS,
    "log_ci": _ENDS,
    "relative_ci": _ENDS,
    "counts": ("bad", "neutral", "good"),
}


def frames(report: Report) -> dict[str, pd.DataFrame]:
    """Every part of the report that holds figures, as a table with the columns of its JSON in snake_case.

    Pairs are two columns: `n_control` and `n_variant`, `ci_low` and `ci_high`; so are the counts of marks
    three. One row of `results` is one comparison of one metric; of `steps` one step of one variant; of
    `progress` one DAY of one variant; of `time_to_answer` one moment on the curve of one variant.
    """
    import pandas as pd

    second, pictures = report.second, report.pictures
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
        "time_to_answer": (row for curve in pictures.time_to_answer for row in _points(curve)),
        "flows": map(_row, pictures.flows),
        "heartbeats": map(_row, pictures.heartbeats),
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


def _points(curve: Curve) -> Iterable[Mapping[str, Any]]:
    """A row for each moment of a curve."""
    columns = {name: value for name, value in msgspec.structs.asdict(curve).items() if name != "variant"}
    for values in zip(*columns.values(), strict=True):
        yield {"variant": curve.variant, **dict(zip(columns, values, strict=True))}


def _row(one: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(one).items():
        if name == "value_cis":
            for side, ci in zip(_SIDES, value or ((None, None), (None, None)), strict=True):
                found |= {f"value_ci_{end}_{side}": each for end, each in zip(_ENDS, ci, strict=True)}
        elif name in _NAMED and not isinstance(value, int):  # a day's n is of both together
            ends: Sequence[Any] = (None,) * len(_NAMED[name]) if value is None else value
            found |= {f"{name}_{end}": each for end, each in zip(_NAMED[name], ends, strict=True)}
        elif not isinstance(value, tuple):
            found[name] = value
    return found


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
