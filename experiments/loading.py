# SPDX-License-Identifier: EUPL-1.2
"""Definition files (TOML) become experiments; what is wrong with them is told all at once, with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from experiments.definition import (
    ADJUSTABLE,
    COUNTS,
    METRICS,
    NAME,
    Better,
    Experiment,
    Guardrail,
    Looks,
    Metric,
    Variant,
)
from experiments.errors import DefinitionsError, Problem, did_you_mean
from experiments.places import Places, Steps
from experiments.reading import MISSING, Reader, shown
from experiments.scope import is_pattern

#: What a definition may not lack, with a line to take over.
_EXAMPLES = {
    "question": 'question = "Do more residents find how to report litter?"',
    "site": 'site = "voorbeeldstad"',
    "pages": 'pages = ["/", "/afval/**"]',
    "starts": "starts = 2026-06-01",
    "ends": "ends = 2026-06-14",
    "planned_size": "planned_size = 3200",
    "approved_by": 'approved_by = "process owner of waste"',
    "roll_back": 'roll_back = "klantreis experiment stop zwerfvuil"',
    "variants": "variants = { current = 50, redesign = 50 }",
    "primary": 'primary = { metric = "answered", better = "higher" }',
    "metric": 'metric = "answered"',
    "better": 'better = "higher"',
    "margin": "margin = 0.02",
}
_EXPERIMENT = tuple(key for key in _EXAMPLES if key not in ("metric", "better", "margin"))
_OPTIONAL = ("task", "secondary", "guardrails", "coverage", "looks", "adjusted")
_METRIC = ("metric", "better")
LONGEST_DAYS = 90  # the bucket cookie lives no longer, and a browser that loses it may change variant
_NAME_RULE = "1 to 32 characters of a-z, 0-9 and -, starting with a letter, with at most 6 digits"


def load(paths: Iterable[Path]) -> dict[str, Experiment]:
    """The experiments of files and folders (their `*.toml`, sorted), by name.

    Raises `DefinitionsError` with every problem of every file; nothing is loaded from a half-right set.
    """
    experiments: dict[str, Experiment] = {}
    found_in: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(paths, problems):
        try:
            text = path.read_bytes().decode("utf-8")
            loaded = loads(text, source=str(path))
        except DefinitionsError as error:
            problems += error.problems
            continue
        except OSError as error:
            message = f"cannot be read ({error.strerror}). Mend its place or its rights."
            problems.append(Problem(str(path), None, "", message))
            continue
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            problems.append(Problem(str(path), line, "", "is not UTF-8. Save the file again as UTF-8 text."))
            continue
        for name, experiment in loaded.items():
            if name in experiments:
                problems.append(
                    Problem(
                        str(path),
                        Places(text).line(("experiment", name)),
                        name,
                        f"is also defined in {found_in[name]}. Names are used once: rename one of them.",
                    )
                )
            experiments.setdefault(name, experiment)
            found_in.setdefault(name, str(path))
    if problems:
        raise DefinitionsError(problems)
    return experiments


def loads(text: str, *, source: str = "definition") -> dict[str, Experiment]:
    """The experiments of one file's text, by name; `source` is the file's name in messages.

    Raises `DefinitionsError` with all problems of the text.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number or a nesting without end
        at = re.search(r"line (\d+)", str(error))
        line = int(at.group(1)) if at else None
        message = f"is not valid TOML: {error}. Mend that place; text stands between quotes, dates do not."
        raise DefinitionsError([Problem(source, line, "", message)]) from None
    reader = Reader(source, Places(text), _EXAMPLES)
    for key in raw:
        if key != "experiment":
            reader.report((key,), f"unknown key. {did_you_mean(key, ['experiment'])}")
    tables = raw.get("experiment", {})
    if not isinstance(tables, dict) or not tables:
        reader.report((), "holds no experiment. Expected a table such as [experiment.zwerfvuil].")
        tables = {}
    experiments = {name: _experiment(reader, name, table) for name, table in tables.items()}
    if reader.problems:
        raise DefinitionsError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return {name: experiment for name, experiment in experiments.items() if experiment is not None}


def _experiment(reader: Reader, name: str, value: object) -> Experiment:
    """One experiment; where a value does not fit, it is reported and a stand-in goes on."""
    at: Steps = ("experiment", name)
    if not NAME.fullmatch(name):
        reader.report(at, f"a name is {_NAME_RULE}. Rename it.")
    table = reader.table(at, value, _EXPERIMENT, _OPTIONAL)

    def get(key: str) -> Any:
        return table.get(key, MISSING)

    experiment = Experiment(
        name=name,
        site=reader.text((*at, "site"), get("site")),
        question=reader.text((*at, "question"), get("question")),
        pages=_pages(reader, (*at, "pages"), get("pages")),
        variants=_variants(reader, (*at, "variants"), get("variants")),
        primary=_metric(reader, (*at, "primary"), get("primary")),
        planned_size=reader.whole((*at, "planned_size"), get("planned_size")),
        starts=reader.day((*at, "starts"), get("starts")),
        ends=reader.day((*at, "ends"), get("ends")),
        approved_by=reader.text((*at, "approved_by"), get("approved_by")),
        roll_back=reader.text((*at, "roll_back"), get("roll_back")),
        task=reader.text((*at, "task"), table["task"]) if "task" in table else None,
        secondary=tuple(
            _metric(reader, where, one) for where, one in _listed(reader, at, table, "secondary")
        ),
        guardrails=tuple(
            _guardrail(reader, where, one) for where, one in _listed(reader, at, table, "guardrails")
        ),
        coverage=reader.number(
            (*at, "coverage"),
            table.get("coverage", 1.0),
            lambda share: 0 < share <= 1,
            "a share of the browsers, above 0 and up to 1",
        ),
        looks=Looks(reader.choice((*at, "looks"), table.get("looks", Looks.END.value), list(Looks))),
        adjusted=reader.flag((*at, "adjusted"), table.get("adjusted", False)),
    )
    _check_dates(reader, at, experiment)
    if not reader.problems:  # a stand-in for a broken metric would look like a repeated one
        _check_metrics(reader, at, experiment)
        _check_adjusted(reader, at, experiment)
    return experiment


