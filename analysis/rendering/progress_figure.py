# SPDX-License-Identifier: EUPL-1.2
"""How far the experiment is: visitors by day, and where one may look, the statistic and its boundary."""

from __future__ import annotations

from markupsafe import Markup

from analysis import wording
from analysis.phrases.second import SECOND
from analysis.rendering.comparison_pictures import boundary, filled
from analysis.rendering.panels import WIDTHS, Figure, Panel
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table, day_text, labels, series_of
from analysis.report import Report
from analysis.second_views import Progress


def progress(report: Report, language: str) -> Figure | None:
    """First exposures on the way to the planned size; where one may look, the statistic and its boundary."""
    found = [one for one in report.second.progress if one.points]
    if not found:
        return None
    words = SECOND[language]
    panels, told = [], []
    for place, one in enumerate(found):
        sentence = _progress_sentence(one, language)
        told.append(sentence)
        caption = Caption(f"progress-{place}", words["title"], sentence)
        drawn = tuple(_drawn_progress(one, caption, width, language, report) for width in WIDTHS)
        heading = words["versus"].format(version=wording.short_variant_name(one.variant, language))
        panels.append(Panel(heading.capitalize() if len(found) > 1 else "", drawn))
    looked = any(point.bound is not None for one in found for point in one.points)
    return Figure(
        name="progress",
        title=words["progress"],
        sentence=" ".join(dict.fromkeys(told)),
        panels=tuple(panels),
        table=_progress_table(found, language),
        note=words["progress_note" if looked else "progress_note_end"],
    )


def _drawn_progress(one: Progress, caption: Caption, width: float, language: str, report: Report) -> Markup:
    words = SECOND[language]
    looks = [point for point in one.points if point.bound is not None and point.z is not None]
    if not looks:
        return filled(
            [point.n for point in one.points],
            one.planned,
            caption,
            width=width,
            series=series_of(report).get(one.variant, 1),
            format_tick=lambda tick: wording.number(tick, language),
            label=words["planned"],
        )
    turn = -1.0 if _lower_is_better(report) else 1.0
    names = labels(language)
    return boundary(
        [(point.n, turn * (point.z or 0.0), point.bound or 0.0) for point in looks],
        one.planned,
        caption,
        width=width,
        series=series_of(report).get(one.variant, 1),
        format_tick=lambda tick: wording.number(tick, language),
        better=names["better"],
        worse=names["worse"],
        label=f"{words['planned']} {wording.number(one.planned, language)}",
    )


def _lower_is_better(report: Report) -> bool:
    return any(one.role.value == "primary" and one.better == "lower" for one in report.results)


def _progress_sentence(one: Progress, language: str) -> str:
    words, last = SECOND[language], one.points[-1]
    told = words["progress_sentence"].format(
        day=day_text(last.day, language),
        n=wording.number(last.n, language),
        planned=wording.number(one.planned, language),
    )
    if one.looks == "end":
        return f"{told} {words['progress_end']}"
    if one.decided is not None:
        day = day_text(one.decided, language)
        return f"{told} {words['progress_decided'].format(day=day)}"
    return f"{told} {words['progress_over' if last.n >= one.planned else 'progress_open']}"


def _progress_table(found: list[Progress], language: str) -> Table:
    words = SECOND[language]
    looked = any(point.bound is not None for one in found for point in one.points)
    headers = [labels(language)["version"]] * (len(found) > 1) + [words["day"], words["seen"], words["share"]]
    headers += [words["statistic"], words["bound"]] * looked
    rows = []
    for one in found:
        for point in one.points:
            row = [wording.short_variant_name(one.variant, language)] * (len(found) > 1)
            row += [
                day_text(point.day, language),
                wording.number(point.n, language),
                wording.percentage(point.n / max(1, one.planned), language),
            ]
            row += [
                "–" if value is None else wording.number(value, language, decimals=2, signed=value is point.z)
                for value in (point.z, point.bound)
            ] * looked
            rows.append(tuple(row))
    first = 1 + (len(found) > 1)
    return Table(words["progress"], tuple(headers), tuple(rows), frozenset(range(first, len(headers))))
