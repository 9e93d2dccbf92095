# SPDX-License-Identifier: EUPL-1.2
"""What a browser may send, and that everything wrong with a beacon is told at once."""

from __future__ import annotations

import copy
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker import beacons
from tracker import wire

EXAMPLE: dict[str, Any] = {**beacons.EXAMPLE, "u": "https://www.voorbeeldstad.nl/afval?q=x"}
SMALLEST = {
    "v": 1,
    "p": "k3j9x0q2m5Tz",
    "u": "https://www.voorbeeldstad.nl/",
    "e": [{"i": 0, "k": "view", "d": 0}],
}


def beacon(**changes: Any) -> bytes:
    return msgspec.json.encode(copy.deepcopy(EXAMPLE) | changes)


def event(**fields: Any) -> dict[str, Any]:
    return {"e": [{"i": 0, "d": 0, **fields}]}


def paths(body: bytes) -> list[str]:
    with pytest.raises(wire.MalformedError) as caught:
        wire.decode(body)
    return [problem.path for problem in caught.value.problems]


def test_takes_the_example_of_the_design() -> None:
    found, page = wire.decode(msgspec.json.encode(EXAMPLE))
    assert (found.p, found.b, found.x, found.f) == (
        "k3j9x0q2m5Tz",
        417,
        {"zwerfvuil": "redesign"},
        ["zwerfvuil"],
    )
    assert (page.host, page.path, page.query) == ("www.voorbeeldstad.nl", "/afval", "q=x")
    assert found.e == [wire.View(i=0, d=0, t="Afval"), wire.Search(i=1, d=12, q="grofvuil", n=8)]


def test_takes_the_smallest_beacon() -> None:
    assert wire.decode(msgspec.json.encode(SMALLEST))[0].b is None


@pytest.mark.parametrize(
    "fields",
    [
        {"k": "view", "t": "Afval"},
        {"k": "search", "q": "grofvuil", "n": 0, "a": True},
        {"k": "result", "q": "grofvuil", "rank": 1, "to": "/afval/grofvuil"},
        {"k": "engage", "s": 12.5, "y": 80},
        {"k": "form", "f": "melding", "a": "step", "n": 2},
        {"k": "goal", "g": "melding_verzonden"},
        {"k": "contact", "c": "counter"},
        {"k": "feedback", "h": -1},
        {"k": "link", "to": "www.digid.nl/inloggen"},
        {"k": "file", "to": "/bestanden/regels.pdf"},
        {"k": "friction", "c": "dead"},
    ],
    ids=lambda fields: fields["k"],
)
def test_takes_every_kind(fields: dict[str, Any]) -> None:
    assert len(wire.decode(beacon(**event(**fields)))[0].e) == 1


def test_skips_fields_of_a_newer_script() -> None:
    assert wire.decode(beacon(z={"new": [1, 2]})) == wire.decode(beacon())


