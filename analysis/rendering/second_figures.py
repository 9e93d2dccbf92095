# SPDX-License-Identifier: EUPL-1.2
"""The figures beside the verdict: which step did it, and what visitors do differently."""

from __future__ import annotations

from analysis import wording
from analysis.phrases.second import SECOND
from analysis.rendering.comparison_pictures import Change, Marked, dumbbells
from analysis.rendering.panels import Figure, one_panel
from analysis.rendering.pictures import Caption, Difference, forest
from analysis.rendering.sections import (
    Table,
    labels,
    outcome_header,
    series_of,
    several,
    standing_note,
    unsettled,
    with_version,
)
from analysis.report import Report, Transition
from analysis.second_views import StepPart, StepParts
from analysis.verdict import ALPHA

#: Transitions drawn, and told in the table.
DRAWN, TOLD = 8, 40


def steps(report: Report, language: str) -> Figure | None:
    """The part of each step of the journey in the difference in success."""
    found = [one for one in report.second.steps if one.parts and one.success is not None]
    if not found:
        return None
    words, series = SECOND[language], series_of(report)
    rows = [
        Difference(
            label=wording.milestone_name(part.target, language),
            note=wording.short_variant_name(one.variant, language) if len(found) > 1 else "",
            series=series.get(one.variant, 1),
            value=part.part,
            low=part.ci[0],
            high=part.ci[1],
            shown=wording.points(part.part, language),
            sure=_rates(part, language),
            is_clear=unsettled(report) is None and _clear(part),
        )
        for one in found
        for part in one.parts
    ]
    sentence = standing_note(report, language) or " ".join(_steps_sentence(one, language) for one in found)
    caption = Caption("steps", words["steps"], sentence)
    names = labels(language)
    return Figure(
        name="steps",
        title=words["steps"],
        sentence=sentence,
        panels=one_panel(
            lambda width: forest(
                rows,
                caption,
                width=width,
                format_tick=lambda tick: wording.number(
                    100 * tick, language, decimals=_decimals(rows), signed=True
                ),
                worse=names["worse"],
                better=names["better"],
            )
        ),
        table=_steps_table(found, report, language),
        note=words["steps_note"],
    )


def flow_difference(report: Report, language: str) -> Figure | None:
    """The transitions that changed most, after a correction for having tested them all."""
    tested = sorted(report.transitions, key=lambda one: (one.p_any, -abs(one.values[1] - one.values[0])))
    if not tested:
        return None
    words, series = SECOND[language], series_of(report)
    clear = [one for one in tested if one.p_any < ALPHA]
    shown = (clear or tested)[:DRAWN]
    sentence = standing_note(report, language) or _flow_sentence(report, tested, clear, language)
    caption = Caption("flow", words["flow"], sentence)
    rows = [
        Change(
            parts=_edge(one, language),
            note=wording.short_variant_name(one.variant, language) if several(report) else "",
            before=Marked(0, 100 * one.values[0], _times(one.values[0], language)),
            after=Marked(series.get(one.variant, 1), 100 * one.values[1], _times(one.values[1], language)),
            is_clear=one in clear and unsettled(report) is None,
        )
        for one in shown
    ]
    key = [(0, wording.short_variant_name(report.control, language))]
    key += [
        (series.get(name, 1), wording.short_variant_name(name, language))
        for name in dict.fromkeys(one.variant for one in shown)
    ]
    return Figure(
        name="flow",
        title=words["flow"],
        sentence=sentence,
        panels=one_panel(
            lambda width: dumbbells(
                rows,
                caption,
                width=width,
                key=key,
                title=words["per"],
                format_tick=lambda tick: wording.quantity(tick, language, trim=True),
            )
        ),
        table=_flow_table(tested, report, language),
        note=words["flow_note"],
    )


def _clear(part: StepPart) -> bool:
    return part.ci[0] > 0 or part.ci[1] < 0


