# SPDX-License-Identifier: EUPL-1.2
"""The outcome is inferred from clicks, and a redesign can change how well: corrected by asking some visitors.

A random subset of both variants is asked "Hebt u gevonden wat u zocht?". What they say is the truth, what the
clicks say is its measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.estimates import LEVEL, Arm, Estimate, Refusal, Refused, mean

#: Of those asked who did, and of those who did not find it, below which neither rate is worth dividing by.
MIN_ASKED = 20

#: Smallest sensitivity + specificity - 1 at which the clicks say enough to be corrected.
MIN_YOUDEN = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """One variant: of `units` the clicks called `hits` a success; and among those asked, what both said."""

    units: int
    hits: int
    found_hit: int  # found it, and the clicks say so
    found_missed: int
    not_hit: int  # did not find it, but the clicks say so
    not_missed: int

    @property
    def asked(self) -> int:
        return self.found_hit + self.found_missed + self.not_hit + self.not_missed

    @property
    def sensitivity(self) -> float:
        return self.found_hit / (self.found_hit + self.found_missed)

    @property
    def specificity(self) -> float:
        return self.not_missed / (self.not_missed + self.not_hit)


def rogan_gladen(one: Asked) -> Arm | Refused:
    """One variant's true rate, (p + Sp - 1)/(Se + Sp - 1), with the noise of all three.

    The formula takes those asked for others than the units; they are among them, which makes the interval a
    little too wide (98 % instead of 95 % where one in eight is asked).

    `Refused` where fewer than 20 were asked of those who did or did not find it, or where the clicks hardly
    tell them apart.

    Source: Rogan & Gladen, American Journal of Epidemiology 107 (1978), equations 1 and 5.

    >>> found = rogan_gladen(Asked(1000, 500, 80, 20, 10, 90))
    >>> round(found.value, 4), round(found.variance**0.5, 4)
    (0.5714, 0.0372)
    """
    if one.units == 0:
        return mean.no_units()
    yes, no = one.found_hit + one.found_missed, one.not_hit + one.not_missed
    if min(yes, no) < MIN_ASKED:
        return Refused(
            Refusal.TOO_FEW_UNITS,
            f"{yes} who found it and {no} who did not were asked, at least {MIN_ASKED} of each are needed",
        )
    rate, youden = one.hits / one.units, one.sensitivity + one.specificity - 1
    if youden < MIN_YOUDEN:
        return Refused(
            Refusal.UNMEASURED,
            f"clicks hardly tell who found it (sensitivity + specificity = {youden + 1:.2f})",
        )
    true = (rate + one.specificity - 1) / youden
    told, refuted = one.sensitivity * (1 - one.sensitivity), one.specificity * (1 - one.specificity)
    variance = (
        rate * (1 - rate) / one.units
        + true**2 * told / yes
        + (1 - true) ** 2 * refuted / no
        # Those asked are among the units: where they happen to click more, the rate of all is higher too.
        - 2 * (true * told + (1 - true) * refuted) / one.units
    ) / youden**2
    return Arm(one.units, true, variance, min(yes, no) - 1)


def prediction_powered(one: Asked) -> Arm | Refused:
    """One variant's true rate: what the clicks say of all, put right by how far off they were where asked.

    Needs no division, so it holds where the clicks are poor too; the noise is that of the answers.

    Source: Angelopoulos, Bates, Fannjiang, Jordan & Zrnic, Science 382 (2023), mean estimation.
    """
    if one.units == 0:
        return mean.no_units()
    if one.asked < MIN_ASKED:
        return mean.too_few_units(one.asked, MIN_ASKED)
    rate = one.hits / one.units
    off = (one.found_missed - one.not_hit) / one.asked  # truth minus clicks
    spread = (one.found_missed + one.not_hit) / one.asked - off**2
    # Those asked are among the units. A click that was wrong counts in the rate of all and, the other way, in
    # the correction: the two hang together.
    together = -one.not_hit / one.asked - rate * off
    variance = (rate * (1 - rate) + 2 * together) / one.units + spread / (one.asked - 1)
    return Arm(one.units, rate + off, variance, one.asked - 1)


def compare(
    control: Asked, variant: Asked, *, level: float = LEVEL, null: float = 0.0, powered: bool = False
) -> Estimate | Refused:
    """The corrected difference: each variant with its own sensitivity and specificity."""
    correct = prediction_powered if powered else rogan_gladen
    left, right = correct(control), correct(variant)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    method = "prediction-powered" if powered else "corrected for measurement, Rogan–Gladen"
    return mean.contrast(left, right, level=level, null=null, method=method)
