# SPDX-License-Identifier: EUPL-1.2
"""Each picture of a report with the sentence that says what it shows and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable

from analysis import wording
from analysis.rendering.journey_figures import heartbeats, time_to_answer, ways
from analysis.rendering.labels import FIGURES
from analysis.rendering.panels import Figure, one_panel
from analysis.rendering.pictures import Caption, Difference, Point, forest, intervals
from analysis.rendering.progress_figure import progress
from analysis.rendering.second_figures import flow_difference, steps
from analysis.rendering.sections import (
    Table,
    how_sure,
    is_clear,
    labels,
    main_results,
    metric_label,
    primary_results,
    series_of,
    several,
    standing_note,
    unsettled,
    with_version,
)
from analysis.report import Report, Result


def figures(report: Report, language: str) -> list[Figure]:
    """The pictures that this report has numbers for, in the order in which they are read."""
    made = (success, differences, progress, time_to_answer, ways, flow_difference, steps, heartbeats)
    return [figure for make in made if (figure := make(report, language)) is not None]


def success(report: Report, language: str) -> Figure | None:
    """The primary metric of every version, with its interval."""
    found = [one for one in primary_results(report) if one.values is not None and one.value_cis is not None]
    if not found:
        return None
    series, seen = series_of(report), {variant.name: variant.units for variant in report.variants}
    points: dict[str, Point] = {}
    for one in found:
        for place, name in enumerate((one.control, one.variant)):
            value, (low, high) = (one.values or (0, 0))[place], (one.value_cis or ((0, 0), (0, 0)))[place]
            count = wording.number(seen.get(name, one.n[place]), language)
            points.setdefault(
                name,
                Point(
                    label=wording.short_variant_name(name, language),
                    note=f"{count} {labels(language)['visitors'].lower()}",
                    series=series[name],
                    value=value,
                    low=low,
                    high=high,
                    shown=wording.value_text(one, value, language),
                ),
            )
    first = found[0]
    rows = tuple(
        (
            point.label,
            point.note,
            point.shown,
            f"{wording.value_text(first, point.low, language)} {labels(language)['to']} "
            f"{wording.value_text(first, point.high, language)}",
        )
        for point in points.values()
    )
    words = FIGURES["success"][language]
    sentence = _told_all(found, report, language)
    caption = Caption("success", words["title"].format(metric=metric_label(first, language)), sentence)
    return Figure(
        name="success",
        title=caption.title,
        sentence=sentence,
        panels=one_panel(
            lambda width: intervals(
                tuple(points.values()), caption, width=width, format_tick=_tick(first, language)
            )
        ),
        table=Table(
            caption.title,
            (
                labels(language)["version"],
                labels(language)["units"],
                labels(language)["outcome"],
                words["range"],
            ),
            rows,
            frozenset({2, 3}),
        ),
        note=words["note"],
    )


def differences(report: Report, language: str) -> Figure | None:
    """All metrics on one scale: how much better or worse than the control, relative to it."""
    words = FIGURES["differences"][language]
    series = series_of(report)
    rows, cells = [], []
    for one in main_results(report):
        if one.estimate is None or one.relative is None or one.relative_ci is None:
            continue
        turn = 1 if one.better == "higher" else -1
        ends = sorted(turn * end for end in one.relative_ci)
        label = metric_label(one, language)
        version = wording.short_variant_name(one.variant, language) if several(report) else ""
        shown, sure = wording.difference_text(one, one.estimate, language), how_sure(report, one, language)
        rows.append(
            Difference(
                label,
                version,
                series[one.variant],
                turn * one.relative,
                ends[0],
                ends[1],
                shown,
                sure,
                is_clear(report, one),
            )
        )
        relative = [
            wording.percentage(value, language, decimals=1, signed=True)
            for value in (one.relative, *one.relative_ci)
        ]
        cells.append(
            (
                with_version(label, one.variant, report, language),
                relative[0],
                f"{relative[1]} {labels(language)['to']} {relative[2]}",
                shown,
                sure,
            )
        )
    if not rows:
        return None
    clear = [row for row in rows if row.is_clear]
    sentence = standing_note(report, language) or words["sentence"].format(
        all=wording.number(len(rows), language),
        better=_count(sum(row.value > 0 for row in clear), language),
        worse=_count(sum(row.value < 0 for row in clear), language),
    )
    caption = Caption("differences", words["title"], sentence)
    names = labels(language)
    headers = (names["metric"], words["relative"], words["range"], names["difference"], names["sure"])
    return Figure(
        name="differences",
        title=caption.title,
        sentence=sentence,
        panels=one_panel(
            lambda width: forest(
                rows,
                caption,
                width=width,
                format_tick=lambda tick: wording.percentage(tick, language, signed=True),
                worse=names["worse"],
                better=names["better"],
            )
        ),
        table=Table(caption.title, headers, tuple(cells), frozenset({1, 2, 3})),
        note=words["note"],
    )


def _told_all(found: list[Result], report: Report, language: str) -> str:
    """The primary results in words; of a void report only that it is void."""
    standing = standing_note(report, language)
    if unsettled(report) == "void":
        return standing
    told = [wording.result_sentence(one, language, capital=not several(report)) for one in found]
    if several(report):
        names = [wording.short_variant_name(one.variant, language).capitalize() for one in found]
        told = [f"{name}: {sentence}" for name, sentence in zip(names, told, strict=True)]
    return " ".join([standing, *told]).strip()


def _tick(result: Result, language: str) -> Callable[[float], str]:
    if wording.is_share(result):
        return lambda tick: wording.percentage(
            tick, language, decimals=0 if round(tick * 100, 9) % 1 == 0 else 1
        )
    if wording.is_time(result):
        return lambda tick: wording.duration(tick, language) if tick else "0"
    return lambda tick: wording.quantity(tick, language, trim=True)


def _count(count: int, language: str) -> str:
    """A count in a sentence; nothing is a word."""
    return wording.number(count, language) if count else labels(language)["none"]
