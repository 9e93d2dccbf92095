# SPDX-License-Identifier: EUPL-1.2
"""Requests to a public address, as a visitor's browser makes them."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 klantreis-doctor"
PATIENCE_S = 10.0


class Page(NamedTuple):
    """What came back; header names are in lower case, several of one name joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Address:
    """A public address, asked from this machine (`source`: from that one of its own addresses)."""

    def __init__(self, url: str, source: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f'"{url}" is no address; expected one such as https://www.voorbeeldstad.nl')
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self._port = parts.port
        self._source = (source, 0) if source else None
        self.path = parts.path or "/"
        self.local = ""  # our address, seen from here, once something was asked

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Page:
        """One request. Raises `OSError` or `http.client.HTTPException`."""
        make = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        connection = make(self.host, self._port, timeout=PATIENCE_S, source_address=self._source)
        try:
            sent = {"user-agent": BROWSER} | {name.replace("_", "-"): text for name, text in headers.items()}
            connection.request(method, path, body, sent)
            self.local = connection.sock.getsockname()[0] if connection.sock else self.local
            answer = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in answer.getheaders():
                found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
            return Page(answer.status, found, answer.read(1_000_000))
        finally:
            connection.close()
