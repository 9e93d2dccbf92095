# SPDX-License-Identifier: EUPL-1.2
"""The site called as a function: a request becomes a WSGI environ and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from web_demo.citizens.exchange import Request, Response, Send

_Pairs = tuple[tuple[str, str], ...]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def caller(app: Wsgi, *, host: str, scheme: str = "https") -> Callable[[str], Send]:
    """For a client address, the function that carries requests to `app`."""
    base: Mapping[str, Any] = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def from_address(address: str) -> Send:
        def send(request: Request) -> Response:
            return _call(app, {**base, "REMOTE_ADDR": address}, request)

        return send

    return from_address


def _call(app: Wsgi, environ: dict[str, Any], request: Request) -> Response:
    path, _, query = request.target.partition("?")
    environ["REQUEST_METHOD"] = request.method
    environ["PATH_INFO"] = unquote(path, "latin-1")  # PEP 3333: bytes as latin-1
    environ["QUERY_STRING"] = query
    environ["wsgi.input"] = BytesIO(request.body)
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    said: list[tuple[int, _Pairs]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _: object = None
    ) -> Callable[[bytes], None]:
        said.append((int(status[:3]), tuple((name.lower(), value) for name, value in headers)))
        return lambda _: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = said[-1]
    return Response(status, headers, body)
