# SPDX-License-Identifier: EUPL-1.2
"""The parts of a report as words and tables, the same for the terminal and for HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from analysis import wording
from analysis.errors import AnalysisError
from analysis.rendering.labels import LABELS
from analysis.report import Estimand, Report, Result, Role, Status, VerdictCode


class LanguageError(AnalysisError, ValueError):
    """A report was asked for in a language it does not have."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as people read them; the first of a row is its header. `figures` are the columns of numbers."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()


def labels(language: str) -> Mapping[str, str]:
    """Headings in `language`.

    Raises:
        LanguageError: neither nl nor en.
    """
    try:
        return LABELS[language]
    except KeyError:
        known = ", ".join(wording.LANGUAGES)
        raise LanguageError(f"a report can be had in {known}, not in {language!r}") from None


def series_of(report: Report) -> dict[str, int]:
    """The place of each variant in colours and marks: 0 for the control, the others in their order."""
    names = [variant.name for variant in report.variants]
    names += [one.variant for one in report.results] + [one.control for one in report.results]
    others = dict.fromkeys(name for name in names if name != report.control)
    return {report.control: 0} | {name: place + 1 for place, name in enumerate(others)}


def unsettled(report: Report) -> str | None:
    """The key of the label that goes before every figure of this report; None where its figures count."""
    return {VerdictCode.DO_NOT_USE: "void", VerdictCode.NOT_ENOUGH_DATA: "early"}.get(report.verdict.code)


def how_sure(report: Report, result: Result, language: str) -> str:
    """How sure a result is; nothing is clear in a report that is void or too early."""
    standing = unsettled(report)
    if standing is None or result.estimate is None:
        return wording.how_sure(result, language)
    return labels(language)[standing]


def standing_note(report: Report, language: str) -> str:
    """What is said instead of a conclusion where the report is void or too early; else nothing."""
    standing = unsettled(report)
    return labels(language)[f"{standing}_note"] if standing else ""


def is_clear(report: Report, result: Result) -> bool:
    return unsettled(report) is None and wording.is_clear(result)


def primary_results(report: Report) -> list[Result]:
    return [one for one in report.results if one.role is Role.PRIMARY and one.segment is None]


def main_results(report: Report) -> list[Result]:
    """Results over everyone, guardrails apart; those of one metric stand together."""
    found = [one for one in report.results if one.segment is None and one.role is not Role.GUARDRAIL]
    order = list(dict.fromkeys((one.metric, one.estimand) for one in found))
    return sorted(found, key=lambda one: order.index((one.metric, one.estimand)))


def guardrail_results(report: Report) -> list[Result]:
    return [one for one in report.results if one.segment is None and one.role is Role.GUARDRAIL]


def segment_results(report: Report) -> list[Result]:
    """Results of parts of the visitors, in the order in which people name the parts."""
    found = [one for one in report.results if one.segment is not None]
    return sorted(found, key=lambda one: wording.segment_place(one.segment or ""))


def period_text(report: Report, language: str) -> str:
    first, last = as_date(report.period.get("from", "")), as_date(report.period.get("to", ""))
    if first and last:
        return wording.period(first, last, language)
    return " – ".join(end for end in (report.period.get("from"), report.period.get("to")) if end)


def day_text(value: str, language: str) -> str:
    """A DAY in words; what is no date stays as it came."""
    found = as_date(value)
    return wording.day(found, language) if found else value


def created_text(report: Report, language: str) -> str:
    try:
        moment = datetime.fromisoformat(report.created_at)
        return wording.moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC), language)
    except (ValueError, OverflowError):
        return report.created_at


def several(report: Report) -> bool:
    """Whether more than one version is compared with the control, so that each row must say which."""
    return len({one.variant for one in report.results}) > 1


def metric_label(result: Result, language: str) -> str:
    """The metric, with its estimand where that is not the visitor."""
    name = wording.metric_name(result.metric, language, estimand=result.estimand)
    if result.estimand is Estimand.QUESTION and name == result.metric:
        name += f" ({wording.estimand_name(result.estimand, language)})"
    return name


def results_table(results: Sequence[Result], report: Report, language: str, *, caption: str) -> Table:
    """Value of the control, value of the variant, difference with its interval, and how sure that is."""
    words = labels(language)
    in_segments = any(one.segment is not None for one in results)
    of_many = several(report)
    headers = [words["group"]] * in_segments + [words["metric"]] + [words["version"]] * of_many
    headers += [wording.short_variant_name(report.control, language)]
    headers += [outcome_header(report, language)]
    headers += [words["difference"], words["range"], words["sure"]]
    rows = []
    for one in results:
        row = [wording.segment_name(one.segment, language) if one.segment is not None else ""] * in_segments
        row += [metric_label(one, language)] + [wording.short_variant_name(one.variant, language)] * of_many
        rows.append((*row, *figure_cells(one, language), how_sure(report, one, language)))
    first = in_segments + 1 + of_many
    return Table(caption, tuple(headers), tuple(rows), frozenset(range(first, first + 4)))


