# SPDX-License-Identifier: EUPL-1.2
"""Clients that others published for Matomo, and a browser, against `klantreis collect`.

Nothing of theirs lies in this repository: the packages are fetched for the test, and the test is skipped,
saying so, where that cannot be. `matomo.js` itself is on no registry; `KLANTREIS_MATOMO_JS` names a copy,
such as that of the municipality's own Matomo.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import urlopen

import pytest

from tests.klantreis.processes import BROWSER, klantreis, serving, until
from tracker.archive import days, read_events

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TOKEN = "geheim"
SITE = "www.voorbeeldstad.nl"


class Collecting(NamedTuple):
    """A collector that runs, and the folder of its data."""

    address: str
    data: Path

    def events(self) -> int:
        """How many events it took so far."""
        with urlopen(f"{self.address}/v1/ledger", timeout=10) as answer:
            return int(json.loads(answer.read())["events"])

    def archived(self, under: str) -> list[dict[str, Any]]:
        """What it took of the pages under a path."""
        moved = klantreis("archive", "--once", "--data", self.data)
        assert moved.returncode == 0, moved.stderr
        root = self.data / "archive"
        rows = [row for day in days(root) for row in read_events(root, day).to_pylist()]
        return [row for row in rows if row["path"].startswith(under)]


@pytest.fixture(scope="module")
def collecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "klantreis.toml").write_text(f'[site.voorbeeldstad]\nhosts = ["{SITE}", "localhost"]\n')
    with serving("collect", "--data", folder, KLANTREIS_MATOMO_TOKEN=TOKEN) as address:
        yield Collecting(address, folder)


def _fetched(what: str, *command: str | Path) -> None:
    """Run a package tool, which is to ask its registry once and not to wait for it."""
    try:
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=40, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{what} cannot be fetched here: {error}")
    if done.returncode:
        pytest.skip(f"{what} cannot be fetched here: {(done.stderr or done.stdout).strip()[-200:]}")


@pytest.fixture(scope="module")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds `matomo-tracker`, Matomo's own client for Node."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("no node and npm on the PATH")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"private": true}')
    _fetched("matomo-tracker", "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
             "--fetch-retries=0", "--fetch-timeout=5000", "--prefix", folder,
             "matomo-tracker@2.2.4")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the path of which Python finds `piwikapi`."""
    folder = tmp_path_factory.mktemp("python")
    _fetched("piwikapi", sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--retries=0", "--timeout=5", "--dest", folder, "piwikapi==0.3")  # fmt: skip
    with tarfile.open(next(folder.glob("*.tar.gz"))) as source:
        source.extractall(folder, filter="data")
    return folder / "piwikapi-0.3"


NODE = """
const MatomoTracker = require('matomo-tracker');
const matomo = new MatomoTracker(3, process.argv[2] + '/matomo.php');
matomo.on('error', error => console.log('ERROR', error));
const ua = process.argv[3], page = 'https://www.voorbeeldstad.nl/node';
matomo.track({url: page + '/afval', action_name: 'Afval', ua});
matomo.trackBulk([
  {url: page + '/zoeken', search: 'grofvuil', search_count: '8', ua},
  {url: page + '/contact', e_c: 'contact', e_a: 'tel', ua},
  {ua, e_c: 'nowhere'},
], said => console.log(said));
"""


def test_the_client_for_node(node_client: Path, collecting: Collecting) -> None:
    done = subprocess.run(
        ["node", "-e", NODE, "-", collecting.address, BROWSER],
        cwd=node_client,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(done.stdout)
    assert (said["status"], said["tracked"], said["invalid"]) == ("success", 2, 1)
    rows = collecting.archived("/node")
    assert sorted(
        (row["kind"], row["path"], row["query"] or row["title"] or row["channel"]) for row in rows
    ) == [
        ("contact", "/node/contact", "tel"),
        ("search", "/node/zoeken", "grofvuil"),
        ("view", "/node/afval", "Afval"),
        ("view", "/node/zoeken", None),
    ]


PYTHON = """
import sys
from piwikapi.tests.request import FakeRequest
from piwikapi.tracking import PiwikTracker

address, browser, token = sys.argv[1:]
tracker = PiwikTracker(3, FakeRequest({
    "HTTP_USER_AGENT": browser, "REMOTE_ADDR": "192.0.2.9", "HTTP_REFERER": "https://www.google.nl/",
    "HTTP_ACCEPT_LANGUAGE": "nl", "SERVER_NAME": "www.voorbeeldstad.nl", "PATH_INFO": "/python/afval",
    "QUERY_STRING": "q=grof", "HTTPS": "on",
}))
tracker.set_api_url(address + "/piwik.php")
tracker.set_ip("192.0.2.77")
tracker.set_token_auth(token)
assert "GIF89a" in tracker.do_track_page_view("Afval")
assert "GIF89a" in tracker.do_track_action("https://www.voorbeeldstad.nl/formulier.pdf", "download")
"""


def test_a_client_for_python(python_client: Path, collecting: Collecting) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, collecting.address, BROWSER, TOKEN],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(python_client)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = sorted(collecting.archived("/python"), key=lambda row: row["kind"])
    assert [(row["kind"], row["path"], row["title"] or row["target"], row["referrer"]) for row in rows] == [
        ("file", "/python/afval", f"https://{SITE}/formulier.pdf", "https://www.google.nl/"),
        ("view", "/python/afval", "Afval", "https://www.google.nl/"),
    ]
    assert len({row["visitor"] for row in rows}) == 1


# A page on one host and the collector on another, as with a Matomo that stands apart.

PAGE = """<!doctype html><html lang="nl"><title>Afval</title><h1>Afval</h1>
<a id="tel" href="tel:14030">Bel</a> <a id="out" href="https://elders.example/">Elders</a>
<script>ADDRESS = "%s"; %s</script>"""

BY_HAND = """
const hit = more => 'idsite=3&rec=1&send_image=0&pv_id=Ab3dE6&_id=0123456789abcdef&url='
  + encodeURIComponent(location.href) + '&' + more;
const form = {type: 'application/x-www-form-urlencoded; charset=UTF-8'};
const to = ADDRESS + '/matomo.php';
navigator.sendBeacon(to + '?' + hit('action_name=Afval'), new Blob([], form));
navigator.sendBeacon(to, new Blob([hit('search=grofvuil&r=1')], form));
const request = new XMLHttpRequest();
request.open('POST', to);
request.setRequestHeader('Content-Type', form.type);
request.onload = () => { document.title = 'sent ' + request.status; };
request.send(JSON.stringify({requests: ['?' + hit('e_c=contact&e_a=tel&r=2')], send_image: 0}));
"""

MATOMO_JS = """
var _paq = window._paq = [['setTrackerUrl', ADDRESS + '/matomo.php'], ['setSiteId', '3'], ['trackPageView'],
  ['trackSiteSearch', 'grofvuil', false, 8], ['trackEvent', 'contact', 'tel'], ['enableLinkTracking'],
  ['trackLink', 'https://elders.example/', 'link']];
"""


@pytest.fixture
def page_at() -> Iterator[Any]:
    """Serve a page (and a script beside it) on a loopback port; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(path: str, page: str, script: bytes = b"") -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_script = self.path.endswith(".js")
                self.send_response(200)
                self.send_header(
                    "Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8"
                )
                self.end_headers()
                self.wfile.write(script if is_script else page.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://localhost:{server.server_port}{path}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def _visited(chromium: Browser, collecting: Collecting, url: str, events: int) -> None:
    """Open the page, and wait until the collector has so many events more."""
    before = collecting.events()
    context = chromium.new_context(user_agent=BROWSER, locale="nl-NL")
    try:
        page = context.new_page()
        page.goto(url)
        until(
            lambda: collecting.events() >= before + events,
            f"fewer than {events} events came",
            pause=page.wait_for_timeout,
        )
    finally:
        context.close()


@pytest.mark.browser
def test_every_way_in_which_a_browser_sends(chromium: Browser, collecting: Collecting, page_at: Any) -> None:
    _visited(chromium, collecting, page_at("/hand", PAGE % (collecting.address, BY_HAND)), events=3)
    rows = collecting.archived("/hand")
    assert sorted(row["kind"] for row in rows) == ["contact", "search", "view"]
    assert len({row["page_view"] for row in rows}) == 1
    assert "0123456789abcdef" not in str(rows)


@pytest.mark.browser
def test_matomo_js_as_it_is(chromium: Browser, collecting: Collecting, page_at: Any) -> None:
    named = os.environ.get("KLANTREIS_MATOMO_JS")
    if not named:
        pytest.skip("NO matomo.js: it is on no registry; name a copy in KLANTREIS_MATOMO_JS to test with it")
    page = PAGE % (collecting.address, MATOMO_JS) + '<script src="/matomo.js"></script>'
    _visited(chromium, collecting, page_at("/js", page, Path(named).read_bytes()), events=4)
    rows = collecting.archived("/js")
    assert {row["kind"] for row in rows} == {"contact", "link", "search", "view"}
    assert {row["title"] for row in rows if row["kind"] == "view"} == {"Afval"}
