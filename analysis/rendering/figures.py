# SPDX-License-Identifier: EUPL-1.2
"""Each picture of a report with the sentence that says what it shows and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from analysis import wording
from analysis.rendering import paths
from analysis.rendering.labels import FIGURES
from analysis.rendering.pictures import (
    Caption,
    Difference,
    Line,
    Point,
    curves,
    forest,
    intervals,
    steps,
    thinned,
)
from analysis.rendering.pictures import Steps as StepLine
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
    unsettled,
)
from analysis.report import Curve, Flow, Heartbeat, Report, Result
from analysis.tables import Outcome, Phase

WIDTHS = (720.0, 340.0)  # of a page, of a phone
_PATH_WIDTHS = (540.0, 340.0)
_STEPS = {540.0: 3, 340.0: 2}
_NAMED = {540.0: 5, 340.0: 4}


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing in its two widths; `heading` is empty where the figure has only one panel."""

    heading: str
    drawings: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    title: str
    sentence: str
    panels: tuple[Panel, ...]
    table: Table
    note: str = ""


def figures(report: Report, language: str) -> list[Figure]:
    """The pictures that this report has numbers for, in the order in which they are read."""
    made = (success, differences, time_to_answer, ways, heartbeats)
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
            f"{wording.value_text(first, point.low, language)} {_to(language)} "
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
        panels=_panel(
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
                f"{label} ({version})" if version else label,
                relative[0],
                f"{relative[1]} {_to(language)} {relative[2]}",
                shown,
                sure,
            )
        )
    if not rows:
        return None
    clear = [row for row in rows if row.is_clear]
    sentence = _standing(report, language) or words["sentence"].format(
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
        panels=_panel(
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
    glance = next((time for time in (120.0, 60.0, 30.0, 10.0) if time <= horizon / 2), horizon / 2)
    told = [
        words["each"].format(
            version=wording.variant_name(one.variant, language),
            share=wording.percentage(_at(one, glance), language),
        )
        for one in found
    ]
    sentence = _standing(report, language) or words["sentence"].format(
        time=wording.duration(glance, language), shares=_listed(told, language)
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
        panels=_panel(
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
        note=words["note"],
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
    for place, variant in enumerate(variants):
        drawings = []
        own = [flow for flow in flows if flow.variant == variant]
        for width in _PATH_WIDTHS:
            named = paths.common_touchpoints(flows, steps=_STEPS[width], most=_NAMED[width])
            followed = paths.follow(own, named)
            description = _ended(followed, variant, language, capital=True)
            title = words["panel"].format(version=wording.variant_name(variant, language))
            drawings.append(
                paths.draw(
                    followed,
                    Caption(f"paths-{place}", title, description),
                    width=width,
                    name_of=lambda name: wording.touchpoint_name(name, language),
                    share_of=lambda share: wording.percentage(share, language),
                    columns=words["columns"].split("|"),
                )
            )
        told.append(_ended(followed, variant, language, capital=not told))
        panels.append(Panel(wording.short_variant_name(variant, language).capitalize(), tuple(drawings)))
    return Figure(
        name="paths",
        title=words["title"],
        sentence=" ".join(told),
        panels=tuple(panels),
        table=_flow_table(flows, variants, words["title"], language),
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
        sentence=_lowest(found, language),
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
    for variant, place in series.items():
        own = {one.phase: one for one in found if one.variant == variant}
        if not own:
            continue
        per = max(1, questions.get(variant, 0))
        values = [
            None
            if phase not in own
            else own[phase].mean
            if own[phase].given
            else 100 * own[phase].counts[0] / per
            for phase in phases
        ]
        lines.append(StepLine(wording.short_variant_name(variant, language), place, tuple(values)))
    return lines


def _standing(report: Report, language: str) -> str:
    """What goes before any sentence about a report that is void or too early."""
    standing = unsettled(report)
    return labels(language)[f"{standing}_note"] if standing else ""


def _told_all(found: list[Result], report: Report, language: str) -> str:
    """The primary results in words; of a void report only that it is void."""
    standing = _standing(report, language)
    if unsettled(report) == "void":
        return standing
    told = [wording.result_sentence(one, language, capital=not several(report)) for one in found]
    if several(report):
        names = [wording.short_variant_name(one.variant, language).capitalize() for one in found]
        told = [f"{name}: {sentence}" for name, sentence in zip(names, told, strict=True)]
    return " ".join([standing, *told]).strip()


def _panel(draw: Callable[[float], Markup]) -> tuple[Panel, ...]:
    return (Panel("", tuple(draw(width) for width in WIDTHS)),)


def _tick(result: Result, language: str) -> Callable[[float], str]:
    if wording.is_share(result):
        return lambda tick: wording.percentage(
            tick, language, decimals=0 if round(tick * 100, 9) % 1 == 0 else 1
        )
    if wording.is_time(result):
        return lambda tick: wording.duration(tick, language) if tick else "0"
    return lambda tick: wording.quantity(tick, language, trim=True)


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


def _ended(followed: paths.Paths, variant: str, language: str, *, capital: bool) -> str:
    last, total = followed.columns[-1], max(1, followed.total)

    def of_hundred(outcome: Outcome) -> str:
        return wording.number(100 * last.get(outcome.value, 0) / total, language)

    words = FIGURES["paths"][language]["ended" if capital else "ended_again"]
    return words.format(
        version=wording.variant_name(variant, language),
        answered=of_hundred(Outcome.ANSWERED),
        contact=of_hundred(Outcome.CHANNEL_SHIFT),
        abandoned=of_hundred(Outcome.ABANDONED),
    )


def _flow_table(flows: list[Flow], variants: list[str], caption: str, language: str) -> Table:
    """Every step that at least 1 in 200 of a version's questions took; the rest is added up."""
    words, rows = labels(language), []
    for variant in variants:
        own = sorted(
            (flow for flow in flows if flow.variant == variant), key=lambda f: (f.order, -f.questions)
        )
        total = sum(flow.questions for flow in own if flow.order == own[0].order)
        rest = 0
        for flow in own:
            if flow.questions * 200 < total:
                rest += flow.questions
                continue
            rows.append(
                (
                    wording.short_variant_name(variant, language),
                    wording.number(flow.order, language),
                    wording.touchpoint_name(flow.source, language),
                    wording.touchpoint_name(flow.target, language),
                    wording.number(flow.questions, language),
                )
            )
        if rest:
            other = wording.touchpoint_name(paths.OTHER, language)
            rows.append(
                (
                    wording.short_variant_name(variant, language),
                    "–",
                    other,
                    other,
                    wording.number(rest, language),
                )
            )
    headers = (words["version"], words["from_step"], words["source"], words["target"], words["count"])
    return Table(caption, headers, tuple(rows), frozenset({1, 4}))


def _heartbeat_table(found: list[Heartbeat], caption: str, language: str) -> Table:
    words = labels(language)
    rows = tuple(
        (
            wording.short_variant_name(one.variant, language),
            wording.phase_name(one.phase, language),
            words["given"] if one.given else words["inferred"],
            *[wording.number(count, language) for count in one.counts],
            wording.number(one.mean, language, decimals=2, signed=True),
        )
        for one in found
    )
    headers = tuple(words[key] for key in ("version", "phase", "kind", "bad", "neutral", "good", "mean"))
    return Table(caption, headers, rows, frozenset({3, 4, 5, 6}))


def _lowest(found: list[Heartbeat], language: str) -> str:
    """Where visitors were least content by their own account; else where they got stuck most."""
    given = [one for one in found if one.given]
    words = FIGURES["heartbeat"][language]
    worst = min(given, key=lambda one: one.mean) if given else max(found, key=lambda one: one.counts[0])
    return words["lowest" if given else "stuck"].format(
        phase=wording.phase_name(worst.phase, language),
        version=wording.variant_name(worst.variant, language),
        mean=wording.number(worst.mean, language, decimals=2, signed=True),
        count=wording.number(worst.counts[0], language),
    )


def _listed(parts: list[str], language: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {'en' if language == 'nl' else 'and'} {parts[-1]}"


def _count(count: int, language: str) -> str:
    """A count in a sentence; nothing is a word."""
    return wording.number(count, language) if count else labels(language)["none"]


def _to(language: str) -> str:
    return "tot" if language == "nl" else "to"
