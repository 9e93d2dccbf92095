# SPDX-License-Identifier: EUPL-1.2
"""Addresses of pages: taken apart, and reduced to what may be kept."""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import quote, quote_plus

import msgspec

# Spelled out instead of with flags and `\s`, which make it twice as slow.
_ADDRESS = re.compile(
    r"([Hh][Tt][Tt][Pp][Ss]?)://([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?"
    r"(/[^?#\x00- ]*)?(?:\?([^#\x00- ]*))?(?:#([^\x00- ]*))?"
)

# Where people search the web, and the parameters in which those engines carry the words.
_ENGINE = re.compile(
    r"(?:^|\.)(?:google|bing|duckduckgo|yahoo|ecosia|startpage|qwant|yandex|baidu|ask|aol|kagi|brave|swisscows|"
    r"mojeek|lycos|vinden|ilse|dogpile|naver|seznam)\.[a-z.]{2,6}$",
    re.IGNORECASE,
)
_WORDS = frozenset({"q", "p", "query", "text", "wd", "words"})


class Address(msgspec.Struct, frozen=True, gc=False):
    """Parts of an http(s) address; the host without port, in lower case."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str


def split(url: str) -> Address | None:
    """Parts of the address of a page, or None where it isn't one (other scheme, no host, a password in it).

    >>> split("https://www.voorbeeldstad.nl:8000/afval?q=x#top")
    Address(scheme='https', host='www.voorbeeldstad.nl', path='/afval', query='q=x', fragment='top')
    >>> split("javascript:alert(1)") is None
    True
    """
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    scheme, host, port, path, query, fragment = match.groups()
    if port and int(port) > 65_535:
        return None
    return Address(scheme.lower(), host.lower(), path or "/", query or "", fragment or "")


# Neighbours are decoded together: the standard library takes each by itself, which for a stranger's megabyte
# of `%` is half a second.
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_DIGITS = "0123456789abcdefABCDEF"
_ALONE = {f"%{a}{b}": bytes.fromhex(a + b).decode(errors="replace") for a in _DIGITS for b in _DIGITS}


def parameters(query: str, names: Container[str] | None = None) -> list[tuple[str, str]]:
    """Decoded (name, value) pairs of a query, in their order; with `names`, those that are in it alone.

    >>> parameters("q=grof+vuil&caf%C3%A9")
    [('q', 'grof vuil'), ('café', '')]
    """
    found = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            name = _decoded(name)
            if names is None or name in names:
                found.append((name, _decoded(value)))
    return found


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    return _ESCAPES.sub(_of_escapes, text) if "%" in text else text


def _of_escapes(run: re.Match[str]) -> str:
    return _ALONE.get(run[0]) or bytes.fromhex(run[0].replace("%", "")).decode(errors="replace")


def kept_parameters(query: str, names: frozenset[str]) -> list[tuple[str, str]]:
    """The same of those that are in `names` and have a value.

    >>> kept_parameters("q=grof+vuil&sessie=1", frozenset({"q"}))
    [('q', 'grof vuil')]
    """
    if "=" not in query:
        return []
    return [(name, value) for name, value in parameters(query, names) if value]


def join_parameters(pairs: list[tuple[str, str]]) -> str:
    """Query of the pairs, url-encoded; the marks of `tracker.scrub` stay readable."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value, safe='[]')}" for name, value in pairs)


def search_words(host: str, query: str) -> tuple[str, str] | None:
    """The (parameter, words) with which someone searched on a search engine, or None on any other page.

    >>> search_words("www.google.nl", "client=x&q=grof+vuil")
    ('q', 'grof vuil')
    """
    if not _ENGINE.search(host):
        return None
    return next(iter(kept_parameters(query, _WORDS)), None)


def quote_path(path: str) -> str:
    """A path with what may not stand in one encoded; what was encoded already stays as it is."""
    if path.isascii() and path.isprintable() and " " not in path:
        return path
    return quote(path, safe="/%[]:@!$&'()*+,;=~-._")
