# SPDX-License-Identifier: EUPL-1.2
"""Matomo's HTTP Tracking API: what a hit becomes, and how a request is answered."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.beacons import FIREFOX, NOON, SITES, arrival, beacon
from tests.tracker.collecting import PARTITIONS, ask, events_in, ledger_of
from tracker import matomo, wire
from tracker.answers import Answer
from tracker.collector import Collector, CollectorSettings
from tracker.event import Event
from tracker.keys import Keys
from tracker.matomo_endpoint import INLINE_BYTES, MAX_BODY_BYTES, MatomoEndpoint
from tracker.rate import Rate

PAGE = "https://www.voorbeeldstad.nl/afval?q=x&sessie=1"
VISITOR = "0123456789abcdef"
TOKEN = "geheim"


def context(**changes: Any) -> matomo.Context:
    known = {"referer": None, "now_ms": NOON, "trusted": False, "random": bytes, "seen": matomo.Seen()}
    return matomo.Context(**(known | changes))


def hit(**said: str) -> dict[str, str]:
    return {"idsite": "3", "rec": "1", "url": PAGE, "_id": VISITOR, "pv_id": "Ab3dE6"} | said


def translated(given: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The beacon of a hit, which our own wire must take."""
    found = matomo.translate(given, context(**changes))
    assert isinstance(found, matomo.Hit), found
    wire.decode(found.beacon)
    beacon: dict[str, Any] = msgspec.json.decode(found.beacon)
    return beacon


SAID: list[tuple[str, dict[str, str], list[dict[str, Any]]]] = [
    ("view", {"action_name": "Afval"}, [{"k": "view", "t": "Afval"}]),
    ("view without title", {}, [{"k": "view"}]),
    (
        "search",
        {"search": "grofvuil", "search_cat": "x", "search_count": "8"},
        [{"k": "search", "q": "grofvuil", "n": 8}],
    ),
    ("search without count", {"search": "grofvuil"}, [{"k": "search", "q": "grofvuil"}]),
    ("outlink", {"link": "https://elders.example/a"}, [{"k": "link", "to": "https://elders.example/a"}]),
    ("telephone link", {"link": "tel:14030"}, [{"k": "contact", "c": "tel"}]),
    (
        "download",
        {"download": "https://www.voorbeeldstad.nl/f.pdf"},
        [{"k": "file", "to": "https://www.voorbeeldstad.nl/f.pdf"}],
    ),
    ("ping", {"ping": "1"}, [{"k": "engage", "s": 5}]),
    ("goal", {"idgoal": "4"}, [{"k": "goal", "g": "matomo-goal-4"}]),
    ("order", {"idgoal": "0", "ec_id": "7"}, [{"k": "engage", "s": 0}]),
    (
        "event of ours: goal",
        {"e_c": "goal", "e_a": "melding_verzonden"},
        [{"k": "goal", "g": "melding_verzonden"}],
    ),
    ("event of ours: contact", {"e_c": "Contact", "e_a": "chat"}, [{"k": "contact", "c": "chat"}]),
    (
        "event of ours: feedback",
        {"e_c": "feedback", "e_a": "duim", "e_v": "-1"},
        [{"k": "feedback", "h": -1}],
    ),
    (
        "event of ours: form",
        {"e_c": "form", "e_a": "step", "e_n": "melding", "e_v": "2"},
        [{"k": "form", "f": "melding", "a": "step", "n": 2}],
    ),
    ("any other event is no goal", {"e_c": "Menu", "e_a": "open"}, [{"k": "engage", "s": 0}]),
    ("content shown", {"c_n": "banner", "c_p": "x"}, [{"k": "engage", "s": 0}]),
    ("content clicked", {"c_n": "banner", "c_i": "click", "c_t": "/actie"}, [{"k": "link", "to": "/actie"}]),
    ("action of a plug-in", {"ca": "1", "fa_vid": "x"}, [{"k": "engage", "s": 0}]),
]