def _steps_sentence(one: StepParts, language: str) -> str:
    words = SECOND[language]
    clear = [part for part in one.parts if _clear(part)]
    if not clear or one.success is None:
        return words["steps_unclear"]
    most = max(clear, key=lambda part: abs(part.part))
    return words["steps_sentence"].format(
        among=wording.among_name(most.source, language),
        verb=wording.reaching_text(most.target, wording.number(100 * most.rates[1], language), language),
        version=wording.variant_name(one.variant, language),
        control=wording.variant_name(one.control, language),
        old=wording.number(100 * most.rates[0], language),
        part=wording.points(most.part, language),
        whole=wording.points(one.success[1] - one.success[0], language),
    )


def _rates(part: StepPart, language: str) -> str:
    old, new = (wording.number(100 * rate, language) for rate in part.rates)
    return f"{old} → {new} {'van de 100' if language == 'nl' else 'of 100'}"


def _steps_table(found: list[StepParts], report: Report, language: str) -> Table:
    words, names = SECOND[language], labels(language)
    rows = []
    for one in found:
        for part in one.parts:
            label = words["step_of"].format(
                source=wording.milestone_name(part.source, language),
                target=wording.milestone_name(part.target, language),
            )
            rows.append(
                (
                    with_version(label, one.variant, report, language),
                    " / ".join(wording.number(count, language) for count in part.reached),
                    *(wording.percentage(rate, language, decimals=1) for rate in part.rates),
                    wording.points(part.part, language),
                    f"{wording.number(100 * part.ci[0], language, decimals=1, signed=True)} {names['to']} "
                    f"{wording.number(100 * part.ci[1], language, decimals=1, signed=True)}",
                )
            )
    headers = (
        words["step"],
        words["reached"],
        wording.short_variant_name(report.control, language),
        outcome_header(report, language),
        words["part"],
        names["range"],
    )
    return Table(words["steps"], headers, tuple(rows), frozenset({1, 2, 3, 4, 5}))


def _decimals(rows: list[Difference]) -> int:
    return 0 if max(max(abs(row.low), abs(row.high)) for row in rows) > 0.05 else 1


def _edge(one: Transition, language: str) -> tuple[str, str]:
    source, target = (wording.touchpoint_name(name, language) for name in (one.source, one.target))
    return source, f"→ {target}"


def _flow_sentence(report: Report, tested: list[Transition], clear: list[Transition], language: str) -> str:
    words = SECOND[language]
    count = wording.number(len(tested), language)
    if not clear:
        told = [words["flow_none"].format(tested=count)]
    else:
        most = max(clear, key=lambda one: abs(one.values[1] - one.values[0]))
        told = [
            words["flow_sentence"].format(tested=count, clear=wording.number(len(clear), language)),
            words["flow_most"].format(
                source=wording.touchpoint_name(most.source, language),
                target=wording.touchpoint_name(most.target, language),
                version=wording.variant_name(most.variant, language),
                control=wording.variant_name(most.control, language),
                old=_times(most.values[0], language),
                new=_times(most.values[1], language),
            ),
        ]
    for one in report.paths:
        p = one.p_value if one.p_adjusted is None else one.p_adjusted
        which = "clear" if p < ALPHA else "unclear"
        told.append(
            words["flow_apart"].format(
                distance=wording.percentage(one.distance, language),
                expected=wording.percentage(one.expected, language),
                told=words[f"flow_apart_{which}"],
            )
        )
    return " ".join(told)


def _times(share: float, language: str) -> str:
    """Times in 100 questions."""
    return wording.number(100 * share, language, decimals=1 if 0 < share < 0.0995 else 0)


def _flow_table(tested: list[Transition], report: Report, language: str) -> Table:
    words, names = SECOND[language], labels(language)
    rows = []
    for one in tested[:TOLD]:
        label = " ".join(_edge(one, language))
        rows.append(
            (
                with_version(label, one.variant, report, language),
                *(_times(value, language) for value in one.values),
                wording.number(100 * (one.values[1] - one.values[0]), language, decimals=1, signed=True),
                wording.odds(one.p_any, language),
            )
        )
    headers = (
        words["edge"],
        wording.short_variant_name(report.control, language),
        outcome_header(report, language),
        names["difference"],
        words["odds"],
    )
    return Table(words["flow"], headers, tuple(rows), frozenset({1, 2, 3}))