def _variants(reader: Reader, at: Steps, value: object) -> tuple[Variant, ...]:
    """Variants in the order of the file, their weights brought to a sum of 1."""
    if value is MISSING:
        return ()
    if not isinstance(value, dict) or len(value) < 2:
        reader.report(
            at,
            f"expected two or more names with their weights, the control first, such as current = 50 and "
            f"redesign = 50; got {shown(value)}.",
        )
        return ()
    weights = {}
    for name, weight in value.items():
        if not NAME.fullmatch(name):
            reader.report((*at, name), f"a name is {_NAME_RULE}. Rename it.")
        expected = "a weight above 0; leave out a variant that nobody should see"
        weights[name] = reader.number((*at, name), weight, _is_positive, expected)
    total = sum(weights.values())
    return tuple(Variant(name, weight / total) for name, weight in weights.items())


def _metric(reader: Reader, at: Steps, value: object, *extra: str) -> Metric:
    table = reader.table(at, value, (*_METRIC, *extra), ("cap",))
    name = reader.choice((*at, "metric"), table.get("metric", MISSING), METRICS)
    return Metric(
        name,
        Better(reader.choice((*at, "better"), table.get("better", MISSING), list(Better))),
        _cap(reader, (*at, "cap"), name, table["cap"]) if "cap" in table else None,
    )


def _cap(reader: Reader, at: Steps, metric: str, value: object) -> float:
    if metric not in COUNTS:
        message = f"{metric} has no outliers to cut. Leave cap out; it is for {', '.join(COUNTS)}."
        reader.report(at, message)
    return reader.number(at, value, _is_positive, "a value above 0 at which outliers are cut, such as 20")


def _guardrail(reader: Reader, at: Steps, value: object) -> Guardrail:
    metric = _metric(reader, at, value, "margin")
    margin = value.get("margin", MISSING) if isinstance(value, dict) else MISSING
    expected = "a margin above 0, in the metric's own unit (0.02 is two of a hundred browsers)"
    return Guardrail(metric, reader.number((*at, "margin"), margin, _is_positive, expected))


def _pages(reader: Reader, at: Steps, value: object) -> tuple[str, ...]:
    pages = reader.texts(at, value)
    for page in pages:
        if not is_pattern(page):
            reader.report(
                at,
                f'"{page}" is no page. Expected a path from the root without host or query, as "/zoeken"; '
                '"*" stands for anything within a step of the path, "/**" at the end for everything below.',
            )
    return pages


def _listed(reader: Reader, at: Steps, table: Mapping[str, Any], key: str) -> list[tuple[Steps, object]]:
    value = table.get(key, [])
    if isinstance(value, list):
        return [((*at, key, i), one) for i, one in enumerate(value)]
    header = ".".join(map(str, (*at, key)))
    reader.report((*at, key), f"expected a list: write [[{header}]] with two brackets; got {shown(value)}.")
    return []


def _check_dates(reader: Reader, at: Steps, experiment: Experiment) -> None:
    if date.min in (experiment.starts, experiment.ends):
        return
    days = (experiment.ends - experiment.starts).days + 1
    if days < 1:
        message = f"{experiment.ends} lies before starts, {experiment.starts}. Expected the test's last day."
        reader.report((*at, "ends"), message)
    elif days > LONGEST_DAYS:
        reader.report(
            (*at, "ends"),
            f"the test would last {days} days. Expected at most {LONGEST_DAYS}, as long as the cookie may "
            "live: end it earlier; `klantreis experiment plan` tells what a shorter test can show.",
        )


def _check_metrics(reader: Reader, at: Steps, experiment: Experiment) -> None:
    judged = [experiment.primary, *experiment.secondary]
    for i, metric in enumerate(experiment.secondary):
        if metric.name in [earlier.name for earlier in judged[: i + 1]]:
            reader.report((*at, "secondary", i), f"{metric.name} is already judged. Leave it out here.")
    guarded = [guardrail.metric.name for guardrail in experiment.guardrails]
    for i, name in enumerate(guarded):
        if name in guarded[:i]:
            reader.report((*at, "guardrails", i), f"{name} already has a guardrail. Keep one of them.")


def _check_adjusted(reader: Reader, at: Steps, experiment: Experiment) -> None:
    if not experiment.adjusted:
        return
    if experiment.primary.name not in ADJUSTABLE:
        message = (
            f"{experiment.primary.name} cannot be adjusted. Leave adjusted out, or choose a primary metric "
            f"among {', '.join(ADJUSTABLE)}."
        )
        reader.report((*at, "adjusted"), message)
    if experiment.looks is not Looks.END:
        message = (
            "an adjusted estimate is told once, at the end. Leave out either adjusted or "
            f'looks = "{experiment.looks}".'
        )
        reader.report((*at, "adjusted"), message)


def _is_positive(number: float) -> bool:
    return 0 < number < float("inf")


def _files(paths: Iterable[Path], problems: list[Problem]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
        elif inside := sorted(path.glob("*.toml")):
            files += inside
        else:
            message = "holds no definition. Expected files that end in .toml."
            problems.append(Problem(str(path), None, "", message))
    return files