@pytest.mark.parametrize(("said", "events"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_what_a_hit_says(said: dict[str, str], events: list[dict[str, Any]]) -> None:
    found = translated(hit(**said))["e"]
    assert [{name: event[name] for name in event if name not in ("i", "d")} for event in found] == events


def test_a_search_of_which_nothing_else_is_known_was_a_page_too() -> None:
    given = hit(search="grofvuil")
    del given["pv_id"]
    assert [(event["k"], event["i"]) for event in translated(given)["e"]] == [("view", 0), ("search", 1)]


def test_hits_of_one_page_view_share_its_id_and_no_others_do() -> None:
    view, search = translated(hit()), translated(hit(search="x"))
    assert view["p"] == search["p"]
    assert VISITOR not in view["p"]
    others = [hit(pv_id="Ab3dE7"), hit(_id="f" * 16), hit(idsite="4")]
    assert len({view["p"], *(translated(other)["p"] for other in others)}) == 4


def test_a_page_view_goes_on_when_its_resident_agrees_and_gets_an_id() -> None:
    def ids(*given: dict[str, str]) -> list[str]:
        seen = matomo.Seen()
        found = []
        for each in given:
            hit_of = matomo.translate(each, context(seen=seen))
            assert isinstance(hit_of, matomo.Hit)
            seen.note(hit_of.page_view, hit_of.time_ms, hit_of.seen_s)
            found.append(hit_of.page_view)
        return found

    view, ping, another = ids(hit(_id=""), hit(ping="1"), hit(pv_id="Ab3dE7"))
    assert view == ping != another
    assert len(set(ids(hit(), hit(_id="f" * 16)))) == 2  # of two visitors who had an id


def test_a_hit_that_is_sent_again_is_the_same_event_and_another_one_is_not() -> None:
    first = translated(hit(link="https://a.example/", r="123456"))
    again = translated(hit(link="https://a.example/", r="123456", send_image="0"))
    other = translated(hit(link="https://a.example/", r="654321"))
    assert first["e"][0]["i"] == again["e"][0]["i"] != other["e"][0]["i"]
    assert first["e"][0]["i"] > 0  # that of the view


def without_page_view(**said: str) -> dict[str, str]:
    given = hit(**said)
    del given["pv_id"]
    return given


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({"rand": "7"}, {"rand": "7", "send_image": "0"}, True, id="sent again"),
        pytest.param({"r": "7"}, {"r": "7"}, True, id="sent again by the PHP client"),
        pytest.param({"rand": "7"}, {"rand": "8"}, False, id="seen again"),
        pytest.param(
            {"rand": "7", "_id": ""}, {"rand": "7", "_id": ""}, False, id="an image with a fixed word"
        ),
        pytest.param({"rand": "7"}, {"rand": "7", "_id": "f" * 16}, False, id="of another visitor"),
        pytest.param({}, {}, False, id="nothing tells them apart"),
        pytest.param({"cdt": "1780300000"}, {"cdt": "1780300000"}, True, id="of one moment"),
        pytest.param({"cdt": "1780300000"}, {"cdt": "1780300001"}, False, id="of two moments"),
        pytest.param(
            {"_id": "", "cdt": "1780300000", "cip": "192.0.2.1"},
            {"_id": "", "cdt": "1780300000", "cip": "192.0.2.2"},
            False,
            id="of one moment, for two visitors",
        ),
    ],
)
def test_a_hit_without_page_view_that_is_sent_again_is_the_same(
    one: dict[str, str], other: dict[str, str], same: bool
) -> None:
    chance = iter((b"123456789", b"987654321"))
    ids = [
        translated(without_page_view(**said), trusted=True, random=lambda _: next(chance))["p"]
        for said in (one, other)
    ]
    assert (ids[0] == ids[1]) is same


def test_hits_of_a_bulk_that_say_the_same_are_several_and_the_same_ones_when_it_comes_again() -> None:
    """A log has moments in whole seconds."""
    given = [without_page_view(cdt="1780300000", cip="192.0.2.1")] * 2
    body = json.dumps({"requests": given}).encode()

    def ids() -> list[str]:
        bulk = matomo.read("", body)
        pairs = zip(bulk.hits, bulk.nth, strict=True)
        return [translated(dict(one), trusted=True, nth=nth)["p"] for one, nth in pairs]

    assert len(set(ids())) == 2
    assert ids() == ids()


