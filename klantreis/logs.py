# SPDX-License-Identifier: EUPL-1.2
"""The log: one line for each happening, JSON for machines and plain text on a terminal.

Each line has the fields that BIO2 asks for: action, object, result, origin, actor, timestamp. What our rooms
report (`tracker.happenings`) says nothing about visitors by construction; what libraries report is scrubbed
like a beacon, the page that an error happened on is left out, and of an exception only its kind and its place
in the code are written: its words may be a resident's.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from klantreis.errors import SettingsError
from tracker.happenings import ATTRIBUTE, happened

LOG = logging.getLogger(__name__)
Form = Literal["json", "text"]
FORMS: tuple[Form, ...] = ("json", "text")
OURS = ("klantreis", "tracker", "experiments", "analysis", "web_demo", "loadtests")

_PAGE = re.compile(r"^Exception on .* \[([A-Z]{1,10})\]$", re.DOTALL)  # Flask names the page
_UNPRINTABLE = re.compile(r"[^ -~\u00a1-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\uf900-\uffef]")
_LONGEST = 2000


def configure(
    part: str, *, by_default: Form | None = None, environment: Mapping[str, str] = os.environ
) -> Form:
    """Send every log line of this process to stderr; returns the form they have.

    `part` names the command, for the origin. The form is `KLANTREIS_LOG`; without it text on a terminal, and
    `by_default` elsewhere. A command that gives neither says what goes wrong and not what goes well: that is
    on its screen. Raises `SettingsError`.
    """
    given = environment.get("KLANTREIS_LOG")
    if given and given not in FORMS:
        raise SettingsError(f'KLANTREIS_LOG is "{given}"; expected json or text.')
    form: Form = "text" if sys.stderr.isatty() else by_default or "text"
    if given == "json" or given == "text":
        form = given
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(form, origin=_origin(part)))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO if given or by_default else logging.WARNING)
    logging.captureWarnings(capture=True)
    return form


def origin() -> str:
    """Machine, command and process, as the log has them: a record with them is found in the log again."""
    return next((one.origin for one in _ours()), _origin("klantreis"))


def _origin(part: str) -> str:
    return f"{socket.gethostname()}/{part}[{os.getpid()}]"


def _ours() -> list[Lines]:
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    return [one for one in formatters if isinstance(one, Lines)]


def refuse(sentence: str) -> bool:
    """Log that the program was used wrongly, where the log is JSON; says whether it is."""
    if not any(one.form == "json" for one in _ours()):
        return False
    happened(LOG, sentence, action="refuse", object="command", result="refused")
    return True


class Lines(logging.Formatter):
    """A log record as one line, whatever is in it; `origin` is this process."""

    def __init__(self, form: Form, *, origin: str) -> None:
        super().__init__()
        self.form = form
        self.origin = origin

    def format(self, record: logging.LogRecord) -> str:
        fields = self._fields(record)
        if self.form == "text":
            return _as_text(fields)
        import msgspec

        return msgspec.json.encode(fields).decode()  # escapes line ends and what else is not printable

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        told: Mapping[str, Any] = getattr(record, ATTRIBUTE, {})
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, Any] = {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z",
            "level": record.levelname.lower(),
            "action": told.get("action", "message"),
            "object": told.get("object", record.name),
            "result": told.get("result", "failed" if record.levelno >= logging.ERROR else "ok"),
            "origin": self.origin,
            "actor": told.get("actor") or "system",
            "message": _message(record, known=bool(told)),
        }
        fields |= {name: value for name, value in told.items() if name not in fields}
        if record.exc_info and record.exc_info[0]:
            fields["error"] = record.exc_info[0].__name__
            fields["at"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-12:]
            ]
        return {name: _plain(value) if isinstance(value, str) else value for name, value in fields.items()}


def _message(record: logging.LogRecord, *, known: bool) -> str:
    text = record.getMessage()
    if known:
        return text
    from tracker.scrub import scrub

    # Below a first line come reprs, with the words of exceptions in them.
    first = _PAGE.sub(r"Exception on a page [\1]", text).partition("\n")[0]
    clean, _ = scrub(first[:_LONGEST])
    return clean


def _plain(text: str) -> str:
    """What shows as what it is: line ends, escapes and direction marks are spelled out."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text[:_LONGEST])


def _as_text(fields: Mapping[str, Any]) -> str:
    hidden = {"timestamp", "level", "action", "object", "result", "origin", "actor", "message"}
    facts = " ".join(f"{name}={value}" for name, value in fields.items() if name not in hidden)
    line = f"{fields['timestamp']} {fields['level']:<7} {fields['message']}"
    return f"{line} ({facts})" if facts else line
