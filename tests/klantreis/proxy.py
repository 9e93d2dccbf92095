# SPDX-License-Identifier: EUPL-1.2
"""A real nginx with the example of the docs, on ports of its own, and a site behind it that counts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import absent
from tests.servers import free_port

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
AROUND = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  include {folder}/klantreis.conf;
}}
"""


def example(
    folder: Path, *, port: int, collector: int, pages: int, site: int, changes: dict[str, str]
) -> str:
    """The example as it stands, with addresses of this machine and without TLS."""
    text = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    ours = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "ssl_certificate     /etc/ssl/voorbeeldstad.pem;": "",
        "ssl_certificate_key /etc/ssl/voorbeeldstad.key;": "",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{collector};",
        "server 127.0.0.1:8001;": f"server 127.0.0.1:{pages};",
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{site};",
        "/var/cache/nginx/site": f"{folder}/cache",
    }
    for written, meant in {**ours, **changes}.items():
        assert written in text, f"the example no longer says {written}"
        text = text.replace(written, meant)
    return text


@contextmanager
def nginx(
    *, collector: int, pages: int, site: int, changes: dict[str, str] | None = None
) -> Iterator[tuple[int, Path]]:
    """A running nginx: its port, and the folder with its logs."""
    binary = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if binary is None:
        absent("no nginx on the PATH")
        return
    with tempfile.TemporaryDirectory(prefix="klantreis-nginx-") as name:
        folder, port = Path(name), free_port()
        at = {"port": port, "collector": collector, "pages": pages, "site": site}
        text = example(folder, **at, changes=changes or {})
        (folder / "klantreis.conf").write_text(text, encoding="utf-8")
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
        command = [binary, "-c", f"{folder}/nginx.conf", "-p", name, "-e", f"{folder}/error.log"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait(port, process, folder)
            yield port, folder
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < deadline:
        try:
            HTTPConnection("127.0.0.1", port, timeout=2).connect()
        except (OSError, HTTPException):
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nginx did not start: {(folder / 'error.log').read_text()}")


class Site(ThreadingHTTPServer):
    """A municipal site: `/proef` differs by the cookie `kr_b` and says so, `/afval` is the same for all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Page)


class _Page(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        variant = self.path.startswith("/proef")
        body = f"variant for {self.headers.get('Cookie')}" if variant else "the same for all"
        self.send_response(200)
        self.send_header("Cache-Control", "private, no-cache" if variant else "public, max-age=60")
        if variant:
            self.send_header("Vary", "Cookie")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def municipal_site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
