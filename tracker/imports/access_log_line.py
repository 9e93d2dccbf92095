# SPDX-License-Identifier: EUPL-1.2
"""One line of an access log: what it says, and whether it is a page that someone looked at.

Lines come in the Combined Log Format or as JSON (`access_log_json`), also mixed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class MalformedLine(ValueError):  # noqa: N818  the field's word
    """A line that is not in the Combined Log Format; the text says where it departs."""


class Request(NamedTuple):
    """A request as the server wrote it down. `path` and `query` are still encoded; absent texts are empty."""

    client: str
    time_ms: int
    method: str
    path: str
    query: str
    status: int
    referrer: str
    user_agent: str


class SetAside(StrEnum):
    """Why a well-formed line is no view of a page."""

    METHOD = "not a GET request"
    NOT_FOUND = "not found (404, 410)"
    ERROR = "error (other 4xx, 5xx)"
    REDIRECT = "redirect"
    PARTIAL = "part of a file (206)"
    FEED = "feed"
    PROGRAM = "made for programs (robots.txt, sitemap, .well-known)"
    ASSET = "part of a page (picture, style, script, font, sound, film)"
    DOWNLOAD = "download"


_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'  # unrolled: one step for a run of ordinary characters
_LINE = re.compile(
    rf'(\S+) \S+ [^"\[\]]+ \[([^\]]{{0,40}})\] {_QUOTED} (\d{{3}}) (?:\d+|-) {_QUOTED} {_QUOTED}(?: .*)?\r?'
)
# The same, piece by piece, to say where a line departs from it.
_PIECES = (
    ("a client, two names and a time in brackets", r'\S+ \S+ [^"\[\]]+ \[[^\]]{0,40}\] '),
    ("a request in quotes", rf"{_QUOTED} "),
    ("a status and a size", r"\d{3} (?:\d+|-)"),
    ("a referrer in quotes", rf" {_QUOTED}"),
    ("a user agent in quotes", rf" {_QUOTED}"),
)
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}


class Fields(NamedTuple):
    """The parts of a line that matter, as they stand in it; what is absent is `-` or empty."""

    client: str
    when: str | int  # as the log writes it, or milliseconds since 1970
    request: str
    status: str
    referrer: str
    user_agent: str


match_combined = _LINE.fullmatch  # groups as in `Fields`


def text_of(raw: bytes) -> str:
    """A line as text: UTF-8, or Latin-1 where it is none, so that a strange character never costs a line."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def fields_of(line: str) -> Fields:
    """The fields of a line, however it is written. Raises `MalformedLine`."""
    line = line.strip("\ufeff\r\n\t ")
    if line.startswith("{"):
        from tracker.imports.access_log_json import fields_of_json

        return fields_of_json(line)
    found = match_combined(line)
    if found is None:
        raise MalformedLine(_departure(line))
    return Fields(*found.groups())


def parse(raw: bytes) -> Request:
    """What a line says. Raises `MalformedLine`."""
    fields = fields_of(text_of(raw))
    method, path, query = asked_for(fields.request)
    time = fields.when if isinstance(fields.when, int) else time_ms(fields.when)
    return Request(
        fields.client, time, method, path, query, int(fields.status),
        present(fields.referrer), present(fields.user_agent),
    )  # fmt: skip


def asked_for(request: str) -> tuple[str, str, str]:
    """Method, path and query of a request such as `GET /afval?q=x HTTP/1.1`."""
    method, target = _of_request(request)
    return method, *_of_target(target)


def set_aside(request: Request) -> SetAside | None:
    """Why a request is no view of a page; None where it is one (also when the browser still had it: 304)."""
    return reason_of(request.method, request.status, request.path, request.query)


def reason_of(method: str, status: int, path: str, query: str) -> SetAside | None:
    """The same for the parts of a request."""
    if method != "GET":
        return SetAside.METHOD
    if status in (404, 410):
        return SetAside.NOT_FOUND
    if status >= 400:
        return SetAside.ERROR
    if status >= 300 and status != 304:
        return SetAside.REDIRECT
    if status == 206:
        return SetAside.PARTIAL
    return _of_no_page(path.lower(), query.lower())


