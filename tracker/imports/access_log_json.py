# SPDX-License-Identifier: EUPL-1.2
"""Access logs as JSON, one object a line: nginx with `log_format … escape=json`, and those like it.

The administrator chooses the names, so each field is looked for under the names of nginx's variables and the
usual others. A request may come whole (`request`) or in parts (`request_method` and `request_uri`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tracker.imports.access_log_line import Fields, MalformedLine

CLIENT = ("remote_addr", "http_x_forwarded_for", "client_ip", "clientip", "remote_ip", "ip", "client")
TIME = ("time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time", "ts")
REQUEST = ("request",)
METHOD = ("request_method", "method", "verb")
TARGET = ("request_uri", "uri", "url", "path")
STATUS = ("status", "response", "status_code")
REFERRER = ("http_referer", "http_referrer", "referer", "referrer")
USER_AGENT = ("http_user_agent", "user_agent", "useragent", "agent")

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def fields_of_json(line: str) -> Fields:
    """The fields of a line. Raises `MalformedLine`, which names what is missing."""
    try:
        row = _decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedLine(f"not a JSON object ({str(error)[:80]})") from None
    request = _text(row, REQUEST)
    if not request:
        target = _text(row, TARGET)
        if not target:
            raise MalformedLine(f"no request; expected {', '.join((*REQUEST, *TARGET))}")
        request = f"{_text(row, METHOD) or 'GET'} {target} HTTP/1.1"
    status = _text(row, STATUS)
    if len(status) != 3 or not status.isdecimal():
        raise MalformedLine(f"no status of three digits; expected {', '.join(STATUS)}")
    return Fields(
        client=_text(row, CLIENT).partition(",")[0].strip(),
        when=_moment(row),
        request=_escaped(request),
        status=status,
        referrer=_escaped(_text(row, REFERRER)),
        user_agent=_escaped(_text(row, USER_AGENT)),
    )


def _moment(row: Mapping[str, Any]) -> str | int:
    """Milliseconds, or the time as the Combined Log Format writes it, which is read as there."""
    name = next((name for name in TIME if row.get(name) not in (None, "")), None)
    if name is None:
        raise MalformedLine(f"no time; expected {', '.join(TIME)}")
    given = row[name]
    if isinstance(given, str) and "/" in given:
        return given
    try:
        if isinstance(given, int | float) or given.replace(".", "", 1).isdecimal():
            seconds = float(given)
            moment = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        else:
            moment = datetime.fromisoformat(given)
            if moment.tzinfo is None:
                raise ValueError(given)
        if not 1970 <= moment.year <= 2200:
            raise ValueError(given)
    except (ValueError, OverflowError, OSError, AttributeError):
        raise MalformedLine(
            f'its {name} is "{str(given)[:40]}", expected one like 2026-11-22T08:00:00+01:00, or seconds '
            "since 1970"
        ) from None
    return round(moment.timestamp() * 1000)


def _text(row: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value if isinstance(value, str) else str(value)
    return ""


def _escaped(text: str) -> str:
    """JSON has undone its escapes already; write a backslash so that undoing those of a log gives it back."""
    return text.replace("\\", "\\\\") if "\\" in text else text
