# SPDX-License-Identifier: EUPL-1.2
"""`/v1/openapi.json` is true: what a real server answers, good or bad, is as it says, and it tells all."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import openapi_spec_validator
import pytest
import redis
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

import tracker
from tests.conftest import url_of
from tests.servers import free_port
from tests.tracker.beacons import FIREFOX, NOON, SITES, beacon
from tests.tracker.collecting import PARTITIONS, served
from tracker.access import Operators
from tracker.admission import run_proof
from tracker.answers import API_VERSION
from tracker.arrival import Reason
from tracker.beacon_protocol import MAX_HEAD_BYTES, BeaconProtocol
from tracker.collector import Collector, CollectorSettings
from tracker.description import DOCUMENT
from tracker.keys import Keys
from tracker.scrub import Mark

API = json.loads(DOCUMENT.read_text(encoding="utf-8"))
TOKEN = "0123456789abcdefghij"
STRANGER = {"x-forwarded-for": "192.0.2.7"}  # by a proxy that nobody vouched for
FULL = {"api-version", "cache-control", "content-security-policy", "strict-transport-security",
        "x-content-type-options"}  # fmt: skip
SERVERS_OWN = {"content-type", "date", "content-length", "transfer-encoding", "connection"}


class Servers(NamedTuple):
    """Ports of collectors: one with all it needs, and one without an operators' token and without a store."""

    whole: int
    poor: int
    keys: Keys


class Got(NamedTuple):
    """An answer as it came over the socket; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def _anything(scope: Any, receive: Any, send: Any) -> None:
    """A site behind the collector that answers whatever it is asked."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<h1>De gemeente</h1>"})


@pytest.fixture(scope="module")
def servers(_embedded: redis.Redis) -> Iterator[Servers]:
    keys = Keys(f"test:{uuid4().hex[:12]}:")

    def collector(url: str, operators: Operators) -> Collector:
        settings = CollectorSettings(
            sites=SITES, store_url=url, partitions=PARTITIONS, run_token="geheim", operators=operators
        )
        return Collector(settings, keys=keys, clock=lambda: NOON, fallback=_anything)

    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with (
        served(collector(url_of(_embedded), Operators(token=TOKEN)), BeaconProtocol) as whole,
        served(collector(nobody, Operators()), BeaconProtocol) as poor,
    ):
        found = Servers(whole, poor, keys)
        sent = {"user-agent": FIREFOX, "content-type": "text/plain"}
        run = f"storm.{run_proof('geheim', 'storm')}"
        words = "https://www.voorbeeldstad.nl/zoeken?q=99.99.90.019"
        for body in (beacon(), beacon(p="page_view_1b", run=run), beacon(p="page_view_1c", u=words), b"{}"):
            assert ask(whole, "POST", "/e", body, **sent).status == (400 if body == b"{}" else 204)
        _embedded.hset(keys.ledger(date(2026, 5, 1)), "in", "veel")
        _embedded.hset(keys.runs, "damaged", "veel")
        yield found
    for key in _embedded.scan_iter(match=f"{keys.prefix}*"):
        _embedded.delete(key)


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> Got:
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, path, body, headers)
        return _got(connection.getresponse())


def _got(answer: HTTPResponse) -> Got:
    return Got(answer.status, {name.lower(): said for name, said in answer.getheaders()}, answer.read())


# The document by itself.


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(API)


def test_it_is_of_this_version_and_says_whose_it_is_and_under_which_licence() -> None:
    info = API["info"]
    assert info["version"].encode() == API_VERSION
    assert info["license"]["identifier"] == "EUPL-1.2"
    published = (Path(tracker.__file__).parents[1] / "publiccode.yml").read_text(encoding="utf-8")
    assert f"url: {info['contact']['url']}\n" in published
    assert f"- name: {info['contact']['name']}\n" in published


def test_the_rules_on_names() -> None:
    """Of the NLGov REST API Design Rules: version and casing of addresses, parameters and properties."""
    assert [server["url"] for server in API["servers"]] == ["/v1"]
    for path, item in API["paths"].items():
        assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-z]+\}))+|/openapi\.json", path), path
        for operation in item.values():
            assert operation["description"], path
            for one in operation.get("parameters", ()):
                assert re.fullmatch("[a-z][a-zA-Z0-9]*", one["name"]), path
                assert one["description"], path
    for name, schema in API["components"]["schemas"].items():
        for called, one in schema.get("properties", {}).items():
            assert re.fullmatch("[a-z][a-zA-Z0-9]*", called), (name, called)
            assert one["description"], (name, called)


