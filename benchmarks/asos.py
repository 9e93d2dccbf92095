# SPDX-License-Identifier: EUPL-1.2
"""What looking does to 99 real series: the ASOS Digital Experiments Dataset, metric 1.

    python benchmarks/asos.py ../shared/data/asos/asos.parquet

Prints how many of them pass .05 at the end, at *some* look by the fixed test, and at some look by the two
methods that may be looked at. Series whose cumulative counts fall are refused, and named.

Data: Liu, Cardoso, Couturier & McCoy, Datasets for Online Controlled Experiments (2021), CC BY 4.0.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.estimates import Arm, Refused, mean
from analysis.estimates.group_sequential import MIN_STEP, Design
from analysis.estimates.sequences import Mixture
from analysis.monitoring import no_fall

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Series:
    """One comparison: cumulative arms at each look."""

    name: str
    looks: tuple[tuple[Arm, Arm], ...]

    @property
    def refused(self) -> Refused | None:
        """Why it cannot be watched, where it cannot."""
        return no_fall([(f"look {k + 1}", c.n, v.n) for k, (c, v) in enumerate(self.looks)])

    def z(self) -> list[float]:
        return [(v.value - c.value) / math.sqrt(c.variance + v.variance) for c, v in self.looks]

    def n(self) -> list[int]:
        return [c.n + v.n for c, v in self.looks]


def series(frame: pd.DataFrame, metric: int = 1) -> Iterator[Series]:
    """Every (experiment, variant) of a metric, its looks in order."""
    chosen = frame[frame["metric_id"] == metric].dropna()
    chosen = chosen[(chosen["count_c"] > 1) & (chosen["count_t"] > 1)]
    chosen = chosen[chosen["variance_c"] + chosen["variance_t"] > 0]
    for (experiment, variant), group in chosen.groupby(["experiment_id", "variant_id"], sort=True):
        rows = group.sort_values("time_since_start")
        arms = []
        for side in ("c", "t"):
            columns = (rows[f"{name}_{side}"].tolist() for name in ("count", "mean", "variance"))
            arms.append([Arm(int(n), m, v / n, n - 1) for n, m, v in zip(*columns, strict=True)])
        yield Series(f"{experiment}/{variant}", tuple(zip(*arms, strict=True)))


def at_the_end(one: Series) -> bool:
    return abs(one.z()[-1]) > mean.critical_t(math.inf, 0.95)


def at_some_look(one: Series) -> bool:
    return max(map(abs, one.z())) > mean.critical_t(math.inf, 0.95)


def in_sequence(one: Series) -> bool:
    """By the confidence sequence, tuned to the final size."""
    mixture = Mixture(one.n()[-1])
    return any(abs(z) > mixture.critical(n) for z, n in zip(one.z(), one.n(), strict=True))


def by_spending(one: Series) -> bool:
    """By Lan and DeMets' O'Brien-Fleming type, information from the variance."""
    every, shares = one.z(), []
    information = [1 / (c.variance + v.variance) for c, v in one.looks]
    kept: list[int] = []
    for k, info in enumerate(information[:-1]):
        share = info / information[-1]
        room = 1 - share >= MIN_STEP
        if room and (not kept or share - shares[-1] >= MIN_STEP * share):
            kept.append(k)
            shares.append(share)
    z = [every[k] for k in (*kept, -1)]
    shares.append(1.0)
    return Design().first_crossing(z, shares) is not None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    import pandas as pd

    every = list(series(pd.read_parquet(parser.parse_args().table)))
    refused = {one.name: str(one.refused) for one in every if one.refused}
    sound = [one for one in every if one.name not in refused]
    print(f"{'':<44} of {len(every)}   of the {len(sound)} sound ones")
    for words, passes in (
        ("p < .05 at the end", at_the_end),
        ("p < .05 at some look, fixed test", at_some_look),
        ("confidence sequence, N* = final size", in_sequence),
        ("Lan-DeMets, O'Brien-Fleming type", by_spending),
    ):
        print(f"{words:<44} {sum(map(passes, every)):>5}   {sum(map(passes, sound)):>5}", flush=True)
    for name, reason in refused.items():
        print(f"refused: {name}: {reason}")


if __name__ == "__main__":
    main()
