# SPDX-License-Identifier: EUPL-1.2
"""What stands beside the verdict, as tables: other views, beliefs, and other definitions."""

from __future__ import annotations

from dataclasses import dataclass

from analysis import wording
from analysis.phrases.second import SECOND
from analysis.rendering.sections import (
    Table,
    figure_cells,
    labels,
    outcome_header,
    primary_results,
    standing_note,
    unsettled,
    with_version,
)
from analysis.report import Report, VerdictCode
from analysis.second_views import Reading


@dataclass(frozen=True, slots=True)
class Seconds:
    """Everything beside the verdict: tables, each with the sentence above it and a name for its place."""

    title: str
    note: str
    tables: tuple[tuple[str, str, Table], ...]


def seconds(report: Report, language: str) -> Seconds | None:
    """Other views, beliefs and other definitions; None where there are none."""
    words = SECOND[language]
    made = (
        ("alternatives", words["alternatives_note"], alternatives_table(report, language)),
        ("views", words["views_note"], views_table(report, language)),
        ("mixtures", words["mixtures_note"], mixtures_table(report, language)),
        ("beliefs", beliefs_note(report, language), beliefs_table(report, language)),
    )
    tables = tuple(one for one in made if one[2].rows)
    if not tables:
        return None
    return Seconds(words["title"], standing_note(report, language) or words["note"], tables)


def views_table(report: Report, language: str) -> Table:
    """The primary difference in every other view that was made, with what each is for."""
    words, names = SECOND[language], labels(language)
    rows = []
    for one in report.second.readings:
        label = wording.view_name(one.view.value, language)
        figures = figure_cells(wording.as_result(one), language)
        row = (with_version(label, one.variant, report, language), *figures)
        rows.append((*row, _explained(one, language), _why(one, language)))
    headers = (
        words["view"],
        wording.short_variant_name(report.control, language),
        outcome_header(report, language),
        names["difference"],
        names["range"],
        words["explained"],
        words["why"],
    )
    return Table(words["views"], headers, tuple(rows), frozenset({1, 2, 3, 4, 5}))


def mixtures_table(report: Report, language: str) -> Table:
    """The difference as other visitors and the same ones better served, by each thing known beforehand."""
    words = SECOND[language]
    primary = {one.variant: one for one in primary_results(report)}
    rows: list[tuple[str, ...]] = []
    for one in report.second.mixtures:
        label = wording.known_name(one.known, language)
        row = (with_version(label, one.variant, report, language),)
        if one.mix is None or one.rate is None:
            rows.append((*row, _cannot(one.reason, language), "–", "–"))
            continue
        as_told = primary[one.variant]  # with the decimals that its uncertainty leaves
        parts = (one.mix, one.rate, one.mix + one.rate)
        rows.append((*row, *(wording.difference_text(as_told, part, language) for part in parts)))
    headers = (words["known"], words["mix"], words["rate"], labels(language)["difference"])
    return Table(words["mixtures"], headers, tuple(rows), frozenset({1, 2, 3}))


def beliefs_table(report: Report, language: str) -> Table:
    """What to believe now and what either choice risks; nothing before there is a verdict, since it would be
    read as one."""
    words = SECOND[language]
    headers = (
        labels(language)["version"],
        words["chance"],
        words["lift"],
        words["losing"],
        words["keeping"],
    )
    rows: list[tuple[str, ...]] = []
    for one in report.second.beliefs if unsettled(report) is None else ():
        name = wording.short_variant_name(one.variant, language)
        if one.chance_better is None or one.lift is None or one.ci is None:
            rows.append((name, _cannot(one.reason, language), "–", "–", "–"))
            continue
        low, high = (wording.percentage(end, language, decimals=1, signed=True) for end in one.ci)
        lift = wording.percentage(one.lift, language, decimals=1, signed=True)
        losses = (one.loss_choosing or 0.0, one.loss_keeping or 0.0)
        rows.append(
            (
                name,
                _chance(one.chance_better, language),
                f"{lift} ({low} {labels(language)['to']} {high})",
                *(_loss(loss, language) for loss in losses),
            )
        )
    return Table(words["beliefs"], headers, tuple(rows), frozenset({1, 2, 3, 4}))


def beliefs_note(report: Report, language: str) -> str:
    """The prior, in words."""
    if not report.second.beliefs:
        return ""
    sd = wording.percentage(report.second.beliefs[0].prior_sd, language)
    return SECOND[language]["beliefs_note"].format(sd=sd)


def alternatives_table(report: Report, language: str) -> Table:
    """The primary result by other definitions, and the verdict by each."""
    words, names = SECOND[language], labels(language)
    rows = []
    for one in report.second.alternatives:
        label = wording.defined_name(one.definition, language)
        figures = figure_cells(wording.as_result(one), language)
        row = (with_version(label, one.variant, report, language), *figures)
        verdict = wording.verdict_label(VerdictCode(one.verdict), language)
        rows.append((*row, verdict))
    headers = (
        words["definition"],
        wording.short_variant_name(report.control, language),
        outcome_header(report, language),
        names["difference"],
        names["range"],
        words["verdict"],
    )
    return Table(words["alternatives"], headers, tuple(rows), frozenset({1, 2, 3, 4}))


def _explained(one: Reading, language: str) -> str:
    return "–" if one.explained is None else wording.percentage(one.explained, language)


def _why(one: Reading, language: str) -> str:
    if one.reason is not None:
        return _cannot(one.reason, language)
    return wording.view_note(one.view.value, language)


def _cannot(reason: str | None, language: str) -> str:
    return SECOND[language]["cannot"].format(reason=wording.refusal(reason or "", language))


def _loss(share: float, language: str) -> str:
    if share < 0.001:
        return SECOND[language]["almost_none"].format(share=wording.percentage(0.001, language, decimals=1))
    return wording.percentage(share, language, decimals=1)


def _chance(chance: float, language: str) -> str:
    """A chance in whole per cent, which is never told as none or certain."""
    if chance > 0.99:
        return ("meer dan " if language == "nl" else "more than ") + wording.percentage(0.99, language)
    if chance < 0.01:
        return SECOND[language]["almost_none"].format(share=wording.percentage(0.01, language))
    return wording.percentage(chance, language)