def test_every_answer_has_the_headers_that_all_have() -> None:
    described = [*API["components"]["responses"].values()]
    described += [said for item in API["paths"].values() for said in item["get"]["responses"].values()]
    answers = [answer for answer in described if "$ref" not in answer]
    assert [answer for answer in answers if not {name.lower() for name in answer["headers"]} >= FULL] == []


def test_the_closed_lists_are_those_of_the_code() -> None:
    for name, words in (("Reason", Reason), ("Mark", Mark)):
        assert API["components"]["schemas"][name]["enum"] == [word.value for word in words]
    text = API["components"]["schemas"]["Reason"]["description"]
    assert [reason for reason in Reason if f"`{reason}`" not in text] == []


def test_it_has_every_route_of_the_code_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(tracker.__file__).parent.rglob("*.py")]
    written = {found for source in sources for found in re.findall(r'"(/v1/[^"]+)"', source)}
    described = {f"/v1{path}".partition("{")[0] for path in API["paths"]}
    assert written == described


# Real answers.

CASES = {
    "today's ledger": ("whole", "GET", "/v1/ledger", {}, 200),
    "the ledger of a day": ("whole", "GET", "/v1/ledger?day=2026-06-01", {}, 200),
    "of a day of which nothing is known": ("whole", "GET", "/v1/ledger?day=2020-02-29", {}, 200),
    "with the token": ("whole", "GET", "/v1/ledger", {"authorization": f"Bearer {TOKEN}", **STRANGER}, 200),
    "with a wrong token": ("whole", "GET", "/v1/ledger", {"authorization": "Bearer 123"}, 401),
    "without a token": ("whole", "GET", "/v1/ledger", STRANGER, 401),
    "where there is none": ("poor", "GET", "/v1/ledger", STRANGER, 403),
    "no date": ("whole", "GET", "/v1/ledger?day=gisteren", {}, 400),
    "a date in another form": ("whole", "GET", "/v1/ledger?day=20260601", {}, 400),
    "two dates": ("whole", "GET", "/v1/ledger?day=2026-06-01&day=2026-06-02", {}, 400),
    "unknown parameters": ("whole", "GET", "/v1/ledger?site=x&sites=y", {}, 400),
    "a damaged ledger": ("whole", "GET", "/v1/ledger?day=2026-05-01", {}, 500),
    "the ledger without a store": ("poor", "GET", "/v1/ledger", {}, 503),
    "another method": ("whole", "POST", "/v1/ledger", {}, 405),
    "a run": ("whole", "GET", "/v1/runs/storm", {}, 200),
    "a run that never was": ("whole", "GET", "/v1/runs/never", {}, 404),
    "a run, with a slash": ("whole", "GET", "/v1/runs/storm/", {}, 404),
    "a run, with a parameter": ("whole", "GET", "/v1/runs/storm?day=2026-06-01", {}, 400),
    "a run for a stranger": ("whole", "GET", "/v1/runs/storm", STRANGER, 401),
    "a run where there is no token": ("poor", "GET", "/v1/runs/storm", STRANGER, 403),
    "a damaged run": ("whole", "GET", "/v1/runs/damaged", {}, 500),
    "a run without a store": ("poor", "GET", "/v1/runs/storm", {}, 503),
    "a run to be removed": ("whole", "DELETE", "/v1/runs/storm", {}, 405),
    "the document": ("whole", "GET", "/v1/openapi.json", {}, 200),
    "the document, for a stranger": ("poor", "GET", "/v1/openapi.json", STRANGER, 200),
    "the document, to be changed": ("whole", "PUT", "/v1/openapi.json", {}, 405),
}


