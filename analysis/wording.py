# SPDX-License-Identifier: EUPL-1.2
"""What a report says, in plain Dutch and English: the verdict, each result, the checks, the refusals.

Numbers come as natural frequencies with their range. A verdict is never "significant" alone, and no clear
difference is never "no difference". The words themselves are in `analysis.phrases`; the notation of numbers
(`analysis.notation`), the amounts of results (`analysis.amounts`) and the names of things (`analysis.naming`)
can also be had from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.amounts import (
    as_result,
    difference_text,
    interval_text,
    is_share,
    is_share_metric,
    is_time,
    is_time_metric,
    value_text,
)
from analysis.naming import (
    among_name,
    caveat,
    check_name,
    check_sentence,
    defined_name,
    estimand_name,
    known_name,
    method_name,
    metric_meaning,
    metric_name,
    metric_words,
    milestone_name,
    phase_name,
    reaching_text,
    refusal,
    segment_name,
    segment_place,
    set_aside_reason,
    short_variant_name,
    status_name,
    touchpoint_name,
    variant_name,
    verdict_label,
    view_name,
    view_note,
)
from analysis.no_verdict import no_verdict
from analysis.notation import (
    LANGUAGES,
    day,
    duration,
    listed,
    moment,
    number,
    odds,
    percentage,
    period,
    points,
    quantity,
)
from analysis.phrases.metrics import NOUNS
from analysis.report import Check, Estimand, Result, Role, VerdictCode
from analysis.term import Term

__all__ = [
    "LANGUAGES",
    "among_name",
    "as_result",
    "caveat",
    "check_name",
    "check_sentence",
    "day",
    "defined_name",
    "difference_text",
    "duration",
    "estimand_name",
    "how_sure",
    "interval_text",
    "is_clear",
    "is_share",
    "is_share_metric",
    "is_time",
    "is_time_metric",
    "known_name",
    "listed",
    "method_name",
    "metric_meaning",
    "metric_name",
    "milestone_name",
    "moment",
    "number",
    "odds",
    "percentage",
    "period",
    "phase_name",
    "points",
    "quantity",
    "reaching_text",
    "refusal",
    "result_sentence",
    "segment_name",
    "segment_place",
    "set_aside_reason",
    "short_variant_name",
    "status_name",
    "touchpoint_name",
    "value_text",
    "variant_name",
    "verdict_label",
    "verdict_sentence",
    "view_name",
    "view_note",
]

#: "Of the 100 visitors": the smallest of these at which the figures still differ.
_BASES = (100, 1_000, 10_000)


def is_clear(result: Result) -> bool:
    """True where chance is a poor explanation: p (corrected where it was) below .05, else by the interval."""
    chance = result.p_adjusted if result.p_adjusted is not None else result.p_value
    if chance is not None:
        return chance < 0.05
    return result.ci is not None and (result.ci[0] > 0 or result.ci[1] < 0)


def how_sure(result: Result, language: str) -> str:
    """How sure a result is, in a few words; for a guardrail whether it held, for a refusal why."""
    dutch = language == "nl"
    if result.reason is not None or result.estimate is None:
        return ("niet te zeggen: " if dutch else "cannot be told: ") + refusal(result.reason or "", language)
    if result.role is Role.GUARDRAIL:
        if result.unbroken is None:
            return "onzeker of de grens is gehouden" if dutch else "uncertain whether the limit held"
        if result.unbroken:
            return "binnen de grens gebleven" if dutch else "stayed within the limit"
        return "over de grens gegaan" if dutch else "went over the limit"
    if not is_clear(result):
        return "geen duidelijk verschil" if dutch else "no clear difference"
    if (result.estimate > 0) == (result.better == "higher"):
        return "duidelijk beter" if dutch else "clearly better"
    return "duidelijk slechter" if dutch else "clearly worse"


def verdict_sentence(
    code: VerdictCode,
    primary: Result | None,
    *,
    language: str,
    units: int | None = None,
    planned_size: int | None = None,
    failed: Sequence[Check] = (),
    guardrails: Sequence[Result] = (),
    term: Term | None = None,
) -> str:
    """The verdict as one or two sentences with natural frequencies and their range.

    Args:
        code: the verdict.
        primary: result of the primary metric; None or a refused one where there is no figure.
        language: nl or en.
        units, planned_size: browsers that took part and were planned, for `notEnoughData`.
        term: where the experiment is in its planned time, where the verdict waits for that.
        failed: the checks that failed, for `doNotUse`.
        guardrails: guardrails that were broken or inconclusive and for that reason hold back a 'better'.
    """
    dutch = language == "nl"
    if code is VerdictCode.DO_NOT_USE:
        lead = "Gebruik deze uitslag niet." if dutch else "Do not use this outcome."
        return " ".join([lead, *(check.sentence.get(language, "") for check in failed)]).strip()
    if code is VerdictCode.NOT_ENOUGH_DATA:
        return no_verdict(primary, language, units=units, planned_size=planned_size, term=term)
    if primary is None or primary.values is None or primary.ci is None:
        lead = "Een oordeel is niet mogelijk" if dutch else "A verdict is not possible"
        return f"{lead}: {refusal((primary and primary.reason) or '', language)}."
    return (
        _lead(code, primary, language, guardrails)
        + result_sentence(primary, language)
        + _held_back(guardrails, language)
    )


def result_sentence(result: Result, language: str, *, capital: bool = False) -> str:
    """One result in words: both values, and where the real difference probably lies."""
    dutch = language == "nl"
    if result.values is None or result.ci is None:
        name = metric_name(result.metric, language, estimand=result.estimand)
        text = f"{name}: {how_sure(result, language)}."
    else:
        control = variant_name(result.control, language)
        if is_share(result):
            base = _base(result)
            old, new = (number(value * base, language) for value in result.values)
            text = _share_clause(result, number(base, language), new, language)
            bare = metric_words(result.metric, result.estimand) is None
            at = ("bij " if dutch else "for ") if bare else ""
            low, high = _share_ends(result, base, language)
            directions = _MORE
        else:
            old, new = (value_text(result, value, language) for value in result.values)
            text = _mean_clause(result, new, language)
            at = ""
            low, high = _ends(result, language)
            directions = _LONGER if is_time(result) else _LARGER
        text += f", bij {control} {at}{old}" if dutch else f", with {control} {at}{old}"
        text += "; het echte verschil ligt waarschijnlijk " if dutch else "; the real difference is probably "
        text += _between(result.ci, low, high, directions[language], language) + "."
    return text[0].upper() + text[1:] if capital else text


_MORE: Mapping[str, tuple[str, str]] = {"nl": ("minder", "meer"), "en": ("fewer", "more")}
_LARGER: Mapping[str, tuple[str, str]] = {"nl": ("minder", "meer"), "en": ("less", "more")}
_LONGER: Mapping[str, tuple[str, str]] = {"nl": ("korter", "langer"), "en": ("shorter", "longer")}


def _between(ci: tuple[float, float], low: str, high: str, directions: tuple[str, str], language: str) -> str:
    """'tussen 3 en 11', or with a direction on both ends where the interval crosses zero."""
    words = ("tussen", "en") if language == "nl" else ("between", "and")
    if ci[0] < 0 < ci[1]:
        return f"{words[0]} {low} {directions[0]} {words[1]} {high} {directions[1]}"
    near, far = (low, high) if ci[0] >= 0 else (high, low)
    return f"{words[0]} {near} {words[1]} {far}"


def _share_ends(result: Result, base: int, language: str) -> tuple[str, str]:
    low, high = result.ci or (0.0, 0.0)
    above_zero = "net boven 0" if language == "nl" else "just above 0"
    crosses = low < 0 < high

    def end(value: float) -> str:
        if value and not crosses and round(abs(value) * base) == 0:
            return above_zero  # a clear difference is not told as one that may be nil
        return number(abs(value) * base, language)

    return end(low), end(high)


def _ends(result: Result, language: str) -> tuple[str, str]:
    low, high = result.ci or (0.0, 0.0)
    return value_text(result, abs(low), language), value_text(result, abs(high), language)


def _base(result: Result) -> int:
    """Out of how many the figures are told: 100, unless rounding would hide what was found."""
    low, high = result.ci or (0.0, 0.0)
    present = [value for value in result.values or () if value > 0]
    for base in _BASES:
        if (high - low) / 2 * base >= 1.5 and all(value * base >= 1.5 for value in present):
            return base
    return _BASES[-1]


def _share_clause(result: Result, base: str, value: str, language: str) -> str:
    words = metric_words(result.metric, result.estimand)
    if words is None:
        noun = _noun(result, language)
        if language == "nl":
            return f"‘{result.metric}’ kwam voor bij {value} van de {base} {noun}"
        return f"‘{result.metric}’ occurred for {value} out of {base} {noun}"
    among = _noun(result, language) if words.among == "visitors" else NOUNS[words.among][language]
    clause = words.clause[language].format(value=value)
    return f"van de {base} {among} {clause}" if language == "nl" else f"out of {base} {among}, {clause}"


def _noun(result: Result, language: str) -> str:
    return NOUNS["questions" if result.estimand is Estimand.QUESTION else "visitors"][language]


def _mean_clause(result: Result, value: str, language: str) -> str:
    words = metric_words(result.metric, result.estimand)
    if words is not None:
        return words.clause[language].format(value=value)
    if language == "nl":
        return f"‘{result.metric}’ was gemiddeld {value}"
    return f"‘{result.metric}’ was {value} on average"


def _lead(code: VerdictCode, primary: Result, language: str, guardrails: Sequence[Result]) -> str:
    name = variant_name(primary.variant, language)
    name = name[0].upper() + name[1:]
    if code is VerdictCode.NO_CLEAR_DIFFERENCE:
        if guardrails:
            return "Geen duidelijk betere versie: " if language == "nl" else "No version is clearly better: "
        return "Er is geen duidelijk verschil: " if language == "nl" else "There is no clear difference: "
    better = code is VerdictCode.BETTER
    if language == "nl":
        return f"{name} is {'beter' if better else 'slechter'}: "
    return f"{name} is {'better' if better else 'worse'}: "


def _held_back(guardrails: Sequence[Result], language: str) -> str:
    """Why a good primary metric is not enough."""
    if not guardrails:
        return ""
    told = "; ".join(
        f"{metric_name(one.metric, language, estimand=one.estimand)} ({how_sure(one, language)})"
        for one in guardrails
    )
    lead = "Let op wat niet slechter mocht worden" if language == "nl" else "Mind what was not to get worse"
    return f" {lead}: {told}."
