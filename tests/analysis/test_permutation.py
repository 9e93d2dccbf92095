# SPDX-License-Identifier: EUPL-1.2
"""Transitions and paths with the draw of the buckets done over."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates import Estimate, Refusal, Refused, ratio
from analysis.estimates.permutation import BH_DRAWS, Buckets, Distance, Edges, edges, total_variation


def flows(
    rng: np.random.Generator, buckets: int, kinds: int, *, split: float = 0.5, effect: float = 0.0
) -> Buckets:
    """Returning visitors: a bucket has its own taste, shared by all its questions."""
    shown = np.arange(buckets) < round(split * buckets)
    rng.shuffle(shown)
    taste = rng.dirichlet(np.full(kinds, 3.0), buckets)
    taste[shown, 0] += effect
    taste /= taste.sum(axis=1, keepdims=True)
    questions = rng.poisson(6, buckets)
    counts = rng.multinomial(questions, taste).astype(float)
    return Buckets(shown, counts, questions.astype(float))


def test_t_is_that_of_the_clustered_ratio() -> None:
    """The same shares, and but for its correction of bias the same error, as `ratio.compare`."""
    data = flows(np.random.default_rng(1), 600, 4)
    found = edges(data, draws=99)
    assert isinstance(found, Edges)
    pair = [ratio.Clusters(data.counts[k, 0], data.of[k]) for k in (~data.shown, data.shown)]
    direct = ratio.compare(*pair)
    assert isinstance(direct, Estimate)
    assert (found.control[0], found.variant[0]) == pytest.approx(direct.values)
    error = (direct.ci[1] - direct.ci[0]) / 2 / 1.9639
    assert found.t[0] == pytest.approx(direct.difference / error, rel=0.01)


@pytest.mark.parametrize("split", [0.5, 0.85])
def test_any_false_alarm_over_all_edges_is_as_rare_as_it_says(split: float) -> None:
    rng = np.random.default_rng(2)
    runs, any_edge, alone = 150, 0, 0
    for run in range(runs):
        found = edges(flows(rng, 200, 12, split=split), draws=99, seed=run)
        assert isinstance(found, Edges)
        any_edge += bool((found.p_any <= 0.05).any())
        alone += bool((found.p <= 0.05).any())
    assert any_edge / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert any_edge > 0
    assert alone / runs > 0.3  # twelve edges, each by itself


def test_questions_as_rows_would_cry_wolf() -> None:
    """What permuting single questions would say: the buckets' tastes are taken for effects."""
    rng = np.random.default_rng(3)
    runs, rows = 150, 0
    for run in range(runs):
        data = flows(rng, 60, 2)
        loose = np.repeat(np.arange(60), data.of.astype(int))
        first = np.concatenate(
            [np.arange(int(n)) < y for n, y in zip(data.of, data.counts[:, 0], strict=True)]
        )
        counts = np.column_stack([first, ~first]).astype(float)
        found = edges(Buckets(data.shown[loose], counts, np.ones(len(loose))), draws=99, seed=run)
        assert isinstance(found, Edges)
        rows += bool(found.p[0] < 0.05)
    assert rows / runs > 0.1


def test_a_planted_transition_is_found_and_only_that_one() -> None:
    found = edges(flows(np.random.default_rng(4), 800, 10, effect=0.05), draws=999)
    assert isinstance(found, Edges)
    assert found.p_any[0] < 0.01
    assert found.variant[0] > found.control[0]


def test_p_is_never_zero_nor_smaller_over_all_than_alone() -> None:
    found = edges(flows(np.random.default_rng(5), 400, 8, effect=0.3), draws=199)
    assert isinstance(found, Edges)
    assert found.p.min() == 1 / 200
    assert (found.p_any >= found.p).all()
    assert found.p_rate is None  # too few draws for a rate over many edges


