# SPDX-License-Identifier: EUPL-1.2
"""The same figures from programs that nobody here wrote, in an environment of their own.

They are heavy, or pinned to older packages, so they are no dependencies. To run these tests:

    python -m venv oracles && oracles/bin/pip install tea-tasting lifelines pydantic
    oracles/bin/pip install --no-deps gbstats==0.8.0  # pinned to pandas 1, and runs on 2
    KLANTREIS_ORACLES=oracles/bin/python python -m pytest tests/analysis/test_oracles.py
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import numpy as np
import pytest

from analysis.allocation import Allocation, sample_ratio
from analysis.estimates import Arm, Estimate, Sums, mean, ratio, sequences, survival

TEA_TASTING = """
import json, sys
import pandas as pd, tea_tasting as tt
data = pd.DataFrame(json.load(sys.stdin))
found = tt.Experiment(m=tt.Mean("y"), r=tt.RatioOfMeans("y", "x")).analyze(data, control=0)
print(json.dumps({k: [float(v.effect_size), float(v.pvalue), float(v.effect_size_ci_lower)]
                  for k, v in found.items()}))
"""

LIFELINES = """
import json, sys
from lifelines import AalenJohansenFitter
given = json.load(sys.stdin)
fitted = AalenJohansenFitter(calculate_variance=False, seed=1)
fitted.fit(given["time"], given["cause"], event_of_interest=1)
curve = fitted.cumulative_density_.iloc[:, 0]
print(json.dumps({"time": [float(t) for t in curve.index], "share": [float(s) for s in curve]}))
"""

LOG_RANK = """
import json, sys
from lifelines.statistics import logrank_test
given = json.load(sys.stdin)
control, variant = given["answered"]
found = logrank_test(*given["time"], event_observed_A=control, event_observed_B=variant)
print(json.dumps([float(found.test_statistic), float(found.p_value)]))
"""

RESTRICTED_MEAN = """
import json, sys
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
given = json.load(sys.stdin)
fitted = KaplanMeierFitter().fit(given["time"], given["answered"])
print(json.dumps(float(restricted_mean_survival_time(fitted, t=given["until"]))))
"""

GBSTATS = """
import json, sys
from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig
from gbstats.frequentist.tests import SequentialTwoSidedTTest, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
from gbstats.utils import check_srm
given = json.load(sys.stdin)
arms = [SampleMeanStatistic(n=n, sum=one, sum_squares=squares) for n, one, squares in given["sums"]]
tuned = {"sequential_tuning_parameter": given["tuned_to"]}
made = {
    "absolute": TwoSidedTTest(*arms, FrequentistConfig(difference_type="absolute")),
    "lift": TwoSidedTTest(*arms, FrequentistConfig(difference_type="relative")),
    "any_time": SequentialTwoSidedTTest(*arms, SequentialConfig(difference_type="absolute", **tuned)),
    "any_time_lift": SequentialTwoSidedTTest(*arms, SequentialConfig(difference_type="relative", **tuned)),
}
found = {name: one.compute_result() for name, one in made.items()}
answer = {name: [one.expected, *one.ci, one.p_value] for name, one in found.items()}
answer["srm"] = check_srm([arm.n for arm in arms], given["shares"])
print(json.dumps({name: [float(v) for v in all_] if isinstance(all_, list) else float(all_)
                  for name, all_ in answer.items()}))
"""


def ask(script: str, package: str, data: Any) -> Any:
    """What the script answers in the oracles' environment."""
    python = os.environ.get("KLANTREIS_ORACLES")
    if python is None:
        pytest.skip("KLANTREIS_ORACLES names no Python with the oracles")
    there = subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False)
    if there.returncode:
        pytest.skip(f"{package} is not installed beside {python}")
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [python, "-W", "ignore", "-c", script],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
        env=alone,
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_means_and_ratios_of_independent_units_are_tea_tastings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = 1.0 + rng.poisson(2, 800)
    y = rng.binomial(x.astype(int), 0.4) + rng.exponential(0.2, 800)
    variant = rng.integers(0, 2, 800)
    theirs = ask(TEA_TASTING, "tea_tasting", {"y": y.tolist(), "x": x.tolist(), "variant": variant.tolist()})
    arms = [(y[variant == k], x[variant == k]) for k in (0, 1)]
    found = mean.compare(*(Sums(len(a), a.sum(), (a**2).sum()) for a, _ in arms))
    assert isinstance(found, Estimate)
    assert [found.difference, found.p_value, found.ci[0]] == pytest.approx(theirs["m"], rel=1e-6)
    clustered = ratio.compare(*(ratio.Clusters(a, b) for a, b in arms))
    assert isinstance(clustered, Estimate)
    assert clustered.difference == pytest.approx(theirs["r"][0], rel=1e-9)
    assert clustered.p_value == pytest.approx(theirs["r"][1], rel=0.02)  # other degrees of freedom


