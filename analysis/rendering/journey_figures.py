# SPDX-License-Identifier: EUPL-1.2
"""The figures of the journey itself: how fast, which way, and how it felt."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analysis import wording
from analysis.disclosure import FEWEST
from analysis.rendering import path_panels, paths
from analysis.rendering.labels import FIGURES
from analysis.rendering.panels import WIDTHS, Figure, Panel, one_panel
from analysis.rendering.path_table import path_table
from analysis.rendering.pictures import Caption, Line, curves, steps, thinned
from analysis.rendering.pictures import Steps as StepLine
from analysis.rendering.sections import Table, labels, series_of, standing_note, unsettled
from analysis.report import Curve, Heartbeat, Report
from analysis.tables import Phase


def time_to_answer(report: Report, language: str) -> Figure | None:
    """How the share that has an answer grows with time."""
    found = [one for one in report.pictures.time_to_answer if one.time_s and one.time_s[-1] > 0]
    if not found:
        return None
    words, series, names = FIGURES["time"][language], series_of(report), labels(language)
    lines = []
    for one in found:
        start = () if one.time_s[0] == 0 else ((0.0, 0.0, 0.0, 0.0),)
        points = (*start, *zip(one.time_s, one.answered, one.low, one.high, strict=True))
        label = wording.short_variant_name(one.variant, language)
        shown = wording.percentage(one.answered[-1], language)
        lines.append(Line(label, series.get(one.variant, 0), thinned(points), shown))
    horizon = max(one.time_s[-1] for one in found)
    glance = next((time for time in (300.0, 120.0, 60.0, 30.0, 10.0) if time <= horizon / 2), horizon / 2)
    told = [
        words["each"].format(
            version=wording.variant_name(one.variant, language),
            share=wording.percentage(_at(one, glance), language),
        )
        for one in found
    ]
    sentence = standing_note(report, language) or words["sentence"].format(
        time=wording.duration(glance, language), shares=wording.listed(told, language)
    )
    caption = Caption("time", words["title"], sentence)
    moments = [t for t in (10, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14400) if t < horizon] + [
        horizon
    ]
    rows = tuple(
        (
            wording.duration(moment, language),
            *[cell for one in found for cell in _shares_at(one, moment, language)],
        )
        for moment in moments
    )
    headers = [names["time"]]
    for one in found:
        version = wording.short_variant_name(one.variant, language)
        headers += [f"{version}: {words[column]}" for column in ("answered", "elsewhere", "abandoned")]
    return Figure(
        name="time",
        title=caption.title,
        sentence=sentence,
        panels=one_panel(
            lambda width: curves(
                lines,
                caption,
                width=width,
                format_x=lambda tick: wording.duration(tick, language) if tick else "0",
                format_y=lambda tick: wording.percentage(tick, language),
                x_title=names["minutes"],
            )
        ),
        table=Table(caption.title, tuple(headers), rows, frozenset(range(1, len(headers)))),
        note=" ".join((words["note"], *_as_a_whole(report, language))),
    )


def _as_a_whole(report: Report, language: str) -> Iterator[str]:
    """The lines compared as a whole, where the report's figures count."""
    for one in report.second.curves if unsettled(report) is None else ():
        if one.p_value is not None:
            yield FIGURES["time"][language]["compared"].format(
                version=wording.variant_name(one.variant, language),
                control=wording.variant_name(one.control, language),
                odds=wording.odds(one.p_value, language),
            )


def ways(report: Report, language: str) -> Figure | None:
    """What followed what, one panel per version."""
    flows = [flow for flow in report.pictures.flows if flow.questions > 0]
    variants = [name for name in series_of(report) if any(flow.variant == name for flow in flows)]
    if not variants:
        return None
    words = FIGURES["paths"][language]
    panels: list[Panel] = []
    told: list[str] = []
    widest: dict[str, paths.Paths] = {}
    for place, variant in enumerate(variants):
        own = (flow for flow in flows if flow.variant == variant)
        found = path_panels.followed(
            own, lambda steps, most: paths.common_touchpoints(flows, steps=steps, most=most)
        )
        widest[variant] = found[0]
        name = wording.variant_name(variant, language)
        ends = path_panels.of_hundred(found[0], language)
        title, ended = words["panel"].format(version=name), words["ended"].format(version=name, **ends)
        drawings = path_panels.drawn(found, Caption(f"paths-{place}", title, ended), language)
        told.append(words["ended_again"].format(version=name, **ends) if told else ended)
        panels.append(Panel(wording.short_variant_name(variant, language).capitalize(), tuple(drawings)))
    return Figure(
        name="paths",
        title=words["title"],
        sentence=standing_note(report, language) or " ".join(told),
        panels=tuple(panels),
        table=path_table(widest, words["title"], language),
        note=words["note"],
    )


