# SPDX-License-Identifier: EUPL-1.2
"""One line of an access log: what it says, and whether it is a page that someone looked at."""

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


_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    rf'(\S+) \S+ [^"\[\]]+ \[([^\]]{{0,40}})\] {_QUOTED} (\d{{3}}) (?:\d+|-) {_QUOTED} {_QUOTED}(?: .*)?'
)
# The same, piece by piece, to say where a line departs from it.
_PIECES = (
    ("a client, two names and a time in brackets", r'\S+ \S+ [^"\[\]]+ \[[^\]]{0,40}\] '),
    ("a request in quotes", rf"{_QUOTED} "),
    ("a status and a size", r"\d{3} (?:\d+|-)"),
    ("a referrer in quotes", rf" {_QUOTED}"),
    ("a user agent in quotes", rf" {_QUOTED}"),
)
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = {name: number for number, name in enumerate(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
)}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}


def parse(raw: bytes) -> Request:
    """What a line says. Raises `MalformedLine`.

    Text is read as UTF-8, or as Latin-1 where it is none: a strange character never costs a line.
    """
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        line = raw.decode("latin-1")
    line = line.strip("\ufeff\r\n\t ")
    found = _LINE.fullmatch(line)
    if found is None:
        raise MalformedLine(_departure(line))
    client, when, request, status, referrer, user_agent = found.groups()
    method, target = _of_request(request)
    path, query = _of_target(target)
    return Request(
        client, _time_ms(when), method, path, query, int(status), _absent(referrer), _absent(user_agent)
    )


def set_aside(request: Request) -> SetAside | None:
    """Why a request is no view of a page; None where it is one (also when the browser still had it: 304)."""
    if request.method != "GET":
        return SetAside.METHOD
    if request.status in (404, 410):
        return SetAside.NOT_FOUND
    if request.status >= 400:
        return SetAside.ERROR
    if request.status >= 300 and request.status != 304:
        return SetAside.REDIRECT
    if request.status == 206:
        return SetAside.PARTIAL
    return _of_no_page(request.path.lower(), request.query.lower())


_FEED = re.compile(r"(?:/(?:feed|rss2?|atom)/?|\.(?:rss|atom|rdf)|/(?:rss|atom|feed|index)2?\.xml)$")
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed=|[^=&]+=(?:rss|atom)[\d.]*(?:&|$))")
_PROGRAM = re.compile(r"^/(?:robots\.txt$|sitemap[^/]*\.xml|\.well-known/|ads\.txt$|browserconfig\.xml$)")
_ENDING = re.compile(r"\.([a-z0-9]{1,8})$")
_ASSETS = frozenset({
    "avif", "bmp", "css", "cur", "eot", "gif", "ico", "jpeg", "jpg", "js", "json", "m4a", "map",
    "mjs", "mp3", "mp4", "mov", "ogg", "ogv", "opus", "otf", "png", "svg", "swf", "tif", "tiff",
    "ttf", "wasm", "wav", "webm", "webmanifest", "webp", "woff", "woff2", "xsl", "xslt",
})
_PAGES = frozenset({
    "asp", "aspx", "cfm", "cgi", "do", "htm", "html", "jsp", "jspx", "page", "php", "php5", "phtml",
    "shtml", "xhtml",
})
_DOWNLOADS = frozenset({
    "7z", "apk", "bin", "bz2", "c", "conf", "cpp", "csv", "deb", "diff", "dmg", "doc", "docx",
    "dwg", "epub", "exe", "gml", "gz", "h", "ics", "iso", "jar", "kml", "kmz", "log", "lua", "md",
    "mk", "mobi", "msi", "odp", "ods", "odt", "p7s", "patch", "pcap", "pdf", "pl", "pm", "ppt",
    "pptx", "ps", "py", "pyc", "rar", "rb", "rpm", "rtf", "sh", "shp", "sig", "spec", "sql", "tar",
    "tex", "tgz", "torrent", "txt", "vcf", "vim", "whl", "xls", "xlsx", "xml", "xs", "xz", "yaml",
    "yml", "zip",
})


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
    return SetAside.DOWNLOAD if ending in _DOWNLOADS and ending not in _PAGES else None


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


def _absent(text: str) -> str:
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


@lru_cache(maxsize=1024)
def _time_ms(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None or found.group(2) not in _MONTHS:
        raise MalformedLine(f'its time is "{text[:40]}", expected one like 22/Nov/2026:08:00:00 +0100')
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        # A leap second is told as :60.
        date = int(year), _MONTHS[month], int(day)
        moment = datetime(*date, int(hour), int(minute), min(int(second), 59), tzinfo=timezone(offset))
        if not 1970 <= moment.astimezone(UTC).year <= 2200:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise MalformedLine(f'its time is "{text}", which never was') from None
    return int(moment.timestamp()) * 1000
