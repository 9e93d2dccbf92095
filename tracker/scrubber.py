# SPDX-License-Identifier: EUPL-1.2
"""Texts of a beacon on their way to storage: each kind of text is scrubbed in its own way.

`tracker.scrub` finds personal data in a text; here it is decided what a text is (a path stays a path, of a
referrer only a search engine's words survive), and what was found is remembered for the ledger.
"""

from __future__ import annotations

import re

from tracker import address, stream
from tracker.case_numbers import CaseNumbers
from tracker.familiar import Familiar, remember
from tracker.scrub import Mark, scrub

# Of formatting signs only those stay that join others, as in many emoji.
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"\s+")


class Scrubber:
    """Scrubs the texts of one beacon and remembers what it found."""

    __slots__ = ("_cases", "_familiar", "redacted")

    def __init__(self, familiar: Familiar | None = None, cases: CaseNumbers | None = None) -> None:
        self._familiar = familiar or Familiar()
        self._cases = cases
        self.redacted: list[Mark] = []

    def text(self, raw: str | None) -> str | None:
        """Free text on one line, or None where there is none."""
        if not raw:
            return None
        is_odd = not raw.isprintable()
        if is_odd:
            raw = _BLANK.sub(" ", _UNSEEN.sub("", raw))
        # With every space: one in front, or behind another, may have been a plus.
        clean, found = scrub(raw, cases=self._cases)
        self.redacted += found
        if is_odd:
            clean = _BLANKS.sub(" ", clean)
        return clean.strip() or None

    def title(self, raw: str | None) -> str | None:
        """The same for the title of a page."""
        if raw is None:
            return None
        known = self._familiar.titles.get(raw)
        if known is None:
            before = len(self.redacted)
            known = self.text(raw)
            if known is not None and len(self.redacted) == before:
                remember(self._familiar.titles, raw, known)
        return known

    def path(self, raw: str) -> str:
        """A path, which stays one."""
        known = self._familiar.paths.get(raw)
        if known is None:
            clean, found = scrub(raw, cases=self._cases)
            known = address.quote_path(clean)
            self.redacted += found
            if not found:
                remember(self._familiar.paths, raw, known)
        return known

    def parameters(self, query: str, names: frozenset[str]) -> str:
        if not query:
            return ""
        pairs = address.kept_parameters(query, names)
        return address.join_parameters([(name, text) for name, value in pairs if (text := self.text(value))])

    def referrer(self, raw: str | None) -> str | None:
        """The address of the page before; of its query only the words for a search engine."""
        page = address.split(raw) if raw else None
        if page is None:
            return None
        host, found = scrub(page.host, cases=self._cases)
        self.redacted += found
        bare = f"{page.scheme}://{host}{self.path(page.path)}"
        words = address.search_words(page.host, page.query) if page.query else None
        return f"{bare}?{self.parameters(page.query, frozenset({words[0]}))}" if words else bare

    def short_referrer(self, raw: str) -> str:
        """The same as the stream has it."""
        known = self._familiar.referrers.get(raw)
        if known is None:
            before = len(self.redacted)
            known = stream.short(self.referrer(raw) or "")
            if len(self.redacted) == before and "?" not in raw and "#" not in raw:
                remember(self._familiar.referrers, raw, known)
        return known

    def target(self, raw: str) -> str | None:
        """Where a click led: a path, or host and path, without query and fragment."""
        return self.text(re.split(r"[?#]", raw, maxsplit=1)[0])
