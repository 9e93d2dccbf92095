# SPDX-License-Identifier: EUPL-1.2
"""The verdict: one of five words, and the sentence that says it.

Fixed before anyone looks: the primary metric decides; a failed condition voids everything; before the planned
last DAY is over, and without the planned size, there is no verdict; a better primary metric is held back by a
guardrail that broke or stayed uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis import wording
from analysis.report import Check, Result, Status, Verdict, VerdictCode
from analysis.term import Term

ALPHA = 0.05

#: Checks that tell of time and size; when they fail it is too early, the rest is not void.
_PATIENCE = ("plannedSize", "duration")


def decide(
    primary: Sequence[Result],
    *,
    checks: Sequence[Check] = (),
    guardrails: Sequence[Result] = (),
    units: int | None = None,
    planned_size: int | None = None,
    over: bool | None = None,
    term: Term | None = None,
) -> Verdict:
    """The verdict on the primary metric, with its sentence in every language of the report.

    Args:
        primary: results of the primary metric, one per variant other than the control, p corrected over them.
        checks: a failed one voids the comparison, except `plannedSize` and `duration`.
        guardrails: results of the guardrails of all variants.
        units, planned_size: browsers that took part and were planned; None where nothing was planned.
        over: where one may look on the way, whether a boundary or the end was reached: then the planned size
            is not waited for. None where one may not.
        term: where the experiment is in its planned time; None where none was planned.

    With several variants the verdict is `better` as soon as one is, and speaks of the best of those; it is
    `worse` only where every one is.
    """
    failed = tuple(c for c in checks if c.status is Status.FAIL and c.name not in _PATIENCE)
    if failed:
        return _verdict(VerdictCode.DO_NOT_USE, _leading(primary), failed=failed)
    if too_early(checks, over=over, term=term) or all(one.estimate is None for one in primary):
        code = VerdictCode.NOT_ENOUGH_DATA
        waits_for = term if over is None else None
        return _verdict(code, _leading(primary), units=units, planned_size=planned_size, term=waits_for)
    known = [one for one in primary if one.estimate is not None]
    good = [one for one in known if _clear(one) and gain(one) > 0]
    sound = [one for one in good if not held_back(one, guardrails)]
    if sound:
        return _verdict(VerdictCode.BETTER, max(sound, key=gain))
    if good:
        best = max(good, key=gain)
        return _verdict(VerdictCode.NO_CLEAR_DIFFERENCE, best, guardrails=held_back(best, guardrails))
    if all(_clear(one) for one in known):
        return _verdict(VerdictCode.WORSE, max(known, key=gain))
    return _verdict(VerdictCode.NO_CLEAR_DIFFERENCE, _leading(primary))


def too_early(checks: Sequence[Check], *, over: bool | None = None, term: Term | None = None) -> bool:
    """Whether a verdict would be before its time: arguments as of `decide`.

    A verdict that is given once has one moment, the end of the planned last DAY. The DAY on which the planned
    size is reached is none: there would be another look every night after it.
    """
    if over is not None:
        return not over
    small = any(c.status is not Status.PASS for c in checks if c.name == "plannedSize")
    return small or not (term is None or term.over)


def gain(result: Result) -> float:
    """The estimate, turned so that more is better; -inf where there is none."""
    if result.estimate is None:
        return float("-inf")
    return result.estimate if result.better == "higher" else -result.estimate


def held_back(result: Result, guardrails: Sequence[Result]) -> tuple[Result, ...]:
    """Guardrails of this result's variant that broke or stayed uncertain."""
    return tuple(rail for rail in guardrails if rail.variant == result.variant and rail.unbroken is not True)


def _clear(result: Result) -> bool:
    p = result.p_adjusted if result.p_adjusted is not None else result.p_value
    return p is not None and p < ALPHA


def _leading(primary: Sequence[Result]) -> Result | None:
    return max(primary, key=gain, default=None)


def _verdict(
    code: VerdictCode,
    primary: Result | None,
    *,
    units: int | None = None,
    planned_size: int | None = None,
    failed: Sequence[Check] = (),
    guardrails: Sequence[Result] = (),
    term: Term | None = None,
) -> Verdict:
    sentence = {
        language: wording.verdict_sentence(
            code,
            primary,
            language=language,
            units=units,
            planned_size=planned_size,
            failed=failed,
            guardrails=guardrails,
            term=term,
        )
        for language in wording.LANGUAGES
    }
    return Verdict(code=code, sentence=sentence)
