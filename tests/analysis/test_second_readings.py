# SPDX-License-Identifier: EUPL-1.2
"""Beliefs about a lift, interactions of segments, and outcomes put right by asking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from analysis.estimates import Arm, Estimate, Refusal, Refused, Sums, mean, proportion
from analysis.estimates.bayes import Belief, Prior, believe, expected_excess
from analysis.estimates.heterogeneity import Interaction, interaction, of_estimates
from analysis.estimates.misclassification import Asked, compare, prediction_powered, rogan_gladen

CONTROL, VARIANT = Arm(1500, 0.50, 0.25 / 1500, 1499), Arm(1500, 0.55, 0.2475 / 1500, 1499)


class TestBelief:
    def test_it_is_the_normal_posterior_by_integration(self) -> None:
        found = believe(CONTROL, VARIANT)
        assert isinstance(found, Belief)
        error = math.sqrt(0.2475 / 1500 + 1.1**2 * 0.25 / 1500) / 0.5

        def density(lift: float) -> float:
            return float(stats.norm.pdf(0.1, lift, error) * stats.norm.pdf(lift, 0, 0.3))

        whole = integrate.quad(density, -1, 1, points=[0.1])[0]
        assert found.chance_better == pytest.approx(
            integrate.quad(density, 0, 1, points=[0.1])[0] / whole, abs=1e-8
        )
        expected = integrate.quad(lambda x: x * density(x), -1, 1, points=[0.1])[0] / whole
        assert found.lift == pytest.approx(expected, abs=1e-8)
        loss = integrate.quad(lambda x: -x * density(x), -1, 0)[0] / whole
        assert found.loss_choosing == pytest.approx(loss, rel=1e-5)

    def test_losses_differ_by_the_lift(self) -> None:
        found = believe(CONTROL, VARIANT)
        assert isinstance(found, Belief)
        assert found.loss_keeping - found.loss_choosing == pytest.approx(found.lift)

    def test_less_is_better_turns_it_around(self) -> None:
        up, down = believe(CONTROL, VARIANT), believe(CONTROL, VARIANT, better="lower")
        assert isinstance(up, Belief)
        assert isinstance(down, Belief)
        assert down.chance_better == pytest.approx(1 - up.chance_better)
        assert (down.loss_keeping, down.lift) == pytest.approx((up.loss_choosing, up.lift))

    def test_little_data_leaves_the_prior(self) -> None:
        few = believe(Arm(30, 0.5, 0.002, 29), Arm(30, 0.75, 0.002, 29), prior=Prior(0.0, 0.05))
        assert isinstance(few, Belief)
        assert few.lift < 0.1 < 0.5

    @pytest.mark.parametrize(
        ("control", "reason"),
        [
            (Arm(100, 0.0, 0.0, 99), Refusal.CONTROL_NEAR_ZERO),
            (Arm(100, 0.02, 0.0002, 99), Refusal.CONTROL_NEAR_ZERO),
        ],
    )
    def test_a_control_near_zero_is_refused(self, control: Arm, reason: Refusal) -> None:
        found = believe(control, VARIANT)
        assert isinstance(found, Refused)
        assert found.refusal is reason

    def test_nothing_that_varies_is_refused(self) -> None:
        found = believe(Arm(9, 1.0, 0.0, 8), Arm(9, 1.0, 0.0, 8))
        assert isinstance(found, Refused)
        assert found.refusal is Refusal.NO_VARIATION

    def test_a_prior_without_spread_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="above 0"):
            believe(CONTROL, VARIANT, prior=Prior(sd=0.0))

    def test_chances_are_calibrated_under_their_own_prior(self) -> None:
        """Lifts drawn from the prior: among tests that say 70-90 % better, 70-90 % are."""
        rng = np.random.default_rng(1)
        said, true = [], []
        for _ in range(3000):
            lift = rng.normal(0, 0.3)
            shown = 10 * (1 + lift) + rng.normal(0, 1)
            found = believe(Arm(9999, 10.0, 1e-9, 9998), Arm(500, shown, 1.0, 499))
            assert isinstance(found, Belief)
            said.append(found.chance_better)
            true.append(lift > 0)
        chosen = (np.array(said) > 0.7) & (np.array(said) < 0.9)
        assert np.array(true)[chosen].mean() == pytest.approx(np.array(said)[chosen].mean(), abs=0.07)

    def test_expected_excess_far_out(self) -> None:
        assert expected_excess(-40.0, 1.0) == pytest.approx(0.0, abs=1e-300)
        assert expected_excess(40.0, 1.0) == pytest.approx(40.0)


class TestInteraction:
    def test_two_segments_are_a_z_test_of_their_difference(self) -> None:
        found = interaction([0.10, 0.02], [0.03, 0.02])
        assert isinstance(found, Interaction)
        z = 0.08 / math.hypot(0.03, 0.02)
        assert found.p_value == pytest.approx(2 * stats.norm.sf(z))

    def test_one_clear_and_one_unclear_segment_is_no_difference_between_them(self) -> None:
        phone = proportion.compare(Sums(900, 450, 450), Sums(900, 505, 505))
        computer = proportion.compare(Sums(300, 150, 150), Sums(300, 160, 160))
        assert isinstance(phone, Estimate)
        assert isinstance(computer, Estimate)
        assert phone.p_value < 0.05 < computer.p_value
        found = of_estimates([phone, computer])
        assert isinstance(found, Interaction)
        assert found.p_value > 0.3

    def test_its_false_alarms(self) -> None:
        rng = np.random.default_rng(2)
        p = [
            found.p_value
            for _ in range(4000)
            for found in [
                interaction(rng.normal(0.05, [0.02, 0.03, 0.05, 0.02]).tolist(), [0.02, 0.03, 0.05, 0.02])
            ]
            if isinstance(found, Interaction)
        ]
        assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))

    def test_one_segment_is_refused(self) -> None:
        found = interaction([0.1], [0.02])
        assert isinstance(found, Refused)
        assert found.refusal is Refusal.UNMEASURED

    def test_a_segment_without_spread_is_refused(self) -> None:
        found = interaction([0.1, 0.0], [0.02, 0.0])
        assert isinstance(found, Refused)
        assert found.refusal is Refusal.NO_VARIATION


def asked(rng: np.random.Generator, truth: float, *, sensitivity: float, specificity: float) -> Asked:
    found = rng.random(4000) < truth
    clicks = np.where(found, rng.random(4000) < sensitivity, rng.random(4000) >= specificity)
    f, c = found[:500], clicks[:500]  # the subset that was asked
    return Asked(
        4000,
        int(clicks.sum()),
        int((f & c).sum()),
        int((f & ~c).sum()),
        int((~f & c).sum()),
        int((~f & ~c).sum()),
    )


class TestAsking:
    def test_by_hand(self) -> None:
        """p = .5, Se = .8, Sp = .9: (.5 + .9 - 1)/(.7) = .5714."""
        found = rogan_gladen(Asked(1000, 500, 80, 20, 10, 90))
        assert isinstance(found, Arm)
        assert found.value == pytest.approx(4 / 7)

    @pytest.mark.parametrize("powered", [False, True])
    def test_a_redesign_that_only_changes_the_clicks_is_no_improvement(self, powered: bool) -> None:
        """Nothing really differs; clicks see more of the successes in the variant."""
        rng = np.random.default_rng(3)
        runs, wrong, naive = 120, 0, 0
        for _ in range(runs):
            pair = [
                asked(rng, 0.6, sensitivity=0.75, specificity=0.9),
                asked(rng, 0.6, sensitivity=0.85, specificity=0.9),
            ]
            found = compare(*pair, powered=powered)
            assert isinstance(found, Estimate)
            wrong += found.p_value < 0.05
            clicks = proportion.compare(*(Sums(one.units, one.hits, one.hits) for one in pair))
            assert isinstance(clicks, Estimate)
            naive += clicks.p_value < 0.05
        assert wrong / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
        assert naive / runs > 0.9

    @pytest.mark.parametrize("correct", [rogan_gladen, prediction_powered])
    def test_intervals_cover_the_truth(self, correct) -> None:
        rng = np.random.default_rng(4)
        runs, covered = 600, 0
        for _ in range(runs):
            one = correct(asked(rng, 0.6, sensitivity=0.75, specificity=0.9))
            assert isinstance(one, Arm)
            low, high = mean.interval(one)
            covered += low <= 0.6 <= high
        assert covered / runs > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / runs)
        assert covered / runs < 0.995  # not just wide

    @pytest.mark.parametrize(
        ("one", "reason"),
        [
            pytest.param(Asked(0, 0, 0, 0, 0, 0), Refusal.NO_UNITS, id="nobody"),
            pytest.param(Asked(1000, 500, 10, 3, 10, 90), Refusal.TOO_FEW_UNITS, id="few asked"),
            pytest.param(Asked(1000, 500, 50, 50, 50, 50), Refusal.UNMEASURED, id="clicks say nothing"),
        ],
    )
    def test_what_cannot_be_put_right_is_refused(self, one: Asked, reason: Refusal) -> None:
        found = rogan_gladen(one)
        assert isinstance(found, Refused)
        assert found.refusal is reason
