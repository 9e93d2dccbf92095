# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: looking at any time and as planned, what holds after it, its power."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy import special
from simulated import Outcome, Setting

from analysis import allocation
from analysis.allocation import Allocation
from analysis.estimates import Arm, Estimate, Sums, mean, proportion
from analysis.estimates.group_sequential import Design, Spending, after_stop
from analysis.estimates.sequences import MIN_UNITS, Mixture, at_any_time
from analysis.monitoring import Look
from analysis.sequential_planning import inflation
from experiments.assignment import hash_v2
from experiments.definition import Looks
from experiments.planning import Question, plan

#: No boundary lies below this: only looks beyond it are asked of the slower, real statistic.
NEAR = 1.9


class Series:
    """Both arms at every look: n, and cumulative sums and squares (looks × [control, variant])."""

    def __init__(self, rng: np.random.Generator, looks: int, step: int, kind: str, effect: float = 0.0):
        self.shares = kind not in ("pages", "log-normal 1")
        if kind == "pages":
            y = 1.0 + rng.geometric(0.3, (2, looks, step))
        elif kind == "log-normal 1":
            y = rng.lognormal(0, 1, (2, looks, step))
        if self.shares:
            rates = np.array([[float(kind)], [float(kind) + effect]])
            daily = rng.binomial(step, rates, (2, looks)).astype(float)
            self.totals = self.squares = self.cubes = daily.cumsum(axis=1)
        else:
            powers = ((y**power).sum(axis=2).cumsum(axis=1) for power in (1, 2, 3))
            self.totals, self.squares, self.cubes = powers
        self.n = np.arange(1, looks + 1) * step

    def arms(self, look: int) -> tuple[Arm, Arm]:
        n = int(self.n[look])
        sides = zip(
            *(side[:, look].tolist() for side in (self.totals, self.squares, self.cubes)), strict=True
        )
        left, right = (mean.arm(Sums(n, *side)) for side in sides)
        assert isinstance(left, Arm)
        assert isinstance(right, Arm)
        return left, right

    def z(self) -> np.ndarray:
        """Difference over its own standard error, at every look."""
        values = self.totals / self.n
        spread = ((self.squares - self.n * values**2) / (self.n - 1) / self.n).sum(axis=0)
        return np.where(spread > 0, (values[1] - values[0]) / np.sqrt(np.maximum(spread, 1e-300)), 0.0)

    def z_of_test(self) -> np.ndarray:
        """As `monitoring.Look.z`: from the p of the metric's own test, exact where counts are small."""
        z = self.z()
        for look in np.flatnonzero(np.abs(z) > NEAR):
            z[look] = self._z_of_shares(look) if self.shares else self._z_of_means(look)
        return z

    def _z_of_shares(self, look: int) -> float:
        n = int(self.n[look])
        table = proportion.Table((int(self.totals[0, look]), int(self.totals[1, look])), (n, n))
        small = table.least_expected < proportion.EXACT_BELOW
        p = proportion.exact_p(table) if small else proportion.score_p(table)
        return float(np.copysign(-special.ndtri(max(p, 1e-300) / 2), table.rates[1] - table.rates[0]))

    def _z_of_means(self, look: int) -> float:
        arms = self.arms(look)
        found = mean.contrast(*arms, method="Welch t")
        return Look("", *arms, found).z if isinstance(found, Estimate) else 0.0


def any_time(looks: int, step: int, kind: str, effect: float = 0.0) -> Outcome:
    """Whether the confidence sequence leaves 0 out at some look."""
    mixture = Mixture(2 * looks * step)
    sizes = np.arange(1, looks + 1) * step
    critical = np.array([mixture.critical(2 * size) for size in sizes.tolist()])

    def outcome(rng: np.random.Generator) -> bool:
        series = Series(rng, looks, step, kind, effect)
        for look in np.flatnonzero((np.abs(series.z()) > 0.999 * critical) & (sizes >= MIN_UNITS)):
            found = at_any_time(*series.arms(look), mixture)
            if isinstance(found, Estimate) and found.p_value < 0.05:
                return True
        return False

    return outcome


def planned(looks: int, step: int, kind: str, effect: float = 0.0, design: Design | None = None) -> Outcome:
    """Whether a planned look crosses its boundary."""
    shares = [(k + 1) / looks for k in range(looks)]
    asked = design or Design()

    def outcome(rng: np.random.Generator) -> bool:
        z = Series(rng, looks, step, kind, effect).z_of_test()
        return asked.first_crossing(z.tolist(), shares) is not None

    return outcome


def ripening(
    looks: int,
    step: int,
    *,
    ripe_only: bool,
    late: tuple[float, float],
    window: int = 4,
    design: Design | None = None,
) -> Outcome:
    """Outcomes that show within `window` days, each day with this chance (control, variant).

    A look takes either those only whose window is over, or all, and then who is not answered yet for one who
    never will be: an immature look.
    """
    bounds = np.array((design or Design()).boundaries([(k + 1) / looks for k in range(looks)]))

    def outcome(rng: np.random.Generator) -> bool:
        seen = np.zeros((2, looks + window))
        for arm in (0, 1):
            left = rng.binomial(step, 0.5, looks)
            for lag in range(window):
                now = left if lag == window - 1 else rng.binomial(left, late[arm])
                seen[arm, (window - 1 if ripe_only else lag) :][:looks] += now
                left = left - now
        first = window - 1 if ripe_only else 0
        totals = seen[:, first : first + looks].cumsum(axis=1)
        n = np.arange(1, looks + 1) * step
        rates = totals / n
        spread = np.maximum((rates * (1 - rates) / n).sum(axis=0), 1e-12)
        return bool((np.abs(rates[1] - rates[0]) / np.sqrt(spread) >= bounds).any())

    return outcome


