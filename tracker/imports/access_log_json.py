# SPDX-License-Identifier: EUPL-1.2
"""Access logs as JSON, one object a line: nginx with `log_format … escape=json`, and those like it.

The administrator chooses the names, so each field is looked for under the names of nginx's variables and the
usual others. A request may come whole (`request`) or in parts (`request_method` and `request_uri`). Lines
with nginx's own names are decoded a block at a time (`columns_of_json`), all others one by one; both say the
same.
"""

from __future__ import annotations

import re
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


class _NginxLine(msgspec.Struct, gc=False):
    """The variables of nginx that are wanted, as its `escape=json` writes them."""

    remote_addr: str = ""
    time_iso8601: str | None = None
    time_local: str | None = None
    request: str = ""
    status: str | int = ""
    http_referer: str | None = None
    http_user_agent: str | None = None


_decode_block = msgspec.json.Decoder(list[_NginxLine]).decode


def columns_of_json(lines: Sequence[bytes]) -> dict[str, list[Any]] | None:
    """What the lines of a block say under nginx's own names, as columns; what a line does not say is empty.

    None where one of them is no JSON, or writes a variable as nginx does not: then they are for
    `fields_of_json`, one by one.
    """
    if not lines or not lines[0].startswith(b"{"):
        return None
    parts = list(lines)
    parts[0] = b"[" + parts[0]
    parts[-1] += b"]"
    raw = b",".join(parts)  # some megabytes, copied once
    try:
        found = _decode_block(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if len(found) != len(lines):  # two objects on a line
        return None
    clients = [line.remote_addr for line in found]
    if any(map(_PARTED.search, set(clients))):
        clients = [client.partition(",")[0].strip() for client in clients]
    texts: dict[str, list[Any]] = {
        "request": [line.request for line in found],
        "status": [str(line.status) for line in found],
        "referrer": [line.http_referer for line in found],
        "agent": [line.http_user_agent for line in found],
    }
    if b"\\" in raw:
        texts = {name: [text and _escaped(text) for text in column] for name, column in texts.items()}
    return {"client": clients, "when": [line.time_iso8601 or line.time_local for line in found], **texts}


_PARTED = re.compile(r"[,\s\x1c-\x1f]")


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
        referrer=_escaped(_said(row, REFERRER)),
        user_agent=_escaped(_said(row, USER_AGENT)),
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


def _said(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """As `_text`, but an empty text is an answer too: there was none."""
    name = next((name for name in names if row.get(name) is not None), None)
    return "" if name is None else _text(row, (name,))


def _escaped(text: str) -> str:
    """JSON has undone its escapes already; write a backslash so that undoing those of a log gives it back."""
    return text.replace("\\", "\\\\") if "\\" in text else text
