# SPDX-License-Identifier: EUPL-1.2
"""The same figures from programs that nobody here wrote, in an environment of their own.

They are heavy, or pinned to older packages, so they are no dependencies. To run these tests:

    python -m venv oracles && oracles/bin/pip install tea-tasting lifelines
    KLANTREIS_ORACLES=oracles/bin/python python -m pytest tests/analysis/test_oracles.py
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import numpy as np
import pytest

from analysis.estimates import Arm, Estimate, Sums, mean, ratio, survival

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
