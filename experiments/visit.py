# SPDX-License-Identifier: EUPL-1.2
"""One page view: which variants it shows, what the script on it reports, which cookie it leaves behind.

Knows no web framework; `experiments.flask_extension` connects it to Flask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from experiments.assignment import variant_for
from experiments.definition import Experiment
from experiments.errors import UnknownExperimentError, did_you_mean
from experiments.exposure import BucketCookie, draw_bucket, lifetime_s, parse, renewed
from experiments.preview import Preview
from experiments.scope import applies_to


@dataclass(frozen=True, slots=True)
class CookieChange:
    """A new value for `kr_b` with its Max-Age in seconds; an empty value deletes it."""

    value: str
    max_age_s: int


class Visit:
    """A page view that is being rendered. It changes while the page asks, until `leave` closes it.

    Args:
        path: path of the page, without query.
        cookie: value of `kr_b` as it came, None where there was none.
        opted_out: the browser asks not to take part.
        preview: what somebody looks at without being counted.
        running: what runs on this site, by name.
        definitions: what else is known (drafts, stopped tests), for their control and for previews.
        random: draws the bucket of a browser that has none.
    """

    def __init__(
        self,
        *,
        path: str,
        cookie: str | None,
        opted_out: bool,
        preview: Preview,
        running: Mapping[str, Experiment],
        definitions: Mapping[str, Experiment],
        random: Random,
    ) -> None:
        self.preview = preview
        #: The response depends on the browser's cookie or signals: no cache may give it to another browser.
        self.varies = preview.active
        self.closed = False
        self._received = cookie
        self._cookie = parse(cookie)
        self._opted_out = opted_out
        self._running = running
        self._definitions = definitions
        self._random = random
        self._applying = {name: one for name, one in running.items() if applies_to(one, path)}
        self._shown: dict[str, str] = {}

    def applies(self, name: str) -> bool:
        """Whether the experiment does not run, or runs on this page: False is worth a word to the author."""
        return name in self._applying or name not in self._running

    def variant(self, name: str) -> str:
        """The variant to show; marks the page as an exposure where this browser takes part.

        Raises `UnknownExperimentError` for a name that neither runs nor is defined.
        """
        experiment = self._running.get(name) or self._definitions.get(name)
        if experiment is None:
            known = sorted({*self._running, *self._definitions})
            hint = did_you_mean(name, known) if known else "No experiment is known here."
            raise UnknownExperimentError(f'There is no experiment "{name}". {hint}')
        control = experiment.control.name
        if self.preview.active:
            return self.preview.variant if self.preview.name == name else control
        if name not in self._applying or self.closed:
            return control
        self.varies = True  # also for a browser that takes no part: its page must not reach those that do
        if self._opted_out:
            return control
        chosen = variant_for(experiment, self._own_bucket().bucket)
        if chosen is None:
            return control
        self._shown[name] = chosen
        return chosen

    def script_data(self) -> dict[str, str] | None:
        """What the script tag tells k.js; None where nothing may be measured.

        `data-b` stands on every page of a browser that has a bucket, since the pseudonym of a visitor hangs
        on it; a browser gets one at its first page within an experiment.
        """
        if self.preview.active:
            return None
        if self._applying and not self.closed:
            self.varies = True
        if self._opted_out or not self._running or not (self._cookie or self.varies):
            return {}
        self.varies = True
        data = {"data-b": str(self._own_bucket().bucket)}
        if self._shown:
            data["data-x"] = ",".join(f"{name}={variant}" for name, variant in sorted(self._shown.items()))
        if first := self._first():
            data["data-f"] = ",".join(first)
        return data

    def leave(self, *, reported: bool, known: bool, now: datetime, zone: ZoneInfo) -> CookieChange | None:
        """Close the page view; the change of the cookie, None where it stays as it is.

        Args:
            reported: the body carries the script with what `script_data` said.
            known: it is known what runs, so that an empty register means that nothing does.
            now: this moment, with its time zone.
            zone: time zone in which an experiment's days turn.
        """
        self.closed = True
        if self._opted_out or (known and not self._running):
            return CookieChange("", 0) if self._received is not None else None
        if self.preview.active or not self.varies or self._cookie is None:
            return None
        cookie = renewed(self._cookie, self._first() if reported else (), self._running)
        if str(cookie) == self._received:
            return None
        lasting = {**self._applying, **{name: self._running[name] for name in cookie.met}}
        if not lasting:  # what it was made for is over
            return CookieChange("", 0)
        return CookieChange(str(cookie), lifetime_s(lasting.values(), now, zone))

    def _own_bucket(self) -> BucketCookie:
        if self._cookie is None:
            self._cookie = BucketCookie(draw_bucket(self._random))
        return self._cookie

    def _first(self) -> list[str]:
        met = self._cookie.met if self._cookie else ()
        return sorted(name for name in self._shown if name not in met)
