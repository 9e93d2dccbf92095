# SPDX-License-Identifier: EUPL-1.2
"""How many browsers a test needs, and how long that takes on this site.

For a share of browsers (answered, submitted, ...) at a fixed size, judged once at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from experiments.errors import PlanError

LONGEST_WEEKS = 12  # 84 of the 90 days that the bucket cookie may live


@dataclass(frozen=True, slots=True)
class Question:
    """What a team wants to be able to see.

    `baseline` is the share of browsers that succeeds today and `effect` the smallest difference worth
    knowing, both of 1 (0.05 is five points; negative for a metric that should fall). `weights` are those of
    the variants, control first; `guardrails` the number of guardrails; `coverage` the share of browsers that
    takes part.
    """

    baseline: float
    effect: float
    browsers_per_day: float
    weights: tuple[float, ...] = (1, 1)
    power: float = 0.8
    alpha: float = 0.05
    guardrails: int = 0
    coverage: float = 1.0
    max_weeks: int = LONGEST_WEEKS


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. `sizes` are browsers per variant, in the order of the weights, `total` all together.

    `detectable` is the smallest improvement (of 1, in the direction of the effect) that can be seen within
    `max_weeks` with the same power; None where not even the largest possible one can.
    """

    question: Question
    sizes: tuple[int, ...]
    total: int
    days: int
    possible: bool
    detectable: float | None

    @property
    def sentences(self) -> dict[str, str]:
        """The answer for people, in Dutch and English."""
        return _sentences(self)


def plan(question: Question) -> Plan:
    """Size and duration of a test that sees `effect` with the asked power.

    Two-sided z test of two proportions with pooled variance under the null hypothesis (Fleiss, Levin, Paik
    2003, eq. 4.14 without continuity correction; statsmodels). With several variants alpha is divided by
    their number (Bonferroni, an upper bound for Holm); with guardrails the risk of missing is divided as
    well, so that the whole decision keeps its power (Schultzberg, Ankargren, Frånberg 2024). Every variant's
    comparison reaches the power. Whole weeks are planned, since weekends differ.

    Raises `PlanError` for numbers that cannot be.
    """
    _refuse_impossible(question)
    total = ceil(_total(question, question.effect))
    shares = _shares(question.weights)
    sizes = tuple(ceil(total * share) for share in shares)
    total = sum(sizes)
    weeks = ceil(total / (question.browsers_per_day * question.coverage * 7))
    return Plan(
        question=question,
        sizes=sizes,
        total=total,
        days=weeks * 7,
        possible=weeks <= question.max_weeks,
        detectable=_detectable(question),
    )


def _total(question: Question, effect: float) -> float:
    """Browsers of all variants together, so that the smallest comparison reaches the power."""
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail  # seconds to import

    shares = _shares(question.weights)
    alpha = question.alpha / (len(shares) - 1)
    power = 1 - (1 - question.power) / (question.guardrails + 1)
    return max(
        float(
            samplesize_proportions_2indep_onetail(
                effect, question.baseline, power, ratio=shares[0] / share, alpha=alpha
            )
        )
        / share
        for share in shares[1:]
    )


def _detectable(question: Question) -> float | None:
    """The effect for which exactly the browsers of `max_weeks` are needed."""
    from scipy.optimize import brentq

    available = floor(question.browsers_per_day * question.coverage * question.max_weeks * 7)
    room = (1 - question.baseline) if question.effect > 0 else -question.baseline
    smallest, largest = room * 1e-4, room * (1 - 1e-9)
    if available < _total(question, largest):
        return None
    if available >= _total(question, smallest):
        return smallest
    found = brentq(lambda effect: _total(question, effect) - available, smallest, largest)
    return float(found)


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def _refuse_impossible(question: Question) -> None:
    reached = question.baseline + question.effect
    fine = {
        f"baseline is {question.baseline:g}; expected a share between 0 and 1.": 0 < question.baseline < 1,
        "effect is 0; expected the smallest difference worth knowing, such as 0.05.": question.effect != 0,
        f"baseline and effect make {reached:g}; expected a share between 0 and 1 (five points are 0.05).": (
            0 < reached < 1
        ),
        f"browsers a day is {question.browsers_per_day:g}; expected a number above 0.": (
            0 < question.browsers_per_day < float("inf")
        ),
        "weights must be two or more numbers above 0, the control's first.": (
            len(question.weights) >= 2 and all(0 < weight < float("inf") for weight in question.weights)
        ),
        f"power is {question.power:g}; expected a share from 0.5, such as 0.8, and below 1.": (
            0.5 <= question.power < 1
        ),
        f"alpha is {question.alpha:g}; expected a share above 0, such as 0.05, and up to 0.2.": (
            0 < question.alpha <= 0.2
        ),
        f"coverage is {question.coverage:g}; expected a share above 0 and up to 1.": (
            0 < question.coverage <= 1
        ),
        f"guardrails is {question.guardrails}; expected 0 or more.": question.guardrails >= 0,
        f"max weeks is {question.max_weeks}; expected 1 to {LONGEST_WEEKS}, the cookie's longest life.": (
            1 <= question.max_weeks <= LONGEST_WEEKS
        ),
    }
    wrong = [sentence for sentence, is_fine in fine.items() if not is_fine]
    if wrong:
        raise PlanError("This test cannot be planned: " + " ".join(wrong))


def _sentences(found: Plan) -> dict[str, str]:
    question = found.question
    now, then = question.baseline, question.baseline + question.effect
    weeks, most, size = found.days // 7, question.max_weeks, max(found.sizes)
    equal = len(set(found.sizes)) == 1
    nl = (
        f"Om te zien of {_of_hundred_nl(then)} in plaats van {_of_hundred_nl(now)} van de 100 bezoekers "
        f"slagen, zijn {_nl(found.total)} bezoekers nodig "
        f"({_nl(size)} {'per versie' if equal else 'in de grootste versie'})"
    )
    en = (
        f"To see whether {_of_hundred(then)} instead of {_of_hundred(now)} of 100 visitors succeed takes "
        f"{found.total:,} visitors ({size:,} {'per version' if equal else 'in the largest version'})"
    )
    if found.possible:
        one = weeks == 1
        return {
            "nl": f"{nl}: {weeks} {'week' if one else 'weken'}.",
            "en": f"{en}: {weeks} {'week' if one else 'weeks'}.",
        }
    nl += f". Dat kan niet binnen {most} weken: het duurt er {_nl(weeks)}. "
    en += f". That is not possible within {most} weeks: it takes {weeks:,}. "
    if found.detectable is None:
        return {
            "nl": nl + "Ook het grootst mogelijke verschil is dan niet te zien.",
            "en": en + "Not even the largest possible difference can be seen by then.",
        }
    seen = now + found.detectable
    return {
        "nl": nl + f"Binnen die tijd is te zien of {_of_hundred_nl(seen)} van de 100 slagen.",
        "en": en + f"Within that time one can see whether {_of_hundred(seen)} of 100 succeed.",
    }


def _of_hundred(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _of_hundred_nl(share: float) -> str:
    return _of_hundred(share).replace(".", ",")


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")