@pytest.mark.parametrize(
    ("body", "where"),
    [
        pytest.param(b"", "$", id="nothing"),
        pytest.param(b'{"v":1,', "$", id="torn JSON"),
        pytest.param(b"[]", "$", id="no object"),
        pytest.param(b"\xff\xfe", "$", id="no UTF-8"),
        pytest.param(beacon()[:-1] + b',"z":"\xff"}', "$", id="no UTF-8 in a field nobody knows"),
        pytest.param(b'{"z":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "$", id="nested too deep"),
        pytest.param(beacon(v=2), "$.v", id="another version"),
        pytest.param(beacon(p="short"), "$.p", id="page view too short"),
        pytest.param(beacon(p="k3j9x0q2m5T\n"), "$.p", id="line end in an id"),
        pytest.param(beacon(p=12), "$.p", id="wrong type"),
        pytest.param(beacon(b=1000), "$.b", id="bucket beyond 999"),
        pytest.param(beacon(b=None), "$.x", id="experiments without a bucket"),
        pytest.param(beacon(x={"Zwerfvuil": "redesign"}, f=[]), "$.x.Zwerfvuil", id="name of an experiment"),
        pytest.param(beacon(f=["schuldhulp"]), "$.f", id="first of an experiment that isn't shown"),
        pytest.param(beacon(w="xl"), "$.w", id="unknown viewport"),
        pytest.param(beacon(u="javascript:alert(1)"), "$.u", id="no page"),
        pytest.param(
            beacon(u="https://www.voorbeeldstad.nl/" + "a" * 3000), "$.u", id="absurdly long address"
        ),
        pytest.param(beacon(u="https://www.voorbeeldstad.nl:99999/"), "$.u", id="port beyond 65535"),
        pytest.param(
            beacon(u="https://iemand:geheim@www.voorbeeldstad.nl/"), "$.u", id="password in an address"
        ),
        pytest.param(beacon(e=[]), "$.e", id="no events"),
        pytest.param(beacon(e=[{"i": n, "k": "view", "d": 0} for n in range(101)]), "$.e", id="101 events"),
        pytest.param(beacon(**event(k="teleport")), "$.e[0].k", id="unknown kind"),
        pytest.param(beacon(e=[{"i": 0, "d": 0}]), "$.e[0].k", id="no kind"),
        pytest.param(beacon(**event(k="view", t="A\0B")), "$.e[0].t", id="NUL byte"),
        pytest.param(beacon(e=[{"i": 0, "k": "view", "d": -1}]), "$.e[0].d", id="from the future"),
        pytest.param(beacon(e=[{"i": 0, "k": "view", "d": 86_400_001}]), "$.e[0].d", id="older than a day"),
        pytest.param(beacon(e=[{"i": 0, "k": "view", "d": 31_536_000_000}]), "$.e[0].d", id="a year old"),
        pytest.param(beacon(e=[{"i": 0, "k": "view", "d": 0}] * 2), "$.e[1].i", id="same counter twice"),
        pytest.param(beacon(e=[{"i": 10**30, "k": "view", "d": 0}]), "$.e[0].i", id="counter beyond any"),
        pytest.param(beacon(**event(k="feedback", h=2)), "$.e[0].h", id="feedback out of range"),
        pytest.param(beacon(run="storm"), "$.run", id="run without proof"),
    ],
)
def test_names_what_is_wrong(body: bytes, where: str) -> None:
    assert paths(body) == [where]


def test_lists_all_problems_together() -> None:
    body = beacon(v=9, p=None, x={"A": 1}, e=[{"i": -1, "k": "view"}, {"i": 0, "k": "no", "d": 0}, 7])
    assert paths(body) == ["$.v", "$.p", "$.e[0].i", "$.e[0].d", "$.e[1].k", "$.e[2]", "$.x.A", "$.x.A"]


def test_a_backslash_before_u0000_is_just_text() -> None:
    body = beacon(**event(k="view", t="regel \\u0000"))
    assert wire.decode(body)[0].e[0] == wire.View(i=0, d=0, t="regel \\u0000")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def outcome(body: bytes) -> Any:
    """The beacon, or the problems; one of the two is always there."""
    try:
        return wire.decode(body)
    except wire.MalformedError as error:
        return error.problems


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from([*EXAMPLE, "c", "run"]), json_values), st.data())
def test_never_fails_but_by_naming_problems(changes: dict[str, Any], data: st.DataObject) -> None:
    try:
        body = msgspec.json.encode(EXAMPLE | changes)
    except (
        msgspec.MsgspecError,
        OverflowError,
        UnicodeEncodeError,
    ):  # an integer or text that JSON cannot carry
        return
    cut = data.draw(st.integers(0, len(body)))
    for sent in (body, body[:cut]):
        assert outcome(sent)


@settings(deadline=None)  # the machine may be busy
@given(
    st.sampled_from(["p", "o", "l", "c", "run"]),
    st.text("aZ9_-.\n é", max_size=14) | st.from_regex(r"[A-Za-z0-9_.-]{2,25}", fullmatch=True),
)
def test_a_text_is_taken_if_and_only_if_it_is_spelt_right(field: str, text: str) -> None:
    expected = {
        "p": r"[A-Za-z0-9_-]{12}",
        "o": r"[A-Za-z0-9_-]{12}",
        "l": r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}",
        "c": r"[A-Za-z0-9_-]{12,64}",
        "run": r"[A-Za-z0-9_-]{1,64}\.[0-9A-Za-z]{1,64}",
    }
    body = beacon(**{field: text})
    if re.fullmatch(expected[field], text):
        assert getattr(wire.decode(body)[0], field) == text
    else:
        assert paths(body) == [f"$.{field}"]
