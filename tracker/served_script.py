# SPDX-License-Identifier: EUPL-1.2
"""`/k.js`, `/feedback.js`, `/call-code.js`: the scripts of a measured page as served, compressed once."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

from tracker.answers import API_VERSION, NOT_FOUND, Answer

_FOLDER = Path(__file__).parent / "script"
#: Made of `source/k.js` by `make script`.
SCRIPT = _FOLDER / "k.js"
FEEDBACK = _FOLDER / "feedback.js"
CALL_CODE = _FOLDER / "call-code.js"
# An hour: a renewed script is everywhere within a visit or two, and a page view rarely asks for it.
MAX_AGE_S = 3600


class ServedScript:
    """The script of a file, read when it is made; without the file every answer is 404."""

    def __init__(self, path: Path = SCRIPT) -> None:
        self._plain = path.read_bytes() if path.is_file() else None
        if self._plain is not None:
            self._zipped = gzip.compress(self._plain, 9, mtime=0)
            self._tag = hashlib.sha256(self._plain).hexdigest()[:16]

    def answer(self, headers: Mapping[str, str]) -> Answer:
        """The script, or 304 where the browser has it (`headers` as in `Arrival`)."""
        if self._plain is None:
            return NOT_FOUND
        zipped = "gzip" in headers.get("accept-encoding", "")
        # Two texts of one address: each has its own tag, so that a cache never mixes them.
        tag = f'"{self._tag}{"-gz" if zipped else ""}"'
        common = (
            (b"api-version", API_VERSION),
            (b"etag", tag.encode()),
            (b"vary", b"accept-encoding"),
            (b"cache-control", b"public, max-age=%d" % MAX_AGE_S),
            (b"x-content-type-options", b"nosniff"),
            # The same for everybody; without it a page of another host can check no `integrity`.
            (b"access-control-allow-origin", b"*"),
        )
        known = {known.strip().removeprefix("W/") for known in headers.get("if-none-match", "").split(",")}
        if tag in known or "*" in known:
            return Answer(304, common)
        kind = (b"content-type", b"text/javascript; charset=utf-8")
        if zipped:
            return Answer(200, (*common, kind, (b"content-encoding", b"gzip")), self._zipped)
        return Answer(200, (*common, kind), self._plain)
