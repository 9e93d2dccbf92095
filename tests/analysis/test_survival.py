# SPDX-License-Identifier: EUPL-1.2
"""Time to an answer: against Kaplan-Meier, by hand, and where giving up is no loss of sight."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates import Arm, Estimate, Refusal, Refused, survival
from analysis.estimates.survival import Ends, ends

CENSORED, ANSWERED, ELSEWHERE, ABANDONED = range(4)


def rows(*data: tuple[float, int, float]) -> Ends:
    """Ends of (time, cause, units)."""
    time, cause, units = zip(*data, strict=True)
    return ends(np.array(time), np.array(cause), np.array(units, float))


def drawn(rng: np.random.Generator, n: int, cut_s: float = np.inf) -> Ends:
    time = np.ceil(rng.lognormal(5, 1, n))
    cause = rng.choice([ANSWERED, ELSEWHERE, ABANDONED], n, p=[0.55, 0.1, 0.35])
    cut = np.ceil(rng.exponential(cut_s, n)) if np.isfinite(cut_s) else np.full(n, np.inf)
    return ends(np.minimum(time, cut), np.where(cut < time, CENSORED, cause), np.ones(n))


def restricted_mean_of(data: Ends, horizon_s: float) -> float:
    curve = survival.incidence(data)
    steps = np.diff(np.concatenate([[0.0], curve.answered]))
    return horizon_s - float((steps * np.maximum(horizon_s - data.time_s, 0)).sum())


def test_without_censoring_it_is_the_mean_of_the_capped_times() -> None:
    rng = np.random.default_rng(1)
    time, cause = np.ceil(rng.exponential(300, 500)), rng.integers(1, 4, 500)
    capped = np.where((cause == ANSWERED) & (time < 600), time, 600.0)
    found = survival.restricted_mean(ends(time, cause, np.ones(500)), 600)
    assert isinstance(found, Arm)
    assert found.value == pytest.approx(capped.mean())
    assert found.variance == pytest.approx(capped.var(ddof=1) / 500)
    assert found.third == pytest.approx(((capped - capped.mean()) ** 3).mean() / 500**2)


def test_by_hand_with_a_censored_and_a_competing_unit() -> None:
    """Ten units; 2 answered at 1, 1 gone at 2, 2 cut off at 3, 1 answered at 4, four never within 5.

    F(1) = .2; then 8 at risk, one gives up: S = .7; after the cut 5 at risk: F(4) = .2 + .7/5 = .34.
    The mean up to 5 is 5 - (.2·4 + .14·1) = 4.06.
    """
    data = rows((1, ANSWERED, 2), (2, ABANDONED, 1), (3, CENSORED, 2), (4, ANSWERED, 1), (9, CENSORED, 4))
    curve = survival.incidence(data)
    assert curve.answered.tolist() == pytest.approx([0.2, 0.2, 0.2, 0.34, 0.34])
    assert curve.abandoned.tolist() == pytest.approx([0, 0.1, 0.1, 0.1, 0.1])
    assert curve.looking.tolist() == pytest.approx([1, 0.8, 0.7, 0.7, 0.56])
    assert restricted_mean_of(data, 5.0) == pytest.approx(4.06)


def test_one_cause_is_kaplan_meier_of_statsmodels() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(2)
    time, cut = rng.exponential(300, 800), rng.exponential(900, 800)
    seen, status = np.ceil(np.minimum(time, cut)), (time <= cut).astype(int)
    theirs = SurvfuncRight(seen, status)
    curve = survival.incidence(ends(seen, status, np.ones(800)))
    ours = survival.at(curve.time_s, curve.answered, theirs.surv_times)
    error = survival.at(curve.time_s, np.sqrt(curve.answered_variance), theirs.surv_times)
    assert 1 - ours == pytest.approx(theirs.surv_prob, abs=1e-12)
    assert error[:-1] == pytest.approx(theirs.surv_prob_se[:-1], abs=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels")
def test_competing_causes_are_the_cumulative_incidence_of_statsmodels() -> None:
    from statsmodels.duration.survfunc import CumIncidenceRight

    rng = np.random.default_rng(3)
    time, cut = np.ceil(rng.exponential(300, 600)), np.ceil(rng.exponential(900, 600))
    cause = np.where(cut < time, CENSORED, rng.integers(1, 4, 600))
    seen = np.minimum(time, cut)
    theirs = CumIncidenceRight(seen, cause)
    curve = survival.incidence(ends(seen, cause, np.ones(600)))
    early = theirs.times < 1200
    for number, shares in ((0, curve.answered), (1, curve.elsewhere), (2, curve.abandoned)):
        assert survival.at(curve.time_s, shares, theirs.times) == pytest.approx(
            theirs.cinc[number], abs=1e-12
        )
    error = survival.at(curve.time_s, np.sqrt(curve.answered_variance), theirs.times)
    assert error[early] == pytest.approx(theirs.cinc_se[0][early], abs=1e-12)


def test_influence_gives_the_variance_of_the_jackknife() -> None:
    data = drawn(np.random.default_rng(4), 400, cut_s=1500)
    found = survival.restricted_mean(data)
    assert isinstance(found, Arm)
    counts = np.stack([data.censored, data.answered, data.elsewhere, data.abandoned])
    without, weight = [], []
    for cause, place in zip(*np.nonzero(counts), strict=True):
        fewer = counts.copy()
        fewer[cause, place] -= 1
        at = np.tile(data.time_s, 4)
        left = ends(at, np.repeat(np.arange(4), len(data.time_s)), fewer.ravel())
        without.append(restricted_mean_of(left, survival.HORIZON_S))
        weight.append(counts[cause, place])
    centre = np.average(without, weights=weight)
    jackknife = 399 / 400 * float((np.array(weight) * (np.array(without) - centre) ** 2).sum())
    assert found.variance == pytest.approx(jackknife, rel=0.01)


def test_censoring_those_who_gave_up_would_call_a_worse_version_faster() -> None:
    """The trap of `docs/statistics.md` (3.24 → 2.82 where the truth goes 5.00 → 6.19), with its shape.

    In the variant people with a hard question give up after a minute. Fewer get an answer; the finishers,
    and so the naive mean, look faster.
    """
    rng = np.random.default_rng(5)
    n, horizon = 4_000, 10.0
    means: dict[str, list[float]] = {"naive": [], "ours": [], "truth": []}
    for patience_of_hard in (20.0, 1.0):
        hard = rng.random(n) < 0.5
        needed = rng.exponential(np.where(hard, 6.0, 2.0))
        patience = np.where(hard, patience_of_hard, 20.0)
        time, answered = np.minimum(needed, patience), needed <= patience
        naive = ends(time, np.where(answered, ANSWERED, CENSORED), np.ones(n))
        ours = ends(time, np.where(answered, ANSWERED, ABANDONED), np.ones(n))
        means["naive"].append(restricted_mean_of(naive, horizon))
        means["ours"].append(restricted_mean_of(ours, horizon))
        means["truth"].append(float(np.where(answered, np.minimum(needed, horizon), horizon).mean()))
    assert means["naive"][1] < means["naive"][0] - 0.2
    assert means["truth"][1] > means["truth"][0] + 1.0
    assert means["ours"] == pytest.approx(means["truth"])


def test_counts_of_days_add_up_in_any_order() -> None:
    rng = np.random.default_rng(6)
    time, cause = rng.integers(1, 900, 500).astype(float), rng.integers(0, 4, 500)
    order = rng.permutation(500)
    whole, shuffled = ends(time, cause, np.ones(500)), ends(time[order], cause[order], np.ones(500))
    assert survival.restricted_mean(whole) == survival.restricted_mean(shuffled)


REFUSED = [
    pytest.param(rows((5, ANSWERED, 19)), Refusal.TOO_FEW_UNITS, id="nineteen units"),
    pytest.param(rows((5, ABANDONED, 30), (700, ANSWERED, 5)), Refusal.NO_EVENTS, id="no answer in time"),
    pytest.param(
        rows((5, ANSWERED, 30), (60, CENSORED, 30)), Refusal.BEYOND_FOLLOW_UP, id="cut off before the end"
    ),
    pytest.param(ends(np.array([]), np.array([], int), np.array([])), Refusal.NO_UNITS, id="nobody"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_what_cannot_be_estimated_is_refused_with_its_reason(data: Ends, reason: Refusal) -> None:
    found = survival.restricted_mean(data)
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_everybody_answered_before_the_horizon_needs_no_follow_up() -> None:
    found = survival.restricted_mean(rows((5, ANSWERED, 30), (60, ANSWERED, 30)))
    assert isinstance(found, Arm)
    assert found.value == pytest.approx(32.5)


def test_band_holds_the_curve_and_stays_between_none_and_all() -> None:
    curve = survival.incidence(drawn(np.random.default_rng(7), 200, cut_s=1500))
    low, high = survival.band(curve.answered, curve.answered_variance)
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low <= curve.answered + 1e-12).all()
    assert (curve.answered <= high + 1e-12).all()


def test_log_rank_on_one_cause_without_censoring_is_that_of_statsmodels() -> None:
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(8)
    time = np.ceil(np.concatenate([rng.exponential(300, 200), rng.exponential(220, 180)]))
    group = np.repeat([0, 1], [200, 180])
    chi2, p = survdiff(np.minimum(time, 601), (time <= 600).astype(int), group)
    pair = [
        ends(time[group == g], np.ones((group == g).sum(), int), np.ones((group == g).sum())) for g in (0, 1)
    ]
    found = survival.log_rank(*pair)
    assert not isinstance(found, Refused)
    assert found[0] ** 2 == pytest.approx(chi2, rel=1e-9)
    assert found[1] == pytest.approx(p, rel=1e-9)
    assert found[0] > 0  # the variant answers sooner


@pytest.mark.parametrize("cut_s", [np.inf, 2700.0], ids=["none cut off", "20 % cut off"])
def test_false_alarms_of_an_a_a_test_are_within_the_monte_carlo_bound(cut_s: float) -> None:
    rng = np.random.default_rng(9)
    runs, alarms = 1_500, 0
    for _ in range(runs):
        found = survival.compare(drawn(rng, 200, cut_s), drawn(rng, 150, cut_s))
        alarms += isinstance(found, Estimate) and found.p_value < 0.05
    assert abs(alarms / runs - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / runs)