def heartbeats(report: Report, language: str) -> Figure | None:
    """How visitors felt in each phase, as they said themselves and, apart, as their behaviour suggests."""
    words = FIGURES["heartbeat"][language]
    found = [one for one in report.pictures.heartbeats if sum(one.counts)]
    if not found:
        return None
    series = series_of(report)
    questions = {variant.name: variant.questions for variant in report.variants}
    phases = [phase.value for phase in Phase]
    phases += list(dict.fromkeys(one.phase for one in found if one.phase not in phases))
    names = [wording.phase_name(phase, language) for phase in phases]
    panels = []
    for given in (True, False):
        lines = _phase_lines(
            [one for one in found if one.given is given], phases, series, questions, language
        )
        if not lines:
            continue
        key = "given" if given else "inferred"
        caption = Caption(f"heartbeat-{key}", words[key], words[key + "_note"])
        most = max((value for line in lines for value in line.values if value is not None), default=1.0)
        panels.append(
            Panel(
                words[key],
                tuple(
                    steps(
                        lines,
                        names,
                        caption,
                        width=width,
                        low=-1.0 if given else 0.0,
                        high=1.0 if given else max(most, 1e-9),
                        format_y=_feeling(language)
                        if given
                        else lambda tick: wording.quantity(tick, language, trim=True),
                        y_ticks=(-1.0, -0.5, 0.0, 0.5, 1.0) if given else None,
                    )
                    for width in WIDTHS
                ),
            )
        )
    return Figure(
        name="heartbeat",
        title=words["title"],
        sentence=standing_note(report, language) or _lowest(found, language),
        panels=tuple(panels),
        table=_heartbeat_table(found, words["title"], language),
        note=words["note"],
    )


def _phase_lines(
    found: list[Heartbeat],
    phases: list[str],
    series: dict[str, int],
    questions: dict[str, int],
    language: str,
) -> list[StepLine]:
    """Given: the mean. Inferred: hard moments per 100 questions, since those are only ever bad."""
    lines = []
    values: list[float | None]
    for variant, place in series.items():
        own = {one.phase: one for one in found if one.variant == variant}
        if not own:
            continue
        if found[0].given:
            values = [own[phase].mean if phase in own and _enough(own[phase]) else None for phase in phases]
        else:
            per = max(1, questions.get(variant, 0)) / 100
            values = [own[phase].counts[0] / per if phase in own else 0.0 for phase in phases]
        lines.append(StepLine(wording.short_variant_name(variant, language), place, tuple(values)))
    return lines


def _enough(one: Heartbeat) -> bool:
    """Whether a phase has as many marks as a mean of them is told of, as on the map of a task."""
    return sum(one.counts) >= FEWEST


def _feeling(language: str) -> Callable[[float], str]:
    words = labels(language)
    named = {-1.0: words["bad"], 0.0: words["neutral"], 1.0: words["good"]}
    return lambda tick: named.get(tick, "")


def _at(curve: Curve, moment: float) -> float:
    """The share answered at `moment`: the last step at or before it."""
    reached = [share for time, share in zip(curve.time_s, curve.answered, strict=True) if time <= moment]
    return reached[-1] if reached else 0.0


def _shares_at(curve: Curve, moment: float, language: str) -> list[str]:
    place = max((index for index, time in enumerate(curve.time_s) if time <= moment), default=None)
    columns = (curve.answered, curve.elsewhere, curve.abandoned)
    return [
        wording.percentage(
            column[place] if place is not None and place < len(column) else 0.0, language, decimals=1
        )
        for column in columns
    ]


def _heartbeat_table(found: list[Heartbeat], caption: str, language: str) -> Table:
    words = labels(language)
    rows = tuple(
        (
            wording.short_variant_name(one.variant, language),
            wording.phase_name(one.phase, language),
            words["given"] if one.given else words["inferred"],
            *[wording.number(count, language) for count in one.counts],
            wording.number(one.mean, language, decimals=2, signed=True)
            if _enough(one) or not one.given
            else "–",
        )
        for one in found
    )
    headers = tuple(words[key] for key in ("version", "phase", "kind", "bad", "neutral", "good", "mean"))
    return Table(caption, headers, rows, frozenset({3, 4, 5, 6}))


def _lowest(found: list[Heartbeat], language: str) -> str:
    """Where visitors were least content by their own account; else where they got stuck most."""
    given = [one for one in found if one.given and _enough(one)]
    found = given or [one for one in found if not one.given]
    words = FIGURES["heartbeat"][language]
    if not found:
        return words["few"]
    worst = min(given, key=lambda one: one.mean) if given else max(found, key=lambda one: one.counts[0])
    return words["lowest" if given else "stuck"].format(
        phase=wording.phase_name(worst.phase, language),
        version=wording.variant_name(worst.variant, language),
        mean=wording.number(worst.mean, language, decimals=2, signed=True),
        count=wording.number(sum(worst.counts) if given else worst.counts[0], language),
    )