_FEED = re.compile(r"(?:/(?:feed|rss2?|atom)/?|\.(?:rss|atom|rdf)|/(?:rss|atom|feed|index)2?\.xml)$")
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed=|[^=&]+=(?:rss|atom)[\d.]*(?:&|$))")
_PROGRAM = re.compile(r"^/(?:robots\.txt$|sitemap[^/]*\.xml|\.well-known/|ads\.txt$|browserconfig\.xml$)")
_ENDING = re.compile(r"\.([a-z0-9]{1,8})$")
_ASSETS = frozenset({
    "avif", "bmp", "css", "cur", "eot", "gif", "ico", "jpeg", "jpg", "js", "json", "m4a", "map",
    "mjs", "mp3", "mp4", "mov", "ogg", "ogv", "opus", "otf", "png", "svg", "swf", "tif", "tiff",
    "ttf", "wasm", "wav", "webm", "webmanifest", "webp", "woff", "woff2", "xsl", "xslt",
})  # fmt: skip
_DOWNLOADS = frozenset({
    "7z", "apk", "bin", "bz2", "c", "conf", "cpp", "csv", "deb", "diff", "dmg", "doc", "docx",
    "dwg", "epub", "exe", "gml", "gz", "h", "ics", "iso", "jar", "kml", "kmz", "log", "lua", "md",
    "mk", "mobi", "msi", "odp", "ods", "odt", "p7s", "patch", "pcap", "pdf", "pl", "pm", "ppt",
    "pptx", "ps", "py", "pyc", "rar", "rb", "rpm", "rtf", "sh", "shp", "sig", "spec", "sql", "tar",
    "tex", "tgz", "torrent", "txt", "vcf", "vim", "whl", "xls", "xlsx", "xml", "xs", "xz", "yaml",
    "yml", "zip",
})  # fmt: skip


@lru_cache(maxsize=8192)
def _of_no_page(path: str, query: str) -> SetAside | None:
    if _FEED.search(path) or _FEED_QUERY.search(query):
        return SetAside.FEED
    if _PROGRAM.match(path):
        return SetAside.PROGRAM
    found = _ENDING.search(path)
    ending = found.group(1) if found else ""
    if ending in _ASSETS:
        return SetAside.ASSET
    return SetAside.DOWNLOAD if ending in _DOWNLOADS else None


def _departure(line: str) -> str:
    if not line:
        return "an empty line"
    position = 0
    for name, pattern in _PIECES:
        found = re.compile(pattern).match(line, position)
        if found is None:
            return f"expected {name} from character {position + 1} on"
        position = found.end()
    return f"something unexpected from character {position + 1} on"


def _of_request(request: str) -> tuple[str, str]:
    parts = request.split(" ")
    if len(parts) < 2 or not parts[0].isalpha() or not parts[-1].startswith("HTTP/"):
        # What was no HTTP at all (a handshake, a probe) the server logs with the error that it answered.
        return "", request
    return parts[0].upper(), _unescaped(" ".join(parts[1:-1]))


def _of_target(target: str) -> tuple[str, str]:
    absolute = re.match(r"[a-z]+://[^/?#]*", target, re.IGNORECASE)
    if absolute:
        target = target[absolute.end() :] or "/"
    path, _, query = target.partition("#")[0].partition("?")
    return path or "/", query


def present(text: str) -> str:
    """A quoted text, unescaped; empty where the log says that there is none."""
    return "" if text == "-" else _unescaped(text)


def _unescaped(text: str) -> str:
    """Undo the server's own escapes: \\" and \\xC3\\xA9."""
    if "\\" not in text:
        return text
    octets = _ESCAPE.sub(_escaped, text).encode("utf-8", "surrogateescape")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _escaped(found: re.Match[str]) -> str:
    text = found.group(1)
    if len(text) == 3:
        return bytes([int(text[1:], 16)]).decode("utf-8", "surrogateescape")
    return _CONTROL.get(text, text)


def time_ms(text: str) -> int:
    """Milliseconds since 1970 of a time such as `22/Nov/2026:08:00:00 +0100`. Raises `MalformedLine`."""
    found = _TIME.fullmatch(text)
    if found is None or found.group(2) not in _MONTHS:
        raise MalformedLine(f'its time is "{text[:40]}", expected one like 22/Nov/2026:08:00:00 +0100')
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        # A leap second is told as :60.
        date = int(year), _MONTHS.index(month) + 1, int(day)
        moment = datetime(*date, int(hour), int(minute), min(int(second), 59), tzinfo=timezone(offset))
        if not 1970 <= moment.astimezone(UTC).year <= 2200:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise MalformedLine(f'its time is "{text}", which never was') from None
    return int(moment.timestamp()) * 1000