def test_a_rate_needs_enough_draws() -> None:
    found = edges(flows(np.random.default_rng(6), 100, 3, effect=0.3), draws=BH_DRAWS)
    assert isinstance(found, Edges)
    assert found.p_rate is not None
    assert found.p_rate[0] < 0.05


def test_rare_transitions_are_not_tested() -> None:
    data = flows(np.random.default_rng(7), 300, 3)
    rare = np.zeros((300, 2))
    rare[:19, 0] = 1  # 19 times
    rare[:4, 1] = 9  # often, in four buckets
    found = edges(Buckets(data.shown, np.column_stack([data.counts, rare]), data.of), draws=99)
    assert isinstance(found, Edges)
    assert found.tested.tolist() == [True, True, True, False, False]
    assert np.isnan(found.t[3:]).all()


def test_the_order_of_the_buckets_changes_the_draws_only() -> None:
    data = flows(np.random.default_rng(8), 300, 5)
    order = np.random.default_rng(9).permutation(300)
    one = edges(data, draws=99)
    other = edges(Buckets(data.shown[order], data.counts[order], data.of[order]), draws=99)
    assert isinstance(one, Edges)
    assert isinstance(other, Edges)
    assert one.t == pytest.approx(other.t)
    again = edges(data, draws=99)
    assert isinstance(again, Edges)
    assert (one.p == again.p).all()


def test_departures_may_be_the_denominator() -> None:
    data = flows(np.random.default_rng(10), 400, 3)
    of = data.counts + np.random.default_rng(11).poisson(4, data.counts.shape)
    found = edges(Buckets(data.shown, data.counts, of), draws=99)
    assert isinstance(found, Edges)
    variant = data.counts[data.shown].sum(axis=0) / of[data.shown].sum(axis=0)
    assert found.variant == pytest.approx(variant)


def test_paths_distributed_alike_and_not() -> None:
    rng = np.random.default_rng(12)
    runs, wrong = 300, 0
    for run in range(runs):
        found = total_variation(flows(rng, 200, 8), draws=99, seed=run)
        assert isinstance(found, Distance)
        wrong += found.p_value <= 0.05
    assert abs(wrong / runs - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / runs)
    other = total_variation(flows(rng, 600, 8, effect=0.1), draws=499)
    assert isinstance(other, Distance)
    assert other.p_value < 0.01
    assert other.value > other.expected


@pytest.mark.parametrize("test", [edges, total_variation])
def test_few_buckets_are_refused(test) -> None:
    found = test(flows(np.random.default_rng(13), 30, 3))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.TOO_FEW_BUCKETS


def test_no_transition_at_all_is_refused() -> None:
    data = flows(np.random.default_rng(14), 100, 3)
    found = edges(Buckets(data.shown, np.zeros((100, 3)), data.of))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.NO_EVENTS


def test_what_every_question_does_is_not_tested() -> None:
    data = flows(np.random.default_rng(16), 200, 3)
    found = edges(Buckets(data.shown, np.column_stack([data.counts, data.of]), data.of), draws=99)
    assert isinstance(found, Edges)
    assert found.tested.tolist() == [True, True, True, False]


def test_one_path_only_has_no_distance() -> None:
    data = flows(np.random.default_rng(17), 200, 3)
    found = total_variation(Buckets(data.shown, data.of[:, None], data.of))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.NO_VARIATION


@pytest.mark.parametrize("test", [edges, total_variation])
def test_nobody_at_all_is_refused(test) -> None:
    found = test(Buckets(np.arange(40) < 20, np.zeros((40, 0)), np.zeros(40)))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.TOO_FEW_BUCKETS


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_counts_that_are_none_are_a_mistake(bad: float) -> None:
    data = flows(np.random.default_rng(15), 100, 3)
    counts = data.counts.copy()
    counts[5, 1] = bad
    with pytest.raises(ValueError, match="expected counts"):
        edges(Buckets(data.shown, counts, data.of))