@pytest.mark.parametrize("seed", [1, 2])
def test_cumulative_incidence_is_lifelines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = rng.exponential(200, 300)  # without ties, which lifelines parts by a jitter
    cause = rng.choice([0, 1, 2, 3], 300, p=[0.2, 0.5, 0.1, 0.2])
    theirs = ask(LIFELINES, "lifelines", {"time": time.tolist(), "cause": cause.tolist()})
    data = survival.ends(time, cause, np.ones(300))
    ours = survival.incidence(data)
    at = survival.at(ours.time_s, ours.answered, np.array(theirs["time"]))
    assert at == pytest.approx(np.array(theirs["share"]), abs=1e-9)
    assert isinstance(survival.restricted_mean(data, 300.0), Arm)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_curves_as_a_whole_are_compared_as_lifelines_does(seed: int) -> None:
    """Who phones or gives up stays at risk until the horizon: for lifelines, censored there."""
    rng = np.random.default_rng(seed)
    until = survival.HORIZON_S
    arms = []
    for mean_s in (200.0, 300.0):
        time = np.ceil(rng.exponential(mean_s, 300))  # in whole seconds: with ties
        arms.append((time, rng.choice([1, 2, 3], 300, p=[0.6, 0.1, 0.3])))
    answered = [(cause == 1) & (time <= until) for time, cause in arms]
    seen = [np.where(hit, time, until) for (time, _), hit in zip(arms, answered, strict=True)]
    given = {"time": [t.tolist() for t in seen], "answered": [hit.tolist() for hit in answered]}
    statistic, p = ask(LOG_RANK, "lifelines", given)
    found = survival.log_rank(*(survival.ends(time, cause, np.ones(300)) for time, cause in arms))
    assert isinstance(found, tuple)
    assert found[0] ** 2 == pytest.approx(statistic, rel=1e-9)
    assert found[1] == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_restricted_means_are_lifelines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, answered = np.ceil(rng.exponential(200, 400)), rng.random(400) < 0.8  # the others merely unseen
    given = {"time": time.tolist(), "answered": answered.tolist(), "until": 300.0}
    found = survival.restricted_mean(survival.ends(time, answered.astype(np.int64), np.ones(400)), 300.0)
    assert isinstance(found, Arm)
    assert found.value == pytest.approx(ask(RESTRICTED_MEAN, "lifelines", given), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_differences_lifts_looks_and_allocation_are_growthbooks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = [rng.gamma(2.0, scale, size) for scale, size in ((3.0, 900), (3.3, 700))]
    sums = [Sums(len(y), float(y.sum()), float((y**2).sum())) for y in drawn]
    mixture = sequences.Mixture(tuned_to=2000)
    given = {"sums": [[len(y), y.sum(), (y**2).sum()] for y in drawn], "tuned_to": 2000, "shares": [0.5, 0.5]}
    theirs = ask(GBSTATS, "gbstats.frequentist.tests", given)

    found = mean.compare(*sums)
    assert isinstance(found, Estimate)
    assert [found.difference, *found.ci, found.p_value] == pytest.approx(theirs["absolute"], rel=1e-6)
    assert found.relative_ci is not None
    assert [found.relative, *found.relative_ci] == pytest.approx(theirs["lift"][:3], rel=1e-6)

    left, right = (mean.arm(one) for one in sums)
    assert isinstance(left, Arm)
    assert isinstance(right, Arm)
    looked = sequences.at_any_time(left, right, mixture)
    assert isinstance(looked, Estimate)
    assert [looked.difference, *looked.ci, looked.p_value] == pytest.approx(theirs["any_time"], rel=1e-6)
    assert looked.relative_ci is not None
    assert [looked.relative, *looked.relative_ci] == pytest.approx(theirs["any_time_lift"][:3], rel=1e-6)

    drawn_by_lot = sample_ratio({"a": 900, "b": 700}, {"a": 1, "b": 1})
    assert isinstance(drawn_by_lot, Allocation)
    assert drawn_by_lot.p_value == pytest.approx(theirs["srm"], rel=1e-9)
