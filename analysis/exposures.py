# SPDX-License-Identifier: EUPL-1.2
"""What each visitor was shown of the experiments, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from analysis.frames import texts
from analysis.intake import Events, Ints


@lru_cache(maxsize=4096)
def parse(exposures: str) -> tuple[tuple[str, str], ...]:
    """`schuldhulp=current,zwerfvuil=redesign` as pairs of experiment and variant.

    >>> parse("schuldhulp=current,zwerfvuil=redesign")
    (('schuldhulp', 'current'), ('zwerfvuil', 'redesign'))
    """
    pairs = (pair.partition("=") for pair in exposures.split(",") if pair)
    return tuple((name.strip(), variant.strip()) for name, _, variant in pairs)


@dataclass(frozen=True, slots=True)
class Exposures:
    """Per visitor, in order of time, the moment (ms) and what was shown from then on."""

    by_visitor: dict[int, list[tuple[int, str]]]

    def until(self, visitor: Ints, moment: Ints) -> pl.Series:
        """For each (visitor, moment) all experiments met by then, by name, as on the wire; where one visitor
        saw two variants, the first."""
        labels: dict[str, int] = {"": 0}
        codes = np.zeros(len(visitor), np.int64)
        for place, (who, at) in enumerate(zip(visitor.tolist(), moment.tolist(), strict=True)):
            met = self.by_visitor.get(who)
            if met:
                shown = _joined(tuple(text for since, text in met if since <= at))
                codes[place] = labels.setdefault(shown, len(labels))
        return texts(codes, list(labels))


@lru_cache(maxsize=4096)
def _joined(shown: tuple[str, ...]) -> str:
    met: dict[str, str] = {}
    for text in shown:
        for name, variant in parse(text):
            met.setdefault(name, variant)
    return ",".join(f"{name}={variant}" for name, variant in sorted(met.items()))


def find_exposures(events: Events) -> Exposures:
    """When each visitor first met each set of experiments."""
    shown = events.text["exposures"]
    rows = np.flatnonzero(shown.codes >= 0)
    rows = rows[np.array([bool(text) for text in shown.texts] + [False])[shown.codes[rows]]]
    pair = events.visitor[rows] * (len(shown.texts) + 1) + shown.codes[rows]
    firsts = rows[np.sort(np.unique(pair, return_index=True)[1])]
    found: dict[int, list[tuple[int, str]]] = {}
    columns = (events.visitor[firsts].tolist(), events.time[firsts].tolist(), shown.codes[firsts].tolist())
    for who, at, code in zip(*columns, strict=True):
        found.setdefault(who, []).append((at, shown.texts[code]))
    return Exposures(found)