@pytest.mark.parametrize(("server", "method", "path", "headers", "status"), CASES.values(), ids=CASES)
def test_answers_are_as_described(
    servers: Servers, server: str, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    got = ask(getattr(servers, server), method, path, **headers)
    assert got.status == status
    _check_answer(path, got)


def test_headers_that_are_too_large_are_refused_as_described(servers: Servers) -> None:
    begun = b"GET /v1/ledger HTTP/1.1\r\nhost: x\r\nx-large: "
    with socket.create_connection(("127.0.0.1", servers.whole), timeout=20) as connection:
        connection.sendall(begun + b"x" * (MAX_HEAD_BYTES + 1 - len(begun)))
        answer = HTTPResponse(connection)
        answer.begin()
        got = _got(answer)
    assert got.status == 431
    _check_answer("/v1/ledger", got)


def _check_answer(path: str, got: Got) -> None:
    """Its headers, all of them, and its content are what the document says of this address and status."""
    answer, pointer = _described(path, got.status)
    kind = got.headers["content-type"]
    assert set(answer["content"]) == {kind}
    content = json.loads(got.body)
    _check(content, f"{pointer}/content/{_escaped(kind)}/schema")
    assert got.status < 400 or content["status"] == got.status
    said = {name.lower(): _resolved(header) for name, header in answer["headers"].items()}
    assert {name for name, header in said.items() if header.get("required")} <= set(got.headers)
    assert set(got.headers) - SERVERS_OWN <= set(said)
    for name in set(said) & set(got.headers):
        Draft202012Validator(said[name]["schema"]).validate(got.headers[name])


def test_every_described_status_was_asked_for() -> None:
    asked = {(_address(path), status) for _, _, path, _, status in CASES.values()}
    described = {
        (path, int(status))
        for path, item in API["paths"].items()
        for status in item["get"]["responses"]
        if status != "default"
    }
    assert described <= asked


def test_the_document_is_served_as_it_stands(servers: Servers) -> None:
    assert ask(servers.whole, "GET", "/v1/openapi.json").body == DOCUMENT.read_bytes()


@pytest.mark.parametrize("path", ["/v1/ledger", "/v1/runs/storm", "/v1/openapi.json"])
def test_head_is_get_without_the_body(servers: Servers, path: str) -> None:
    get, head = ask(servers.whole, "GET", path), ask(servers.whole, "HEAD", path)
    assert (head.status, head.body) == (200, b"")
    same = set(get.headers) - {"date", "content-length", "transfer-encoding"}
    assert {name: head.headers[name] for name in same} == {name: get.headers[name] for name in same}


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/ledger/", "/v1/openapi.json/", "/v1/openapi.yaml", "/v1/Ledger", "/v1/run/x"]
)
def test_what_is_not_described_is_not_there(servers: Servers, path: str) -> None:
    """Whatever the site behind the collector would answer; and there is no redirect."""
    got = ask(servers.whole, "GET", path)
    assert (got.status, got.headers["content-type"]) == (404, "application/problem+json")
    assert set(got.headers) >= FULL
    _check(json.loads(got.body), "/components/schemas/Problem")
    assert ask(servers.whole, "GET", "/v10").body.startswith(b"<h1>")


def test_the_examples_are_answers() -> None:
    for path, item in API["paths"].items():
        for kind, content in item["get"]["responses"]["200"]["content"].items():
            if "example" in content:
                pointer = f"/paths/{_escaped(path)}/get/responses/200/content/{_escaped(kind)}/schema"
                _check(content["example"], pointer)


def _described(path: str, status: int) -> tuple[dict[str, Any], str]:
    """What the document says of an answer, and the JSON pointer to that."""
    address = _address(path)
    answers = API["paths"][address]["get"]["responses"]
    name = str(status) if str(status) in answers else "default"
    if "$ref" in answers[name]:
        return _resolved(answers[name]), answers[name]["$ref"].removeprefix("#")
    return answers[name], f"/paths/{_escaped(address)}/get/responses/{name}"


def _address(path: str) -> str:
    plain = path.partition("?")[0].removeprefix("/v1")
    return "/runs/{run}" if plain.startswith("/runs/") else plain


def _resolved(one: dict[str, Any]) -> dict[str, Any]:
    found = API
    for key in one["$ref"].removeprefix("#/").split("/") if "$ref" in one else ():
        found = found[key]
    return found if "$ref" in one else one


def _escaped(key: str) -> str:
    """As a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


_DOCUMENT = "urn:klantreis:api"
_REGISTRY: Any = Registry().with_resource(_DOCUMENT, DRAFT202012.create_resource(API))


def _check(content: Any, pointer: str) -> None:
    Draft202012Validator(
        {"$ref": f"{_DOCUMENT}#{pointer}"},
        registry=_REGISTRY,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    ).validate(content)