def figure_cells(one: Result, language: str) -> tuple[str, str, str, str]:
    """Both values, the difference and its range; dashes where there are none."""
    if one.values is None or one.estimate is None:
        return "–", "–", "–", "–"
    old, new = (wording.value_text(one, value, language) for value in one.values)
    return (
        old,
        new,
        wording.difference_text(one, one.estimate, language),
        wording.interval_text(one, language),
    )


def with_version(label: str, variant: str, report: Report, language: str) -> str:
    """A label, with the variant that it is of where there are several."""
    return f"{label} ({wording.short_variant_name(variant, language)})" if several(report) else label


def outcome_header(report: Report, language: str) -> str:
    """What stands above the variant's values: its name, where there is only one."""
    if several(report):
        return labels(language)["outcome"]
    return wording.short_variant_name(_variant(report), language)


def guardrails_table(report: Report, language: str) -> Table:
    words = labels(language)
    table = results_table(guardrail_results(report), report, language, caption=words["guardrails"])
    rows = [
        (*row[:-1], margin_text(one, language), row[-1])
        for row, one in zip(table.rows, guardrail_results(report), strict=True)
    ]
    return Table(
        table.caption, (*table.headers[:-1], words["limit"], table.headers[-1]), tuple(rows), table.figures
    )


def margin_text(result: Result, language: str) -> str:
    """'hooguit 2,0 procentpunt slechter'."""
    if result.margin is None:
        return "–"
    margin = wording.difference_text(result, abs(result.margin), language).removeprefix("+")
    return labels(language)["at_most_worse"].format(margin=margin)


def variants_table(report: Report, language: str) -> Table:
    words = labels(language)
    rows = tuple(
        (
            wording.short_variant_name(one.name, language),
            wording.number(one.units, language),
            wording.number(one.questions, language),
        )
        for one in report.variants
    )
    headers = (words["version"], words["units"], words["questions"])
    return Table(words["versions"], headers, rows, frozenset({1, 2}))


def checks_table(report: Report, language: str) -> Table:
    words = labels(language)
    rows = tuple(
        (
            wording.check_name(check.name, language),
            status_mark(check.status) + " " + wording.status_name(check.status, language),
            check.sentence.get(language, ""),
        )
        for check in report.checks
    )
    return Table(words["checks"], (words["check"], words["outcome"], words["explanation"]), rows)


def status_mark(status: Status) -> str:
    return {Status.PASS: "✓", Status.WARN: "!", Status.FAIL: "✕"}[status]


def set_aside_table(report: Report, language: str) -> Table:
    words = labels(language)
    rows = tuple(
        (wording.set_aside_reason(one.reason, language), wording.number(one.rows, language))
        for one in report.set_aside
    )
    return Table(words["set_aside"], (words["reason"], words["rows"]), rows, frozenset({1}))


def methods_table(report: Report, language: str) -> Table:
    words = labels(language)
    of_many = several(report)
    rows = []
    for one in report.results:
        if one.segment is not None or one.estimate is None:
            continue
        chance = one.p_adjusted if one.p_adjusted is not None else one.p_value
        is_guardrail = one.role is Role.GUARDRAIL  # its p is about the margin, not about a difference
        rows.append(
            (
                metric_label(one, language)
                + (f", {wording.short_variant_name(one.variant, language)}" if of_many else ""),
                wording.method_name(one.method, language),
                "–" if chance is None or is_guardrail else wording.odds(chance, language),
                _p(one.p_value, language),
                _p(one.p_adjusted, language),
            )
        )
    rows += [
        (
            f"{wording.metric_name(one.metric, language)}, {wording.view_name(one.view.value, language)}"
            + (f", {wording.short_variant_name(one.variant, language)}" if of_many else ""),
            wording.method_name(one.method, language),
            "–" if one.p_value is None else wording.odds(one.p_value, language),
            _p(one.p_value, language),
            "–",
        )
        for one in report.second.readings
        if one.estimate is not None
    ]
    headers = (words["metric"], words["method"], words["chance"], words["p"], words["p_adjusted"])
    return Table(words["methods"], headers, tuple(rows), frozenset({3, 4}))


def meanings(report: Report, language: str) -> list[tuple[str, str]]:
    """Every metric of the report with what it counts."""
    found: dict[str, str] = {}
    for one in report.results:
        meaning = wording.metric_meaning(one.metric, language, estimand=one.estimand)
        if meaning is not None:
            found.setdefault(metric_label(one, language), meaning)
    return list(found.items())


def caveats(report: Report, language: str) -> list[str]:
    """Caveats in `language`; the English ones where a report carries no other."""
    told = [sentences[language] for sentences in report.caveat_sentences if sentences.get(language)]
    return told or (list(report.caveats) if language == "en" else [])


def _variant(report: Report) -> str:
    names = [variant.name for variant in report.variants if variant.name != report.control]
    names += [one.variant for one in report.results]
    return names[0] if names else ""


def _p(value: float | None, language: str) -> str:
    if value is None:
        return "–"
    if value < 0.0001:
        return "< " + wording.number(0.0001, language, decimals=4)
    return wording.number(value, language, decimals=4 if value < 0.01 else 3)


def as_date(value: str) -> date | None:
    """The date that a text begins with; None where it is no date."""
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
