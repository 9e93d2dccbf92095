# SPDX-License-Identifier: EUPL-1.2
"""What each visitor was shown of the experiments, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.counting import alike
from analysis.events import Coded, Events, Ints


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
    """What was shown to each visitor, and from when on; ordered by visitor and moment (ms)."""

    visitor: Ints
    since: Ints
    shown: Ints
    texts: tuple[str, ...]

    def until(self, visitor: Ints, moment: Ints) -> Coded:
        """For each (visitor, moment) all experiments met by then, by name, as on the wire; where one visitor
        saw two variants, the first."""
        low = np.searchsorted(self.visitor, visitor)
        high = np.searchsorted(self.visitor, visitor, "right")
        width = len(self.texts) + 1
        met = np.zeros(len(visitor), np.int64)  # a number for what was met so far, 0 for nothing
        known: list[tuple[str, ...]] = [()]
        for step in range(int((high - low).max(initial=0))):
            row = np.minimum(low + step, len(self.visitor) - 1)
            more = (low + step < high) & (self.since[row] <= moment)
            key = met * width + np.where(more, self.shown[row] + 1, 0)
            met, different = pd.factorize(key)
            pairs = zip((different // width).tolist(), (different % width).tolist(), strict=True)
            known = [known[before] + ((self.texts[place - 1],) if place else ()) for before, place in pairs]
        names: dict[str, int] = {}
        places = [names.setdefault(_joined(shown), len(names)) for shown in known]
        return Coded(np.array(places, np.int64)[met], tuple(names))


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
    some = np.array([bool(text) for text in shown.texts] + [False])
    changed = np.ones(len(events), bool)  # the same again is nothing new
    changed[1:] = (events.visitor[1:] != events.visitor[:-1]) | (shown.codes[1:] != shown.codes[:-1])
    rows = np.flatnonzero(changed & some[shown.codes])
    firsts = rows[np.sort(alike(events.visitor[rows], shown.codes[rows])[1])]
    return Exposures(events.visitor[firsts], events.time[firsts], shown.codes[firsts], shown.texts)