def test_the_lasting_id_goes_no_further_without_consent() -> None:
    assert VISITOR not in str(translated(hit()))
    assert translated(hit(consent="1"))["c"] == VISITOR
    assert "c" not in translated(hit(consent="1", _id="not an id"))


def test_pings_add_up_and_a_long_silence_is_not_reading() -> None:
    seen = matomo.Seen()

    def at(seconds: float, **said: str) -> float:
        found = matomo.translate(hit(**said), context(seen=seen, now_ms=NOON + int(seconds * 1000)))
        assert isinstance(found, matomo.Hit)
        seen.note(found.page_view, found.time_ms, found.seen_s)
        return found.seen_s

    assert [at(0), at(15, ping="1"), at(30, ping="1")] == [0, 15, 30]
    assert at(600, ping="1") == 35  # of these ten minutes a ping vouches for five seconds


PROBLEMS: list[tuple[str, dict[str, str], dict[str, Any], list[str]]] = [
    ("nothing at all", {"rec": "", "idsite": "", "url": ""}, {}, ["rec", "idsite", "url"]),
    ("site 0", {"idsite": "0"}, {}, ["idsite"]),
    ("a site of Piwik PRO", {"idsite": "45e07cbf-c8b3-42f3-a6d6-a5a176f623ef"}, {}, []),
    ("a page from the referer", {"url": ""}, {"referer": PAGE}, []),
    ("for another, without token", {"cip": "192.0.2.9"}, {}, ["cip"]),
    ("of the past, without token", {"cdt": "2026-05-01 10:00:00"}, {}, ["cdt"]),
    ("of the past, with token", {"cdt": "2026-05-01 10:00:00"}, {"trusted": True}, []),
    ("of the future", {"cdt": "2036-05-01 10:00:00"}, {"trusted": True}, ["cdt"]),
    ("of thirty-one days ago", {"cdt": "1777629600"}, {"trusted": True, "oldest_ms": 1_777_629_600_000}, []),
    (
        "older than what is kept",
        {"cdt": "1777629599"},
        {"trusted": True, "oldest_ms": 1_777_629_600_000},
        ["cdt"],
    ),
    ("no time", {"cdt": "gisteren"}, {"trusted": True}, ["cdt"]),
]


@pytest.mark.parametrize(
    ("said", "changes", "wrong"), [p[1:] for p in PROBLEMS], ids=[p[0] for p in PROBLEMS]
)
def test_everything_that_is_wrong_is_said(said: dict[str, str], changes: Any, wrong: list[str]) -> None:
    found = matomo.translate(hit(**said), context(**changes))
    assert [problem.path for problem in found] == wrong if wrong else isinstance(found, matomo.Hit)


@pytest.mark.parametrize(
    "time", ["2026-05-01 10:00:00", "2026-05-01T10:00:00Z", "1777629600", "1777629600000"]
)
def test_the_notations_of_a_time(time: str) -> None:
    found = matomo.translate(hit(cdt=time), context(trusted=True))
    assert isinstance(found, matomo.Hit)
    assert found.time_ms == 1_777_629_600_000


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *hit(),
                "search",
                "e_c",
                "e_a",
                "e_n",
                "e_v",
                "link",
                "ping",
                "cdt",
                "idgoal",
                "search_count",
                "c_n",
                "c_t",
                "c_i",
                "urlref",
                "lang",
            ]
        ),
        st.text(),
    )
)
def test_no_hit_makes_it_fail(said: dict[str, str]) -> None:
    body = json.dumps({"requests": [urlencode(hit(**said), errors="replace"), said, 7]}).encode()
    for each in matomo.read("", body).hits:
        found = matomo.translate(each, context(trusted=True))
        if isinstance(found, matomo.Hit):
            assert json.loads(found.beacon)["v"] == 1


