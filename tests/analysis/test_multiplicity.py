# SPDX-License-Identifier: EUPL-1.2
"""Corrections for asking often."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.estimates.multiplicity import benjamini_hochberg, holm


def test_benjamini_hochberg_known_answer() -> None:
    """`docs/statistics.md`, known answers: .005 .06 .007 .04 .01 .03 → .02 .06 .02 .048 .02 .045."""
    found = benjamini_hochberg([0.005, 0.06, 0.007, 0.04, 0.01, 0.03])
    assert found == pytest.approx([0.02, 0.06, 0.02, 0.048, 0.02, 0.045], abs=1e-12)


def test_both_agree_with_statsmodels_ties_included() -> None:
    rng = np.random.default_rng(1)
    for size in range(1, 25):
        chances = rng.beta(0.3, 1, size).round(2).tolist()
        assert holm(chances) == pytest.approx(multipletests(chances, method="holm")[1], abs=1e-12)
        assert benjamini_hochberg(chances) == pytest.approx(
            multipletests(chances, method="fdr_bh")[1], abs=1e-12
        )


@pytest.mark.parametrize("correction", [holm, benjamini_hochberg])
def test_a_refused_comparison_stays_refused_and_does_not_count(correction) -> None:
    assert correction([0.01, None, 0.04]) == (
        correction([0.01, 0.04])[0],
        None,
        correction([0.01, 0.04])[1],
    )


@pytest.mark.parametrize("correction", [holm, benjamini_hochberg])
def test_nothing_to_correct(correction) -> None:
    assert correction([]) == ()
    assert correction([None]) == (None,)
    assert correction([0.03]) == (0.03,)
