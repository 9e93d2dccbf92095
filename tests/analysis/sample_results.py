# SPDX-License-Identifier: EUPL-1.2
"""Results and checks as they stand in a report, with invented numbers."""

from __future__ import annotations

from typing import Any

from analysis.report import (
    Check,
    Estimand,
    Result,
    Role,
    Status,
)
from analysis.wording import LANGUAGES, check_sentence


def result(**changed: Any) -> Result:
    """The result of the contract's example, with what is `changed`."""
    fields: dict[str, Any] = {
        "metric": "answered",
        "estimand": Estimand.VISITOR,
        "segment": None,
        "variant": "redesign",
        "control": "current",
        "kind": "proportion",
        "n": (1490, 1510),
        "values": (0.50, 0.57),
        "estimate": 0.07,
        "ci": (0.03, 0.11),
        "relative": 0.14,
        "relative_ci": (0.06, 0.22),
        "p_value": 0.0004,
        "p_adjusted": 0.0008,
        "method": "Newcombe, Welch",
        "role": Role.PRIMARY,
        "value_cis": ((0.475, 0.525), (0.545, 0.595)),
    }
    return Result(**(fields | changed))


def refused(**changed: Any) -> Result:
    """A result that could not be had."""
    nothing = dict.fromkeys(
        ("values", "estimate", "ci", "relative", "relative_ci", "p_value", "p_adjusted", "value_cis")
    )
    return result(**(nothing | {"reason": "tooFewUnits"} | changed))


def check(name: str, status: Status, p_value: float | None = None, **facts: float) -> Check:
    sentence = {lang: check_sentence(name, status, language=lang, facts=facts) for lang in LANGUAGES}
    return Check(name=name, status=status, p_value=p_value, detail=sentence["en"], sentence=sentence)


def results(variant: str = "redesign") -> tuple[Result, ...]:
    """Every kind of result: shares, a ratio, means, a time, guardrails, segments and a refusal."""
    return (
        result(variant=variant),
        result(
            variant=variant,
            metric="success",
            estimand=Estimand.QUESTION,
            kind="ratio",
            n=(1803, 1745),
            values=(0.478, 0.551),
            estimate=0.073,
            ci=(0.038, 0.108),
            relative=0.153,
            relative_ci=(0.077, 0.232),
            p_value=0.00005,
            p_adjusted=0.0002,
            value_cis=((0.455, 0.501), (0.528, 0.574)),
            role=Role.SECONDARY,
            method="delta method over buckets",
        ),
        result(
            variant=variant,
            metric="time_s",
            kind="time",
            unit="s",
            better="lower",
            values=(1012.0, 861.0),
            estimate=-151.0,
            ci=(-232.0, -70.0),
            relative=-0.149,
            relative_ci=(-0.226, -0.071),
            p_value=0.0003,
            p_adjusted=0.0009,
            value_cis=((955.0, 1069.0), (803.0, 919.0)),
            role=Role.SECONDARY,
            method="restricted mean, Aalen-Johansen",
        ),
        result(
            variant=variant,
            metric="pages",
            kind="mean",
            unit="pages",
            better="lower",
            values=(4.82, 4.11),
            estimate=-0.71,
            ci=(-0.96, -0.46),
            relative=-0.147,
            relative_ci=(-0.196, -0.097),
            p_value=1e-8,
            p_adjusted=5e-8,
            value_cis=((4.63, 5.01), (3.95, 4.27)),
            role=Role.SECONDARY,
            method="Welch",
        ),
        result(
            variant=variant,
            metric="searches",
            kind="mean",
            better="lower",
            values=(0.91, 0.88),
            estimate=-0.03,
            ci=(-0.11, 0.05),
            relative=-0.033,
            relative_ci=(-0.12, 0.055),
            p_value=0.46,
            p_adjusted=0.46,
            value_cis=((0.85, 0.97), (0.83, 0.93)),
            role=Role.SECONDARY,
            method="Welch",
        ),
        refused(
            variant=variant,
            metric="first_answered",
            estimand=Estimand.FIRST_QUESTION,
            role=Role.SECONDARY,
            n=(11, 9),
        ),
        result(
            variant=variant,
            metric="contacted",
            better="lower",
            values=(0.162, 0.115),
            estimate=-0.047,
            ci=(-0.072, -0.022),
            relative=-0.29,
            relative_ci=(-0.42, -0.15),
            p_value=0.0002,
            p_adjusted=None,
            value_cis=((0.144, 0.182), (0.1, 0.132)),
            role=Role.GUARDRAIL,
            margin=0.02,
            unbroken=True,
        ),
        result(
            variant=variant,
            segment="viewport=s",
            n=(911, 930),
            values=(0.47, 0.56),
            estimate=0.09,
            ci=(0.044, 0.135),
            relative=0.19,
            relative_ci=(0.09, 0.30),
            p_value=0.0001,
            p_adjusted=0.0004,
            role=Role.SECONDARY,
        ),
        result(
            variant=variant,
            segment="viewport=l",
            n=(579, 580),
            values=(0.55, 0.586),
            estimate=0.036,
            ci=(-0.021, 0.093),
            relative=0.065,
            relative_ci=(-0.04, 0.17),
            p_value=0.22,
            p_adjusted=0.44,
            role=Role.SECONDARY,
        ),
    )