def test_beacons_are_the_wires_own_whatever_the_length() -> None:
    long = "x" * 10_000
    beacon = translated(hit(action_name=long, urlref="https://a.example/" + long))
    assert len(beacon["e"][0]["t"]) == 1000
    assert len(translated(hit(search=long))["e"][0]["q"]) == 1000


# The endpoint, on a real store.

Endpoint = Callable[[Callable[[Collector], Any]], Any]


@pytest.fixture
def endpoint(store_url: str, prefix: str) -> Endpoint:
    def run(use: Callable[[Collector], Any]) -> Any:
        async def live() -> Any:
            behind = MatomoEndpoint(token=TOKEN)
            settings = CollectorSettings(sites=SITES, store_url=store_url, partitions=PARTITIONS)
            collector = Collector(settings, keys=Keys(prefix), clock=lambda: NOON, fallback=behind)
            behind.serve(collector)
            try:
                return await use(collector)
            finally:
                await collector.close()

        return asyncio.run(live())

    return run


def asked(endpoint: Endpoint, *requests: tuple[str, dict[str, Any]]) -> list[Answer]:
    async def use(collector: Collector) -> list[Answer]:
        return [await ask(collector, path, **options) for path, options in requests]

    found: list[Answer] = endpoint(use)
    return found


def stored(store: redis.Redis, prefix: str) -> list[Event]:
    return sorted(events_in(store, prefix), key=lambda event: (event.path, event.kind))


def test_each_way_of_sending_a_hit(endpoint: Endpoint, store: redis.Redis, prefix: str) -> None:
    """An image, a beacon with all in its address or in its body, a fetch; as matomo.js does in turn."""

    def query(path: str, **said: str) -> str:
        return urlencode(hit(url=f"https://www.voorbeeldstad.nl{path}", pv_id=path[1:], **said))

    form = {"method": "POST", "content_type": "application/x-www-form-urlencoded; charset=UTF-8"}
    got = asked(
        endpoint,
        (f"/matomo.php?{query('/image')}", {}),
        (f"/piwik.php?{query('/old', send_image='0')}", {}),
        (f"/matomo.php?{query('/address', send_image='0')}", form),
        ("/matomo.php", form | {"body": query("/body", send_image="0").encode()}),
        ("/matomo.php", form | {"body": query("/body", send_image="0").encode()}),  # once more
    )
    assert [answer.status for answer in got] == [200, 204, 204, 204, 204]
    assert (got[0].header("content-type"), got[0].body[:6]) == ("image/gif", b"GIF89a")
    assert [event.path for event in stored(store, prefix)] == ["/address", "/body", "/body", "/image", "/old"]
    assert len({(event.page_view, event.index) for event in stored(store, prefix)}) == 4
    assert ledger_of(store, prefix) == {"in": 5, "stored": 5, "events": 5}


def test_many_hits_at_once_are_counted_as_matomo_does(
    endpoint: Endpoint, store: redis.Redis, prefix: str
) -> None:
    requests = ["?" + urlencode(hit(search="grofvuil")), hit(action_name="Afval"), "?idsite=3"]
    body = {"requests": requests, "token_auth": TOKEN}
    (answer,) = asked(endpoint, ("/matomo.php", {"method": "POST", "body": json.dumps(body).encode()}))
    assert (answer.status, json.loads(answer.body)) == (
        200, {"status": "success", "tracked": 2, "invalid": 1, "invalid_indices": [2]},
    )  # fmt: skip
    assert [event.kind for event in stored(store, prefix)] == ["search", "view"]
    assert ledger_of(store, prefix) == {"in": 3, "stored": 2, "events": 2, "dropped:malformed": 1}