def peeking(looks: int, step: int, kind: str) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        series = Series(rng, looks, step, kind)
        return bool((np.abs(series.z())[series.n >= MIN_UNITS] > 1.959964).any())

    return outcome


def after_stopping(looks: int, drift: float, spending: Spending, *, naive: bool = False) -> Outcome:
    """Whether the interval after the last look misses; `naive`: the fixed one, where it stopped early."""
    design = Design(spending)
    shares = [(k + 1) / looks for k in range(looks)]
    errors = [1 / share**0.5 for share in shares]

    def outcome(rng: np.random.Generator) -> bool | None:
        z = rng.normal(drift / looks, (1 / looks) ** 0.5, looks).cumsum() / np.sqrt(shares)
        if naive:
            k = design.first_crossing(z.tolist(), shares)
            return None if k is None else abs(z[k] * errors[k] - drift) > 1.959964 * errors[k]
        found = after_stop(z.tolist(), errors, shares, design)
        return not found.ci[0] <= drift <= found.ci[1]

    return outcome


def divided(at_any: bool, looks: int = 200, step: int = 500) -> Outcome:
    test = allocation.sample_ratio_at_any_time if at_any else allocation.sample_ratio

    def outcome(rng: np.random.Generator) -> bool:
        first = rng.binomial(step, 0.5, looks).cumsum()
        for look, a in enumerate(first.tolist()):
            found = test({"a": a, "b": (look + 1) * step - a}, {"a": 1, "b": 1})
            if isinstance(found, Allocation) and found.p_value < 0.05:
                return True
        return False

    return outcome


@lru_cache(maxsize=500)
def hashed_share(seed: int) -> int:
    """How many of the 1,000 buckets the hash gives the control of a test of that name, at 50 : 50."""
    return sum(hash_v2(f"test {seed}", str(bucket)) < 0.5 for bucket in range(1000))


def against(nominal: bool, browsers: int = 200_000) -> Outcome:
    """Whether χ² voids a sound test of that many browsers."""

    def outcome(rng: np.random.Generator) -> bool:
        real = hashed_share(int(rng.integers(500)))
        first = int(rng.binomial(browsers, real / 1000))
        meant = {"a": 1, "b": 1} if nominal else {"a": real, "b": 1000 - real}
        found = allocation.sample_ratio({"a": first, "b": browsers - first}, meant)
        return isinstance(found, Allocation) and not found.sound

    return outcome


def crowded(rng: np.random.Generator) -> bool:
    """The check for a cached cookie, on browsers that drew their bucket evenly."""
    counts = rng.multinomial(3000, np.full(1000, 0.001))
    return allocation.fullest_bucket(dict(enumerate(counts.tolist())), 1000) < 0.001


def settings() -> Iterator[Setting]:
    for looks in (200, 400):
        for kind, step in (("0.5", 20), ("0.02", 50), ("pages", 10), ("log-normal 1", 20)):
            yield Setting("any time", f"{looks} looks, {kind}", any_time(looks, step, kind), "exact")
        yield Setting("naive: peeking", f"{looks} looks, 50 %", peeking(looks, 20, "0.5"), "wrong")
    for looks in (14, 63):
        for kind, step in (("0.5", 60), ("0.02", 200), ("pages", 60)):
            expected = "exact" if kind == "0.02" else "sound"
            yield Setting("planned looks", f"{looks} days, {kind}", planned(looks, step, kind), expected)
    for spending in (Spending.POCOCK, Spending.QUADRATIC):
        design = Design(spending)
        yield Setting(
            "planned looks", f"14 days, 0.5, {spending.value}", planned(14, 60, "0.5", design=design)
        )
    unlike = (0.6, 0.25)
    yield Setting("planned looks", "14 days, ripe ones only", ripening(14, 60, ripe_only=True, late=unlike))
    yield Setting(
        "naive: immature",
        "14 days, ripens later",
        ripening(14, 60, ripe_only=False, late=unlike),
        "wrong",
        share=0.2,
    )
    slow = ripening(28, 60, ripe_only=False, late=(0.15, 0.15), window=28, design=Design(Spending.POCOCK))
    yield Setting("naive: immature", "28 days, Pocock, both ripen slowly", slow, "wrong", share=2)
    yield Setting("after a stop", "stage-wise, 5 looks, weak", after_stopping(5, 1.0, Spending.POCOCK))
    yield Setting(
        "after a stop",
        "stage-wise, 14 looks, as planned",
        after_stopping(14, 2.8, Spending.OBRIEN_FLEMING),
        share=0.2,
    )
    yield Setting(
        "naive: after a stop",
        "fixed interval, 5 looks, weak",
        after_stopping(5, 1.0, Spending.POCOCK, naive=True),
        "wrong",
        share=0.5,
    )
    yield Setting("allocation", "200,000 browsers", against(nominal=False), promised=0.001, share=10)
    yield Setting(
        "naive: nominal shares", "200,000 browsers", against(nominal=True), "wrong", promised=0.001, share=0.2
    )
    yield Setting("allocation, any time", "200 looks", divided(at_any=True), "exact")
    yield Setting("naive: χ² daily", "200 looks", divided(at_any=False), "wrong", share=0.2)
    yield Setting("cached cookie", "3,000 browsers", crowded, "exact", promised=0.001, share=2)
    base = plan(Question(0.5, 0.05, 1000)).sizes[0]
    for looks, how in ((Looks.DAILY, planned), (Looks.ANY_TIME, any_time)):
        step = round(base * inflation(looks, 14) / 14)
        yield Setting(
            f"power, {looks.value}", "50 to 55 %, 14 days", how(14, step, "0.5", 0.05), promised=0.8
        )
