# SPDX-License-Identifier: EUPL-1.2
"""How many browsers a test needs, and how long that takes on this site.

For a share of browsers (answered, submitted, ...) or a mean (pages, seconds). A test that may be looked at on
the way is planned larger by a factor that `analysis.sequential_planning` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

from experiments.errors import PlanError
from experiments.plan_sentences import sentences

LONGEST_WEEKS = 12  # 84 of the 90 days that the bucket cookie may live


@dataclass(frozen=True, slots=True)
class Question:
    """What a team wants to be able to see.

    `baseline` is the share of browsers that succeeds today and `effect` the smallest difference worth
    knowing, both of 1 (0.05 is five points; negative for a metric that should fall). `weights` are those of
    the variants, control first; `guardrails` the number of guardrails; `coverage` the share of browsers that
    takes part. With `spread`, the standard deviation of a metric, baseline and effect are means in its unit.
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
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. `sizes` are browsers per variant, in the order of the weights, `total` all together.

    `detectable` is the smallest improvement (of 1, in the direction of the effect) that can be seen within
    `max_weeks` with the same power; None where not even the largest possible one can. `curve` holds pairs of
    a difference and the chance to see it with this plan; `inflation` is what looking on the way costs.
    """

    question: Question
    sizes: tuple[int, ...]
    total: int
    days: int
    possible: bool
    detectable: float | None
    curve: tuple[tuple[float, float], ...] = ()
    inflation: float = 1.0

    @property
    def sentences(self) -> dict[str, str]:
        """The answer for people, in Dutch and English."""
        return sentences(self)


def plan(question: Question, *, inflation: float = 1.0) -> Plan:
    """Size and duration of a test that sees `effect` with the asked power.

    `inflation` is how many times larger the test must be because it is looked at on the way.

    Two-sided z test of two proportions with pooled variance under the null hypothesis (Fleiss, Levin, Paik
    2003, eq. 4.14 without continuity correction; statsmodels). With several variants alpha is divided by
    their number (Bonferroni, an upper bound for Holm); with guardrails the risk of missing is divided as
    well, so that the whole decision keeps its power (Schultzberg, Ankargren, Frånberg 2024). Every variant's
    comparison reaches the power. Whole weeks are planned, since weekends differ.

    Raises `PlanError` for numbers that cannot be.
    """
    _refuse_impossible(question)
    if not 1 <= inflation < 10:
        raise PlanError(f"This test cannot be planned: inflation is {inflation:g}; expected 1 to 10.")
    total = ceil(_total(question, question.effect) * inflation)
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
        detectable=_detectable(question, inflation),
        curve=_curve(question, total / inflation),
        inflation=inflation,
    )


def relative_power(
    effect: float,
    mean: float,
    variance: float,
    per_variant: float,
    *,
    alpha: float = 0.05,
    widened: float = 1.0,
) -> float:
    """Chance that a two-sided z test sees a relative effect on a mean, its error by the delta method.

    `widened` widens the standard error itself, which is how GrowthBook plans for its sequential test. That is
    not the chance to cross a wider boundary: the noise is no larger for being looked at.

    >>> round(relative_power(0.05, 10, 3909.9998, 400_000 / 3), 5)
    0.52144
    """
    error = widened * sqrt(variance / per_variant * (1 + (1 + effect) ** 2)) / abs(mean)
    critical = _quantile(1 - alpha / 2)
    return _below(effect / error - critical) + _below(-effect / error - critical)


def relative_detectable(
    power: float,
    mean: float,
    variance: float,
    per_variant: float,
    *,
    alpha: float = 0.05,
    widened: float = 1.0,
) -> float | None:
    """The smallest relative gain that `relative_power` sees with that power; None where none does.

    >>> round(relative_detectable(0.8, 10, 3909.9998, 400_000 / 3), 5)
    0.07027
    """
    from scipy.optimize import brentq

    def missing(effect: float) -> float:
        found = relative_power(effect, mean, variance, per_variant, alpha=alpha, widened=widened)
        return found - power

    largest = 1e6
    return float(brentq(missing, 1e-9, largest, xtol=1e-12)) if missing(largest) > 0 > missing(1e-9) else None


def _curve(question: Question, total: float) -> tuple[tuple[float, float], ...]:
    """Differences from a quarter of the asked one to twice it, each with its chance to be seen."""
    steps = (question.effect * quarter / 4 for quarter in range(1, 9))
    room = [step for step in steps if question.spread or 0 < question.baseline + step < 1]
    return tuple((step, _power(question, step, total)) for step in room)


def _power(question: Question, effect: float, total: float) -> float:
    """Power of the smallest comparison at that size, before guardrails take their part."""
    shares = _shares(question.weights)
    critical = _quantile(1 - question.alpha / (len(shares) - 1) / 2)
    found = []
    for share in shares[1:]:
        null, real = _spreads(question, effect, total * shares[0], total * share)
        found.append(_below((abs(effect) - critical * null) / real))
    return min(found)


def _spreads(question: Question, effect: float, control: float, variant: float) -> tuple[float, float]:
    """Standard error of the difference where there is none, and where there is `effect`."""
    if question.spread is not None:
        error = question.spread * sqrt(1 / control + 1 / variant)
        return error, error
    now, then = question.baseline, question.baseline + effect
    pooled = (now * control + then * variant) / (control + variant)
    null = sqrt(pooled * (1 - pooled) * (1 / control + 1 / variant))
    return null, sqrt(now * (1 - now) / control + then * (1 - then) / variant)


def _total(question: Question, effect: float) -> float:
    """Browsers of all variants together, so that the smallest comparison reaches the power."""
    if question.spread is not None:
        shares = _shares(question.weights)
        alpha = question.alpha / (len(shares) - 1)
        power = 1 - (1 - question.power) / (question.guardrails + 1)
        both = _quantile(1 - alpha / 2) + _quantile(power)
        return max((question.spread * both / effect) ** 2 * (1 / shares[0] + 1 / one) for one in shares[1:])
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


def _detectable(question: Question, inflation: float) -> float | None:
    """The effect for which exactly the browsers of `max_weeks` are needed."""
    from scipy.optimize import brentq

    available = floor(question.browsers_per_day * question.coverage * question.max_weeks * 7) / inflation
    if question.spread is not None:
        if available < 2 * len(question.weights):
            return None
        return question.effect * sqrt(_total(question, question.effect) / available)
    room = (1 - question.baseline) if question.effect > 0 else -question.baseline
    smallest, largest = room * 1e-4, room * (1 - 1e-9)
    if available < _total(question, largest):
        return None
    if available >= _total(question, smallest):
        return smallest
    found = brentq(lambda effect: _total(question, effect) - available, smallest, largest)
    return float(found)


def _quantile(chance: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(chance))


def _below(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def _refuse_impossible(question: Question) -> None:
    reached = question.baseline + question.effect
    fine = {
        f"baseline is {question.baseline:g}; expected a share between 0 and 1.": (
            question.spread is not None or 0 < question.baseline < 1
        ),
        f"spread is {question.spread}; expected a standard deviation above 0.": (
            question.spread is None or 0 < question.spread < float("inf")
        ),
        "effect is 0; expected the smallest difference worth knowing, such as 0.05.": question.effect != 0,
        f"baseline and effect make {reached:g}; expected a share between 0 and 1 (five points are 0.05).": (
            question.spread is not None or 0 < reached < 1
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