def test_a_bulk_with_hits_of_too_many_is_to_come_again_and_nothing_is_stored_twice(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    behind, now = MatomoEndpoint(), [NOON]
    bulk = [hit(pv_id="Ab3dE6"), without_page_view(rand="7")]

    async def use(collector: Collector) -> list[Answer]:
        behind.serve(collector)
        collector.clock = lambda: now[0]
        await ask(collector, "/matomo.php?" + urlencode(hit(pv_id="Ab3dE5")))
        body = json.dumps({"requests": bulk}).encode()
        first = await ask(collector, "/matomo.php", method="POST", body=body)
        now[0] += 1000 * int(first.header("retry-after") or 0)
        now[0] += 10_000
        return [first, await ask(collector, "/matomo.php", method="POST", body=body)]

    first, again = collecting(use, fallback=behind, rate=Rate(per_second=0.1, burst=2))
    assert (first.status, first.header("retry-after")) == (429, "10")
    assert (again.status, json.loads(again.body)["tracked"]) == (200, 2)
    assert len({(event.page_view, event.index) for event in events_in(store, prefix)}) == 3
    assert ledger_of(store, prefix) == {"in": 5, "stored": 4, "events": 4, "dropped:rate_limited": 1}


def test_who_has_the_token_reports_as_many_hits_as_there_are(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    behind = MatomoEndpoint(token=TOKEN)

    async def use(collector: Collector) -> Answer:
        behind.serve(collector)
        requests = [hit(pv_id=f"Ab3dE{n}") for n in range(4)]
        body = json.dumps({"requests": requests, "token_auth": TOKEN}).encode()
        return await ask(collector, "/matomo.php", method="POST", body=body)

    answer = collecting(use, fallback=behind, rate=Rate(per_second=0.1, burst=2))
    assert (answer.status, json.loads(answer.body)["tracked"]) == (200, 4)


def test_what_holds_for_beacons_holds_for_hits(endpoint: Endpoint, store: redis.Redis, prefix: str) -> None:
    personal = "/matomo.php?" + urlencode(hit(action_name="Brief van 999990019", search="jan@example.nl"))
    got = asked(
        endpoint,
        (personal, {}),
        (personal, {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
        (personal, {"sec_gpc": "1"}),
        ("/matomo.php?" + urlencode(hit(url="https://elders.example/")), {}),
    )
    reasons = [answer.header("klantreis-dropped") for answer in got]
    assert reasons == [None, "bot", "opt_out", "unknown_site"]
    (event,) = stored(store, prefix)
    assert (event.query, event.consented) == ("[email]", False)
    counts = ledger_of(store, prefix)
    assert counts["in"] == 4 == counts["stored"] + sum(n for name, n in counts.items() if "dropped" in name)


def test_a_server_speaks_for_its_visitors_with_the_token_alone(
    endpoint: Endpoint, store: redis.Redis, prefix: str
) -> None:
    def query(path: str, **said: str) -> str:
        own = hit(url=f"https://www.voorbeeldstad.nl{path}", pv_id=path[1:], ua=FIREFOX, lang="nl", **said)
        return f"/matomo.php?{urlencode(own)}"

    got = asked(
        endpoint,
        (query("/self"), {"client": "192.0.2.9"}),
        (
            query("/for", cip="192.0.2.9", token_auth=TOKEN),
            {"client": "198.51.100.1", "user_agent": "curl/8"},
        ),
        (query("/past", cdt="2026-05-01 10:00:00", token_auth=TOKEN), {}),
        (query("/wrong", cip="192.0.2.9", token_auth="geraden"), {}),
    )
    assert [answer.status for answer in got] == [200, 200, 200, 400]
    found = {event.path: event for event in stored(store, prefix)}
    assert set(found) == {"/self", "/for", "/past"}
    assert found["/for"].visitor == found["/self"].visitor
    assert found["/past"].time == 1_777_629_600_000


@pytest.mark.parametrize(("hours", "status"), [(47, 200), (49, 400)])
def test_what_retention_would_remove_is_not_taken(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str, hours: int, status: int
) -> None:
    behind = MatomoEndpoint(token=TOKEN, keep_days=2)

    async def use(collector: Collector) -> Answer:
        behind.serve(collector)
        time_s = NOON // 1000 - hours * 3600
        return await ask(
            collector, "/matomo.php?" + urlencode(hit(cdt=str(time_s), token_auth=TOKEN)), method="GET"
        )

    assert collecting(use, fallback=behind).status == status
    assert len(events_in(store, prefix)) == (status == 200)


def test_while_a_large_request_is_read_visitors_are_answered(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, answered = matomo.read, threading.Event()

    def read_in_vain(query: str, body: bytes) -> matomo.Bulk:
        assert answered.wait(60), "nobody was answered meanwhile"
        return read(query, body)

    async def use(collector: Collector) -> tuple[Answer, Answer]:
        body = urlencode(hit(fa_vid="x" * INLINE_BYTES)).encode()
        large = asyncio.create_task(ask(collector, "/matomo.php", method="POST", body=body))
        await asyncio.sleep(0)  # it begins
        meanwhile = await collector.take(arrival())
        answered.set()
        return meanwhile, await large

    monkeypatch.setattr(matomo, "read", read_in_vain)
    assert [answer.status for answer in endpoint(use)] == [204, 200]


def test_only_matomos_clients_may_send_cookies_along(endpoint: Endpoint) -> None:
    """Its `sendBeacon` always does, and a browser shows the page no answer else; k.js has no need of it."""
    own = {"origin": "https://www.voorbeeldstad.nl"}
    hits, ours, strangers = asked(
        endpoint,
        ("/matomo.php?" + urlencode(hit()), own),
        ("/e", own | {"method": "POST", "body": beacon(), "content_type": "text/plain"}),
        ("/matomo.php?" + urlencode(hit()), {"origin": "https://elders.nl"}),
    )
    allowed = [
        (answer.header("access-control-allow-origin"), answer.header("access-control-allow-credentials"))
        for answer in (hits, ours, strangers)
    ]
    assert allowed == [(own["origin"], "true"), (own["origin"], None), (None, None)]


WRONG: list[tuple[str, str, dict[str, Any], int]] = [
    ("no hit", "/matomo.php", {}, 400),
    ("too large", "/matomo.php", {"method": "POST", "body": b"x" * (MAX_BODY_BYTES + 1)}, 413),
    ("no JSON", "/matomo.php", {"method": "POST", "body": b'{"requests": ['}, 400),
    ("no list", "/matomo.php", {"method": "POST", "body": b'{"requests": 7}'}, 400),
    (
        "too many",
        "/matomo.php",
        {"method": "POST", "body": json.dumps({"requests": ["x"] * 1001}).encode()},
        400,
    ),
    (
        "wrong token",
        "/matomo.php",
        {"method": "POST", "body": b'{"requests": ["?a"], "token_auth": "x"}'},
        400,
    ),
    ("many parameters", "/matomo.php?" + "a=1&" * 400, {}, 400),
    (
        "many parameters by name",
        "/matomo.php",
        {"method": "POST", "body": json.dumps({"requests": [dict.fromkeys(range(301), 1)]}).encode()},
        400,
    ),
    ("no text", "/matomo.php", {"method": "POST", "body": b"rec=1&idsite=\xff"}, 400),
    ("method", "/matomo.php", {"method": "DELETE"}, 405),
    ("elsewhere", "/matomo", {}, 404),
]


def test_a_request_that_is_too_large_is_in_the_ledger(
    endpoint: Endpoint, store: redis.Redis, prefix: str
) -> None:
    asked(endpoint, ("/matomo.php", {"method": "POST", "body": b"x" * (MAX_BODY_BYTES + 1)}))
    assert ledger_of(store, prefix) == {"in": 1, "dropped:too_large": 1}


def test_what_a_client_of_matomos_was_refused_is_counted_as_a_beacons(endpoint: Endpoint) -> None:
    async def use(collector: Collector) -> dict[int, int]:
        for path in ("/matomo.php", "/matomo.php?" + urlencode(hit(idsite="0")), "/matomo"):
            await ask(collector, path)
        await ask(collector, "/matomo.php", method="DELETE")
        return dict(collector.counts.refused)

    assert endpoint(use) == {400: 2, 404: 1, 405: 1}


@pytest.mark.parametrize(("path", "options", "status"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_cannot_be_taken_is_said(
    endpoint: Endpoint, path: str, options: dict[str, Any], status: int
) -> None:
    (answer,) = asked(endpoint, (path, options))
    assert answer.status == status
    assert json.loads(answer.body)["detail"]
