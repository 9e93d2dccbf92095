# SPDX-License-Identifier: EUPL-1.2
"""The rules of the verdict, as a table."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from analysis import verdict, wording
from analysis.estimates import Estimate, Refusal, Refused
from analysis.promises import check
from analysis.report import Result, Role, Status, VerdictCode
from analysis.results import Asked, result, unbroken
from analysis.term import Term

FAILED = check("sampleRatio", Status.FAIL, "")
PASSED = check("sampleRatio", Status.PASS, "")
TOO_SOON = check("plannedSize", Status.WARN, "", facts={"units": 10, "planned": 20})
LATE = check("duration", Status.FAIL, "")
LAST = date(2026, 6, 28)
RUNNING, OVER, STOPPED = Term(LAST, 6), Term(LAST, 0), Term(LAST, 0, date(2026, 6, 14))


def found(difference: float, *, half: float = 0.04, p: float | None = None, null: float = 0.0) -> Estimate:
    clear = abs(difference) > half
    return Estimate(
        n=(1500, 1500),
        values=(0.5, 0.5 + difference),
        value_cis=((0.48, 0.52), (0.48 + difference, 0.52 + difference)),
        difference=difference,
        ci=(difference - half, difference + half),
        p_value=p if p is not None else (0.001 if clear else 0.4),
        relative=difference / 0.5,
        relative_ci=None,
        method="score",
        null=null,
    )


def line(estimate: Estimate | Refused, variant: str = "redesign", **asked: Any) -> Result:
    asked = {"metric": "answered", "kind": "proportion", "role": Role.PRIMARY, **asked}
    return result(Asked(**asked), estimate, variant=variant, control="current", n=(1500, 1500))


def rail(difference: float, variant: str = "redesign") -> Result:
    asked: dict[str, Any] = {"metric": "contacted", "better": "lower", "role": Role.GUARDRAIL, "margin": 0.05}
    return line(found(difference), variant, **asked)


UP, DOWN, FLAT = line(found(0.1)), line(found(-0.1)), line(found(0.01))
REFUSED = line(Refused(Refusal.NO_VARIATION, "all alike"))
LOWER_IS_BETTER = line(found(-0.1), metric="time_s", better="lower")

CASES = [
    pytest.param([UP], {}, VerdictCode.BETTER, id="better"),
    pytest.param([DOWN], {}, VerdictCode.WORSE, id="worse"),
    pytest.param([FLAT], {}, VerdictCode.NO_CLEAR_DIFFERENCE, id="no clear difference"),
    pytest.param([LOWER_IS_BETTER], {}, VerdictCode.BETTER, id="lower is better"),
    pytest.param([REFUSED], {}, VerdictCode.NOT_ENOUGH_DATA, id="no estimate"),
    pytest.param([UP], {"checks": [PASSED]}, VerdictCode.BETTER, id="conditions hold"),
    pytest.param([UP], {"checks": [FAILED]}, VerdictCode.DO_NOT_USE, id="allocation failed"),
    pytest.param([REFUSED], {"checks": [FAILED]}, VerdictCode.DO_NOT_USE, id="failed before all else"),
    pytest.param([UP], {"checks": [TOO_SOON]}, VerdictCode.NOT_ENOUGH_DATA, id="before the planned size"),
    pytest.param([UP], {"checks": [LATE]}, VerdictCode.BETTER, id="duration alone voids nothing"),
    pytest.param([UP], {"term": RUNNING}, VerdictCode.NOT_ENOUGH_DATA, id="before the last day"),
    pytest.param([UP], {"term": OVER}, VerdictCode.BETTER, id="after the last day"),
    pytest.param([UP], {"term": STOPPED}, VerdictCode.NOT_ENOUGH_DATA, id="stopped before the last day"),
    pytest.param([UP], {"term": OVER, "checks": [TOO_SOON]}, VerdictCode.NOT_ENOUGH_DATA, id="over, too few"),
    pytest.param([UP], {"term": RUNNING, "checks": [FAILED]}, VerdictCode.DO_NOT_USE, id="void on the way"),
    pytest.param([UP], {"term": RUNNING, "over": True}, VerdictCode.BETTER, id="boundary on the way"),
    pytest.param([UP], {"term": STOPPED, "over": True}, VerdictCode.BETTER, id="boundary, then stopped"),
    pytest.param([UP], {"guardrails": [rail(0.0)]}, VerdictCode.BETTER, id="guardrail held"),
    pytest.param(
        [UP], {"guardrails": [rail(0.03)]}, VerdictCode.NO_CLEAR_DIFFERENCE, id="guardrail uncertain"
    ),
    pytest.param([UP], {"guardrails": [rail(0.2)]}, VerdictCode.NO_CLEAR_DIFFERENCE, id="guardrail broken"),
    pytest.param([UP], {"guardrails": [rail(0.2, "kort")]}, VerdictCode.BETTER, id="of another variant"),
    pytest.param([DOWN], {"guardrails": [rail(0.2)]}, VerdictCode.WORSE, id="worse whatever the guardrails"),
    pytest.param([UP, line(found(-0.1), "kort")], {}, VerdictCode.BETTER, id="one of two is better"),
    pytest.param([DOWN, line(found(-0.2), "kort")], {}, VerdictCode.WORSE, id="both are worse"),
    pytest.param(
        [DOWN, line(found(0.0), "kort")], {}, VerdictCode.NO_CLEAR_DIFFERENCE, id="one worse, one open"
    ),
]


@pytest.mark.parametrize(("primary", "around", "code"), CASES)
def test_the_rules(primary, around, code) -> None:
    decided = verdict.decide(primary, **around)
    assert decided.code is code
    assert set(decided.sentence) == set(wording.LANGUAGES)
    assert all(decided.sentence.values())


def test_the_corrected_p_decides_where_there_is_one() -> None:
    from analysis.estimates.multiplicity import holm
    from analysis.results import corrected

    pair = corrected([line(found(0.05, p=0.03)), line(found(0.0, p=0.8), "kort")], holm)
    assert verdict.decide(pair).code is VerdictCode.NO_CLEAR_DIFFERENCE


def test_the_best_sound_variant_is_named() -> None:
    decided = verdict.decide(
        [line(found(0.1), "kort"), line(found(0.3), "lang")],
        guardrails=[rail(0.2, "lang"), rail(0.0, "kort")],
    )
    assert decided.code is VerdictCode.BETTER
    assert "kort" in decided.sentence["nl"]


@pytest.mark.parametrize(
    ("ci", "better", "held"),
    [
        ((-0.03, 0.01), "lower", True),
        ((0.025, 0.06), "lower", False),
        ((-0.01, 0.03), "lower", None),
        ((-0.01, 0.03), "higher", True),
        ((-0.06, -0.025), "higher", False),
        ((-0.03, 0.01), "higher", None),
    ],
)
def test_a_guardrail_holds_breaks_or_stays_open(ci, better, held) -> None:
    assert unbroken(ci, Asked("contacted", "proportion", better, margin=0.02)) is held


def test_every_refusal_has_its_words() -> None:
    for refusal in Refusal:
        for language in wording.LANGUAGES:
            assert wording.refusal(refusal.value, language) != wording.refusal("no such reason", language), (
                refusal
            )
