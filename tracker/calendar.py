# SPDX-License-Identifier: EUPL-1.2
"""The DAY of a moment on a site, by that site's time zone."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tracker.day import day_of
from tracker.site import Site, Sites

_QUARTER_MS = 900_000  # every zone's turns lie on whole quarters of an hour in UTC


class Calendar:
    """Of several sites; one that is unknown here has the time zone that a site has by default."""

    def __init__(self, sites: Sites | None) -> None:
        self._zones = {site.name: site.zone for site in sites or ()}
        self._default: ZoneInfo = Site(name="", hosts=frozenset()).zone

    def day(self, site: str, time_ms: int) -> date:
        return day_of(time_ms, self._zones.get(site, self._default))

    def days(self, sites: Any, times_ms: Any) -> dict[date, npt.NDArray[np.int64]]:
        """The row numbers of each DAY, ascending, from columns of site names and moments."""
        names = sites.combine_chunks().dictionary_encode()
        known = names.dictionary.to_pylist()
        codes = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        mixed = times_ms.to_numpy() // _QUARTER_MS * max(len(known), 1) + codes
        different, of = np.unique(mixed, return_inverse=True)
        found: dict[date, list[int]] = {}
        for place, one in enumerate(different.tolist()):
            quarter, code = divmod(one, len(known))
            found.setdefault(self.day(known[code], quarter * _QUARTER_MS), []).append(place)
        return {day: np.flatnonzero(np.isin(of, places)) for day, places in found.items()}
